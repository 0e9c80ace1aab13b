"""All answers of a question compared in one go, where all are float64 arrays, or numbers, and right: nearly always.

The arithmetic is that of tolerance.distance, on all elements one behind another; whatever is not right, or not plain,
is left to compare.py."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..kept import Kept
from ..model import Array, FrozenQuestion, Response

FLOAT64 = np.dtype(np.float64)
MOST = 1 << 16  # elements: larger arrays gain nothing


@dataclass(frozen=True)
class Flat:
    """Expected values one behind another. `places`: case, output, shape, first and last element of each."""

    places: tuple[tuple[str, str, tuple[int, ...], int, int], ...]
    names: tuple[tuple[str, str], ...]
    starts: Array
    expected: Array
    allowed: Array


_kept = Kept[Flat]()


def right_at_once(question: FrozenQuestion, responses: Mapping[str, Response]) -> Mapping[tuple[str, str], float]:
    """Distances by case and output where all of them are at most 1; else none."""
    flat = _kept.get([question], lambda: _flat(question))
    answers = np.empty(len(flat.expected))
    for case, output, shape, first, last in flat.places:
        response = responses.get(case)
        if response is None or response.modified or response.again is not None:
            return {}
        value = response.values.get(output)
        if type(value) is np.ndarray and value.dtype == FLOAT64 and value.shape == shape:
            answers[first:last] = value.reshape(-1)
        elif type(value) is float and not shape:
            answers[first] = value
        else:
            return {}
    if not flat.places:
        return {}
    with np.errstate(all="ignore"):
        units = np.abs(answers - flat.expected) / flat.allowed
        if not math.isfinite(np.add.reduce(units)):
            return {}
        farthest = np.maximum.reduceat(units, flat.starts).tolist()
    return dict(zip(flat.names, farthest, strict=True)) if max(farthest) <= 1.0 else {}


def _flat(question: FrozenQuestion) -> Flat:
    places, names, expected, allowed, size = [], [], list[Array](), list[Array](), 0
    for case in question.cases:
        for output in question.outputs:
            value, rows = case.expected.get(output.name), case.bounds.get(output.name, {})
            plain = isinstance(value, (np.ndarray, float)) and case.raises is None and "float64" in rows
            e = np.asarray(value, dtype=np.float64) if plain else np.zeros(0)
            if not plain or np.asarray(value).dtype.kind != "f" or not 0 < e.size <= MOST - size:
                continue
            bound = rows["float64"]
            if not (bound.atol > 0 and np.isfinite(e).all()):
                continue
            places.append((case.name, output.name, e.shape, size, size + e.size))
            names.append((case.name, output.name))
            expected.append(e.reshape(-1))
            allowed.append(bound.atol + bound.rtol * np.abs(expected[-1]))
            size += e.size
    starts = np.array([first for _, _, _, first, _ in places], dtype=np.intp)
    joined = [np.concatenate(parts) if parts else np.zeros(0) for parts in (expected, allowed)]
    return Flat(tuple(places), tuple(names), starts, *joined)
