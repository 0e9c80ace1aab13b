"""One question of a student's view as HTML. All text is escaped here; nothing of it is told by colour alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ..model import Verdict
from ..report.escape import html
from ..report.files import points, short
from ..report.view import CaseView, QuestionView

# What became of a question: a word, a sign, and the class of its colour.
RIGHT, PARTLY, WRONG, UNWRITTEN, MISSING, UNGRADED = (
    ("right", "\u2713", "right"),
    ("partly right", "\u25d0", "partly"),
    ("not right", "\u2717", "wrong"),
    ("not written yet", "\u25cb", "open"),
    ("not found", "\u25cb", "open"),
    ("not graded", "?", "open"),
)
MOST = 8  # groups of cases that are told of one question


def state(q: QuestionView) -> tuple[str, str, str]:
    """What became of a question, as one of the above."""
    lost = [c for c in q.cases if c.verdict is not Verdict.PASS]
    if q.score is None:
        return UNGRADED
    if q.override:  # a person's word, whatever the cases say
        return RIGHT if q.score >= q.max_score else PARTLY if q.score > 0 else WRONG
    if not lost and q.cases:
        return RIGHT
    kinds = {c.kind for c in q.cases}
    if kinds == {"missing"}:
        return MISSING
    if kinds == {"not written yet"}:
        return UNWRITTEN
    return PARTLY if q.score > 0 else WRONG


def earned(score: float | None, most: float) -> str:
    """A score and what it is of, never rounded up to full marks."""
    if score is None:
        return f"not graded, of {points(most)}"
    return f"{short(score, most)} of {points(most)}"


def mark(q: QuestionView) -> str:
    """The sign and the word."""
    word, sign, _ = state(q)
    return f'<span class="sign" aria-hidden="true">{sign}</span> <span class="word">{word}</span>'


def outcome(q: QuestionView, anchor: str, said: Collection[str] = ()) -> str:
    """A question's outcome, as a section with the given id. What is `said` elsewhere is not told again."""
    lost = [c for c in q.cases if c.verdict is not Verdict.PASS]
    score = f'<span class="points">{earned(q.score, q.max_score)}</span>'
    lines = [
        f'<section class="outcome {state(q)[2]}" id="{html(anchor)}" aria-label="{html(q.question)}">',
        f"<h3><code>{html(q.question)}</code> {mark(q)} {score}</h3>",
    ]
    told = [replace(c, message="") if c.message in said else c for c in lost]
    groups = [] if state(q) == UNWRITTEN else _groups(told[:1] if state(q) == MISSING else told)
    lines += ["<ul>", *(_group(group) for group in groups[:MOST]), "</ul>"] if groups else []
    if len(groups) > MOST:
        lines.append(f"<p>and {len(groups) - MOST} more like these</p>")
    for hint in dict.fromkeys(c.hint for c in lost if c.hint):
        lines.append(f'<p class="hint"><b>Hint:</b> {html(hint)}</p>')
    right = len(q.cases) - len(lost)
    if lost and right:
        lines.append(f'<p class="also">{right} of {len(q.cases)} answers of this question are right.</p>')
    if q.override:
        given = f"{points(q.override.points)}. {q.override.reason}"
        lines.append(f'<p class="also"><b>Points given by a person:</b> {html(given)}</p>')
    if q.carried:
        lines.append('<p class="also">A part of the points is given although a function that it calls is wrong.</p>')
    for name in q.convention:
        lines.append(f'<p class="also">Your answer follows a convention that is taken too: {html(name)}.</p>')
    return "\n".join([*lines, "</section>"])


def _groups(cases: Iterable[CaseView]) -> list[list[CaseView]]:
    """Cases of which the same is told, together."""
    found: dict[tuple[str, ...], list[CaseView]] = {}
    for c in cases:
        key = (c.kind, "", c.output) if c.hidden else (c.kind, c.message, "" if c.message else c.output)
        found.setdefault((str(c.hidden), *key), []).append(c)
    return list(found.values())


def _group(cases: list[CaseView]) -> str:
    first = cases[0]
    outputs = ", ".join(dict.fromkeys(c.output for c in cases))
    names = list(dict.fromkeys(c.case for c in cases))
    if first.hidden:
        numbers = ", ".join(name.removeprefix("hidden case ") for name in names)
        where = f"hidden case{'s' * (len(names) > 1)} {numbers}"
    else:
        where = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    told = f'<span class="message">{html(first.message)}</span>' if first.message else ""
    what = f"<code>{html(outputs)}</code> {html(first.kind)}"
    return f'<li><span class="where">{html(where)}</span> <span class="kind">{what}</span>{told}</li>'
