"""What `grade`, `feedback` and `report` must do alike, or a page is not of what was graded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..cohort.results import Results
    from ..collect.found import Found
    from ..collect.intake import Intake
    from ..course import Course
    from ..model import AnswerKey, Limits


def taken_in(course: Course, key: AnswerKey, submissions: Iterable[Path], source: str = "") -> Intake:
    """The submissions of an assignment, with what their platform says of them; what the course handed out is known.
    `source` names the platform, "" for the one that is recognised. Raises UsageError."""
    from ..collect.handed import handed_by
    from ..collect.intake import take_in

    targets = {target for q in key.questions for target in q.targets}
    return take_in(submissions, key.file, targets, handed_by(course, key.assignment), source, key.assignment)


def found_in(
    course: Course, key: AnswerKey, submissions: Iterable[Path], results: Results | None = None
) -> list[Found]:
    """The submissions that count, as those of `results` were taken: from the same platform, the same attempt of each
    student. Raises UsageError."""
    taken = taken_in(course, key, submissions, results.graded.source if results else "")
    return list((taken.counting(results.hands()) if results else taken).found)


def limits_of(timeout: float) -> Limits:
    """Seconds per question, and for a whole submission six times as many, at least a minute."""
    from ..model import Limits

    return Limits(question=timeout, submission=max(60.0, 6 * timeout))
