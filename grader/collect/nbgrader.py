"""nbgrader: the folder `submitted/<student>/<assignment>/`, with a `timestamp.txt` that holds when it came. Only the
last one that was collected is there."""

from __future__ import annotations

from ..errors import IntakeError, UsageError
from ..text import clean_text
from .disk import main_names, shown
from .found import Found
from .handin import Attempt, HandIn
from .levels import Level

STAMP = "timestamp.txt"
SUBMITTED = "submitted"


def fits(level: Level) -> bool:
    """Whether it holds `submitted`, or students of whom one has a time stamp."""
    if SUBMITTED in level.folders:
        return True
    if level.files or not level.folders:
        return False
    inner = (level.sub(student) for student in level.folders)
    return any(STAMP in one.sub(name).files for one in inner for name in one.folders)


def take(level: Level, main: str, assignment: str) -> list[tuple[HandIn, list[Found]]]:
    """Raises UsageError where it is not clear which of several assignments is meant."""
    level = level.sub(SUBMITTED) if SUBMITTED in level.folders else level
    students = {name: level.sub(name) for name in level.folders}
    names = sorted({name for one in students.values() for name in one.folders})
    chosen = _chosen(names, students, main, assignment)
    found = []
    for name, one in students.items():
        if chosen not in one.folders:
            continue
        folder, student = one.sub(chosen), shown(name)
        when = ""
        if STAMP in folder.files:
            try:
                when = clean_text(folder.read(STAMP).decode("utf-8", "replace").strip(), 100, lines=False)
            except IntakeError:
                when = "cannot be read"
        hand = HandIn(student, "nbgrader", "", {"id": name}, (Attempt(when, files=tuple(folder.files)),))
        found.append((hand, [Found(student, main, folder.whole((STAMP,)))]))
    return found


def _chosen(names: list[str], students: dict[str, Level], main: str, assignment: str) -> str:
    if assignment in names or len(names) == 1:
        return assignment if assignment in names else names[0]
    wanted = set(main_names(main))
    fitting = [n for n in names if any(n in s.folders and wanted & {*s.sub(n).files} for s in students.values())]
    if len(fitting) != 1:
        raise UsageError(
            f"{shown(', '.join(fitting or names))}: which is {assignment}? Rename that folder of each student to "
            f"{assignment}, or give the students' folders of one alone"
        )
    return fitting[0]
