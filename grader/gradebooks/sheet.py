"""A CSV file whose cells are kept as they are written: what is not filled in comes out byte for byte."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError

MAX_BYTES = 64 << 20
BOM = "\ufeff"


@dataclass(frozen=True)
class Cell:
    raw: str  # with its quotes
    value: str


@dataclass(frozen=True)
class Sheet:
    """Rows of cells; `ends` are the line ends of each. Rows that hold nothing are among them."""

    name: str
    bom: bool
    delimiter: str
    rows: tuple[tuple[Cell, ...], ...]
    ends: tuple[str, ...]

    def value(self, row: int, column: int) -> str:
        """A cell's text; "" where the row is shorter."""
        cells = self.rows[row]
        return cells[column].value if column < len(cells) else ""

    def header(self) -> list[str]:
        return [cell.value.strip() for cell in self.rows[0]]

    def filled(self, cells: Mapping[tuple[int, int], str]) -> str:
        """The whole file with other texts in some cells, by row and column."""
        out = [BOM] if self.bom else []
        for r, (row, end) in enumerate(zip(self.rows, self.ends, strict=True)):
            raw = [quoted(cells[r, c], self.delimiter) if (r, c) in cells else one.raw for c, one in enumerate(row)]
            out += [self.delimiter.join(raw), end]
        return "".join(out)

    def lines(self, rows: Sequence[Sequence[str]]) -> str:
        """Rows of raw cells as a file of the same kind."""
        end = next((end for end in self.ends if end), "\r\n")
        return (BOM if self.bom else "") + "".join(self.delimiter.join(row) + end for row in rows)


def quoted(text: str, delimiter: str) -> str:
    if any(c in text for c in (delimiter, '"', "\n", "\r")) or text != text.strip():
        return '"' + text.replace('"', '""') + '"'
    return text


def read_sheet(path: Path) -> Sheet:
    """A CSV file in UTF-8, with `,` or `;` or tabs. Raises UsageError with the reason where it is none."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise UsageError(f"{path}: larger than {MAX_BYTES >> 20} MiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: not UTF-8 (byte {error.start}); export it again, or save it as CSV UTF-8") from error
    return sheet_of(text, str(path))


def sheet_of(text: str, name: str) -> Sheet:
    bom = text.startswith(BOM)
    text = text.removeprefix(BOM)
    if not text.strip():
        raise UsageError(f"{name}: empty")
    first = re.sub(r'"(?:[^"]|"")*"', "", text.splitlines()[0])
    delimiter = max(",;\t", key=first.count)
    rows, ends = _parsed(text, delimiter, name)
    return Sheet(name, bom, delimiter, tuple(rows), tuple(ends))


def _parsed(text: str, delimiter: str, name: str) -> tuple[list[tuple[Cell, ...]], list[str]]:
    pattern = re.compile(rf'("(?:[^"]|"")*+"|[^{delimiter}\r\n"][^{delimiter}\r\n]*+|)({delimiter}|\r\n|\n|\r|\Z)')
    rows, ends, row, at = list[tuple[Cell, ...]](), list[str](), list[Cell](), 0
    while at < len(text) or row:
        m = pattern.match(text, at)
        if m is None:
            raise UsageError(f"{name}:{text.count(chr(10), 0, at) + 1}: a quote that is not closed, or not doubled")
        raw = m[1]
        row.append(Cell(raw, raw[1:-1].replace('""', '"') if raw.startswith('"') else raw))
        at = m.end()
        if m[2] != delimiter:
            rows.append(tuple(row))
            ends.append(m[2])
            row = []
            if not m[2]:
                break
    return rows, ends
