"""One sigmoid layer, and how each of its outputs changes with the weights that it has."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question


def with_one(x: Tensor) -> Tensor:
    """The input with a one in front: (D + 1,)."""
    return torch.cat([x.new_ones(1), x])


@question(out=4)
def layer(x: Tensor, xi: Tensor) -> Tensor:
    """One layer of a network: the sigmoid of xi.T times [1, x].

    x (D,), xi (E, h) with E = D + 1, a column for each output; out (h,).  [CISC 7026, classification: review]"""
    return torch.sigmoid(xi.T @ with_one(x))


def cases(rng: np.random.Generator) -> Iterator[Case]:
    xi = np.array([[0.0, 1.0, -1.0], [1.0, 0.5, 0.0], [-1.0, 0.0, 2.0]])
    yield Case("two inputs, three outputs", x=np.array([1.0, 2.0]), xi=xi)
    yield Case("three inputs, two outputs", hidden=True, x=rng.normal(size=3), xi=rng.normal(size=(4, 2)))
    yield Case("one input", hidden=True, x=rng.normal(size=1), xi=rng.normal(size=(2, 4)))
    yield Case("one output", hidden=True, x=rng.normal(size=4), xi=rng.normal(size=(5, 1)))
    yield Case("square", hidden=True, x=rng.normal(size=2), xi=rng.normal(size=(3, 3)))
    x, xi = rng.normal(size=4)[::2], rng.normal(size=(3, 5))
    xi *= np.array([0, 800, -800, 1, 1]) / (xi[0] + x @ xi[1:])  # logits of 0, huge, and huge below zero
    yield Case("saturated", hidden=True, x=x, xi=xi)
    x, xi = rng.normal(size=2).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)
    yield Case("float32", hidden=True, x=x, xi=xi)


layer.cases(cases)


@layer.mistake("Let x be all zeros. Does the layer still have something to say?", code="M16")
def no_bias(x: Tensor, xi: Tensor) -> Tensor:
    return torch.sigmoid(xi[1:].T @ x)


@layer.mistake("At which end of [1, x] does the one stand?")
def one_at_the_end(x: Tensor, xi: Tensor) -> Tensor:
    return torch.sigmoid(xi[:-1].T @ x + xi[-1])


@layer.mistake("Between which two numbers must every output lie?", code="M16")
def no_sigmoid(x: Tensor, xi: Tensor) -> Tensor:
    return xi.T @ with_one(x)


@layer.mistake("A large positive sum: should the output be near 1 or near 0?", code="M05")
def falling(x: Tensor, xi: Tensor) -> Tensor:
    return torch.sigmoid(-xi.T @ with_one(x))


@layer.mistake("Must the outputs of this layer sum to one?")
def softmax_for_sigmoid(x: Tensor, xi: Tensor) -> Tensor:
    return torch.softmax(xi.T @ with_one(x), 0)


@question(J=8)
def layer_gradient(x: Tensor, xi: Tensor) -> Tensor:
    """The compact Jacobian of layer: row j is the gradient of output j in column j of xi, the one that it depends on.

    x (D,), xi (E, h) with E = D + 1; J (h, E).  [CISC 7026, classification: review]"""
    z = xi.T @ with_one(x)
    return (torch.sigmoid(z) * torch.sigmoid(-z))[:, None] * with_one(x)


layer_gradient.cases(cases)


@layer_gradient.mistake("What is the derivative of the sigmoid, and what is the sigmoid?", code="M38")
def sigmoid_for_its_derivative(x: Tensor, xi: Tensor) -> Tensor:
    return torch.sigmoid(xi.T @ with_one(x))[:, None] * with_one(x)


@layer_gradient.mistake("The weights reach the output through a bend. How steep is it there?", code="M38")
def no_activation_derivative(x: Tensor, xi: Tensor) -> Tensor:
    return torch.ones_like(xi[0])[:, None] * with_one(x)


@layer_gradient.mistake("At which place did you take the derivative: before the sigmoid or behind it?", code="M38")
def sigmoid_applied_twice(x: Tensor, xi: Tensor) -> Tensor:
    s = torch.sigmoid(torch.sigmoid(xi.T @ with_one(x)))
    return (s * (1 - s))[:, None] * with_one(x)


@layer_gradient.mistake("Row j is for output j. What is a row of yours for?", code="M12")
def jacobian_transposed(out: Any, x: Tensor, xi: Tensor) -> dict[str, Tensor]:
    return {"J": out.J.T}


@layer_gradient.mistake("A bias is a weight too. What is it multiplied with?", code="M16")
def no_column_for_the_bias(out: Any, x: Tensor, xi: Tensor) -> dict[str, Tensor]:
    return {"J": out.J[:, 1:]}


@layer_gradient.mistake("Did you nudge the weights or the input?")
def in_the_input(out: Any, x: Tensor, xi: Tensor) -> dict[str, Tensor]:
    return {"J": out.J[:, :1] * xi.T}


@layer_gradient.mistake("Is the steepness the same for every output?", code="M03")
def steepness_averaged(out: Any, x: Tensor, xi: Tensor) -> dict[str, Tensor]:
    return {"J": out.J.mean(0, keepdim=True).expand_as(out.J)}


@layer_gradient.mistake("Raise a weight of a positive input. Does the output rise or fall?", code="M05")
def steepness_negative(out: Any, x: Tensor, xi: Tensor) -> dict[str, Tensor]:
    return {"J": -out.J}
