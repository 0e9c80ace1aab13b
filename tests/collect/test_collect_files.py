"""Whatever lies in a folder of submissions becomes one row per student, and never stops the batch."""

# Student code in tables reads best unbroken.

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from grader.collect import files as files_module
from grader.collect.disk import MAX_FILE, read_regular
from grader.collect.files import one_folder, own_files, student_id
from grader.collect.found import MAX_FILES
from grader.errors import IntakeError, UsageError
from grader.model import Submission

MAIN = "svm.py"
CODE = "def f(): ...\n"


def collect(*arguments: Any) -> list[Submission]:
    """What is found, read; it was found under the name that it has."""
    found = files_module.collect(*arguments)
    read = [f.read() for f in found]
    assert [f.student for f in found] == [s.student for s in read]
    return read


def write(root: Path, *names: str, text: str = CODE) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def by_name(found: Iterable[Submission]) -> dict[str, Submission]:
    return {s.student: s for s in found}


def names(submission: Submission) -> list[str]:
    return [file.name for file in submission.files]


# -- layouts -------------------------------------------------------------------------------------------------


def test_a_folder_per_student(tmp_path: Path) -> None:
    write(tmp_path, "bob/svm.py", "alice/svm.py", "alice/helper.py", "alice/notes.txt")
    alice, bob = collect([tmp_path], MAIN)
    assert (alice.student, alice.main, names(alice)) == ("alice", MAIN, ["helper.py", MAIN])
    assert alice.files[0].data == CODE.encode()
    assert (bob.student, bob.problem, bob.empty) == ("bob", "", False)


def test_a_file_per_student(tmp_path: Path) -> None:
    write(tmp_path, "alice.py", "bob.py", "README.md")
    found = collect([tmp_path], MAIN)
    assert [(s.student, s.main, names(s)) for s in found] == [
        ("alice", "alice.py", ["alice.py"]),
        ("bob", "bob.py", ["bob.py"]),
    ]


def test_files_and_folders_side_by_side(tmp_path: Path) -> None:
    write(tmp_path, "alice.py", "bob/svm.py")
    assert [s.student for s in collect([tmp_path], MAIN)] == ["alice", "bob"]


def test_one_students_folder(tmp_path: Path) -> None:
    write(tmp_path / "alice", "svm.py", "package/__init__.py", "package/inner.py")
    (alice,) = collect([tmp_path / "alice"], MAIN)
    assert (alice.student, names(alice)) == ("alice", ["package/__init__.py", "package/inner.py", MAIN])


def test_one_folder_named_by_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(write(tmp_path / "alice", "svm.py"))
    assert collect([Path(".")], MAIN)[0].student == "alice"
    assert collect([Path("svm.py")], MAIN)[0].student == "alice"


def test_one_file_by_its_name(tmp_path: Path) -> None:
    write(tmp_path, "alice/svm.py", "bob.py")
    assert [s.student for s in collect([tmp_path / "alice/svm.py", tmp_path / "bob.py"], MAIN)] == ["alice", "bob"]


def test_a_main_file_in_a_nested_folder_with_its_neighbours(tmp_path: Path) -> None:
    """Imports resolve beside the main file first, then at the top."""
    write(tmp_path, "alice/a/svm.py", "alice/util.py")
    write(tmp_path, "alice/a/helper.py", text="near = 1")
    write(tmp_path, "alice/helper.py", text="far = 1")
    (alice,) = collect([tmp_path], MAIN)
    assert alice.main == MAIN and names(alice) == ["helper.py", MAIN, "util.py"]
    assert {f.name: f.data for f in alice.files}["helper.py"] == b"near = 1"


def test_the_only_script_counts_whatever_its_name(tmp_path: Path) -> None:
    write(tmp_path, "alice/Homework 1 (final).py", "bob/SVM.PY")
    found = by_name(collect([tmp_path], MAIN))
    assert found["alice"].main == "Homework 1 (final).py"
    assert found["bob"].main == "SVM.PY" and not found["bob"].problem


def test_hidden_files_and_caches_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        "alice/svm.py",
        "alice/.svm.py",
        "alice/__pycache__/svm.py",
        "alice/.ipynb_checkpoints/svm-checkpoint.py",
        "alice/__MACOSX/._svm.py",
        "alice/venv/lib/x.py",
        ".hidden/svm.py",
        "__MACOSX/alice/svm.py",
    )
    (alice,) = collect([tmp_path], MAIN)
    assert names(alice) == [MAIN]


def test_the_top_file_wins_over_a_copy_further_down(tmp_path: Path) -> None:
    write(tmp_path, "alice/svm.py", text="new")
    write(tmp_path, "alice/old/svm.py", text="old")
    (alice,) = collect([tmp_path], MAIN)
    assert alice.main == MAIN and {f.name: f.data for f in alice.files}[MAIN] == b"new"


@pytest.mark.parametrize(
    ("files", "said", "empty"),
    [
        (["a/svm.py", "b/svm.py"], "2 files named svm.py; leave one", False),
        (["one.py", "two.py"], "no svm.py among 2 Python files", False),
        (["notes.txt"], "holds notes.txt and no Python file; hand in svm.py itself", False),
        (["svm.py.zip"], "svm.py.zip is no readable zip", False),
        (["plot.png", "data.npz"], "no svm.py and no other Python file", True),
        ([], "no svm.py and no other Python file", True),
        (["a.ipynb", "b.ipynb"], "no svm.ipynb among 2 notebooks; name the one", False),
        (["a.py", "b.py", "c.ipynb"], "no svm.py and no svm.ipynb among 2 Python files and 1 notebook", False),
        (["a/svm.ipynb", "b/svm.ipynb"], "2 files named svm.ipynb; leave one", False),
        (["svm.ipynb", "src/svm.py"], "svm.ipynb and src/svm.py; leave one", False),
        ([f"f{i}.py" for i in range(MAX_FILES + 1)], f"more than {MAX_FILES} Python files", False),
        (["1/2/3/4/5/6/7/8/9/svm.py"], "folders nested too deeply", False),
    ],
)
def test_what_cannot_be_graded_says_why(tmp_path: Path, files: list[str], said: str, empty: bool) -> None:
    (tmp_path / "alice").mkdir()
    write(tmp_path / "alice", *files)
    write(tmp_path, "bob/svm.py")
    found = by_name(collect([tmp_path], MAIN))
    assert said in found["alice"].problem and found["alice"].empty is empty
    assert not found["bob"].problem


def test_a_large_notebook_beside_the_file_costs_nothing(tmp_path: Path) -> None:
    write(tmp_path, "alice/svm.py")
    (tmp_path / "alice/plots.ipynb").write_bytes(b" " * (MAX_FILE + 1))
    (alice,) = collect([tmp_path], MAIN)
    assert not alice.problem and names(alice) == [MAIN]


def test_exactly_the_allowed_number_and_size_are_taken(tmp_path: Path) -> None:
    write(tmp_path / "alice", MAIN, *(f"f{i}.py" for i in range(MAX_FILES - 1)))
    (tmp_path / "alice" / MAIN).write_bytes(b"#" * MAX_FILE)
    (alice,) = collect([tmp_path], MAIN)
    assert not alice.problem and len(alice.files) == MAX_FILES


# -- one student's folder, or many ---------------------------------------------------------------------------

TARGETS = ("loss", "gradient", "Net", "train")
WHOLE = "import numpy as np\n\ndef loss(x):\n    ...\n\nclass Net:\n    ...\n\ndef gradient(x): ...\n"
BESIDE = {
    "a file that is another submission": {"bob.py": WHOLE},
    "a folder with the same file": {"bob/svm.py": CODE},
    "a folder with the same file, named like a copy": {"old/svm.py": CODE},
    "one among helpers": {"helper.py": CODE, "notes.txt": "", "BOB.PY": WHOLE},
    "a file in an old encoding": {"bob.py": "# caf\xe9\n" + WHOLE},
}


@pytest.mark.parametrize("name", BESIDE)
def test_a_folder_that_may_be_one_students_or_many_is_refused(tmp_path: Path, name: str) -> None:
    """Taking it for one student's would lose the others in silence."""
    write(tmp_path / "subs", MAIN, text=WHOLE)
    for file, text in BESIDE[name].items():
        write(tmp_path / "subs", file, text=text)
    other = next(n for n, text in reversed(BESIDE[name].items()) if text).split("/")[0]
    with pytest.raises(UsageError, match=rf"holds svm.py and other submissions \({other}\): is it one") as caught:
        collect([tmp_path / "subs"], MAIN, TARGETS)
    assert "\n" not in str(caught.value)


HELPERS = {
    "a helper": {"helper.py": "def clip(x): ...\n"},
    "a helper with half of the functions": {"helper.py": "def loss(x): ...\ndef train(): ...\ndef other(): ...\n"},
    "a helper that only names them": {"helper.py": "# loss gradient Net train\nfrom svm import loss, gradient, Net\n"},
    "methods of these names": {
        "helper.py": "class A:\n    def loss(self): ...\n    def gradient(self): ...\n    def train(self): ...\n"
    },
    "longer names": {"helper.py": "def loss_2(): ...\ndef gradients(): ...\ndef trainer(): ...\nclass Nets: ...\n"},
    "a package": {"kit/__init__.py": "", "kit/deep/svm.py": CODE},
    "a text": {"bob.txt": WHOLE},
}


@pytest.mark.parametrize("name", HELPERS)
def test_a_helper_beside_the_file_is_the_same_students(tmp_path: Path, name: str) -> None:
    write(tmp_path / "alice", MAIN, text=WHOLE)
    for file, text in HELPERS[name].items():
        write(tmp_path / "alice", file, text=text)
    (alice,) = collect([tmp_path / "alice"], MAIN, TARGETS)
    assert (alice.student, alice.main, alice.problem) == ("alice", MAIN, "")


def test_many_whole_files_without_the_assignments_name_are_many_students(tmp_path: Path) -> None:
    write(tmp_path, "alice.py", "bob.py", "carol/svm.py", text=WHOLE)
    assert [s.student for s in collect([tmp_path], MAIN, TARGETS)] == ["alice", "bob", "carol"]


def test_a_student_inside_a_cohort_may_have_an_old_copy(tmp_path: Path) -> None:
    """Only the folder that was named on the command line can be one student's or many."""
    write(tmp_path, "alice/svm.py", "alice/old/svm.py", "alice/backup.py", "bob/svm.py", text=WHOLE)
    found = by_name(collect([tmp_path], MAIN, TARGETS))
    assert sorted(found) == ["alice", "bob"] and found["alice"].main == MAIN and not found["alice"].problem


def test_a_link_or_a_fifo_beside_the_file_is_not_opened(tmp_path: Path) -> None:
    write(tmp_path / "far", "bob.py", text=WHOLE)
    write(tmp_path / "alice", MAIN, text=WHOLE)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "alice/pipe.py")
    (tmp_path / "alice/bob.py").symlink_to(tmp_path / "far/bob.py")
    (alice,) = collect([tmp_path / "alice"], MAIN, TARGETS)
    assert (alice.student == "alice" and "link" in alice.problem) or "regular" in alice.problem


# -- traps ---------------------------------------------------------------------------------------------------


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = write(tmp_path, "secret.txt", text="secret") / "secret.txt"
    root = write(tmp_path / "subs", "bob/svm.py", "carol/svm.py")
    (root / "alice").mkdir()
    (root / "alice/svm.py").symlink_to(secret)
    (root / "carol/helper.py").symlink_to(secret)
    (root / "dave.py").symlink_to(secret)
    (root / "erin").symlink_to(root / "bob")
    found = by_name(collect([root], MAIN))
    for student in ("alice", "carol", "dave", "erin"):
        assert "link" in found[student].problem and not found[student].files, student
    assert not found["bob"].problem
    assert not found["erin"].empty


def test_a_dangling_link_and_a_loop(tmp_path: Path) -> None:
    write(tmp_path, "bob/svm.py")
    (tmp_path / "alice.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "carol").mkdir()
    (tmp_path / "carol/loop").symlink_to(tmp_path / "carol")
    (tmp_path / "carol/svm.py").write_text(CODE)
    found = by_name(collect([tmp_path], MAIN))
    assert "link" in found["alice"].problem and not found["carol"].problem and not found["bob"].problem


def test_a_link_on_the_command_line_gets_nobody_elses_grade(tmp_path: Path) -> None:
    """`grader grade svm submissions/*` names a link that a student planted."""
    write(tmp_path, "alice/svm.py")
    (tmp_path / "mallory").symlink_to(tmp_path / "alice")
    alice, mallory = collect([tmp_path / "alice", tmp_path / "mallory"], MAIN)
    assert not alice.problem
    assert "is a link" in mallory.problem and not mallory.files and not mallory.empty


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs on this system")
def test_a_fifo_does_not_hang_the_batch(tmp_path: Path) -> None:
    write(tmp_path, "bob/svm.py")
    (tmp_path / "alice").mkdir()
    os.mkfifo(tmp_path / "alice/svm.py")
    os.mkfifo(tmp_path / "carol.py")
    found = by_name(collect([tmp_path], MAIN))
    for student in ("alice", "carol"):
        assert "no regular file" in found[student].problem
    assert not found["bob"].problem


def test_a_folder_named_like_a_file(tmp_path: Path) -> None:
    write(tmp_path, "x.py/svm.py", "alice/svm.py/inner.txt", "bob/helper.py/x.txt", "bob/svm.py")
    found = by_name(collect([tmp_path], MAIN))
    assert not found["x.py"].problem
    assert "no Python file; hand in svm.py" in found["alice"].problem
    assert names(found["bob"]) == [MAIN]


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    write(tmp_path, "bob/svm.py", "alice/x.txt")
    with (tmp_path / "alice/svm.py").open("wb") as file:
        file.truncate(1 << 40)  # sparse: a terabyte on paper
    found = by_name(collect([tmp_path], MAIN))
    assert "1,099,511,627,776 bytes; at most 1,048,576" in found["alice"].problem
    assert not found["bob"].problem


@pytest.fixture
def as_nobody() -> Iterator[Path]:
    """An open folder, in a process that may not read everything: root becomes nobody for the test."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o777)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            if root:
                os.seteuid(0)


def test_an_unreadable_file_is_ungraded(as_nobody: Path) -> None:
    write(as_nobody, "alice/svm.py", "bob/svm.py", "carol/svm.py", "dave/src/svm.py")
    for name in ("alice/svm.py", "carol", "dave/src"):
        (as_nobody / name).chmod(0)
    try:
        found = by_name(collect([as_nobody], MAIN))
    finally:
        for name in ("carol", "dave/src"):
            (as_nobody / name).chmod(0o700)
    for student in ("alice", "carol", "dave"):
        assert found[student].problem.endswith("Permission denied; check it and run again")
        assert not found[student].empty
    assert not found["bob"].problem


def test_a_file_that_the_system_refuses_is_ungraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "alice/svm.py")

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(IntakeError) as caught:
        read_regular(tmp_path / "alice/svm.py", "alice/svm.py")
    assert str(caught.value) == "alice/svm.py: Permission denied; check it and run again"


@pytest.mark.parametrize(
    "name",
    ["new\nline", "rtl\u202egnp", "-rf", "=cmd|' /C calc'!A0", "esc\x1b[31m", "x" * 200, "tab\tname", "  spaces  "],
)
def test_names_are_shown_safely_and_never_used_as_paths(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"{name}/svm.py")
    (found,) = collect([tmp_path], MAIN)
    assert not found.problem and found.files[0].data == CODE.encode()
    assert 0 < len(found.student) <= 120 and found.student == found.student.strip()
    assert not set("\n\t\x1b\u202e") & set(found.student)


def test_a_name_that_is_no_utf8(tmp_path: Path) -> None:
    try:
        os.makedirs(os.fsencode(tmp_path) + b"/caf\xe9")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    folder = next(tmp_path.iterdir())
    write(folder, "svm.py")
    (folder / "svm.py").rename(folder / os.fsdecode(b"sv\xe9.py"))
    (found,) = collect([tmp_path], MAIN)
    assert found.student == "caf\ufffd" and not found.problem
    found.student.encode("utf-8")


def test_a_blank_name_gets_one() -> None:
    assert student_id(" \n ") == "unnamed" and student_id(" alice ") == "alice"


def test_two_submissions_under_one_name_are_both_ungraded(tmp_path: Path) -> None:
    write(tmp_path / "one", "alice.py", "bob.py")
    write(tmp_path / "two", "Alice/svm.py", "carol/svm.py")
    found = by_name(collect([tmp_path / "one", tmp_path / "two"], MAIN))
    assert sorted(found) == ["Alice", "bob", "carol"]
    assert found["Alice"].problem.startswith("2 submissions under this name")
    assert not found["bob"].problem and not found["carol"].problem


def test_a_zip_inside_a_folder_is_not_lost_in_silence(tmp_path: Path) -> None:
    write(tmp_path, "alice.zip", "bob.py")
    found = by_name(collect([tmp_path], MAIN))
    assert "zip" in found["alice"].problem


@pytest.mark.parametrize("name", ["missing", "empty", "notes.txt", "only-text"])
def test_a_path_without_any_submission_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    write(tmp_path, "notes.txt", "only-text/notes.txt")
    with pytest.raises(UsageError, match=name):
        collect([write(tmp_path, "bob/svm.py") / "bob", tmp_path / name], MAIN)


# -- a student's own work ------------------------------------------------------------------------------------


def test_own_files_takes_the_neighbours_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, "svm.py", "helper.py")
    for path in (tmp_path, tmp_path / "svm.py"):
        own = own_files(path, MAIN)
        assert own.main == MAIN and names(own) == ["helper.py", MAIN]
    other = own_files(tmp_path / "helper.py", MAIN)
    assert other.main == "helper.py"


def test_own_file_in_a_crowded_folder_goes_alone(tmp_path: Path) -> None:
    write(tmp_path, MAIN, *(f"lib/f{i}.py" for i in range(MAX_FILES + 5)))
    own = own_files(tmp_path / MAIN, MAIN)
    assert own.main == MAIN and names(own) == [MAIN] and not own.problem


def test_a_huge_tree_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "alice", *(f"f{i}.py" for i in range(MAX_FILES * 3)))
    opened = []
    real = os.open
    monkeypatch.setattr(os, "open", lambda *a, **k: opened.append(a) or real(*a, **k))
    assert one_folder(tmp_path / "alice", "alice", MAIN).read().problem
    assert len(opened) <= MAX_FILES + 1
