"""Binary labels under a Bernoulli distribution: the mean negative log-likelihood."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .checks import check_binary


@question(nll=7)
def bernoulli_nll(y: Tensor, t: Tensor) -> Tensor:
    """Mean over examples of -log P(t), where P(1) = y and P(0) = 1 - y: the Bernoulli cross-entropy.

    y (N,) in [0, 1], t (N,) of 0 and 1; nll (): 0 where y = t everywhere, inf where y is sure and wrong. A y outside
    [0, 1], or a t that is neither 0 nor 1, raises ValueError.  [TU Delft deep learning, ML refresh]"""
    if (y < 0).any() or (y > 1).any():
        raise ValueError("a probability lies outside [0, 1]")
    check_binary(t)
    return -torch.where(t == 1, y, 1 - y).log().mean()


# Where y or t is a float 1, rounding it would leave its domain: kink=True measures no noise there.
@bernoulli_nll.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one of each", y=np.array([0.75, 0.5]), t=np.array([1, 0]))
    yield Case("sure and right", kink=True, y=np.array([1.0, 0.0, 0.5]), t=np.array([1, 0, 1]))
    yield Case("sure and wrong", y=np.array([0.0, 0.5]), t=np.array([1, 0]))
    yield Case("no probability", raises=ValueError, y=np.array([0.5, 1.5]), t=np.array([1, 0]))
    yield Case("seven", hidden=True, y=rng.uniform(0.05, 0.95, size=7), t=np.array([1, 0, 0, 1, 1, 0, 0]))
    yield Case("one example", hidden=True, y=rng.uniform(0.6, 0.9, size=1), t=np.array([0]))
    yield Case("all ones", hidden=True, kink=True, y=rng.uniform(0.1, 0.9, size=4), t=np.ones(4))
    yield Case("all zeros", hidden=True, y=rng.uniform(0.1, 0.9, size=5), t=np.zeros(5))
    yield Case("right for certain", hidden=True, kink=True, y=np.array([0.0, 1.0, 1.0]), t=np.array([0, 1, 1]))
    y, t = np.append(rng.uniform(0.1, 0.9, size=3), 1.0), np.array([1, 0, 1, 0])
    yield Case("wrong for certain", hidden=True, kink=True, y=y, t=t)
    yield Case("nearly zero", hidden=True, y=np.array([1e-30, 0.25, 1e-20]), t=np.array([1, 1, 0]))
    y = rng.uniform(0.1, 0.9, size=(6, 2)).astype(np.float32)[:, 0]
    y.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, y=y, t=np.array([0, 1, 1, 0, 1, 1]))
    yield Case("below zero", hidden=True, raises=ValueError, y=np.array([-0.25, 0.5]), t=np.array([0, 1]))
    yield Case("above one", hidden=True, raises=ValueError, y=np.array([0.5, 1.25]), t=np.array([0, 1]))
    yield Case("label of two", hidden=True, raises=ValueError, y=rng.uniform(0.1, 0.9, size=3), t=np.array([0, 2, 1]))
    y = rng.uniform(0.1, 0.9, size=2)
    yield Case("label of minus one", hidden=True, raises=ValueError, y=y, t=np.array([-1, 1]))
    y, t = rng.uniform(0.1, 0.9, size=3), rng.permutation([0.0, 1.0, 0.5])
    yield Case("label of a half", hidden=True, raises=ValueError, y=y, t=t)


@bernoulli_nll.mistake("Hand in every example twice. Should the cost double?", code="M01")
def summed(out: Any, y: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"nll": out.nll * len(y)}


@bernoulli_nll.mistake("y is 0.9 and t is 0. What does that cost?", code="M06")
def ones_only(y: Tensor, t: Tensor) -> Tensor:
    return -torch.where(t == 1, y, 1.0).log().mean()


@bernoulli_nll.mistake("y is 0.9. Is it better for you when t is 1, or when t is 0?")
def labels_inverted(y: Tensor, t: Tensor) -> Tensor:
    return -torch.where(t == 1, 1 - y, y).log().mean()


@bernoulli_nll.mistake("Which of the two is a probability that you can take the log of, the label or y?")
def arguments_swapped(y: Tensor, t: Tensor) -> Tensor:
    return -(y * t.to(y.dtype).log() + (1 - y) * (1 - t.to(y.dtype)).log()).mean()


@bernoulli_nll.mistake("Is a likelihood above one? Which sign has minus its log?", code="M05")
def sign_lost(out: Any, y: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"nll": -out.nll}


@bernoulli_nll.mistake("A coin toss costs 0.69, not 0.30. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, y: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"nll": out.nll / math.log(10)}


@bernoulli_nll.mistake("A coin toss costs 0.69 here, not 1. Which logarithm?", code="M04")
def log_of_base_two(out: Any, y: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"nll": out.nll / math.log(2)}


@bernoulli_nll.mistake("You are sure and right: that costs nothing. What is 0 * log(0) to NumPy?")
def zero_times_infinity(y: Tensor, t: Tensor) -> Tensor:
    return -(t * y.log() + (1 - t) * (1 - y).log()).mean()


@bernoulli_nll.mistake("You were certain, and wrong. Is that a large cost, or an infinite one?", code="M23")
def small_number_in_log(y: Tensor, t: Tensor) -> Tensor:
    return -torch.where(t == 1, y + 1e-12, 1 - y + 1e-12).log().mean()


@bernoulli_nll.mistake("That is the squared error. How likely was the label that came?")
def no_log_at_all(y: Tensor, t: Tensor) -> Tensor:
    return ((y - t) ** 2).mean()
