"""The numbers inside a value, and what kind of value it is."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..model import Value
from ..wire import encode


def numbers(value: Value) -> Sequence[Any]:
    """The numbers and arrays in a value, in order."""
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in numbers(item)]
    if isinstance(value, Mapping):
        return [leaf for item in value.values() for leaf in numbers(item)]
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
