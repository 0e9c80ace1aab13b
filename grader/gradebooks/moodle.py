"""Moodle: the grading worksheet of an assignment, filled in. Everything but the cells that get a grade (and a comment,
where they are asked for) comes out byte for byte.

Its headers are in its user's language, so columns are known by what is in them: the first holds `Participant 4711`; one
holds the same number for all, the maximum; before it stands the grade, after it whether that may be changed, then when
the work was handed in."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from ..errors import UsageError
from .amounts import number
from .book import Book, Person, name_keys, squeezed
from .sheet import Sheet

NUMBERED = re.compile(r"\s*\D*?(\d{1,20})\s*")
NO = {
    "no",
    "nein",
    "non",
    "nee",
    "não",
    "nie",
    "ne",
    "nej",
    "nei",
    "ei",
    "hayır",
    "нет",
    "否",
    "いいえ",
    "아니요",
    "아니오",
}
NONE = ("", "-", "–", "—")


def read(sheet: Sheet, wanted: str) -> Book:
    """Raises UsageError where it is no worksheet, or its columns cannot be told apart; `wanted` names the grade's."""
    head = sheet.header()
    rows = [r for r in range(1, len(sheet.rows)) if any(cell.value.strip() for cell in sheet.rows[r])]
    if not rows or not all(NUMBERED.fullmatch(sheet.value(r, 0)) for r in rows):
        raise UsageError(
            f'{sheet.name}: no grading worksheet of Moodle: its first column must hold "Participant 123" or the like'
        )
    grade = _grade_column(sheet, head, rows, wanted)
    email = next((c for c in range(1, grade) if _all_mail(sheet, rows, c)), None)
    people = []
    for r in rows:
        m = NUMBERED.fullmatch(sheet.value(r, 0))
        assert m is not None
        texts = [html.unescape(sheet.value(r, c)).strip() for c in range(1, grade)]
        name = texts[0] if texts and email is not None else ""
        ids = {"id": m[1], **({"email": sheet.value(r, email).strip()} if email is not None else {})}
        now, when = sheet.value(r, grade).strip(), sheet.value(r, grade + 3).strip()
        people.append(
            Person(
                r,
                name or sheet.value(r, 0).strip(),
                ids,
                frozenset(key for text in texts for key in name_keys(text)),
                "" if now in NONE else now,
                number(sheet.value(r, grade + 1)),
                "" if when in NONE else when,
                "its grade cannot be changed in Moodle" if sheet.value(r, grade + 2).strip().casefold() in NO else "",
                frozenset(squeezed(text) for text in (*texts, sheet.value(r, 0).strip().rstrip("0123456789"))),
            )
        )
    comma = any(re.fullmatch(r"\s*\d+,\d+\s*", sheet.value(r, grade + 1)) for r in rows)
    comment = len(head) - 1 if len(head) - 1 > grade + 4 else None
    told = f"columns of {sheet.name}: grade {head[grade]!r}, maximum {head[grade + 1]!r}"
    told += f", handed in {head[grade + 3]!r}" if len(head) > grade + 3 else ""

    def write(grades: Mapping[int, str], comments: Mapping[int, str]) -> str:
        cells = {(r, grade): text for r, text in grades.items()}
        if comments and comment is None:
            raise UsageError(f"{sheet.name}: has no column for comments; leave --comments out")
        if comment is not None:
            cells |= {(r, comment): text for r, text in comments.items() if not sheet.value(r, comment).strip()}
        return sheet.filled(cells)

    mark, where = "," if comma else ".", head[comment] if comment is not None else ""
    return Book("moodle", head[grade], people, write, mark, head[grade + 1], (told,), where)


def _grade_column(sheet: Sheet, head: list[str], rows: list[int], wanted: str) -> int:
    fitting = [c - 1 for c in range(2, len(head) - 1) if _is_maximum(sheet, rows, c)]
    if wanted:
        named = [c for c in fitting if head[c] == wanted.strip()]
        if len(named) != 1:
            raise UsageError(f"{sheet.name}: no column {wanted} of grades, with a maximum beside it")
        return named[0]
    if len(fitting) != 1:
        some = ", ".join(repr(head[c]) for c in fitting)
        raise UsageError(
            f"{sheet.name}: which column is the grade? "
            + (f"Name it with --column: {some}" if some else "None has the same maximum in numbers beside it for all")
        )
    return fitting[0]


def _is_maximum(sheet: Sheet, rows: list[int], c: int) -> bool:
    """Whether a column holds one number for all, with grades before it and no more than two words after it."""
    tops = {number(sheet.value(r, c)) for r in rows}
    top = next(iter(tops)) if len(tops) == 1 else None
    if not top or top <= 0:
        return False
    before = [sheet.value(r, c - 1).strip() for r in rows]
    after = {sheet.value(r, c + 1).strip() for r in rows}
    graded = all(text in NONE or ((value := number(text)) is not None and value <= 2 * top) for text in before)
    return graded and 1 <= len(after) <= 2 and "" not in after and all(number(text) is None for text in after)


def _all_mail(sheet: Sheet, rows: list[int], c: int) -> bool:
    texts = [sheet.value(r, c).strip() for r in rows]
    return any(texts) and all("@" in text or not text for text in texts)
