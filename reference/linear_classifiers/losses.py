"""A loss as the last module of a network: forward from scores and labels, backward to the scores. The softmax."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import one_hot

from grader import Case, call, new, question

from .hinge import ANIMALS
from .softmax import cross_entropy, overflows, softmax_loss

TWICE = [  # as in training, other scores came before: what counts is the last forward
    new(),
    call("forward", "S0", "y0"),
    call("forward", "S", "y", gives="loss"),  # before any backward: who has none yet keeps this point
    call("forward", "S0", "y0"),
    call("backward"),
    call("forward", "S", "y"),
    call("backward", gives="dS"),
]


def earlier(rng: np.random.Generator, S: NDArray[Any], y: NDArray[Any], more: int = 0) -> dict[str, Any]:
    """S0 and y0 of the pass before: other scores and, image by image, another class; `more` images (0 or 1)."""
    y0 = (y + 1) % S.shape[1]
    return {"S0": rng.normal(size=(len(S) + more, S.shape[1])).astype(S.dtype), "y0": np.append(y0, y0[:more])}


# Whoever wraps a wrong loss of their own has still written the module.
@question(loss=1, dS=2, steps=TWICE, calls=[softmax_loss], carry=0.5)
def SoftmaxLoss(S: Tensor, y: Tensor, S0: Tensor, y0: Tensor) -> Tensor:
    """The end of a network: mean cross-entropy of the scores, and its gradient in the scores.

    S (N, K), y (N,) int in 0..K-1; loss (), dS (N, K). Nothing arrives from above. S0 (M, K), y0 (M,) int in 0..K-1
    went through it before, and leave nothing behind.  [CS 7643, linear classifiers]"""
    return cross_entropy(S, y)


def float32_and_read_only(rng: np.random.Generator) -> np.ndarray[Any, Any]:
    S = rng.normal(size=(4, 6)).astype(np.float32)[:, ::2]
    S.flags.writeable = False
    return S


@SoftmaxLoss.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three images", S=ANIMALS, y=np.array([0, 1, 2]), S0=ANIMALS[1:], y0=np.array([0, 0]))
    S, y = rng.normal(scale=2, size=(4, 5)), rng.integers(5, size=4)
    yield Case("five classes", hidden=True, S=S, y=y, **earlier(rng, S, y))
    S, y = rng.normal(size=(1, 3)), rng.integers(3, size=1)
    yield Case("one image", hidden=True, S=S, y=y, **earlier(rng, S, y, more=1))
    S, y = 1000.0 * np.array([[1, 0, -1], [-1, 1, 0]]), np.array([1, 0])
    yield Case("scores of a thousand", hidden=True, S=S, y=y, **earlier(rng, S, y))
    S, y = float32_and_read_only(rng), rng.integers(3, size=4)
    yield Case("float32, read-only", hidden=True, S=S, y=y, **earlier(rng, S, y, more=1))


@SoftmaxLoss.mistake("Is it the loss of a batch or the mean over a batch, and what is its derivative?", code="M01")
def gradient_summed(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": out.dS * len(S)}


@SoftmaxLoss.mistake("What must each row of dS add up to?", code="M36")
def true_class_not_subtracted(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": torch.softmax(S, 1) / len(S)}


@SoftmaxLoss.mistake("Does raising the score of a wrong class change the loss?", code="M35")
def true_column_only(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": out.dS * one_hot(y, S.shape[1])}


@SoftmaxLoss.mistake("Raise the true score a little. Does the loss go the way that dS says?", code="M05")
def uphill(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": -out.dS}


@SoftmaxLoss.mistake("Do scores of 1000 reach your forward as they reach your softmax_loss?", code="M20")
def overflowing(S: Tensor, y: Tensor, S0: Tensor, y0: Tensor) -> Tensor:
    return overflows(S, y)


@SoftmaxLoss.mistake("With zero scores and ten classes the loss is 2.30, not 1. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / math.log(10)}


@SoftmaxLoss.mistake("Two batches go through, one after the other. Whose gradient does your backward give?", code="M25")
def first_forward_remembered(out: Any, S0: Tensor, y0: Tensor) -> dict[str, Tensor]:
    return {"dS": (torch.softmax(S0, 1) - one_hot(y0, S0.shape[1])) / len(S0)}
