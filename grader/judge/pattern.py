"""Where the wrong elements of an array lie, or what was done to all of it: one Pattern, or none. Numbers only.

A pattern is an observation that holds for every wrong element within the tolerance. What was done to the values
(a factor, a transpose) is named before where they lie, and of the places the smallest. Nothing is made of one
wrong element: that is its index."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model import Array, Bound, Value

CLEAR = 100.0  # units: a fit to errors nearer the tolerance than this would fit noise too
ENOUGH = 3  # elements that a fitted number needs
ROUNDING = 1e-12  # relative room of a fitted number where answers are compared exactly

Lines = frozenset[tuple[int, int]]  # (axis, index)


@dataclass(frozen=True)
class Pattern:
    """What the wrong elements of one array have in common.

    kind: of the values "zeros", "sign", "factor", "transposed", "exchanged" or "offset"; of the places "bias",
    "line", "diagonal", "off diagonal", "at zeros", "off zeros" or "all". A line is a row (axis 0) or a column
    (axis 1) of a matrix, and any slice of an array with more axes. value: k of the factor (answer = k * expected),
    c of the offset (answer = expected + c)."""

    kind: str
    axis: int | None = None  # of "line", "bias", "exchanged"
    indices: tuple[int, ...] = ()  # along that axis: one, or two for "exchanged"
    value: float | None = None


def find(answer: Array, expected: Array, bound: Bound, units: Array, ones: Lines = frozenset()) -> Pattern | None:
    """The most specific pattern that explains all wrong elements, or None.

    answer and expected are of one shape; units is their distance in units of the tolerance; ones are the lines
    of the output that belong to a feature that is always 1."""
    wrong = units > 1.0
    count = int(wrong.sum())
    if count == 1 and wrong.ndim == 1 and wrong.size > 1:
        index = int(wrong.argmax())
        return Pattern("bias", 0, (index,)) if (0, index) in ones else None
    if count < 2:
        return None
    with np.errstate(all="ignore"):  # answers may be huge
        a, e = np.asarray(answer, dtype=np.float64), np.asarray(expected, dtype=np.float64)
        found = _change(a, e, bound, wrong) if float(units.max()) > CLEAR else None
    return found or _place(wrong, e == 0, ones)


# -- what was done to the values ------------------------------------------------------------------------------


def _change(a: Array, e: Array, bound: Bound, wrong: Array) -> Pattern | None:
    if not a.any():
        return Pattern("zeros")
    finite = np.isfinite(a) & np.isfinite(e)
    return (
        _scaled(a, e, bound, finite & (e != 0), wrong)
        or _moved(a, e, bound, wrong)
        or _shifted(a, e, bound, finite, wrong)
    )


def _equal(a: Array, target: Array, bound: Bound) -> bool:
    """Whether tolerance.distance is at most 1 everywhere, in fewer steps: this is asked of every wrong answer."""
    near = (np.abs(a - target) <= bound.atol + bound.rtol * np.abs(target)) & np.isfinite(target)
    return bool((near | (a == target)).all())


def _scaled(a: Array, e: Array, bound: Bound, used: Array, wrong: Array) -> Pattern | None:
    """answer = k * expected: k by least squares over the finite elements whose expected value is not 0."""
    if int((wrong & used).sum()) < ENOUGH:
        return None
    scale = float(np.abs(e[used]).max())
    unit = e[used] / scale  # the squares of very large or small values would not be finite
    k = float(np.sum(a[used] * unit) / np.sum(unit * unit) / scale)
    if abs(k + 1.0) < 0.01 and _equal(a, -e, bound):
        return Pattern("sign")
    room = Bound(max(bound.rtol, ROUNDING), bound.atol * abs(k))
    fits = np.isfinite(k) and k not in (0.0, 1.0) and _equal(a, k * e, room)
    return Pattern("factor", value=k) if fits else None


def _moved(a: Array, e: Array, bound: Bound, wrong: Array) -> Pattern | None:
    """Right values in wrong places: a square matrix turned, or two lines exchanged."""
    if a.ndim == 2 and a.shape[0] == a.shape[1] and _equal(a, e.T, bound):
        return Pattern("transposed")
    for axis in range(a.ndim):
        lines = _lines(wrong, axis)
        if len(lines) == 2:
            order = np.arange(a.shape[axis])
            order[lines] = lines[::-1]
            if _equal(a, e.take(order, axis), bound):
                return Pattern("exchanged", axis, (int(lines[0]), int(lines[1])))
    return None


def _shifted(a: Array, e: Array, bound: Bound, finite: Array, wrong: Array) -> Pattern | None:
    """answer = expected + c in every finite element."""
    if int((wrong & finite).sum()) < ENOUGH:
        return None
    c = float(np.mean(a[finite] - e[finite]))
    room = Bound(max(bound.rtol, ROUNDING), bound.atol + max(bound.rtol, ROUNDING) * abs(c))
    return Pattern("offset", value=c) if np.isfinite(c) and _equal(a, e + c, room) else None


# -- where they lie -------------------------------------------------------------------------------------------


def _place(wrong: Array, zero: Array, ones: Lines) -> Pattern | None:
    """The smallest region that holds all wrong elements; of regions of one size the first below."""
    found = list(_regions(wrong, zero, ones))
    return min(found, key=lambda region: region[1])[0] if found else None


def _regions(wrong: Array, zero: Array, ones: Lines) -> Iterator[tuple[Pattern, int]]:
    """Regions that hold all wrong elements, with their sizes.

    Most of a small region must be wrong, and all of one that is most of the array: else chance would name it."""
    count, size = int(wrong.sum()), wrong.size
    for axis in range(wrong.ndim):
        lines, length = _lines(wrong, axis), size // wrong.shape[axis]
        if len(lines) == 1 and wrong.shape[axis] > 1:
            at = int(lines[0])
            if (axis, at) in ones:
                yield Pattern("bias", axis, (at,)), length
            elif 2 * count > length:
                yield Pattern("line", axis, (at,)), length
    if wrong.ndim == 2 and wrong.shape[0] == wrong.shape[1]:
        n, eye = len(wrong), np.eye(len(wrong), dtype=bool)
        if not wrong[~eye].any() and 2 * count > n:
            yield Pattern("diagonal"), n
        if (wrong == ~eye).all():
            yield Pattern("off diagonal"), size - n
    zeros = int(zero.sum())
    if 2 <= zeros <= size - 2:
        if not wrong[~zero].any() and 2 * count > zeros:
            yield Pattern("at zeros"), zeros
        if (wrong == ~zero).all():
            yield Pattern("off zeros"), size - zeros
    if count == size:
        yield Pattern("all"), size


def _lines(wrong: Array, axis: int) -> Array:
    """Indices along an axis at which something is wrong."""
    return np.flatnonzero(wrong.any(axis=tuple(k for k in range(wrong.ndim) if k != axis)))


def lines_of_ones(inputs: Mapping[str, Value], wrt: str | None, expected: Any) -> Lines:
    """Lines of a gradient that belong to a feature that is always 1: what the bias trick adds to a batch.

    inputs of a case; wrt the argument that the gradient is of (its own values say nothing). A batch is a float
    matrix (N, D) of at least two rows of which exactly one column is all ones; the gradient's last axis of length D
    belongs to its columns, and where that has another length, a first axis of length D does."""
    if wrt is None or not isinstance(expected, np.ndarray) or expected.ndim not in (1, 2):
        return frozenset()
    found = set()
    for name, value in inputs.items():
        if name == wrt or not isinstance(value, np.ndarray) or value.ndim != 2 or value.dtype.kind != "f":
            continue
        columns = np.flatnonzero((value == 1).all(axis=0))
        if len(value) < 2 or len(columns) != 1:
            continue
        axes = [axis for axis in (expected.ndim - 1, 0) if expected.shape[axis] == value.shape[1]]
        found |= {(axis, int(columns[0])) for axis in axes[:1]}
    return frozenset(found)
