"""Inputs beyond the cases: which are tried, and what they tell apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coursekit import write_course

from grader.audit.trials import labels_of, never_negative, simplex_axis, trials
from grader.audit.variants import Bench
from grader.author.source import read_source
from grader.freeze import freeze
from grader.mutants import mutants


def bench(root: Path, text: str) -> Bench:
    course = write_course(root, text)
    source, key = read_source(course, "demo"), freeze(course, "demo")
    return Bench(source, source.assignment.questions[-1], key.questions[-1], "cpu")


def told(made: Bench, label: str) -> str:
    """What tells a mutant apart, or ""."""
    (mutant,) = [m for m in mutants(made.question, made.package) if m.label == label]
    return made.tell_apart(made.of_forward(mutant.forward), made.raising(mutant.forward))[1]


STEPS = '''
@question(out=1)
def walk(x, steps):
    """x (N,), steps int > 0; out (N,)."""
    if steps < 1:
        raise ValueError("no steps")
    return x * (steps + STRENGTH * steps)


@walk.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), steps=4)
    yield Case("unseen", hidden=True, x=rng.normal(size=3), steps=4)
'''


def test_whole_numbers_are_tried(tmp_path: Path) -> None:
    made = bench(tmp_path, STEPS.replace("STRENGTH * steps", "0"))
    whats = [what for what, _, right in made.trials() if right is not None]
    assert {"'unseen' with steps = 1", "'unseen' with steps = 5", "'unseen' with steps = 8"} <= set(whats)
    assert not any("steps = 4" in what or "steps = 0" in what for what in whats)


def test_where_the_author_raises_a_wrong_answer_must_raise(tmp_path: Path) -> None:
    made = bench(tmp_path, STEPS.replace("STRENGTH * steps", "0"))
    raising = [what for what, _, right in made.trials() if right is None]
    assert raising == [f"{name!r} with steps = 0, which must raise ValueError" for name in ("seen", "unseen")]
    assert told(made, "steps < 1  ->  steps < 0") == "'seen' with steps = 0, which must raise ValueError"
    assert "steps = 1" in told(made, "steps < 1  ->  steps < 2")


def test_where_the_author_raises_gradients_are_asked_for_too(tmp_path: Path) -> None:
    text = (
        STEPS.replace("STRENGTH * steps", "0")
        .replace("out=1", "out=1, dx=1")
        .replace("return x *", "return (x**2).sum() *")
    )
    assert (
        told(bench(tmp_path, text), "steps < 1  ->  steps < 0") == "'seen' with steps = 0, which must raise ValueError"
    )


def test_what_raises_by_accident_is_outside_the_domain(tmp_path: Path) -> None:
    """A library's error, in the author's own line or deeper, is no answer."""
    text = STEPS.replace("if steps < 1:", "if x.reshape(steps // 4, -1).dim() < 0:").replace("STRENGTH * steps", "0")
    made = bench(tmp_path, text)
    assert {right is None for _, _, right in made.trials()} == {False}
    assert not any("steps = 1" in what for what, _, _ in made.trials())


def test_a_loop_that_does_not_end_is_outside_the_domain(tmp_path: Path) -> None:
    text = '''
@question(out=1)
def walk(x, stride):
    """x (N,); out ()."""
    at = 0
    while at < 8:
        at += stride
    return x.sum() + at


@walk.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), stride=3)
    yield Case("unseen", hidden=True, x=np.array([1.0, 2.0]), stride=3)
'''
    made = bench(tmp_path, text)
    whats = [what for what, _, _ in made.trials()]
    assert any("stride = 4" in what for what in whats) and not any("stride = 0" in what for what in whats)


def test_labels_are_not_counted_up() -> None:
    class Asked:
        doc = "s (K,), y int in 0..K-1, at (N,) int in 0..K-1, k in 0..9, steps int"

    assert labels_of(Asked()) == {"y", "at", "k"}  # type: ignore[arg-type]


INFINITE = '''
@question(out=1)
def nearest(x):
    """x (N,); out (), inf where none is above 0."""
    above = torch.where(x > 0, x, torch.full_like(x, torch.inf))
    return above.min()


@nearest.cases
def _(rng):
    yield Case("seen", x=np.array([-1.0, 2.0]))
    yield Case("unseen", hidden=True, x=np.array([-1.0, 2.0, 3.0]))
'''


def test_infinite_answers_are_compared(tmp_path: Path) -> None:
    made = bench(tmp_path, INFINITE)
    zero = [right for what, _, right in made.trials() if what == "'unseen' with x zero"]
    assert len(zero) == 1 and zero[0] is not None and np.isposinf(zero[0]["out"])  # type: ignore[call-overload]
    assert told(made, "x > 0  ->  x >= 0")


def changes(value: np.ndarray, unsigned: bool = False) -> dict[str, np.ndarray]:
    return {what: inputs["p"] for what, inputs in never_negative({"p": value}, "p", unsigned)}  # type: ignore[misc]


@pytest.mark.parametrize("value", [np.full((3, 4), 0.25), np.array([0.2, 0.3, 0.5]), np.eye(3)])
def test_probabilities_stay_probabilities(value: np.ndarray) -> None:
    axis = simplex_axis(value)
    assert axis == -1
    found = changes(value)
    assert any("one-hot" in what for what in found)
    for changed in found.values():
        assert changed.shape == value.shape and simplex_axis(changed) is not None
        assert (changed == 0).any()


def test_columns_may_hold_the_probabilities() -> None:
    value = np.array([[0.2, 0.5], [0.8, 0.5]])
    assert simplex_axis(value) == 0
    assert all(np.allclose(changed.sum(0), 1) for changed in changes(value).values())


def test_amounts_become_negative_and_zero() -> None:
    value = np.array([[3.0, 1.0], [2.0, 5.0]])
    found = changes(value)
    assert set(found) == {"one entry of p zero", "the first row of p zero", "negative numbers and a zero in p"}
    assert (found["negative numbers and a zero in p"] < 0).any()
    assert (found["the first row of p zero"][0] == 0).all()
    assert "negative numbers and a zero in p" not in changes(value, unsigned=True)
    assert "negative numbers and a zero in p" not in changes(np.array([0.0, 1.0, 1.0]))
    assert value[0, 0] == 3.0


def test_relu_of_what_is_never_negative_is_told_from_nothing(tmp_path: Path) -> None:
    text = '''
@question(out=1)
def rest(x):
    """x (N,); out ()."""
    return torch.relu(x).sum()


@rest.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=np.array([4.0, 2.0, 3.0]))
'''
    assert "negative numbers" in told(bench(tmp_path, text), "torch.relu(x)  ->  x")
    promised = text.replace("x (N,);", "x (N,) >= 0;")
    assert told(bench(tmp_path / "b", promised), "torch.relu(x)  ->  x") == ""


def test_no_trial_changes_the_cases(tmp_path: Path) -> None:
    made = bench(tmp_path, INFINITE)
    before: dict[str, Any] = {name: case.inputs["x"].copy() for name, case in made.cases.items()}  # type: ignore[union-attr]
    list(trials(made.source, made.question))
    assert all((made.cases[name].inputs["x"] == kept).all() for name, kept in before.items())


STABLE = '''
@question(out=1)
def free(x):
    """x (N,); out ()."""
    return torch.logsumexp(x, 0)


@free.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, -2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''


def test_overflow_must_be_shown(tmp_path: Path) -> None:
    what = told(bench(tmp_path, STABLE), "torch.logsumexp(x, 0)  ->  naive.logsumexp(x, 0)")
    assert what == "'seen' with x huge"


def test_ties_must_be_shown(tmp_path: Path) -> None:
    made = bench(tmp_path, STABLE.replace("torch.logsumexp(x, 0)", "x.argmax(0)").replace("1.0, -2.0", "0.9, 0.6, -2"))
    assert "x rounded" in told(made, "x.argmax(0)  ->  last.argmax(x, 0)")


CALLS = '''
def helper(x, how):
    return torch.relu(x) if how == "relu" else torch.nn.functional.softplus(x)


@question(out=1)
def chosen(x, how):
    """x (N,), how; out ()."""
    if how == "neither":
        return x.exp().sum()
    return abs(helper(x, how)).sum()


@chosen.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, -2.0]), how="neither")
    yield Case("unseen", hidden=True, x=rng.normal(size=3), how="HOW")
'''


def test_calls_are_those_that_hidden_cases_make(tmp_path: Path) -> None:
    made = bench(tmp_path / "a", CALLS.replace("HOW", "relu")).calls()
    assert {"relu", "abs", "sum", "helper"} <= made and not made & {"exp", "softplus"}
    assert "softplus" in bench(tmp_path / "b", CALLS.replace("HOW", "softplus")).calls()
