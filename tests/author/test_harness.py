"""Functions that are asked through a harness of the course's, and functions that properties alone mark."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from coursekit import CASES, HEAD, SQUARE, line_of, write_course

from grader.audit import Audit, audit
from grader.author.source import read_source
from grader.course import Course
from grader.errors import AuthorError
from grader.freeze import freeze
from grader.judge import judge
from grader.judge.diagnose import diagnose
from grader.judge.properties import judge_property
from grader.keyfile import dump, load, public_view
from grader.model import AnswerKey, Limits, Report, Response, SourceFile, Submission, Verdict
from grader.pipeline import grade
from grader.sandbox.zygote import launcher

FIXTURES = '''
import torch


def three_steps(student, W, batches, lr):
    """A linear model after three steps of plain SGD with momentum; the losses on the way; the mode at the end."""
    model = torch.nn.Linear(W.shape[1], W.shape[0], bias=False, dtype=W.dtype)
    with torch.no_grad():
        model.weight.copy_(W)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.5)
    losses = [student.train_step(model, optimizer, batch["X"], batch["y"]) for batch in batches]
    return losses, model.weight.detach(), model.training
'''
TRAIN = '''
@question(losses=2, W=5, training=1, through=run("three_steps", "weights", "batches", "lr"))
def train_step(model, optimizer, X, y):
    """One step down the mean squared error. model, optimizer, X (N, D), y (N, K); returns the loss before it."""
    model.train()
    optimizer.zero_grad()
    loss = ((model(X) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


def batches(rng):
    return [dict(X=rng.normal(size=(n, 3)), y=rng.normal(size=(n, 2))) for n in (4, 4, 1)]


@train_step.cases
def _(rng):
    yield Case("seen", weights=np.ones((2, 3)), batches=batches(rng), lr=0.25)
    yield Case("unseen", hidden=True, weights=rng.normal(size=(2, 3)), batches=batches(rng), lr=0.125)
    yield Case("another", hidden=True, weights=rng.normal(size=(2, 3)), batches=batches(rng), lr=0.5)


train_step.excuse("keeps its first answer: training", because="the mode is read from the model, no answer of theirs")


@train_step.mistake("What is in .grad before the second backward?", code="M44")
def gradients_pile_up(model, optimizer, X, y):
    loss = ((model(X) - y) ** 2).mean()
    loss.backward()
    optimizer.step()
    return loss.item()


@train_step.mistake("How often does the step run?", code="M44")
def two_steps(model, optimizer, X, y):
    loss = train_step.base(model, optimizer, X, y)
    optimizer.step()
    return loss
'''
SOLUTION = """
def train_step(model, optimizer, X, y):
    model.train()
    loss = ((model(X) - y) ** 2).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss)
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: written for the Linux sandbox")


def graded(key: AnswerKey, text: str) -> Report:
    started = launcher(key.library)
    try:
        return grade(key, Submission("someone", (SourceFile("demo.py", text.encode()),), "demo.py"), started, Limits())
    finally:
        started.close()


def audited(course: Course) -> Audit:
    key = freeze(course, "demo")
    started = launcher(key.library)
    try:
        return audit(course, key, started, Limits())
    finally:
        started.close()


@linux
def test_a_training_step_is_graded_by_what_it_leaves(tmp_path: Path) -> None:
    course = write_course(
        tmp_path, TRAIN, fixtures=FIXTURES, library="torch", solution=SOLUTION,
        stub="def train_step(model, optimizer, X, y):\n    raise NotImplementedError\n",
    )  # fmt: skip
    key = load(dump(freeze(course, "demo")))
    assert graded(key, SOLUTION).score == 8
    wrong = graded(key, SOLUTION.replace("    optimizer.zero_grad()\n", ""))
    (q,) = wrong.questions
    by_output = {o.output: o.verdict for o in q.outcomes if o.case == "unseen"}
    assert by_output == {"losses": Verdict.FAIL, "W": Verdict.FAIL, "training": Verdict.PASS}
    assert {o.mistake for o in q.outcomes if o.verdict is Verdict.FAIL} == {"gradients_pile_up"}
    missing = graded(key, "x = 1\n")
    assert {o.verdict for o in missing.questions[0].outcomes} == {Verdict.MISSING}
    found = audited(course)
    assert not found.problems, found.problems
    made = [w.name for w in found.wrong if w.kind == "mutant"]
    assert "optimizer.zero_grad()  ->  (deleted)" in made and "optimizer.step()  ->  (deleted)" in made


LISTS = '''
@question(loss=2, dweights=6)
def network(X, weights):
    """Sum of squares of a deep linear network. X (N, D), weights a list of (K, D); loss (), dweights alike."""
    for W in weights:
        X = torch.tanh(X @ W.T)
    return (X * X).mean()


@network.mistake("What becomes of the slope where tanh is flat?", code="M38")
def slope_left_out(out, X, weights):
    return {"dweights": [g / 2 for g in out.dweights]}


@network.cases
def _(rng):
    yield Case("seen", X=np.array([[1.0, 2.0]]), weights=[np.array([[1.0, 0.5], [0.0, 1.0]]), np.array([[1.0, -0.5]])])
    for name, sizes in (("two", (3, 2, 4)), ("one", (2, 3)), ("three", (2, 3, 3, 1))):
        weights = [rng.normal(size=(b, a)) for a, b in zip(sizes[:-1], sizes[1:])]
        yield Case(name, hidden=True, X=rng.normal(size=(5, sizes[0])), weights=weights)
'''
NETWORK = """
import numpy as np

def network(X, weights):
    As = [X]
    for W in weights:
        As.append(np.tanh(As[-1] @ W.T))
    loss = (As[-1] ** 2).mean()
    d, out = 2 * As[-1] / As[-1].size, []
    for W, a, b in zip(weights[::-1], As[-2::-1], As[:0:-1]):
        d = d * (1 - b * b)
        out.insert(0, d.T @ a)
        d = d @ W
    return loss, out
"""


@linux
def test_a_gradient_in_a_list_of_arrays(tmp_path: Path) -> None:
    key = freeze(write_course(tmp_path, LISTS, solution=NETWORK), "demo")
    (question,) = key.questions
    three = next(c for c in question.cases if c.name == "three")
    assert [g.shape for g in three.expected["dweights"]] == [(3, 2), (3, 3), (1, 3)]
    assert graded(key, NETWORK).score == 8
    wrong = graded(key, NETWORK.replace("d * (1 - b * b)", "d * (1 + b * b)"))
    hints = {o.hint for o in wrong.questions[0].outcomes if o.output == "dweights"}
    assert hints == {"Your loss is right, and dweights is not its gradient: nudge one entry and compare."}
    assert wrong.questions[0].score == 2
    named = graded(key, NETWORK.replace("return loss, out", "return loss, [g / 2 for g in out]"))
    assert {o.mistake for o in named.questions[0].outcomes if o.output == "dweights"} == {"slope_left_out"}
    turned = graded(key, NETWORK.replace("return loss, out", "return loss, [-g for g in out]"))
    assert {o.mistake for o in turned.questions[0].outcomes if o.output == "dweights"} == {"wrong sign"}


@linux
def test_one_example_for_the_batch_is_tried_on_lists_too(tmp_path: Path) -> None:
    found = audited(write_course(tmp_path, LISTS, solution=NETWORK))
    assert {w.name: w.status for w in found.wrong if "alone" in w.name} == {
        "last example alone": "caught",
        "first example alone": "caught",
    }


def test_a_list_reference_whose_gradient_is_cut_is_refused(tmp_path: Path) -> None:
    source = LISTS.replace("for W in weights:", "for W in [weights[0].detach(), *weights[1:]]:")
    with pytest.raises(AuthorError, match="disagrees with central differences"):
        freeze(write_course(tmp_path, source), "demo")


PROPERTY = '''
@question(labels=0)
def nearest(X, y, X_new):
    """Labels of new points, by any means. X (N, D), y (N,) int, X_new (M, D); labels (M,)."""
    return y[((X_new[:, None] - X) ** 2).sum(-1).argmin(1)]


@question(weights=0)
def started(sizes):
    """Weights to start from. sizes a list of ints; weights, a list of (b, a)."""
    return [torch.linspace(-1, 1, a * b, dtype=torch.float64).reshape(b, a) for a, b in zip(sizes[:-1], sizes[1:])]


@prop(4, labels=nearest.called("X", "y", "X_new"), keeps=("truth",))
def accurate(labels, truth):
    """Nine in ten labels of new points are right."""
    return np.mean(labels == truth) >= 0.9


@accurate.cases
def _(rng):
    for name, hidden in (("seen", False), ("unseen", True)):
        y, truth = np.arange(20) % 2, np.arange(10) // 5
        X, X_new = 3.0 * y[:, None] + rng.normal(size=(20, 2)) / 3, 3.0 * truth[:, None] + rng.normal(size=(10, 2)) / 3
        yield Case(name, hidden=hidden, X=X, y=y, X_new=X_new, truth=truth)


@prop(2, weights=started.called("sizes"))
def not_all_alike(weights):
    """No two weights of a layer are the same, and none is larger than 1."""
    apart = all([bool((np.abs(np.diff(np.sort(W.ravel()))) > 1e-9).all()) for W in weights])
    return apart and all([bool((np.abs(W) <= 1).all()) for W in weights])


@not_all_alike.cases
def _(rng):
    yield Case("seen", sizes=[2, 3])
    yield Case("unseen", hidden=True, sizes=[3, 4, 2])
'''
STUB = (
    "def nearest(X, y, X_new):\n    raise NotImplementedError\n\n\ndef started(sizes):\n    raise NotImplementedError\n"
)
RIGHT = """
import numpy as np

def nearest(X, y, X_new):
    return np.array([y[np.abs(X - x).sum(1).argmin()] for x in X_new])

def started(sizes):
    rng = np.random.default_rng(1)
    return [rng.uniform(-1, 1, size=(b, a)) for a, b in zip(sizes, sizes[1:])]
"""


@linux
def test_what_has_no_single_right_answer_is_marked_by_properties(tmp_path: Path) -> None:
    course = write_course(tmp_path, PROPERTY, names="accurate, not_all_alike", stub=STUB, solution=RIGHT)
    key = load(dump(freeze(course, "demo")))
    assert [q.name for q in key.questions] == ["accurate", "not_all_alike"] and key.points == 6
    case = key.questions[0].cases[1]
    assert set(case.inputs) == {"X", "y", "X_new"} and np.array_equal(case.kept["truth"], np.arange(10) // 5)
    assert graded(key, RIGHT).score == 6
    swapped = graded(
        key,
        RIGHT.replace("return np.array([y", "return np.array([1 - y").replace(
            "rng.uniform(-1, 1, size=(b, a))", "np.ones((b, a))"
        ),
    )
    assert swapped.score == 0 and {o.verdict for q in swapped.questions for o in q.outcomes} == {Verdict.FAIL}
    ragged = graded(key, RIGHT.replace("size=(b, a)", "size=(a, b)"))
    assert [q.score for q in ragged.questions] == [4, 0]
    assert {o.kind for o in ragged.questions[1].outcomes} == {"wrong shape"}
    found = audited(course)
    assert not found.problems, found.problems


SPYING = """
import gc
import numpy as np

def nearest(X, y, X_new):
    for found in gc.get_objects():
        if isinstance(found, dict) and "truth" in found:
            return np.asarray(found["truth"])
    raise LookupError("no truth here")
"""


@linux
def test_what_is_kept_never_reaches_the_students_process(tmp_path: Path) -> None:
    key = freeze(write_course(tmp_path, PROPERTY, names="accurate, not_all_alike", stub=STUB), "demo")
    assert {o.kind for o in graded(key, SPYING).questions[0].outcomes} == {"LookupError"}
    (public,) = (q for q in public_view(key).questions if q.name == "accurate")
    assert [c.name for c in public.cases] == ["seen"]


SHORT = TRAIN.replace("def two_steps(model, optimizer, X, y)", "def two_steps(model, X)")
REFUSED = {
    "harness not there": (TRAIN.replace('"three_steps"', '"no_steps"'), "'no_steps', which is not", "Define no_steps"),
    "through is no run": (TRAIN.replace('run("three_steps", "weights", "batches", "lr")', "3"), "through=3", "run("),
    "other outputs": (TRAIN.replace('"lr"))', '"lr", gives=("W",)))'), "its harness gives W", "same order"),
    "through and steps": (TRAIN.replace('"lr"))', '"lr"), steps=[])'), "through= with steps=", "one of the two"),
    "mistake of other parameters": (SHORT, "fits neither form", "model, optimizer, X, y"),
    "cases of what is worth nothing": (
        PROPERTY + "\n@nearest.cases\ndef _(rng):\n    yield\n",
        "nearest is worth nothing",
        "a property that calls it",
    ),
    "unmarked and unasked": (
        PROPERTY + "\n@question(a=0)\ndef lonely(x):\n    'Doc.'\n",
        "lonely is not in ASSIGNMENT",
        "write a @prop",
    ),
    "kept and sent": (PROPERTY.replace('keeps=("truth",)', 'keeps=("X",)'), "keeps= names 'X'", "Rename it"),
    "kept, unused": (PROPERTY.replace('keeps=("truth",)', 'keeps=("truth", "more")'), "not take 'more'", "Use it"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_a_mend(name: str, tmp_path: Path) -> None:
    source, what, mend = REFUSED[name]
    names = "accurate, not_all_alike" if "nearest" in source else "train_step"
    stub = STUB if "nearest" in source else "def train_step(model, optimizer, X, y):\n    raise NotImplementedError\n"
    with pytest.raises(AuthorError) as caught:
        read_source(write_course(tmp_path, source, names=names, stub=stub, fixtures=FIXTURES), "demo")
    assert what in caught.value.what and mend in caught.value.mend
    assert caught.value.line > line_of(HEAD, "import torch")


# -- what a hostile review found -----------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [3, 10**12])
def test_rows_without_a_byte_are_counted_before_they_are_looked_at(tmp_path: Path, rows: int) -> None:
    """An array (10^12, 0) is no byte long; as a list it would fill the memory of the grader."""
    key = freeze(write_course(tmp_path, LISTS), "demo")
    (question,) = key.questions
    empty = np.zeros((rows, 0))
    answers = {c.name: Response({**c.expected, "dweights": empty}) for c in question.cases}
    outcomes = judge(question, answers)[0]
    found = {o.kind for o in outcomes if o.output == "dweights"}
    assert found <= {"wrong shape"} and len(diagnose(question, answers, outcomes, ())) == len(outcomes)
    started = freeze(write_course(tmp_path / "p", PROPERTY, names="accurate, not_all_alike", stub=STUB), "demo")
    prop = next(q for q in started.questions if q.name == "not_all_alike")
    told = judge_property(prop, {c.name: Response({"weights": empty}) for c in prop.cases})
    assert {o.verdict for o in told} == {Verdict.FAIL}


def test_the_public_key_holds_no_answer_to_what_a_property_marks(tmp_path: Path) -> None:
    key = freeze(write_course(tmp_path, PROPERTY, names="accurate, not_all_alike", stub=STUB), "demo")
    public = load(dump(public_view(key)))
    for q, whole in zip(public.questions, key.questions, strict=True):
        (case,) = q.cases
        for value in case.expected.values():
            assert not any(np.any(leaf) for leaf in (value if isinstance(value, list) else [value]))
        right = {case.name: Response(whole.cases[0].expected)}
        assert [o.verdict for o in judge_property(q, right)] == [Verdict.PASS], "it is marked as before"
    wrong = {"seen": Response({"weights": [np.zeros((3, 2))]})}
    assert [o.verdict for o in judge_property(public.questions[1], wrong)] == [Verdict.FAIL]


@linux
def test_a_submission_may_import_the_fixtures_that_the_check_knows(tmp_path: Path) -> None:
    course = write_course(
        tmp_path, TRAIN, fixtures=FIXTURES + "\n\ndef mean_square(a, b):\n    return ((a - b) ** 2).mean()\n",
        library="torch", stub="def train_step(model, optimizer, X, y):\n    raise NotImplementedError\n",
    )  # fmt: skip
    solution = SOLUTION.replace("((model(X) - y) ** 2).mean()", "mean_square(model(X), y)")
    uses = "from fixtures import mean_square\n" + solution
    assert graded(freeze(course, "demo"), uses).score == 8


@linux
def test_fixtures_that_load_at_freeze_alone_say_why(tmp_path: Path) -> None:
    fixtures = "from pathlib import Path\n\nHERE = Path(__file__).read_text()\n" + FIXTURES
    course = write_course(
        tmp_path, TRAIN, fixtures=fixtures, library="torch",
        stub="def train_step(model, optimizer, X, y):\n    raise NotImplementedError\n",
    )  # fmt: skip
    report = graded(freeze(course, "demo"), SOLUTION)
    assert report.status == "ungraded" and report.score is None
    said = " ".join([*report.notes, *(o.message for q in report.questions for o in q.outcomes)])
    assert "fixtures.py does not load where it is graded" in said


@pytest.mark.parametrize(
    ("fixtures", "what"),
    [("import sys\nsys.exit(0)\n", "SystemExit"), (b"# caf\xe9\n", "not UTF-8"), (b"\xef\xbb\xbfimport math\n", "")],
)
def test_odd_fixtures_are_refused_in_one_line(tmp_path: Path, fixtures: str | bytes, what: str) -> None:
    course = write_course(tmp_path, SQUARE + CASES.format(name="square"))
    path = course.handout("demo") / "fixtures.py"
    path.write_bytes(fixtures.encode() if isinstance(fixtures, str) else fixtures)
    if not what:
        assert freeze(course, "demo").fixtures == "import math\n"
        return
    with pytest.raises(AuthorError, match=what):
        freeze(course, "demo")
