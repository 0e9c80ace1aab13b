"""Canvas: the zip of "Download Submissions", or its folder. All files lie flat, each named
`sortablename[_LATE]_userid_fileid_displayname`; what was typed in or linked is `…_text.html` or `…_link.html`.

The zip holds the newest attempt alone. Where a student uploads a file of the same name again, Canvas calls it
`name-1.py`; several such files are taken for attempts, and the number is taken off."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from .disk import is_source, main_names, may_hold_program, shown
from .found import Found
from .handin import Attempt, HandIn
from .levels import Level

# One way to part a name is found at each place where digits may be the user's id.
PARTS = re.compile(r"(?=(?:^|_)(?:(LATE)_)?(\d{1,20})_(?:(\d{1,20})_(.+)|(text|link)\.html)$)", re.DOTALL | re.ASCII)
ANONYMOUS = re.compile(r"(?:(LATE)_)?anon_([^_]+)_(?:(\d{1,20})_(.+)|(text|link)\.html)", re.DOTALL | re.ASCII)
AGAIN = re.compile(r"(.+?)-(\d{1,3})(\.[^.]+)", re.DOTALL | re.ASCII)
KINDS = {"text": "a text that was typed in", "link": "a web address"}


@dataclass(frozen=True)
class Entry:
    """One file's name, parted. `kind` is text or link where there is no file."""

    name: str
    late: bool
    user: str
    file: str  # its id
    shown: str  # as the student called it
    kind: str
    whole: str


def readings(name: str) -> list[Entry]:
    """All ways to part a file's name, the one with the shortest name of a student first. Canvas writes names in lower
    case, so that LATE is never part of one."""
    found = []
    for m in PARTS.finditer(name):
        student = name[: m.start()]
        if student != student.lower():
            continue
        found.append(Entry(student, bool(m[1]), m[2], m[3] or "", m[4] or "", m[5] or "", name))
    return found


def anonymous(name: str) -> list[Entry]:
    m = ANONYMOUS.fullmatch(name)
    return [Entry("", bool(m[1]), f"anon_{m[2]}", m[3] or "", m[4] or "", m[5] or "", name)] if m else []


def misfits(level: Level) -> list[str]:
    """The names that no student's file would have here."""
    part = _parting(level)
    return [*level.folders, *(name for name in level.files if not part(name))]


def take(level: Level, main: str) -> list[tuple[HandIn, list[Found]]]:
    """What each student handed in, with their attempts in order."""
    part, students = _parting(level), dict[tuple[str, str], list[list[Entry]]]()
    for name in level.files:
        if ways := part(name):
            students.setdefault((ways[0].name, ways[0].user), []).append(ways)
    return [_student(level, main, name, user, ways) for (name, user), ways in sorted(students.items())]


def _parting(level: Level) -> Callable[[str], list[Entry]]:
    blind = bool(level.files) and all(anonymous(name) for name in level.files)
    return anonymous if blind else readings


def _student(level: Level, main: str, name: str, user: str, ways: list[list[Entry]]) -> tuple[HandIn, list[Found]]:
    student = shown(f"{shown(name, 80)} {user}".strip())
    entries = [way[0] for way in ways]
    others = {(e.name, e.user) for way in ways for e in way[1:]} if all(len(way) > 1 for way in ways) else set()
    late = any(entry.late for entry in entries)
    files = [entry for entry in entries if not entry.kind]
    hand = HandIn(student, "canvas", name, {} if user.startswith("anon_") else {"id": user})
    if not files:
        told = f"handed in {KINDS[entries[0].kind]} and no file; look at it on Canvas"
        kept = Attempt(late=late, files=tuple(e.whole for e in entries))
        return _with(hand, [kept], others), [Found(student, main, problem=told)]
    attempts, founds = list[Attempt](), list[Found]()
    for chosen in versions(files, main):
        mark = max((e.file for e in chosen.values()), key=int)
        attempts.append(Attempt(late=None if late else False, files=tuple(e.whole for e in chosen.values()), mark=mark))
        place = level.place([(inner, e.whole) for inner, e in chosen.items()])
        founds.append(Found(student, main, place))
    attempts[-1] = replace(attempts[-1], late=late)  # the mark is the newest one's; if that is in time, so were all
    return _with(hand, attempts, others), founds


def _with(hand: HandIn, attempts: list[Attempt], others: set[tuple[str, str]]) -> HandIn:
    readings = tuple(sorted(others))
    return HandIn(hand.student, hand.platform, hand.name, hand.ids, tuple(attempts), readings=readings)


def versions(files: Sequence[Entry], main: str) -> list[dict[str, Entry]]:
    """The attempts in order, each as files by the names that the student gave them."""
    found = dict[str, dict[int, Entry]]()
    for entry in sorted(files, key=lambda e: int(e.file)):
        m = AGAIN.fullmatch(entry.shown) if _counted(entry.shown) else None
        base, number = (m[1] + m[3], int(m[2])) if m else (entry.shown, 0)
        if number in found.get(base, {}):  # two files of one name
            base, number = entry.shown, 0
        found.setdefault(base, {})[number] = entry
    wanted = [name for name in main_names(main) if name in found]
    programs = [name for name in found if _counted(name)]
    if not wanted and len(programs) != 1:  # nothing tells which one counts: all are there, as they are called
        return [{e.shown: e for e in files if may_hold_program(e.shown)} or {e.shown: e for e in files[:1]}]
    numbers = sorted({number for name in wanted or programs for number in found[name]})
    made = []
    for most in numbers:
        upto = {name: [n for n in found[name] if n <= most] for name in found if may_hold_program(name)}
        made.append({name: found[name][max(some)] for name, some in upto.items() if some})
    return made


def _counted(name: str) -> bool:
    return is_source(name) or name.lower().endswith(".zip")
