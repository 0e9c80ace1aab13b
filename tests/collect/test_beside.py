"""What goes along with the cells of a session."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.collect.beside import beside
from grader.collect.files import own_files


def test_the_same_files_as_for_a_notebook_on_disk(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / ".hidden").mkdir()
    for name in ("helper.py", "deep/er/more.py", ".hidden/no.py", "data.txt", "other.ipynb", "work.ipynb"):
        (tmp_path / name).write_text("{}")
    assert [file.name for file in beside(tmp_path)] == ["deep/er/more.py", "helper.py"]
    whole = own_files(tmp_path / "work.ipynb", "hw.py")
    assert {file.name for file in whole.files} == {"deep/er/more.py", "helper.py", "work.ipynb"}


@pytest.mark.parametrize("what", ["too many", "too large", "gone"])
def test_where_it_is_no_handout_the_cells_go_alone(tmp_path: Path, what: str) -> None:
    for number in range(101 if what == "too many" else 2):
        (tmp_path / f"f{number}.py").write_text("x = 1" if what != "too large" else "#" * (1 << 20) + "\n")
    assert beside(tmp_path / "none" if what == "gone" else tmp_path) == ()
