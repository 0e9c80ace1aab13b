"""Excerpts of values as text, and where an answer is off as a map of signs. No markup: each page escapes for itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..excerpt import Excerpt, array_of, whole
from ..model import Array, Bound, Value
from ..report.escape import terminal
from ..text import clean_text
from ..tolerance import distance, row_for
from ..wire import Unusable

DIGITS = (6, 9, 12, 17)  # significant: as many as it takes to see that two values differ
WIDTH = 72  # of a line of a vector
RIGHT, ODD, LEVELS = ".", "!", 9  # signs of a map beside its digits


@dataclass(frozen=True)
class Heat:
    """Where an answer is off, a sign for each number: "." within the tolerance, "1" to "9" for up to ten, a hundred, …
    times as much, "!" not finite or misplaced."""

    rows: tuple[str, ...]
    wrong: int
    total: int
    worst: tuple[int, ...]

    @property
    def told(self) -> str:
        """The map in words."""
        shape = f" ({len(self.rows)} by {len(self.rows[0])})" if len(self.rows) > 1 else ""
        return f"{self.wrong} of {self.total} numbers{shape} are off, the farthest at {list(self.worst)}"


def heat(answer: Excerpt | None, expected: Excerpt | None, rows: Mapping[str, Bound]) -> Heat | None:
    """The map of a vector's or matrix's error; None where the two cannot be laid upon each other."""
    if answer is None or expected is None or not rows or "array" not in answer or "array" not in expected:
        return None
    a, e = array_of(answer), array_of(expected)
    if a is None or e is None or answer["shape"] != expected["shape"] or a.shape != e.shape:
        return None
    if a.ndim not in (1, 2) or a.size < 2:
        return None
    units = np.atleast_2d(distance(a, e, row_for(a.dtype, rows)))
    far = tuple(int(i) for i in np.unravel_index(int(np.argmax(units)), units.shape))
    signs = tuple("".join(map(_sign, line)) for line in units.tolist())
    return Heat(signs, int((units > 1).sum()), units.size, far if a.ndim == 2 else far[1:])


def _sign(units: float) -> str:
    if units <= 1:
        return RIGHT
    return ODD if math.isinf(units) else str(min(LEVELS, 1 + int(math.log10(units))))


def two_texts(answer: Excerpt, expected: Excerpt | None) -> tuple[str, str]:
    """An answer and what was expected, with as many digits as it takes to tell them apart."""
    for digits in DIGITS:
        texts = text(answer, digits), text(expected, digits) if expected else ""
        if texts[0] != texts[1]:
            break
    return texts


def text(found: Excerpt | None, digits: int = DIGITS[0]) -> str:
    """An excerpt, as Python shows it; lines for matrices."""
    if found is None:
        return "…"
    if "array" in found:
        array = array_of(found)
        assert array is not None
        return _array(array, tuple(found["shape"]), digits)
    if "text" in found:
        return repr(clean_text(str(found["text"])))
    if "unusable" in found:
        shape = f" of shape {_shape(found['shape'])}" if found.get("shape") is not None else ""
        return f"<{terminal(str(found['unusable']), 40)}{shape}>"
    if "list" in found:
        items = [text(item, digits) for item in found["list"]]
        return _joined("[", items, len(items) < found["length"], "]")
    if "dict" in found:
        items = [f"{terminal(name)!r}: {text(item, digits)}" for name, item in found["dict"].items()]
        return _joined("{", items, len(items) < found["length"], "}")
    if "fixture" in found:
        items = [f"{terminal(name)}={text(item, digits)}" for name, item in found["of"].items()]
        return f"{terminal(found['fixture'])}({', '.join(items)})"
    value = found.get("value")
    return _cell(float(value) if isinstance(value, str) else value, digits)


def about(found: Excerpt | None) -> str:
    """The shape of an array, and how much of it is shown; "" of a number."""
    if found is None or "array" not in found or not found["shape"]:
        return "" if found is None or whole(found) else "cut"
    shape, block = tuple(found["shape"]), tuple(found["block"])
    if shape == block:
        return _shape(shape)
    return f"{_shape(shape)}, of which the first {' × '.join(map(str, block))}"


def value_of(found: Excerpt) -> Value:
    """The value again, where it is whole; else something that only has no data."""
    if not whole(found) or "unusable" in found:
        return Unusable("no data")
    if "list" in found:
        return [value_of(item) for item in found["list"]]
    if "dict" in found:
        return {name: value_of(item) for name, item in found["dict"].items()}
    if "text" in found:
        return found["text"]
    array = array_of(found)
    return array if array is None or "array" in found else array.item()


def _joined(left: str, items: list[str], more: bool, right: str) -> str:
    items = [*items, "…"] if more else items
    gap = ",\n " if any("\n" in item for item in items) or sum(map(len, items)) > WIDTH else ", "
    return left + gap.join(item.replace("\n", "\n ") for item in items) + right


def _shape(shape: object) -> str:
    numbers = [int(n) for n in shape] if isinstance(shape, (list, tuple)) else []
    return f"({', '.join(map(str, numbers))}{',' * (len(numbers) == 1)})"


def _array(array: Array, shape: tuple[int, ...], digits: int) -> str:
    if not array.size:
        return f"[]  shape {_shape(shape)}"
    cells = [_cell(number, digits) for number in array.ravel().tolist()]
    wide = max(map(len, cells)) if array.ndim > 1 else 0
    return _nested(iter(cell.rjust(wide) for cell in cells), array.shape, shape, 1)


def _nested(cells: Iterator[str], block: tuple[int, ...], shape: tuple[int, ...], depth: int) -> str:
    if not block:
        return next(cells)
    items = [_nested(cells, block[1:], shape[1:], depth + 1) for _ in range(block[0])]
    items += ["…"] * (block[0] < shape[0])
    if len(block) > 1:
        return f"[{(',' + chr(10) + ' ' * depth).join(items)}]"
    lines = [""]
    for item in items:
        if depth == 1 and lines[-1] and len(lines[-1]) + len(item) > WIDTH:
            lines.append("")
        lines[-1] += f", {item}" if lines[-1] else item
    return f"[{(',' + chr(10) + ' ').join(lines)}]"


def _cell(value: Value, digits: int) -> str:
    return f"{value:.{digits}g}" if isinstance(value, float) else str(value)
