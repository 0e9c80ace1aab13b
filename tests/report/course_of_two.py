"""An assignment of two questions with hidden cases, for tests of what a student may see."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

from coursekit import write_course

from grader.freeze import freeze
from grader.model import AnswerKey

TWO = '''
@question(out=1, twin=1)
def first(x):
    """Twice x. x (N,); out (N,), twin (N,)."""
    return 2 * x, 2 * x


@question(out=2)
def second(x):
    """Three times x. x (N,); out (N,)."""
    return 3 * x


@first.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("name of a hidden case", hidden=True, x=rng.normal(size=3))
    yield Case("another hidden case", hidden=True, x=rng.normal(size=5))


@second.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("a third hidden case", hidden=True, x=rng.normal(size=4))


@second.mistake("Look at the slope.")
def four_times(out, x):
    return dict(out=4 * x)
'''


@functools.cache
def two_questions() -> AnswerKey:
    """The key of TWO, frozen once in a run of the tests."""
    with tempfile.TemporaryDirectory() as folder:
        return freeze(write_course(Path(folder), TWO), "demo")
