"""`grader override`: points that a person gives in place of the grader's, with a reason."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..report.files import points
from ..text import clean_text
from .grading import alone_in

if TYPE_CHECKING:
    from ..cohort.results import Results
    from ..model import Report


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
@click.argument("student", required=False)
@click.argument("question", required=False)
@click.argument("given", metavar="[POINTS]", required=False)
@click.option("--reason", metavar="TEXT", help="Why; it stands in the reports and on the student's page.")
@click.option("--remove", is_flag=True, help="Take the override of STUDENT and QUESTION back.")
@click.option("--bonus", is_flag=True, help="Allow more points than the question has.")
def override(
    results: Path,
    student: str | None,
    question: str | None,
    given: str | None,
    reason: str | None,
    remove: bool,
    bonus: bool,
) -> None:
    """Give STUDENT so many POINTS for QUESTION in RESULTS, the folder that `grader grade --out` wrote.

    It is kept through regrades. With RESULTS alone: list all overrides, and what the grader gives. Exit code 1 where
    one is of a student or question that the last run does not have."""
    from .. import overrides
    from ..cohort.results import Results

    with Results(results) as found:
        if student is None:
            lines = list(override_lines(found))
            click.echo("\n".join(lines) or "no overrides")
            raise SystemExit(1 if found.lost_overrides() else 0)
    if question is None or (given is None) != remove:
        raise UsageError("give STUDENT QUESTION POINTS --reason TEXT, or STUDENT QUESTION --remove")
    if not remove and not (reason or "").strip():
        raise UsageError("an override needs a --reason: the student and your colleagues will ask")
    with alone_in(results):
        with Results(results) as found:
            if remove:
                if (student, question) not in found.overrides.found:
                    mine = sorted(q for s, q in found.overrides.found if s == student)
                    told = f"; they have one of {', '.join(mine)}" if mine else ""
                    raise UsageError(f"{student} has no override of {question}{told}")
                value = None
            else:
                value = _value(found, student, question, str(given), bonus)
            graded = _graded(found, student, question)
        overrides.add(results, student, question, value, reason or "taken back", graded)
        with Results(results) as found:
            found.write()
            said = found.report(student)
    click.echo(_said(student, question, said, value))
    feedback = ", grader feedback" if (results / "feedback").is_dir() else ""
    if (results / "report").is_dir() or (results / "feedback").is_dir():
        click.echo(f"the pages that are there do not show it yet: grader report {results}{feedback}", err=True)


def _value(found: Results, student: str, question: str, text: str, bonus: bool) -> float:
    """The points as a number. Raises UsageError for names that the results do not have, and points out of range."""
    students = [row.student for row in found.rows()]
    if student not in students:
        raise UsageError(f"{clean_text(student, 120)} has no result in {found.folder}{_near(student, students)}")
    names = found.graded.questions
    if question not in names:
        raise UsageError(f"no question {clean_text(question, 120)} in {found.folder}{_near(question, names)}")
    most = dict(zip(names, found.graded.points, strict=True))[question]
    try:
        value = float(text)
    except ValueError:
        raise UsageError(f"{clean_text(text, 60)!r} is no number of points") from None
    if not math.isfinite(value) or value < 0:
        raise UsageError(f"{text} points: at least 0 are given")
    if value > most and not bonus:
        raise UsageError(f"{question} has {most:g} points; to give more: --bonus")
    return value


def _graded(found: Results, student: str, question: str) -> float | None:
    """What the grader gives, without a person's override."""
    report = found.report(student)
    mine = [q for q in report.questions if q.question == question] if report else []
    if not mine:
        return None
    return mine[0].override.graded if mine[0].override else mine[0].score


def _near(name: str, names: Iterable[str]) -> str:
    by_fold = {one.casefold(): one for one in names}
    near = [by_fold[n] for n in difflib.get_close_matches(name.casefold(), by_fold, 3, 0.5)]
    inside = [one for one in by_fold.values() if name.casefold() in one.casefold()][:3]
    found = list(dict.fromkeys([*inside, *near]))[:4]
    return f"; did you mean {' or '.join(found)}?" if found else ""


def _said(student: str, question: str, report: Report | None, value: float | None) -> str:
    score = "ungraded" if report is None or report.score is None else f"{report.score:g} of {report.max_score:g}"
    if value is None:
        return f"{student}, {question}: the grader's points count again; {score} in all"
    return f"{student}, {question}: {value:g} points; {score} in all"


def override_lines(results: Results) -> Iterator[str]:
    """All overrides with what the grader gives now; one that the last run has no place for is told, and kept."""
    lost = set(results.lost_overrides())
    for (student, question), one in sorted(results.overrides.found.items()):
        named = _line(f"{student}, {question}: {_points(one.points)}, {one.when[:10]}: {one.reason}")
        if (student, question) in lost:
            missing = "student" if question in results.graded.questions else "question"
            yield f"not applied: {named}: no such {missing} in the last run; the override is kept"
            continue
        report = results.report(student)
        given = [q.override for q in report.questions if q.question == question] if report else []
        now = given[0].graded if given and given[0] else None
        since = "" if now == one.graded else f", which was {_points(one.graded)} when it was overridden"
        yield f"overridden: {named} (the grader gives {_points(now)}{since})"


def _line(text: str) -> str:
    return clean_text(text, 800, lines=False)


def _points(value: float | None) -> str:
    return "nothing: ungraded" if value is None else points(value)
