"""One student's grade as it goes to a gradebook: the points, what being late costs, and which attempt they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from zoneinfo import ZoneInfo

from ..collect.handin import Attempt, HandIn, attempt_name
from ..records import Row
from .amounts import exact
from .late import Lateness, Policy
from .when import instant


@dataclass(frozen=True)
class Grade:
    """`points` of `full` go to the gradebook; None: none does, and `why` says why. `raw` is what was earned."""

    student: str
    hand: HandIn
    row: Row
    raw: Fraction | None
    full: Fraction
    points: Fraction | None
    late: Lateness | None = None
    when: str = ""
    attempt: int = 1
    why: str = ""


def grade_of(
    row: Row,
    hand: HandIn,
    policy: Policy | None,
    zone: ZoneInfo,
    told: str = "",
    attempts: Mapping[str, Row] | None = None,
) -> Grade:
    """The grade of a student's row.

    told: when they handed in, where the course or the gradebook says so; it stands before the platform's own time.
    attempts: where the best attempt counts, the rows of all by attempt_name; the best is that after the policy."""
    full = exact(row.max_score)
    if row.score is None:
        why = "ungraded: " + ("; ".join(row.notes) or "see reports.jsonl")
        return Grade(row.student, hand, row, None, full, None, when=hand.attempt.when, attempt=hand.number, why=why)
    found = []
    for number, one, scored in _candidates(row, hand, policy, attempts or {}):
        assert scored.score is not None
        raw, when = exact(scored.score), told or one.when
        late, why = _lateness(one, when, policy, zone)
        points = raw * (1 - late.lost) if late else None if why else raw
        found.append(Grade(row.student, hand, scored, raw, full, points, late, when, number, why))
    unknown = [grade for grade in found if grade.points is None]
    best = unknown[0] if unknown else max(found, key=lambda g: (g.points or Fraction(0), -g.attempt))
    for number, one in _ungraded(hand, policy, attempts or {}):
        late, _ = _lateness(one, told or one.when, policy, zone)
        if best.points is not None and full * (1 - late.lost if late else 1) > best.points:
            why = f"attempt {number} is ungraded, and after the late policy it may be the best"
            return Grade(row.student, hand, row, None, full, None, when=one.when, attempt=number, why=why)
    return best


def _ungraded(hand: HandIn, policy: Policy | None, attempts: Mapping[str, Row]) -> Sequence[tuple[int, Attempt]]:
    """Attempts that may still be worth more than those with a score; without a policy cohort/attempts.py saw to it."""
    rows = [(n, one, attempts.get(attempt_name(hand.student, n))) for n, one in enumerate(hand.attempts, 1)]
    return [(n, one) for n, one, scored in rows if policy and scored is not None and scored.score is None]


def _candidates(
    row: Row, hand: HandIn, policy: Policy | None, attempts: Mapping[str, Row]
) -> Sequence[tuple[int, Attempt, Row]]:
    rows = {n: attempts.get(attempt_name(hand.student, n)) for n in range(1, len(hand.attempts) + 1)}
    if policy is None or len(rows) < 2 or any(one is None for one in rows.values()):
        return [(hand.number, hand.attempt, row)]
    scored = [(n, one) for n, one in rows.items() if one is not None and one.score is not None]
    return [(n, hand.attempts[n - 1], one) for n, one in scored] or [(hand.number, hand.attempt, row)]


def _lateness(attempt: Attempt, when: str, policy: Policy | None, zone: ZoneInfo) -> tuple[Lateness | None, str]:
    """How late, or why that is not known."""
    if policy is None:
        return None, ""
    if when:
        at = instant(when, zone)
        return (policy.of(at), "") if at else (None, f"its time cannot be read: {when!r}; give it with --times")
    late = policy.marked(attempt.late)
    if late is not None:
        return late, ""
    if attempt.late:
        return None, "marked late, but not by how much: give its time with --times, or --late-flat for all such"
    return None, "no time is known: give it with --times"
