"""The reference of linear_classifiers against 50 digits: what is frozen in the key, for every case of every question.

Each loss is written down here once more, number by number in mpmath, and differentiated by central differences with
50 digits. At a declared kink, where no difference means anything, the lecture's counting stands in their place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT

from grader.course import Course
from grader.freeze import freeze
from grader.judge.properties import evaluate
from grader.model import AnswerKey, FrozenCase, Value

mpmath = pytest.importorskip("mpmath", reason="NOT RUN: mpmath is not installed")
mp, mpf = mpmath.mp, mpmath.mpf
NAME = "linear_classifiers"
STEP = 20  # digits of a difference quotient's step; 50 digits are kept
Table = Any  # nested lists of mpf


@pytest.fixture(scope="module", autouse=True)
def digits() -> Any:
    with mpmath.workdps(50):
        yield


@pytest.fixture(scope="module")
def key(secret_file: Path) -> AnswerKey:
    return freeze(Course(ROOT, secret_file), NAME)


def exact(value: Value) -> Any:
    """Arrays as nested lists of mpf; integers, texts and names as they are."""
    if isinstance(value, np.ndarray):
        return exact(value.tolist())
    if isinstance(value, list):
        return [exact(item) for item in value]
    return mpf(value) if isinstance(value, float) else value


# -- the lecture, number by number ---------------------------------------------------------------------------


def dot(a: Table, b: Table) -> Any:
    return mpmath.fdot(a, b)


def scores(X: Table, W: Table, b: Table) -> Table:
    return [[dot(x, w) + c for w, c in zip(W, b, strict=True)] for x in X]


def mean(values: list[Any]) -> Any:
    return mpmath.fsum(values) / len(values)


def payments(s: Table, y: int) -> list[Any]:
    """What each wrong class pays."""
    return [max(mpf(0), v - s[y] + 1) for j, v in enumerate(s) if j != y]


def hinge_of(s: Table, y: int) -> Any:
    return mpmath.fsum(payments(s, y))


def entropy_of(s: Table, y: int) -> Any:
    return mpmath.log(mpmath.fsum(mpmath.exp(v - s[y]) for v in s))


def hinge(S: Table, y: list[int]) -> Any:
    return mean([hinge_of(s, t) for s, t in zip(S, y, strict=True)])


def entropy(S: Table, y: list[int]) -> Any:
    return mean([entropy_of(s, t) for s, t in zip(S, y, strict=True)])


def variant(S: Table, y: list[int], kind: str) -> Any:
    how = {"all": lambda p: 1 + mpmath.fsum(p), "mean": mean, "squared": lambda p: dot(p, p)}[kind]
    return mean([how(payments(s, t)) for s, t in zip(S, y, strict=True)])


def full(X: Table, W: Table, y: list[int], reg: Any, kind: str) -> Any:
    S = scores(X, W, [0] * len(W))
    return (hinge if kind == "svm" else entropy)(S, y) + reg * mpmath.fsum(w * w for row in W for w in row)


def relu(x: Any) -> Any:
    return max(mpf(0), x)


def sigma(x: Any) -> Any:
    return 1 / (1 + mpmath.exp(-x))


def each(function: Callable[[Any], Any], X: Table) -> Table:
    return [[function(x) for x in row] for row in X]


def sensitivity(loss: Callable[[Table, int], Any], s: Table, y: int, eps: Any) -> list[Any]:
    return [loss([v + eps * (j == k) for j, v in enumerate(s)], y) - loss(s, y) for k in range(len(s))]


def stack(X: Table, kinds: list[str], amounts: list[Any]) -> Table:
    for kind, a in zip(kinds, amounts, strict=True):
        if kind == "turn":
            X = [row[-1:] + row[:-1] for row in X]
        else:
            X = each({"square": lambda x: x * x, "scale": lambda x, a=a: a * x, "shift": lambda x, a=a: a + x}[kind], X)
    return X


def network(X: Table, Ws: list[Table], bs: list[Table], y: list[int], between: str, head: str) -> Any:
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        X = scores(each(relu if between == "ReLU" else sigma, X) if i else X, W, b)
    return (entropy if head == "SoftmaxLoss" else hinge)(X, y)


# -- derivatives ---------------------------------------------------------------------------------------------


def gradient(loss: Callable[[], Any], at: Table) -> Table:
    """Central differences of a loss in the numbers of nested lists, which are moved and put back."""
    if isinstance(at[0], list):
        return [gradient(loss, part) for part in at]
    found, h = [], mpf(10) ** -STEP
    for i, x in enumerate(at):
        at[i] = x + h
        up = loss()
        at[i] = x - h
        found.append((up - loss()) / (2 * h))
        at[i] = x
    return found


def weighted(out: Table, dout: Table) -> Any:
    return mpmath.fsum(dot(a, b) for a, b in zip(out, dout, strict=True))


def counted(S: Table, y: list[int]) -> Table:
    """The derivative of the mean hinge in the scores by counting broken margins: one of exactly one is kept."""
    rows = []
    for s, t in zip(S, y, strict=True):
        row = [mpf(j != t and v - s[t] + 1 > 0) for j, v in enumerate(s)]
        row[t] = -mpmath.fsum(row)
        rows.append([v / len(S) for v in row])
    return rows


def counted_in_weights(X: Table, W: Table, y: list[int], reg: Any) -> Table:
    """The same in the weights, with the penalty's."""
    C, columns = counted(scores(X, W, [0] * len(W)), y), list(zip(*X, strict=True))
    return [
        [dot([c[k] for c in C], x) + 2 * reg * w for x, w in zip(columns, row, strict=True)] for k, row in enumerate(W)
    ]


def answers(question: str, case: FrozenCase) -> dict[str, Any]:
    """Every output of a question, for inputs in 50 digits."""
    g = {name: exact(value) for name, value in case.inputs.items()}
    X, W, b, S, y, s, dout = (g.get(name) for name in ("X", "W", "b", "S", "y", "s", "dout"))
    if question == "scores":
        return {"scores": scores(X, W, b)}
    if question == "append_one":
        return {"X1": [[*row, mpf(1)] for row in X]}
    if question == "fold_bias":
        return {"W1": [[*row, c] for row, c in zip(W, b, strict=True)]}
    if question == "svm_loss_i":
        return {"loss": hinge_of(s, y)}
    if question == "svm_loss":
        return {"loss": hinge(S, y)}
    if question == "svm_loss_variant":
        return {"loss": variant(S, y, g["kind"])}
    if question == "svm_gradient":
        if case.kink:
            return {"dW": counted_in_weights(X, W, y, g["reg"])}
        return {"dW": gradient(lambda: full(X, W, y, g["reg"], "svm"), W)}
    if question == "full_loss":
        found = full(X, W, y, g["reg"], g["kind"])
        if case.kink:
            assert g["kind"] == "svm"
            return {"loss": found, "dW": counted_in_weights(X, W, y, g["reg"])}
        return {"loss": found, "dW": gradient(lambda: full(X, W, y, g["reg"], g["kind"]), W)}
    if question == "loss_sensitivity":
        return {n: sensitivity(f, s, y, g["eps"]) for n, f in (("hinge", hinge_of), ("softmax", entropy_of))}
    if question in ("softmax_loss", "SoftmaxLoss"):
        return {"loss": entropy(S, y), "dS": gradient(lambda: entropy(S, y), S)}
    if question == "SVMLoss":
        dS = counted(S, y) if case.kink else gradient(lambda: hinge(S, y), S)
        return {"loss": hinge(S, y), "dS": dS}
    if question == "Linear":
        grads = {"d" + n: gradient(lambda: weighted(scores(X, W, b), dout), g[n]) for n in ("X", "W", "b")}
        return {"out": scores(X, W, b), **grads}
    if question in ("ReLU", "Sigmoid"):
        f = relu if question == "ReLU" else sigma
        if case.kink:
            dX = [[d * (x > 0) for x, d in zip(*rows, strict=True)] for rows in zip(X, dout, strict=True)]
        else:
            dX = gradient(lambda: weighted(each(f, X), dout), X)
        return {"out": each(f, X), "dX": dX}
    if question == "Sequential":
        layers = g["kinds"], g["amounts"]
        return {"out": stack(X, *layers), "dX": gradient(lambda: weighted(stack(X, *layers), dout), X)}
    assert question == "forward_backward", question
    given = [g[name] for name in ("X", "Ws", "bs", "y", "between", "head")]
    found = {"d" + name: gradient(lambda: network(*given), g[name]) for name in ("X", "Ws", "bs")}
    return {"loss": network(*given), **found}


def near(frozen: Value, right: Any) -> bool:
    """Whether a frozen value has the same form, and differs by rounding alone: 1e-13 of the largest number."""
    if isinstance(frozen, list):
        return len(frozen) == len(right) and all(map(near, frozen, right))
    a, b = np.asarray(frozen, dtype=np.float64), np.array(right, dtype=object).astype(np.float64)
    return a.shape == b.shape and bool(np.abs(a - b).max() <= 1e-13 * max(1.0, np.abs(b).max()))


QUESTIONS = ("scores", "append_one", "fold_bias", "svm_loss_i", "svm_loss", "svm_loss_variant", "svm_gradient")
QUESTIONS += ("softmax_loss", "full_loss", "loss_sensitivity", "Linear", "ReLU", "Sigmoid", "SoftmaxLoss", "SVMLoss")
QUESTIONS += ("Sequential", "forward_backward")


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_frozen_is_right(key: AnswerKey, name: str) -> None:
    (question,) = [q for q in key.questions if q.name == name]
    for case in question.cases:
        if case.raises is None:
            right = answers(name, case)
            assert set(case.expected) == set(right)
            for output, value in right.items():
                assert near(case.expected[output], value), (case.name, output)
    assert any(case.hidden for case in question.cases)


def test_every_property_holds_of_exact_answers(key: AnswerKey) -> None:
    """Each call of a property is answered in 50 digits; the predicate must say yes, and the frozen answers agree."""
    seen = 0
    for question in key.questions:
        for case in question.cases if question.predicate else ():
            values: dict[str, Value] = {}
            for step in question.steps:
                names = {"svm_loss_i": "s y", "svm_loss_variant": "S y kind"}.get(step.target, "S y").split()
                inputs = dict(zip(names, (case.inputs[take] for take in step.takes), strict=True))
                right = answers(step.target, FrozenCase("", False, inputs, {}, {}))
                for given, output in zip(step.gives, right.values(), strict=True):
                    assert near(case.expected[given], output), (question.name, case.name, given)
                    values[given] = np.array(output, dtype=object).astype(np.float64)
            assert evaluate(question, case, values).all(), (question.name, case.name)
            seen += 1
    assert seen >= 16


def test_the_lectures_own_numbers(key: AnswerKey) -> None:
    """2.9, 0, 12.9 and 5.27; 1.58 and 1.04, which is not the slide's 0.452; the losses of the three hinges."""
    found = {(q.name, c.name): c.expected for q in key.questions for c in q.cases}

    def loss(question: str, case: str) -> float:
        return float(found[question, case]["loss"])

    assert [round(loss("svm_loss_i", c), 2) for c in ("cat", "car", "frog")] == [2.9, 0.0, 12.9]
    assert round(loss("svm_loss", "three images"), 2) == 5.27
    assert round(loss("full_loss", "svm, no penalty"), 2) == 1.58
    assert (
        round(loss("full_loss", "softmax, no penalty"), 2)
        == round(loss("softmax_loss", "worked comparison"), 2)
        == 1.04
    )
    assert round(loss("full_loss", "softmax, no penalty") / np.log(10), 3) == 0.452
    hinges = [loss("svm_loss_variant", f"three images, {kind}") for kind in ("all", "mean", "squared")]
    assert [round(value, 2) for value in hinges] == [6.27, 2.63, 30.55]


def test_the_softmax_moves_where_the_hinge_is_flat(key: AnswerKey) -> None:
    """At (10, -100, -100) too, by some 1e-48, which float64 shows as 0; the frozen answer is 0 to that precision."""
    (question,) = [q for q in key.questions if q.name == "loss_sensitivity"]
    far = next(c for c in question.cases if c.name == "wins by far")
    right = answers("loss_sensitivity", far)
    assert all(v == 0 for v in right["hinge"])
    assert right["softmax"][0] < 0 < right["softmax"][1] == right["softmax"][2] < mpf(10) ** -47
    assert np.abs(far.expected["softmax"]).max() < 1e-15


def test_points_add_up_to_100(key: AnswerKey) -> None:
    assert {q.name for q in key.questions if not q.predicate} == set(QUESTIONS)
    assert sum(q.points for q in key.questions) == 100
