"""How far a model is from the data: the Kullback-Leibler divergence."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, xlogy

from grader import Case, question

from .checks import check_distribution
from .pairs import pairs


@question(D=7)
def kl_divergence(p: Tensor, q: Tensor) -> Tensor:
    """Divergence of the model q from the data p, D(p||q): the sum over k of p_k log(p_k / q_k), natural log.

    p (K,), q (K,); D (). Where p_k = 0 the term is 0, whatever q_k is; where q_k = 0 < p_k it is inf. A negative
    entry, or a sum that is not one (up to 1e-6), raises ValueError.  [TU Delft deep learning, ML refresh]"""
    check_distribution(p)
    check_distribution(q)
    return (xlogy(p, p) - xlogy(p, q)).sum()


@kl_divergence.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two coins", p=np.array([0.5, 0.5]), q=np.array([0.75, 0.25]))
    yield Case("never in the data", p=np.array([0.5, 0.5, 0.0]), q=np.array([0.25, 0.5, 0.25]))
    yield Case("never in the model", p=np.array([0.25, 0.5, 0.25]), q=np.array([0.5, 0.5, 0.0]))
    yield Case("not a distribution", raises=ValueError, p=np.array([0.5, 0.5]), q=np.array([0.5, 0.25]))
    yield from pairs(rng)


@kl_divergence.mistake("Which of the two is the data: in whose world do you average?")
def arguments_swapped(p: Tensor, q: Tensor) -> Tensor:
    return (xlogy(q, q) - xlogy(q, p)).sum()


@kl_divergence.mistake("The same thing cannot be unlike itself, and unlike is positive. Which over which?", code="M05")
def ratio_inverted(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"D": -out.D}


@kl_divergence.mistake("What is the divergence of p from itself? What is yours?", code="M06")
def entropy_not_taken_away(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"D": -xlogy(p, q).sum()}


@kl_divergence.mistake("Your answer is in bits. Which logarithm does the docstring name?", code="M04")
def in_bits(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"D": out.D / math.log(2)}


@kl_divergence.mistake("It is always 2.3 times too small. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"D": out.D / math.log(10)}


@kl_divergence.mistake("An outcome never happens in the data. Should it count at all?")
def zero_times_infinity(p: Tensor, q: Tensor) -> Tensor:
    return (p * (p / q).log()).sum()


@kl_divergence.mistake("The model calls impossible what happens. How bad can that be?")
def impossible_left_out(p: Tensor, q: Tensor) -> Tensor:
    both = (p > 0) & (q > 0)
    return (xlogy(p, p) - xlogy(p, q))[both].sum()


@kl_divergence.mistake("Your model gives 1e-30 to what happens. Does your code see 1e-30?", code="M23")
def small_number_in_log(p: Tensor, q: Tensor) -> Tensor:
    return (p * ((p + 1e-12) / (q + 1e-12)).log()).sum()


@kl_divergence.mistake("A difference that is rare in the data: does it count as much as a common one?")
def not_weighted(p: Tensor, q: Tensor) -> Tensor:
    return torch.where(p > 0, p / q, 1.0).log().sum()


@kl_divergence.mistake("Over the outcomes: a sum or a mean?", code="M03")
def mean_over_outcomes(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"D": out.D / len(p)}
