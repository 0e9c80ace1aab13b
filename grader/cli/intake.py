"""What `grade` and `feedback` must do alike, or a page is not of what was graded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..collect.found import Found
    from ..course import Course
    from ..model import AnswerKey, Limits


def found_in(course: Course, key: AnswerKey, submissions: Iterable[Path]) -> list[Found]:
    """The submissions of an assignment; what the course handed out is known. Raises UsageError."""
    from ..collect.files import collect
    from ..collect.handed import handed_by

    targets = {target for q in key.questions for target in q.targets}
    return collect(submissions, key.file, targets, handed_by(course, key.assignment))


def limits_of(timeout: float) -> Limits:
    """Seconds per question, and for a whole submission six times as many, at least a minute."""
    from ..model import Limits

    return Limits(question=timeout, submission=max(60.0, 6 * timeout))
