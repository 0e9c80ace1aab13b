"""Files on disk that may be anything: links, pipes, devices, terabytes of holes. Only regular files are opened."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ..errors import IntakeError
from ..text import clean_text

MAX_FILE = 1 << 20  # bytes of one Python file
MAX_NOTEBOOK = 64 << 20  # bytes of a notebook: pictures are kept in it, and all that was ever printed
MAX_DEPTH = 8  # folders inside a student's folder
MAX_ENTRIES = 100_000  # of a student's folder, of any kind
# Files that may hold a program that was not handed in as one: that they are there is told.
OTHERS = (".zip", ".gz", ".tgz", ".tar", ".rar", ".7z", ".xz", ".bz2", ".txt", ".pdf", ".doc", ".docx", ".rtf", ".html")
METADATA = "submission_metadata.yml"  # what Gradescope says of an export
MAX_METADATA = 64 << 20
MAX_ZIP = 64 << 20  # bytes of a zip that one student handed in, where it lies in another
SKIPPED = {"__pycache__", "__MACOSX", "node_modules", "venv"}


def is_source(name: str) -> bool:
    return is_script(name) or is_notebook(name)


def may_hold_program(name: str) -> bool:
    return is_source(name) or name.lower().endswith(OTHERS)


def is_script(name: str) -> bool:
    return name.lower().endswith(".py")


def is_notebook(name: str) -> bool:
    return name.lower().endswith(".ipynb")


def cap_of(name: str) -> tuple[int, str]:
    """The most bytes that are taken of a file, and how to stay below them."""
    if is_notebook(name):
        return MAX_NOTEBOOK, "; clear its outputs and save it again"
    if name.lower().endswith(".zip"):
        return MAX_ZIP, "; pack programs alone"
    if name.endswith(METADATA):
        return MAX_METADATA, ""
    return MAX_FILE, ""


def main_names(main: str) -> tuple[str, ...]:
    """What the file to hand in may be called: as the assignment says, or a notebook of that name."""
    return tuple(dict.fromkeys((main, f"{main.rpartition('.')[0]}.ipynb")))


def is_hidden(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED


def shown(name: str, limit: int = 120) -> str:
    return clean_text(name, limit, lines=False)


def open_regular(path: Path, name: str) -> IO[bytes]:
    """A regular file, opened without following a link or waiting on a pipe. Raises IntakeError."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        kind = os.lstat(path).st_mode  # opening a device may do something
        if stat.S_ISLNK(kind):
            raise IntakeError(f"{shown(name)} is a link; hand in the file itself")
        if not stat.S_ISREG(kind):
            raise IntakeError(f"{shown(name)} is no regular file; hand in the file itself")
        fd = os.open(path, flags)
    except OSError as error:
        raise IntakeError(f"{shown(name)}: {error.strerror}; check it and run again") from error
    if not stat.S_ISREG(os.fstat(fd).st_mode):  # it was exchanged
        os.close(fd)
        raise IntakeError(f"{shown(name)} is no regular file; hand in the file itself")
    return os.fdopen(fd, "rb")


def read_regular(path: Path, name: str) -> bytes:
    """The bytes of a regular file. Raises IntakeError, also where there are more than are taken of its kind."""
    cap, mend = cap_of(name)
    with open_regular(path, name) as file:
        size = os.fstat(file.fileno()).st_size
        if size > cap:
            raise IntakeError(f"{shown(name)} has {size:,} bytes; at most {cap:,} are taken{mend}")
        try:
            data = file.read(cap + 1)
        except OSError as error:
            raise IntakeError(f"{shown(name)}: {error.strerror}") from error
    if len(data) > cap:
        raise IntakeError(f"{shown(name)} grew while it was read; at most {cap:,} bytes are taken; run again")
    return data


def walk(path: Path) -> Iterator[str]:
    """Names, relative to the folder, of the files in it that are a program or may hold one, in order.

    Raises IntakeError for a tree that is too deep, too full, or cannot be listed."""
    return _walk(path, "", 0, [MAX_ENTRIES])


def _walk(path: Path, prefix: str, depth: int, left: list[int]) -> Iterator[str]:
    entries = []
    try:
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise IntakeError(f"{shown(prefix) or 'the folder'} is a link; hand in the folder itself")
        with os.scandir(path) as found:
            for entry in found:
                left[0] -= 1
                if left[0] < 0:
                    raise IntakeError(f"holds more than {MAX_ENTRIES:,} files; hand in your own alone")
                if not is_hidden(entry.name):
                    folder = entry.is_dir(follow_symlinks=False)
                    if folder or may_hold_program(entry.name):
                        entries.append((entry.name, folder))
    except OSError as error:
        raise IntakeError(f"{shown(prefix) or 'the folder'}: {error.strerror}; check it and run again") from error
    for name, folder in sorted(entries):
        if not folder:
            yield prefix + name
        elif depth == MAX_DEPTH:
            raise IntakeError(f"{shown(prefix + name)}: folders nested too deeply; hand in your own files alone")
        else:
            yield from _walk(path / name, f"{prefix}{name}/", depth + 1, left)
