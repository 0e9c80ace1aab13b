"""Is this assignment safe to grade with? Every right solution gets full marks, the untouched stub gets none, and
every declared mistake is failed by some hidden case."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from .course import Course
from .judge import judge
from .model import AnswerKey, FrozenQuestion, Limits, Report, Response, SourceFile, Submission, Verdict
from .pipeline import grade
from .sandbox.spawn import Launcher

MODEL = "model.py"


@dataclass(frozen=True)
class MistakeRow:
    """How one mistake fares: the hidden and public cases that fail it, and the largest distance."""

    question: str
    mistake: str
    code: str
    hidden: int
    public: int
    distance: float  # in units of the tolerance, at the hidden case that shows it best


@dataclass
class Audit:
    """What the audit saw. Clean where `problems` is empty."""

    assignment: str
    solutions: list[Report] = field(default_factory=list)
    stub: Report | None = None
    mistakes: list[MistakeRow] = field(default_factory=list)
    cases: dict[str, tuple[int, int]] = field(default_factory=dict)  # question -> public, hidden
    problems: list[str] = field(default_factory=list)


def audit(course: Course, key: AnswerKey, launcher: Launcher, limits: Limits) -> Audit:
    """Audit a frozen assignment. Raises SandboxError for a fault of ours."""
    found = Audit(key.assignment)
    for question in key.questions:
        hidden = sum(case.hidden for case in question.cases)
        found.cases[question.name] = (len(question.cases) - hidden, hidden)
        found.mistakes += [_mistake(question, note.name, note.code) for note in question.mistakes]
    found.problems += [
        f"{row.question}: no hidden case fails the mistake {row.mistake}; add one that does"
        for row in found.mistakes
        if not row.hidden
    ]
    found.problems += [
        f"{q.name}: the accepted convention {name!r} never differs from the reference; take it out, or add a case"
        for q in key.questions
        for name in q.conventions
        if not _differs(q, name)
    ]
    folder = course.reference(key.assignment) / "solutions"
    files = sorted(folder.glob("*.py"))
    if not any(path.name == MODEL for path in files):
        found.problems.append(f"{folder / MODEL} is missing: a solution that must get full marks")
    for path in files:
        result = _grade(key, path, launcher, limits)
        found.solutions.append(result)
        if result.score != result.max_score:
            found.problems.append(f"{path} gets {_points(result.score)} of {_points(result.max_score)}: {_why(result)}")
    stub = course.handout(key.assignment) / key.file
    found.stub = _grade(key, stub, launcher, limits)
    if found.stub.score != 0:
        found.problems.append(f"{stub}, untouched, gets {_points(found.stub.score)} points; it must get 0")
    return found


def _differs(question: FrozenQuestion, convention: str) -> bool:
    """Whether an answer in this convention would fail without it, in some case."""
    strict = replace(question, conventions=())
    answers = {c.name: Response({**c.expected, **c.conventions.get(convention, {})}) for c in question.cases}
    return any(o.verdict is Verdict.FAIL for o in judge(strict, answers)[0] if _ordinary(question, o.case))


def _ordinary(question: FrozenQuestion, name: str) -> bool:
    return next(c for c in question.cases if c.name == name).raises is None


def _grade(key: AnswerKey, path: Path, launcher: Launcher, limits: Limits) -> Report:
    submission = Submission(path.stem, (SourceFile(key.file, path.read_bytes()),), key.file)
    return grade(key, submission, launcher, limits)


def _mistake(question: FrozenQuestion, name: str, code: str) -> MistakeRow:
    """Judge the mistake as if a student had answered it, conventions and all."""
    responses = {
        case.name: Response({**case.expected, **case.mistakes.get(name, {})})
        for case in question.cases
        if case.raises is None
    }
    outcomes, _ = judge(question, responses)
    wrong = [o for o in outcomes if o.verdict is Verdict.FAIL]
    hidden = {o.case for o in wrong if o.hidden}
    distance = max((o.distance or math.inf for o in wrong if o.hidden), default=0.0)
    return MistakeRow(question.name, name, code, len(hidden), len({o.case for o in wrong if not o.hidden}), distance)


def _points(score: float | None) -> str:
    return "nothing" if score is None else f"{score:g}"


def _why(report: Report) -> str:
    for question in report.questions:
        for o in question.outcomes:
            if o.verdict is not Verdict.PASS:
                return f"{o.question}, case {o.case!r}: {o.message or o.kind}"
    return "no outcome"
