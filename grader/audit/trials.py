"""Inputs beyond the frozen cases, on which a surviving wrong answer is compared with the right one: either they tell
the two apart, and name the case that is missing, or the two are equal on all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..author import Case, Question
from ..author.source import Source, draw_from, student_seed
from ..errors import AuthorError
from ..model import Array, FrozenQuestion, Value

REDRAWS = 8
REDRAWN = " with other numbers"
HUGE = 1000.0


def trials(source: Source, question: Question) -> Iterator[tuple[str, Case]]:
    """Cases and what each is, in words: the public ones, the author's own drawn anew, and each of them rounded
    (ties), made huge, with a part set to zero, with other numbers for its scalars, and with its axes cut."""
    own = [case for case in source.cases[question.name] if case.raises is None]
    for case in own:
        if not case.hidden:
            yield f"the public {case.name!r}", case
    for number in range(REDRAWS):
        for case in draw_from(source, question, student_seed(source.secret, f"another draw, {number}")):
            if case.raises is None and case.hidden:
                yield f"{case.name!r}{REDRAWN}", case
    signed = {
        name
        for case in own
        for name, value in case.inputs.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f" and (value < 0).any()
    }
    axes = axes_of(question)
    fixed = set(axes) | {axis for names in axes.values() for axis in names} | labels_of(question)
    unsigned = unsigned_of(question)
    for case in own:
        whole = [n for n, v in case.inputs.items() if type(v) is int and n not in fixed]
        changes = [
            *_changes(case.inputs, signed, axes),
            *((f"{n} = {other}", {**case.inputs, n: other}) for n in whole for other in _other_ints(case.inputs[n])),
            *(c for n in case.inputs if n not in signed for c in never_negative(case.inputs, n, n in unsigned)),
        ]
        for what, inputs in changes:
            try:
                yield f"{case.name!r} with {what}", Case(case.name, hidden=case.hidden, kink=case.kink, **inputs)
            except AuthorError:
                continue


def _changes(
    inputs: Mapping[str, Value], signed: set[str], axes: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, dict[str, Value]]]:
    """Inputs that are still of the question's domain, as far as one can tell: only arrays that hold negative
    numbers are rounded, scaled or emptied, since others may be probabilities or counts (never_negative)."""
    real = {n: v for n, v in inputs.items() if n in signed and isinstance(v, np.ndarray) and v.size}
    if real:
        names = " and ".join(real)
        yield f"{names} rounded", {**inputs, **{n: np.round(v) for n, v in real.items()}}
        yield f"{names} huge", {**inputs, **{n: HUGE * v for n, v in real.items()}}
        yield f"{names} tiny", {**inputs, **{n: v / HUGE for n, v in real.items()}}
    for name, value in real.items():
        yield f"{name} huge", {**inputs, name: HUGE * value}
        yield f"{name} zero", {**inputs, name: np.zeros_like(value)}
        yield f"{name} constant", {**inputs, name: np.full_like(value, value.flat[0])}
    for name, value in inputs.items():
        if isinstance(value, float):
            for other in (0.0, 1.0, 2.5 * value, 0.3):
                yield f"{name} = {other:g}", {**inputs, name: other}
    for axis in sorted({a for names in axes.values() for a in names}):
        cut = {n: _cut(v, axes.get(n, ()), axis, 1) for n, v in inputs.items()}
        if cut is not None and not _labels_below(inputs, axes, axis):
            yield f"{axis} = 1", cut


def _other_ints(value: Value) -> list[int]:
    assert isinstance(value, int)
    return [n for n in dict.fromkeys((0, 1, value + 1, 2 * value)) if n != value]


def never_negative(inputs: Mapping[str, Value], name: str, unsigned: bool) -> Iterator[tuple[str, dict[str, Value]]]:
    """Other values for a float array without negative numbers. Probabilities stay so: one is 0, one row is certain.
    Others get a 0, a row of zeros and, unless `unsigned` or all are 0 or 1 as in a mask, negative numbers."""
    value = inputs[name]
    if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.size or not np.isfinite(value).all():
        return
    axis = simplex_axis(value)
    first: tuple[Any, ...] = (0,) * value.ndim
    other = value.copy()
    other[first] = 0
    if axis is not None:
        total = other.sum(axis, keepdims=True)
        if (total > 0).all():
            yield f"one entry of {name} zero, the rest renormalised", {**inputs, name: other / total}
        certain = value.copy()
        row: tuple[Any, ...] = tuple(slice(None) if d == axis % value.ndim else 0 for d in range(value.ndim))
        certain[row] = np.eye(1, value.shape[axis], value.shape[axis] - 1)[0]
        yield f"the first row of {name} certain (one-hot)", {**inputs, name: certain}
        return
    yield f"one entry of {name} zero", {**inputs, name: other}
    if value.ndim > 1:
        blank = value.copy()
        blank[0] = 0
        yield f"the first row of {name} zero", {**inputs, name: blank}
    if not unsigned and not np.isin(value, (0, 1)).all():
        lowered = value - np.median(value).astype(value.dtype)
        lowered[first] = 0
        yield f"negative numbers and a zero in {name}", {**inputs, name: lowered}


def simplex_axis(value: Array) -> int | None:
    """The axis along which an array holds probabilities, as far as one can tell: none is negative, they sum to 1."""
    if value.dtype.kind != "f" or not value.ndim or not value.size or (value < 0).any():
        return None
    for axis in (-1, 0):
        if value.shape[axis] > 1 and np.allclose(value.sum(axis), 1, rtol=0, atol=1e-6):
            return axis
    return None


def _cut(value: Value, names: tuple[str, ...], axis: str, size: int) -> Value:
    if not isinstance(value, np.ndarray) or len(names) != value.ndim or axis not in names:
        return value
    index: list[Any] = [slice(size) if name == axis else slice(None) for name in names]
    return value[tuple(index)]


def _labels_below(inputs: Mapping[str, Value], axes: Mapping[str, tuple[str, ...]], axis: str) -> bool:
    """Whether a cut of this axis could leave labels without their class."""
    labels = [v for v in inputs.values() if isinstance(v, int) or (isinstance(v, np.ndarray) and v.dtype.kind in "iu")]
    first = {names[0] for name, names in axes.items() if names and isinstance(inputs.get(name), np.ndarray)}
    return bool(labels) and axis not in _batch(inputs, axes) and bool(first)


def _batch(inputs: Mapping[str, Value], axes: Mapping[str, tuple[str, ...]]) -> set[str]:
    """The axis of the examples: the first of the first array."""
    for name, value in inputs.items():
        if isinstance(value, np.ndarray) and axes.get(name):
            return {axes[name][0]}
    return set()


def axes_of(question: Question) -> dict[str, tuple[str, ...]]:
    """The names of the axes of each parameter and output, as the docstring gives them: `X (N, D)`."""
    found = {}
    for name in (*question.params, *question.points):
        match = re.search(rf"(?<![\w.]){re.escape(name)} \(([^()]*)\)", question.doc)
        if match:
            parts = [part.strip() for part in match.group(1).split(",") if part.strip()]
            if parts and all(re.fullmatch(r"[A-Za-z_]\w*|\d+", part) for part in parts):
                found[name] = tuple(parts)
    return found


def labels_of(question: Question) -> set[str]:
    """Parameters that are classes or places, not amounts: `y`, and what the docstring says lies in 0..K-1."""
    ranged = re.findall(r"(\w+)(?: \([^()]*\))?(?: int)? in (?:0|1)\.\.", question.doc)
    return {"y", *ranged}


def unsigned_of(question: Question) -> set[str]:
    """Parameters whose docstring says that they are never negative: `p >= 0`, `s (N,) > 0`, `u in [0, 1)`."""
    return set(re.findall(r"(\w+)(?: \([^()]*\))?,? (?:>=? 0|in [\[(]0)", question.doc))


def disagreements(source: Source, question: Question, frozen: FrozenQuestion) -> list[str]:
    """Cases whose arrays, inputs and right answers, lack the axes that the docstring promises to the student."""
    axes, out = axes_of(question), []
    for case, kept in zip(source.cases[question.name], frozen.cases, strict=True):
        sizes: dict[str, tuple[str, int]] = {}
        for name, names in axes.items():
            value = case.inputs.get(name, kept.expected.get(name))
            if case.raises is not None or not isinstance(value, np.ndarray):
                continue
            if value.ndim != len(names):
                out.append(
                    f"{_at(case)}: case {case.name!r} gives {name} the shape {value.shape}, the docstring of "
                    f"{question.name} says ({', '.join(names)})"
                )
                continue
            for axis, size in zip(names, value.shape, strict=True):
                other, known = sizes.setdefault(axis, (name, size))
                if known != size or (axis.isdigit() and int(axis) != size):
                    out.append(
                        f"{_at(case)}: case {case.name!r} has {axis} = {size} in {name} and {known} in {other}; the "
                        f"docstring of {question.name} gives both that axis"
                    )
    return out


def _at(case: Case) -> str:
    return f"{case.where.file}:{case.where.line}"


def only_row(inputs: Mapping[str, Value], axes: Mapping[str, tuple[str, ...]], index: int) -> dict[str, Value] | None:
    """The inputs with one example of the batch, or None where there is no batch of two or more."""
    first = next((n for n, v in inputs.items() if isinstance(v, np.ndarray) and v.ndim), None)
    if first is None:
        return None
    array: Array = inputs[first]
    n, name = array.shape[0], axes.get(first, ("",))[0]
    if n < 2:
        return None
    out = {}
    for key, value in inputs.items():
        batched = isinstance(value, np.ndarray) and value.ndim and value.shape[0] == n
        if batched and name and axes.get(key) and axes[key][0] != name:
            batched = False
        out[key] = value[index:][:1] if batched else value
    return out
