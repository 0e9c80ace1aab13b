"""What no hidden case of a question tries, in words: a penalty of 0 throughout, one example, zero weights, square
shapes, a stride equal to its window, one class alone, a probability of a half, scores that overflow, an edge that is
not zero, numbers below zero."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from ..model import Array, FrozenQuestion, Value
from .trials import simplex_axis

TINY = 1e-2  # weights below it leave most misplaced factors and penalties out of sight
LARGE = 50.0  # e**50 is past a float32's digits, and a thousand past a float64's largest number
OVERFLOW = frozenset({"exp", "softmax", "log_softmax", "logsumexp", "cross_entropy", "softplus", "sigmoid"}) | {
    "logsigmoid",
    "binary_cross_entropy_with_logits",
}
SIGNED = frozenset({"relu", "abs", "clamp", "clamp_min", "clip", "maximum"})  # they act on negative numbers alone


def weak_probes(
    question: FrozenQuestion, axes: Mapping[str, tuple[str, ...]], calls: frozenset[str] = frozenset()
) -> list[str]:
    """One phrase for each weakness that all hidden cases of the question share. `calls` are the names of the
    functions that the reference calls in them."""
    cases = [case.inputs for case in question.cases if case.hidden and case.raises is None]
    if not cases:
        return ["no hidden case returns a value"]
    names = list(dict.fromkeys(name for inputs in cases for name in inputs))
    columns = {name: [inputs[name] for inputs in cases if name in inputs] for name in names}
    return [*_values(columns), *_sizes(columns, axes), *_reach(columns, calls)]


def _reach(columns: Mapping[str, Sequence[Value]], calls: frozenset[str]) -> Iterator[str]:
    """Numbers that the functions called would need to show what they are there for."""
    real = {
        name: [v for v in values if v.size]
        for name, values in columns.items()
        if all(isinstance(v, np.ndarray) and v.dtype.kind == "f" for v in values)
    }
    largest = [float(np.abs(v).max()) for values in real.values() for v in values]
    if calls & OVERFLOW and largest and max(largest) <= LARGE:
        yield f"no number is above {LARGE:g}: overflow is not tried"
    for name, values in real.items():
        if not values or not any(v.any() for v in values):
            continue  # said already
        if (
            calls & SIGNED
            and all((v >= 0).all() for v in values)
            and not all(simplex_axis(v) is not None for v in values)
        ):
            yield f"{name} is never negative"
        if all(v.ndim == 2 for v in values):
            edges = {
                "first row": np.s_[0],
                "last row": np.s_[-1],
                "first column": np.s_[:, 0],
                "last column": np.s_[:, -1],
            }
            for edge, index in edges.items():
                if not any(v[index].any() for v in values):
                    yield f"the {edge} of {name} is zero throughout"


def _values(columns: Mapping[str, Sequence[Value]]) -> Iterator[str]:
    for name, values in columns.items():
        if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
            yield from _scalar(name, values)
        elif all(isinstance(v, np.ndarray) for v in values):
            yield from _array(name, values)
    whole = [n for n, values in columns.items() if all(type(v) is int for v in values)]
    for a, b in combinations(whole, 2):
        if columns[a] == columns[b]:
            yield f"{a} equals {b} throughout"


def _scalar(name: str, values: Sequence[float]) -> Iterator[str]:
    if all(v == 0 for v in values):
        yield f"{name} is 0 throughout"
    elif all(v == 0.5 for v in values):
        yield f"{name} is 0.5 throughout, where {name} and 1 - {name} look alike"
    elif len(values) > 1 and len(set(values)) == 1:
        yield f"{name} is {values[0]:g} throughout"


def _array(name: str, values: Sequence[Array]) -> Iterator[str]:
    full = [v for v in values if v.size]
    if not full:
        yield f"{name} is empty throughout"
    elif all(v.dtype.kind in "iu" for v in full):
        if all(v.size > 1 for v in full) and all(np.ptp(v) == 0 for v in full):
            yield f"{name} holds one value alone throughout"
    elif all(v.dtype.kind == "f" for v in full):
        largest = max(float(np.abs(v).max()) for v in full)
        if largest == 0:
            yield f"{name} is zero throughout"
        elif largest < TINY:
            yield f"{name} is tiny throughout (at most {largest:.1g})"


def _sizes(columns: Mapping[str, Sequence[Value]], axes: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    arrays = {n: values for n, values in columns.items() if all(isinstance(v, np.ndarray) for v in values)}
    if not arrays:
        return
    sizes: dict[str, list[int]] = {}
    for name, values in arrays.items():
        for i, axis in enumerate(axes.get(name, ())):
            if all(v.ndim == len(axes[name]) for v in values):
                sizes.setdefault(axis, [v.shape[i] for v in values])
    first = next(iter(arrays))
    batch = axes.get(first, ("the first axis of " + first,))[0]
    if all(v.ndim and v.shape[0] == 1 for v in arrays[first]):
        yield f"{batch} is 1 throughout"
    elif all(v.ndim and v.shape[0] == arrays[first][0].shape[0] for v in arrays[first]) and len(arrays[first]) > 1:
        yield f"{batch} is {arrays[first][0].shape[0]} throughout"
    for a, b in combinations(sizes, 2):
        if sizes[a] == sizes[b] and len(sizes[a]) == len(columns[first]):
            yield f"{a} equals {b} throughout"
    for name, values in arrays.items():
        if name not in axes and all(v.ndim == 2 and v.shape[0] == v.shape[1] for v in values):
            yield f"{name} is square throughout"
