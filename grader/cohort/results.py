"""A folder that `grader grade --out` wrote: who was graded there, with what, and the overrides of a person.

Whoever shows or exports grades reads them here, so that no override is left out anywhere."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from .. import overrides
from ..collect.handin import HandIn, Hands, from_json, to_json
from ..errors import UsageError
from ..model import AnswerKey, Report
from ..records import Row, json_text, report_from_json, report_to_json
from ..report.files import grades_csv, write_whole
from ..store import Store

STORE, REPORTS, GRADES = "grades.sqlite", "reports.jsonl", "grades.csv"
RUN, HANDS = "run", "hands"


@dataclass(frozen=True)
class Graded:
    """The last run that ended. Paths are absolute. `questions` and `points` in the key's order."""

    run: str
    assignment: str
    course: str
    secret_file: str | None
    device: str
    submissions: tuple[str, ...]
    timeout: float
    isolation: str
    questions: tuple[str, ...]
    points: tuple[float, ...]
    when: str  # UTC, ISO 8601
    source: str = ""  # the platform that was named; "" where it was recognised
    attempts: str = "last"  # or best
    students: int = -1  # reports of the run when it ended; -1: not noted


class Results:
    """The results in a folder. A context manager. Raises UsageError where there are none, or they cannot be read."""

    def __init__(self, folder: Path) -> None:
        if not (folder / STORE).is_file():
            raise UsageError(f"{folder}: no results there; grade first: grader grade … --out {folder}")
        self.folder = folder
        self.overrides = overrides.read(folder)
        self.store = Store(folder / STORE)
        try:
            self.graded = _graded(folder, self.store.kept(RUN))
            self._require_whole()
        except BaseException:
            self.store.db.close()
            raise

    def __enter__(self) -> Results:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.store.db.close()

    def rows(self) -> Iterator[Row]:
        """Rows of the last run, by student, with overrides."""
        return map(self.overrides.row, self.store.rows(self.graded.run))

    def reports(self) -> Iterator[Report]:
        """Reports of the last run, by student, with overrides; one at a time. They tell hidden cases."""
        return (self.overrides.report(report_from_json(json.loads(line))) for line in self._lines())

    def report(self, student: str) -> Report | None:
        """One student's."""
        found = self.store.last(student)
        return None if found is None else self.overrides.report(report_from_json(json.loads(found[0])))

    def hands(self) -> Hands:
        """What the platform said of each student's hand-in. Raises UsageError where the last run kept nothing."""
        text = self.store.kept(HANDS)
        data = json.loads(text) if text else {}
        if data.get("run") != self.graded.run:
            raise UsageError(f"{self.folder}: no note of who handed in what; run the same grader grade again")
        return Hands({one["student"]: from_json(one) for one in data["hands"]})

    def attempts(self) -> dict[str, Row]:
        """Where the best attempt counts: the rows of all attempts of students with several, by attempt_name, with the
        student's overrides."""
        found = {}
        for row in self.store.rows(attempts_run(self.graded.run)):
            student = row.student.rpartition(" [attempt ")[0]
            found[row.student] = self.overrides.row(replace(row, student=student))
        return found

    def lost_overrides(self) -> list[tuple[str, str]]:
        """Students and questions with an override that the last run does not have."""
        rows = {row.student for row in self.store.rows(self.graded.run)}
        asked = set(self.graded.questions)
        return sorted((s, q) for s, q in self.overrides.found if s not in rows or q not in asked)

    def write(self) -> None:
        """Write `reports.jsonl` and `grades.csv` anew, each whole or not at all."""
        write_whole(self.folder / REPORTS, (self._over(line) for line in self._lines()))
        write_whole(self.folder / GRADES, grades_csv(self.rows(), self.graded.questions))

    def _require_whole(self) -> None:
        """A later run that was stopped has taken over the students that it came to: without them nothing is shown."""
        there, ended = self.store.count(self.graded.run), self.graded.students
        if 0 <= ended != there:
            raise UsageError(
                f"{self.folder}: a later run was stopped when {ended - there} of {ended} students were graded anew; "
                "run the same grader grade again to its end"
            )

    def _lines(self) -> Iterable[str]:
        return self.store.lines(self.graded.run)

    def _over(self, line: str) -> str:
        if not self.overrides.found:  # the text is taken as it is
            return line
        old = report_from_json(json.loads(line))
        new = self.overrides.report(old)
        return line if new is old else json_text(report_to_json(new)) + "\n"


def keep_run(store: Store, graded: Graded, hands: Iterable[HandIn] = ()) -> None:
    """Note the run that has ended, and what the platform said of each hand-in."""
    store.keep(HANDS, json.dumps({"run": graded.run, "hands": [to_json(hand) for hand in hands]}))
    store.keep(RUN, json.dumps({**vars(graded), "students": store.count(graded.run)}))


def attempts_run(run: str) -> str:
    """The run that grades all attempts, before the one in which the best of them count."""
    return f"{run}-attempts"


def graded_of(key: AnswerKey, **more: Any) -> Graded:
    names, points = tuple(q.name for q in key.questions), tuple(q.points for q in key.questions)
    return Graded(assignment=key.assignment, questions=names, points=points, **more)


def _graded(folder: Path, text: str | None) -> Graded:
    if text is None:
        raise UsageError(f"{folder}: no run has ended there; run grader grade … --out {folder} again")
    data = json.loads(text)
    lists = {name: tuple(data[name]) for name in ("submissions", "questions", "points")}
    return Graded(**{**data, **lists})
