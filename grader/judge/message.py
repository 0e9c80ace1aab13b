"""A Comparison in words: one line that says what is wrong, where, by how much, and how much is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from ..model import Value
from ..text import plural
from .compare import Comparison, Misfit, Mismatch
from .pattern import Pattern

DIGITS = 6
MANY = 20  # elements: from here on a share says more than two counts

UNUSABLE_WORDS = {
    "object array": "an array of Python objects",
    "complex": "complex numbers",
    "float16": "float16, which is too coarse",
    "text array": "an array of text",
    "masked array": "a masked array",
    "ragged list": "a list whose rows differ in length",
    "too large": "far larger than expected",
    "too deep": "nested too deeply",
    "huge integer": "an integer of more than 64 bits",
    "no data": "no array and no number",
}
WANTED = {"list": "a list", "dict": "a dict", "array": "an array or a number"}


def tell(found: Comparison) -> str:
    """One line on what is wrong; "" where nothing is."""
    if isinstance(found.detail, Mismatch):
        return _mismatch(found.path, found.detail)
    return _misfit(found.path, found.detail) if found.detail else ""


# -- what cannot be compared by element ------------------------------------------------------------------------


def _misfit(path: str, misfit: Misfit) -> str:
    got, wanted = misfit.got, misfit.wanted
    if misfit.what == "shape":
        return f"{path} has shape {got}, expected {wanted}"
    if misfit.what == "items":
        return f"{path} has {plural(got, 'item')}, expected {wanted}"
    if misfit.what == "keys":
        return f"{path} has the keys {_keys(got)}, expected {_keys(wanted)}"
    if misfit.what == "no data":
        return f"{path} is {UNUSABLE_WORDS[got.kind]}"
    if misfit.what == "type":
        return f"{path} is {_brief(got)}, expected {WANTED[wanted]}"
    return f"{path} is {_brief(got)}, expected {_brief(wanted)}"


def _keys(value: Mapping[str, Value]) -> str:
    shown = ", ".join(repr(key[:40]) for key in sorted(value)[:10])
    return f"[{shown}{', …' if len(value) > 10 else ''}]"


def _brief(value: Value) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return repr(value[:40])
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a {type(value).__name__}"


# -- wrong elements --------------------------------------------------------------------------------------------


def _mismatch(path: str, m: Mismatch) -> str:
    got, expected = _apart(m.got, m.expected)
    if not m.shape:
        return f"{path} is wrong: got {got}, expected {expected}{_room(m)}"
    worst = "worst at" if m.wrong > 1 else "at"
    pattern = f", {_pattern(m.pattern, m.shape)}" if m.pattern and m.pattern.kind != "all" else ""
    at = f"{worst} {list(m.index)}, got {got}, expected {expected}"
    return f"{path} is wrong in {_count(m.wrong, m.total)}{pattern}: {at}{_room(m)}"


def _count(wrong: int, total: int) -> str:
    if wrong == total > 1:
        return f"all {total} elements"
    share = f" ({min(100 * wrong / total, 99.9):.3g}%)" if total >= MANY else ""
    return f"{wrong} of {plural(total, 'element')}{share}"


def _room(m: Mismatch) -> str:
    """By how much, and how much is allowed; neither where one of the two is not finite."""
    if math.isnan(m.expected):
        return " (nan is never right)"
    if not (math.isfinite(m.got) and math.isfinite(m.expected)):
        return ""
    if not m.allowed:
        return f", off by {_number(m.difference, 4)} (compared exactly)"
    off, allowed = _apart(m.difference, m.allowed, 4, 2)
    return f", off by {off} (allowed {allowed}{' in float32' if m.dtype == 'float32' else ''})"


def _apart(a: float, b: float, digits: int = DIGITS, digits_b: int = 0) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to see that they differ, at least these."""
    for more in range(18 - digits):
        texts = _number(a, digits + more), _number(b, (digits_b or digits) + more)
        if texts[0] != texts[1]:
            break
    return texts


def _number(value: float, digits: int) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)  # integers are exact: all digits


def _pattern(pattern: Pattern, shape: tuple[int, ...]) -> str:
    kind, value = pattern.kind, pattern.value or 0.0
    if kind == "bias" and len(shape) == 1:
        return "the bias (its column of ones)"
    if kind in ("bias", "line"):
        return f"all {_line(pattern, shape)}"
    if kind == "exchanged":
        return f"{_noun(pattern, shape)} {pattern.indices[0]} and {pattern.indices[1]} are exchanged"
    if kind == "factor":
        return f"each {_apart(value, 1.0, 4)[0]} times the expected"
    if kind == "offset":
        return f"each too {'large' if value > 0 else 'small'} by {_number(abs(value), 4)}"
    return {
        "zeros": "the answer is 0 everywhere",
        "sign": "each with the sign reversed",
        "transposed": "it is transposed",
        "diagonal": "all on the diagonal",
        "off diagonal": "all but the diagonal",
        "at zeros": "only where 0 is expected",
        "off zeros": "everywhere but where 0 is expected",
    }[kind]


def _line(pattern: Pattern, shape: tuple[int, ...]) -> str:
    axis, index = pattern.axis or 0, pattern.indices[0]
    if len(shape) > 2:
        return f"at index {index} of axis {axis}"
    end = ", the first" if index == 0 else ", the last" if index == shape[axis] - 1 else ""
    end = ", the bias (its column of ones)" if pattern.kind == "bias" else end
    return f"in {'column' if axis else 'row'} {index}{end}"


def _noun(pattern: Pattern, shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return "elements"
    return ("rows", "columns")[pattern.axis or 0] if len(shape) == 2 else f"along axis {pattern.axis}, indices"
