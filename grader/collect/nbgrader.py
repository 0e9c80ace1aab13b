"""nbgrader: the folder `submitted/<student>/<assignment>/`, with a `timestamp.txt` that holds when it came. Only the
last one that was collected is there."""

from __future__ import annotations

import contextlib

from ..errors import IntakeError, UsageError
from ..text import clean_text
from .disk import main_names, shown
from .found import Found
from .handin import Attempt, HandIn
from .levels import Level

STAMP = "timestamp.txt"
SUBMITTED = "submitted"
TOLD = 20  # students without the assignment, by name


def fits(level: Level) -> bool:
    """Whether it holds `submitted`, or students of whom one has a time stamp."""
    if SUBMITTED in level.folders:
        return True
    if level.files or not level.folders:
        return False
    for student in level.folders:
        one = level.sub(student)
        with contextlib.suppress(UsageError):  # a folder that cannot be listed is its student's problem alone
            if any(STAMP in one.sub(name).files for name in one.folders):
                return True
    return False


def take(level: Level, main: str, assignment: str) -> tuple[list[tuple[HandIn, list[Found]]], list[str]]:
    """What was handed in, and lines that tell which folder was taken for the assignment and who has none.

    Raises UsageError where it is not clear which of several assignments is meant."""
    level = level.sub(SUBMITTED) if SUBMITTED in level.folders else level
    students, found, without = dict[str, Level](), list[tuple[HandIn, list[Found]]](), list(level.files)
    for name in level.folders:
        try:
            if level.sub(name).folders:
                students[name] = level.sub(name)
            else:
                without.append(name)
        except UsageError:
            hand = HandIn(shown(name), "nbgrader", "", {"id": name})
            found.append((hand, [Found(hand.student, main, problem="the folder cannot be read; look at its rights")]))
    names = sorted({name for one in students.values() for name in one.folders})
    chosen = _chosen(names, students, main, assignment) if students else ""
    for name, one in students.items():
        if chosen not in one.folders:
            without.append(f"{name} ({', '.join(one.folders)})")
            continue
        folder, student = one.sub(chosen), shown(name)
        hand = HandIn(student, "nbgrader", "", {"id": name}, (_attempt(folder),))
        found.append((hand, [Found(student, main, folder.whole((STAMP,)))]))
    told = [f"{shown(chosen)} is taken for {assignment}"] if chosen not in ("", assignment) else []
    if without:
        more = f" and {len(without) - TOLD} more" if len(without) > TOLD else ""
        some = ", ".join(shown(name) for name in without[:TOLD])
        told.append(f"not taken, without a folder {shown(chosen or assignment)}: {some}{more}")
    return found, told


def _attempt(folder: Level) -> Attempt:
    try:
        files = tuple(folder.files)
        when = folder.read(STAMP).decode("utf-8", "replace").strip() if STAMP in files else ""
    except (IntakeError, UsageError):
        return Attempt("cannot be read")
    return Attempt(clean_text(when, 100, lines=False), files=files)


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
