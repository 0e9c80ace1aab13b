"""Points that a person gave in place of the grader's: kept in a file of their own beside the results, so that no
regrade touches them, and put over every report that is read.

`overrides.jsonl` holds a line for each act, the last of a student and question counts; one without points takes an
override back. It is only ever appended to."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from .errors import UsageError
from .model import Override, QuestionResult, Report
from .records import Row, json_text
from .text import clean_text

FILE = "overrides.jsonl"
REASON = 500  # characters
DIGITS = 6  # of a total, as in judge/score.py: three thirds are the maximum


@dataclass(frozen=True)
class Overrides:
    """What counts now, by student and question; `graded` is what the grader gave when a person gave other points."""

    found: Mapping[tuple[str, str], Override]

    def of(self, student: str) -> dict[str, Override]:
        return {question: one for (name, question), one in self.found.items() if name == student}

    def report(self, report: Report) -> Report:
        """The report with a person's points in place of the grader's; graded, where no question is without any."""
        mine = self.of(report.student)
        if not mine.keys() & {q.question for q in report.questions}:
            return report
        questions = tuple(_over(q, mine.get(q.question)) for q in report.questions)
        scores = [q.score for q in questions if q.score is not None]
        whole = len(scores) == len(questions)
        total = round(math.fsum(scores), DIGITS) if whole else None
        return replace(report, questions=questions, score=total, status="graded" if whole else report.status)

    def row(self, row: Row) -> Row:
        """A line of a table likewise."""
        mine = {name: one for name, one in self.of(row.student).items() if name in row.scores}
        if not mine:
            return row
        scores = {name: mine[name].points if name in mine else score for name, score in row.scores.items()}
        known = [score for score in scores.values() if score is not None]
        whole = len(known) == len(scores)
        total = round(math.fsum(known), DIGITS) if whole else None
        status = "graded" if whole else row.status
        return replace(row, scores=scores, score=total, status=status, overridden=tuple(sorted(mine)))


def _over(q: QuestionResult, one: Override | None) -> QuestionResult:
    return q if one is None else replace(q, score=one.points, override=replace(one, graded=q.score))


def read(folder: Path) -> Overrides:
    """The overrides in a folder of results. Raises UsageError with file and line where one cannot be read: to leave
    it out would be a wrong grade."""
    path = folder / FILE
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Overrides({})
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    found = dict[tuple[str, str], Override]()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
            place = str(data["student"]), str(data["question"])
            if data["points"] is None:
                found.pop(place, None)
                continue
            points = float(data["points"])
            if not (math.isfinite(points) and points >= 0):
                raise ValueError("points")
            then = None if data.get("graded") is None else float(data["graded"])
            found[place] = Override(points, str(data["reason"]), str(data["when"]), then)
        except (LookupError, TypeError, ValueError, RecursionError):
            if number == len(lines):
                break  # cut off while it was written, so never acknowledged
            raise UsageError(f"{path}:{number}: not an override; mend or delete the line") from None
    return Overrides(found)


def add(
    folder: Path, student: str, question: str, points: float | None, reason: str, graded: float | None = None
) -> None:
    """Append an override, or with no points take it back; it is on disk when this returns. `graded` is what the grader
    gives now. Raises UsageError."""
    path, when = folder / FILE, datetime.now(UTC).isoformat(timespec="seconds")
    reason = clean_text(reason, REASON, lines=False)
    act = {"student": student, "question": question, "points": points, "reason": reason, "when": when, "graded": graded}
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(fd, "r+b") as file:
            whole = file.read()
            end = whole.rfind(b"\n") + 1
            if _whole(whole[end:]):  # an editor left the last line without its end: it counts, so it stays
                act_line = b"\n" + json_text(act).encode()
                file.seek(0, os.SEEK_END)
            else:
                act_line = json_text(act).encode()
                file.seek(end)
                file.truncate()  # what a power cut left of a line
            file.write(act_line + b"\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; nothing was changed") from error


def _whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False
