"""`grader submit` packs what is graded, says what stays and what is missing, and refuses what would not be graded."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path

import pytest
from conftest import Run
from deskkit import HALF, RIGHT, STUB, desk, key, notebook, put

from grader.checking import own_work
from grader.collect.disk import MAX_FILE, MAX_NOTEBOOK
from grader.collect.files import collect
from grader.errors import UsageError
from grader.model import SourceFile, Submission
from grader.submit import Parcel, plan, zipped

KEY = key()


def packed(folder: Path, path: str = "", fixtures: str = "") -> list[str]:
    return [file.name for file in plan(folder / path, key(fixtures)).submission.files]


def left(folder: Path, fixtures: str = "") -> dict[str, str]:
    return dict(plan(folder, key(fixtures)).left)


def sealed(folder: Path, out: Path, force: bool = False) -> Submission:
    with Parcel(plan(folder, KEY).submission, KEY, out, force) as parcel:
        parcel.keep()
    return parcel.submission


def test_a_student_packs_and_it_is_graded_as_it_was(grader: Run, tmp_path: Path) -> None:
    folder = desk(tmp_path / "ada", HALF, scratch__py="x = 1\n", notes__txt="hm")
    put(folder, {"data/a.bin": b"1", "data/b.bin": b"2", ".pytest_cache/x.py": "x", "demo.zip": "an old one"})
    done = grader("submit", "--out", "mine.zip", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Demo: mine.zip",
        f"  packed    demo.py ({len(HALF)} bytes)",
        "  left out  scratch.py: nothing that is packed imports it",
        "  left out  README.md: not asked for",
        "  left out  demo.zip: not asked for",
        "  left out  notes.txt: not asked for",
        "  left out  public.key: not asked for",
        "  left out  data/ (2 files): not asked for",
        "  Public cases passed: 1 of 2 questions.",
        "mine.zip is read back as it will be graded: the same file. Hand in this zip as it is.",
    ]
    (found,) = collect([folder / "mine.zip"], KEY.file)
    read = found.read()
    assert (read.problem, read.main) == ("", "demo.py")
    assert read.files == (SourceFile("demo.py", HALF.encode()),)


def test_what_is_missing_is_said(grader: Run, tmp_path: Path) -> None:
    folder = desk(tmp_path / "ada", STUB.partition("\n\n\n")[0] + "\n")
    done = grader("submit", folder, "--out", tmp_path / "a.zip")
    assert done.returncode == 0, done.stderr
    assert "  missing   square is not defined in demo.py\n  missing   double: not written yet\n" in done.stdout
    assert "Public cases passed: 0 of 2 questions." in done.stdout


def test_a_file_that_does_not_load_is_packed_only_by_force(grader: Run, tmp_path: Path) -> None:
    folder, out = desk(tmp_path / "ada", None, demo__ipynb="no notebook at all"), tmp_path / "a.zip"
    done = grader("submit", folder, "--out", out)
    assert done.returncode == 1
    assert "this is no notebook" in done.stderr and done.stderr.count("\n") == 1
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ada"]
    forced = grader("submit", folder, "--out", out, "--force")
    assert forced.returncode == 0 and "this is no notebook" in forced.stdout
    assert zipfile.ZipFile(out).namelist() == ["demo.ipynb"]


def test_who_cannot_try_it_can_hand_it_in(grader: Run, tmp_path: Path) -> None:
    folder = desk(tmp_path / "ada", fixtures="import no_such_library_here\n")
    done = grader("submit", folder, "--out", tmp_path / "a.zip")
    assert done.returncode == 0, done.stderr
    assert "note      not tried on the public cases: fixtures.py does not load" in done.stdout
    assert (tmp_path / "a.zip").is_file()


def test_own_files_that_are_imported_go_in(tmp_path: Path) -> None:
    folder = desk(tmp_path / "ada", "from helper import f\nimport pkg.part, fixtures\n" + RIGHT)
    more = {"helper.py": "import third\n", "third.py": "", "fourth.py": "", "pkg/__init__.py": "from .inner import a\n"}
    more |= {"pkg/inner.py": "", "pkg/part.py": "", "pkg/unused.py": "", "helpers.py": "", "fixtures.py": "x"}
    put(folder, {**more, "test_demo.py": "import demo, fourth\n", "old/demo.py": "", "my-helper.py": ""})
    wanted = ["demo.py", "helper.py", "pkg/__init__.py", "pkg/inner.py", "pkg/part.py", "third.py"]
    assert packed(folder, fixtures="F") == wanted
    why = left(folder, "F")
    assert why["fixtures.py"] == "the grader brings its own"
    assert why["old/demo.py"] == "demo.py counts"
    assert {n for n, w in why.items() if "imports it" in w} == {
        "fourth.py", "helpers.py", "my-helper.py", "pkg/unused.py", "test_demo.py",
    }  # fmt: skip
    assert packed(folder) == sorted([*wanted, "fixtures.py"]), "one's own fixtures.py, where the course has none"


@pytest.mark.parametrize(
    "source",
    [
        notebook("x = 1\nimport helper"),
        notebook("x = 1", "\timport\thelper as h"),
        notebook("import importlib\nm = importlib.import_module('hel' + 'per')"),
        notebook("import numpy as np  # numeric", "import helper"),
        notebook("import helper").encode("utf-16"),
    ],
)
def test_a_notebook_takes_what_it_imports(tmp_path: Path, source: str | bytes) -> None:
    folder = desk(tmp_path / "ada", None, demo__ipynb=source, helper__py="", other__ipynb=notebook("1"))
    assert packed(folder) == ["demo.ipynb", "helper.py"]
    assert left(folder)["other.ipynb"] == "not asked for"


@pytest.mark.parametrize(
    ("source", "goes"),
    [
        ("import a, \\\n    helper\n", True),
        ("try:\r\n    from helper.x import y\r\nexcept ImportError:\r\n    pass\r\n", True),
        ("import helpers, my_helper\nhelper = 1\n", False),
        ("def f(helper):\n    return x.helper\n", False),
    ],
)
def test_what_counts_as_an_import(tmp_path: Path, source: str, goes: bool) -> None:
    folder = desk(tmp_path / "ada", source, helper__py="")
    assert ("helper.py" in packed(folder)) == goes


def test_a_named_file_counts_whatever_lies_beside_it(tmp_path: Path) -> None:
    folder = desk(tmp_path / "ada", STUB, demo__ipynb=notebook(RIGHT))
    assert packed(folder, "demo.ipynb") == ["demo.ipynb"]
    assert packed(folder, "demo.py") == ["demo.py"]


def test_the_same_work_gives_the_same_bytes(tmp_path: Path) -> None:
    one, two = (desk(tmp_path / name, "import helper\n" + RIGHT, helper__py="x = 1\n") for name in ("one", "two"))
    os.utime(one / "demo.py", (1, 1))
    os.chmod(one / "demo.py", 0o600)
    sealed(one, tmp_path / "1.zip")
    sealed(two, tmp_path / "2.zip")
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()
    files = (SourceFile("b.py", b"2"), SourceFile("a.py", b"1"))
    assert zipped(Submission("ada", files)) == zipped(Submission("eve", files[::-1]))


def test_another_file_is_not_overwritten(tmp_path: Path) -> None:
    folder, out = desk(tmp_path / "ada"), tmp_path / "out.zip"
    out.write_text("precious")
    with pytest.raises(UsageError, match=r"out\.zip is there already; --force replaces it"):
        sealed(folder, out)
    assert out.read_text() == "precious"
    sealed(folder, out, force=True)
    before = out.stat()
    sealed(folder, out)  # the very same zip: nothing to do
    assert out.stat().st_mtime_ns == before.st_mtime_ns
    (tmp_path / "folder.zip").mkdir()
    with pytest.raises(UsageError, match="is no file"):
        sealed(folder, tmp_path / "folder.zip", force=True)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["ada", "folder.zip", "out.zip"], "nothing stays beside it"


def test_one_that_comes_in_between_is_not_overwritten_either(tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    with Parcel(plan(desk(tmp_path / "ada"), KEY).submission, KEY, out) as parcel:
        out.write_text("precious")
        with pytest.raises(UsageError, match="is there already"):
            parcel.keep()
    assert out.read_text() == "precious"


def test_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    submission = plan(desk(tmp_path / "ada"), KEY).submission

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        Parcel(submission, KEY, tmp_path / "out.zip").__enter__()
    assert [p.name for p in tmp_path.iterdir()] == ["ada"]


def test_a_zip_that_would_be_read_otherwise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof is in the path: whatever the reading side makes of the zip is compared with what was packed."""
    submission = plan(desk(tmp_path / "ada"), KEY).submission
    other = (SourceFile("demo.py", b"other"),)
    for files, main in ((other, "demo.py"), (submission.files, "x.py"), (submission.files + other, "demo.py")):
        monkeypatch.setattr("grader.collect.found.Found.read", lambda _, f=files, m=main: Submission("a", f, m))
        with pytest.raises(UsageError, match="does not come out of a zip as it went in"):
            Parcel(submission, KEY, tmp_path / "out.zip").__enter__()
    assert [p.name for p in tmp_path.iterdir()] == ["ada"]


@pytest.mark.skipif(os.name != "posix", reason="NOT RUN: such names need POSIX")
@pytest.mark.parametrize("name", ["a\\helper.py", "c:helper.py"])
def test_names_that_a_zip_bends_are_refused(tmp_path: Path, name: str) -> None:
    folder = desk(tmp_path / "ada", "import importlib\n" + RIGHT)
    put(folder, {name: "x = 1\n"})
    with pytest.raises(UsageError, match=r"rename it|would not be graded"):
        sealed(folder, tmp_path / "out.zip")
    assert [p.name for p in tmp_path.iterdir()] == ["ada"]


def _link(folder: Path) -> None:
    (folder / "demo.py").rename(folder.parent / "elsewhere.py")
    (folder / "demo.py").symlink_to(folder.parent / "elsewhere.py")


def _renamed(folder: Path) -> None:
    (folder / "demo.py").rename(folder / "Homework 1.py")


def _moved(folder: Path) -> None:
    (folder / "src").mkdir()
    (folder / "demo.py").rename(folder / "src" / "demo.py")


def _two(folder: Path) -> None:
    (folder / "demo.py").unlink()
    put(folder, {"mine.py": RIGHT, "yours.py": RIGHT})


def _large(folder: Path) -> None:
    (folder / "demo.py").write_bytes(b"#" * (MAX_FILE + 1))


def _large_notebook(folder: Path) -> None:
    (folder / "demo.py").unlink()
    (folder / "demo.ipynb").write_bytes(b" " * (MAX_NOTEBOOK + 1))


def _many(folder: Path) -> None:
    put(folder, {f"env/m{i}.py": "" for i in range(101)})


def _none(folder: Path) -> None:
    (folder / "demo.py").unlink()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_link, "demo.py is a link; hand in the file itself"),
        (_renamed, "no demo.py or demo.ipynb beside public.key: is it Homework 1.py? rename it"),
        (_moved, "demo.py is not beside public.key: move it there"),
        (_two, "no demo.py among 2 Python files; name the one to be graded so"),
        (_large, "demo.py has 1,048,577 bytes; at most 1,048,576 are taken"),
        (_large_notebook, "clear its outputs and save it again"),
        (_many, "more than 100 Python files; hand in your own alone; or name your file alone: grader submit "),
        (_none, "no demo.py and no other Python file"),
    ],
)
def test_what_would_not_be_graded_is_refused(tmp_path: Path, spoil: object, why: str) -> None:
    folder = desk(tmp_path / "ada")
    assert callable(spoil)
    spoil(folder)
    with pytest.raises(UsageError) as caught:
        plan(folder, KEY)
    assert why in str(caught.value) and "\n" not in str(caught.value)


def test_a_refusal_is_one_line_and_exit_code_2(grader: Run, tmp_path: Path) -> None:
    folder = desk(tmp_path / "ada", None)
    for arguments, why in (
        ([folder, "--out", tmp_path / "a.zip"], "no demo.py and no other Python file"),
        ([tmp_path, "--out", tmp_path / "a.zip"], "no public.key in"),
    ):
        done = grader("submit", *arguments)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert why in done.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["ada"]


def test_where_the_zip_cannot_be(tmp_path: Path) -> None:
    submission = plan(desk(tmp_path / "ada"), KEY).submission
    for out, why in ((tmp_path / "a.tar", "ends in .zip"), (tmp_path / "no" / "a.zip", "no such folder")):
        with pytest.raises(UsageError, match=why):
            Parcel(submission, KEY, out)


def test_it_is_a_plain_zip(tmp_path: Path) -> None:
    sealed(desk(tmp_path / "ada"), tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        (info,) = archive.infolist()
        assert archive.testzip() is None
    assert (info.filename, info.date_time[0]) == ("demo.py", 1980)
    assert stat.S_ISREG(info.external_attr >> 16)
    assert own_work(tmp_path / "ada", KEY).files == (SourceFile("demo.py", RIGHT.encode()),)
