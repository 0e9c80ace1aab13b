"""Gradescope: "Export Submissions", a folder or zip with `submission_metadata.yml` and a folder for each submission.

The export holds the files of the submission that counts there. Earlier ones are named in its history, without files.
A group's submission is graded for each of its members."""

from __future__ import annotations

from typing import Any

from ..text import clean_text
from .disk import METADATA, shown
from .found import Found
from .handin import Attempt, HandIn
from .levels import Level
from .metadata import metadata_of

Taken = tuple[HandIn, list[Found]]


def fits(level: Level) -> bool:
    return METADATA in level.files


def take(level: Level, main: str) -> tuple[list[Taken], list[str]]:
    """What each student handed in, and what is to be told. Raises IntakeError where the metadata cannot be read."""
    about = metadata_of(level.read(METADATA))
    students, told = dict[str, list[Taken]](), list[str]()
    earlier = 0
    for name, one in sorted(about.items()):
        earlier += bool(_list(one.get(":history")))
        for taken in _submission(level, main, name, one):
            students.setdefault(taken[0].student, []).append(taken)
    if earlier:
        told.append(f"{earlier} handed in more than once; the export holds only the files that count on Gradescope")
    for name in sorted(set(level.folders) - set(about)):
        student = shown(name)
        hand = HandIn(student, "gradescope", "", {}, (Attempt(files=(name,)),))
        students.setdefault(student, []).append((hand, [Found(student, main, level.sub(name).whole())]))
        told.append(f"{shown(name)} is not in {METADATA}: graded under that name")
    return [taken for several in students.values() for taken in several], told


def _submission(level: Level, main: str, name: str, about: dict[str, Any]) -> list[Taken]:
    if name in level.folders:
        one = Found("", main, level.sub(name).whole())
    elif files := [file for file in level.files if file.startswith(f"{name}.")]:
        one = Found("", main, level.place([(files[0], files[0])]))
    else:
        one = Found("", main, problem=f"{METADATA} names it, and its files are not in the export")
    when, number = _text(about.get(":created_at")), name.rpartition("_")[2]
    attempt = Attempt(when, files=(name,), mark=number)
    made = []
    for person in _list(about.get(":submitters")) or [{}]:
        person = person if isinstance(person, dict) else {}
        ids = {key: _text(person.get(f":{key}")) for key in ("sid", "email")}
        label = ids["sid"] or ids["email"] or name
        student = shown(f"{shown(_text(person.get(':name')), 80)} {label}".strip())
        known = {key: value for key, value in ids.items() if value}
        hand = HandIn(student, "gradescope", _text(person.get(":name")), known, (attempt,))
        made.append((hand, [Found(student, main, one.place, one.problem)]))
    return made


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return clean_text(value, 200, lines=False).strip() if isinstance(value, str) else ""
