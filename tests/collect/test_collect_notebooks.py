"""A notebook in place of the file: which one is taken, with what note. Nothing on this side looks into it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.collect import found as found_module
from grader.collect.disk import MAX_NOTEBOOK
from grader.collect.files import collect, own_files
from grader.errors import UsageError
from grader.model import Submission

MAIN = "svm.py"
TAKEN = {
    "in place of the file": (["svm.ipynb"], "svm.ipynb"),
    "with helpers": (["svm.ipynb", "helper.py", "other.py"], "svm.ipynb"),
    "with a helper": (["svm.ipynb", "helper.py"], "svm.ipynb"),
    "with other notebooks": (["svm.ipynb", "plots.ipynb"], "svm.ipynb"),
    "of any name, alone": (["Homework 1.ipynb"], "Homework 1.ipynb"),
    "of any case, alone": (["SVM.IPYNB"], "SVM.IPYNB"),
    "further down": (["src/svm.ipynb", "src/helper.py"], "svm.ipynb"),
    "beside a copy further down": (["svm.ipynb", "old/svm.ipynb"], "svm.ipynb"),
    "with a checkpoint": (["svm.ipynb", ".ipynb_checkpoints/svm-checkpoint.ipynb"], "svm.ipynb"),
}


def write(root: Path, *names: str, data: bytes = b"{not read here") -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def only(path: Path) -> Submission:
    (found,) = collect([path], MAIN)
    return found.read()


@pytest.mark.parametrize("name", TAKEN)
def test_a_notebook_is_taken(tmp_path: Path, name: str) -> None:
    files, main = TAKEN[name]
    write(tmp_path / "all/ada", *files)
    ada = only(tmp_path / "all")
    assert (ada.student, ada.main, ada.problem, ada.notes) == ("ada", main, "", ())
    assert {f.name: f.data for f in ada.files}[main] == b"{not read here"
    assert [f.name for f in ada.files if f.name.endswith("ipynb")] in ([main], [])


@pytest.mark.parametrize(
    ("files", "other"),
    [
        (["svm.py", "svm.ipynb"], "svm.ipynb"),
        (["svm.py", "old/svm.ipynb"], "old/svm.ipynb"),
        (["a/svm.py", "a/svm.ipynb"], "a/svm.ipynb"),
    ],
)
def test_the_file_wins_and_that_is_told(tmp_path: Path, files: list[str], other: str) -> None:
    write(tmp_path / "all/ada", *files)
    ada = only(tmp_path / "all")
    assert (ada.main, ada.problem) == (MAIN, "")
    assert ada.notes == (f"{other} is there too and was not read: svm.py counts",)
    assert [f.name for f in ada.files] == [MAIN]


def test_one_students_folder_and_one_file(tmp_path: Path) -> None:
    write(tmp_path / "ada", "svm.ipynb", "helper.py")
    assert (only(tmp_path / "ada").student, only(tmp_path / "ada").main) == ("ada", "svm.ipynb")
    assert only(tmp_path / "ada/svm.ipynb").student == "ada"
    write(tmp_path / "files", "bob.ipynb")
    assert only(tmp_path / "files/bob.ipynb").student == "bob" == only(tmp_path / "files").student


def test_the_handouts_notebook_among_students_is_refused(tmp_path: Path) -> None:
    first = b'{"cells": [{"source": ["import numpy\\n",\n    "def loss(x):\\n", "  ..."]}, '
    code = first + b'{"source": ["def train(x): ..."]}]}'
    write(tmp_path, "svm.ipynb", "bob.ipynb", "carol.ipynb", data=code)
    with pytest.raises(UsageError, match=r"holds svm.ipynb and other submissions \(bob.ipynb, carol.ipynb\)"):
        collect([tmp_path], MAIN, ("loss", "train"))
    assert len(collect([write(tmp_path / "x", "svm.ipynb", "plots.ipynb")], MAIN, ("loss", "train"))) == 1


def test_a_large_notebook_is_taken_up_to_its_cap(tmp_path: Path) -> None:
    write(tmp_path, "ada/svm.ipynb", data=b" " * MAX_NOTEBOOK)
    write(tmp_path, "bob/svm.ipynb", data=b" " * (MAX_NOTEBOOK + 1))
    ada, bob = (found.read() for found in collect([tmp_path], MAIN))
    assert len(ada.files[0].data) == MAX_NOTEBOOK
    assert (
        bob.problem
        == "svm.ipynb has 67,108,865 bytes; at most 67,108,864 are taken; clear its outputs and save it again"
    )


def test_a_notebook_that_is_not_run_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, real = list[str](), found_module.read_regular
    monkeypatch.setattr(found_module, "read_regular", lambda path, name: read.append(name) or real(path, name))  # type: ignore[func-returns-value]
    write(tmp_path, "ada/svm.py", "ada/svm.ipynb", "bob/svm.ipynb", "bob/plots.ipynb", "bob/helper.py")
    assert not any(found.read().problem for found in collect([tmp_path], MAIN))
    assert read == ["svm.py", "helper.py", "svm.ipynb"]


def test_a_students_own_notebook(tmp_path: Path) -> None:
    write(tmp_path, "svm.ipynb", "helper.py")
    for path in (tmp_path, tmp_path / "svm.ipynb"):
        assert own_files(path, MAIN).main == "svm.ipynb"
    write(tmp_path, MAIN)
    assert own_files(tmp_path, MAIN).main == MAIN and own_files(tmp_path, MAIN).notes
    chosen = own_files(tmp_path / "svm.ipynb", MAIN)  # named on the command line
    assert (chosen.main, chosen.notes) == ("svm.ipynb", ())
