"""Submissions from disk: files, folders (one per student, or one file per student), and zips.

Rules: a folder that holds the assignment's file, or a notebook of that name, is one student's; any other folder
holds students, each a folder, a `.py` file or a notebook. Every problem is that student's alone, told in one line."""

from __future__ import annotations

import os
import re
import stat
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import IntakeError, UsageError
from ..model import Submission
from .disk import is_hidden, is_notebook, is_source, main_names, read_regular, shown
from .found import FilePlace, FolderPlace, Found, ZipPlace
from .handed import NOTHING, Handed

if TYPE_CHECKING:  # zips are opened by instructors alone, and zipfile imports much
    from .archive import Folder, Stamp


def collect(paths: Iterable[Path], main: str, targets: Iterable[str] = (), handed: Handed = NOTHING) -> list[Found]:
    """All submissions under the given paths, sorted by student and not read yet; `main` is the file that students
    hand in, `targets` are the functions that it defines, and `handed` is what they were given.

    Two submissions under one name are both left ungraded, with the reason. Raises UsageError for a path that
    does not exist, holds no submission, or may be one student's or many."""
    found: list[Found] = []
    names = tuple(targets)
    for path in paths:
        try:
            kind = os.lstat(path).st_mode
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        before = len(found)
        if stat.S_ISLNK(kind):  # with a pattern like submissions/* a student could have planted it
            found.append(Found(student_id(path.stem), problem="is a link; name the file or folder itself"))
        elif stat.S_ISDIR(kind):
            _one_or_many(path, main, names)
            found += _folder(path, main)
        elif path.suffix.lower() == ".zip":
            found += _zip(path, main)
        elif is_source(path.name):
            found.append(_file(path, path.absolute().parent.name if path.name in main_names(main) else path.stem, main))
        if len(found) == before:
            raise UsageError(
                f"{path}: no submission in it (wanted {main}, or a folder, a .py file or a notebook per student)"
            )
    return unique(sorted((replace(f, handed=handed) for f in found), key=lambda f: f.student))


def unique(found: list[Found]) -> list[Found]:
    """Each student once; of two under one name neither counts, and it is told."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.student.casefold()] = counts.get(one.student.casefold(), 0) + 1
    out, seen = [], set()
    for one in found:
        folded = one.student.casefold()
        if counts[folded] == 1:
            out.append(one)
        elif folded not in seen:
            seen.add(folded)
            text = f"{counts[folded]} submissions under this name; leave one and run again"
            out.append(Found(one.student, problem=text))
    return out


def _one_or_many(path: Path, main: str, targets: tuple[str, ...]) -> None:
    """Refuse a folder that holds the assignment's file beside other whole submissions: taking it for one
    student's would lose the others. Raises UsageError."""
    entries, wanted = _entries(path), main_names(main)
    top = [name for name in wanted if any(entry.name == name for entry in entries)]
    if not top:
        return
    folders = [e for e in entries if e.is_dir(follow_symlinks=False)]
    others = [e.name for e in folders if any(os.path.lexists(Path(e.path) / name) for name in wanted)]
    others += [e.name for e in entries if e.name not in (*wanted, *others) and _looks_whole(e, targets)]
    if others:
        raise UsageError(_mixed(str(path), top[0], others))


def _mixed(name: str, main: str, others: Iterable[str]) -> str:
    return (
        f"{name} holds {main} and other submissions ({shown(', '.join(sorted(others)[:3]))}): is it one student's "
        f"folder or many? Give the student of {main} a folder or file of their own"
    )


def _looks_whole(entry: os.DirEntry[str], targets: tuple[str, ...]) -> bool:
    """Whether a file defines most of the assignment's functions; a search for words, nothing is parsed."""
    if not is_source(entry.name) or not entry.is_file(follow_symlinks=False) or not targets:
        return False
    try:
        data = read_regular(Path(entry.path), entry.name)
    except IntakeError:
        return False
    start = rb'(?:^|")' if is_notebook(entry.name) else b"^"  # there a line is a text of its own
    defined = [t for t in targets if re.search(start + rb"(def|class) " + re.escape(t.encode()) + rb"\b", data, re.M)]
    return 2 * len(defined) > len(targets)


def student_id(name: str) -> str:
    """A student's name as it is shown and stored; never used as a path."""
    return shown(unicodedata.normalize("NFC", name).strip()) or "unnamed"


def _folder(path: Path, main: str) -> Iterator[Found]:
    entries = sorted(_entries(path), key=lambda e: e.name)
    if any(entry.name in main_names(main) for entry in entries):
        yield one_folder(path, path.resolve().name, main)
        return
    for entry in entries:
        if is_hidden(entry.name):
            continue
        if entry.is_dir(follow_symlinks=False):
            yield _student(Path(entry.path), entry.name, main)
        elif is_source(entry.name):
            yield _file(Path(entry.path), Path(entry.name).stem, main)
        elif entry.is_symlink() and entry.is_dir():
            text = "a link to a folder is not followed; give the folder itself"
            yield Found(student_id(entry.name), problem=text)
        elif entry.name.lower().endswith(".zip"):
            if entry.is_symlink():
                yield Found(student_id(Path(entry.name).stem), problem="is a link; hand in the file itself")
            else:
                yield from _zip(Path(entry.path), main)


def _student(path: Path, name: str, main: str) -> Found:
    """A folder of one student's: its files, or those of the one zip that lies in it alone."""
    try:
        entries = [entry for entry in _entries(path) if not is_hidden(entry.name)]
    except UsageError:  # it is told when it is read
        entries = []
    if len(entries) == 1 and entries[0].name.lower().endswith(".zip") and entries[0].is_file(follow_symlinks=False):
        found = list(_zip(Path(entries[0].path), main))
        if len(found) == 1:
            return replace(found[0], student=student_id(name))
        return Found(student_id(name), problem=f"{shown(entries[0].name)} holds {len(found)} submissions")
    return one_folder(path, name, main)


def not_taken(paths: Iterable[Path], main: str) -> list[str]:
    """Files lying loose in a folder of students that nobody's submission holds, for a warning."""
    found = []
    for path in paths:
        entries = _entries(path) if path.is_dir() and not path.is_symlink() else []
        if any(entry.name in main_names(main) for entry in entries):
            continue
        for entry in entries:
            taken = is_source(entry.name) or entry.name.lower().endswith(".zip") or is_hidden(entry.name)
            if not taken and not entry.is_dir():
                found.append(shown(f"{path / entry.name}", 200))
    return sorted(found)


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def one_folder(path: Path, student: str, main: str) -> Found:
    """One student's folder: every .py file in it, at most eight folders deep."""
    return Found(student_id(student), main, FolderPlace(*_parts(path)))


def own_files(path: Path, main: str, handed: Handed = NOTHING) -> Submission:
    """A student's own work: a folder, or a file with the Python files beside it, which it may import. Of a folder the
    same file is taken as where it is graded, where `handed` (handed.py: handed_of) says what the student was given;
    a file that is named is taken as it is."""
    if path.is_dir():
        return replace(one_folder(path.resolve(), path.resolve().name, main), handed=handed).read()
    folder = one_folder(path.resolve().parent, path.stem, path.name).read()
    if folder.main == path.name:
        return replace(folder, notes=())  # it was chosen by name
    return _file(path, path.stem, main).read()


def _file(path: Path, student: str, main: str) -> Found:
    return Found(student_id(student), main, FilePlace(*_parts(path)))


def _parts(path: Path) -> tuple[str, str]:
    """Folder and name; the same string for every path in a folder."""
    whole = path.absolute()
    return sys.intern(str(whole.parent)), whole.name


def _zip(path: Path, main: str) -> Iterator[Found]:
    from .archive import Folder, read_zip

    try:
        top, unsafe, mark = read_zip(path)
    except IntakeError as error:
        yield Found(student_id(path.stem), problem=str(error))
        return
    if unsafe:
        text = f"holds unsafe paths (outside, or too deep), which were not read: {unsafe[0]}"
        yield Found(student_id(f"{path.stem} (the zip itself)"), problem=text)
    wanted = set(main_names(main))
    while not top.files and len(top.folders) == 1:  # a zip of one folder, as systems make them
        ((name, inner),) = top.folders.items()
        if wanted & inner.files.keys():  # one student, or a cohort of one: both names, where both may be the student's
            generic = name in (main.rpartition(".")[0], path.stem)
            yield _alone(path, mark, inner, path.stem if generic else f"{path.stem}/{name}", main)
            return
        top = inner
    if wanted & top.files.keys():
        yield _alone(path, mark, top, path.stem, main)
        return
    for name, folder in top.folders.items():
        yield _in_zip(path, mark, folder, name, main)
    for name, member in top.files.items():
        if is_source(name):
            yield _in_zip(path, mark, Folder({name: member}), Path(name).stem, main)


def _alone(path: Path, mark: Stamp, folder: Folder, student: str, main: str) -> Found:
    """A zip, or the one folder in it, that holds the assignment's file: one student's, unless others are in it."""
    wanted = set(main_names(main))
    others = [name for name, inner in folder.folders.items() if wanted & inner.files.keys()]
    if others:
        return Found(student_id(student), problem=_mixed(shown(path.name), min(wanted & folder.files.keys()), others))
    return _in_zip(path, mark, folder, student, main)


def _in_zip(path: Path, mark: Stamp, folder: Folder, student: str, main: str) -> Found:
    return Found(student_id(student), main, ZipPlace(path.absolute(), mark, tuple(folder.walk())))
