"""An assignment is clean only if right solutions get everything, the stub nothing, and no mistake survives."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from coursekit import SQUARE, write_course

from grader.audit import Audit, audit, audit_to_json
from grader.course import Course
from grader.errors import UsageError
from grader.freeze import freeze
from grader.freeze.draws import surviving
from grader.model import Limits, SourceFile, Submission
from grader.pipeline import grade
from grader.report.audit import audit_table
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


ROOT_OF = """

@question(y=2)
def root(x):
    \"\"\"Square root of each number.  x (N,); y (N,).\"\"\"
    if (x < 0).any():
        raise ValueError("negative")
    return x.sqrt()


@root.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 4.0]))
    yield Case("unseen", hidden=True, x=np.append(rng.uniform(1, 2, size=3), 0.0))
    yield Case("negative", hidden=True, raises=ValueError, x=-rng.uniform(1, 2, size=2))


@root.mistake("Which numbers have no square root?")
def whatever_comes(x):
    return x.abs().sqrt()
"""


LISTED = """

@question(parts=2)
def doubled(X):
    \"\"\"Twice each row, and twice their sum.  X (N, D); parts: (N, D) and (D,).\"\"\"
    return [2 * X, 2 * X.sum(0)]


@doubled.cases
def _(rng):
    yield Case("seen", X=np.array([[1.0, 2.0], [3.0, 5.0]]))
    yield Case("unseen", hidden=True, X=rng.normal(size=(3, 2)))
    yield Case("one row", hidden=True, X=rng.normal(size=(1, 4)))
"""


def test_answers_of_arrays_of_several_shapes(tmp_path: Path, sandbox: Launcher) -> None:
    solution = "def doubled(X):\n    return [2 * X, 2 * X.sum(axis=0)]\n"
    found = run(tmp_path, sandbox, LISTED, solution=solution, stub="def doubled(X):\n    raise NotImplementedError\n")
    assert not found.problems


def test_a_mistake_that_only_fails_to_raise_is_caught_and_named(tmp_path: Path, sandbox: Launcher) -> None:
    wrong = "import numpy as np\n\ndef root(x):\n    return np.sqrt(np.abs(x))\n"
    right = wrong.replace("    return", "    if (x < 0).any(): raise ValueError(x)\n    return")
    stub = "def root(x):\n    raise NotImplementedError\n"
    course = write_course(tmp_path, ROOT_OF, solution=right, stub=stub)
    key = freeze(course, "demo")
    found = audit(course, key, sandbox, Limits())
    (row,) = [w for w in found.wrong if w.kind == "declared"]
    assert (row.status, row.hidden, row.public) == ("caught", 1, 0) and not found.problems
    report = grade(key, Submission("s", (SourceFile(key.file, wrong.encode()),), key.file), sandbox, Limits())
    told = {o.case: (o.verdict, o.mistake) for o in report.questions[0].outcomes}
    assert told == {
        "seen": ("PASS", ""),
        "unseen": ("PASS", ""),
        "negative": ("FAIL", "whatever_comes"),
    }
    assert surviving(key.questions[0]) == []


def test_clean(tmp_path: Path, sandbox: Launcher) -> None:
    found = run(tmp_path, sandbox)
    assert found.problems == []
    assert [(r.student, r.score, r.max_score) for r in found.solutions] == [("model", 3.0, 3.0)]
    assert found.stub is not None and found.stub.score == 0
    (row,) = [w for w in found.wrong if w.kind == "declared"]
    assert (row.name, row.code, row.status, row.hidden, row.public) == ("half", "M04", "caught", 1, 1)
    assert row.distance > 1000 and row.output == "dx"
    assert found.cases == {"square": (1, 1)}
    assert {w.kind for w in found.wrong} == {"declared", "generic", "mutant"}
    assert not [w for w in found.wrong if w.status == "survives"]


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
    assert found.stub is not None and found.stub.score == 0
    assert not any("untouched" in problem for problem in found.problems)
    assert "root: no hidden case returns a value" in found.weak


def test_mistake_that_survives(tmp_path: Path, sandbox: Launcher) -> None:
    kept = (
        '\n\n@square.mistake("Only negative numbers show it.")\ndef absolute(out, x):\n    return {"dx": 2 * x.abs()}\n'
    )
    source = (SQUARE + CASES).replace("rng.normal(size=3)", "np.ones(3)") + kept
    problems = run(tmp_path, sandbox, source=source).problems
    assert any("square: absolute survives every hidden case" in problem for problem in problems)


def test_a_survivor_comes_with_the_case_that_would_kill_it(tmp_path: Path, sandbox: Launcher) -> None:
    """Where other inputs would show a mistake, the audit names them."""
    kept = (
        '\n\n@square.mistake("Only negative numbers show it.")\ndef absolute(out, x):\n    return {"dx": 2 * x.abs()}\n'
    )
    source = (SQUARE + CASES).replace("rng.normal(size=3)", "np.abs(rng.normal(size=3))").replace("1.0, 2.0", "-1.0, 2")
    found = run(tmp_path, sandbox, source=source + kept)
    (survivor,) = [w for w in found.wrong if w.status == "survives"]
    assert (survivor.name, survivor.public) == ("absolute", 1) and survivor.kill == "the public 'seen'"
    (problem,) = found.problems
    assert problem == f"square: absolute survives every hidden case; add a hidden case such as {survivor.kill}"


def test_a_case_that_fails_a_mistake_in_some_draws_alone(tmp_path: Path, sandbox: Launcher) -> None:
    """One number of either sign: in every draw one of the two survives, and the case is there already."""
    two = "".join(
        f"\n\n@square.mistake('Only one sign shows it.')\ndef {name}(out, x):\n    return {{'dx': {sign}2 * x.abs()}}\n"
        for name, sign in (("absolute", ""), ("opposite", "-"))
    )
    source = (SQUARE + CASES).replace("size=3", "size=1").replace("1.0, 2.0", "0.0, 0.0") + two
    problems = run(tmp_path, sandbox, source=source).problems
    (problem,) = [p for p in problems if "absolute" in p or "opposite" in p]
    assert problem.endswith(
        "survives every hidden case; 'unseen' fails it in other draws: fix the numbers there that matter"
    )


def test_mistake_that_only_a_public_case_shows(tmp_path: Path, sandbox: Launcher) -> None:
    source = (SQUARE + CASES).replace(
        '"unseen", hidden=True, x=rng.normal(size=3)', '"unseen", hidden=True, x=np.zeros(3)'
    )
    found = run(tmp_path, sandbox, source=source)
    (row,) = [w for w in found.wrong if w.name == "half"]
    assert (row.status, row.public, row.hidden) == ("survives", 1, 0)
    assert any("square: half survives every hidden case" in problem for problem in found.problems)
    assert "square: x is zero throughout" in found.weak


def test_mistake_that_is_also_accepted(tmp_path: Path, sandbox: Launcher) -> None:
    """A convention that takes the mistake for right leaves no case that fails it."""
    accept = '\n\n@square.accept("half of it")\ndef accepted(out):\n    return {"dx": out.dx / 2}\n'
    problems = run(tmp_path, sandbox, source=SQUARE + CASES + accept).problems
    assert any("square: half survives every hidden case" in problem for problem in problems)


# -- survivors, room, excuses --------------------------------------------------------------------------------

PENALTY = '''
@question(loss=4, dw=6)
def ridge(X, w, reg):
    """Mean square plus penalty. X (N, D), w (D,), reg; loss (), dw (D,)."""
    return ((X @ w) ** 2).mean() + reg * (w * w).sum()


@ridge.cases
def _(rng):
    yield Case("seen", X=np.array([[1.0, 2.0], [3.0, -4.0]]), w=np.array([1.0, 0.5]), reg=0.5)
    yield Case("unseen", hidden=True, X=rng.normal(size=(5, 3)), w=SCALE * rng.normal(size=3), reg=REG)
    yield Case("one", hidden=True, X=rng.normal(size=(1, 4)), w=SCALE * rng.normal(size=4), reg=REG)
'''


def ridge(tmp_path: Path, sandbox: Launcher, scale: float, reg: float, more: str = "") -> Audit:
    source = PENALTY.replace("SCALE", str(scale)).replace("REG", str(reg)) + more
    solution = """
import numpy as np

def ridge(X, w, reg):
    s = X @ w
    return np.mean(s * s) + reg * np.sum(w * w), 2 * X.T @ s / len(X) + 2 * reg * w
"""
    return run(tmp_path, sandbox, source=source, solution=solution)


def test_a_penalty_of_zero_lets_mutants_live(tmp_path: Path, sandbox: Launcher) -> None:
    assert ridge(tmp_path / "a", sandbox, 1, 0.7).problems == []
    found = ridge(tmp_path / "b", sandbox, 1, 0.0)
    alive = [w for w in found.wrong if w.status == "survives"]
    assert alive and all((w.kind, w.kill) == ("mutant", "the public 'seen'") for w in alive)
    assert any("w * w" in w.name or "sum()" in w.name for w in alive)
    assert "ridge: reg is 0 throughout" in found.weak


def test_tiny_weights_and_a_tiny_penalty_leave_no_room(tmp_path: Path, sandbox: Launcher) -> None:
    """The course whose wrong solutions could not be told from right ones: weights of 1e-4, a penalty of 5e-6."""
    found = ridge(tmp_path, sandbox, 1e-4, 5e-6)
    assert any("w is tiny throughout" in phrase for phrase in found.weak)
    assert not all(room.enough for room in found.rooms)
    assert any("tolerances away, less than 10" in problem for problem in found.problems)


def test_an_excuse_of_room_is_for_one_dtype(tmp_path: Path, sandbox: Launcher) -> None:
    """A float32 answer may lack room where a float64 answer must not, and the other way round."""
    excuse = '\nridge.excuse("{} of {}", because="the penalty is tiny on purpose")\n'

    def left(folder: str, *words: str) -> tuple[set[str], Audit]:
        more = "".join(excuse.format(w, output) for w in words for output in ("loss", "dw"))
        found = ridge(tmp_path / folder, sandbox, 1, 1e-7, more)
        near = [p for p in found.problems if "the nearest wrong answer" in p]
        return {dtype for dtype in ("float64", "float32") for p in near if f"in {dtype} " in p}, found

    both, found = left("a")
    assert both == {"float64", "float32"}
    assert {room.output for room in found.rooms if not room.enough32} == {"loss", "dw"}
    remaining, found = left("b", "float32 room")
    assert remaining == {"float64"}
    assert "ridge: float32 room of dw (the penalty is tiny on purpose)" in audit_table(found)
    assert left("c", "room")[0] == {"float32"}
    assert left("d", "room", "float32 room")[0] == set()


def test_an_excuse_needs_a_finding(tmp_path: Path, sandbox: Launcher) -> None:
    found = ridge(tmp_path, sandbox, 1, 0.7, '\nridge.excuse("nothing", because="there is no such finding")\n')
    (problem,) = found.problems
    assert "q.py:" in problem and "ridge needs no excuse for 'nothing'; take it out" in problem


def test_an_excused_survivor_is_no_problem_and_is_printed(tmp_path: Path, sandbox: Launcher) -> None:
    names = {w.name for w in ridge(tmp_path / "a", sandbox, 1, 0.0).wrong if w.status == "survives"}
    more = "".join(f"\nridge.excuse({name!r}, because='the penalty comes next week')\n" for name in sorted(names))
    found = ridge(tmp_path / "b", sandbox, 1, 0.0, more)
    assert found.problems == []
    assert audit_table(found).count("the penalty comes next week") == len(names)


def test_the_docstring_and_the_cases_agree_on_shapes(tmp_path: Path, sandbox: Launcher) -> None:
    source = (SQUARE + CASES).replace("x (N,)", "x (N, D)")
    problems = run(tmp_path, sandbox, source=source).problems
    assert any("q.py:" in p and "gives x the shape (2,), the docstring of square says (N, D)" in p for p in problems)


def test_a_row_that_no_tolerance_sees_is_a_finding(tmp_path: Path, sandbox: Launcher) -> None:
    source = '''
@question(out=1)
def thrice(X):
    """X (N, D); out (N, D)."""
    return 3 * X


@thrice.cases
def _(rng):
    yield Case("seen", X=np.array([[1.0, -2.0], [3.0, 0.5]]))
    yield Case("unseen", hidden=True, X=np.array([[1e9, -2e9, 1.0], [1.0, 0.5, -2.0]]))
    MORE
'''
    solution = "def thrice(X):\n    return 3 * X\n"
    found = run(tmp_path / "a", sandbox, source=source.replace("MORE", ""), solution=solution)
    lost = {w.name: w for w in found.wrong if " lost" in w.name}
    assert {name: w.status for name, w in lost.items()} == {
        "smallest row lost: out": "survives",
        "smallest column lost: out": "survives",
    }
    assert lost["smallest row lost: out"].kill == "the public 'seen'"
    assert any("smallest row lost: out survives every hidden case" in problem for problem in found.problems)
    more = 'yield Case("shown", hidden=True, X=rng.normal(size=(4, 3)))'
    found = run(tmp_path / "b", sandbox, source=source.replace("MORE", more), solution=solution)
    assert not any(" lost" in problem for problem in found.problems)


def test_noise_beyond_the_room_is_refused(tmp_path: Path, sandbox: Launcher) -> None:
    """A comparison that flips in float32: right answers in float32 would be failed."""
    source = '''
@question(out=1)
def above(x):
    """1 where x is above a tenth. x (N,); out (N,)."""
    return (x > 0.1).to(x.dtype)


@above.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, -2.0]))
    yield Case("on the edge", hidden=True, x=np.array([0.1 + 1e-9, 0.5, -0.3]))
    yield Case("unseen", hidden=True, x=rng.normal(size=(4,)))
'''
    solution = "import numpy as np\ndef above(x):\n    return (x > 0.1).astype(float)\n"
    problems = run(tmp_path, sandbox, source=source, solution=solution).problems
    assert any("above.out: right answers stray to" in p and "(float32)" in p for p in problems)


def test_json_says_what_the_screen_says(tmp_path: Path, sandbox: Launcher) -> None:
    found = run(tmp_path, sandbox)
    data = json.loads(json.dumps(audit_to_json(found), allow_nan=False))
    assert data["clean"] is True and data["cases"] == {"square": {"public": 1, "hidden": 1}}
    assert [room["output"] for room in data["rooms"]] == ["loss", "dx"] and all(
        room["enough"] for room in data["rooms"]
    )
    assert len(data["wrong"]) == len(found.wrong)
    assert data["not_run"] or "cuda" in data["rooms"][0]["noise"]


def test_the_screen(tmp_path: Path, sandbox: Launcher) -> None:
    text = audit_table(run(tmp_path, sandbox))
    assert text.splitlines()[-1].startswith("demo: clean (1 question, 2 cases, ")
    assert max(map(len, text.splitlines())) <= 160


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


def test_the_docstring_and_the_answers_agree_on_shapes(tmp_path: Path, sandbox: Launcher) -> None:
    """A student who follows a docstring with the axes turned would be failed."""
    source = PENALTY.replace("SCALE", "1").replace("REG", "0.7").replace("dw (D,)", "dw (N,)")
    solution = "import numpy as np\ndef ridge(X, w, reg):\n    return 0.0, np.zeros_like(w)\n"
    problems = run(tmp_path, sandbox, source=source, solution=solution).problems
    assert any("q.py:" in p and "case 'unseen' has N = 3 in dw and 5 in X" in p for p in problems), problems
