"""A gradebook filled in from a folder of results, and the list of what came of each student and each row."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from ..cohort.results import Results
from ..errors import UsageError
from ..report.files import safe_cell
from ..text import clean_text, plural
from .amounts import cell, number, plain
from .book import Book, Person
from .grade import Grade, grade_of
from .late import Policy, words
from .match import match

FIRST = ("student", "row in the gradebook", "status", "points", "out of", "was", "earned", "of", "attempt")
HEAD = (*FIRST, "handed in", "late by", "taken off", "overridden", "why")
WRITTEN, KEPT, NO_ROW, NO_RESULT = "written", "not written", "no row", "no result"


@dataclass(frozen=True)
class Line:
    """One student or row in the list."""

    status: str
    who: str
    why: str
    grade: Grade | None = None
    person: Person | None = None
    points: str = ""
    full: Fraction | None = None
    lower: bool = False  # than the grade that is there


@dataclass(frozen=True)
class Made:
    text: str
    lines: tuple[Line, ...]
    said: tuple[str, ...]

    def of(self, status: str) -> list[Line]:
        return [line for line in self.lines if line.status == status]

    @property
    def whole(self) -> bool:
        """Whether every result has gone to a row and every row has got one."""
        return all(line.status == WRITTEN or (line.person and line.person.nobody) for line in self.lines)


def fill(
    results: Results,
    book: Book,
    zone: ZoneInfo,
    policy: Policy | None = None,
    times: Mapping[str, str] | None = None,
    out_of: Fraction | None = None,
    comments: bool = False,
) -> Made:
    """The gradebook with all grades that are certain, and a line for every other. Raises UsageError."""
    hands, times = results.hands(), times or {}
    rows = {row.student: row for row in results.rows()}
    unknown = sorted(set(times) - set(rows))
    attempts = results.attempts() if results.graded.attempts == "best" else {}
    found = match((hands[student] for student in rows), book)
    cells, said, lines, notes = dict[int, str](), list(book.lines), list[Line](), dict[int, str]()
    scales = dict[tuple[Fraction, Fraction], None]()
    for student, row in rows.items():
        if student in found.left:
            lines.append(Line(NO_ROW, student, found.left[student], grade_of(row, hands[student], None, zone)))
            continue
        person = found.pairs[student]
        hand = hands[student]
        late_by = times.get(student) or ("" if hand.attempt.when else person.when)
        grade = grade_of(row, hand, policy, zone, late_by, attempts)
        full = out_of or person.full or grade.full
        if grade.points is None or person.locked:
            lines.append(Line(KEPT, student, grade.why or person.locked, grade, person, full=full))
            continue
        scales[grade.full, full] = None
        text = cell(grade.points * full / grade.full, full, book.mark)
        now = number(person.now)
        lower = now is not None and (number(text) or Fraction(0)) < now
        cells[person.row] = text
        if comments:
            notes[person.row] = safe_cell(comment(grade))
        lines.append(Line(WRITTEN, student, _why(grade, results), grade, person, text, full, lower))
    lines += [Line(NO_RESULT, name, "named by --times; nothing of theirs was graded") for name in unknown]
    for person in found.bare:
        why = "a test student of the platform" if person.nobody else "nothing of theirs was graded"
        lines.append(Line(NO_RESULT, person.shown, why, person=person))
    if comments and not book.comments:
        raise UsageError(f"{book.platform}: the gradebook has no column for comments; leave --comments out")
    said += [_scaled(*pair, book, out_of) for pair in scales]
    return Made(book.write(cells, notes), tuple(lines), tuple(line for line in said if line))


def alone(
    results: Results, zone: ZoneInfo, policy: Policy | None = None, times: Mapping[str, str] | None = None
) -> Made:
    """The same for a table that is made of the results alone; there is no text."""
    hands, times, lines = results.hands(), times or {}, list[Line]()
    attempts = results.attempts() if results.graded.attempts == "best" else {}
    for row in results.rows():
        grade = grade_of(row, hands[row.student], policy, zone, times.get(row.student, ""), attempts)
        status, why = (KEPT, grade.why) if grade.points is None else (WRITTEN, _why(grade, results))
        points = "" if grade.points is None else plain(grade.points)
        lines.append(Line(status, row.student, why, grade, points=points, full=grade.full))
    unknown = sorted(set(times) - {line.who for line in lines})
    lines += [Line(NO_RESULT, name, "named by --times; nothing of theirs was graded") for name in unknown]
    return Made("", tuple(lines), ())


def comment(grade: Grade) -> str:
    """What a student may read beside the grade: points by question, and what being late cost."""
    parts = [
        f"{name}: {'ungraded' if score is None else plain(Fraction(str(score)))}"
        for name, score in grade.row.scores.items()
    ]
    parts += [f"late: {grade.late.why}"] if grade.late and grade.late.lost else []
    return "; ".join(parts)


def _why(grade: Grade, results: Results) -> str:
    parts = [grade.late.why] if grade.late else []
    if len(grade.hand.attempts) > 1:
        parts.append(f"attempt {grade.attempt} of {len(grade.hand.attempts)} ({results.graded.attempts})")
    parts += [f"a person gave the points of {', '.join(grade.row.overridden)}"] if grade.row.overridden else []
    return "; ".join(parts)


def _scaled(full: Fraction, there: Fraction, book: Book, out_of: Fraction | None) -> str:
    if full == there and out_of is None:
        return ""
    by = "by --out-of" if out_of is not None else f"by its {book.full_by}"
    return f"scaled: {plain(full)} points here are {plain(there)} in the gradebook, {by}"


def summary(made: Made) -> list[str]:
    """The list as lines of CSV: every student and every row once."""
    out = list[str]()
    for cells in (HEAD, *(_cells(line) for line in made.lines)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow([safe_cell(clean_text(c, 500, lines=False)) for c in cells])
        out.append(text.getvalue())
    return out


def _cells(line: Line) -> list[str]:
    grade, person = line.grade, line.person
    shown = f"{person.shown} ({', '.join(person.ids.values())})" if person else ""
    student = grade.student if grade else "" if person else line.who
    head = [
        student,
        shown,
        line.status,
        line.points,
        plain(line.full) if line.full else "",
        person.now if person else "",
    ]
    if grade is None:
        return [*head, *[""] * 7, line.why]
    earned = "" if grade.raw is None else plain(grade.raw)
    late = [words(grade.late.by) if grade.when else "", plain(grade.late.lost * 100) + "%"] if grade.late else ["", ""]
    attempt = f"{grade.attempt} of {len(grade.hand.attempts)}"
    given = " ".join(grade.row.overridden)
    return [*head, earned, plain(grade.full), attempt, grade.when, *late, given, line.why]


def told(made: Made) -> list[str]:
    """What a person has to look at, in words: results without a row, rows without a result, grades that were not
    written, and those that are lower than what was there."""
    lines = [f"no row: {line.who}: {line.why}" for line in made.of(NO_ROW)]
    lines += [f"not written: {line.who}: {line.why}" for line in made.of(KEPT)]
    lines += [f"no result: {line.who}: {line.why}" for line in made.of(NO_RESULT)]
    for line in made.of(WRITTEN):
        if line.lower and line.person:
            lines.append(f"lower than before: {line.who}: {line.points}, where {line.person.now} stood")
    return [clean_text(line, 400, lines=False) for line in lines]


def counted(made: Made) -> str:
    late = sum(bool(line.grade and line.grade.late and line.grade.late.lost) for line in made.of(WRITTEN))
    parts = [f"{plural(len(made.of(WRITTEN)), 'grade')} written"]
    parts += [f"{late} of them less for being late"] if late else []
    for status, word in ((KEPT, "not written"), (NO_ROW, "without a row")):
        parts += [f"{len(made.of(status))} {word}"] if made.of(status) else []
    bare = len(made.of(NO_RESULT))
    parts += [f"{plural(bare, 'row')} without a result"] if bare else []
    return ", ".join(parts)
