"""Softmax regression: the gradient of its cross-entropy in the logits, and in the parameters."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .multiclass import THOUSANDS, far, logits, losses_of, softmax, targets
from .regression import X_LECTURE, awkward, single

# Three classes for the lecture's three examples of four features.
W_CLASSES = np.array([[0.1, 0.0, -0.1, 0.2], [0.0, 0.3, 0.1, -0.1], [-0.2, 0.1, 0.2, 0.0]])
B_CLASSES = np.array([0.5, -0.5, 0.0])


def total_loss(Z: Tensor, T: Tensor) -> Tensor:
    """The sum over rows: its gradient holds in row i the gradient of the loss of example i."""
    return losses_of(Z, T).sum()


@question(forward=total_loss, dZ=5, calls=[softmax], carry=0.5)
def softmax_gradient_logits(Z: Tensor, T: Tensor) -> None:
    """Row i is the gradient of the cross-entropy of example i in its own logits: no mean over examples.

    Z (N, K), T (N, K) one-hot; dZ (N, K).  [CSC413, lecture 1, softmax regression]"""


@softmax_gradient_logits.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    Z = np.log([[1.0, 2.0, 3.0, 4.0], [4.0, 4.0, 1.0, 1.0]])
    yield Case("logarithms of one to four", Z=Z, T=np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]))
    yield Case("many classes", hidden=True, **logits(rng, 3, 7))
    yield Case("one example", hidden=True, **logits(rng, 1, 4))
    yield Case("as many classes as examples", hidden=True, **logits(rng, 4, 4))
    yield Case("huge logits", hidden=True, Z=THOUSANDS, T=np.eye(4)[[0, 0, 2, 1, 3]])
    yield Case("rows far from each other", hidden=True, Z=far(rng), T=targets(rng, 4, 3))
    yield Case("float32", hidden=True, Z=rng.normal(size=(6, 3)).astype(np.float32), T=targets(rng, 6, 3))
    yield Case("strided and read-only", hidden=True, **awkward(logits(rng, 3, 5)))


@softmax_gradient_logits.mistake("Each row is of its own example. Who asked for a mean?", code="M02")
def averaged(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dZ": out.dZ / len(Z)}


@softmax_gradient_logits.mistake("Raise the logit of the true class. Which way does the loss go?", code="M05")
def sign_flipped(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dZ": -out.dZ}


@softmax_gradient_logits.mistake("Raise all logits of a row by one: the loss stays. So a row sums to?", code="M36")
def target_not_subtracted(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dZ": out.dZ + T}


@softmax_gradient_logits.mistake("Does raising the logit of a wrong class change the loss?", code="M35")
def true_class_only(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dZ": out.dZ * T}


@softmax_gradient_logits.mistake("Does z_k reach the loss through y_k alone, or through every y?", code="M35")
def diagonal_of_the_jacobian(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dZ": -T * (1 - torch.softmax(Z, 1))}


@softmax_gradient_logits.mistake("Sure and wrong: is the loss flat there?", code="M38")
def derivative_of_the_activation_twice(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    Y = torch.softmax(Z, 1)
    return {"dZ": out.dZ * Y * (1 - Y)}


@softmax_gradient_logits.mistake("Do your probabilities sum to one for each example?", code="M14")
def softmax_down_the_columns(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dZ": torch.softmax(Z, 0) - T}


@softmax_gradient_logits.mistake("Try logits of 1000. What does your softmax give?", code="M20")
def softmax_overflows(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dZ": Z.exp() / Z.exp().sum(1, keepdim=True) - T}


def regression_cost(X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> Tensor:
    """The mean over examples of the cross-entropy of the logits X W^T + b."""
    return losses_of(X @ W.T + b, T).mean()


@question(forward=regression_cost, dW=6, db=2, calls=[softmax, softmax_gradient_logits], carry=0.5)
def softmax_regression_gradient(X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> None:
    """Gradient of the mean cross-entropy of the logits X W^T + b in the weights and the biases.

    X (N, D), W (K, D), b (K,), T (N, K) one-hot; dW (K, D), db (K,).  [CSC413, lecture 1, softmax regression]"""


def draw(rng: np.random.Generator, N: int, D: int, K: int) -> dict[str, Any]:
    X, W, b = rng.normal(size=(N, D)), rng.normal(size=(K, D)), rng.normal(size=K)
    return {"X": X, "W": W, "b": b, "T": targets(rng, N, K)}


@softmax_regression_gradient.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case(
        "the lecture's matrix, from zeros", X=X_LECTURE, W=np.zeros((3, 4)), b=np.zeros(3), T=np.eye(3)[[1, 0, 1]]
    )
    yield Case("the lecture's matrix", X=X_LECTURE, W=W_CLASSES, b=B_CLASSES, T=np.eye(3)[[1, 0, 1]])
    yield Case("seven examples", hidden=True, **draw(rng, 7, 5, 3))
    yield Case("one example", hidden=True, **draw(rng, 1, 3, 4))
    yield Case("all axes alike", hidden=True, **draw(rng, 3, 3, 3))
    inputs = draw(rng, 5, 2, 4)
    Z = inputs["X"] @ inputs["W"].T
    inputs["W"] *= 4000 / np.abs(Z).max()
    inputs["T"] = np.eye(4)[[Z[0].argmin()] * 5]  # one class throughout, which does not always win
    yield Case("huge logits", hidden=True, **inputs)
    inputs = draw(rng, 5, 3, 2)
    inputs["X"][3], inputs["T"][3] = inputs["X"][1], inputs["T"][1]
    yield Case("repeated row", hidden=True, **inputs)
    yield Case("float32", hidden=True, **single(draw(rng, 4, 2, 3)))
    yield Case("strided and read-only", hidden=True, **awkward(draw(rng, 4, 3, 2)))


def blamed(X: Tensor, dZ: Tensor) -> dict[str, Tensor]:
    """The gradient in which the logits of an example are blamed by its row of dZ."""
    return {"dW": dZ.T @ X / len(X), "db": dZ.mean(0)}


@softmax_regression_gradient.mistake("Hand in every example twice. What should happen to it?", code="M01")
def summed_over_examples(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dW": len(X) * out.dW, "db": len(X) * out.db}


@softmax_regression_gradient.mistake("You average in one of the two. Why not in the other?", code="M01")
def biases_summed(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"db": len(X) * out.db}


@softmax_regression_gradient.mistake("Which shape has the gradient of a number in W?", code="M12")
def transposed(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dW": out.dW.T}


@softmax_regression_gradient.mistake("Nudge one weight up: does the cost go the way that you say?", code="M05")
def reversed_residual(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"dW": -out.dW, "db": -out.db}


@softmax_regression_gradient.mistake("Let x be all zeros. Which logits come out?", code="M16")
def logits_without_bias(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    return blamed(X, torch.softmax(X @ W.T, 1) - T)


@softmax_regression_gradient.mistake("Which numbers of Z compete: those of an example?", code="M14")
def classes_normalised_over_examples(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    return blamed(X, torch.softmax(X @ W.T + b, 0) - T)


@softmax_regression_gradient.mistake("What does the true class's logit do to the loss?", code="M36")
def targets_not_subtracted(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    return blamed(X, torch.softmax(X @ W.T + b, 1))


@softmax_regression_gradient.mistake("Raise all biases by one: the cost stays. So db sums to?", code="M38")
def squared_loss_delta(out: Any, X: Tensor, W: Tensor, b: Tensor, T: Tensor) -> dict[str, Tensor]:
    Y = torch.softmax(X @ W.T + b, 1)
    return blamed(X, (Y - T) * Y * (1 - Y))
