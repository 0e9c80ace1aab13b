"""A Comparison as lines for a terminal. All text from the files is cleaned here again: a file may be anybody's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..report.files import points
from ..report.table import align
from ..text import clean_text, plural
from .compare import Change, Comparison, OutcomeChange, QuestionChange

MOST_CASES, MOST_NAMES = 6, 10


def lines_of(found: Comparison, everything: bool = False) -> list[str]:
    """The summary, then whose score moved and why; with `everything`, also who kept a score for other reasons."""
    if not found.differs:
        return [f"nothing changed: {plural(found.same, 'student')}"]
    lines = [summary(found), *_alone("OLD", found.only_old), *_alone("NEW", found.only_new), *_isolation(found)]
    moved = [change for change in found.changes if change.moved]
    if moved:
        lines += ["", align(_by_question(moved), right=range(1, 3))]
    for change in found.changes if everything else moved:
        lines += ["", *student_lines(change)]
    return lines


def summary(found: Comparison) -> str:
    """How many went up, down and stayed."""
    kept = sum(change.direction == "same" for change in found.changes)
    parts = [f"{found.count('up')} up", f"{found.count('down')} down"]
    parts += [f"{n} {word}" for word in ("graded", "ungraded") if (n := found.count(word))]
    parts.append(f"{found.same + kept} with the score that they had")
    other = sum(not change.moved for change in found.changes)
    parts[-1] += f" ({other} of them with other verdicts, hints or isolation: --all)" if other else ""
    parts += [f"{len(g)} only in {w}" for w, g in (("OLD", found.only_old), ("NEW", found.only_new)) if g]
    return ", ".join(parts)


def _alone(where: str, students: Sequence[tuple[str, float | None]]) -> list[str]:
    names = [f"{_clean(name)} ({_score(score)})" for name, score in students]
    return [f"only in {where}: {_cut(names, MOST_NAMES)}"] if names else []


def _isolation(found: Comparison) -> list[str]:
    kinds = Counter((c.isolation_before, c.isolation_after) for c in found.changes if c.isolated_otherwise)
    return [f"isolation: {_clean(a)} -> {_clean(b)} ({plural(n, 'student')})" for (a, b), n in sorted(kinds.items())]


def _by_question(moved: Sequence[Change]) -> list[list[str]]:
    """How many students each question moved."""
    up, down, names = Counter[str](), Counter[str](), dict[str, None]()
    for question in (q for change in moved for q in change.questions if q.moved):
        names[question.question] = None
        up[question.question] += (question.after or 0.0) > (question.before or 0.0)
        down[question.question] += (question.after or 0.0) < (question.before or 0.0)
    return [["question", "up", "down"], *([_clean(name), str(up[name]), str(down[name])] for name in names)]


def student_lines(change: Change) -> list[str]:
    """One student: the score, then each question that changed."""
    scores = _scores(change.before, change.after, change.max_before, change.max_after)
    lines = [f"{_clean(change.student)}  {scores}{_delta(change.before, change.after)}"]
    if change.after is None and change.notes:
        lines.append(f"  {_clean(change.notes[0])}")
    if change.isolated_otherwise:
        lines.append(f"  isolation {_clean(change.isolation_before)} -> {_clean(change.isolation_after)}")
    for question in change.questions:
        lines += question_lines(question)
    return lines


def question_lines(question: QuestionChange) -> list[str]:
    """One question: its points, then the outcomes that changed in the same way together."""
    name = _clean(question.question)
    if question.max_before is None:
        return [f"  {name}  new: {_score(question.after)} of {points(question.max_after)}"]
    if question.max_after is None:
        return [f"  {name}  no longer asked: had {_score(question.before)} of {points(question.max_before)}"]
    scores = _scores(question.before, question.after, question.max_before, question.max_after)
    groups: dict[tuple[str, str], list[OutcomeChange]] = {}
    for row in question.outcomes:
        groups.setdefault((row.output, _what(row)), []).append(row)
    rows = [
        ["  ", _clean(output), what, _cut([_case(row) for row in group], MOST_CASES)]
        for (output, what), group in groups.items()
    ]
    return [f"  {name}  {scores}", *_given(question), *(align(rows).splitlines() if rows else [])]


def _given(question: QuestionChange) -> list[str]:
    """What a person had to do with it."""
    before, after = question.given_before, question.given_after
    if after is not None:
        return [f"    points given by a person{' as before' if before == after else ''}: {_clean(after)}"]
    return [] if before is None else [f"    override taken back (it was: {_clean(before)})"]


def _what(row: OutcomeChange) -> str:
    if row.before != row.after:
        return f"{_clean(row.before) or 'not asked'} -> {_clean(row.after) or 'not asked'}"
    told = [_clean(text, 60) or "no hint" for text in (row.told_before, row.told_after)]
    return f"{_clean(row.after)}, told: {told[0]} -> {told[1]}"


def _case(row: OutcomeChange) -> str:
    return _clean(row.case) + (" (hidden)" if row.hidden else "")


def _scores(before: float | None, after: float | None, max_before: float, max_after: float) -> str:
    top = f" of {points(max_before)}" if max_before != max_after else ""
    if before == after and not top:
        return f"{_score(after)} of {points(max_after)}"
    return f"{_score(before)}{top} -> {_score(after)} of {points(max_after)}"


def _delta(before: float | None, after: float | None) -> str:
    if before is None or after is None or before == after:
        return ""
    return f"  ({'+' if after > before else '-'}{points(abs(after - before))})"


def _score(score: float | None) -> str:
    return "ungraded" if score is None else points(score)


def _cut(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _clean(text: str, limit: int = 120) -> str:
    return clean_text(text, limit, lines=False)
