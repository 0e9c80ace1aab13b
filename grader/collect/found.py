"""A submission that was found and is not read yet, so that a cohort costs no more memory than its names."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import IntakeError
from ..model import SourceFile, Submission
from ..text import plural
from . import disk
from .disk import is_script, is_source, main_names, open_regular, read_regular, shown
from .handed import NOTHING, Handed, script_digest

if TYPE_CHECKING:
    from .archive import Stamp
    from .unpack import Member

MAX_FILES = 100  # source files of one student


class Place(Protocol):
    """Where a submission's files lie. Both methods raise IntakeError."""

    def names(self) -> list[str]:
        """The files that are a program or may hold one; of more than MAX_FILES one more is named."""

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        """The bytes of these, in order."""


@dataclass(frozen=True, slots=True)
class Found:
    """One student's submission: `student` is known at once, and so is `problem` where its kind tells it; `read`
    gives the rest. It may be pickled and read in another process that sees the same files."""

    student: str
    main: str = ""  # the file that the assignment asks for
    place: Place | None = None
    problem: str = ""
    handed: Handed = NOTHING
    notes: tuple[str, ...] = ()  # what is told of how it came, beside what is told of the files

    def read(self) -> Submission:
        """The submission, from disk. Never raises: `problem` says it, whosever fault it is."""
        try:
            return self.taken()
        except Exception as error:
            return Submission(self.student, problem=f"cannot be read: {shown(f'{type(error).__name__}: {error}')}")

    def taken(self) -> Submission:
        """The same; what is no student's doing (no memory, an error of ours) is raised."""
        if self.problem or self.place is None:
            return Submission(self.student, problem=self.problem or "holds no file")
        try:
            made = assembled(self.student, self.place, self.main, self.handed)
        except IntakeError as error:
            return Submission(self.student, problem=str(error))
        return replace(made, notes=(*self.notes, *made.notes)) if self.notes else made


@dataclass(frozen=True, slots=True)
class FilePlace:
    """One file. Strings, and the folder's shared by all in it: a Path for each student takes four times the memory."""

    folder: str
    name: str

    def names(self) -> list[str]:
        return [self.name]

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        for name in names:
            yield read_regular(Path(self.folder, self.name), name)


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """The folder `name` in a folder, with all that lies in it, at most eight folders deep."""

    folder: str
    name: str

    def names(self) -> list[str]:
        return list(itertools.islice(disk.walk(Path(self.folder, self.name)), MAX_FILES + 1))

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        for name in names:
            yield read_regular(Path(self.folder, self.name, name), name)


@dataclass(frozen=True, slots=True)
class ZipPlace:
    """Members of a zip, by their names inside the submission. A member that cannot be taken is a string: why."""

    path: Path
    stamp: Stamp
    members: tuple[tuple[str, Member | str], ...]

    def names(self) -> list[str]:
        return [name for name, _ in self.members]

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        from .archive import stamp
        from .unpack import unpack

        members = dict(self.members)
        with open_regular(self.path, self.path.name) as file:
            if stamp(file) != self.stamp:
                raise IntakeError(f"{shown(self.path.name)} changed while it was graded; run again")
            for name in names:
                member = members[name]
                if isinstance(member, str):
                    raise IntakeError(member)
                yield unpack(file, member)


def assembled(student: str, place: Place, main: str, handed: Handed = NOTHING) -> Submission:
    """A submission from its files: the one with the assignment's name is run, else a notebook of that name, else the
    only program that there is. What is as it was handed out does not count where anything else is there, and of a
    file and a notebook of the assignment's name that both hold work neither is taken. A notebook's bytes are not
    looked into here but for that, and other notebooks are not read.

    Raises IntakeError for a file that cannot be read, or where it is not clear which one is meant."""
    files = place.names()
    if len(files) > MAX_FILES:
        raise IntakeError(f"more than {MAX_FILES} Python files; hand in your own alone")
    sources = [name for name in files if is_source(name)]
    if sources:
        scripts = [name for name in sources if is_script(name)]
        data = dict(zip(scripts, place.read(scripts), strict=True))
        chosen, notes = _decided(sources, data, place, main, handed)
        if chosen not in data:
            data[chosen] = next(iter(place.read([chosen])))
        read = tuple(SourceFile(name, data[name]) for name in sources if name in data)
        return _rooted(Submission(student, read, chosen, notes=notes))
    if files:
        raise IntakeError(f"holds {shown(files[0], 80)} and no Python file; hand in {main} itself")
    return Submission(student, problem=f"no {main} and no other Python file", empty=True)


def _decided(
    sources: Sequence[str], scripts: Mapping[str, bytes], place: Place, main: str, handed: Handed
) -> tuple[str, tuple[str, ...]]:
    """`_chosen` among what the student worked on; among all where that is nothing. Raises IntakeError."""
    spare = {name for name, data in scripts.items() if handed.script(data)}
    wanted = main_names(main)
    books = [s for s in sources if s not in scripts and s.rpartition("/")[2] == wanted[-1]]
    book = wanted[-1] if wanted[-1] in books else books[0] if len(books) == 1 else ""
    if book and handed.digests and len(sources) > 1 and handed.notebook(_peeked(place, book)):
        spare.add(book)
    work = [name for name in sources if name not in spare]
    named = {name: next((s for s in work if s.rpartition("/")[2] == name), "") for name in wanted}
    if handed.digests and len(named) > 1 and all(named.values()):
        both = " and ".join(map(shown, named.values()))
        raise IntakeError(f"{both} both hold work, and only one can count: take the other one out")
    same = next((s for name in wanted for s in sources if s in spare and s.rpartition("/")[2] == name), "")
    told = _untouched(same, scripts)
    try:
        chosen, notes = _chosen(work or sources, main)
    except IntakeError as error:
        raise IntakeError(f"{told}; {error}" if same and work else str(error)) from None
    if chosen in spare:
        return chosen, (_untouched(chosen, scripts),)
    plain = not same or chosen.rpartition("/")[2] == main  # the file that is asked for, beside a notebook untouched
    return chosen, notes if plain else (f"{told}: {shown(chosen)} counts", *notes)


def _untouched(name: str, scripts: Mapping[str, bytes]) -> str:
    bare = name in scripts and not script_digest(scripts[name])
    return f"{shown(name)} {'holds no code' if bare else 'is as it was handed out'}"


def _peeked(place: Place, name: str) -> bytes:
    """A notebook's bytes; none where it cannot be read, which is told when it is the one that counts."""
    try:
        return next(iter(place.read([name])))
    except IntakeError:
        return b""


def _chosen(sources: Sequence[str], main: str) -> tuple[str, tuple[str, ...]]:
    """The program that is run, and a note where a notebook lies beside it. Raises IntakeError."""
    wanted = main_names(main)
    top = [name for name in wanted if name in sources]
    deep = {name: [s for s in sources if s.rpartition("/")[2] == name] for name in wanted}
    if main not in top and top and deep[main]:
        raise IntakeError(f"{top[0]} and {shown(deep[main][0])}; leave one")
    for name in wanted:
        found = [name] if name in top else deep[name]
        if len(found) > 1:
            raise IntakeError(f"{len(found)} files named {name}; leave one")
        if found:
            others = [s for w in wanted if w != name for s in deep[w]]
            note = f"{shown(others[0])} is there too and was not read: {name} counts" if others else ""
            return found[0], (note,) if note else ()
    if len(sources) == 1:
        return sources[0], ()
    scripts = [s for s in sources if is_script(s)]
    kinds = [(scripts, main, "Python file"), ([s for s in sources if s not in scripts], wanted[-1], "notebook")]
    missing = " and ".join(f"no {name}" for found, name, _ in kinds if found)
    among = " and ".join(plural(len(found), noun) for found, _, noun in kinds if found)
    raise IntakeError(f"{missing} among {among}; name the one to be graded so")


def _rooted(submission: Submission) -> Submission:
    """Names relative to the main file's folder, so that it can import its neighbours."""
    folder = submission.main.rpartition("/")[0]
    if not folder:
        return submission
    inside = {f.name.removeprefix(folder + "/"): f for f in submission.files if f.name.startswith(folder + "/")}
    outside = {f.name: f for f in submission.files if not f.name.startswith(folder + "/")}
    files = tuple(SourceFile(name, f.data) for name, f in sorted({**outside, **inside}.items()))  # neighbours first
    return replace(submission, files=files, main=submission.main.removeprefix(folder + "/"))
