"""A fully connected network with one hidden layer of sigmoid units and a softmax output: forward, and its loss."""
# Every mistake takes all inputs of its question, used or not.

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .activations import sigmoid, softmax

# Three hidden units between two features and two classes: small enough for paper.
PAPER: dict[str, Any] = {
    "W1": np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]),
    "b1": np.array([0.0, -1.0, 1.0]),
    "W2": np.array([[2.0, 0.0, -1.0], [0.0, 2.0, 1.0]]),
    "b2": np.array([0.5, 0.0]),
}

# Of three hidden units: makes logits of thousands, of either sign.
FAR = {
    "W1": np.array([[1.0, -1.0], [0.0, 1.0], [-1.0, 0.5]]),
    "W2": 2000.0 * np.array([[1, 0, -1], [0, 1, 0], [-1, -1, 0], [1, -1, 1]]),
}


def logits(X: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """The weighted sums of the output units: (N, K)."""
    return torch.sigmoid(X @ W1.T + b1) @ W2.T + b2


@question(A1=1, A2=2, calls=[sigmoid, softmax], carry=0.5)
def two_layer_forward(X: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    """Activations of the hidden layer, sigmoid(X W1^T + b1), and of the output, softmax(A1 W2^T + b2) row by row.

    X (N, D), W1 (H, D), b1 (H,), W2 (K, H), b2 (K,); A1 (N, H), A2 (N, K).  [WPI CS 539, fully connected network]"""
    return torch.sigmoid(X @ W1.T + b1), torch.softmax(logits(X, W1, b1, W2, b2), 1)


def weights(rng: np.random.Generator, D: int, H: int, K: int) -> dict[str, Any]:
    """Random weights and biases of a network with D features, H hidden units and K classes."""
    sizes = {"W1": (H, D), "b1": (H,), "W2": (K, H), "b2": (K,)}
    return {name: rng.normal(size=size) for name, size in sizes.items()}


def single(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def read_only(*arrays: Any) -> None:
    for array in arrays:
        array.flags.writeable = False


@two_layer_forward.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two examples", X=np.array([[1.0, 2.0], [0.0, -1.0]]), **PAPER)
    for name, N, D, H, K in [("five examples", 5, 3, 4, 2), ("one example", 1, 2, 3, 5), ("square", 3, 3, 3, 3)]:
        yield Case(name, hidden=True, X=rng.normal(size=(N, D)), **weights(rng, D, H, K))
    far = weights(rng, 2, 3, 4)
    far.update(FAR)
    yield Case("logits of thousands", hidden=True, X=1000 * np.array([[1.0, 0.5], [-2.0, 1.0], [0.0, 3.0]]), **far)
    X, given = rng.normal(size=(4, 6))[:, ::2], weights(rng, 3, 2, 3)
    read_only(X, *given.values())
    yield Case("strided and read-only", hidden=True, X=X, **given)
    yield Case("float32", hidden=True, X=rng.normal(size=(3, 2)).astype(np.float32), **single(weights(rng, 2, 4, 3)))


@two_layer_forward.mistake("Which activation has the hidden layer, and which the output?")
def sigmoid_output(X: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    return torch.sigmoid(X @ W1.T + b1), torch.sigmoid(logits(X, W1, b1, W2, b2))


@two_layer_forward.mistake("What should add up to one: a row of A2 or a column?", code="M14")
def softmax_down_the_columns(X: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    return torch.sigmoid(X @ W1.T + b1), torch.softmax(logits(X, W1, b1, W2, b2), 0)


@two_layer_forward.mistake("Two layers without an activation between them: is that more than one?")
def hidden_not_activated(X: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    A1 = X @ W1.T + b1
    return A1, torch.softmax(A1 @ W2.T + b2, 1)


@two_layer_forward.mistake("Is every parameter used? Let X be zero.", code="M16")
def biases_forgotten(X: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    return two_layer_forward.forward(X, W1, 0 * b1, W2, 0 * b2)  # type: ignore[no-any-return]


@two_layer_forward.mistake("Try logits of a thousand. What may be taken away from a whole row?", code="M20")
def overflows(X: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> tuple[Tensor, Tensor]:
    E = logits(X, W1, b1, W2, b2).exp()
    return torch.sigmoid(X @ W1.T + b1), E / E.sum(1, keepdim=True)


@question(loss=4)
def two_layer_loss(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    """The mean over examples of -log(probability of the true class), for the output of two_layer_forward.

    X (N, D), y (N,) int in 0..K-1, W1 (H, D), b1 (H,), W2 (K, H), b2 (K,); loss ().
    [WPI CS 539, multi-class cross entropy loss]"""
    return -torch.log_softmax(logits(X, W1, b1, W2, b2), 1).gather(1, y[:, None]).mean()


def loss_cases(rng: np.random.Generator) -> Iterator[Case]:
    """Cases that the loss and its gradients share."""
    yield Case("two examples", X=np.array([[1.0, 2.0], [0.0, -1.0]]), y=np.array([1, 0]), **PAPER)
    for name, N, D, H, K in [
        ("five examples", 5, 3, 4, 2),
        ("one example", 1, 2, 3, 5),
        ("square", 3, 3, 3, 3),
        ("one hidden unit", 4, 2, 1, 3),
    ]:
        X = rng.normal(size=(N, D))
        yield Case(name, hidden=True, X=X, y=rng.integers(K, size=N), **weights(rng, D, H, K))
    far = weights(rng, 2, 3, 4)
    far.update(FAR)
    X = np.array([[1.0, 0.5], [-2.0, 1.0], [0.0, 3.0]])
    yield Case("logits of thousands", hidden=True, X=X, y=np.array([2, 2, 1]), **far)
    X, y, given = rng.normal(size=(6, 6))[:, ::2], rng.integers(4, size=6), weights(rng, 3, 2, 4)
    X[5], y[5] = X[1], y[1]  # a repeated row
    read_only(X, y, *given.values())
    yield Case("repeated row, strided and read-only", hidden=True, X=X, y=y, **given)
    X = rng.normal(size=(3, 2)).astype(np.float32)
    yield Case("float32", hidden=True, X=X, y=rng.integers(3, size=3), **single(weights(rng, 2, 4, 3)))


two_layer_loss.cases(loss_cases)


@two_layer_loss.mistake("Hand in every example twice. Should the loss double?", code="M01")
def summed(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    return two_layer_loss.forward(X, y, W1, b1, W2, b2) * len(X)


@two_layer_loss.mistake("Natural log?")
def log_of_base_ten(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    return two_layer_loss.forward(X, y, W1, b1, W2, b2) / math.log(10)


@two_layer_loss.mistake("Of how many classes does one example cost something?", code="M03")
def mean_over_classes_too(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    return two_layer_loss.forward(X, y, W1, b1, W2, b2) / len(W2)


@two_layer_loss.mistake("How often does a logit go through softmax before the log?", code="M37")
def softmax_twice(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    A2 = torch.softmax(logits(X, W1, b1, W2, b2), 1)
    return -torch.log_softmax(A2, 1).gather(1, y[:, None]).mean()


@two_layer_loss.mistake("The true class's probability is exactly 0. Can you have its log without it?", code="M21")
def log_of_underflow(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    return -torch.softmax(logits(X, W1, b1, W2, b2), 1).gather(1, y[:, None]).log().mean()


@two_layer_loss.mistake("Sure and wrong by thousands: what should it cost, and what does it here?", code="M23")
def small_number_in_log(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    return -(torch.softmax(logits(X, W1, b1, W2, b2), 1).gather(1, y[:, None]) + 1e-12).log().mean()


@two_layer_loss.mistake("With softmax, does the loss list the other classes too, or only the true one?")
def binary_loss_of_every_class(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Tensor:
    A2 = torch.softmax(logits(X, W1, b1, W2, b2), 1)
    T = torch.nn.functional.one_hot(y, len(W2)).to(A2.dtype)
    return -(T * A2.log() + (1 - T) * (1 - A2).log()).sum(1).mean()
