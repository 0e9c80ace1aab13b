"""What is found is not read until it is asked for, may be read elsewhere, and says what became of it in between."""

from __future__ import annotations

import os
import pickle
import tracemalloc
import zipfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest

from grader.collect.files import collect
from grader.collect.found import Found
from grader.model import Submission

MAIN = "svm.py"
KINDS = ["folders", "files", "zip"]


def cohort(root: Path, kind: str, count: int = 3, data: bytes = b"x = 1\n") -> Path:
    """`count` students as folders, as files or in a zip."""
    if kind == "zip":
        with zipfile.ZipFile(root / "all.zip", "w", zipfile.ZIP_DEFLATED) as out:
            for i in range(count):
                out.writestr(f"s{i:04}/{MAIN}", data)
        return root / "all.zip"
    for i in range(count):
        path = root / "all" / (f"s{i:04}/{MAIN}" if kind == "folders" else f"s{i:04}.py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root / "all"


def read(found: Found) -> Submission:
    return found.read()


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_opened_before_it_is_asked_for(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path, opened, real = cohort(tmp_path, kind), list[str](), os.open
    monkeypatch.setattr(os, "open", lambda p, *a, **k: opened.append(str(p)) or real(p, *a, **k))  # type: ignore[func-returns-value]
    found = collect([path], MAIN)
    assert [f.student for f in found] == ["s0000", "s0001", "s0002"]
    assert opened == ([str(path)] if kind == "zip" else [])  # the names of a zip's members lie in it
    assert [s.files[0].data for s in map(read, found)] == [b"x = 1\n"] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_read_in_another_process_as_here(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = collect([cohort(tmp_path, kind).relative_to(tmp_path)], MAIN)
    monkeypatch.chdir("/")  # a relative path would lead elsewhere
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        assert list(pool.map(read, found)) == [f.read() for f in found]
    assert pickle.loads(pickle.dumps(found)) == found and not any(f.read().problem for f in found)


@pytest.mark.parametrize("kind", KINDS)
def test_a_cohort_costs_its_names_alone(tmp_path: Path, kind: str) -> None:
    path = cohort(tmp_path, kind, 200, b"#" * 500_000)
    tracemalloc.start()
    try:
        total = sum(len(f.read().files[0].data) for f in collect([path], MAIN))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert total == 200 * 500_000
    assert peak < 5_000_000


def test_a_problem_that_is_known_at_once(tmp_path: Path) -> None:
    cohort(tmp_path, "files")
    (tmp_path / "all/ada.py").symlink_to("s0000.py")
    (tmp_path / "all/bob.zip").write_bytes(b"")
    (tmp_path / "all/S0001.py").write_bytes(b"")
    told = {f.student: f.problem for f in collect([tmp_path / "all"], MAIN) if f.problem}
    assert sorted(told) == ["S0001", "bob"] and "2 submissions" in told["S0001"] and "zip" in told["bob"]


# -- what changes between finding and reading ----------------------------------------------------------------


def test_files_that_change_in_between(tmp_path: Path) -> None:
    path = cohort(tmp_path, "folders", 6)
    found = {f.student: f for f in collect([path], MAIN)}
    (path / "s0000" / MAIN).unlink()
    (path / "s0001" / MAIN).unlink()
    (path / "s0001").rmdir()
    for student, make in (("s0002", os.mkfifo), ("s0003", lambda p: os.symlink("/etc/passwd", p)), ("s0004", os.mkdir)):
        (path / student / MAIN).unlink()
        make(path / student / MAIN)
    said = {student: f.read().problem for student, f in found.items()}
    assert said == {
        "s0000": "no svm.py and no other Python file",
        "s0001": "the folder: No such file or directory; check it and run again",
        "s0002": "svm.py is no regular file; hand in the file itself",
        "s0003": "svm.py is a link; hand in the file itself",
        "s0004": "no svm.py and no other Python file",
        "s0005": "",
    }


def test_a_folder_that_becomes_a_link_is_not_followed(tmp_path: Path) -> None:
    path = cohort(tmp_path, "folders", 2)
    first, second = collect([path], MAIN)
    (path / "s0000").rename(tmp_path / "away")
    (path / "s0000").symlink_to(path / "s0001")
    assert "link" in first.read().problem and not second.read().problem


@pytest.mark.parametrize("change", ["written again", "cut", "gone", "a pipe"])
def test_a_zip_that_changes_in_between(tmp_path: Path, change: str) -> None:
    path = cohort(tmp_path, "zip")
    first, *_ = collect([path], MAIN)
    assert not first.read().problem
    if change == "written again":
        path.write_bytes(path.read_bytes().replace(b"s0000", b"s0009"))
    elif change == "cut":
        os.truncate(path, 20)
    else:
        path.unlink()
        if change == "a pipe":
            os.mkfifo(path)
    said = first.read().problem
    expected = {
        "gone": "all.zip: No such file or directory; check it and run again",
        "a pipe": "all.zip is no regular file; hand in the file itself",
    }
    assert said == expected.get(change, "all.zip changed while it was graded; run again")


def test_whatever_goes_wrong_while_reading_is_the_students_problem() -> None:
    class Broken:
        def names(self) -> list[str]:
            raise RuntimeError("out\nof\x1b paper")

    assert Found("ada", MAIN, Broken()).read().problem == "cannot be read: RuntimeError: out of\ufffd paper"  # type: ignore[arg-type]
