"""What a network of sigmoid units costs: the log loss of its outputs, and a penalty on its weights."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import logsigmoid

from grader import Case, Terms, question

from .network import Thetas, network, with_bias


def sums(X: Tensor, thetas: Thetas) -> Tensor:
    """The weighted sums of the output units, before their sigmoid: (N, K)."""
    A = X
    for theta in thetas[:-1]:
        A = torch.sigmoid(with_bias(A) @ theta.T)
    return with_bias(A) @ thetas[-1].T


def squares(thetas: Thetas, first: int = 1) -> Tensor:
    """The sum of all squared weights from column `first` on."""
    return torch.stack([(theta[:, first:] ** 2).sum() for theta in thetas]).sum()


@question(J=8)
def cost(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Terms:
    """The mean over examples of the log loss, summed over the K sigmoid outputs, plus lam / (2 N) times the sum of all
    squared weights but those of the bias units.

    thetas a list of matrices as in forward, X (N, D), Y (N, K) of zeros and ones, lam >= 0; J (). The loss of an
    output unit h with target y is -(y log h + (1 - y) log(1 - h)): K = 1 is binary classification, K > 1 is
    one-vs-rest.  [WPI CS 539, cost function]"""
    Z = sums(X, thetas)
    losses = -(Y * logsigmoid(Z) + (1 - Y) * logsigmoid(-Z))
    return Terms(data=losses.sum(1).mean(), penalty=lam / (2 * len(X)) * squares(thetas))


def targets(rng: np.random.Generator, N: int, K: int) -> NDArray[np.float64]:
    """One-hot targets (N, K), or random bits (N, 1)."""
    return np.eye(K)[rng.integers(K, size=N)] if K > 1 else rng.integers(2, size=(N, 1)).astype(float)


SMALL = [np.array([[0.5, 1.0, -1.0], [0.0, 0.25, 0.5], [-1.0, 0.0, 2.0]]), np.array([[0.1, 1.0, -2.0, 0.5]])]
POINTS = np.array([[2.0, 1.0], [0.0, -1.0]])


def training_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Cases that cost and backprop share."""
    X, Y, bits = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.eye(3)[[2, 0]], np.array([[1.0], [0.0]])
    yield Case("AND, not yet learnt", thetas=[np.array([[-1.5, 1.0, 1.0]])], X=X, Y=X[:, :1] * X[:, 1:], lam=0.0)
    yield Case("two layers, with a penalty", thetas=SMALL, X=POINTS, Y=bits, lam=0.5)
    three = [SMALL[0], np.array([[0.1, 1.0, -2.0, 0.5], [0.0, 0.5, 0.5, 0.5], [-0.3, 0.2, 0.1, 0.0]])]
    yield Case("three outputs", thetas=three, X=POINTS, Y=Y, lam=0.0)
    for name, N, sizes, lam in [
        ("one layer, one output", 6, (4, 1), 0.8),
        ("two layers, four outputs", 7, (3, 5, 4), 2.0),
        ("three layers", 5, (2, 4, 3, 2), 1.5),
        ("four layers", 4, (3, 2, 4, 3, 1), 0.9),
        ("no penalty", 6, (2, 3, 3), 0.0),
        ("one example", 1, (3, 4, 2), 0.7),
    ]:
        thetas, X, Y = network(rng, *sizes), rng.normal(size=(N, sizes[0])), targets(rng, N, sizes[-1])
        if name == "two layers, four outputs":
            X[4], Y[4] = X[1], Y[1]  # a repeated row
        yield Case(name, hidden=True, thetas=thetas, X=X, Y=Y, lam=lam)
    X, Y = np.array([[2.0, -1.0], [-1.0, 1.0], [0.5, 2.0]]), np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    sure = [np.array([[400.0, 1000.0, -800.0], [-300.0, 500.0, 1000.0]])]
    yield Case("sure, and often wrong", hidden=True, thetas=sure, X=X, Y=Y, lam=0.001)
    thetas, X, Y = network(rng, 3, 3, 3), rng.normal(size=(4, 6))[:, ::2], targets(rng, 4, 3)
    for array in (X, Y, *thetas):
        array.flags.writeable = False
    yield Case("as wide everywhere, strided and read-only", hidden=True, thetas=thetas, X=X, Y=Y, lam=0.4)
    thetas = [theta.astype(np.float32) for theta in network(rng, 2, 3, 2)]
    X, Y = rng.normal(size=(4, 2)).astype(np.float32), targets(rng, 4, 2).astype(np.float32)
    yield Case("float32", hidden=True, thetas=thetas, X=X, Y=Y, lam=0.6)


cost.cases(training_cases)


def data(thetas: Thetas, X: Tensor, Y: Tensor) -> Tensor:
    return cost.forward(thetas, X, Y, 0.0).total()


@cost.mistake("With lam = 0 we agree, with lam = 1 we do not. What does lam multiply?", code="M06")
def penalty_missing(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y)


@cost.mistake("Which column of each matrix does the penalty leave alone?", code="M41")
def bias_column_regularised(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y) + lam / (2 * len(X)) * squares(thetas, 0)


@cost.mistake("Hand in every example twice. What becomes of the penalty?", code="M08")
def penalty_without_n(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y) + lam / 2 * squares(thetas)


@cost.mistake("Look again at what stands under lam.", code="M04")
def penalty_without_half(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y) + lam / len(X) * squares(thetas)


@cost.mistake("Are all matrices of the network held back, or only one?", code="M13")
def penalty_of_the_last_layer(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y) + lam / (2 * len(X)) * squares(thetas[-1:])


@cost.mistake("Hand in every example twice, with lam = 0. Should the cost double?", code="M01")
def summed_over_examples(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y) * len(X) + lam / (2 * len(X)) * squares(thetas)


@cost.mistake("Over the K outputs of one example: a sum or a mean?", code="M03")
def mean_over_outputs(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y) / Y.shape[1] + lam / (2 * len(X)) * squares(thetas)


@cost.mistake("A unit says 0.99 and its target is 0. Which of your terms notices?")
def targets_of_one_only(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return -(Y * logsigmoid(sums(X, thetas))).sum(1).mean() + lam / (2 * len(X)) * squares(thetas)


@cost.mistake("Are the outputs of this network independent sigmoids, or do they share one sum?")
def softmax_outputs(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    Z = sums(X, thetas)
    return -(Y * torch.log_softmax(Z, 1)).sum(1).mean() + lam / (2 * len(X)) * squares(thetas)


@cost.mistake("A unit is sure, and wrong, and its h is exactly 1. Can you have log(1 - h) without h?", code="M21")
def log_of_underflow(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    H = torch.sigmoid(sums(X, thetas))
    return -(Y * H.log() + (1 - Y) * (1 - H).log()).sum(1).mean() + lam / (2 * len(X)) * squares(thetas)


@cost.mistake("A unit is sure, and wrong, by a thousand. What should it cost, and what does it here?", code="M23")
def clipped_before_the_log(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    H = torch.sigmoid(sums(X, thetas)).clamp(1e-12, 1 - 1e-12)
    return -(Y * H.log() + (1 - Y) * (1 - H).log()).sum(1).mean() + lam / (2 * len(X)) * squares(thetas)


@cost.mistake("Which loss does the docstring name: a squared error?")
def squared_error(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    H = torch.sigmoid(sums(X, thetas))
    return ((H - Y) ** 2).sum(1).mean() / 2 + lam / (2 * len(X)) * squares(thetas)


@cost.mistake("Natural log?")
def log_of_base_ten(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> Tensor:
    return data(thetas, X, Y) / math.log(10) + lam / (2 * len(X)) * squares(thetas)
