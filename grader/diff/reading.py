"""`reports.jsonl` read back, with limits: a file of reports is taken as it was written, or refused by line.

A line is cut into its questions before anything is parsed: two reports of one student are mostly the same text, and
only the questions whose text differs are ever looked into."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from ..errors import UsageError
from ..model import QuestionResult, Verdict
from ..records import SCHEMA, result_from_json
from ..text import clean_text

FILE = "reports.jsonl"
MAX_LINE = 16 << 20  # bytes of one report: some 60,000 outcomes
MAX_REPORTS = 1_000_000
QUESTION = re.compile(rb'\{"question":\s*')  # cannot stand inside a JSON string, whose quotes are escaped


@dataclass(frozen=True)
class Entry:
    """One report: what stands above the questions, and each question as JSON text."""

    student: str
    score: float | None
    max_score: float
    isolation: str
    notes: tuple[str, ...]
    questions: tuple[bytes, ...]
    assignment: str
    line: int


@dataclass(frozen=True)
class ReportFile:
    """All reports of one run, by student."""

    path: Path
    assignment: str  # empty where there is no report
    entries: dict[str, Entry]

    def question(self, entry: Entry, text: bytes) -> QuestionResult:
        """A question of an entry, looked into. Raises UsageError where it is damaged."""
        return checked(text, f"{self.path}:{entry.line}")


def read(path: Path) -> ReportFile:
    """The reports of an output folder, or of such a file. Raises UsageError, with the line, for what is none."""
    path = path / FILE if path.is_dir() else path
    entries: dict[str, Entry] = {}
    assignment = ""
    try:
        with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:  # a FIFO would block
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise UsageError(f"{path}: not a file")
            for number, line in _lines(file, path):
                entry = entry_of(line, number, f"{path}:{number}")
                if entry.student in entries:
                    raise UsageError(f"{path}:{number}: {_named(entry.student)} has two reports")
                if assignment not in ("", entry.assignment):
                    raise UsageError(f"{path}:{number}: a report of another assignment")
                assignment = entry.assignment
                entries[entry.student] = entry
    except FileNotFoundError:
        raise UsageError(
            f"{path}: no such file; name a folder that `grader grade --out` wrote, or its {FILE}"
        ) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    return ReportFile(path, assignment, entries)


def _lines(file: BinaryIO, path: Path) -> Iterator[tuple[int, bytes]]:
    for number in range(1, MAX_REPORTS + 2):
        line = file.readline(MAX_LINE + 1)
        if not line:
            return
        if len(line) > MAX_LINE or number > MAX_REPORTS:
            raise UsageError(f"{path}:{number}: more than a report file may hold")
        yield number, line


def entry_of(line: bytes, number: int = 1, where: str = FILE) -> Entry:
    """One line of the file. Raises UsageError where it is no report of this version."""
    parts = QUESTION.split(line.rstrip())
    if len(parts) > 1 and parts[-1].endswith(b"]}"):
        parts[-1] = parts[-1][:-2]
        questions = [b'{"question": ' + part.rstrip().removesuffix(b",") for part in parts[1:]]
        data = _parsed(parts[0] + b"]}", where)
        if data.get("questions") != []:
            raise _damaged(where)
    else:  # written in another way, or without questions
        data = _parsed(line, where)
        if not isinstance(data.get("questions"), list):
            raise _damaged(where)
        try:
            questions = [json.dumps(question).encode() for question in data["questions"]]
        except RecursionError as error:
            raise _damaged(where) from error
    if data.get("schema") != SCHEMA:
        raise UsageError(f"{where}: written by another version; grade again with this one")
    student, isolation, assignment = data.get("student"), data.get("isolation"), data.get("assignment")
    score, top, notes = data.get("score"), data.get("max_score"), data.get("notes")
    if not (isinstance(student, str) and isinstance(isolation, str) and isinstance(assignment, str)):
        raise _damaged(where)
    if not (is_score(score) and is_score(top) and top is not None and texts(notes)):
        raise _damaged(where)
    return Entry(student, score, top, isolation, tuple(notes or ()), tuple(questions), assignment, number)


def checked(text: bytes, where: str = FILE) -> QuestionResult:
    """One question of a report, each field of its right type. Raises UsageError."""
    data = _parsed(text, where)
    try:
        result = result_from_json({**data, "notes": []})
    except (LookupError, TypeError, ValueError) as error:
        raise _damaged(where) from error
    outcomes = all(
        isinstance(o.verdict, Verdict)
        and isinstance(o.hidden, bool)
        and texts([o.question, o.case, o.output, o.kind, o.message, o.hint, o.mistake, o.carried])
        for o in result.outcomes
    )
    given = result.override
    if given is not None and not (texts([given.reason, given.when]) and is_score(given.points)):
        raise _damaged(where)
    convention = data["convention"]
    if not (outcomes and isinstance(result.question, str) and texts(convention) and isinstance(convention, list)):
        raise _damaged(where)
    if not (is_score(result.score) and is_score(result.max_score) and result.max_score is not None):
        raise _damaged(where)
    return result


def is_score(value: Any) -> bool:
    return value is None or (type(value) in (int, float) and abs(value) < 1e15 and math.isfinite(value))


def texts(values: Any) -> bool:
    return isinstance(values, (list, tuple)) and all(isinstance(value, str) for value in values)


def _parsed(text: bytes, where: str) -> dict[str, Any]:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    try:
        data = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise _damaged(where) from error
    if not isinstance(data, dict):
        raise _damaged(where)
    return data


def _damaged(where: str) -> UsageError:
    return UsageError(f"{where}: not a report of `grader grade`")


def _named(student: str) -> str:
    return repr(clean_text(student, 80, lines=False))
