"""An excerpt of a value: at most NUMBERS numbers of it, as strict JSON. What comes in may be anything that a worker
sent.

Forms: {"array": dtype, "shape": [...], "block": [...], "numbers": [...]}, of an array its first entries along each
axis, in C order; {"value": number, bool or None}; {"text": ...}; {"list": [...], "length": n}; {"dict": {...},
"length": n}; {"fixture": name, "of": {...}}; {"unusable": kind, "shape": [...] or None}. Numbers that JSON lacks are
"nan", "inf" and "-inf"."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .model import Array, Fixture, Value
from .text import clean_text
from .wire import Unusable

Excerpt = Mapping[str, Any]

NUMBERS = 200  # of one value, whatever it holds
ALONG = 20  # entries of the last axis of what does not fit
TEXT, KEY, DEPTH = 200, 40, 6  # characters, and lists in lists


def excerpt(value: Value, numbers: int = NUMBERS) -> Excerpt | None:
    """An excerpt of an answer, an input or an expected value; None of what has no form here."""
    return _of(value, [numbers], 0)


def whole(found: Excerpt) -> bool:
    """Whether nothing was left out."""
    if "array" in found:
        return bool(found["block"] == found["shape"])
    parts = found.get("list", list((found.get("dict") or found.get("of") or {}).values()))
    return len(parts) == found.get("length", len(parts)) and all(p is not None and whole(p) for p in parts)


def array_of(found: Excerpt) -> Array | None:
    """The array, or the block of it that is there; of a number one without axes; None of anything else."""
    if "array" in found:
        flat = np.array([float(n) if isinstance(n, str) else n for n in found["numbers"]], dtype=found["array"])
        return flat.reshape(found["block"])
    value = found.get("value")
    if isinstance(value, str):
        return np.array(float(value))
    return None if value is None else np.array(value)


def block_of(shape: tuple[int, ...], numbers: int) -> tuple[int, ...]:
    """How many entries along each axis are taken of an array, the last axes first; all where they fit."""
    if math.prod(shape) <= numbers:
        return shape
    left, block = max(numbers, 1), list[int]()
    for length in reversed(shape):
        most = ALONG if len(shape) > 1 and not block else left
        block.append(min(length, most, left))
        left //= max(block[-1], 1)
    return tuple(reversed(block))


def _of(value: Value, left: list[int], depth: int) -> Excerpt | None:
    if depth > DEPTH:
        return None
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "biuf":
            return {"unusable": "no data", "shape": list(value.shape)}
        block = block_of(value.shape, left[0])
        part = value[tuple(slice(n) for n in block)]
        left[0] -= part.size
        return {
            "array": value.dtype.newbyteorder("<").str,
            "shape": list(value.shape),
            "block": list(block),
            "numbers": [_number(n) for n in part.ravel().tolist()],
        }
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float)):
        left[0] -= 1
        return {"value": _number(value)}
    if isinstance(value, str):
        return {"text": clean_text(value, TEXT)}
    if isinstance(value, (list, tuple)):
        items = list[Excerpt | None]()
        for item in value:
            if left[0] <= 0 or len(items) >= NUMBERS:
                break
            left[0] -= isinstance(item, (str, list, tuple, Mapping))
            items.append(_of(item, left, depth + 1))
        return {"list": items, "length": len(value)}
    if isinstance(value, Mapping):
        return {"dict": _named(value, left, depth), "length": len(value)}
    if isinstance(value, Fixture):
        return {"fixture": clean_text(value.name, KEY, lines=False), "of": _named(value.args, left, depth)}
    if isinstance(value, Unusable):
        return {"unusable": value.kind, "shape": None if value.shape is None else list(value.shape)}
    return None


def _named(values: Mapping[str, Value], left: list[int], depth: int) -> dict[str, Excerpt | None]:
    found = dict[str, Excerpt | None]()
    for name, item in values.items():
        if left[0] <= 0 or len(found) >= NUMBERS:
            break
        left[0] -= isinstance(item, (str, list, tuple, Mapping))
        found[clean_text(str(name), KEY, lines=False)] = _of(item, left, depth + 1)
    return found


def _number(value: Any) -> Any:
    return value if not isinstance(value, float) or math.isfinite(value) else repr(value)
