"""An assignment is clean only if right solutions get everything, the stub nothing, and no mistake survives."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from coursekit import SQUARE, write_course

from grader.audit import Audit, audit
from grader.course import Course
from grader.errors import UsageError
from grader.freeze import freeze
from grader.model import Limits
from grader.sandbox.spawn import Launcher
from grader.sandbox.zygote import launcher
from grader.scaffold import scaffold

CASES = """

@square.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))


@square.mistake("Differentiate one square by hand.", code="M04")
def half(out):
    return {"dx": out.dx / 2}
"""
SOLUTION = "def square(x):\n    return (x * x).sum(), 2 * x\n"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Launcher]:
    made = launcher("numpy")
    yield made
    made.close()


def run(root: Path, sandbox: Launcher, source: str = SQUARE + CASES, **options: str | None) -> Audit:
    course = write_course(root, source, **{"solution": SOLUTION, **options})  # type: ignore[arg-type]
    return audit(course, freeze(course, "demo"), sandbox, Limits())


def test_clean(tmp_path: Path, sandbox: Launcher) -> None:
    found = run(tmp_path, sandbox)
    assert found.problems == []
    assert [(r.student, r.score, r.max_score) for r in found.solutions] == [("model", 3.0, 3.0)]
    assert found.stub is not None and found.stub.score == 0
    (row,) = found.mistakes
    assert (row.mistake, row.code, row.hidden, row.public) == ("half", "M04", 1, 1) and row.distance > 1000
    assert found.cases == {"square": (1, 1)}


def test_wrong_model_solution(tmp_path: Path, sandbox: Launcher) -> None:
    (problem,) = run(tmp_path, sandbox, solution=SOLUTION.replace("2 * x", "3 * x")).problems
    assert "model.py gets 1 of 3: square, case 'seen': dx is wrong" in problem


def test_model_solution_that_does_not_load(tmp_path: Path, sandbox: Launcher) -> None:
    (problem,) = run(tmp_path, sandbox, solution="def square(:\n").problems
    assert "model.py gets 0 of 3" in problem and "does not load" in problem


def test_every_other_solution_counts(tmp_path: Path, sandbox: Launcher) -> None:
    solutions = tmp_path / "reference" / "demo" / "solutions"
    solutions.mkdir(parents=True)
    (solutions / "loops.py").write_text("def square(x):\n    return sum(v * v for v in x), [2 * v for v in x]\n")
    assert run(tmp_path, sandbox).problems == []
    (solutions / "other.py").write_text(SOLUTION.replace("2 * x", "x"))
    (problem,) = run(tmp_path, sandbox).problems
    assert "other.py gets 1 of 3" in problem


def test_no_model_solution(tmp_path: Path, sandbox: Launcher) -> None:
    (problem,) = run(tmp_path, sandbox, solution=None).problems
    assert "model.py is missing" in problem


def test_stub_that_earns_points(tmp_path: Path, sandbox: Launcher) -> None:
    (problem,) = run(tmp_path, sandbox, stub="def square(x):\n    return (x * x).sum(), 0 * x\n").problems
    assert "demo.py, untouched, gets 1 points; it must get 0" in problem


def test_stub_that_already_raises_what_a_case_wants(tmp_path: Path, sandbox: Launcher) -> None:
    """`raise NotImplementedError` is a RuntimeError too: a case that asks for one must not pay for the stub."""
    source = '''
@question(out=1)
def root(x):
    """Roots."""
    if (x < 0).any():
        raise RuntimeError
    return x.sqrt()


@root.cases
def _(rng):
    yield Case("seen", x=np.ones(2))
    yield Case("negative", hidden=True, raises=RuntimeError, x=-np.ones(2))
'''
    solution = (
        "import numpy as np\ndef root(x):\n    if (x < 0).any():\n        raise RuntimeError\n    return np.sqrt(x)\n"
    )
    found = run(tmp_path, sandbox, source=source, solution=solution)
    assert found.solutions[0].score == 1.0
    assert found.stub is not None and found.stub.score == 0 and found.problems == []


def test_mistake_that_survives(tmp_path: Path, sandbox: Launcher) -> None:
    kept = (
        '\n\n@square.mistake("Only negative numbers show it.")\ndef absolute(out, x):\n    return {"dx": 2 * x.abs()}\n'
    )
    source = (SQUARE + CASES).replace("rng.normal(size=3)", "np.ones(3)") + kept
    (problem,) = run(tmp_path, sandbox, source=source).problems
    assert "square: no hidden case fails the mistake absolute" in problem


def test_mistake_that_only_a_public_case_shows(tmp_path: Path, sandbox: Launcher) -> None:
    source = (SQUARE + CASES).replace(
        '"unseen", hidden=True, x=rng.normal(size=3)', '"unseen", hidden=True, x=np.zeros(3)'
    )
    found = run(tmp_path, sandbox, source=source)
    assert found.mistakes[0].public == 1 and found.mistakes[0].hidden == 0
    assert "no hidden case fails the mistake half" in found.problems[0]


def test_mistake_that_is_also_accepted(tmp_path: Path, sandbox: Launcher) -> None:
    """A convention that takes the mistake for right leaves no case that fails it."""
    accept = '\n\n@square.accept("half of it")\ndef accepted(out):\n    return {"dx": out.dx / 2}\n'
    (problem,) = run(tmp_path, sandbox, source=SQUARE + CASES + accept).problems
    assert "no hidden case fails the mistake half" in problem


# -- what `grader new` writes --------------------------------------------------------------------------------


def test_scaffold_audits_clean_as_it_is(tmp_path: Path, sandbox: Launcher) -> None:
    files = scaffold(tmp_path, "first_steps")
    assert all(path.is_file() for path in files)
    (tmp_path / "secret").write_text("a secret of the tests, long enough")
    course = Course(tmp_path, tmp_path / "secret")
    found = audit(course, freeze(course, "first_steps"), sandbox, Limits())
    assert found.problems == [] and found.solutions[0].score == 10.0
    readme = (tmp_path / "assignments/first_steps/README.md").read_text()
    assert readme.startswith("# First steps\n") and r"\frac{1}{2N}" in readme and "{" + "name}" not in readme


@pytest.mark.parametrize("name", ["two words", "1st", "class", "../up", ""])
def test_scaffold_refuses_what_is_no_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no Python name"):
        scaffold(tmp_path, name)
    assert not list(tmp_path.iterdir())


def test_scaffold_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "reference" / "mine").mkdir(parents=True)
    with pytest.raises(UsageError, match="exists already"):
        scaffold(tmp_path, "mine")
    assert [p.name for p in tmp_path.rglob("*")] == ["reference", "mine"]


if sys.platform != "linux":
    pytestmark = pytest.mark.skip(reason="NOT RUN: written for the Linux sandbox")
