"""What an author's property may say of arrays: `close`, `at_most`, and running its source on them.

The source is the author's, extracted when the key was frozen and carried in it. It is run where answers are judged,
which is no `exec` of student text: the key is ours, with a digest; students send arrays, and no string of theirs is
ever compiled. A public key brings such source to a student's machine as the handout brings fixtures.py: both are the
course's. The few names that it sees keep it self-contained; they are no wall against its author."""

from __future__ import annotations

import builtins
import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import CodeType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .model import Array, Bound
from .tolerance import EPS32, EPS64, NOISE_FACTOR, RTOL, distance

WORDS = """
    abs all any bool dict enumerate float int isinstance len list map max min range reversed round set sorted str
    sum tuple zip"""
BUILTINS = {word: getattr(builtins, word) for word in WORDS.split()}
HELPERS = ("np", "math", "close", "at_most")


@dataclass(frozen=True)
class Room:
    """How far two sides may lie apart: the row of the table, and the rounding noise that the answers bring along."""

    rtol: float = RTOL["float64"]
    floor: float = NOISE_FACTOR * EPS64

    def bound(self, b: Array, scale: float | None) -> Bound:
        finite = np.abs(b[np.isfinite(b)])
        size = max(float(finite.max(initial=0.0)), scale or 0.0)
        eps = EPS64 if self.rtol <= RTOL["float64"] else EPS32
        rounding = NOISE_FACTOR * eps * (size or 1.0)
        return Bound(self.rtol, self.rtol * size + max(self.floor, rounding))

    def close(self, a: ArrayLike, b: ArrayLike, scale: float | None = None) -> Array:
        left, right = _pair("close", a, b)
        with np.errstate(all="ignore"):
            return distance(left, right, self.bound(right, scale)) <= 1.0

    def at_most(self, a: ArrayLike, b: ArrayLike, scale: float | None = None) -> Array:
        left, right = _pair("at_most", a, b)
        with np.errstate(all="ignore"):
            return (left <= right) | (distance(left, right, self.bound(right, scale)) <= 1.0)


def _pair(name: str, a: ArrayLike, b: ArrayLike) -> tuple[Array, Array]:
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if left.shape != right.shape and left.ndim and right.ndim:
        raise ValueError(f"{name}: shapes {left.shape} and {right.shape} differ; one of them may be a number")
    return left, right


def close(a: ArrayLike, b: ArrayLike, scale: float | None = None) -> Array:
    """Whether each |a - b| lies within the tolerance; shapes are equal, or one side is a number.

    Allowed is rtol * (|b| + max|finite b|) plus 64 times the rounding noise, by the table of tolerance.py: in a
    property, by the row of the coarsest answer, and with the noise that was measured for the answers when the key
    was frozen. Where b is 0 by cancellation, `scale` says what it is small against: `close(dS.sum(1), 0,
    scale=np.abs(dS).max())`. NaN is never close; infinities must be equal, in place. Raises ValueError."""
    return Room().close(a, b, scale)


def at_most(a: ArrayLike, b: ArrayLike, scale: float | None = None) -> Array:
    """Whether each a <= b, or close to it, with the tolerance of `close`. NaN never is. Raises ValueError."""
    return Room().at_most(a, b, scale)


class Outputs:
    """What one call with several outputs gave, each under its name: `L.loss`, `L.dS`.

    An output is read, and its shape checked, only when the property looks at it."""

    def __init__(self, names: tuple[str, ...], read: Any) -> None:
        self._names, self._read = names, read

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._names:
            raise AttributeError(f"no output {name!r}; there are {', '.join(self._names)}")
        return self._read(name)


def run_predicate(source: str, name: str, arguments: Mapping[str, Any], room: Room) -> Array:
    """Run the function `name` of an author's source; whether each element of its answer holds.

    `arguments` holds at least its parameters. Raises what it raises, and TypeError where it returns no bool."""
    inside = {**BUILTINS, "__import__": builtins.__import__}  # NumPy's own: x.sum() imports on first use
    known = {"__builtins__": inside, "np": np, "math": math, "close": room.close, "at_most": room.at_most}
    exec(_compiled(source, name), known)  # the author's, out of the key: see the head of this file
    function: Any = known[name]
    wanted = function.__code__.co_varnames[: function.__code__.co_argcount]
    with np.errstate(all="ignore"):
        told = function(*(arguments[parameter] for parameter in wanted))
    if not isinstance(told, (bool, np.bool_)) and not (isinstance(told, np.ndarray) and told.dtype == np.bool_):
        raise TypeError(f"returned a {type(told).__name__}, no bool")
    truth = np.asarray(told)
    if not truth.size:
        raise TypeError("returned an empty array, which says nothing")
    return truth


@functools.lru_cache(maxsize=256)
def _compiled(source: str, name: str) -> CodeType:
    return compile(source, f"property {name}", "exec", dont_inherit=True)
