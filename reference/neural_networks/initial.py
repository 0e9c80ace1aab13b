"""Where training starts: at random, so that no two hidden units are twins."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, prop, question


@question(thetas=0)
def initialise(sizes: list[int], seed: int) -> list[Tensor]:
    """Random matrices for a network with layers of these sizes, for training to start from.

    sizes a list s_1, ..., s_L, seed >= 0; thetas a list of L - 1 matrices, the l-th of shape (s_l+1, s_l + 1), the
    same for the same seed.  [WPI CS 539, backpropagation: initialise all weights randomly, NOT to 0]"""
    rng = np.random.default_rng(seed)
    made = [rng.normal(size=(above, below + 1)) / below**0.5 for below, above in pairwise(sizes)]
    return [torch.from_numpy(theta) for theta in made]


@prop(
    4,
    thetas=initialise.called("sizes", "seed"),
    again=initialise.called("sizes", "seed"),
    other=initialise.called("sizes", "other_seed"),
)
def random_start(thetas: Any, again: Any, other: Any) -> Any:
    """Units of one layer start with different weights, one seed gives the same start again, another seed another one.

    Of the weights but those of the bias units: each is below 10 in magnitude, those of one unit are not all one
    number, and two seeds differ by more than one number that is added everywhere.
    [WPI CS 539, backpropagation]"""
    both = [theta[:, 1:] for theta in [*thetas, *other]]
    gaps = [np.abs(theta[:, None] - theta[None]).max(axis=2) for theta in both]
    twins = any(np.count_nonzero(gap == 0) > len(gap) for gap in gaps)  # beside each unit and itself
    sensible = all((np.abs(theta) < 10).all() and (np.ptp(theta, axis=1) > 0).all() for theta in both)
    same = all(np.array_equal(a, b) for a, b in zip(thetas, again, strict=True))
    moved = all(np.ptp(a[:, 1:] - b[:, 1:]) > 1e-6 for a, b in zip(thetas, other, strict=True))
    return same and moved and sensible and not twins


@random_start.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("2, 3 and 1 units", sizes=[2, 3, 1], seed=0, other_seed=1)
    first, second = (int(n) for n in rng.choice(10**6, size=2, replace=False))
    yield Case("four layers", hidden=True, sizes=[5, 4, 4, 3], seed=first, other_seed=second)
    yield Case("one layer", hidden=True, sizes=[3, 2], seed=second, other_seed=first)
