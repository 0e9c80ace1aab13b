"""A check as a table, in HTML for notebooks and as text for terminals: the words are those of `told`.

The HTML stands alone (no style sheet, script or picture), and takes its colours from the page, light or dark; the
badges bring their own background. Every text goes through `escape`: a student's exception may say anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ..checking import Check
from ..text import clean_text
from .escape import html, terminal
from .student import Told, summary, told

BADGES = {"ok": ("✓ pass", "#1a6b3c"), "todo": ("○ to do", "#595959"), "FAIL": ("✗ fail", "#b3261e")}
TABLE = "border-collapse:collapse;color:inherit;margin:0;font-size:inherit;min-width:min(36em,100%)"
LINE = "border:0;border-bottom:1px solid rgba(128,128,128,.45)"
CELL = f"{LINE};padding:.35em .8em;text-align:left;vertical-align:top;white-space:normal"
BADGE = "color:#fff;border-radius:.25em;padding:.1em .5em;white-space:nowrap;font-weight:600"
CODE = "font-family:monospace;white-space:pre-wrap;overflow-wrap:anywhere"


@dataclass(frozen=True)
class Shown:
    """What is shown of a check; `problem` is why there was none, or why the file did not load."""

    title: str = ""
    rows: tuple[Told, ...] = ()
    problem: str = ""
    notes: tuple[str, ...] = ()
    summary: str = ""


def shown(check: Check, where: str, named: Callable[[str], str] = str) -> Shown:
    """A check that is run here, to its end. where: what was checked, in words; named: what to call places in it.

    Raises SandboxError for a fault of ours."""
    title = f"{check.key.title}: {clean_text(where, 120, lines=False)}, public cases"
    rows = [told(one) for one in check]
    if check.failure is not None:
        return Shown(title, problem=named(check.failure.message or check.failure.kind))
    rows = [replace(row, remark=named(row.remark), details=tuple(map(named, row.details))) for row in rows]
    return Shown(title, tuple(rows), notes=tuple(map(named, check.notes)), summary=summary(check))


def as_text(shown: Shown) -> str:
    """The lines of `grader check`."""
    lines = [shown.title] * bool(shown.title)
    for row in shown.rows:
        lines += [f"  {row.line}", *(f"        {detail}" for detail in row.details)]
    if shown.problem:
        lines.append(f"  FAIL  {shown.problem}" if shown.title else f"error: {shown.problem}")
    lines += [f"  note  {note}" for note in shown.notes]
    lines += [shown.summary] * bool(shown.summary)
    return "\n".join(map(terminal, lines))


def as_html(shown: Shown) -> str:
    """A table with a row per question; what is left to do opens by itself."""
    if not shown.title:
        return f'<div role="alert"><strong>error:</strong> {html(shown.problem)}</div>'
    parts = [f'<div style="color:inherit;max-width:72em">{_table(shown) if shown.rows else _title(shown.title)}']
    if shown.problem:
        parts.append(f'<div role="alert">{_badge("FAIL")} <span style="{CODE}">{html(shown.problem)}</span></div>')
    if shown.notes:
        opened = "" if all(row.status == "ok" for row in shown.rows) and not shown.problem else " open"
        items = "".join(f"<li>{html(note)}</li>" for note in shown.notes)
        parts.append(f'<details{opened}><summary>notes</summary><ul style="margin:.2em 0">{items}</ul></details>')
    if shown.summary:
        parts.append(f'<div style="padding:.35em 0">{html(shown.summary)}</div>')
    return "".join(parts) + "</div>"


def _title(text: str) -> str:
    return f'<div style="font-weight:600;padding:.35em 0">{html(text)}</div>'


def _table(shown: Shown) -> str:
    heads = "".join(
        f'<th scope="col" style="{CELL};font-weight:600">{head}</th>'
        for head in ("Question", "Result", "What came back, what to try")
    )
    caption = (
        f'<caption style="caption-side:top;text-align:left;color:inherit;font-weight:600;padding:.35em 0">'
        f"{html(shown.title)}</caption>"
    )
    rows = "".join(map(_row, shown.rows))
    return f'<table style="{TABLE}">{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def _row(row: Told) -> str:
    said = row.remark.strip(" :") if row.remark else ""
    details = "".join(map(_detail, ([said] if said else []) + list(row.details)))
    return (
        f'<tr style="background:transparent"><th scope="row" style="{CELL};font-family:monospace;font-weight:600">'
        f'{html(row.name)}</th><td style="{CELL}">{_badge(row.status)}</td><td style="{CELL}">{details}</td></tr>'
    )


def _badge(status: str) -> str:
    words, colour = BADGES.get(status, (status, "#595959"))
    return f'<span style="{BADGE};background:{colour}">{html(words)}</span>'


def _detail(line: str) -> str:
    text, inner = line.strip(), line.startswith("  ")
    pad = "padding-left:1.2em;" if inner else ""
    word, _, rest = text.partition(": ")
    if inner and word in ("hint", "try"):
        return f'<div style="{pad}"><strong>{word}:</strong> {html(rest)}</div>'
    if inner and text.startswith("|"):
        return f'<div style="{pad}{CODE}">{html(line[2:])}</div>'
    return f'<div style="{pad}overflow-wrap:anywhere">{html(text)}</div>'
