"""Moodle: the zip of "Download all submissions", or its folder: folders `<Full Name>_<id>_assignsubmission_file`, or
files `<Full Name>_<id>_assignsubmission_file_<name>`; with blind marking `Participant_<id>_…`. The id is that of the
participant in this assignment, which the grading worksheet has too. Only the newest attempt is in it."""

from __future__ import annotations

import re

from .disk import shown
from .found import Found
from .handin import Attempt, HandIn
from .levels import Level

FOLDER = re.compile(r"([^_]+)_(\d{1,20})_assignsubmission_([a-z]+)_?", re.DOTALL)
FLAT = re.compile(r"([^_]+)_(\d{1,20})_assignsubmission_([a-z]+)_(.+)", re.DOTALL)


def misfits(level: Level) -> list[str]:
    folders = [name for name in level.folders if not FOLDER.fullmatch(name)]
    return folders + [name for name in level.files if not FLAT.fullmatch(name)]


def take(level: Level, main: str) -> list[tuple[HandIn, list[Found]]]:
    """What each student handed in: files count before texts that were typed in."""
    folders, flat = dict[tuple[str, str], dict[str, str]](), dict[tuple[str, str], dict[str, list[tuple[str, str]]]]()
    for name in level.folders:
        if m := FOLDER.fullmatch(name):
            folders.setdefault((m[1], m[2]), {})[m[3]] = name
    for name in level.files:
        if m := FLAT.fullmatch(name):
            flat.setdefault((m[1], m[2]), {}).setdefault(m[3], []).append((m[4], name))
    found = []
    for who in sorted({*folders, *flat}):
        name, number = who
        student = shown(f"{shown(name, 80)} {number}")
        mine, loose = folders.get(who, {}), flat.get(who, {})
        if "file" in mine:
            one = Found(student, main, level.sub(mine["file"]).whole())
        elif "file" in loose:
            one = Found(student, main, level.place(loose["file"]))
        else:
            one = Found(student, main, problem="handed in a text that was typed in and no file; look at it on Moodle")
        files = (*mine.values(), *(whole for named in loose.values() for _, whole in named))
        found.append((HandIn(student, "moodle", name, {"id": number}, (Attempt(files=files),)), [one]))
    return found
