"""The numbers inside a value, and what kind of value it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..model import Array, Fixture, Value
from ..wire import encode


def numbers(value: Value) -> Sequence[Any]:
    """The numbers and arrays in a value, in order; those of a fixture are its arguments."""
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in numbers(item)]
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in numbers(item)]
    if isinstance(value, Fixture):
        return numbers(value.args)
    return [] if value is None or isinstance(value, str) else [value]


def answer_size(value: Value) -> int:
    """Bytes that an answer takes beside the bytes of its arrays."""
    return len(json.dumps(encode(value, [])))


def kind(value: Value) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return "text"
    return "list" if isinstance(value, list) else "dict" if isinstance(value, dict) else "array"


def flattened(value: Value) -> Array:
    """An array as it is, in float64; the numbers of a list or dict in a row."""
    if not isinstance(value, (list, dict)):
        return np.asarray(value, dtype=np.float64)
    leaves = [np.asarray(leaf, dtype=np.float64).ravel() for leaf in numbers(value)]
    return np.concatenate(leaves) if leaves else np.zeros(0)


def filled(value: Value, flat: Array) -> Value:
    """The inverse of `flattened`: a value of the same form with these numbers."""
    return _filled(value, flat, [0]) if isinstance(value, (list, dict)) else flat if flat.ndim else float(flat)


def _filled(value: Value, flat: Array, at: list[int]) -> Value:
    if isinstance(value, list):
        return [_filled(item, flat, at) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, flat, at) for key, item in value.items()}
    if value is None or isinstance(value, str):
        return value
    shape, start = np.shape(value), at[0]
    at[0] += int(np.prod(shape))
    part = flat[start : at[0]].reshape(shape)
    return part if isinstance(value, np.ndarray) else float(part)
