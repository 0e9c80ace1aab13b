"""The other loss as the last module of a network: the hinge."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from grader import Case, question

from .hinge import ANIMALS, margins, svm_loss
from .losses import TWICE, earlier, float32_and_read_only


@question(loss=1, dS=2, steps=TWICE, calls=[svm_loss], carry=0.5)
def SVMLoss(S: Tensor, y: Tensor, S0: Tensor, y0: Tensor) -> Tensor:
    """The other end of a network: mean hinge loss of the scores, and its gradient in the scores.

    S (N, K), y (N,) int in 0..K-1; loss (), dS (N, K). Where s_j - s_y + 1 is exactly 0 the hinge's derivative
    is 0. Nothing arrives from above. S0 (M, K), y0 (M,) int in 0..K-1 went through it before, and leave nothing
    behind.  [CS 7643, linear classifiers]"""
    return torch.relu(margins(S, y)).sum(1).mean()


@SVMLoss.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three images", S=ANIMALS, y=np.array([0, 1, 2]), S0=ANIMALS[1:], y0=np.array([0, 0]))
    S = rng.normal(scale=2, size=(4, 5))
    y = S.argsort()[:, 2]
    yield Case("five classes", hidden=True, S=S, y=y, **earlier(rng, S, y))
    S = rng.normal(scale=2, size=(1, 4))
    y = S.argsort()[:, 1]
    yield Case("one image", hidden=True, S=S, y=y, **earlier(rng, S, y, more=1))
    S = np.array([[3.0, 2.0, 4.0, 1.0], [0.0, 1.0, 2.0, 1.0], [5.0, 4.0, 4.0, 4.0]])
    y = np.array([0, 1, 0])
    yield Case("margins of exactly one", hidden=True, kink=True, S=S, y=y, **earlier(rng, S, y, more=1))
    S = float32_and_read_only(rng)
    y = S.argmin(1)
    yield Case("float32, read-only", hidden=True, S=S, y=y, **earlier(rng, S, y))


def broken(S: Tensor, y: Tensor) -> Tensor:
    """1 where a wrong class breaks the margin, else 0: (N, K)."""
    return (margins(S, y) > 0).to(S.dtype)


def balanced(V: Tensor, y: Tensor, share: Tensor) -> dict[str, Tensor]:
    """dS with V (N, K) at the wrong classes, less `share` (N, 1) at the true one, as a mean."""
    return {"dS": (V - one_hot(y, V.shape[1]) * share) / len(V)}


@SVMLoss.mistake("Is it the loss of a batch or the mean over a batch, and what is its derivative?", code="M01")
def gradient_not_averaged(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": out.dS * len(S)}


@SVMLoss.mistake("Raise the true score of an image that pays. Does the loss feel it?", code="M39")
def true_column_missing(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    V = broken(S, y)
    return balanced(V, y, 0 * V[:, :1])


@SVMLoss.mistake("Two classes break the margin. In how many terms does the true score stand?", code="M39")
def true_column_once(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    V = broken(S, y)
    return balanced(V, y, V.amax(1, keepdim=True))


@SVMLoss.mistake("A margin broken by 2 and one broken by 5: where is the hinge steeper?", code="M39")
def hinge_as_slope(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    V = torch.relu(margins(S, y))
    return balanced(V, y, V.sum(1, keepdim=True))


@SVMLoss.mistake("What does a class that keeps its margin add to dS?", code="M40")
def every_class_broken(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return balanced(torch.ones_like(S), y, torch.full_like(S[:, :1], S.shape[1]))


@SVMLoss.mistake("What does your mask say at the kink, and what does the handout say?", code="M39")
def kink_counted(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    V = (margins(S, y) >= 0) * (1 - one_hot(y, S.shape[1])).to(S.dtype)
    return balanced(V, y, V.sum(1, keepdim=True))


@SVMLoss.mistake("Raise the true score a little. Does the loss go the way that dS says?", code="M05")
def wrong_way(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": -out.dS}


@SVMLoss.mistake("Two batches go through, one after the other. Whose margins does your backward look at?", code="M25")
def first_forward_remembered(out: Any, S0: Tensor, y0: Tensor) -> dict[str, Tensor]:
    V = broken(S0, y0)
    return balanced(V, y0, V.sum(1, keepdim=True))
