"""A job's summary as Markdown. Names and messages are a student's or may hold a student's text: each is escaped for its
place, so that it is never markup and breaks no table."""

from __future__ import annotations

from collections.abc import Iterator

from ..exports.told import counts, heading, lines, right
from ..report.escape import markdown
from ..report.files import points
from ..report.view import QuestionView, StudentView

LIMIT = 1000 << 10  # bytes; a runner refuses more than 1024 KiB of a step
LINE = 600  # characters


def summary(view: StudentView, told: tuple[str, ...], limit: int = LIMIT) -> str:
    """The summary, of at most `limit` bytes; `told` says what the score rests on. What does not fit is counted."""
    out, blocks = "", list(_blocks(view, told))
    for index, block in enumerate(blocks):
        last = f"\nCut here: {len(blocks) - index} more parts do not fit into a job's summary; the log has them.\n"
        if len((out + block).encode()) + (len(last) + 20 if index + 1 < len(blocks) else 0) > limit:
            return out + last if len((out + last).encode()) <= limit else out
        out += block
    return out


def _blocks(view: StudentView, told: tuple[str, ...]) -> Iterator[str]:
    score = "not graded" if view.score is None else f"{points(view.score)} of {points(view.max_score)} points"
    head = [f"## {markdown(view.title)}: {score}", "", *(f"> {markdown(line, LINE)}<br>" for line in told)]
    if view.score is None:
        head += ["", "It could not be graded, which is no zero."]
    head += ["", *(f"- {markdown(note, LINE)}" for note in view.notes if note not in told)]
    yield "\n".join([*head, "", "| | question | points | cases right |", "|---|---|---:|---|", ""])
    for q in view.questions:
        sign = "?" if q.score is None else "\u2713" if right(q) else "\u2717"
        given = "not graded" if q.score is None else points(q.score)
        counted = "" if q.score is None else markdown(counts(q.cases).removeprefix("cases right: "))
        yield f"| {sign} | {markdown(heading(q))} | {given} of {points(q.max_score)} | {counted} |\n"
    for q in view.questions:
        if not right(q) or q.override or q.convention:
            yield _details(q)


def _details(q: QuestionView) -> str:
    found = [f"\n### {markdown(q.question)}", ""]
    for line in lines(q):
        indent, text = ("  ", line.strip()) if line.startswith(" ") else ("", line)
        found.append(f"{indent}- {markdown(text, LINE)}")
    return "\n".join([*found, ""])
