"""Submissions from disk: files, folders (one per student, or one file per student), and zips.

Rules: a folder that holds the assignment's file is one student's; any other folder holds students, each a
folder or a `.py` file. Every problem is that student's alone and is told in one line."""

from __future__ import annotations

import errno
import itertools
import os
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from ..errors import IntakeError, UsageError
from ..model import SourceFile, Submission
from ..text import clean_text
from .archive import MAX_FILE, OTHERS, Folder, is_hidden, is_source, read_zip

MAX_FILES = 100  # source files of one student
MAX_DEPTH = 8


def collect(paths: Iterable[Path], main: str, targets: Iterable[str] = ()) -> list[Submission]:
    """All submissions under the given paths, sorted by student; `main` is the file that students hand in, and
    `targets` are the functions that it defines.

    Two submissions under one name are both left ungraded, with the reason. Raises UsageError for a path that
    does not exist, holds no submission, or may be one student's or many."""
    found: list[Submission] = []
    names = tuple(targets)
    for path in paths:
        try:
            kind = os.lstat(path).st_mode
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        before = len(found)
        if stat.S_ISLNK(kind):  # with a pattern like submissions/* a student could have planted it
            found.append(Submission(student_id(path.stem), problem="is a link; name the file or folder itself"))
        elif stat.S_ISDIR(kind):
            _one_or_many(path, main, names)
            found += _folder(path, main)
        elif path.suffix.lower() == ".zip":
            found += _zip(path, main)
        elif is_source(path.name):
            found.append(_file(path, path.absolute().parent.name if path.name == main else path.stem, main))
        if len(found) == before:
            raise UsageError(f"{path}: no submission in it (wanted {main}, or a folder or .py file per student)")
    return _unique(sorted(found, key=lambda s: s.student))


def _unique(found: list[Submission]) -> list[Submission]:
    counts: dict[str, int] = {}
    for submission in found:
        counts[submission.student.casefold()] = counts.get(submission.student.casefold(), 0) + 1
    out, seen = [], set()
    for submission in found:
        folded = submission.student.casefold()
        if counts[folded] == 1:
            out.append(submission)
        elif folded not in seen:
            seen.add(folded)
            text = f"{counts[folded]} submissions under this name; leave one and run again"
            out.append(Submission(submission.student, problem=text))
    return out


def _one_or_many(path: Path, main: str, targets: tuple[str, ...]) -> None:
    """Refuse a folder that holds the assignment's file beside other whole submissions: taking it for one
    student's would lose the others. Raises UsageError."""
    entries = _entries(path)
    if not any(entry.name == main for entry in entries):
        return
    others = [e.name for e in entries if e.is_dir(follow_symlinks=False) and os.path.lexists(Path(e.path) / main)]
    others += [e.name for e in entries if e.name not in (main, *others) and _looks_whole(e, targets)]
    if others:
        shown = clean_text(", ".join(sorted(others)[:3]), 120, lines=False)
        raise UsageError(
            f"{path} holds {main} and other submissions ({shown}): is it one student's folder or many? "
            f"Give the student of {main} a folder or file of their own"
        )


def _looks_whole(entry: os.DirEntry[str], targets: tuple[str, ...]) -> bool:
    """Whether a file defines most of the assignment's functions; a search for words, nothing is parsed."""
    if not entry.name.lower().endswith(".py") or not entry.is_file(follow_symlinks=False) or not targets:
        return False
    try:
        data = read_regular(Path(entry.path), entry.name)
    except IntakeError:
        return False
    defined = [t for t in targets if re.search(rb"^(def|class) " + re.escape(t.encode()) + rb"\b", data, re.M)]
    return 2 * len(defined) > len(targets)


def student_id(name: str) -> str:
    """A student's name as it is shown and stored; never used as a path."""
    return clean_text(name.strip(), 120, lines=False) or "unnamed"


def _folder(path: Path, main: str) -> Iterator[Submission]:
    entries = sorted(_entries(path), key=lambda e: e.name)
    if any(entry.name == main for entry in entries):
        yield one_folder(path, path.resolve().name, main)
        return
    for entry in entries:
        if is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield one_folder(Path(entry.path), entry.name, main)
        elif is_source(entry.name):
            yield _file(Path(entry.path), Path(entry.name).stem, main)
        elif entry.is_symlink() and entry.is_dir():
            text = "a link to a folder is not followed; give the folder itself"
            yield Submission(student_id(entry.name), problem=text)
        elif entry.name.lower().endswith(".zip"):
            text = "a zip inside a folder is not opened; give it on the command line"
            yield Submission(student_id(Path(entry.name).stem), problem=text)


def not_taken(paths: Iterable[Path], main: str) -> list[str]:
    """Files lying loose in a folder of students that nobody's submission holds, for a warning."""
    found = []
    for path in paths:
        entries = _entries(path) if path.is_dir() and not path.is_symlink() else []
        if any(entry.name == main for entry in entries):
            continue
        for entry in entries:
            taken = is_source(entry.name) or entry.name.lower().endswith(".zip") or is_hidden(entry.name)
            if not taken and not entry.is_dir():
                found.append(clean_text(f"{path / entry.name}", 200, lines=False))
    return sorted(found)


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def one_folder(path: Path, student: str, main: str) -> Submission:
    """One student's folder: every .py file in it, at most eight folders deep."""
    try:
        files = list(itertools.islice(_walk(path, ""), MAX_FILES + 1))
    except IntakeError as error:
        return Submission(student_id(student), problem=str(error))
    return assemble(student, files, main)


def _walk(path: Path, prefix: str, depth: int = 0) -> Iterator[SourceFile]:
    try:
        with os.scandir(path) as found:
            entries = sorted(found, key=lambda e: e.name)
    except OSError as error:
        shown = clean_text(prefix, 120, lines=False) or "the folder"
        raise IntakeError(f"{shown}: {error.strerror}") from error
    for entry in entries:
        name = prefix + entry.name
        if is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            if depth == MAX_DEPTH:
                raise IntakeError(f"{clean_text(name, 120, lines=False)}: folders nested too deeply")
            yield from _walk(Path(entry.path), name + "/", depth + 1)
        elif entry.name.lower().endswith(".py"):
            yield SourceFile(name, read_regular(Path(entry.path), name))
        elif is_source(entry.name):
            yield SourceFile(name, b"")  # notebooks: that they are there
        elif entry.name.lower().endswith(OTHERS):
            yield SourceFile(name, b"")  # and what a program may be hidden in


def own_files(path: Path, main: str) -> Submission:
    """A student's own work: a folder, or a file with the Python files beside it, which it may import."""
    if path.is_dir():
        return one_folder(path, path.resolve().name, main)
    folder = one_folder(path.resolve().parent, path.stem, path.name)
    return folder if folder.main == path.name else _file(path, path.stem, main)


def _file(path: Path, student: str, main: str) -> Submission:
    try:
        return assemble(student, [SourceFile(path.name, read_regular(path, path.name))], main)
    except IntakeError as error:
        return Submission(student_id(student), problem=str(error))


def read_regular(path: Path, name: str) -> bytes:
    """The bytes of a regular file, without following links or waiting on pipes. Raises IntakeError."""
    shown = clean_text(name, 120, lines=False)
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        fd = os.open(path, flags)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise IntakeError(f"{shown} is a link; hand in the file itself") from error
        raise IntakeError(f"{shown}: {error.strerror}") from error
    with os.fdopen(fd, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise IntakeError(f"{shown} is no regular file")
        if about.st_size > MAX_FILE:
            raise IntakeError(f"{shown} has {about.st_size:,} bytes; at most {MAX_FILE:,} are taken")
        return file.read(MAX_FILE + 1)[:MAX_FILE]


def assemble(student: str, files: list[SourceFile], main: str) -> Submission:
    """A submission from its files: the one with the assignment's name, or the only one that there is."""
    name = student_id(student)
    scripts = [f for f in files if f.name.lower().endswith(".py")]
    if len(files) > MAX_FILES:
        return Submission(name, problem=f"more than {MAX_FILES} Python files; hand in your own alone")
    exact = [f for f in scripts if f.name == main] or [f for f in scripts if f.name.rsplit("/", 1)[-1] == main]
    chosen = exact or (scripts if len(scripts) == 1 else [])
    if len(chosen) == 1:
        return _rooted(Submission(name, tuple(scripts), chosen[0].name))
    if exact:
        return Submission(name, problem=f"{len(exact)} files named {main}; leave one")
    if scripts:
        return Submission(name, problem=f"no {main} among {len(scripts)} Python files")
    if any(f.name.lower().endswith(".ipynb") for f in files):
        return Submission(name, problem="notebooks are not read by this version; export it as a .py file")
    if files:
        shown = clean_text(files[0].name, 80, lines=False)
        return Submission(name, problem=f"holds {shown} and no Python file; hand in {main} itself")
    return Submission(name, problem=f"no {main} and no other Python file", empty=True)


def _rooted(submission: Submission) -> Submission:
    """Names relative to the main file's folder, so that it can import its neighbours."""
    folder = submission.main.rpartition("/")[0]
    if not folder:
        return submission
    inside = {f.name.removeprefix(folder + "/"): f for f in submission.files if f.name.startswith(folder + "/")}
    outside = {f.name: f for f in submission.files if not f.name.startswith(folder + "/")}
    files = tuple(SourceFile(name, f.data) for name, f in sorted({**outside, **inside}.items()))  # neighbours first
    return replace(submission, files=files, main=submission.main.removeprefix(folder + "/"))


def _zip(path: Path, main: str) -> Iterator[Submission]:
    try:
        top, unsafe = read_zip(path)
    except IntakeError as error:
        yield Submission(student_id(path.stem), problem=str(error))
        return
    if unsafe:
        text = f"holds unsafe paths (outside, or too deep), which were not read: {unsafe[0]}"
        yield Submission(student_id(f"{path.stem} (the zip itself)"), problem=text)
    stem = main.removesuffix(".py")
    while not top.files and len(top.folders) == 1:  # a zip of one folder, as systems make them
        ((name, inner),) = top.folders.items()
        if main in inner.files:  # one student, or a cohort of one: both names, where both may be the student's
            yield _from_folder(inner, path.stem if name in (stem, path.stem) else f"{path.stem}/{name}", main)
            return
        top = inner
    if main in top.files:
        yield _from_folder(top, path.stem, main)
        return
    for name, folder in top.folders.items():
        yield _from_folder(folder, name, main)
    for name, member in top.files.items():
        if is_source(name):
            if isinstance(member, str):
                yield Submission(student_id(Path(name).stem), problem=member)
            else:
                yield assemble(Path(name).stem, [SourceFile(name, member)], main)


def _from_folder(folder: Folder, student: str, main: str) -> Submission:
    files = []
    for name, member in folder.walk():
        if isinstance(member, str):
            return Submission(student_id(student), problem=member)
        files.append(SourceFile(name, member))
    return assemble(student, files, main)
