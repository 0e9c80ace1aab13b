"""The two functions that make an activation of a weighted sum: the sigmoid, and softmax."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question


@question(g=2)
def sigmoid(z: Tensor) -> Tensor:
    """1 / (1 + exp(-z)), element by element, for z of any shape and any size.

    Returns g, of the shape of z.  [WPI CS 539, feed-forward process]"""
    return torch.sigmoid(z)


@sigmoid.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the sums of AND", z=np.array([-30.0, -10.0, -10.0, 10.0]))
    yield Case("zero", z=np.array([[0.0, 1.0], [-1.0, 2.0]]))
    yield Case("matrix", hidden=True, z=rng.normal(scale=3, size=(4, 3)))
    yield Case("thousands", hidden=True, z=np.array([-5000.0, -1000.0, -750.0, 0.0, 750.0, 1000.0, 5000.0]))
    yield Case("one number", hidden=True, z=rng.normal(size=(1, 1)))
    z = rng.normal(scale=2, size=(3, 8)).astype(np.float32)[:, ::2]
    z.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, z=z)


@sigmoid.mistake("What is exp(1000)? And that divided by itself?", code="M20")
def exp_over_one_plus_exp(z: Tensor) -> Tensor:
    return z.exp() / (1 + z.exp())


@sigmoid.mistake("Where should a large z lead: to 1 or to 0?", code="M05")
def turned_around(z: Tensor) -> Tensor:
    return torch.sigmoid(-z)


@sigmoid.mistake("What should the function give at z = 0? And far below?")
def hyperbolic_tangent(z: Tensor) -> Tensor:
    return torch.tanh(z)


@sigmoid.mistake("Is this the function, or its slope?")
def its_derivative(out: Any, z: Tensor) -> dict[str, Tensor]:
    return {"g": out.g * (1 - out.g)}


@question(A=2)
def softmax(Z: Tensor) -> Tensor:
    """Softmax of each row: exp(z_k) divided by the sum of exp(z_j) over the row, for logits of any size.

    Z (N, K); A (N, K), rows add up to 1.  [WPI CS 539, softmax activation]"""
    return torch.softmax(Z, 1)


@softmax.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two rows", Z=np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]]))
    yield Case("seven of four", hidden=True, Z=rng.normal(scale=2, size=(7, 4)))
    yield Case("one row", hidden=True, Z=rng.normal(size=(1, 5)))
    Z = 1000.0 * np.array([[1, 0, -1], [-1, 1, 1], [0, -2, -2], [-3, -3, -3]])
    yield Case("thousands", hidden=True, Z=Z)
    Z = rng.integers(-128, 129, size=(4, 3)) / 64
    Z[2] += 2000  # sixty-fourths, so that float32 holds these logits exactly too
    yield Case("one row far above the others", hidden=True, Z=Z)
    yield Case("float32", hidden=True, Z=rng.normal(size=(3, 6)).astype(np.float32))


@softmax.mistake("Try a logit of 1000. What may be taken away from a whole row first?", code="M20")
def overflows(Z: Tensor) -> Tensor:
    return Z.exp() / Z.exp().sum(1, keepdim=True)


@softmax.mistake("One row lies far above the rest. Whose largest logit do you take away?", code="M22")
def one_maximum_for_all(Z: Tensor) -> Tensor:
    return overflows(Z - Z.max())


@softmax.mistake("What should add up to one: a row or a column?", code="M14")
def down_the_columns(Z: Tensor) -> Tensor:
    return torch.softmax(Z, 0)


@softmax.mistake("Do your outputs know of each other? What do they add up to?")
def independent_outputs(Z: Tensor) -> Tensor:
    return torch.sigmoid(Z)


@softmax.mistake("Does the sum run over one row, or over everything?", code="M14")
def over_the_whole_matrix(Z: Tensor) -> Tensor:
    return torch.softmax(Z.flatten(), 0).reshape(Z.shape)
