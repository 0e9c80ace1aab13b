"""The numbers inside a value, and what kind of value it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..model import Value
from ..wire import encode


def numbers(value: Value) -> Sequence[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in numbers(item)]
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in numbers(item)]
    return [] if value is None or isinstance(value, str) else [value]


def largest_gap(a: Value, b: Value) -> float:
    """Largest difference of the finite numbers of two values of one structure."""
    gap = 0.0
    for x, y in zip(numbers(a), numbers(b), strict=False):
        left, right = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
        if left.shape == right.shape:
            both = np.isfinite(left) & np.isfinite(right)
            gap = max(gap, float(np.abs(left[both] - right[both]).max(initial=0.0)))
    return gap


def answer_size(value: Value) -> int:
    """Bytes that an answer takes beside the bytes of its arrays."""
    return len(json.dumps(encode(value, [])))


def kind(value: Value) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "dict" if isinstance(value, dict) else "array"
