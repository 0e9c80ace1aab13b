"""How uncertain a distribution is: its entropy."""
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


@question(H=5)
def entropy(p: Tensor) -> Tensor:
    """Entropy of a distribution: the sum over k of -p_k log p_k, natural log, where 0 log 0 = 0.

    p (K,); H (). A negative entry, or a sum that is not one (up to 1e-6), raises ValueError.
    [TU Delft deep learning, ML refresh]"""
    check_distribution(p)
    return -xlogy(p, p).sum()


@entropy.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("a fair coin", p=np.array([0.5, 0.5]))
    yield Case("one of four never happens", p=np.array([0.5, 0.25, 0.25, 0.0]))
    yield Case("sums to more than one", raises=ValueError, p=np.array([0.5, 0.75]))
    yield Case("five outcomes", hidden=True, p=rng.dirichlet(np.full(5, 2.0)))
    yield Case("ten of equal probability", hidden=True, p=np.full(10, 0.1))
    yield Case("certain", hidden=True, p=rng.permutation([0.0, 1.0, 0.0]))
    yield Case("one outcome", hidden=True, p=np.array([1.0]))
    yield Case("many never happen", hidden=True, p=rng.permutation([*rng.dirichlet(np.full(3, 2.0)), 0.0, 0.0, 0.0]))
    p = np.append(rng.dirichlet(np.full(3, 2.0)), [1.5e-3, 1e-5])
    yield Case("rare outcomes", hidden=True, p=rng.permutation(p / p.sum()))
    rare = [rng.uniform(1e-9, 2e-9), rng.uniform(2e-6, 3e-6)]
    yield Case("nearly certain", hidden=True, p=np.array([*rare, 1 - sum(rare)]))
    yield Case("one but for rounding", hidden=True, p=rng.dirichlet(np.full(4, 2.0)) * (1 + 3e-8))
    p = rng.dirichlet(np.full(6, 2.0)).astype(np.float32).repeat(2)[::2]
    p.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, p=p)
    yield Case("negative", hidden=True, raises=ValueError, p=rng.permutation([0.75, -0.25, 0.5]))
    yield Case("too little", hidden=True, raises=ValueError, p=rng.uniform(0.05, 0.2, size=4))
    yield Case("too much", hidden=True, raises=ValueError, p=rng.uniform(0.3, 0.9, size=5))
    p = rng.dirichlet(np.full(4, 2.0)) * 1.00005  # np.isclose, as it comes, takes a hundred thousandth
    yield Case("a little too much", hidden=True, raises=ValueError, p=p)


@entropy.mistake("Is a certain thing less surprising than nothing? Which sign has the log of a half?", code="M05")
def sign_lost(out: Any, p: Tensor) -> dict[str, Tensor]:
    return {"H": -out.H}


@entropy.mistake("A fair coin has one bit. Are bits what is asked for?", code="M04")
def in_bits(out: Any, p: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / math.log(2)}


@entropy.mistake("A fair coin has 0.69, not 0.30. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, p: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / math.log(10)}


@entropy.mistake("Add an outcome that never happens. What is 0 times the log of 0 here, and what should it be?")
def zero_times_infinity(p: Tensor) -> Tensor:
    return -(p * p.log()).sum()


@entropy.mistake("What is bound to happen surprises nobody. Is your H then 0, or 1e-12 away from it?", code="M23")
def small_number_in_log(p: Tensor) -> Tensor:
    return -(p * (p + 1e-12).log()).sum()


@entropy.mistake("A rare outcome is a great surprise. How often are you surprised so?")
def not_weighted(p: Tensor) -> Tensor:
    return -torch.where(p > 0, p, 1.0).log().sum()


@entropy.mistake("Ten outcomes of equal probability: more to learn than from two. Does your H grow?", code="M03")
def mean_over_outcomes(out: Any, p: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / len(p)}
