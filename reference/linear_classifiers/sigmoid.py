"""The other layer without weights: the logistic sigmoid."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .activations import TWICE, earlier


@question(out=2, dX=2, steps=TWICE)
def Sigmoid(X: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    """A layer that squeezes numbers into 0 to 1: out = 1 / (1 + exp(-X)), and backward from dout.

    X (N, D), dout (N, D); out (N, D), dX (N, D). Finite for inputs up to 1e4 either way. X0 (M, D) and dout0 (M, D)
    went through it before, and leave nothing behind.  [CS 7643, linear classifiers]"""
    return torch.sigmoid(X)


@Sigmoid.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, dout = np.array([[0.0, 2.0], [-1.0, 0.5]]), np.array([[4.0, 1.0], [2.0, -3.0]])
    X0, dout0 = np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    yield Case("two images", X=X, X0=X0, dout0=dout0, dout=dout)
    X = rng.normal(size=(1, 4))
    yield Case("one image", hidden=True, X=X, **earlier(rng, X))
    X = rng.normal(scale=2, size=(5, 3))
    yield Case("five images", hidden=True, X=X, **earlier(rng, X, more=1))
    X = np.array([[1e4, -1e4, 1.0], [-800.0, 0.5, 800.0], [-40.0, 40.0, -2.0]])
    yield Case("inputs of ten thousand", hidden=True, X=X, **earlier(rng, X))
    X = rng.normal(size=(3, 6)).astype(np.float32)[:, ::2]
    X.flags.writeable = False
    yield Case("float32, read-only", hidden=True, X=X, **earlier(rng, X, more=1))


@Sigmoid.mistake("Try an input of 10000. What is exp of that, and what is inf / inf?", code="M20")
def overflows(X: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    E = X.exp()
    return E / (1 + E)


@Sigmoid.mistake("Your derivative takes something through the sigmoid. The input, or the output?", code="M38")
def derivative_at_the_output(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    again = torch.sigmoid(out.out)
    return {"dX": dout * again * (1 - again)}


@Sigmoid.mistake("At a large input the output no longer moves. Does your dX know?", code="M38")
def half_of_the_derivative(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": dout * out.out}


@Sigmoid.mistake("You have the slope of the sigmoid. By how much did the loss ask out to change?", code="M38")
def slope_alone(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": out.out * (1 - out.out)}


@Sigmoid.mistake("Is that the derivative of this function, or of tanh?", code="M38")
def derivative_of_tanh(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": dout * (1 - out.out**2)}


@Sigmoid.mistake("A large positive input should give nearly 1. What does yours give?", code="M05")
def exponent_without_minus(X: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    return torch.sigmoid(-X)


@Sigmoid.mistake("Raise an input a little. Does the output rise or fall?", code="M05")
def downwards(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": -out.dX}


@Sigmoid.mistake("Two batches go through, one after the other. Whose slopes does your backward use?", code="M25")
def first_forward_remembered(out: Any, X: Tensor, X0: Tensor, dout: Tensor) -> dict[str, Tensor]:
    first = torch.sigmoid(X0)
    return {"dX": dout * first * (1 - first)} if X0.shape == X.shape else {}  # else NumPy cannot multiply them


@Sigmoid.mistake("Call backward for a second batch, with another dout. Is the answer another one too?", code="M25")
def first_gradient_for_ever(out: Any, X: Tensor, X0: Tensor, dout0: Tensor) -> dict[str, Tensor]:
    first = torch.sigmoid(X0)
    return {"dX": dout0 * first * (1 - first)}
