"""What a student may see of a report. Made here and nowhere else; exporters take a StudentView and never a Report.

Of a hidden case it shows the verdict, a kind from a closed list, and the hint, which is the author's or ours and names
no number of the case. It shows no text of the student's, no message, type name, shape, distance or time, and not the
case's name: hidden cases are numbered in the order of the key. That there are so many is shown, since the points of an
output tell it anyway once it is graded; the handout, which comes before, does not tell it.

A message about a *public* case may carry a hidden one as well, and so may an answer and its distance: both cases are
put to one process, whose code can keep what it was given and raise or return it later. So these are taken only from a
report of a run that was given no hidden case at all: the report itself, where it has none, or one on
`public_view(key)`. What a machine may remember of the other run stands in docs/security.md. Notes are of intake, of the
first time that the file was loaded, and our own."""

from __future__ import annotations

import builtins
from dataclasses import dataclass

from ..excerpt import Excerpt
from ..judge.properties import AUTHORS_FAULT
from ..model import AnswerKey, Outcome, QuestionResult, Report, Verdict
from ..text import clean_text

# Every kind that the grader gives, and how it reads; names of built-in exceptions stand for themselves.
KINDS = {
    "": "",
    "wrong value": "wrong value",
    "wrong shape": "wrong shape",
    "wrong type": "wrong type",
    "not finite": "not finite",
    "wrong number of outputs": "wrong number of outputs",
    "input modified": "input modified",
    "state kept between calls": "state kept between calls",
    "property does not hold": "property does not hold",
    "no exception": "no exception",
    "always raises": "always raises",
    "time limit": "time limit",
    "memory limit": "memory limit",
    "crashed": "crashed",
    "unreadable answer": "unreadable answer",
    "missing": "missing",
    "an exception": "an exception",
    "NotImplementedError": "not written yet",
    "ungraded": "ungraded",
    AUTHORS_FAULT: "ungraded",
}
EXCEPTIONS = frozenset(n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, BaseException))
OTHER = "an error"  # what is not in the list
MOST_NOTES, NOTE, MESSAGE, HINT, NAME = 30, 400, 1000, 1000, 120  # characters, and notes


@dataclass(frozen=True)
class CaseView:
    """One output in one case. For a hidden case `message` is "", and neither distance nor answer is there."""

    case: str
    hidden: bool
    output: str
    verdict: Verdict
    kind: str
    hint: str = ""
    message: str = ""
    distance: float | None = None  # of the wrong answer, in units of the tolerance
    answer: Excerpt | None = None


@dataclass(frozen=True)
class OverrideView:
    """Points that a person gave, and why; `graded` is what the grader gives, None where that is ungraded."""

    points: float
    reason: str
    graded: float | None


@dataclass(frozen=True)
class QuestionView:
    """One question. `score` is None where it is ungraded; `carried`: a share was earned although a function that it
    calls is wrong; `override`: what a person gave in place of the grader's points, and why."""

    question: str
    title: str
    score: float | None
    max_score: float
    cases: tuple[CaseView, ...]
    convention: tuple[str, ...] = ()
    carried: bool = False
    override: OverrideView | None = None  # then `score` is that of a person


@dataclass(frozen=True)
class StudentView:
    """A report as its student may see it. All text in it is clean; each sink escapes it for itself."""

    assignment: str
    title: str
    student: str
    score: float | None
    max_score: float
    status: str
    questions: tuple[QuestionView, ...]
    isolation: str
    notes: tuple[str, ...] = ()


def student_view(report: Report, key: AnswerKey | None = None, public: Report | None = None) -> StudentView:
    """The student's view of a report. `key` gives the titles; `public` is the report on the same files from a run on
    `public_view(key)`, for the messages on public cases.

    Raises ValueError where `public` holds a hidden case or is another student's."""
    if public is None and not _hides(report):
        public = report
    if public is not None and (_hides(public) or (public.assignment, public.student) != _whose(report)):
        raise ValueError("messages are taken from a report on public cases alone, of the same student")
    told = {_place(o): o for q in public.questions for o in q.outcomes} if public else {}
    titles = {q.name: q.title for q in key.questions} if key else {}
    faults = {o.message for q in report.questions for o in q.outcomes if o.kind == AUTHORS_FAULT}  # may tell a shape
    notes = [note for note in report.notes if not any(fault and fault in note for fault in faults)]
    return StudentView(
        assignment=_line(report.assignment),
        title=_line(key.title if key else report.assignment),
        student=_line(report.student),
        score=report.score,
        max_score=report.max_score,
        status="graded" if report.status == "graded" else "ungraded",
        questions=tuple(_question(q, titles.get(q.question, ""), told) for q in report.questions),
        isolation=_line(report.isolation, NOTE),
        notes=tuple(dict.fromkeys(_line(note, NOTE) for note in notes))[:MOST_NOTES],
    )


def shown_kind(kind: str) -> str:
    """A kind as it may be shown; whatever is not in the closed list is "an error"."""
    if kind in KINDS:
        return KINDS[kind]
    return kind if kind in EXCEPTIONS else OTHER


def _question(q: QuestionResult, title: str, told: dict[tuple[str, str, str], Outcome]) -> QuestionView:
    numbers = {name: n for n, name in enumerate(dict.fromkeys(o.case for o in q.outcomes if o.hidden), 1)}
    cases = []
    for o in q.outcomes:
        verdict, kind = Verdict(o.verdict), shown_kind(o.kind)
        hint = clean_text(o.hint, HINT) if verdict is not Verdict.PASS else ""
        if o.hidden:
            cases.append(CaseView(f"hidden case {numbers[o.case]}", True, _line(o.output), verdict, kind, hint))
        else:
            other = told.get(_place(o))  # of the same verdict, or it would explain something else
            same = other is not None and (other.verdict, other.kind) == (o.verdict, o.kind)
            if other is None or not same:
                cases.append(CaseView(_line(o.case), False, _line(o.output), verdict, kind, hint))
                continue
            told_of = clean_text(other.message, MESSAGE), other.distance, other.answer
            cases.append(CaseView(_line(o.case), False, _line(o.output), verdict, kind, hint, *told_of))
    carried = any(o.carried for o in q.outcomes)
    names = tuple(_line(name) for name in q.convention)
    one = q.override
    reason = _line(one.reason, NOTE).strip() or "no reason was noted" if one else ""
    given = OverrideView(one.points, reason, one.graded) if one else None
    shown = _line(q.question), _line(title, HINT), q.score, q.max_score
    return QuestionView(*shown, tuple(cases), names, carried, given)


def _hides(report: Report) -> bool:
    return any(o.hidden for q in report.questions for o in q.outcomes)


def _whose(report: Report) -> tuple[str, str]:
    return report.assignment, report.student


def _place(o: Outcome) -> tuple[str, str, str]:
    return o.question, o.case, o.output


def _line(text: str, limit: int = NAME) -> str:
    return clean_text(text, limit, lines=False)
