"""Which attempt of a student counts, where the best one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..collect.found import Found
from ..collect.handin import HandIn, Hands, attempt_name
from ..collect.intake import Intake
from ..records import Row
from ..report.files import points
from ..text import plural


def best_of(intake: Intake, rows: Mapping[str, Row]) -> Intake:
    """The intake with the best attempt of each student, by rows under attempt_name: of equal ones the first.

    An attempt that is ungraded may be the best; then the student is ungraded too, unless another has full marks."""
    hands, problems = Hands(intake.hands), dict[str, str]()
    for student, attempts in intake.several.items():
        mine = [rows[attempt_name(student, n)] for n in range(1, len(attempts) + 1)]
        scores = [row.score if row.score is not None else -1.0 for row in mine]
        best = scores.index(max(scores))
        open_ones = [n for n, row in enumerate(mine, 1) if row.score is None]
        if open_ones and scores[best] < mine[best].max_score:
            problems[student] = _open(open_ones[0], mine[open_ones[0] - 1], best + 1, mine[best])
        why = f"the best of {', '.join('ungraded' if r.score is None else points(r.score) for r in mine)}"
        hands[student] = replace(hands[student], counted=best, why=why)
    chosen = intake.counting(hands)
    found = (Found(f.student, problem=problems[f.student]) if f.student in problems else f for f in chosen.found)
    return replace(chosen, found=tuple(found))


def _open(number: int, row: Row, best: int, counts: Row) -> str:
    why = "; ".join(row.notes) or "see reports.jsonl"
    so_far = "" if counts.score is None else f"; the best so far is attempt {best} with {points(counts.score)}"
    return f"attempt {number} is ungraded, so the best is not known: {why}{so_far}"


def told(hands: Mapping[str, HandIn]) -> str:
    """A line on how many attempts counted, "" where nobody has several."""
    several = [hand for hand in hands.values() if len(hand.attempts) > 1]
    if not several:
        return ""
    other = sum(hand.counted % len(hand.attempts) != len(hand.attempts) - 1 for hand in several)
    earlier = f", of {other} an earlier one than the last" if other else ""
    return f"{plural(len(several), 'student')} with several attempts{earlier}: each report's notes say which counts"
