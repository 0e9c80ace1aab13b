"""Tables for a terminal: a cohort's scores, and an audit."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..model import AnswerKey, Outcome, Report, Verdict
from ..records import Row
from .files import points, short

ORDER = [Verdict.UNGRADED, Verdict.MEMORY, Verdict.TIMEOUT, Verdict.ERROR, Verdict.FAIL, Verdict.MISSING]


def cohort_table(rows: Callable[[], Iterable[Row]], key: AnswerKey) -> Iterator[str]:
    """One line per student: score, points per question (with * where a person gave them), and the most telling reason
    for a lost point.

    rows: gives them as often as it is called; they are gone through twice, and never all held."""
    heads = [f"Q{i}" for i in range(1, len(key.questions) + 1)]
    titles = ["student", "score", *heads, "what cost points"]
    full = [(q.name, q.points) for q in key.questions]

    def cells() -> Iterator[list[str]]:
        yield titles
        for r in rows():
            score = "ungraded" if r.score is None else short(r.score, r.max_score)
            marked = ((_cell(r.scores.get(name), top), name in r.overridden) for name, top in full)
            yield [r.student, score, *(f"{cell}*" if given else cell for cell, given in marked), r.remark]

    widths = [0] * len(titles)
    for row in cells():
        widths = [max(w, _width(cell)) for w, cell in zip(widths, row, strict=True)]
    for row in cells():
        yield _line(row, widths, range(1, len(heads) + 2))
    yield ""
    yield ", ".join(f"{head} {q.name} {points(q.points)}" for head, q in zip(heads, key.questions, strict=True))


def _cell(score: float | None, full: float) -> str:
    return "?" if score is None else short(score, full)


def row_of(report: Report) -> Row:
    """A report's line in a table."""
    scores = {q.question: q.score for q in report.questions}
    return Row(report.student, report.score, report.max_score, report.status, scores, remark(report), report.notes)


def remark(report: Report) -> str:
    """The first named mistake, or else the gravest kind of outcome, and where; notes win when all is lost."""
    lost = [o for q in report.questions for o in q.outcomes if o.verdict is not Verdict.PASS]
    if not lost:
        follows = [c for q in report.questions for c in q.convention]
        return f"follows: {follows[0]}" if follows else ""
    everything = sum(len(q.outcomes) for q in report.questions)
    if len(lost) == everything and len({(o.kind, o.message) for o in lost}) == 1:
        return _cut(lost[0].message or lost[0].kind)
    carried = dict.fromkeys(o.question for o in lost if o.carried)
    lost = [o for o in lost if not o.carried] or lost  # what made others wrong comes before those
    questions = list(dict.fromkeys(o.question for o in lost))
    worst = min(lost, key=lambda o: (ORDER.index(o.verdict), not o.mistake))
    named = [o for o in lost if o.mistake]
    chosen: Outcome = named[0] if named and worst.verdict is Verdict.FAIL else worst
    more = f" (+{len(questions) - 1} more)" if len(questions) > 1 else ""
    forward = f"; carried: {', '.join(carried)}" if carried else ""
    return _cut(f"{chosen.question}: {chosen.mistake or chosen.kind}{more}{forward}")


def _cut(text: str, width: int = 70) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def align(rows: Sequence[Sequence[str]], right: Sequence[int] | range = ()) -> str:
    """Columns padded to one width; those in `right` to the right."""
    widths = [max(_width(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(_line(row, widths, right) for row in rows)


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[int] | range) -> str:
    padded = [
        " " * (w - _width(cell)) + cell if i in right else cell + " " * (w - _width(cell))
        for i, (cell, w) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)
