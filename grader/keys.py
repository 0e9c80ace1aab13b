"""Frozen keys from the cache, or made now. The process that grades never holds torch: a process of its own freezes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import click

from .errors import UsageError

if TYPE_CHECKING:
    from .course import Course
    from .model import AnswerKey

PROGRESS_SECONDS = 2.0


def frozen_key(course: Course, name: str, device: str) -> AnswerKey:
    """The key of the present sources: from the cache, or frozen now by a process of its own, since the process
    that grades never holds torch."""
    from .keyfile import load

    path = course.key_path(name, device)
    if not path.is_file():
        click.echo(f"freezing {name} …", err=True)
        _run(course, name, device, [], None)
    return load(path.read_bytes(), str(path))


def key_of(course: Course, base: AnswerKey, device: str, students: Iterable[str]) -> Callable[[str], AnswerKey]:
    """From a student to their own key, read when it is asked for. Those of `students` are frozen now where they are
    not in the cache; for anybody else, as for a submission that cannot be run, it is the course's own key."""
    from .keyfile import load

    name = base.assignment
    path, wanted = course.key_path(name, device), set(students)
    missing = sorted(s for s in wanted if not course.student_path(path, s).is_file())
    if missing:
        click.echo(f"freezing {name} for {len(missing)} of {len(wanted)} students …", err=True)
        _run(course, name, device, ["--students", "-"], "".join(f"{s}\n" for s in missing))

    def own(student: str) -> AnswerKey:
        if student not in wanted:
            return base
        file = course.student_path(path, student)
        try:
            return load(file.read_bytes(), str(file))
        except OSError as error:
            raise UsageError(f"{file}: {error.strerror}; run the same command again") from error

    return own


def _run(course: Course, name: str, device: str, more: list[str], names: str | None) -> None:
    """`grader freeze` in a process of its own; what it says of many students goes to stderr as it comes."""
    import subprocess
    import tempfile

    command = [sys.executable, "-P", "-m", "grader", "freeze", name, "--course", str(course.root), "--device", device]
    command += ["--secret-file", str(course.secret_file)] if course.secret_file else []
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as given:
        given.write((names or "").encode())
        given.seek(0)
        process = subprocess.Popen([*command, *more], stdin=given, stdout=subprocess.PIPE, stderr=said)
        with process:
            for line in process.stdout or ():
                if names is not None:
                    click.echo(line.decode(errors="replace").rstrip(), err=True)
        said.seek(0)
        error = said.read().decode(errors="replace").strip()
    if process.returncode:
        raise UsageError(error.removeprefix("error: ") or f"freezing {name} failed")


def freeze_missing(course: Course, name: str, device: str, students: list[str], say: Callable[[str], None]) -> None:
    """Freeze the key of each student who has none yet, into the cache. Loads torch; on one thread, so that a key does
    not depend on the number of processors.

    Raises AuthorError where a draw is refused, UsageError where the assignment has one draw for all."""
    import torch

    from .freeze import freeze
    from .freeze.draws import freeze_students
    from .freeze.together import Told
    from .keyfile import dump, load

    torch.set_num_threads(1)
    path = course.key_path(name, device)
    base = load(path.read_bytes(), str(path)) if path.is_file() else freeze(course, name, device)
    course.write_private(path, dump(base))
    missing = [s for s in students if not course.student_path(path, s).is_file()]
    told, started = Told(), time.monotonic()
    lately = started
    for done, key in enumerate(freeze_students(course, name, missing, device, base, told), 1):
        course.write_private(course.student_path(path, key.student), dump(key))
        now = time.monotonic()
        if now - lately >= PROGRESS_SECONDS and done < len(missing):
            lately, left = now, (now - started) / done * (len(missing) - done)
            say(f"froze {done} of {len(missing)} keys, about {left:.0f} s left")
    say(f"{name}: {len(students)} students, {len(missing)} keys frozen in {time.monotonic() - started:.1f} s")
    for line in told.lines() if len(missing) > 1 else ():
        say(line)
    for text in told.disagreements:
        say(f"warning: {text}; these were frozen one at a time")
