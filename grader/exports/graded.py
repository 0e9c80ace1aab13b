"""A graded cohort as its students may see it, from the folder of results alone."""

from __future__ import annotations

import contextlib
import difflib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from ..cohort.public import PUBLIC
from ..cohort.results import Results
from ..course import Course
from ..errors import GraderError, UsageError
from ..keyfile import load
from ..model import AnswerKey, Report
from ..records import report_from_json
from ..report.view import StudentView, student_view
from ..store import Store


def reports(results: Results, student: str = "") -> Iterator[Report]:
    """The reports of the last run with a person's points, by student; or that of one. They tell hidden cases. Raises
    UsageError for a student who is not in it."""
    if not student:
        yield from results.reports()
        return
    known = [row.student for row in results.rows()]
    found = results.report(student) if student in known else None
    if found is None:
        near = difflib.get_close_matches(student, known, 1)
        raise UsageError(f"no {student!r} in {results.folder}" + (f"; did you mean {near[0]}?" if near else ""))
    yield found


def views(results: Results, student: str = "") -> Iterator[StudentView]:
    """The same as their students may see them. Titles come from the frozen key, where it is in the course's cache."""
    key, path = _key(results), results.folder / PUBLIC
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(Store(path)) if path.is_file() else None
        for report in reports(results, student):
            yield student_view(report, key, _words(report, store))


def _key(results: Results) -> AnswerKey | None:
    graded = results.graded
    with contextlib.suppress(GraderError, OSError):
        course = Course(Path(graded.course), Path(graded.secret_file) if graded.secret_file else None)
        if course.root.is_dir() and (graded.secret_file or (course.state / "secret").is_file()):  # it makes none
            path = course.key_path(graded.assignment, graded.device)
            return load(path.read_bytes(), str(path))
    return None


def _words(report: Report, store: Store | None) -> Report | None:
    """The report on public cases alone, for what it says in words. What it says otherwise than the graded one is left
    out: it may be of older files. What both say was said without a hidden case in sight."""
    last = store.last(report.student) if store else None
    try:
        public = report_from_json(json.loads(last[0])) if last else None
    except (LookupError, TypeError, ValueError, RecursionError):
        return None
    if public is None or public.assignment != report.assignment:
        return None
    said = {(o.question, o.case, o.output, o.message) for q in report.questions for o in q.outcomes if not o.hidden}
    told = (
        replace(q, outcomes=tuple(o for o in q.outcomes if (o.question, o.case, o.output, o.message) in said))
        for q in public.questions
    )
    return replace(public, questions=tuple(told))
