"""The full loss: what the data say plus a penalty on large weights, and its gradient."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, Terms, question

from .hinge import margins, svm_loss
from .softmax import cross_entropy, softmax_loss

# The lecture's worked comparison, with its bias folded in: scores -2.85, 0.86, 0.28, true class 2.
WORKED_X = np.array([[-15.0, 22.0, -44.0, 56.0, 1.0]])
WORKED_W = np.array([[1, -5, 10, 5, 0], [70, 20, 5, 16, 20], [0, -45, -20, 3, -30]]) / 100


# Half: who calls the two losses rightly has written the scores, the chain rule and the penalty, but not those.
@question(loss=4, dW=5, calls=[svm_loss, softmax_loss], carry=0.5)
def full_loss(X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> Terms:
    """Data loss of the scores X @ W.T, hinge or cross-entropy, plus reg * sum(W**2), and its gradient.

    X (N, D), W (K, D), y (N,) int in 0..K-1, reg >= 0, kind "svm" or "softmax"; loss (), dW (K, D).
    Any other kind raises ValueError. At s_j - s_y + 1 = 0 the hinge's slope is 0.  [CS 7643, linear classifiers]"""
    S = X @ W.T
    if kind == "svm":
        data = torch.relu(margins(S, y)).sum(1).mean()
    elif kind == "softmax":
        data = cross_entropy(S, y)
    else:
        raise ValueError(f"kind is 'svm' or 'softmax', not {kind!r}")
    return Terms(data=data, penalty=reg * (W * W).sum())


def draw(rng: np.random.Generator, N: int, D: int, K: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Random images (N, D), weights (K, D), labels (N,). No label puts a margin within 0.01 of the kink."""
    while True:
        X, W = rng.normal(size=(N, D)), rng.normal(size=(K, D))
        S = X @ W.T
        if np.abs(S[:, :, None] - S[:, None, :] + 1).min() > 0.01:
            return X, W, rng.integers(K, size=N)


@full_loss.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("svm, no penalty", X=WORKED_X, W=WORKED_W, y=np.array([2]), reg=0.0, kind="svm")
    yield Case("softmax, no penalty", X=WORKED_X, W=WORKED_W, y=np.array([2]), reg=0.0, kind="softmax")
    X, W = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]])
    yield Case("softmax, with a penalty", X=X, W=W, y=np.array([1, 0]), reg=0.5, kind="softmax")
    yield Case("no such kind", raises=ValueError, X=X, W=W, y=np.array([1, 0]), reg=0.5, kind="hinge")
    X, W, y = draw(rng, N=7, D=5, K=4)
    yield Case("svm, strong penalty", hidden=True, X=X, W=W, y=y, reg=0.7, kind="svm")
    X, W, y = draw(rng, N=6, D=3, K=5)
    yield Case("softmax, strong penalty", hidden=True, X=X, W=W, y=y, reg=0.7, kind="softmax")
    X, W, _ = draw(rng, N=1, D=4, K=3)
    X *= 2000 / (X @ W.T).max()  # sure and wrong: exp of the largest score is no number
    yield Case("one image", hidden=True, X=X, W=W, y=(X @ W.T).argmin(1), reg=0.3, kind="softmax")
    X, _, y = draw(rng, N=5, D=2, K=4)
    yield Case("zero weights", hidden=True, X=X, W=np.zeros((4, 2)), y=y, reg=0.4, kind="softmax")
    X, W, y = draw(rng, N=6, D=4, K=3)
    X, W = np.repeat(X.astype(np.float32), 2, axis=1)[:, ::2], W.astype(np.float32)
    X.flags.writeable = W.flags.writeable = y.flags.writeable = False
    yield Case("svm, read-only", hidden=True, X=X, W=W, y=y, reg=0.2, kind="svm")
    X, _, y = draw(rng, N=5, D=3, K=4)  # all scores are equal, so no class is known by its score
    yield Case("svm, zero weights", hidden=True, X=X, W=np.zeros((4, 3)), y=y, reg=0.6, kind="svm")
    X, W, y = (
        np.array([[1.0, 2], [3, 1], [-2, 0], [1, 1]]),
        np.array([[0.0, 1], [1, 0], [-1, 1]]),
        np.array([0, 1, 1, 0]),
    )
    order = rng.permutation(4)  # three of the eight margins are met exactly
    yield Case(
        "svm, margins of exactly one",
        hidden=True,
        kink=True,
        X=X[order],
        W=W,
        y=y[order],
        reg=0.35,
        kind="svm",
    )
    X, W, y = draw(rng, N=3, D=2, K=4)
    yield Case("unknown kind", hidden=True, raises=ValueError, X=X, W=W, y=y, reg=0.1, kind="tree")


@full_loss.accept("penalty halved: reg/2 * sum(W**2)")
def penalty_halved(X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> Any:
    return full_loss.forward(X, W, y, reg / 2, kind)


@full_loss.mistake("With reg = 0 we agree, with reg = 1 we do not. What does reg multiply?", code="M06")
def penalty_missing(X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> Any:
    return full_loss.forward(X, W, y, 0, kind)


@full_loss.mistake("Your loss has two parts. Does your gradient?", code="M06")
def penalty_not_differentiated(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> dict[str, Tensor]:
    return {"dW": out.dW - 2 * reg * W}


@full_loss.mistake("Differentiate exactly what your loss adds. What becomes of the square?", code="M07")
def penalty_gradient_halved(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> dict[str, Tensor]:
    return {"dW": out.dW - reg * W}


@full_loss.mistake("Should the penalty on the weights depend on how many images there are?", code="M08")
def penalty_averaged(X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> Any:
    return full_loss.forward(X, W, y, reg / len(X), kind)


@full_loss.mistake("Double reg. Does your loss notice?", code="M09")
def strength_lost(X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> Any:
    return full_loss.forward(X, W, y, 1, kind)


@full_loss.mistake("A weight of 3: does the penalty see 3 or 9?")
def penalty_not_squared(X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> Terms:
    return Terms(data=full_loss.forward(X, W, y, 0, kind).total(), penalty=reg * W.abs().sum())


@full_loss.mistake("Set reg to 0 and give every image twice. Should your gradient change?", code="M01")
def data_gradient_summed(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> dict[str, Tensor]:
    return {"dW": len(X) * (out.dW - 2 * reg * W) + 2 * reg * W}


@full_loss.mistake("Raise one weight a little. Does the loss go the way that dW says?", code="M05")
def downhill(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> dict[str, Tensor]:
    return {"dW": -out.dW}


@full_loss.mistake("Call it with both kinds on the same data. Do the answers differ?")
def kinds_exchanged(X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> Any:
    return full_loss.forward(X, W, y, reg, {"svm": "softmax", "softmax": "svm"}.get(kind, kind))


@full_loss.mistake("Zero weights, no penalty, ten classes: the loss is 2.30, not 1. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float, kind: str) -> dict[str, Tensor]:
    if kind != "softmax":
        return {}
    data = cross_entropy(X @ W.T, y)
    return {"loss": out.loss - data + data / math.log(10)}
