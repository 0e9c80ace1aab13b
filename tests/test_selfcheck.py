"""A student's gradient against the student's own forward: right for a wrong loss, or wrong for any."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from coursekit import write_course

from grader.freeze import freeze
from grader.keyfile import public_view
from grader.model import AnswerKey, Limits, SourceFile, Submission, Verdict
from grader.pipeline import grade
from grader.sandbox.channel import Channel
from grader.sandbox.run import Runner
from grader.sandbox.spawn import Launcher, Spawner
from grader.sandbox.zygote import launcher
from grader.selfcheck import OwnGradient, check_own, hint_of
from grader.wire import Prepared

SOURCE = '''
@question(loss=1, dx=2)
def hinge(x, t):
    """Squares with a hinge. x (N,), t (N,); loss (), dx (N,)."""
    return (torch.relu(x - t) ** 2).sum() / 2 + torch.relu(x).sum()


@hinge.cases
def _(rng):
    yield Case("smooth", x=np.array([1.0, -2.0, 3.0]), t=np.array([0.5, 0.0, 1.0]))
    yield Case("at the kink", kink=True, x=np.array([0.0, 1.0, 2.0]), t=np.zeros(3))
    yield Case("unseen", hidden=True, x=rng.normal(size=3), t=rng.normal(size=3))


@question(loss=1)
def full(X, W, kind):
    """Full loss. X (N, D), W (D,)."""
    return ((X @ W) ** 2).mean() if kind == "square" else (X @ W).mean()


@full.cases
def _(rng):
    yield Case("seen", X=np.ones((2, 3)), W=np.array([1.0, 2.0, 3.0]), kind="square")
    yield Case("unseen", hidden=True, X=rng.normal(size=(2, 3)), W=rng.normal(size=3), kind="other")


@question(dW=1, forward=full.given(kind="square"))
def full_gradient(X, W):
    """Gradient of the full loss, square kind."""


@full_gradient.cases
def _(rng):
    yield Case("seen", X=np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0]]), W=np.array([1.0, 2.0, 3.0]))
    yield Case("unseen", hidden=True, X=rng.normal(size=(2, 3)), W=rng.normal(size=3))


@question(
    out=1,
    dX=1,
    dW=1,
    steps=[new("W"), call("forward", "X", gives="out"), call("backward", "dout", gives="dX"), get("dW")],
)
def Layer(X, W):
    """A layer."""
    return torch.tanh(X @ W)


@Layer.cases
def _(rng):
    yield Case("seen", X=np.array([[0.1, 0.2], [0.3, -0.4]]), W=np.array([[1.0, 0.5], [0.2, -1.0]]))
    yield Case("unseen", hidden=True, X=rng.normal(size=(2, 2)), W=rng.normal(size=(2, 2)))
'''
RIGHT = """
import numpy as np


def hinge(x, t):
    loss = (np.maximum(x - t, 0) ** 2).sum() / 2 + np.maximum(x, 0).sum()
    return loss, np.maximum(x - t, 0) + (x > 0)


def full(X, W, kind):
    return ((X @ W) ** 2).mean() if kind == "square" else (X @ W).mean()


def full_gradient(X, W):
    return 2 * X.T @ (X @ W) / len(X)


class Layer:
    def __init__(self, W):
        self.W = W

    def forward(self, X):
        self.X = X
        self.out = np.tanh(X @ self.W)
        return self.out

    def backward(self, dout):
        inner = dout * (1 - self.out**2)
        self.dW = self.X.T @ inner
        return inner @ self.W.T
"""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> AnswerKey:
    return public_view(freeze(write_course(tmp_path_factory.mktemp("course"), SOURCE), "demo"))


@pytest.fixture(scope="module")
def spawner() -> Iterator[Launcher]:
    made = Spawner()
    yield made
    made.close()


def submission(*changes: tuple[str, str]) -> Submission:
    """The right solution with some text replaced."""
    source = RIGHT
    for old, new in changes:
        assert old in source
        source = source.replace(old, new)
    return Submission("ada", (SourceFile("demo.py", source.encode()),), "demo.py")


def own(key: AnswerKey, launcher: Launcher, *changes: tuple[str, str], find: bool = False) -> dict[str, OwnGradient]:
    """What the check says of the right solution with some text replaced, by question and output."""
    runner, found = Runner(key, submission(*changes), launcher, Limits()), {}
    with contextlib.closing(runner):
        for question, responses in runner.responses(key.questions):
            for line in check_own(runner, question, responses, find):
                found[f"{question.name}.{line.output}"] = line
    return found


def test_right_gradients_agree(key: AnswerKey, spawner: Launcher) -> None:
    found = own(key, spawner)
    assert sorted(found) == ["Layer.dW", "Layer.dX", "full_gradient.dW", "hinge.dx"]
    for line in found.values():
        assert line.agrees and line.numeric == pytest.approx(line.claimed, rel=1e-4), line


def test_the_kink_is_skipped(key: AnswerKey, spawner: Launcher) -> None:
    """At 0 any subgradient is as good: a slope there says nothing."""
    line = own(key, spawner, ("(x > 0)", "(x >= 0)"))["hinge.dx"]
    assert line.agrees and line.case == "smooth"


def test_right_backprop_of_a_wrong_loss(key: AnswerKey, spawner: Launcher) -> None:
    line = own(
        key, spawner, (".sum() / 2 +", ".sum() +"), ("return loss, np", "return loss, np.maximum(x - t, 0) + np")
    )
    assert line["hinge.dx"].agrees


def test_wrong_backprop_of_a_right_loss(key: AnswerKey, spawner: Launcher) -> None:
    line = own(key, spawner, ("+ (x > 0)", "- (x > 0)"))["hinge.dx"]
    assert not line.agrees and (line.forward, line.case) == ("loss", "smooth")


def test_layer_in_steps(key: AnswerKey, spawner: Launcher) -> None:
    found = own(key, spawner, ("inner @ self.W.T", "inner @ self.W"))
    assert not found["Layer.dX"].agrees and found["Layer.dX"].forward == "out" and found["Layer.dW"].agrees
    shifted = own(key, spawner, ("np.tanh(X @ self.W)", "np.tanh(X @ self.W + 1)"))
    assert shifted["Layer.dX"].agrees and shifted["Layer.dW"].agrees, "right for its own, wrong forward"


def test_gradient_question_of_a_fixed_forward(key: AnswerKey, spawner: Launcher) -> None:
    """`full_gradient` is held against the student's own `full` with kind="square"."""
    doubled = own(key, spawner, ("((X @ W) ** 2).mean()", "2 * ((X @ W) ** 2).mean()"))["full_gradient.dW"]
    assert not doubled.agrees and doubled.forward == "full" and doubled.numeric == pytest.approx(2 * doubled.claimed)
    both = own(
        key, spawner, ("((X @ W) ** 2).mean()", "2 * ((X @ W) ** 2).mean()"), ("return 2 * X.T", "return 4 * X.T")
    )
    assert both["full_gradient.dW"].agrees


@pytest.mark.parametrize(
    "change",
    [
        ("return 2 * X.T", "W += 1; return 2 * X.T"),
        ("return 2 * X.T @ (X @ W) / len(X)", "return np.float32(2 * X.T @ (X @ W) / len(X))"),
        ("return 2 * X.T @ (X @ W) / len(X)", "return (2 * X.T @ (X @ W) / len(X))[None]"),
        ("return 2 * X.T @ (X @ W) / len(X)", "raise ValueError"),
        ('return ((X @ W) ** 2).mean() if kind == "square" else (X @ W).mean()', "raise ValueError"),
        ('return ((X @ W) ** 2).mean() if kind == "square"', 'return "a loss" if kind == "square"'),
        (
            'return ((X @ W) ** 2).mean() if kind == "square"',
            'return np.float32(((X @ W) ** 2).mean()) if kind == "square"',
        ),
        ('return ((X @ W) ** 2).mean() if kind == "square"', 'return np.ones(3) if kind == "square"'),
    ],
    ids=["modified", "float32", "shape", "raises", "no-forward", "text", "float32-forward", "vector"],
)
def test_nothing_is_said_where_nothing_can_be(key: AnswerKey, spawner: Launcher, change: tuple[str, str]) -> None:
    found = own(key, spawner, change)
    assert "full_gradient.dW" not in found and found["hinge.dx"].agrees


def test_a_forward_that_crashes_is_no_fault_of_ours(key: AnswerKey, spawner: Launcher) -> None:
    crash = ('return ((X @ W) ** 2).mean() if kind == "square"', '__import__("os")._exit(1) if kind == "square"')
    found = own(key, spawner, crash)
    assert "full_gradient.dW" not in found and found["Layer.dW"].agrees


# -- whether the forward itself is right ---------------------------------------------------------------------

HALF = ("return loss, np.maximum(x - t, 0) + (x > 0)", "return 2 * loss, np.maximum(x - t, 0) + (x > 0)")


def test_the_forward_is_held_against_the_reference(key: AnswerKey, spawner: Launcher) -> None:
    wrong_gradient = own(key, spawner, ("+ (x > 0)", "- (x > 0)"))["hinge.dx"]
    assert wrong_gradient.right and not wrong_gradient.agrees
    wrong_loss = own(key, spawner, HALF)["hinge.dx"]
    assert not wrong_loss.right and not wrong_loss.agrees
    doubled = ("((X @ W) ** 2).mean()", "2 * ((X @ W) ** 2).mean()")
    fixed = own(key, spawner, doubled)["full_gradient.dW"]
    assert not fixed.right, "the forward of a gradient that is a function of its own has an anchor in the key"
    assert own(key, spawner)["full_gradient.dW"].right


COLLUDING = (
    ("return loss, np.maximum(x - t, 0) + (x > 0)", "return 7.0, np.zeros(3)"),
    ("return 2 * X.T @ (X @ W) / len(X)", "return np.zeros(3)"),
    ("((X @ W) ** 2).mean()", "7.0"),
)


def test_a_constant_forward_with_a_zero_gradient_is_praised_for_nothing(key: AnswerKey, spawner: Launcher) -> None:
    found = own(key, spawner, *COLLUDING)
    for name in ("hinge.dx", "full_gradient.dW"):
        assert found[name].agrees and found[name].flat and not found[name].right
        assert "does not change at all" in hint_of(found[name])


def test_a_wrong_entry_is_found_where_the_forward_is_wrong_too(key: AnswerKey, spawner: Launcher) -> None:
    broken = (
        "return loss, np.maximum(x - t, 0) + (x > 0)",
        "return 2 * loss, 2 * (np.maximum(x - t, 0) + (x > 0)) + np.array([0, 0, 1.0])[: len(x)]",
    )
    line = own(key, spawner, broken, find=True)["hinge.dx"]
    assert line.located is not None and line.located.entries == ((2,),)
    assert own(key, spawner, HALF, find=True)["hinge.dx"].located.entries == ((0,), (2,))  # type: ignore[union-attr]
    right_loss = own(key, spawner, ("+ (x > 0)", "- (x > 0)"), find=True)["hinge.dx"]
    assert right_loss.located is None, "comparing values says it"


def test_gradient_and_forward_come_in_one_request(
    key: AnswerKey, spawner: Launcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    plain = Channel.send

    def counted(self: Channel, frame: Prepared, seconds: float) -> None:
        asked.append(json.loads(frame.text))
        plain(self, frame, seconds)

    monkeypatch.setattr(Channel, "send", counted)
    runner = Runner(key, submission(), spawner, Limits())
    with contextlib.closing(runner):
        for question, responses in runner.responses(key.questions):
            before = len(asked)
            found = check_own(runner, question, responses)
            if question.name == "Layer":
                assert len(found) == 2 and len(asked) - before == 1, "two arguments, one request"
                assert [nudge["wrt"] for nudge in asked[-1]["calls"][0]["nudges"]] == ["X", "W"]


def test_nudging_is_charged_to_nobody(key: AnswerKey, spawner: Launcher) -> None:
    """However slow the forward, the time of the submission is what its answers took."""
    slow = ("    loss = (np.m", "    import time; time.sleep(0.05)\n    loss = (np.m")
    runner = Runner(key, submission(slow), spawner, Limits())
    with contextlib.closing(runner):
        for question, responses in runner.responses(key.questions[:1]):
            used = runner.used
            assert check_own(runner, question, responses)
            assert runner.used == pytest.approx(used, abs=0.02)


# -- in a grade ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: written for the Linux sandbox")
def test_a_grade_explains_wrong_gradients_and_keeps_every_verdict(tmp_path: Path) -> None:
    key = freeze(write_course(tmp_path, SOURCE), "demo")
    worker = launcher("numpy")
    with contextlib.closing(worker):

        def hints(*changes: tuple[str, str]) -> dict[str, set[str]]:
            done = grade(key, submission(*changes), worker, Limits())
            found: dict[str, set[str]] = {}
            for q in done.questions:
                for o in q.outcomes:
                    if o.hint:
                        assert o.verdict is Verdict.FAIL
                        found.setdefault(f"{q.question}.{o.output}", set()).add(o.hint)
            return found

        assert hints() == {}
        wrong = hints(("+ (x > 0)", "- (x > 0)"))
        assert wrong == {"hinge.dx": {"Your loss is right, and dx is not its gradient: nudge one entry and compare."}}
        report = grade(key, submission(*COLLUDING), worker, Limits())
        assert [q.score for q in report.questions][:3] == [0.0, 0.5, 0.0], "nothing is earned by agreeing with oneself"
