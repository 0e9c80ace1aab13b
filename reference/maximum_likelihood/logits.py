"""Logits and labels of a logistic unit y = sigma(z): the hidden cases of the two losses of it."""

from collections.abc import Iterator

import numpy as np

from grader import Case


def logits(rng: np.random.Generator) -> Iterator[Case]:
    """The hidden cases of both questions."""
    z, t = rng.normal(scale=2, size=7), np.array([1, 0, 0, 1, 1, 0, 1])
    yield Case("seven", hidden=True, z=z, t=t)
    yield Case("one example", hidden=True, z=rng.uniform(0.3, 1.5, size=1), t=np.array([1]))
    yield Case("undecided", hidden=True, z=np.zeros(4), t=np.array([0, 1, 1, 0]))
    z = rng.normal(size=5)
    yield Case("all ones", hidden=True, z=z, t=np.ones(5))
    z = np.array([-1000.0, 1000.0, 1000.0, -1000.0, 0.5, -0.25])
    yield Case("thousands", hidden=True, z=z, t=np.array([1, 0, 1, 0, 0, 1]))
    yield Case("very wrong", hidden=True, z=np.array([-12.0, 6.0, -20.0]) + rng.uniform(size=3), t=np.array([1, 0, 1]))
    z = np.array([-1e4, 2e3, -3e3, 4e3])
    yield Case("nothing but huge", hidden=True, z=z, t=np.array([1, 0, 0, 1]))
    z = rng.normal(size=6)
    z[4] = z[1]
    yield Case("an example twice", hidden=True, z=z, t=np.array([0.0, 1.0, 1.0, 0.0, 1.0, 0.0]))
    single = rng.normal(scale=2, size=(6, 2)).astype(np.float32)[:, 1]
    single.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, z=single, t=np.array([0, 1, 0, 0, 1, 1]))
