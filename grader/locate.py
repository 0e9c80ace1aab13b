"""Which entries of a gradient are wrong: bisection with masked random directions, at logarithmic cost.

A set of entries is wrong where the forward's slope along a random direction on this set alone disagrees with the
gradient. Sets that are wrong are halved, rows first and then columns; where one half is right the other half must be
wrong, and is not measured before it is reported. k wrong entries of n take about 2 k log2(n / k) slopes at most
(group testing by binary splitting: Hwang, J. Amer. Stat. Assoc. 67, 1972)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from .gradcheck import RTOL, Slope, direction
from .model import Array

Block = tuple[int, int, int, int]  # first row, end row, first column, end column


@dataclass(frozen=True)
class Located:
    """Where a gradient is wrong, as far as it shows above rounding.

    entries: indices of the wrong entries; empty where nothing shows, or where there are too `many`.
    rows, columns: of a matrix, those that hold every error; empty where too many, or no matrix.
    slopes: how many were measured. finished: False where the budget ended before the search."""

    entries: tuple[tuple[int, ...], ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    many: bool
    slopes: int
    finished: bool = True


def budget(shape: tuple[int, ...], most: int = 8) -> int:
    """The largest number of slopes that `locate` measures for a gradient of this shape."""
    rows, columns = _rows_columns(shape)
    deep = _halvings(columns)
    return 1 + _search_cost(rows, most) + 2 * most * deep + most + _search_cost(columns, most)


def locate(
    slope: Callable[[Array], Slope],
    gradient: Array,
    rng: np.random.Generator,
    most: int = 8,
    limit: int | None = None,
) -> Located:
    """Find the wrong entries of `gradient`, up to `most` of them, or the rows or columns that hold more.

    slope(v): the forward's slope along v (float64, of the gradient's shape, 0 outside a block) and a limit of its
    error, as `gradcheck.measure` gives it. An entry that is off by less than that is not reported. limit: the largest
    number of slopes, `budget(shape, most)` if not given."""
    search = _Search(slope, np.asarray(gradient, dtype=np.float64), rng, most)
    search.left = budget(search.gradient.shape, most) if limit is None else limit
    try:
        search.run()
        finished = True
    except _Spent:
        finished = False
    return Located(search.entries, search.rows, search.columns, search.many, search.slopes, finished)


class _Spent(Exception):
    """The budget is used up."""


class _Search:
    """One search; what is known so far survives when the budget ends."""

    def __init__(self, slope: Callable[[Array], Slope], gradient: Array, rng: np.random.Generator, most: int) -> None:
        self.slope, self.gradient, self.rng, self.most = slope, gradient, rng, most
        self.matrix = gradient.reshape(_rows_columns(gradient.shape))
        self.slopes = self.left = 0
        self.entries: tuple[tuple[int, ...], ...] = ()
        self.rows: tuple[int, ...] = ()
        self.columns: tuple[int, ...] = ()
        self.many = False

    def run(self) -> None:
        height, width = self.matrix.shape
        whole = (0, height, 0, width)
        if not self.matrix.size or not self.wrong(whole):
            return
        named = self.gradient.ndim == 2
        rows = self.narrow([whole], by_rows=True)
        if rows is not None:
            if named and len(rows) < height:
                self.rows = tuple(block[0] for block in rows)
            cells = self.narrow(rows, by_rows=False)
            if cells is not None:
                flat = [block[0] * width + block[2] for block in cells]
                self.entries = tuple(
                    tuple(int(i) for i in np.unravel_index(at, self.gradient.shape)) for at in sorted(flat)
                )
                if named:
                    self.rows, self.columns = (tuple(sorted({e[axis] for e in self.entries})) for axis in (0, 1))
                return
        self.many = True
        if named and height > 1 and not self.rows:
            columns = self.narrow([whole], by_rows=False) or []
            if len(columns) < width:
                self.columns = tuple(block[2] for block in columns)

    def narrow(self, blocks: list[Block], by_rows: bool) -> list[Block] | None:
        """The wrong blocks that are one row (column) thin; None as soon as more than `most` blocks are wrong."""
        sure = set(blocks)
        while any(_thick(block, by_rows) for block in blocks):
            parts = list[Block]()
            for block in blocks:
                for part in self.halves(block, by_rows, sure):
                    parts.append(part)
                    if len(parts) > self.most:
                        return None
            blocks = parts
        return [block for block in blocks if block in sure or self.wrong(block)]

    def halves(self, block: Block, by_rows: bool, sure: set[Block]) -> Iterator[Block]:
        """The wrong ones of two halves; `sure` gathers those that were measured."""
        if not _thick(block, by_rows):
            yield block
            return
        top, bottom, left, right = block
        if by_rows:
            middle = (top + bottom) // 2
            first, second = (top, middle, left, right), (middle, bottom, left, right)
        else:
            middle = (left + right) // 2
            first, second = (top, bottom, left, middle), (top, bottom, middle, right)
        if not self.wrong(first):
            yield second
            return
        sure.add(first)
        yield first
        if self.wrong(second):
            sure.add(second)
            yield second

    def wrong(self, block: Block) -> bool:
        """Whether the slope along a new direction on this block disagrees beyond rounding and the slope's own error."""
        if self.slopes >= self.left:
            raise _Spent
        self.slopes += 1
        top, bottom, left, right = block
        part = self.matrix[top:bottom, left:right]
        v, mask = direction(self.rng, part.shape), np.zeros(self.matrix.shape)
        mask[top:bottom, left:right] = v
        found = self.slope(mask.reshape(self.gradient.shape))
        with np.errstate(all="ignore"):
            size = max(abs(found.value), float(np.linalg.norm(part)))
            return abs(found.value - float(np.vdot(part, v))) > found.error + RTOL["float64"] * size


def _rows_columns(shape: tuple[int, ...]) -> tuple[int, int]:
    """The matrix that is searched; anything but a matrix is one row."""
    return (shape[0], shape[1]) if len(shape) == 2 else (1, prod(shape))


def _thick(block: Block, by_rows: bool) -> bool:
    return (block[1] - block[0] if by_rows else block[3] - block[2]) > 1


def _halvings(length: int) -> int:
    return max(length - 1, 0).bit_length()


def _search_cost(length: int, most: int) -> int:
    """Slopes that narrowing one block of this length takes at most, the last measurements included."""
    return sum(2 * min(most, 1 << level) for level in range(_halvings(length))) + most
