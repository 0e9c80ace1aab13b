"""What is minimised in place of the divergence: the cross-entropy."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor, xlogy

from grader import Case, question

from .checks import check_distribution
from .pairs import pairs


@question(H=5)
def cross_entropy(p: Tensor, q: Tensor) -> Tensor:
    """Cross-entropy of the model q under the data p, H(p, q): the sum over k of -p_k log q_k, natural log.

    p (K,), q (K,); H (). Where p_k = 0 the term is 0, whatever q_k is; where q_k = 0 < p_k it is inf. A negative
    entry, or a sum that is not one (up to 1e-6), raises ValueError.  [TU Delft deep learning, ML refresh]"""
    check_distribution(p)
    check_distribution(q)
    return -xlogy(p, q).sum()


@cross_entropy.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two coins", p=np.array([0.5, 0.5]), q=np.array([0.75, 0.25]))
    yield Case("a label", p=np.array([0.0, 1.0, 0.0]), q=np.array([0.5, 0.25, 0.25]))
    yield Case("never in the data", p=np.array([0.5, 0.5, 0.0]), q=np.array([0.5, 0.5, 0.0]))
    yield Case("not a distribution", raises=ValueError, p=np.array([0.5, 0.75]), q=np.array([0.5, 0.5]))
    yield from pairs(rng)


@cross_entropy.mistake("Of which of the two is the log taken: of what happens, or of what the model says?")
def arguments_swapped(p: Tensor, q: Tensor) -> Tensor:
    return -xlogy(q, p).sum()


@cross_entropy.mistake("Let the model be perfect. Is what is left then zero, or the entropy of p?")
def divergence_instead(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"H": out.H + xlogy(p, p).sum()}


@cross_entropy.mistake("The log of a probability is negative. Is a cost?", code="M05")
def sign_lost(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"H": -out.H}


@cross_entropy.mistake("It is always 2.3 times too small. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / math.log(10)}


@cross_entropy.mistake("It is always 1.44 times too large. Which logarithm?", code="M04")
def in_bits(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / math.log(2)}


@cross_entropy.mistake("Neither data nor model ever see an outcome. What is it worth, and what is 0 times inf?")
def zero_times_infinity(p: Tensor, q: Tensor) -> Tensor:
    return -(p * q.log()).sum()


@cross_entropy.mistake("The model gives 0 to what happens. Is that a large cost or an infinite one?", code="M23")
def small_number_in_log(p: Tensor, q: Tensor) -> Tensor:
    return -(p * (q + 1e-12).log()).sum()


@cross_entropy.mistake("This is what the two-class formula adds. With five classes, who says that k did not happen?")
def other_side_added(p: Tensor, q: Tensor) -> Tensor:
    return -(xlogy(p, q) + xlogy(1 - p, 1 - q)).sum()


@cross_entropy.mistake("Over the outcomes: a sum or a mean?", code="M03")
def mean_over_outcomes(out: Any, p: Tensor, q: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / len(p)}
