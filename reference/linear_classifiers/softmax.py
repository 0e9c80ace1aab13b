"""The softmax classifier's cross-entropy, from scores, and its gradient in the scores."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from grader import Case, question


def cross_entropy(S: Tensor, y: Tensor) -> Tensor:
    """Mean cross-entropy; log_softmax takes away each row's largest score first, so nothing overflows."""
    return -torch.log_softmax(S, dim=1).gather(1, y[:, None]).mean()


@question(loss=4, dS=8)
def softmax_loss(S: Tensor, y: Tensor) -> Tensor:
    """Mean over images of -log(exp(s_y) / sum over j of exp(s_j)), natural log, and its gradient.

    S (N, K), y (N,) int in 0..K-1; loss (), dS (N, K).  [CS 7643, linear classifiers]"""
    return cross_entropy(S, y)


@softmax_loss.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("cat", S=np.array([[3.2, 5.1, -1.7]]), y=np.array([0]))
    yield Case("worked comparison", S=np.array([[-2.85, 0.86, 0.28]]), y=np.array([2]))
    yield Case("two images", S=np.array([[1.0, 2.0, 3.0], [0.0, 2.5, 0.0]]), y=np.array([0, 1]))
    S, y = rng.normal(scale=2, size=(5, 7)), rng.integers(7, size=5)
    yield Case("many classes", hidden=True, S=S, y=y)
    yield Case("one image", hidden=True, S=rng.normal(size=(1, 4)), y=rng.integers(4, size=1))
    yield Case("initialisation", hidden=True, S=np.zeros((3, 6)), y=rng.integers(6, size=3))
    S = 1000.0 * np.array([[1, 0, -1, 0], [-1, 1, 0, 0], [0, -1, -1, 1], [1, 1, -1, 0], [0, 0, 0, -1]])
    yield Case("scores of a thousand", hidden=True, S=S, y=np.array([0, 0, 1, 1, 3]))
    S, y = rng.integers(-128, 129, size=(4, 3)) / 64, rng.integers(3, size=4)
    S[2] += 2000  # sixty-fourths, so that float32 holds these scores exactly too
    yield Case("one row far above the others", hidden=True, S=S, y=y)
    S, y = rng.normal(size=(6, 5)).astype(np.float32), rng.integers(5, size=6)
    yield Case("float32", hidden=True, S=S, y=y)
    S = 1e-6 * rng.normal(size=(4, 6))[:, ::2]
    S[3] = S[1]
    S.flags.writeable = False
    yield Case("tiny, a repeated row, read-only", hidden=True, S=S, y=np.array([2, 0, 1, 1]))


@softmax_loss.mistake("With zero scores and ten classes the loss is 2.30, not 1. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / math.log(10)}


@softmax_loss.mistake("Hand in every image twice. Should the loss double?", code="M01")
def summed(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss * len(S)}


@softmax_loss.mistake("Your loss is a mean over images. What does that do to its derivative?", code="M01")
def gradient_summed(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": out.dS * len(S)}


@softmax_loss.mistake("Raise all scores of an image by one: the loss stays. So a row sums to?", code="M36")
def true_class_not_subtracted(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": torch.softmax(S, 1) / len(S)}


@softmax_loss.mistake("Does raising the score of a wrong class change the loss?", code="M35")
def true_column_only(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": out.dS * one_hot(y, S.shape[1])}


@softmax_loss.mistake("Raise the true score a little. Does the loss go the way that dS says?", code="M05")
def sign_flipped(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dS": -out.dS}


@softmax_loss.mistake("Try a score of 1000. What is exp(1000), and what may you take away first?", code="M20")
def overflows(S: Tensor, y: Tensor) -> Tensor:
    E = S.exp()
    return -(E / E.sum(1, keepdim=True)).gather(1, y[:, None]).log().mean()


@softmax_loss.mistake("One image scores about 2000, the rest about 0. What does each row need?", code="M22")
def one_maximum_for_all(S: Tensor, y: Tensor) -> Tensor:
    return overflows(S - S.max(), y)


@softmax_loss.mistake("Can you have the log of a probability without the probability?", code="M21")
def log_of_underflow(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": -torch.softmax(S, 1).gather(1, y[:, None]).log().mean()}


@softmax_loss.mistake("You are sure and wrong, by 2000. What should it cost? What does it here?", code="M23")
def small_number_in_log(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": -(torch.softmax(S, 1).gather(1, y[:, None]) + 1e-8).log().mean()}


@softmax_loss.mistake("Which numbers should sum to one: those of an image, or those of a class?", code="M14")
def normalised_down_the_columns(S: Tensor, y: Tensor) -> Tensor:
    return -torch.log_softmax(S, dim=0).gather(1, y[:, None]).mean()


@softmax_loss.mistake("How many times does a score go through softmax before the log?", code="M37")
def softmax_twice(S: Tensor, y: Tensor) -> Tensor:
    return cross_entropy(torch.softmax(S, 1), y)
