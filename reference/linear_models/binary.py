"""Binary classification: the threshold, the logistic function, its cross-entropy from the logit, and the gradient."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from grader import Case, question

from .regression import B_LECTURE, W_LECTURE, X_LECTURE, awkward, draw, predict, single

HUGE = np.array([1e4, -1e4, 800.0, -800.0, 40.0, -40.0, 0.0])


def binary(rng: np.random.Generator, N: int, D: int) -> dict[str, Any]:
    """Examples (N, D), weights (D,), a bias, and labels (N,) of both kinds where there are two or more."""
    t = rng.integers(2, size=N)
    if N > 1:
        t[:2] = [1, 0]
    return {**draw(rng, N, D), "t": t}


def decided(rng: np.random.Generator, N: int, D: int) -> dict[str, Any]:
    """Examples, weights and a bias whose logits are not near 0; both classes occur, and not by the bias alone."""
    while True:
        inputs = {k: v for k, v in draw(rng, N, D).items() if k != "t"}
        z = inputs["X"] @ inputs["w"] + inputs["b"]
        if np.abs(z).min() > 0.1 and (N == 1 or 0 < (z > 0).sum() < N):
            return inputs


@question(labels=3, calls=[predict], carry=0.5)
def classify(X: Tensor, w: Tensor, b: float) -> Tensor:
    """Class 1 where X w + b >= 0, else class 0.

    X (N, D), w (D,), b a number; labels (N,).  [CSC413, lecture 1, binary linear classification]"""
    return (X @ w + b >= 0).to(torch.int64)


@classify.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix", X=X_LECTURE, w=W_LECTURE, b=B_LECTURE)
    X = np.array([[1.0, 1.0], [2.0, -1.0], [0.0, 0.0], [3.0, 0.0]])
    yield Case("exactly on the boundary", kink=True, X=X, w=np.array([1.0, 2.0]), b=-3.0)
    yield Case("seven examples", hidden=True, **decided(rng, 7, 5))
    yield Case("twelve examples", hidden=True, **decided(rng, 12, 3))
    yield Case("one example", hidden=True, **decided(rng, 1, 3))
    X, w = rng.integers(-3, 4, size=(6, 2)).astype(float), np.array([1.0, -1.0])
    X[:2] = [[2.0, 4.0], [1.0, 3.0]]  # of small whole numbers, so that z = 0 is exact in any order
    X[2] = [1.0, 4.0]
    yield Case("on the boundary", hidden=True, kink=True, X=X, w=w, b=2.0)
    X = np.array([[0.3, 0.2], [-0.3, 0.1], [0.1, -0.4], [0.2, 0.1]]) + rng.uniform(-0.02, 0.02, size=(4, 2))
    yield Case("small logits", hidden=True, X=X, w=np.array([1.0, 0.5]), b=0.05)
    X = np.array([[1.0, 1.0], [-1.0, 1.0], [2.0, 3.0]])
    yield Case("the bias decides", hidden=True, X=X, w=rng.uniform(0.5, 1, size=2), b=-8.0)
    yield Case("float32", hidden=True, **single(decided(rng, 5, 2)))
    yield Case("strided and read-only", hidden=True, **awkward(decided(rng, 4, 3)))


@classify.mistake("On which side of the line is z = 0?")
def zero_is_negative(X: Tensor, w: Tensor, b: float) -> Tensor:
    return (X @ w + b > 0).to(torch.int64)


@classify.mistake("Which two labels does the lecture use for binary targets?")
def minus_one_and_one(out: Any, X: Tensor, w: Tensor, b: float) -> dict[str, Tensor]:
    return {"labels": 2 * out.labels - 1}


@classify.mistake("A logit is no probability. At which logit is the probability one half?")
def threshold_of_a_half(X: Tensor, w: Tensor, b: float) -> Tensor:
    return (X @ w + b >= 0.5).to(torch.int64)


@classify.mistake("Let an example be all zeros. What decides about its class?", code="M16")
def no_bias(X: Tensor, w: Tensor, b: float) -> Tensor:
    return (X @ w >= 0).to(torch.int64)


@classify.mistake("A large positive z: is that example called positive?", code="M05")
def labels_swapped(out: Any, X: Tensor, w: Tensor, b: float) -> dict[str, Tensor]:
    return {"labels": 1 - out.labels}


@question(y=4)
def sigmoid(z: Tensor) -> Tensor:
    """The logistic function 1/(1 + exp(-z)) of each element, with no overflow for |z| up to 1e4.

    z is an array of any shape; y has the same.  [CSC413, lecture 1, logistic function]"""
    return torch.sigmoid(z)


@sigmoid.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("five logits", z=np.array([-2.0, -1.0, 0.0, 1.0, 2.0]))
    yield Case("logits of a thousand", z=np.array([1000.0, -1000.0]))
    yield Case("a matrix", hidden=True, z=rng.normal(scale=3, size=(3, 4)))
    yield Case("one logit", hidden=True, z=rng.normal(size=1))
    yield Case("huge logits", hidden=True, z=rng.permutation(HUGE))
    yield Case("tiny logits", hidden=True, z=1e-6 * rng.normal(size=4))
    yield Case("float32", hidden=True, z=rng.normal(scale=2, size=6).astype(np.float32))
    yield Case("strided and read-only", hidden=True, **awkward({"z": rng.normal(size=5)}))


@sigmoid.mistake("What is exp(1000)? Which of your two exponentials meets it?", code="M20")
def overflows(z: Tensor) -> Tensor:
    return z.exp() / (1 + z.exp())


@sigmoid.mistake("Is your function rising? What should a large logit mean?", code="M05")
def falling(z: Tensor) -> Tensor:
    return torch.sigmoid(-z)


@sigmoid.mistake("Between which two numbers should the answers lie, and what is it at 0?")
def hyperbolic_tangent(z: Tensor) -> Tensor:
    return torch.tanh(z)


@sigmoid.mistake("Should the other elements have a say in the answer for one of them?", code="M14")
def softmax_instead(z: Tensor) -> Tensor:
    return torch.softmax(z, -1)


@sigmoid.mistake("You were asked for the function. Is this its derivative?", code="M38")
def derivative(z: Tensor) -> Tensor:
    return torch.sigmoid(z) * torch.sigmoid(-z)


def losses_of(z: Tensor, t: Tensor) -> Tensor:
    """Cross-entropy of each example from its logit; neither term is ever the log of an underflow."""
    return -(t * logsigmoid(z) + (1 - t) * logsigmoid(-z))


@question(loss=5)
def logistic_cross_entropy(z: Tensor, t: Tensor) -> Tensor:
    """Cross-entropy of each example, -t log y - (1 - t) log(1 - y) with y = sigmoid(z), right for |z| up to 1e4.

    z (N,) logits, t (N,) in {0, 1}; loss (N,), natural log.  [CSC413, lecture 1, logistic regression]"""
    return losses_of(z, t)


@logistic_cross_entropy.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    z = np.log([9.0, 99.0, 9.0, 99.0])
    yield Case("90% and 99% sure, wrong and right", z=z, t=np.array([0, 0, 1, 1]))
    yield Case("a logit of a thousand", z=np.array([1000.0, 1000.0]), t=np.array([0, 1]))
    yield Case("seven examples", hidden=True, z=rng.normal(scale=2, size=7), t=np.array([1, 0, 0, 1, 1, 0, 1]))
    yield Case("one example", hidden=True, z=rng.normal(size=1) + 1, t=rng.integers(2, size=1))
    yield Case("huge logits, wrong", hidden=True, z=HUGE, t=(HUGE < 0).astype(np.int64))
    yield Case("huge logits, right", hidden=True, z=HUGE, t=(HUGE > 0).astype(np.int64))
    # Losses are compared with the largest of their case: so the small ones, where all is right, have one of their own.
    z = np.array([8.0, -10.0, 10.5, -12.0, 14.0])
    yield Case("sure of the wrong label", hidden=True, z=z, t=np.array([0, 1, 0, 1, 0]))
    z = np.array([6.5, -8.0, 10.0, -12.0, 14.0, -6.5])
    yield Case("sure of the right label", hidden=True, z=z, t=np.array([1, 0, 1, 0, 1, 0]))
    yield Case("logits of zero", hidden=True, z=np.zeros(3), t=rng.permutation([0, 1, 1]))
    yield Case("targets as floats", hidden=True, z=rng.normal(size=5), t=np.array([1.0, 1.0, 0.0, 1.0, 0.0]))
    inputs = {"z": rng.normal(size=4), "t": np.array([0, 1, 1, 0])}
    yield Case("float32", hidden=True, z=inputs["z"].astype(np.float32), t=inputs["t"])
    yield Case("strided and read-only", hidden=True, **awkward(inputs))


@logistic_cross_entropy.mistake("Sure and wrong, by 1000: what is log(1 - y) there? Do you need y?", code="M21")
def log_of_probability(z: Tensor, t: Tensor) -> Tensor:
    y = torch.sigmoid(z)
    return torch.where(t > 0, -y.log(), -(1 - y).log())


@logistic_cross_entropy.mistake("Sure and wrong, by 1000: it should cost 1000. What hides it?", code="M23")
def small_number_in_log(z: Tensor, t: Tensor) -> Tensor:
    y, t = torch.sigmoid(z), t.to(z.dtype)
    return -t * (y + 1e-8).log() - (1 - t) * (1 - y + 1e-8).log()


@logistic_cross_entropy.mistake("Sure and wrong, by 1000: it should cost 1000. Where is it cut off?", code="M23")
def clipped(z: Tensor, t: Tensor) -> Tensor:
    y, t = torch.sigmoid(z).clamp(1e-12, 1 - 1e-12), t.to(z.dtype)
    return -t * y.log() - (1 - t) * (1 - y).log()


@logistic_cross_entropy.mistake("Try z = 1000. What is exp(1000), and its log?", code="M20")
def exponential_overflows(z: Tensor, t: Tensor) -> Tensor:
    return torch.log1p(z.exp()) - t * z


@logistic_cross_entropy.mistake("Right by 7, right by 14: are these the same? Is either of them free?")
def free_when_sure(z: Tensor, t: Tensor) -> Tensor:
    return torch.where((2 * t - 1) * z > 6, 0.0, losses_of(z, t))


@logistic_cross_entropy.mistake("Can a loss be negative?", code="M05")
def log_likelihood(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"loss": -out.loss}


@logistic_cross_entropy.mistake("What does an example with t = 0 pay?", code="M06")
def positive_examples_only(z: Tensor, t: Tensor) -> Tensor:
    return -t * logsigmoid(z)


@logistic_cross_entropy.mistake("A large logit and t = 1: is that cheap or dear?", code="M43")
def targets_swapped(z: Tensor, t: Tensor) -> Tensor:
    return losses_of(z, 1 - t)


@logistic_cross_entropy.mistake("At z = 0 it should cost 0.693. Which logarithm gives 0.301, which 1?", code="M04")
def log_of_base_ten(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / math.log(10)}


@logistic_cross_entropy.mistake("How often does z go through the logistic function?", code="M37")
def sigmoid_twice(z: Tensor, t: Tensor) -> Tensor:
    return losses_of(torch.sigmoid(z), t)


@logistic_cross_entropy.mistake("A loss is of one example. How many numbers should there be?", code="M02")
def averaged(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss.mean()}


def logistic_cost(X: Tensor, w: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The mean over examples of the cross-entropy of the logits X w + b."""
    return losses_of(X @ w + b, t).mean()


@question(forward=logistic_cost, dw=5, db=2, calls=[predict, sigmoid], carry=0.5)
def logistic_gradient(X: Tensor, w: Tensor, b: float, t: Tensor) -> None:
    """Gradient of the mean cross-entropy of the logits X w + b in the weights and in the bias.

    X (N, D), w (D,), b a number, t (N,) in {0, 1}; dw (D,), db ().  [CSC413, lecture 1, logistic regression]"""


@logistic_gradient.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix, from zeros", X=X_LECTURE, w=np.zeros(4), b=0.0, t=np.array([1, 0, 1]))
    yield Case("the lecture's matrix", X=X_LECTURE, w=W_LECTURE / 10, b=-0.3, t=np.array([1, 0, 1]))
    yield Case("seven examples", hidden=True, **binary(rng, 7, 5))
    yield Case("one example", hidden=True, **{**binary(rng, 1, 4), "t": np.array([0])})
    yield Case("as many features as examples", hidden=True, **binary(rng, 3, 3))
    yield Case("huge logits", hidden=True, **sure(rng))
    inputs = binary(rng, 5, 3)
    inputs["X"][3] = inputs["X"][1]
    yield Case("repeated row", hidden=True, **inputs)
    yield Case("targets as floats", hidden=True, **{**binary(rng, 4, 1), "t": np.array([0.0, 1.0, 1.0, 0.0])})
    yield Case("float32", hidden=True, **single(binary(rng, 6, 3)))
    yield Case("strided and read-only", hidden=True, **awkward(binary(rng, 4, 3)))


def sure(rng: np.random.Generator) -> dict[str, Any]:
    """Logits of some thousands, of both signs, each with both labels."""
    X, w, b = rng.normal(size=(5, 2)), rng.uniform(0.5, 1, size=2), float(rng.uniform(0.5, 2))
    wanted = np.array([-7.0, 6.0, -3.0, 4.0, 9.0]) + rng.uniform(-1, 1, size=5)
    X += (wanted - X @ w - b)[:, None] * w / (w @ w)
    return {"X": X, "w": 1000 * w, "b": 1000 * b, "t": np.array([1, 0, 0, 1, 0])}


def blamed(X: Tensor, r: Tensor) -> dict[str, Tensor]:
    """The gradient in which example i is blamed by r_i."""
    return {"dw": X.T @ r / len(X), "db": r.mean()}


@logistic_gradient.mistake("Hand in every example twice. What should happen to your gradient?", code="M01")
def summed_over_examples(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": len(X) * out.dw, "db": len(X) * out.db}


@logistic_gradient.mistake("You average in one of the two derivatives. Why not in the other?", code="M01")
def bias_summed(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"db": len(X) * out.db}


@logistic_gradient.mistake("Nudge one weight up: does the cost go the way that you say?", code="M05")
def reversed_residual(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": -out.dw, "db": -out.db}


@logistic_gradient.mistake("Sure and wrong: is the cost flat there? What cancels in the chain rule?", code="M38")
def delta_of_the_squared_loss(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    y = torch.sigmoid(X @ w + b)
    return blamed(X, (y - t) * y * (1 - y))


@logistic_gradient.mistake("What is compared with t: a logit or a probability?", code="M16")
def logit_for_probability(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return blamed(X, X @ w + b - t)


@logistic_gradient.mistake("Right, but only just: should such an example still pull?", code="M16")
def label_for_probability(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return blamed(X, (X @ w + b >= 0).to(X.dtype) - t)


@logistic_gradient.mistake("What is the logit where x is all zeros? Does your probability know?", code="M16")
def logit_without_bias(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return blamed(X, torch.sigmoid(X @ w) - t)


@logistic_gradient.mistake("Your logits may be in the thousands. Which exponential overflows?", code="M20")
def probability_overflows(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    E = (X @ w + b).exp()
    return blamed(X, E / (1 + E) - t)
