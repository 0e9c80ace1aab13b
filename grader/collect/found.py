"""A submission that was found and is not read yet, so that a cohort costs no more memory than its names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..errors import IntakeError
from ..model import SourceFile, Submission
from . import disk
from .archive import Stamp, stamp
from .disk import open_regular, read_regular, shown
from .unpack import Member, unpack

MAX_FILES = 100  # source files of one student


class Place(Protocol):
    """Where a submission's files lie. Both methods raise IntakeError."""

    def names(self) -> list[str]:
        """The files that are a program or may hold one; of more than MAX_FILES one more is named."""

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        """The bytes of these, in order."""


@dataclass(frozen=True)
class Found:
    """One student's submission: `student` is known at once, and so is `problem` where its kind tells it; `read`
    gives the rest. It may be pickled and read in another process that sees the same files."""

    student: str
    main: str = ""  # the file that the assignment asks for
    place: Place | None = None
    problem: str = ""

    def read(self) -> Submission:
        """The submission, from disk. Never raises for what a student did: `problem` says it."""
        if self.problem or self.place is None:
            return Submission(self.student, problem=self.problem or "holds no file")
        try:
            return assembled(self.student, self.place, self.main)
        except IntakeError as error:
            return Submission(self.student, problem=str(error))
        except Exception as error:
            return Submission(self.student, problem=f"cannot be read: {shown(f'{type(error).__name__}: {error}')}")


@dataclass(frozen=True)
class FilePlace:
    """One file."""

    path: Path

    def names(self) -> list[str]:
        return [self.path.name]

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        for name in names:
            yield read_regular(self.path, name)


@dataclass(frozen=True)
class FolderPlace:
    """A folder with all that lies in it, at most eight folders deep."""

    path: Path

    def names(self) -> list[str]:
        return list(itertools.islice(disk.walk(self.path), MAX_FILES + 1))

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        for name in names:
            yield read_regular(self.path / name, name)


@dataclass(frozen=True)
class ZipPlace:
    """Members of a zip, by their names inside the submission. A member that cannot be taken is a string: why."""

    path: Path
    stamp: Stamp
    members: tuple[tuple[str, Member | str], ...]

    def names(self) -> list[str]:
        return [name for name, _ in self.members]

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        members = dict(self.members)
        with open_regular(self.path, self.path.name) as file:
            if stamp(file) != self.stamp:
                raise IntakeError(f"{shown(self.path.name)} changed while it was graded; run again")
            for name in names:
                member = members[name]
                if isinstance(member, str):
                    raise IntakeError(member)
                yield unpack(file, member)


def assembled(student: str, place: Place, main: str) -> Submission:
    """A submission from its files: the one with the assignment's name is run, or the only one that there is.

    Raises IntakeError for a file that cannot be read."""
    files = place.names()
    scripts = [name for name in files if name.lower().endswith(".py")]
    if len(files) > MAX_FILES:
        return Submission(student, problem=f"more than {MAX_FILES} Python files; hand in your own alone")
    exact = [n for n in scripts if n == main] or [n for n in scripts if n.rsplit("/", 1)[-1] == main]
    chosen = exact or (scripts if len(scripts) == 1 else [])
    if len(chosen) == 1:
        data = list(place.read(scripts))
        return _rooted(Submission(student, tuple(map(SourceFile, scripts, data)), chosen[0]))
    if exact:
        return Submission(student, problem=f"{len(exact)} files named {main}; leave one")
    if scripts:
        return Submission(student, problem=f"no {main} among {len(scripts)} Python files")
    if any(name.lower().endswith(".ipynb") for name in files):
        return Submission(student, problem="notebooks are not read by this version; export it as a .py file")
    if files:
        return Submission(student, problem=f"holds {shown(files[0], 80)} and no Python file; hand in {main} itself")
    return Submission(student, problem=f"no {main} and no other Python file", empty=True)


def _rooted(submission: Submission) -> Submission:
    """Names relative to the main file's folder, so that it can import its neighbours."""
    folder = submission.main.rpartition("/")[0]
    if not folder:
        return submission
    inside = {f.name.removeprefix(folder + "/"): f for f in submission.files if f.name.startswith(folder + "/")}
    outside = {f.name: f for f in submission.files if not f.name.startswith(folder + "/")}
    files = tuple(SourceFile(name, f.data) for name, f in sorted({**outside, **inside}.items()))  # neighbours first
    return replace(submission, files=files, main=submission.main.removeprefix(folder + "/"))
