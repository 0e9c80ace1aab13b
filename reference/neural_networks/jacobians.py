"""Softmax regression for one example, one local gradient at a time, and the product of them all."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question


@question(dL_da=3)
def dL_da(a: Tensor, y: int) -> Tensor:
    """Gradient, with respect to the activations a, of the loss L = -log a_y of one example.

    a (K,) > 0, y int in 0..K-1; dL_da (K,).  [WPI CS 539, softmax regression, chain rule]"""
    return torch.where(torch.arange(len(a), device=a.device) == y, -1 / a[y], 0)


@dL_da.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("true class at 0.2", a=np.array([0.4, 0.2, 0.1, 0.3]), y=1)
    yield Case("five classes", hidden=True, a=rng.dirichlet(np.ones(5)), y=3)
    yield Case("first of three", hidden=True, a=rng.dirichlet(np.ones(3)), y=0)
    yield Case("last of six", hidden=True, a=rng.dirichlet(np.ones(6)), y=5)
    yield Case("hardly possible", hidden=True, a=np.array([1.0, 1e-20, 1e-15]), y=1)
    a = rng.dirichlet(np.ones(4)).astype(np.float32)
    a.flags.writeable = False
    yield Case("float32, read-only", hidden=True, a=a, y=2)


@dL_da.mistake("A larger a_y: does the loss rise or fall?", code="M05")
def sign_lost(out: Any, a: Tensor, y: int) -> dict[str, Tensor]:
    return {"dL_da": -out.dL_da}


@dL_da.mistake("L = -log a_y. Which activations stand in it?")
def every_class(out: Any, a: Tensor, y: int) -> dict[str, Tensor]:
    return {"dL_da": -1 / a}


@dL_da.mistake("L is a function of a here. Did you differentiate through the softmax already?")
def gradient_of_the_logits(out: Any, a: Tensor, y: int) -> dict[str, Tensor]:
    return {"dL_da": a - (out.dL_da != 0).to(a.dtype)}


@dL_da.mistake("Is this the loss, or its slope?")
def the_loss_itself(out: Any, a: Tensor, y: int) -> dict[str, Tensor]:
    return {"dL_da": torch.where(out.dL_da != 0, -a.log(), 0)}


@dL_da.mistake("a has one entry for each class. How many has the gradient in a?", code="M19")
def one_number(out: Any, a: Tensor, y: int) -> dict[str, Tensor]:
    return {"dL_da": -1 / a[y]}


@question(da_dz=4)
def da_dz(a: Tensor) -> Tensor:
    """The Jacobian of softmax at its own activations a: entry (i, j) is the derivative of a_i in z_j.

    a (K,) > 0, adds up to 1; da_dz (K, K).  [WPI CS 539, softmax regression, chain rule]"""
    return torch.diag(a) - torch.outer(a, a)


@da_dz.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three classes", a=np.array([0.5, 0.3, 0.2]))
    yield Case("five classes", hidden=True, a=rng.dirichlet(np.ones(5)))
    yield Case("two classes", hidden=True, a=rng.dirichlet(np.ones(2)))
    yield Case("nearly sure", hidden=True, a=np.array([0.015625, 0.96875, 0.015625]))
    a = np.repeat(rng.dirichlet(np.ones(4)), 2)[::2]
    a.flags.writeable = False
    yield Case("strided and read-only", hidden=True, a=a)
    yield Case("float32", hidden=True, a=rng.dirichlet(np.ones(3)).astype(np.float32))


@da_dz.mistake("Raise z_1 alone. What happens to a_2, and why must it?", code="M35")
def diagonal_only(out: Any, a: Tensor) -> dict[str, Tensor]:
    return {"da_dz": torch.diag(a * (1 - a))}


@da_dz.mistake("Does each output depend on one logit alone? How many rows and columns has this?", code="M19")
def diagonal_as_a_vector(out: Any, a: Tensor) -> dict[str, Tensor]:
    return {"da_dz": a * (1 - a)}


@da_dz.mistake("All a add up to 1, whatever z is. What does each column add up to?", code="M05")
def off_diagonal_positive(out: Any, a: Tensor) -> dict[str, Tensor]:
    return {"da_dz": torch.diag(a) - torch.outer(a, a) * (2 * torch.eye(len(a), dtype=a.dtype, device=a.device) - 1)}


@da_dz.mistake("On the diagonal i = j: does a_i stand once in the product, or twice?", code="M36")
def minus_product_everywhere(out: Any, a: Tensor) -> dict[str, Tensor]:
    return {"da_dz": -torch.outer(a, a)}


@da_dz.mistake("On the diagonal: what is left of a_i when a_i goes to 1?")
def diagonal_not_reduced(out: Any, a: Tensor) -> dict[str, Tensor]:
    off = torch.outer(a, a)
    return {"da_dz": torch.diag(a) - off + torch.diag(off.diagonal())}


@question(dz_dW=2)
def dz_dW(x: Tensor, c: int) -> Tensor:
    """The derivatives of z = W x + b in the weights: row k holds those of z_k in the row w_k of W.

    x (D,), c the number of classes; dz_dW (c, D). (z_k does not depend on the other rows of W: those zeros are left
    out, as in the lecture.)  [WPI CS 539, softmax regression, chain rule]"""
    return x.repeat(c, 1)


@dz_dW.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two classes", x=np.array([3.0, 1.0, 4.0]), c=2)
    yield Case("five classes", hidden=True, x=rng.normal(size=3), c=5)
    yield Case("one class", hidden=True, x=rng.normal(size=4), c=1)
    yield Case("one feature", hidden=True, x=rng.normal(size=1), c=3)
    yield Case("as many classes as features", hidden=True, x=rng.normal(size=4), c=4)
    yield Case("float32, strided", hidden=True, x=rng.normal(size=4).astype(np.float32)[::2], c=3)


@dz_dW.mistake("One row per class or one row per feature?", code="M12")
def transposed(out: Any, x: Tensor, c: int) -> dict[str, Tensor]:
    return {"dz_dW": out.dz_dW.T}


@dz_dW.mistake("z_k is a sum of products. What is the factor beside w_kd?")
def ones(out: Any, x: Tensor, c: int) -> dict[str, Tensor]:
    return {"dz_dW": torch.ones_like(out.dz_dW)}


@dz_dW.mistake("How many rows has W? Has this as many?", code="M19")
def one_row(out: Any, x: Tensor, c: int) -> dict[str, Tensor]:
    return {"dz_dW": x}


@dz_dW.mistake("Over the classes: does z_k have a share in it?", code="M03")
def shared_by_the_classes(out: Any, x: Tensor, c: int) -> dict[str, Tensor]:
    return {"dz_dW": out.dz_dW / c}


@question(dz_db=1)
def dz_db(c: int) -> Tensor:
    """The Jacobian of z = W x + b in b: entry (i, j) is the derivative of z_i in b_j.

    c the number of classes; dz_db (c, c), float64.  [WPI CS 539, softmax regression, chain rule; the slide prints
    ones off the diagonal, which is an error]"""
    return torch.eye(c, dtype=torch.float64)


@dz_db.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three classes", c=3)
    yield Case("one class", hidden=True, c=1)
    yield Case("five classes", hidden=True, c=5)
    yield Case("two classes", hidden=True, c=2)


@dz_db.mistake("Raise b_1 alone. Which of the z move?")
def ones_off_the_diagonal(out: Any, c: int) -> dict[str, Tensor]:
    n = torch.arange(c)
    return {"dz_db": ((n[:, None] - n).abs() <= 1).to(torch.float64)}


@dz_db.mistake("Raise b_1 alone. Does z_2 move?")
def all_ones(out: Any, c: int) -> dict[str, Tensor]:
    return {"dz_db": torch.ones_like(out.dz_db)}


@dz_db.mistake("A vector in a vector: how many rows and columns?", code="M19")
def ones_in_a_vector(out: Any, c: int) -> dict[str, Tensor]:
    return {"dz_db": torch.ones(c, dtype=torch.float64)}


@dz_db.mistake("Is b a constant here, or what you differentiate in?")
def b_taken_for_a_constant(out: Any, c: int) -> dict[str, Tensor]:
    return {"dz_db": torch.zeros_like(out.dz_db)}
