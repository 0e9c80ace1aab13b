"""Small plots as inline SVG. Each has a title and a description, and is drawn so that it can be read without colour."""

from __future__ import annotations

from collections.abc import Sequence

from ..report.escape import html
from .values import ODD, RIGHT, Heat

CELL = 22


def bar(share: float) -> str:
    """A share of a whole, beside which it is said in words."""
    wide = round(1000 * max(0.0, min(1.0, share))) / 10
    return (
        '<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="4"/><rect class="fill" width="{wide:g}" height="4"/></svg>'
    )


def heat_map(found: Heat, name: str, anchor: str) -> str:
    """Where an answer is off, with the signs as its text, so that it can be read aloud and printed."""
    wide, high = len(found.rows[0]) * CELL, len(found.rows) * CELL
    cells = []
    for i, row in enumerate(found.rows):
        for j, sign in enumerate(row):
            tone = "hx" if sign == ODD else "h0" if sign == RIGHT else f"h{sign}"
            cells.append(f'<rect class="{tone}" x="{j * CELL}" y="{i * CELL}" width="{CELL - 1}" height="{CELL - 1}"/>')
            if sign != RIGHT:
                cells.append(f'<text x="{j * CELL + (CELL - 1) / 2:g}" y="{i * CELL + 15}">{sign}</text>')
    lines = "\n".join(found.rows)
    return (
        f'<figure class="heat"><svg role="img" aria-labelledby="{anchor}-t {anchor}-d" width="{wide}" height="{high}" '
        f'viewBox="0 0 {wide} {high}"><title id="{anchor}-t">Where {html(name)} is off</title>'
        f'<desc id="{anchor}-d">{html(found.told)}.</desc>{"".join(cells)}</svg>'
        f"<figcaption>{html(found.told)}. 1: up to ten times what is allowed, 2: up to a hundred, and so on; "
        f"blank: right{'; !: not finite, or out of place' if any(ODD in row for row in found.rows) else ''}."
        f'<details><summary>The map as text</summary><pre tabindex="0">{html(lines)}</pre></details></figcaption>'
        "</figure>"
    )


def histogram(counts: Sequence[int], labels: Sequence[str], title: str, desc: str) -> str:
    """Bars side by side, each with its count above and its label below."""
    most, step, high = max(*counts, 1), 60, 150
    wide = step * len(counts)
    parts = []
    for i, (count, label) in enumerate(zip(counts, labels, strict=True)):
        tall = round(high * count / most, 1)
        x = i * step
        parts.append(
            f'<rect class="fill" x="{x + 4}" y="{20 + high - tall:g}" width="{step - 8}" height="{tall:g}" rx="2"/>'
        )
        if count:
            parts.append(f'<text class="count" x="{x + step / 2:g}" y="{14 + high - tall:g}">{count}</text>')
        parts.append(f'<text class="label" x="{x + step / 2:g}" y="{high + 38}">{html(label)}</text>')
    parts.append(f'<line class="axis" x1="0" x2="{wide}" y1="{high + 20.5}" y2="{high + 20.5}"/>')
    return (
        f'<svg class="histogram" role="img" aria-labelledby="hist-t hist-d" viewBox="0 0 {wide} {high + 46}">'
        f'<title id="hist-t">{html(title)}</title><desc id="hist-d">{html(desc)}</desc>{"".join(parts)}</svg>'
    )


def shares(full: int, part: int, none: int, ungraded: int, told: str) -> str:
    """How many have all, some and no points of a question: solid, hatched, empty; dotted where it is ungraded."""
    total, x, parts = max(full + part + none + ungraded, 1), 0.0, []
    for count, tone in ((full, "full"), (part, "part"), (none, "none"), (ungraded, "ungraded")):
        wide = 160 * count / total
        if count:
            parts.append(f'<rect class="{tone}" x="{x:.2f}" y="0.5" width="{max(wide, 0.5):.2f}" height="11"/>')
        x += wide
    return (
        f'<svg class="shares" role="img" viewBox="0 0 160 12" preserveAspectRatio="none"><title>{html(told)}</title>'
        f'{"".join(parts)}<rect class="frame" x="0.5" y="0.5" width="159" height="11"/></svg>'
    )


PATTERNS = (
    '<svg class="patterns" width="0" height="0" aria-hidden="true"><defs>'
    '<pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect class="under" width="5" height="5"/><rect class="over" width="2" height="5"/></pattern>'
    '<pattern id="dots" width="4" height="4" patternUnits="userSpaceOnUse"><circle class="over" cx="2" cy="2" r="1"/>'
    "</pattern></defs></svg>"
)
