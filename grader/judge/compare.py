"""One answer against one expected value: what is wrong with it, where and by how much. Numbers, no sentences.

The order is fixed: did data come, how many, shape, dtype, finite in place, distance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from ..model import Array, Bound, Value
from ..tolerance import distance, row_for
from ..wire import Unusable
from .pattern import Lines, Pattern, find


@dataclass(frozen=True)
class Mismatch:
    """An array of the right shape with wrong elements. The worst is the farthest in units of the tolerance; one
    that is not finite where a finite number is expected comes first."""

    dtype: str  # row of the tolerance table: "float64" or "float32"
    shape: tuple[int, ...]
    wrong: int
    total: int
    index: tuple[int, ...]  # of the worst element, as are the numbers below
    got: float
    expected: float
    difference: float  # |got - expected|
    relative: float  # difference / |expected|; inf where 0 is expected
    allowed: float  # the largest difference that is right; 0 where compared exactly
    pattern: Pattern | None = None


@dataclass(frozen=True, eq=False)
class Misfit:
    """An answer that cannot be compared element by element.

    what: "text" (wanted is a text or None), "type" (wanted is "list", "dict" or "array"), "items" (numbers of items),
    "keys" (mappings), "shape" (shapes), "no data" (got is an Unusable)."""

    what: str
    got: Value
    wanted: Value


@dataclass(frozen=True, eq=False)
class Comparison:
    """What became of one answer. kind: "" where it is right, else "wrong value", "wrong shape", "wrong type" or
    "not finite"; distance in units of the tolerance, None where there is none. In a list or dict the first wrong
    item is told."""

    path: str  # the output, with [i] and ['key'] of what it holds
    kind: str = ""
    distance: float | None = None
    detail: Mismatch | Misfit | None = None

    @property
    def right(self) -> bool:
        return not self.kind


def compare(
    name: str,
    answer: Value,
    expected: Value,
    rows: Mapping[str, Bound],
    ones: Lines = frozenset(),
    parts: Mapping[str, Mapping[str, Bound]] = MappingProxyType({}),
    detailed: bool = True,
) -> Comparison:
    """Compare an answer with an expected value, which may be a list or dict of values.

    rows are the tolerances by dtype of the answer; parts those of the parts of a list or dict, by path; ones are the
    lines (axis, index) of an expected array that belong to a feature that is always 1, for naming the bias.
    Unless `detailed`, no Mismatch is made: kind and distance are the same."""
    if isinstance(answer, np.ndarray) and isinstance(expected, np.ndarray):
        return _arrays(name, answer, expected, rows, ones, detailed)
    if isinstance(answer, Unusable):
        return _unusable(name, answer, expected)
    if expected is None or isinstance(expected, str):
        if type(answer) is type(expected) and answer == expected:
            return Comparison(name, distance=0.0)
        kind = "wrong value" if type(answer) is type(expected) else "wrong type"
        return Comparison(name, kind, None, Misfit("text", answer, expected))
    if isinstance(expected, list):
        if not (isinstance(answer, list) or (isinstance(answer, np.ndarray) and answer.ndim)):
            return Comparison(name, "wrong type", None, Misfit("type", answer, "list"))
        if len(answer) != len(expected):  # before a list is made of rows, of which there may be 10^12 without a byte
            return Comparison(name, "wrong shape", None, Misfit("items", len(answer), len(expected)))
        pairs = zip(answer, expected, strict=True)
        return _first_wrong(
            name, [_part(f"{name}[{i}]", a, e, rows, parts, detailed) for i, (a, e) in enumerate(pairs)]
        )
    if isinstance(expected, Mapping):
        if not isinstance(answer, Mapping):
            return Comparison(name, "wrong type", None, Misfit("type", answer, "dict"))
        if answer.keys() != expected.keys():
            return Comparison(name, "wrong shape", None, Misfit("keys", answer, expected))
        return _first_wrong(
            name, [_part(f"{name}[{key!r}]", answer[key], e, rows, parts, detailed) for key, e in expected.items()]
        )
    answer = _stacked(answer)
    if isinstance(answer, (list, str, Mapping)) or answer is None:
        return Comparison(name, "wrong type", None, Misfit("type", answer, "array"))
    return _arrays(name, np.asarray(answer), np.asarray(expected), rows, ones, detailed)


def _part(
    path: str,
    answer: Value,
    expected: Value,
    rows: Mapping[str, Bound],
    parts: Mapping[str, Mapping[str, Bound]],
    detailed: bool,
) -> Comparison:
    return compare(path, answer, expected, parts.get(path, rows), parts=parts, detailed=detailed)


def _unusable(name: str, answer: Unusable, expected: Value) -> Comparison:
    shape = None if expected is None or isinstance(expected, (list, Mapping, str)) else np.shape(expected)
    if answer.shape is not None and shape is not None and answer.shape != shape:
        return Comparison(name, "wrong shape", None, Misfit("shape", answer.shape, shape))
    return Comparison(name, "wrong type", None, Misfit("no data", answer, expected))


def _first_wrong(name: str, parts: list[Comparison]) -> Comparison:
    """The first wrong part, at the distance of the farthest."""
    wrong = [part for part in parts if not part.right]
    if not wrong:
        return Comparison(name, distance=max((p.distance or 0.0 for p in parts), default=0.0))
    far = [p.distance for p in wrong if p.distance is not None]
    return replace(wrong[0], distance=max(far) if len(far) == len(wrong) else None)


def _stacked(answer: Value) -> Value:
    """A list of numbers, or of arrays of one shape, as an array; anything else as it is."""
    if not isinstance(answer, list):
        return answer
    parts = [_stacked(part) for part in answer]
    if not parts:
        return np.zeros(0)
    numbers = all(isinstance(part, (bool, int, float, np.ndarray)) for part in parts)
    return np.stack(parts) if numbers and len({np.shape(part) for part in parts}) == 1 else answer


def _arrays(
    name: str, answer: Array, expected: Array, rows: Mapping[str, Bound], ones: Lines, detailed: bool
) -> Comparison:
    if answer.shape != expected.shape:
        return Comparison(name, "wrong shape", None, Misfit("shape", answer.shape, expected.shape))
    bound = row_for(answer.dtype, rows)
    units = distance(answer, expected, bound)
    farthest = float(units.max(initial=0.0))
    if farthest <= 1.0:
        return Comparison(name, distance=farthest)
    stray = ~np.isfinite(answer) & np.isfinite(expected)
    wrong = Comparison(name, "not finite" if stray.any() else "wrong value", farthest)
    if not detailed:
        return wrong
    index = _worst(answer, expected, units, stray)
    got, right = answer[index].item(), expected[index].item()
    difference = abs(got - right)
    mismatch = Mismatch(
        dtype="float32" if answer.dtype == np.float32 else "float64",
        shape=answer.shape,
        wrong=int((units > 1.0).sum()),
        total=units.size,
        index=index,
        got=got,
        expected=right,
        difference=difference,
        relative=difference / abs(right) if right else math.inf,
        allowed=bound.atol + bound.rtol * abs(right),
        pattern=find(answer, expected, bound, units, ones),
    )
    return replace(wrong, detail=mismatch)


def _worst(answer: Array, expected: Array, units: Array, stray: Array) -> tuple[int, ...]:
    """Index of the worst element; of elements that are equally far in units the largest difference."""
    if stray.any():
        flat = int(stray.argmax())
    else:
        with np.errstate(all="ignore"):
            errors = np.abs(answer.astype(np.float64) - expected.astype(np.float64))
        errors = np.where(np.isnan(errors), np.inf, errors)
        flat = int(np.where(units == units.max(), errors, -1.0).argmax())
    return tuple(int(i) for i in np.unravel_index(flat, units.shape))
