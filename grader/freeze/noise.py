"""The tolerance of each output of a case, from the reference's own rounding noise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from ..author import Where
from ..model import Array, Bound, Value
from ..tolerance import EPS32, EPS64, NOISE_CAP, bounds
from .leaves import numbers
from .rounding import UNITS

FLIP = 4.0  # moved 16 times as far, a result that moves less than 4 times as far has flipped and not rounded

Bounds = dict[str, dict[str, Bound]]


def measured_bounds(
    expected: Mapping[str, Value],
    low: Mapping[str, Value],
    moved: Sequence[tuple[Mapping[str, Value], Mapping[str, Value]]],
    single: bool,
    where: Where,
    what: str,
) -> Bounds:
    """Tolerances by output, and by part (`out[0]`, `out['W']`) of one that is a list or dict.

    low: the same outputs in float32. moved: pairs of runs whose every operation was moved, by UNITS and by WIDE.
    single: whether an input is float32. Raises AuthorError at `where` for an output that rounding itself moves by
    more than a thousandth, unless it holds whole numbers, which flip: right answers by other formulas would be
    failed."""
    out: Bounds = {}
    for name, value in expected.items():
        if value is None or isinstance(value, str):
            continue
        for path, part, parts in _parts(name, value, [low[name], *(run[name] for pair in moved for run in pair)]):
            leaves = [np.asarray(leaf) for leaf in numbers(part)] or [np.zeros(0)]
            flat = np.concatenate([leaf.ravel() for leaf in leaves])
            in32, *runs = [_flat(other, flat.size) for other in parts]
            pairs, cap = list(zip(runs[::2], runs[1::2], strict=True)), NOISE_CAP * max(_scale(flat), NOISE_CAP)
            worst = max((_largest(near, flat) for near, _ in pairs), default=0.0)
            if worst > cap and not np.array_equal(flat, np.round(flat)):
                raise where.refuse(
                    f"{what}: rounding moves {path} by up to {worst:.1g}; its largest value is {_scale(flat):.2g}",
                    "Choose inputs that are better conditioned: another right formula would be failed here",
                )
            noise64, flipped = _noise64(flat, pairs)
            noise32 = _largest(np.where(flipped, flat, in32), flat)
            if not pairs and noise32 <= cap:  # at a kink nothing is moved
                noise64 = noise32 * EPS64 / EPS32
            out[path] = bounds(flat, noise64, noise32, single)
    return out


def _parts(path: str, value: Value, others: list[Value]) -> Iterator[tuple[str, Value, list[Value]]]:
    """A value and, below it, each part of a list or dict, beside the same parts of other runs."""
    yield path, value, others
    keys = range(len(value)) if isinstance(value, list) else list(value) if isinstance(value, Mapping) else ()
    for key in keys:
        below = [other[key] if _holds(other, key) else None for other in others]
        yield from _parts(f"{path}[{key!r}]", value[key], below)


def _holds(value: Value, key: int | str) -> bool:
    return key < len(value) if isinstance(value, list) and isinstance(key, int) else key in value


def _flat(value: Value, size: int) -> Array:
    """All numbers of a value in a row; NaN where another run gave another count."""
    leaves = [np.asarray(leaf, dtype=np.float64).ravel() for leaf in numbers(value)]
    flat = np.concatenate(leaves) if leaves else np.zeros(0)
    return flat if flat.size == size else np.full(size, np.nan)


def _scale(flat: Array) -> float:
    return float(np.abs(flat[np.isfinite(flat)].astype(np.float64)).max(initial=0.0))


def _largest(a: Array, b: Array) -> float:
    """Largest difference of what is finite in both."""
    with np.errstate(invalid="ignore"):
        gap = np.abs(a.astype(np.float64) - b.astype(np.float64))
    return float(gap[np.isfinite(gap)].max(initial=0.0))


def _noise64(flat: Array, pairs: Sequence[tuple[Array, Array]]) -> tuple[float, Array]:
    """The rounding noise of one unit in the last place, and which elements flip instead of rounding."""
    noise, flipped = 0.0, np.zeros(flat.size, dtype=bool)
    right = flat.astype(np.float64)
    with np.errstate(invalid="ignore"):
        gaps = [(np.abs(near - right), np.abs(far - right)) for near, far in pairs]
        for near, far in gaps:
            flipped |= (near > 64 * EPS64 * np.abs(right)) & (far < FLIP * near)
        for near, _ in gaps:
            kept = near[np.isfinite(near) & ~flipped]
            noise = max(noise, float(kept.max(initial=0.0)) / UNITS)
    return noise, flipped
