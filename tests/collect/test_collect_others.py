"""Submissions that are easily lost: archives inside folders, loose files, an --out among the submissions."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, Run

from grader.collect.files import collect, not_taken

MAIN = "svm.py"


@pytest.mark.parametrize("name", ["hw1.7z", "hw1.tar.gz", "svm.py.txt", "report.pdf"])
def test_a_folder_with_something_else_is_looked_at_by_a_person(tmp_path: Path, name: str) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / name).write_bytes(b"x")
    (ann,) = [f.read() for f in collect([tmp_path], MAIN)]
    assert not ann.empty
    assert f"holds {name} and no Python file" in ann.problem
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr(f"ann/{name}", "x")
        archive.writestr("bob/svm.py", "x = 1")
    ann, bob = [f.read() for f in collect([tmp_path / "all.zip"], MAIN)]
    assert not ann.empty and name in ann.problem and not bob.problem


def packed(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x = 1")


def test_zips_in_a_folder_are_opened(tmp_path: Path) -> None:
    """One for each student, loose or alone in their folder, as `grader submit` makes them."""
    packed(tmp_path / "ann.zip", "svm.py", "helper.py")
    packed(tmp_path / "bob/work.zip", "hw/svm.py")
    packed(tmp_path / "carl/all.zip", "one/svm.py", "two/svm.py")
    (tmp_path / "dora.zip").symlink_to(tmp_path / "ann.zip")
    packed(tmp_path / "eve/old.zip", "svm.py")
    (tmp_path / "eve/svm.py").write_text("x = 2")
    ann, bob, carl, dora, eve = [f.read() for f in collect([tmp_path], MAIN)]
    assert [(w.student, w.main, w.problem) for w in (ann, bob)] == [("ann", MAIN, ""), ("bob", MAIN, "")]
    assert [f.name for f in ann.files] == ["helper.py", MAIN]
    assert (carl.student, carl.problem) == ("carl", "all.zip holds 2 submissions")
    assert dora.problem == "is a link; hand in the file itself"
    assert (eve.problem, eve.files[0].data) == ("", b"x = 2")


def test_loose_files_are_told(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann" / MAIN).write_text("x = 1")
    for name in ("eve.txt", "fred.tar.gz", "bob.py", ".hidden"):
        (tmp_path / name).write_text("x = 1")
    assert [s.student for s in collect([tmp_path], MAIN)] == ["ann", "bob"]
    assert [Path(name).name for name in not_taken([tmp_path], MAIN)] == ["eve.txt", "fred.tar.gz"]
    assert not_taken([tmp_path / "ann", tmp_path / "bob.py"], MAIN) == []


def test_names_in_a_zip_without_the_utf8_flag(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("Müller/svm.py", "x = 1")
        archive.writestr("bob/svm.py", "x = 1")
    data = (tmp_path / "all.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.infolist()[0].flag_bits & 0x800
    for mark in (b"PK\x03\x04", b"PK\x01\x02"):  # clear the flag in both headers of the first member
        at = data.index(mark) + (6 if mark == b"PK\x03\x04" else 8)
        data = data[:at] + (int.from_bytes(data[at : at + 2], "little") & ~0x800).to_bytes(2, "little") + data[at + 2 :]
    (tmp_path / "all.zip").write_bytes(data)
    assert sorted(s.student for s in collect([tmp_path / "all.zip"], MAIN)) == ["Müller", "bob"]


def test_out_may_not_lie_among_the_submissions(grader: Run, tmp_path: Path, secret_file: Path) -> None:
    (tmp_path / "ann.py").write_text("x = 1")
    done = grader(
        "grade", "linear_classifiers", tmp_path, "--out", tmp_path / "out", "--secret-file", secret_file, cwd=ROOT
    )
    assert done.returncode == 2
    assert "lies inside the submissions" in done.stderr
    assert not (tmp_path / "out").exists()
