"""An audit on one screen, for an instructor and the colleague beside them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..audit import Audit, Room, Wrong
from ..text import plural
from .files import points
from .table import align

KINDS = ("declared", "generic", "mutant", "property")
MOST = 12  # lines of one list before the rest is counted


def audit_table(found: Audit, everything: bool = False) -> str:
    """What was tried, what it showed, and the verdict last. `everything` lists each wrong answer."""
    blocks = [_rooms(found), _said(found)]
    if everything:
        blocks.append(_each(found.wrong))
    equal = [w for w in found.wrong if w.status == "equal" and w.kind == "mutant"]
    if equal:
        most = max(w.tried for w in equal)
        head = f"not told apart from the reference on up to {most} inputs:"
        blocks.append(_listed(head, [f"{w.question}: {w.name} ({w.where})" for w in equal], everything))
    blocks.append(_listed("no hidden case tries:", found.weak, True))
    blocks.append(_listed("excused by the author:", _excused(found), True))
    blocks.append("\n".join(f"PROBLEM  {problem}" for problem in found.problems))
    blocks.append(_verdict(found))
    return "\n\n".join(block for block in blocks if block)


def _rooms(found: Audit) -> str:
    head = ["question", "output", "public", "hidden", "wrong answers", "caught", "equal", "dead", "alive"]
    rows = [[*head, "noise", "nearest", "float32", "which is nearest"]]
    for question, (public, hidden) in found.cases.items():
        tried = [w for w in found.wrong if w.question == question]
        counts = [sum(w.status == s for w in tried) for s in ("caught", "equal", "dead", "survives")]
        start = [question, "", str(public), str(hidden), str(len(tried)), *map(str, counts)]
        rooms = [room for room in found.rooms if room.question == question]
        for room in rooms:
            rows.append([start[0], room.output, *start[2:], *_room(room)])
            start = [""] * 9
        if not rooms:
            rows.append([*start, "", "", "", ""])
    lines = align(rows, right=range(2, 12)).splitlines()
    return "\n".join([*lines, "noise and distances are in units of the tolerance: at most 0.1, and at least 10"])


def _room(room: Room) -> list[str]:
    return [f"{room.noisiest:.1g}", _far(room.nearest), _far(room.nearest32), _short(room.nearest_name, 44)]


def _far(distance: float) -> str:
    return "-" if math.isinf(distance) else f"{distance:.1e}" if distance >= 1000 else f"{distance:.3g}"


def _short(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _said(found: Audit) -> str:
    lines = []
    scores = [f"{r.student} {points(r.score) or 'ungraded'}" for r in found.solutions]
    if found.solutions:
        lines.append(f"solutions   {', '.join(scores)} of {points(found.solutions[0].max_score)}")
    if found.stub:
        lines.append(f"stub        untouched, it gets {points(found.stub.score) or 'ungraded'}")
    if found.proofs:
        lines.append("gradients   " + ", ".join(f"{count} {how}" for how, count in found.proofs.items()))
    kinds = {kind: [w for w in found.wrong if w.kind == kind] for kind in KINDS}
    told = [f"{sum(w.status == 'caught' for w in ws)} of {len(ws)} {kind}" for kind, ws in kinds.items() if ws]
    accepted = " (the rest satisfies what it says)" if any(w.status == "accepted" for w in kinds["property"]) else ""
    lines.append(f"caught      {', '.join(told)}{accepted}")
    lines += [f"NOT RUN     {what}" for what in found.not_run]
    return "\n".join(lines)


def _each(wrongs: Sequence[Wrong]) -> str:
    rows = [["question", "wrong answer", "kind", "taxonomy", "where", "public", "hidden", "distance", "float32", ""]]
    for w in wrongs:
        cases = [str(w.public), str(w.hidden)]
        far = [_far(w.distance), _far(w.distance32)] if w.hidden else ["", ""]
        state = "" if w.status == "caught" else w.status
        rows.append([w.question, _short(w.name, 60), w.kind, w.code, w.where, *cases, *far, state])
    return align(rows, right=range(5, 9))


def _excused(found: Audit) -> list[str]:
    wrongs = [f"{w.question}: {w.name} ({w.excuse})" for w in found.wrong if w.excuse]
    rooms = [
        f"{r.question}: {words} of {r.output} ({excuse})"
        for r in found.rooms
        for words, excuse in (("room", r.excuse), ("float32 room", r.excuse32))
        if excuse
    ]
    return wrongs + rooms


def _listed(head: str, items: Sequence[str], everything: bool) -> str:
    if not items:
        return ""
    shown = items if everything or len(items) <= MOST else items[: MOST - 1]
    more = [f"  and {len(items) - len(shown)} more: --all lists them"] if len(shown) < len(items) else []
    return "\n".join([head, *(f"  {item}" for item in shown), *more])


def _verdict(found: Audit) -> str:
    count = sum(public + hidden for public, hidden in found.cases.values())
    verdict = "NOT CLEAN" if found.problems else "clean"
    return (
        f"{found.assignment}: {verdict} ({plural(len(found.cases), 'question')}, {plural(count, 'case')}, "
        f"{plural(len(found.wrong), 'wrong answer')}, {plural(len(found.solutions), 'right solution')})"
    )
