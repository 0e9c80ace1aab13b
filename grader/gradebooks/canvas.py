"""Canvas: the exported gradebook, filled in and cut down to what the importer needs.

The importer clears a grade where a cell is empty, so only students who get a grade are in the file. Without a column
whose number it knows, it would make a new assignment, so the column must be in the export. By the row's ID alone a
student is found; other texts of a row may therefore be made harmless for spreadsheets."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import UsageError
from ..report.files import safe_cell
from .amounts import number
from .book import Book, Person, name_keys, one_column
from .sheet import Sheet, quoted

KEYS = {"ID": "id", "SIS User ID": "sis", "SIS Login ID": "login"}
TITLED = re.compile(r".* \(\d+\)", re.DOTALL)
LOCKED = {"EX": "excused (EX)", "N/A": "not assigned to them in Canvas (N/A)"}
POINTS = "Points Possible"


def read(sheet: Sheet, wanted: str) -> Book:
    """Raises UsageError where it is no export of Canvas's gradebook, or the column is not clear."""
    head = sheet.header()
    names = ["LastName", "FirstName"] if head[:2] == ["LastName", "FirstName"] else ["Student"]
    if head[: len(names) + 1] != [*names, "ID"] or "Section" not in head:
        raise UsageError(
            f"{sheet.name}: no gradebook of Canvas: its first columns must be Student, ID … Section; export it anew"
        )
    info = head.index("Section") + 1
    top = next((r for r in range(1, len(sheet.rows)) if POINTS in sheet.value(r, 0)), None)
    if top is None:
        raise UsageError(f"{sheet.name}: its row {POINTS} is missing; export it anew")
    columns = {
        c: name
        for c, name in enumerate(head)
        if c >= info and TITLED.fullmatch(name) and "read only" not in sheet.value(top, c)
    }
    column = one_column(wanted, columns, sheet.name)
    full = number(sheet.value(top, column))
    at = {key: head.index(name) for name, key in KEYS.items() if name in head}
    people = []
    for r in range(1, len(sheet.rows)):
        if r == top or not sheet.value(r, at["id"]).strip():
            continue  # the row "Manual Posting", or an empty one
        parts = [sheet.value(r, c).strip() for c in range(len(names))]
        name = ", ".join(parts)
        people.append(
            Person(
                r,
                name,
                {key: value for key, c in at.items() if (value := sheet.value(r, c).strip())},
                name_keys(name),
                sheet.value(r, column).strip(),
                full,
                locked=LOCKED.get(sheet.value(r, column).strip().upper(), ""),
                nobody=name == "Student, Test",
            )
        )
    cells = [sheet.value(r, column) for r in range(1, len(sheet.rows))]
    comma = sheet.delimiter != "," and any(re.fullmatch(r"\s*\d+,\d+\s*", text) for text in cells)

    def write(grades: Mapping[int, str], _: Mapping[int, str]) -> str:
        made = [[*(cell.raw for cell in sheet.rows[0][:info]), sheet.rows[0][column].raw]]
        made.append([*_padded(sheet, top, info), sheet.rows[top][column].raw])
        for r, grade in sorted(grades.items()):
            texts = [safe_cell(sheet.value(r, c)) for c in range(info)]
            made.append([*(quoted(text, sheet.delimiter) for text in texts), quoted(grade, sheet.delimiter)])
        return sheet.lines(made)

    return Book("canvas", head[column], people, write, "," if comma else ".", POINTS)


def _padded(sheet: Sheet, row: int, count: int) -> list[str]:
    raw = [cell.raw for cell in sheet.rows[row][:count]]
    return raw + [""] * (count - len(raw))
