"""What every format says of a question: a title, whether all is right, and lines of text. Of a hidden case only what
the student's view holds."""

from __future__ import annotations

from collections.abc import Iterable

from ..errors import UsageError
from ..model import Verdict
from ..report.files import points
from ..report.view import CaseView, QuestionView, StudentView

MOST_LINES = 60


class Ungraded(UsageError):
    """There is no score to write: the grader, and not the student, is at fault."""

    def __init__(self, view: StudentView, format: str) -> None:
        names = ", ".join(q.question for q in view.questions if q.score is None) or "all"
        why = f" ({view.notes[0]})" if view.notes else ""
        super().__init__(
            f"{view.student or view.assignment}: {names} ungraded{why}; {format} has no word for that, and it must not "
            "be a zero: run again"
        )


def scored(view: StudentView, format: str) -> list[tuple[QuestionView, float]]:
    """The questions with their scores. Raises Ungraded where one has none."""
    out = [(q, q.score) for q in view.questions if q.score is not None]
    if view.score is None or len(out) < len(view.questions):
        raise Ungraded(view, format)
    return out


def right(q: QuestionView) -> bool:
    """Whether all cases are; where a person gave the points, whether these are all."""
    if q.override:
        return q.score is not None and q.score >= q.max_score
    return all(case.verdict is Verdict.PASS for case in q.cases)


def heading(q: QuestionView) -> str:
    """The title as the author wrote it, or the function's name."""
    return f"{q.question}: {q.title}" if q.title and q.title != q.question else q.question


def lines(q: QuestionView) -> list[str]:
    """What a person decided; one line for each output that is not right, with its hint below; how many cases are right
    at the end."""
    out, said = list[str](), set[str]()
    for case in q.cases:
        if case.verdict is Verdict.PASS:
            continue
        out.append(line(case))
        if case.hint and case.hint not in said:
            said.add(case.hint)
            out.append(f"    hint: {case.hint}")
    if len(out) > MOST_LINES:
        out = [*out[:MOST_LINES], f"and {len(out) - MOST_LINES} more lines"]
    if q.convention:
        out.append(f"follows: {'; '.join(q.convention)}")
    if q.carried and not q.override:
        out.append("a part of the points is earned although a function that it calls is wrong")
    counted = [] if q.score is None else [counts(q.cases)]
    return [*([overridden(q)] if q.override else []), *out, *counted]


def overridden(q: QuestionView) -> str:
    """A person's points and reason, where a person gave them; else ""."""
    if not q.override:
        return ""
    return f"points given by a person: {points(q.score)} of {points(q.max_score)}: {q.override.reason}"


def line(case: CaseView) -> str:
    what = case.message or case.kind or case.verdict.value.lower()
    return f"{case.case}: {what}" if case.output in what else f"{case.case}, {case.output}: {what}"


def counts(cases: Iterable[CaseView]) -> str:
    """How many of the public and hidden cases are right in all their outputs."""
    parts = []
    for hidden, word in ((False, "public"), (True, "hidden")):
        names = dict[str, bool]()
        for case in cases:
            if case.hidden is hidden:
                names[case.case] = names.get(case.case, True) and case.verdict is Verdict.PASS
        if names:
            parts.append(f"{sum(names.values())} of {len(names)} {word}")
    return f"cases right: {', '.join(parts)}" if parts else "no cases"


def honest(view: StudentView) -> str:
    """What the score rests on: whether hidden cases were run, and how the code was kept from them."""
    hidden = any(case.hidden for q in view.questions for case in q.cases)
    said = "public and hidden cases" if hidden else "public cases alone: this is not the grade"
    return f"{said}; isolation {view.isolation}"
