"""The gradient of the regularised hinge loss in the weights: where most of the mistakes are made."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor
from torch.nn.functional import one_hot

from grader import Case, question

from .full import draw, full_loss
from .hinge import margins


@question(forward=full_loss.given(kind="svm"), dW=10)
def svm_gradient(X: Tensor, W: Tensor, y: Tensor, reg: float) -> None:
    """Gradient in W of the mean hinge loss of X @ W.T plus reg * sum(W**2).

    X (N, D), W (K, D), y (N,) int in 0..K-1, reg >= 0; dW (K, D). Where s_j - s_y + 1 is exactly 0 the
    hinge's derivative is 0.  [CS 7643, linear classifiers]"""


@svm_gradient.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, W = np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]])
    yield Case("two images by hand", X=X, W=W, y=np.array([1, 0]), reg=0.0)
    yield Case("with a penalty", X=X, W=W, y=np.array([1, 0]), reg=0.5)
    X, W, y = draw(rng, N=7, D=5, K=4)
    yield Case("strong penalty", hidden=True, X=X, W=W, y=y, reg=0.7)
    X, W, _ = draw(rng, N=1, D=3, K=5)
    yield Case("one image", hidden=True, X=X, W=W, y=(X @ W.T).argsort()[:, 1], reg=0.3)  # loses to most
    X, W, y = draw(rng, N=6, D=4, K=3)
    yield Case("no penalty", hidden=True, X=X, W=W, y=y, reg=0.0)
    X, W, _ = draw(rng, N=5, D=2, K=4)
    X[3] = X[1]
    yield Case("repeated row", hidden=True, X=X, W=W, y=np.array([2, 0, 3, 1, 0]), reg=0.1)
    X, W = np.array([[2.0, 1], [1, 3], [0, -2], [1, 1]]), np.array([[1.0, 0], [0, 1], [1, -1]])
    yield Case("margins of exactly one", hidden=True, kink=True, X=X, W=W, y=np.array([0, 0, 0, 1]), reg=0.25)
    X, W, y = draw(rng, N=6, D=3, K=2)
    yield Case("two classes", hidden=True, X=X, W=W, y=y, reg=0.2)
    X, W, y = draw(rng, N=4, D=3, K=4)
    X, W = (np.repeat(A.astype(np.float32), 2, axis=1)[:, ::2] for A in (X, W))
    X.flags.writeable = W.flags.writeable = y.flags.writeable = False
    yield Case("strided and read-only", hidden=True, X=X, W=W, y=y, reg=0.4)


# The mistakes below are told apart by how often x_i enters each row of dW: a matrix C (N, K).


def broken(X: Tensor, W: Tensor, y: Tensor) -> Tensor:
    """1 where a wrong class breaks the margin, else 0: (N, K)."""
    return (margins(X @ W.T, y) > 0).to(X.dtype)


def true(X: Tensor, W: Tensor, y: Tensor) -> Tensor:
    """1 in the column of the true class, else 0: (N, K)."""
    return one_hot(y, len(W)).to(X.dtype)


def gradient(C: Tensor, X: Tensor, W: Tensor, reg: float) -> dict[str, Tensor]:
    """The gradient in which x_i enters row k of dW C[i, k] times."""
    return {"dW": C.T @ X / len(X) + 2 * reg * W}


@svm_gradient.mistake("Nudge the true class's row of W. Does the loss feel it? Does your dW?", code="M39")
def true_row_missing(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    return gradient(broken(X, W, y), X, W, reg)


@svm_gradient.mistake("Two wrong classes break the margin. How many terms hold the true score?", code="M39")
def true_row_counted_once(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    V = broken(X, W, y)
    return gradient(V - true(X, W, y) * V.amax(1, keepdim=True), X, W, reg)


@svm_gradient.mistake("A higher true score: does that raise or lower the loss?", code="M39")
def true_row_wrong_sign(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    V = broken(X, W, y)
    return gradient(V + true(X, W, y) * V.sum(1, keepdim=True), X, W, reg)


@svm_gradient.mistake("An image wins by far, so its loss is flat. What does it add to your dW?", code="M39")
def true_class_broken_too(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    V = broken(X, W, y)
    return gradient(V - true(X, W, y) * (V.sum(1, keepdim=True) + 1), X, W, reg)


@svm_gradient.mistake("What does a class add to the gradient when its margin is negative?", code="M40")
def mask_before_clipping(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    return gradient(1 - len(W) * true(X, W, y), X, W, reg)


@svm_gradient.mistake("A wrong class is below the true one, by a half. Is the hinge flat there?", code="M39")
def no_margin_in_mask(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    S = X @ W.T
    V = (S.gather(1, y[:, None]) < S).to(X.dtype)
    return gradient(V - true(X, W, y) * V.sum(1, keepdim=True), X, W, reg)


@svm_gradient.mistake("A margin broken by 2 and one broken by 5: where is the hinge steeper?", code="M39")
def margin_as_weight(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    V = margins(X @ W.T, y).relu()
    return gradient(V - true(X, W, y) * V.sum(1, keepdim=True), X, W, reg)


@svm_gradient.mistake("What does your mask say at the kink, and what does the handout say?", code="M39")
def kink_counts(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    T = true(X, W, y)
    V = (margins(X @ W.T, y) >= 0) * (1 - T)
    return gradient(V - T * V.sum(1, keepdim=True), X, W, reg)


@svm_gradient.mistake("Hand in every image twice. What should happen to your gradient?", code="M01")
def not_averaged(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    return {"dW": len(X) * (out.dW - 2 * reg * W) + 2 * reg * W}


@svm_gradient.mistake("Set reg to 0 and we agree. Set it to 1 and we do not. What is missing?", code="M06")
def no_penalty(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    return {"dW": out.dW - 2 * reg * W}


@svm_gradient.mistake("What is the derivative of w**2 at w = 3?", code="M04")
def penalty_gradient_half(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    return {"dW": out.dW - reg * W}


@svm_gradient.mistake("Should the penalty's gradient depend on how many images there are?", code="M08")
def penalty_averaged_too(out: Any, X: Tensor, W: Tensor, y: Tensor, reg: float) -> dict[str, Tensor]:
    return {"dW": out.dW - 2 * reg * W + 2 * reg * W / len(X)}
