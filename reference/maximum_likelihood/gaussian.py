"""Targets under a Gaussian around the prediction: the mean negative log-likelihood."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, Terms, question


@question(nll=7)
def gaussian_nll(y: Tensor, t: Tensor, sigma: float) -> Terms:
    """Mean over examples of -log of the Gaussian density of t with mean y and standard deviation sigma.

    y (N,), t (N,), sigma > 0; nll (). A sigma of 0 or less raises ValueError.  [TU Delft deep learning, ML refresh]"""
    if sigma <= 0:
        raise ValueError("a standard deviation is positive")
    data = (((t - y) / sigma) ** 2).mean() / 2
    return Terms(data=data, spread=math.log(sigma), constant=math.log(2 * math.pi) / 2)


@gaussian_nll.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two points, sigma 1", y=np.array([1.0, 2.0]), t=np.array([2.0, 4.0]), sigma=1.0)
    yield Case("two points, sigma 2", y=np.array([1.0, 2.0]), t=np.array([2.0, 4.0]), sigma=2.0)
    yield Case("no spread", raises=ValueError, y=np.array([1.0]), t=np.array([2.0]), sigma=0.0)
    for name, N, sigma in [("six, wide", 6, 3.0), ("five, narrow", 5, 0.25), ("one example", 1, 1.75)]:
        yield Case(name, hidden=True, y=rng.normal(size=N), t=rng.normal(scale=2, size=N), sigma=sigma)
    y = rng.normal(size=4)
    yield Case("no error at all", hidden=True, y=y, t=y, sigma=0.5)
    yield Case("far out", hidden=True, y=rng.normal(size=3), t=rng.normal(loc=50, size=3), sigma=0.75)
    y = rng.integers(-16, 17, size=5) / 8  # float32 holds all of this exactly, sigma too
    t = y + rng.permutation([-3, -1, 0, 2, 3]) / 2.0**13
    yield Case("very narrow", hidden=True, y=y, t=t, sigma=2.0**-12)
    single = [rng.normal(size=(7, 2)).astype(np.float32)[:, 1] for _ in range(2)]
    single[0].flags.writeable = single[1].flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, y=single[0], t=single[1], sigma=1.5)
    yield Case(
        "negative spread", hidden=True, raises=ValueError, y=rng.normal(size=2), t=rng.normal(size=2), sigma=-1.0
    )
    yield Case("spread of zero", hidden=True, raises=ValueError, y=rng.normal(size=3), t=rng.normal(size=3), sigma=0.0)


@gaussian_nll.mistake("With y = t and sigma = 1, how dense is a Gaussian at its peak? Is that 1?", code="M06")
def constant_missing(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return (((t - y) / sigma) ** 2).mean() / 2 + math.log(sigma)


@gaussian_nll.mistake("Make the Gaussian wider while y = t. Does its peak not sink?", code="M06")
def spread_missing(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return (((t - y) / sigma) ** 2).mean() / 2 + math.log(2 * math.pi) / 2


@gaussian_nll.mistake("Both that do not depend on y are gone. Is this still the log of a density?", code="M06")
def error_alone(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return (((t - y) / sigma) ** 2).mean() / 2


@gaussian_nll.mistake("An error of two sigmas: is what you square the 2, or the error alone?")
def sigma_not_squared(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return ((t - y) ** 2 / sigma).mean() / 2 + math.log(sigma) + math.log(2 * math.pi) / 2


@gaussian_nll.mistake("Is the third argument a standard deviation or a variance?")
def sigma_as_variance(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return ((t - y) ** 2 / sigma).mean() / 2 + math.log(sigma) / 2 + math.log(2 * math.pi) / 2


@gaussian_nll.mistake("Write down the density. Which factor stands in its exponent?", code="M04")
def half_forgotten(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return (((t - y) / sigma) ** 2).mean() + math.log(sigma) + math.log(2 * math.pi) / 2


@gaussian_nll.mistake(
    "In front of the exponential stands one over a root. What does the log make of the root?", code="M04"
)
def root_forgotten(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return (((t - y) / sigma) ** 2).mean() / 2 + math.log(sigma) + math.log(2 * math.pi)


@gaussian_nll.mistake("Hand in every example twice. Should the cost double?", code="M01")
def summed(out: Any, y: Tensor, t: Tensor, sigma: float) -> dict[str, Tensor]:
    return {"nll": out.nll * len(y)}


@gaussian_nll.mistake("Give every example twice. Do all of your terms stay?", code="M01")
def errors_summed(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    return (((t - y) / sigma) ** 2).sum() / 2 + math.log(sigma) + math.log(2 * math.pi) / 2


@gaussian_nll.mistake("Is a likely answer cheap or dear? Which way does your number go?", code="M05")
def sign_lost(out: Any, y: Tensor, t: Tensor, sigma: float) -> dict[str, Tensor]:
    return {"nll": -out.nll}


@gaussian_nll.mistake(
    "Seventy sigmas out, what is the density to a computer? Do you need it, to have its log?", code="M21"
)
def log_of_underflow(y: Tensor, t: Tensor, sigma: float) -> Tensor:
    density = torch.exp(-(((t - y) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))
    return -density.log().mean()
