"""Pairs of distributions, data and model: the hidden cases of the divergence and of the cross-entropy."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader import Case

# What both of the questions refuse: name, p, q.
NO_DISTRIBUTIONS = [
    ("p is negative somewhere", [0.75, -0.25, 0.5], [0.2, 0.3, 0.5]),
    ("q is negative somewhere", [0.2, 0.3, 0.5], [0.75, -0.25, 0.5]),
    ("p sums to more than one", [0.5, 0.75], [0.5, 0.5]),
    ("q sums to less than one", [0.5, 0.5], [0.25, 0.5]),
]


def pairs(rng: np.random.Generator) -> Iterator[Case]:
    """The hidden pairs p, q of the questions on two distributions."""
    p, q = rng.dirichlet(np.full(5, 2.0)), rng.dirichlet(np.full(5, 2.0))
    yield Case("five outcomes", hidden=True, p=p, q=q)
    p, q = far_apart(rng, 3)
    yield Case("far apart", hidden=True, p=p, q=q)
    p = np.array([*rng.dirichlet(np.full(3, 2.0)), 0.0])
    yield Case("p is zero somewhere", hidden=True, p=p, q=rng.dirichlet(np.full(4, 2.0)))
    p, q = rng.dirichlet(np.full(3, 2.0)), rng.dirichlet(np.full(3, 2.0))
    yield Case("both are zero somewhere", hidden=True, p=np.insert(p, 1, 0.0), q=np.insert(q, 1, 0.0))
    q = np.insert(rng.dirichlet(np.full(3, 2.0)), 2, 0.0)
    yield Case("q is zero where p is not", hidden=True, p=rng.dirichlet(np.full(4, 2.0)), q=q)
    p = rng.dirichlet(np.full(6, 2.0))
    yield Case("the same", hidden=True, p=p, q=p)
    yield Case("one outcome", hidden=True, p=np.ones(1), q=np.ones(1))
    p = rng.dirichlet(np.full(3, 2.0))
    yield Case("q is tiny somewhere", hidden=True, p=p, q=np.array([0.5, 1e-30, 0.5]))
    p = np.append(rng.dirichlet(np.full(3, 2.0)), [1.5e-3, 1e-5])
    yield Case("rare in the data", hidden=True, p=p / p.sum(), q=rng.dirichlet(np.full(5, 2.0)))
    a, b = rng.uniform([1e-9, 2e-6], [2e-9, 3e-6]), rng.uniform([3e-9, 5e-6], [5e-9, 7e-6])
    yield Case("nearly certain", hidden=True, p=np.append(a, 1 - a.sum()), q=np.append(b, 1 - b.sum()))
    p, q = (rng.dirichlet(np.full(4, 2.0)) * (1 + 3e-8) for _ in range(2))
    yield Case("one but for rounding", hidden=True, p=p, q=q)
    single = [array.astype(np.float32).repeat(2)[::2] for array in far_apart(rng, 4)]
    for array in single:
        array.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, p=single[0], q=single[1])
    for name, bad_p, bad_q in NO_DISTRIBUTIONS:
        yield Case(name, hidden=True, raises=ValueError, p=np.array(bad_p), q=np.array(bad_q))
    p, q = rng.dirichlet(np.full(4, 2.0)), rng.dirichlet(np.full(4, 2.0))
    much = 1.00005  # np.isclose, as it comes, takes a hundred thousandth
    yield Case("p sums to a little too much", hidden=True, raises=ValueError, p=p * much, q=q)
    yield Case("q sums to a little too much", hidden=True, raises=ValueError, p=p, q=q * much)


def far_apart(rng: np.random.Generator, K: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Two distributions, one of which prefers the last outcome and the other the first."""
    slope = np.arange(K) * rng.uniform(1.0, 1.5)
    p, q = np.exp(slope), np.exp(-slope / 2)
    return p / p.sum(), q / q.sum()
