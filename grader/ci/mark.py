"""A submission graded in CI: its report, what its student may see of it, and the lines that this is about."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..asking import Oracle
from ..checking import Check
from ..cohort.public import shown_key
from ..errors import SandboxError
from ..model import AnswerKey, Failure, Limits, Report, Submission, Verdict
from ..pipeline import grade
from ..report.view import StudentView, student_view
from ..sandbox.cells import cells_of
from ..sandbox.spawn import Launcher


@dataclass(frozen=True)
class Marked:
    """`lines` tells for a question which line of the submission's main file to look at, where it is known; `failure`
    why the file did not load."""

    report: Report
    view: StudentView
    lines: Mapping[str, int] = field(default_factory=dict)
    failure: Failure | None = None


def mark(
    key: AnswerKey, submission: Submission, launcher: Launcher, limits: Limits, oracle: Oracle | None = None
) -> Marked:
    """Grade it. It is put to the public cases alone as well: words and lines come from there, since code that has seen
    a hidden case can tell it by either; and first, since the machine could remember it too. Never raises for what a
    student did."""
    found = _Found()
    if not (key.public or submission.problem):
        with contextlib.suppress(SandboxError):
            found = _public(key, submission, launcher)
    report = grade(key, submission, launcher, limits, oracle=oracle)
    lost = [o for q in report.questions for o in q.outcomes if o.verdict is not Verdict.PASS]
    if submission.problem or not lost:
        return Marked(report, student_view(report, key))
    if all(o.hidden for o in lost):
        found = _Found()
    elif key.public:
        with contextlib.suppress(SandboxError):
            found = _public(key, submission, launcher)
    lines: dict[str, int] = {}
    if submission.main.endswith(".py"):
        lines = _defined(key, submission, launcher, limits)
        lines |= {name: f.line for name, f in found.raised.items() if f.line and f.file == submission.main}
    view = student_view(report, key, None if key.public else found.report)  # of a public key it is the report itself
    return Marked(report, view, lines, found.failure)


@dataclass(frozen=True)
class _Found:
    """Of a run on public cases alone: its report, the first failure of each question, and why the file did not load."""

    report: Report | None = None
    raised: Mapping[str, Failure] = field(default_factory=dict)
    failure: Failure | None = None


def _public(key: AnswerKey, submission: Submission, launcher: Launcher) -> _Found:
    """Raises SandboxError."""
    with Check(shown_key(key), submission, launcher) as check:
        failures = {
            one.question.name: [r.failure for r in one.responses.values() if r.failure is not None] for one in check
        }
        if check.failure is not None:
            return _Found(failure=check.failure)
        return _Found(check.report, {name: found[0] for name, found in failures.items() if found})


def _defined(key: AnswerKey, submission: Submission, launcher: Launcher, limits: Limits) -> dict[str, int]:
    """The line in which each question's function is defined; read by a worker that runs none of the student's code."""
    targets = {q.name: q.targets[0] for q in key.questions if q.targets}
    with contextlib.suppress(SandboxError):
        lines = cells_of(submission, set(targets.values()), launcher, limits).lines
        return {name: lines[target] for name, target in targets.items() if target in lines}
    return {}
