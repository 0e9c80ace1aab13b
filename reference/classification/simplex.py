"""Onto the simplex: dividing by the sum, and softmax with its whole Jacobian."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question


@question(P=3)
def l1_normalize(x: Tensor) -> Tensor:
    """Each row divided by its sum, which for entries that are not negative is its L1 norm.

    x (N, K) >= 0; P (N, K), each row sums to 1. A negative entry or a row of zeros raises ValueError.
    [CISC 7026, classification: define model]"""
    total = x.sum(1, keepdim=True)
    if (x < 0).any() or (total == 0).any():
        raise ValueError("a row that is negative somewhere, or zero everywhere, is no distribution")
    return x / total


@l1_normalize.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two rows", x=np.array([[1.0, 3.0, 0.0], [2.0, 2.0, 4.0]]))
    yield Case("a row of zeros", raises=ValueError, x=np.array([[1.0, 2.0], [0.0, 0.0]]))
    yield Case("five by two", hidden=True, x=rng.uniform(size=(5, 2)))
    yield Case("one row, some zeros", hidden=True, x=rng.uniform(1, 9, size=(1, 6)) * (np.arange(6) % 3 > 0))
    yield Case("one column", hidden=True, x=rng.uniform(1, 9, size=(3, 1)))
    yield Case("tiny and huge", hidden=True, x=rng.uniform(1, 2, size=(3, 4)) * np.array([[1e-30], [1.0], [1e30]]))
    yield Case("strided", hidden=True, x=rng.uniform(size=(3, 8))[:, ::2])
    yield Case("float32", hidden=True, x=rng.uniform(size=(3, 5)).astype(np.float32))
    yield Case("negative entry", hidden=True, raises=ValueError, x=rng.uniform(1, 2, size=(2, 3)) * [[1, 1, -1]])
    yield Case("sums to zero", hidden=True, raises=ValueError, x=rng.uniform(1, 2, size=(3, 1)) * [[1, -1, 0]])
    yield Case("nothing but zeros", hidden=True, raises=ValueError, x=np.zeros((1, 4)))


@l1_normalize.mistake("Which numbers should sum to one: those of a row or those of a column?", code="M14")
def columns_sum_to_one(x: Tensor) -> Tensor:
    return x / x.sum(0, keepdim=True)


@l1_normalize.mistake("Add up one row of your answer. Is it one?", code="M14")
def all_sum_to_one(x: Tensor) -> Tensor:
    return x / x.sum()


@l1_normalize.mistake("Add up one row of your answer. Which norm did you divide by?")
def euclidean_norm(x: Tensor) -> Tensor:
    return x / x.square().sum(1, keepdim=True).sqrt()


@l1_normalize.mistake("What is the largest entry of your rows, and what is their sum?")
def largest_becomes_one(x: Tensor) -> Tensor:
    return x / x.amax(1, keepdim=True)


@l1_normalize.mistake("(1, -1, 2): what is its sum, what is its L1 norm, and is there a distribution in it?")
def sum_taken_for_the_norm(x: Tensor) -> Tensor:
    """The slide divides whatever comes by its sum and calls that the L1 norm; it is for x >= 0 only."""
    total = x.sum(1, keepdim=True)
    if (total == 0).any():
        raise ValueError("zero row")
    return x / total


@l1_normalize.mistake("Is a small number under the line harmless where the whole row is small?", code="M23")
def small_number_below(x: Tensor) -> Tensor:
    return x / (x.sum(1, keepdim=True) + 1e-12)


@question(P=5)
def softmax(Z: Tensor) -> Tensor:
    """Softmax of each row: exp(z_k) over the sum of exp(z_j).

    Z (N, K); P (N, K), each row sums to 1.  [CISC 7026, classification: define model]"""
    E = (Z - Z.amax(1, keepdim=True)).exp()
    return E / E.sum(1, keepdim=True)


@softmax.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two rows", Z=np.array([[0.0, 1.0, 2.0], [3.0, 3.0, -1.0]]))
    yield Case("many classes", hidden=True, Z=rng.normal(scale=2, size=(3, 7)))
    yield Case("one row", hidden=True, Z=rng.normal(size=(1, 4)))
    yield Case("one class", hidden=True, Z=rng.normal(size=(3, 1)))
    yield Case("square, strided", hidden=True, Z=rng.normal(size=(4, 8))[:, ::2])
    Z = 1000.0 * np.array([[1, 0, -1], [0, 1, 1], [-1, -1, -1], [-2, -1, -2]]) + rng.integers(-2, 3, size=(4, 3))
    yield Case("logits of a thousand", hidden=True, Z=Z)
    Z = rng.integers(-128, 129, size=(4, 3)) / 64
    Z[1] += 2000  # sixty-fourths, so that float32 holds them exactly too
    yield Case("one row far above the others", hidden=True, Z=Z)
    yield Case("float32", hidden=True, Z=rng.normal(size=(5, 3)).astype(np.float32))


@softmax.mistake("Which numbers should sum to one: those of an example or those of a class?", code="M14")
def down_the_columns(Z: Tensor) -> Tensor:
    return torch.softmax(Z, 0)


@softmax.mistake("Add up one row of your answer. Is it one?", code="M14")
def over_everything(Z: Tensor) -> Tensor:
    return torch.softmax(Z.flatten(), 0).reshape(Z.shape)


@softmax.mistake("What is exp(1000)? Which number may you take from a row without changing its answer?", code="M20")
def overflows(Z: Tensor) -> Tensor:
    return Z.exp() / Z.exp().sum(1, keepdim=True)


@softmax.mistake("One row lies at 2000, the others near 0. What does each row need?", code="M22")
def one_maximum_for_all(Z: Tensor) -> Tensor:
    E = (Z - Z.max()).exp()
    return E / E.sum(1, keepdim=True)


@softmax.mistake("Are these probabilities, or their logarithms?")
def logarithms(Z: Tensor) -> Tensor:
    return torch.log_softmax(Z, 1)


@softmax.mistake("A class with a higher score: should it get more or less?", code="M05")
def upside_down(Z: Tensor) -> Tensor:
    return torch.softmax(-Z, 1)


@question(J=7)
def softmax_jacobian(z: Tensor) -> Tensor:
    """The whole Jacobian of softmax at one row of logits: how each probability changes with each logit.

    z (K,); J (K, K), row i for probability i.  [CISC 7026, classification: find theta, with the off-diagonal part]"""
    s = softmax.forward(z[None])[0]
    return torch.diag(s) - torch.outer(s, s)


@softmax_jacobian.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three classes", z=np.array([0.0, 1.0, 2.0]))
    yield Case("six classes", hidden=True, z=rng.normal(size=6))
    yield Case("two classes", hidden=True, z=rng.normal(size=2))
    yield Case("all equal", hidden=True, z=np.full(4, rng.normal()))
    yield Case("huge", hidden=True, z=np.array([1000.0, 999.0, 998.5, -1000.0]) + rng.integers(3, size=4) / 4)
    yield Case("strided", hidden=True, z=rng.normal(size=9)[::2])
    yield Case("float32", hidden=True, z=rng.normal(size=3).astype(np.float32))


@softmax_jacobian.mistake("Raise the score of one class. What happens to the probability of another?", code="M35")
def diagonal_only(z: Tensor) -> Tensor:
    """The slide's softmax(z) * (1 - softmax(z)), as a matrix."""
    s = torch.softmax(z, 0)
    return torch.diag(s * (1 - s))


@softmax_jacobian.mistake(
    "K probabilities, K scores: how many pairs are there? How many numbers are yours?", code="M35"
)
def diagonal_as_a_vector(z: Tensor) -> Tensor:
    s = torch.softmax(z, 0)
    return s * (1 - s)


@softmax_jacobian.mistake("When one class gains, do the others gain too? What must a column sum to?", code="M05")
def others_gain_too(z: Tensor) -> Tensor:
    s = torch.softmax(z, 0)
    return torch.diag(s) + torch.outer(s, s) - 2 * torch.diag(s * s)


@softmax_jacobian.mistake("What does a column of the Jacobian sum to, and why?", code="M35")
def only_the_outer_product(z: Tensor) -> Tensor:
    s = torch.softmax(z, 0)
    return -torch.outer(s, s)


@softmax_jacobian.mistake("Which numbers stand on the diagonal if one class is nearly certain?", code="M36")
def identity_for_the_diagonal(z: Tensor) -> Tensor:
    s = torch.softmax(z, 0)
    return torch.eye(len(z), dtype=z.dtype, device=z.device) - torch.outer(s, s)


@softmax_jacobian.mistake("Raise one score. Does its own probability rise or fall?", code="M05")
def negative(out: Any, z: Tensor) -> dict[str, Tensor]:
    return {"J": -out.J}
