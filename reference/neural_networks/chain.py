"""The four local gradients of softmax regression multiplied: the gradients that training needs."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .jacobians import da_dz, dL_da, dz_db, dz_dW


def loss(x: Tensor, W: Tensor, b: Tensor, y: int) -> Tensor:
    """-log of the true class's probability, for one example x (D,)."""
    return -torch.log_softmax(W @ x + b, 0)[y]


@question(forward=loss, dW=3, db=2, calls=[dL_da, da_dz, dz_dW, dz_db], carry=0.5)
def chain_rule(x: Tensor, W: Tensor, b: Tensor, y: int) -> None:
    """Gradients of L = -log a_y, with a = softmax(W x + b), for one example: the product of the local gradients.

    x (D,), W (K, D), b (K,), y int in 0..K-1; dW (K, D), db (K,).  [WPI CS 539, softmax regression, chain rule]"""


@chain_rule.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    W = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]])
    yield Case("three classes", x=np.array([2.0, 1.0]), W=W, b=np.array([0.0, 1.0, -1.0]), y=2)
    for name, D, K, y in [("five classes", 3, 5, 1), ("two classes", 4, 2, 0), ("square", 4, 4, 3)]:
        W, b = rng.normal(size=(K, D)), rng.normal(size=K)
        yield Case(name, hidden=True, x=rng.normal(size=D), W=W, b=b, y=y)
    yield Case("one feature", hidden=True, x=rng.normal(size=1), W=rng.normal(size=(3, 1)), b=np.zeros(3), y=1)
    b = np.array([1000.0, 1001.5, 999.25])  # no logit is far below the others, but exp of none is a number
    yield Case("logits of a thousand", hidden=True, x=rng.normal(size=2), W=rng.normal(size=(3, 2)), b=b, y=2)
    # Exact even in float32: the logits are 2^22 and halves. Differences with a small step meet a loss that bends (x),
    # and a b that cannot take the step (its last bit is 2^-30).
    x, W = 2.0**14 * np.array([1.0, -2.0]), 2.0**-15 * np.array([[1.0, 0.0], [2.0, 1.0], [-1.0, 1.0]])
    b = 2.0**22 + np.array([0.0, 1.5, 2.0])
    yield Case("large inputs, large logits", hidden=True, x=x, W=W, b=b, y=0)
    x, W, b = rng.normal(size=6)[::2], rng.normal(size=(4, 3)), rng.normal(size=4)
    for array in (x, W, b):
        array.flags.writeable = False
    yield Case("strided and read-only", hidden=True, x=x, W=W, b=b, y=2)
    single: dict[str, Any] = {
        name: rng.normal(size=size).astype(np.float32) for name, size in [("x", (3,)), ("W", (3, 3)), ("b", (3,))]
    }
    yield Case("float32", hidden=True, **single, y=0)


def product(x: Tensor, W: Tensor, b: Tensor, y: int, J: Tensor) -> dict[str, Tensor]:
    """The gradients where J (K, K) stands in the place of the Jacobian of softmax."""
    dz = dL_da.forward(torch.softmax(W @ x + b, 0), y) @ J
    return {"dW": dz[:, None] * x, "db": dz}


@chain_rule.mistake("z_2 moves a_1 too. Is that path in your product?", code="M35")
def diagonal_of_the_jacobian(out: Any, x: Tensor, W: Tensor, b: Tensor, y: int) -> dict[str, Tensor]:
    a = torch.softmax(W @ x + b, 0)
    return product(x, W, b, y, torch.diag(a * (1 - a)))


@chain_rule.mistake("L depends on a, and a on z. Are both derivatives in your product?", code="M38")
def jacobian_left_out(out: Any, x: Tensor, W: Tensor, b: Tensor, y: int) -> dict[str, Tensor]:
    return product(x, W, b, y, torch.eye(len(b), dtype=b.dtype, device=b.device))


@chain_rule.mistake("Raise b_1 alone. Which of the z move?")
def ones_in_dz_db(out: Any, x: Tensor, W: Tensor, b: Tensor, y: int) -> dict[str, Tensor]:
    n = torch.arange(len(b), device=b.device)
    return {"db": out.db @ ((n[:, None] - n).abs() <= 1).to(b.dtype)}


@chain_rule.mistake("A larger a_y: does the loss rise or fall?", code="M05")
def sign_lost(out: Any, x: Tensor, W: Tensor, b: Tensor, y: int) -> dict[str, Tensor]:
    return {"dW": -out.dW, "db": -out.db}


@chain_rule.mistake("Raise all logits by one: the loss stays. So what do the entries of db add up to?", code="M36")
def true_class_not_subtracted(out: Any, x: Tensor, W: Tensor, b: Tensor, y: int) -> dict[str, Tensor]:
    a = torch.softmax(W @ x + b, 0)
    return {"dW": torch.outer(a, x), "db": a}


@chain_rule.mistake("Which factor has a row for each class, and which an entry for each feature?", code="M12")
def transposed(out: Any, x: Tensor, W: Tensor, b: Tensor, y: int) -> dict[str, Tensor]:
    return {"dW": out.dW.T}


@chain_rule.mistake("Let b be large. Do the activations in your product know of it?", code="M16")
def bias_forgotten(x: Tensor, W: Tensor, b: Tensor, y: int) -> Tensor:
    return loss(x, W, b - b.detach(), y)
