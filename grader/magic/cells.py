"""The cells that were run in a notebook's session, as the notebook that they make. The code counts, not the objects
that live in the kernel: what is checked is what would be handed in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

PLACE = re.compile(r"\bcode cell ([0-9]{1,6})\b")  # as the worker names them


@dataclass(frozen=True)
class Cell:
    """The code of a cell as it was last run, and the number that it was given then: In [count]."""

    source: str
    count: int


class Cells:
    """Cells in the order in which they were last run.

    A cell that is run again replaces its earlier run where the front end says which cell it is (`id`); where it does
    not, each code counts as a cell of its own. Code that stands in two cells is held once, where it ran last."""

    def __init__(self, history: Iterable[str] = ()) -> None:
        """history: the code of the cells from In [1] on."""
        self._held: dict[tuple[str, str], Cell] = {}
        for count, source in enumerate(history, 1):
            self.ran(source, count)

    def ran(self, source: str, count: int, id: str = "") -> None:
        """A cell is run, whatever becomes of it."""
        if not source.strip():
            return
        self._held.pop(("code", source), None)  # the same, before it was known which cell it is
        key = ("id", id) if id else ("code", source)
        self._held.pop(key, None)
        self._held[key] = Cell(source, count)

    def stopped(self, source: str) -> None:
        """The cell was interrupted. Where nobody says which cell it is, no later run of it could replace a loop."""
        self._held.pop(("code", source), None)

    def cells(self) -> list[Cell]:
        last = {cell.source: cell for cell in self._held.values()}
        return [cell for cell in self._held.values() if last[cell.source] is cell]

    @property
    def certain(self) -> bool:
        """Whether the front end has told of each which cell it is: else some may be earlier states of one cell."""
        return all(kind == "id" for kind, _ in self._held)

    def notebook(self) -> bytes:
        """As a file of nbformat 4."""
        cells = [
            {"cell_type": "code", "source": cell.source, "metadata": {}, "outputs": [], "execution_count": cell.count}
            for cell in self.cells()
        ]
        return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}).encode()

    def named(self, text: str) -> str:
        """A text in which the worker's "code cell 3" has become the number beside the cell, "In [7]"."""
        cells = self.cells()

        def name(found: re.Match[str]) -> str:
            number = int(found[1])
            return f"In [{cells[number - 1].count}]" if 1 <= number <= len(cells) else found[0]

        return PLACE.sub(name, text)
