"""The gradients of the two-layer network, and the one local gradient in them that softmax regression lacks."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from grader import Case, question

from .two_layer import loss_cases, two_layer_forward, two_layer_loss, weights


@question(dL_da1=3)
def dL_da1(dL_dz2: Tensor, W2: Tensor) -> Tensor:
    """Gradient of the loss in the activations of the hidden layer, where z2 = W2 a1 + b2.

    dL_dz2 (K,), W2 (K, H); dL_da1 (H,), one entry for each hidden unit.  [WPI CS 539, fully connected network; the
    slide writes c entries, which is an error]"""
    return dL_dz2 @ W2


@dL_da1.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    W2 = np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]])
    yield Case("two classes, three hidden units", dL_dz2=np.array([0.5, -0.5]), W2=W2)
    yield Case("five classes, two hidden units", hidden=True, dL_dz2=rng.normal(size=5), W2=rng.normal(size=(5, 2)))
    yield Case("as many of each", hidden=True, dL_dz2=rng.normal(size=4), W2=rng.normal(size=(4, 4)))
    yield Case("one hidden unit", hidden=True, dL_dz2=rng.normal(size=3), W2=rng.normal(size=(3, 1)))
    dz, W2 = rng.normal(size=4)[::2], rng.normal(size=(3, 2)).T
    dz.flags.writeable = W2.flags.writeable = False
    yield Case("strided and read-only", hidden=True, dL_dz2=dz, W2=W2)
    dz, W2 = rng.normal(size=3).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)
    yield Case("float32", hidden=True, dL_dz2=dz, W2=W2)


@dL_da1.mistake("How many hidden units are there? Has your answer an entry for each?")
def an_entry_for_each_class(out: Any, dL_dz2: Tensor, W2: Tensor) -> dict[str, Tensor]:
    K, H = W2.shape
    return {"dL_da1": W2 @ dL_dz2 if K == H else (W2 * dL_dz2[:, None]).sum(1)}


@dL_da1.mistake("One hidden unit feeds all outputs. What becomes of its many paths to the loss?", code="M14")
def paths_not_added(out: Any, dL_dz2: Tensor, W2: Tensor) -> dict[str, Tensor]:
    return {"dL_da1": dL_dz2[:, None] * W2}


@dL_da1.mistake("Is the blame shared out evenly, or by the strength of the connection?")
def weights_ignored(out: Any, dL_dz2: Tensor, W2: Tensor) -> dict[str, Tensor]:
    return {"dL_da1": dL_dz2.sum().expand(W2.shape[1])}


@dL_da1.mistake("Over the outputs: a sum or a mean?", code="M03")
def mean_over_the_classes(out: Any, dL_dz2: Tensor, W2: Tensor) -> dict[str, Tensor]:
    return {"dL_da1": out.dL_da1 / len(W2)}


@question(forward=two_layer_loss, dW1=4, db1=2, dW2=2, db2=2, calls=[two_layer_forward], carry=0.5)
def two_layer_gradients(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> None:
    """Gradients of two_layer_loss in its four parameters.

    X (N, D), y (N,) int in 0..K-1, W1 (H, D), b1 (H,), W2 (K, H), b2 (K,); dW1 (H, D), db1 (H,), dW2 (K, H),
    db2 (K,).  [WPI CS 539, fully connected network]"""


@two_layer_gradients.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield from loss_cases(rng)
    # Hidden unit 0 is on, exactly, for the first example alone, and makes it wrong by 1e9: a difference of two losses
    # drowns in that, while no gradient is far from 1.
    X, given = rng.normal(size=(4, 2)), weights(rng, 2, 3, 3)
    X[:, 0], given["W1"][0], given["W2"][2, 0] = [1.0, -1.5, -0.75, -2.0], [2000.0, 0.0], 1e9
    yield Case("one wrong by a billion", hidden=True, X=X, y=np.array([0, 2, 1, 0]), **given)


def blame(A1: Tensor, A2: Tensor, y: Tensor) -> Tensor:
    """The gradient of the mean loss in the logits: (N, K)."""
    return (A2 - one_hot(y, A2.shape[1]).to(A2.dtype)) / len(y)


def gradients(X: Tensor, A1: Tensor, d1: Tensor, d2: Tensor) -> dict[str, Tensor]:
    """The four gradients from those in the two weighted sums, d1 (N, H) and d2 (N, K)."""
    return {"dW1": d1.T @ X, "db1": d1.sum(0), "dW2": d2.T @ A1, "db2": d2.sum(0)}


Given = tuple[Tensor, Tensor, Tensor, Tensor]


def passed(X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> Given:
    """A1, A2, the gradient in the logits, and that in A1."""
    A1, A2 = two_layer_forward.forward(X, W1, b1, W2, b2)
    d2 = blame(A1, A2, y)
    return A1, A2, d2, d2 @ W2


@two_layer_gradients.mistake("From a1 the way goes on to z1. What stands between them?", code="M38")
def hidden_slope_forgotten(
    out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor
) -> dict[str, Tensor]:
    A1, _, d2, dA1 = passed(X, y, W1, b1, W2, b2)
    return gradients(X, A1, dA1, d2)


@two_layer_gradients.mistake("The slope of g at z1, written with a1: did you put a1 in the place of z1?", code="M38")
def slope_at_the_activation(
    out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor
) -> dict[str, Tensor]:
    A1, _, d2, dA1 = passed(X, y, W1, b1, W2, b2)
    S = torch.sigmoid(A1)
    return gradients(X, A1, dA1 * S * (1 - S), d2)


@two_layer_gradients.mistake(
    "Softmax and log together: is there another slope of the output to multiply by?", code="M38"
)
def output_slope_too(
    out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor
) -> dict[str, Tensor]:
    A1, A2, d2, _ = passed(X, y, W1, b1, W2, b2)
    d2 = d2 * A2 * (1 - A2)
    return gradients(X, A1, d2 @ W2 * A1 * (1 - A1), d2)


@two_layer_gradients.mistake(
    "Raise all logits by one: the loss stays. So what do the entries of db2 add up to?", code="M36"
)
def true_class_not_subtracted(
    out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor
) -> dict[str, Tensor]:
    A1, A2, _, _ = passed(X, y, W1, b1, W2, b2)
    d2 = A2 / len(X)
    return gradients(X, A1, d2 @ W2 * A1 * (1 - A1), d2)


@two_layer_gradients.mistake("Hand in every example twice. What should happen to your gradients?", code="M01")
def not_averaged(out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> dict[str, Tensor]:
    return {"dW1": len(X) * out.dW1, "db1": len(X) * out.db1, "dW2": len(X) * out.dW2, "db2": len(X) * out.db2}


@two_layer_gradients.mistake("Which sums are averaged over the examples? Those of the biases too?", code="M02")
def biases_averaged_twice(
    out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor
) -> dict[str, Tensor]:
    return {"db1": out.db1 / len(X), "db2": out.db2 / len(X)}


@two_layer_gradients.mistake("A nudge to W1: does the loss go the way that dW1 says?", code="M05")
def uphill(out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> dict[str, Tensor]:
    return {"dW1": -out.dW1, "db1": -out.db1, "dW2": -out.dW2, "db2": -out.db2}


@two_layer_gradients.mistake("Write the shape of W1 and of your dW1 under each other.", code="M12")
def transposed(out: Any, X: Tensor, y: Tensor, W1: Tensor, b1: Tensor, W2: Tensor, b2: Tensor) -> dict[str, Tensor]:
    return {"dW1": out.dW1.T, "dW2": out.dW2.T}
