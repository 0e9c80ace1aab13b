"""The loss of a softmax model over a data set: the cross-entropies, summed."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .linear import linear_model


# Half: who calls the model rightly has written the loss, but not the model.
@question(total=5, calls=[linear_model], carry=0.5)
def loss(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    """Sum over the examples of the cross-entropy of Y's row and softmax of the linear model's row, natural log.

    X (N, D), Y (N, K) rows of probabilities, theta (E, K) with E = D + 1; total ().  [CISC 7026, classification:
    find theta]"""
    return -(Y * torch.log_softmax(linear_model.forward(X, theta), 1)).sum()


@loss.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    theta = np.array([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    X, Y = np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    yield Case("two examples", X=X, Y=Y, theta=theta)
    X, Y = rng.normal(size=(7, 4)), np.eye(3)[rng.integers(3, size=7)]
    yield Case("seven examples", hidden=True, X=X, Y=Y, theta=rng.normal(size=(5, 3)))
    X, Y = rng.normal(size=(1, 2)), np.eye(4)[[int(rng.integers(4))]]
    yield Case("one example", hidden=True, X=X, Y=Y, theta=rng.normal(size=(3, 4)))
    X, Y = rng.normal(size=(5, 6))[:, ::2], rng.dirichlet(np.ones(2), size=5)
    yield Case("uncertain truth, strided", hidden=True, X=X, Y=Y, theta=rng.normal(size=(4, 2)))
    X, Y = rng.normal(size=(4, 1)), np.eye(5)[rng.integers(5, size=4)]
    yield Case("nothing learnt yet", hidden=True, X=X, Y=Y, theta=np.zeros((2, 5)))
    X = np.array([[2.0, 0.0], [0.0, 2.0], [-2.0, 1.0]])
    theta = np.array([[0.0, 0.0, 1.0], [500.0, 0.0, -500.0], [0.0, 500.0, 0.0]])
    Y = np.eye(3)[rng.permutation(3)]
    yield Case("logits of a thousand", hidden=True, X=X, Y=np.roll(np.eye(3), 1, axis=0), theta=theta)
    X, Y = rng.normal(size=(4, 2)).astype(np.float32), np.eye(3, dtype=np.float32)[rng.integers(3, size=4)]
    yield Case("float32", hidden=True, X=X, Y=Y, theta=rng.normal(size=(3, 3)).astype(np.float32))


@loss.mistake("Hand in every example twice. What should this loss do?", code="M02")
def mean_over_examples(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"total": out.total / len(X)}


@loss.mistake("A sure and right model pays nothing. Which sign has your loss elsewhere?", code="M05")
def minus_forgotten(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"total": -out.total}


@loss.mistake("How many times does a logit go through softmax before the logarithm?", code="M37")
def softmax_twice(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    return -(Y * torch.log_softmax(torch.softmax(linear_model.forward(X, theta), 1), 1)).sum()


@loss.mistake("You are sure and wrong, by a thousand. What does it cost? Can you have log p without p?", code="M21")
def logarithm_of_underflow(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    return -torch.special.xlogy(Y, torch.softmax(linear_model.forward(X, theta), 1)).sum()


@loss.mistake("You are sure and wrong, by a thousand. What should it cost? What does it here?", code="M23")
def small_number_in_the_log(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    return -(Y * (torch.softmax(linear_model.forward(X, theta), 1) + 1e-8).log()).sum()


@loss.mistake("Which numbers should sum to one: those of an example or those of a class?", code="M14")
def softmax_over_the_examples(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    return -(Y * torch.log_softmax(linear_model.forward(X, theta), 0)).sum()


@loss.mistake("Let an example be all zeros. Is every class equally likely for your model?", code="M16")
def bias_left_out(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    return -(Y * torch.log_softmax(X @ theta[1:], 1)).sum()


@loss.mistake("With theta = 0 and K classes each example costs log K. Which logarithm?")
def base_ten(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"total": out.total / math.log(10)}


@loss.mistake("Which loss did the lecture try first, and leave?")
def squared_error_of_probabilities(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    return ((torch.softmax(linear_model.forward(X, theta), 1) - Y) ** 2).sum()
