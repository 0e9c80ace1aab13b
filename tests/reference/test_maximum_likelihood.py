"""The frozen answers of maximum_likelihood against the definitions of the lecture, written out in fifty digits: every
case that is graded, hidden ones included. Gradients are differences of losses, not formulas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ROOT
from torch.nn import functional

from grader.course import Course
from grader.freeze import freeze
from grader.model import AnswerKey, FrozenCase, FrozenQuestion, Step

mpmath = pytest.importorskip("mpmath")
from mpmath import inf, mp, mpf  # noqa: E402

NAME = "maximum_likelihood"


@pytest.fixture(scope="module")
def key(secret_file: Path) -> AnswerKey:
    return freeze(Course(ROOT, secret_file), NAME)


@pytest.fixture(autouse=True)
def fifty_digits() -> Any:
    with mp.workdps(50):
        yield


def exact(value: Any) -> Any:
    """A number, or a nested list of the numbers of an array, without rounding."""
    if isinstance(value, np.ndarray):
        return [exact(item) for item in value] if value.ndim else mpf(value.item())
    return mpf(value.item() if isinstance(value, np.generic) else value)


def log(x: Any) -> Any:
    return mp.log(x) if x > 0 else -inf


def dot(a: Any, b: Any) -> Any:
    return mp.fsum(x * y for x, y in zip(a, b, strict=True))


def mean(terms: Any) -> Any:
    terms = list(terms)
    return mp.fsum(terms) / len(terms) if inf not in terms else inf


def slopes(loss: Callable[..., Any], at: list[Any]) -> list[Any]:
    """The derivative of a loss of a list in each of its entries: central differences with half of the digits."""
    h, out = mpf(10) ** -22, []
    for i in range(len(at)):
        up, down = [[x + sign * h if i == j else x for j, x in enumerate(at)] for sign in (1, -1)]
        out.append((loss(up) - loss(down)) / (2 * h))
    return out


def rows(flat: list[Any], width: int) -> list[Any]:
    return [flat[i : i + width] for i in range(0, len(flat), width)]


def flat(table: list[Any]) -> list[Any]:
    return [x for row in table for x in row]


# -- the definitions -----------------------------------------------------------------------------------------


def log_likelihood(p_of_samples: Any) -> list[Any]:
    logs = [log(p) for p in exact(p_of_samples)]
    return [-inf if -inf in logs else mp.fsum(logs)]


def bernoulli_mle(samples: Any) -> list[Any]:
    """Where the log-likelihood k log phi + (N - k) log(1 - phi) has no slope, or at the end that it climbs to."""
    k, N = int((samples == 1).sum()), len(samples)
    return [mp.findroot(lambda phi: k * (1 - phi) - (N - k) * phi, 0.5)]


def gaussian_mle(samples: Any) -> list[Any]:
    x = exact(samples)
    mu = mean(x)
    return [mu, mean(a * a for a in x) - mu * mu]


def entropy(p: Any) -> list[Any]:
    return [mp.fsum(-a * mp.log(a) for a in exact(p) if a > 0)]


def kl_divergence(p: Any, q: Any) -> list[Any]:
    pairs = [(a, b) for a, b in zip(exact(p), exact(q), strict=True) if a > 0]
    return [inf if any(b == 0 for _, b in pairs) else mp.fsum(a * mp.log(a / b) for a, b in pairs)]


def cross_entropy(p: Any, q: Any) -> list[Any]:
    pairs = [(a, b) for a, b in zip(exact(p), exact(q), strict=True) if a > 0]
    return [inf if any(b == 0 for _, b in pairs) else mp.fsum(-a * mp.log(b) for a, b in pairs)]


def bernoulli_nll(y: Any, t: Any) -> list[Any]:
    return [mean(-log(a) if label == 1 else -log(1 - a) for a, label in zip(exact(y), t.tolist(), strict=True))]


def gaussian_nll(y: Any, t: Any, sigma: float) -> list[Any]:
    s = mpf(sigma)
    return [mean(-mp.log(mp.npdf(b, a, s)) for a, b in zip(exact(y), exact(t), strict=True))]


def clamped_linear_gradient(h: Any, w: Any, b: float, t: float) -> list[Any]:
    x, weights = exact(h), exact(w)
    z = dot(x, weights) + mpf(b)
    if min(abs(z), abs(z - 1)) < mpf(10) ** -12:  # the ends of the clamp: 0 by agreement
        return [[mpf(0)] * len(x), mpf(0)]
    found = slopes(lambda at: (max(0, min(1, dot(at[:-1], x) + at[-1])) - t) ** 2 / 2, [*weights, mpf(b)])
    return [found[:-1], found[-1]]


def sigmoid(z: Any) -> Any:
    return 1 / (1 + mp.exp(-z))


def squared_loss_gradient_logit(z: Any, t: Any) -> list[Any]:
    pairs = zip(exact(z), t.tolist(), strict=True)
    return [[slopes(lambda at, label=label: (sigmoid(at[0]) - label) ** 2 / 2, [a])[0] for a, label in pairs]]


def cross_entropy_gradient_logit(z: Any, t: Any) -> list[Any]:
    """Of log(1 + exp(z)) - t z, which is the loss: 1 - y is exp(-z) y."""
    pairs = zip(exact(z), t.tolist(), strict=True)
    loss = lambda at, label: mp.log1p(mp.exp(at)) - label * at  # noqa: E731
    return [[slopes(lambda at, label=label: loss(at[0], label), [a])[0] for a, label in pairs]]


def summed_loss(Z: list[Any], y: Any) -> Any:
    return mp.fsum(mp.log(mp.fsum(map(mp.exp, row))) - row[label] for row, label in zip(Z, y, strict=True))


def multiclass_cross_entropy(Z: Any, y: Any) -> list[Any]:
    N, logits, labels = len(Z), exact(Z), y.tolist()
    pairs = zip(logits, labels, strict=True)
    found = [slopes(lambda at, label=label: summed_loss([at], [label]) / N, row) for row, label in pairs]
    return [summed_loss(logits, labels) / N, found]


def predict_class(Z: Any) -> list[Any]:
    return [[row.index(max(row)) for row in Z.tolist()]]


def conditional_nll(theta: Any, X: Any, y: Any) -> list[Any]:
    examples, labels, D = exact(X), y.tolist(), X.shape[1]

    def loss(at: list[Any]) -> Any:
        return summed_loss([[dot(row, x) for row in rows(at, D)] for x in examples], labels)

    return [loss(flat(exact(theta))), rows(slopes(loss, flat(exact(theta))), D)]


DEFINITIONS: dict[str, Callable[..., list[Any]]] = {
    f.__name__: f
    for f in (
        log_likelihood, bernoulli_mle, gaussian_mle, entropy, kl_divergence, cross_entropy, bernoulli_nll, gaussian_nll,
        clamped_linear_gradient, squared_loss_gradient_logit, cross_entropy_gradient_logit, multiclass_cross_entropy,
        predict_class, conditional_nll,
    )
}  # fmt: skip


# -- the comparison ------------------------------------------------------------------------------------------


def check(question: FrozenQuestion, case: FrozenCase, step: Step) -> None:
    """What is frozen for one call lies within a few roundings of the definition."""
    wanted = DEFINITIONS[step.target](*(case.inputs[name] for name in step.takes))
    assert len(wanted) == len(step.gives)
    for output, value in zip(step.gives, wanted, strict=True):
        right, frozen = np.array(value, dtype=float), np.asarray(case.expected[output], dtype=float)
        what = f"{question.name}, {case.name}, {output}"
        assert frozen.shape == right.shape, what
        finite = np.isfinite(right)
        assert (frozen[~finite] == right[~finite]).all(), what
        scale = np.abs(right[finite]).max(initial=0.0)
        assert np.abs(frozen[finite] - right[finite]).max(initial=0.0) <= 1e-12 * scale + 2e-15, what


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_is_frozen_is_what_the_definition_says(key: AnswerKey, name: str) -> None:
    question = next(q for q in key.questions if q.name == name)
    answered = [case for case in question.cases if case.raises is None]
    assert sum(case.hidden for case in answered) >= 5
    for case in answered:
        check(question, case, question.steps[0])


def test_every_question_and_every_property_is_compared(key: AnswerKey) -> None:
    properties = [q for q in key.questions if q.predicate]
    assert {q.name for q in key.questions if not q.predicate} == set(DEFINITIONS)
    assert len(properties) == 4
    for prop in properties:
        for case in prop.cases:
            for step in prop.steps:
                check(prop, case, step)


def no_distribution(p: Any) -> bool:
    return min(p) < -0.01 or abs(sum(p) - 1) > 4e-5


REFUSED: dict[str, Callable[..., bool]] = {
    "log_likelihood": lambda p: min(p) < 0,
    "bernoulli_mle": lambda samples: not len(samples) or not set(samples.tolist()) <= {0, 1},
    "gaussian_mle": lambda samples: not len(samples),
    "entropy": no_distribution,
    "kl_divergence": lambda p, q: no_distribution(p) or no_distribution(q),
    "cross_entropy": lambda p, q: no_distribution(p) or no_distribution(q),
    "bernoulli_nll": lambda y, t: min(y) < 0 or max(y) > 1 or not set(t.tolist()) <= {0, 1},
    "gaussian_nll": lambda _y, _t, sigma: sigma <= 0,
    "multiclass_cross_entropy": lambda Z, y: min(y) < 0 or max(y) >= Z.shape[1],
    "conditional_nll": lambda theta, _X, y: min(y) < 0 or max(y) >= len(theta),
}


def test_what_must_raise_is_outside_the_domain_and_nothing_else_is(key: AnswerKey) -> None:
    """The bad arguments are clearly bad: rounding, np.isclose, or another way to ask, makes none of them good."""
    raising = {q.name for q in key.questions if any(case.raises for case in q.cases)}
    assert raising == set(REFUSED)
    for question in key.questions:
        for case in question.cases if question.name in REFUSED else ():
            bad = REFUSED[question.name](*(case.inputs[name] for name in question.params))
            assert (case.raises == "ValueError") if bad else (case.raises is None), (question.name, case.name)


def test_the_losses_are_those_that_torch_ships(key: AnswerKey) -> None:
    """A second opinion, from a library, where one has the same loss."""
    compared = 0
    for question in key.questions:
        for case in question.cases:
            given = {k: torch.tensor(v).double() for k, v in case.inputs.items() if isinstance(v, np.ndarray)}
            if case.raises is not None:
                continue
            if question.name == "multiclass_cross_entropy":
                found, output = functional.cross_entropy(given["Z"], given["y"].long()), "loss"
            elif question.name == "gaussian_nll":
                variance = torch.full_like(given["y"], case.inputs["sigma"] ** 2)
                found, output = functional.gaussian_nll_loss(given["y"], given["t"], variance, full=True, eps=0), "nll"
            elif question.name == "kl_divergence":
                seen = given["p"] > 0  # torch's own is NaN where both are 0
                found, output = functional.kl_div(given["q"][seen].log(), given["p"][seen], reduction="sum"), "D"
            else:
                continue
            compared += 1
            assert float(found) == pytest.approx(float(case.expected[output]), rel=1e-11, abs=1e-14), case.name
    assert compared > 25


def test_numbers_of_the_lecture_and_of_the_handout(key: AnswerKey) -> None:
    def frozen(question: str, case: str, output: str) -> Any:
        cases = next(q for q in key.questions if q.name == question).cases
        return next(c for c in cases if c.name == case).expected[output]

    assert float(frozen("log_likelihood", "four hundred unlikely samples", "ll")) == pytest.approx(-921.03, abs=0.005)
    assert float(frozen("kl_divergence", "two coins", "D")) == pytest.approx(0.1438, abs=5e-5)
    assert float(frozen("cross_entropy", "two coins", "H")) == pytest.approx(0.8370, abs=5e-5)
    assert float(frozen("gaussian_mle", "eight samples", "var")) == 4
    assert not frozen("clamped_linear_gradient", "ten for one", "dw").any()  # y = 10 for t = 1: no more gradients
    squared = frozen("squared_loss_gradient_logit", "a positive sample, more and more wrong", "dz")
    entropic = frozen("cross_entropy_gradient_logit", "a positive sample, more and more wrong", "dz")
    assert abs(squared[-1]) < 1e-15
    assert entropic[-1] == pytest.approx(-1)


def test_the_points_add_up_to_a_hundred(key: AnswerKey) -> None:
    assert key.points == 100
