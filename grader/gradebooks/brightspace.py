"""Brightspace (D2L): the exported grades, cut down to the key fields, one item and the end of the line. A user without
a grade is left out, so that nothing there is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import UsageError
from ..report.files import safe_cell
from .amounts import number
from .book import Book, Person, name_keys, one_column
from .sheet import Sheet

KEYS = {"orgdefinedid": "sis", "username": "login", "email": "email"}
ITEM = re.compile(r"(.+) Points Grade\s*(?:<.*>)?", re.DOTALL)
MOST = re.compile(r"<.*MaxPoints:\s*(\d+(?:\.\d+)?).*>", re.DOTALL)
END = "End-of-Line Indicator"


def read(sheet: Sheet, wanted: str) -> Book:
    """Raises UsageError where it is no export of grades, or the item is not clear."""
    head = sheet.header()
    at = {KEYS[name.casefold()]: c for c, name in enumerate(head) if name.casefold() in KEYS}
    keys = sorted(c for key, c in at.items() if key in ("sis", "login"))
    if not keys:
        raise UsageError(f"{sheet.name}: no export of Brightspace's grades: neither OrgDefinedId nor Username is in it")
    columns = {c: m[1] for c, name in enumerate(head) if (m := ITEM.fullmatch(name))}
    column = one_column(_bare(wanted), columns, sheet.name)
    most = MOST.search(head[column])
    names = [c for c, name in enumerate(head) if name.casefold().replace(" ", "") in ("lastname", "firstname")]
    people = []
    for r in range(1, len(sheet.rows)):
        ids = {key: sheet.value(r, c).strip().removeprefix("#") for key, c in at.items()}
        if not any(ids.values()):
            continue
        name = ", ".join(sheet.value(r, c).strip() for c in names)
        odd = [text for c in keys if safe_cell(text := sheet.value(r, c)) != text]
        people.append(
            Person(
                r,
                name or ids.get("login") or ids.get("sis", ""),
                {key: value for key, value in ids.items() if value},
                name_keys(name),
                sheet.value(r, column).strip(),
                number(most[1]) if most else None,
                locked="its key begins like a spreadsheet's formula; enter it by hand" if odd else "",
            )
        )

    def write(grades: Mapping[int, str], _: Mapping[int, str]) -> str:
        made = [[*(sheet.rows[0][c].raw for c in (*keys, column)), END]]
        for r, grade in sorted(grades.items()):
            made.append([*(sheet.rows[r][c].raw for c in keys), grade, "#"])
        return sheet.lines(made)

    return Book("brightspace", head[column], people, write, ".", "MaxPoints")


def _bare(wanted: str) -> str:
    m = ITEM.fullmatch(wanted.strip())
    return m[1] if m else wanted
