"""A course is changed after it was graded: only the question that changed is run again, and `grader diff` names
exactly the students that it moves."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from conftest import Run
from coursekit import write_course

SOURCE = '''
@question(loss=1, dx=2)
def square(x):
    """Sum of squares. x (N,); loss (), dx (N,)."""
    return (x * x).sum()

@square.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))

@square.mistake("Twice the power comes down.", code="V-LOST")
def half(out, x):
    return {"dx": out.dx / 2}

@question(value=4)
def total(x):
    """Sum of the entries. x (N,); value ()."""
    return x.sum()

@total.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))

@total.mistake("Divide by nothing.", code="V-LOST")
def mean(out, x):
    return {"value": x.mean()}
'''
HEAD = "import numpy as np\n\n"
SQUARE = "def square(x):\n    return (x * x).sum(), 2 * x\n\n"
HALF = "def square(x):\n    return (x * x).sum(), x\n\n"
TOTAL = "def total(x):\n    return x.sum()\n\n"
COARSE = "def total(x):\n    return x.sum() + 1e-4\n\n"
DOUBLE = "def total(x):\n    return 2 * x.sum()\n\n"
STUDENTS = {
    "ada": SQUARE + TOTAL,
    "bob": HALF + TOTAL,
    "coarse": SQUARE + COARSE,
    "dana": SQUARE + DOUBLE,
    "nobody": "def square(x):\n    raise NotImplementedError\n\n",
}


class Desk:
    """A course, its submissions, and runs of the grader over them; each run goes on from the one before."""

    def __init__(self, root: Path, grader: Run, run: int = 0) -> None:
        self.root, self.grader, self.run = root, grader, run

    def course(self, source: str) -> None:
        write_course(self.root, source)

    def hand_in(self, name: str, text: str) -> None:
        (self.root / "handed-in" / f"{name}.py").write_text(HEAD + text)

    def grade(self, *more: object) -> Path:
        """Grade into a copy of the last run's folder."""
        out = self.root / f"run{self.run + 1}"
        if self.run:
            shutil.copytree(self.root / f"run{self.run}", out)
        self.run += 1
        asked = ["grade", "demo", self.root / "handed-in", "--out", out, "--course", self.root]
        done = self.grader(*asked, "--secret-file", self.root / "secret", *more)
        assert done.returncode == 0, done.stderr
        return out

    def ran(self) -> set[tuple[str, str]]:
        """Student and question of all that the last run put into the store."""
        before, after = (_rows(self.root / f"run{n}") for n in (self.run - 1, self.run))
        return {after[key] for key in after.keys() - before.keys()}

    def diff(self, code: int = 1) -> dict[str, tuple[float | None, float | None]]:
        """Who moved from the last run but one to the last, from and to which score."""
        folders = [self.root / f"run{n}" for n in (self.run - 1, self.run)]
        done = self.grader("diff", *folders, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        changes = json.loads(done.stdout)["changes"]
        return {c["student"]: (c["before"], c["after"]) for c in changes if c["direction"] != "same"}


def _rows(out: Path) -> dict[str, tuple[str, str]]:
    with sqlite3.connect(out / "grades.sqlite") as db:
        found = {
            key: (student, question)
            for key, student, question in db.execute("SELECT key, student, question FROM results")
        }
    db.close()
    return found


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, grader: Run) -> Desk:
    """Graded once."""
    made = Desk(tmp_path_factory.mktemp("first"), grader)
    made.course(SOURCE)
    (made.root / "handed-in").mkdir()
    for name, text in STUDENTS.items():
        made.hand_in(name, text)
    made.grade()
    return made


@pytest.fixture
def desk(first: Desk, tmp_path: Path, grader: Run) -> Desk:
    """A copy of it, to change."""
    return Desk(Path(shutil.copytree(first.root, tmp_path / "desk")), grader, first.run)


def everybody(question: str) -> set[tuple[str, str]]:
    return {(name, question) for name in STUDENTS}


def test_the_same_command_again_runs_nothing(desk: Desk) -> None:
    """What is in the store is what is reported, and nothing is added to it."""
    out = desk.root / "run1"
    with sqlite3.connect(out / "grades.sqlite") as db:
        db.execute("UPDATE results SET result = replace(result, 'wrong value', 'from the store')")
    db.close()
    second = desk.grade()
    assert desk.ran() == set()
    assert b"from the store" in (second / "reports.jsonl").read_bytes()
    assert (second / "grades.csv").read_bytes() == (out / "grades.csv").read_bytes()


def test_nothing_changed_is_exit_code_0(desk: Desk) -> None:
    desk.grade()
    assert desk.diff(code=0) == {}
    done = desk.grader("diff", desk.root / "run1", desk.root / "run2")
    assert (done.returncode, done.stdout) == (0, f"nothing changed: {len(STUDENTS)} students\n")


def test_only_a_new_submission_is_run(desk: Desk) -> None:
    desk.hand_in("eve", SQUARE + TOTAL)
    desk.grade()
    assert desk.ran() == {("eve", "square"), ("eve", "total")}
    done = desk.grader("diff", desk.root / "run1", desk.root / "run2")
    assert done.returncode == 1 and "only in NEW: eve (7)" in done.stdout


def test_only_a_changed_submission_is_run(desk: Desk) -> None:
    desk.hand_in("bob", SQUARE + TOTAL)
    desk.grade()
    assert desk.ran() == {("bob", "square"), ("bob", "total")}
    assert desk.diff() == {"bob": (5.0, 7.0)}


def test_a_changed_reference(desk: Desk) -> None:
    desk.course(SOURCE.replace("return x.sum()", "return 2 * x.sum()"))
    desk.grade()
    assert desk.ran() == everybody("total")
    assert desk.diff() == {"ada": (7.0, 3.0), "bob": (5.0, 1.0), "dana": (3.0, 7.0)}
    text = desk.grader("diff", desk.root / "run1", desk.root / "run2").stdout
    assert text.startswith("1 up, 2 down, 2 with the score that they had")
    assert (
        "ada  7 -> 3 of 7  (-4)\n  total  4 -> 0 of 4\n    value  PASS -> FAIL wrong value  seen, unseen (hidden)\n"
        in text
    )


def test_a_changed_tolerance(desk: Desk) -> None:
    """The public case is given in float32 now: the same numbers, with that type's wider row of tolerances."""
    head, tail = SOURCE.split("def total(x):")
    desk.course(head + "def total(x):" + tail.replace("np.array([1.0, 2.0])", "np.array([1, 2], dtype=np.float32)"))
    desk.grade()
    assert desk.ran() == everybody("total")
    assert desk.diff() == {"coarse": (3.0, 5.0)}


def test_a_changed_case(desk: Desk) -> None:
    """A third case that only one of the wrong ones fails: an output's points are shared by its cases."""
    more = '\n    yield Case("zero", hidden=True, x=np.zeros(2))\n\n@total.mistake'
    desk.course(SOURCE.replace("\n\n@total.mistake", more))
    desk.grade()
    assert desk.ran() == everybody("total")
    assert desk.diff() == {"dana": (3.0, 4.333333)}


def test_changed_points(desk: Desk) -> None:
    desk.course(SOURCE.replace("@question(value=4)", "@question(value=6)"))
    desk.grade()
    assert desk.ran() == everybody("total")
    assert desk.diff() == {"ada": (7.0, 9.0), "bob": (5.0, 7.0)}
    done = desk.grader("diff", desk.root / "run1", desk.root / "run2")
    assert "  total  4 of 4 -> 6 of 6\n" in done.stdout


def test_a_changed_hint_moves_nobody_and_tells_whom_it_reaches(desk: Desk) -> None:
    desk.course(SOURCE.replace("Twice the power comes down.", "The power comes down, once."))
    desk.grade()
    assert desk.ran() == everybody("square")
    assert desk.diff() == {}
    text = desk.grader("diff", desk.root / "run1", desk.root / "run2", "--all").stdout
    assert text.startswith("0 up, 0 down, 5 with the score that they had (1 of them")
    assert "bob  5 of 7\n" in text and "The power comes down, once." in text


def test_a_question_added_and_taken_away(desk: Desk) -> None:
    start = SOURCE.index("@question(value=4)")
    desk.course(SOURCE + SOURCE[start:].replace("total", "again"))
    desk.grade()
    assert desk.ran() == everybody("again")
    desk.course(SOURCE[:start])
    desk.grade()
    assert desk.ran() == set(), "what stays was graded before"
    text = desk.grader("diff", desk.root / "run2", desk.root / "run3").stdout
    assert "  total  no longer asked: had 4 of 4" in text and "  again  no longer asked: had 0 of 4" in text


def test_usage(desk: Desk, tmp_path: Path) -> None:
    out = desk.root / "run1"
    for old, new in (
        (out, tmp_path / "none"),
        (tmp_path, out),
        (out / "grades.csv", out),
        (out / "grades.sqlite", out),
    ):
        done = desk.grader("diff", old, new)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, done.stderr
        assert done.stderr.startswith("error: ") and not done.stdout
    assert desk.grader("diff", out).returncode == 2
