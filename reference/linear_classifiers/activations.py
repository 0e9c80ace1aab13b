"""A layer without weights, ReLU, and how it and the sigmoid are asked: forward and backward, twice."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, call, new, question

TWICE = [  # as in training, other images went through before: what counts is the last forward
    new(),
    call("forward", "X0"),
    call("forward", "X", gives="out"),  # before any backward: who has none yet keeps these points
    call("forward", "X0"),
    call("backward", "dout0"),
    call("forward", "X"),
    call("backward", "dout", gives="dX"),
]


def earlier(rng: np.random.Generator, X: NDArray[Any], more: int = 0) -> dict[str, Any]:
    """X0 and dout0 of the pass before: every sign is another than in X, and there are `more` images (0 or 1)."""
    X0 = -rng.uniform(0.5, 1.5, size=X.shape) * X
    X0 = np.vstack([X0, X0[:more]])
    return {"X0": X0.astype(X.dtype), "dout0": rng.normal(size=X0.shape).astype(X.dtype)}


@question(out=1, dX=3, steps=TWICE)
def ReLU(X: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    """A layer that lets positive numbers pass: out = max(0, X), and backward from dout, the gradient in out.

    X (N, D), dout (N, D); out (N, D), dX (N, D). At exactly 0 the derivative is 0. X0 (M, D) and dout0 (M, D) went
    through it before, and leave nothing behind.  [CS 7643, linear classifiers]"""
    return torch.relu(X)


@ReLU.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, dout = np.array([[1.0, -2.0, 0.0], [0.5, 3.0, -1.0]]), np.array([[5.0, 7.0, 11.0], [-2.0, 4.0, -3.0]])
    X0, dout0 = np.array([[-1.0, 2.0, 3.0], [4.0, -3.0, 1.0]]), np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    yield Case("two images", kink=True, X=X, X0=X0, dout0=dout0, dout=dout)
    X = rng.permutation([[-1.5, 2.0, 0.5, -0.25]], axis=1)
    yield Case("one image", hidden=True, X=X, **earlier(rng, X))
    X = rng.normal(size=(5, 3))
    X[1], X[:, 2] = X[0], np.abs(X[:, 2])
    yield Case("repeated row", hidden=True, X=X, **earlier(rng, X, more=1))
    X = rng.integers(-2, 3, size=(4, 5)).astype(float)
    X[2, 1:3], X[0, 3] = 0, -0.0
    dout = np.abs(rng.normal(size=(4, 5)))  # of one sign, so that the subgradient lies between the one-sided slopes
    yield Case("zeros among them", hidden=True, kink=True, X=X, dout=dout, **earlier(rng, X))
    X = rng.permutation(np.array([[200, 0.05, -200], [-0.05, 2.0, -2.0]]))
    yield Case("large and small", hidden=True, X=X, **earlier(rng, X, more=1))
    X = rng.permutation(np.array([[1.0, -1.0, 2.0, -3.0], [0.5, 4.0, -2.0, 1.0]])).astype(np.float32)[:, ::2]
    X.flags.writeable = False
    yield Case("float32, read-only", hidden=True, X=X, **earlier(rng, X))


@ReLU.mistake("Which outputs do not move when their input moves a little?", code="M38")
def everything_passes(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": dout}


@ReLU.mistake("Is it the input that has to be positive, or what arrives from above?", code="M38")
def gate_on_dout(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": torch.relu(dout)}


@ReLU.mistake("Double dout. Does your dX double?", code="M38")
def dout_forgotten(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": (X > 0).to(dout.dtype)}


@ReLU.mistake("An input of exactly 0: what does the handout say of its derivative?", code="M38")
def zero_passes(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": dout * (X >= 0)}


@ReLU.mistake("The derivative of max(0, x) is a step. Where does the size of x come in?", code="M38")
def times_the_output(out: Any, X: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": dout * torch.relu(X)}


@ReLU.mistake("What comes out for an input of -2?")
def absolute_value(X: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    return X.abs()


@ReLU.mistake("Does anything leak through where the input is negative?")
def leaky(X: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    return torch.where(X > 0, X, 0.01 * X)


@ReLU.mistake(
    "Two batches go through, one after the other. Of which does your backward remember the signs?", code="M25"
)
def first_forward_remembered(out: Any, X: Tensor, X0: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": dout * (X0 > 0)} if X0.shape == X.shape else {}  # else NumPy cannot multiply them


@ReLU.mistake("Call backward for a second batch, with another dout. Is the answer another one too?", code="M25")
def first_gradient_for_ever(out: Any, X: Tensor, X0: Tensor, dout0: Tensor) -> dict[str, Tensor]:
    return {"dX": dout0 * (X0 > 0)}
