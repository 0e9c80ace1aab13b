"""A zip, read into memory with caps; nothing is ever written to disk under a name from inside it."""

from __future__ import annotations

import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import IntakeError
from ..text import clean_text

MAX_FILES = 50_000
MAX_ARCHIVE = 1 << 30  # bytes of the zip itself
MAX_FILE = 1 << 20  # bytes of one Python file
MAX_TOTAL = 1 << 30  # bytes unpacked in all
# Files that may hold a program that was not handed in as one: that they are there is told.
OTHERS = (".zip", ".gz", ".tgz", ".tar", ".rar", ".7z", ".xz", ".bz2", ".txt", ".pdf", ".doc", ".docx", ".rtf", ".html")
MAX_DEPTH = 12  # folders; what lies deeper is told and not read
SKIPPED = {"__pycache__", "__MACOSX", "node_modules", "venv"}


def is_source(name: str) -> bool:
    return name.lower().endswith((".py", ".ipynb"))


def is_hidden(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED


@dataclass
class Folder:
    """A folder inside a zip. A file that cannot be taken is a string: why."""

    files: dict[str, bytes | str] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)

    def walk(self, prefix: str = "") -> Iterator[tuple[str, bytes | str]]:
        for name, data in sorted(self.files.items()):
            yield prefix + name, data
        for name, folder in sorted(self.folders.items()):
            yield from folder.walk(f"{prefix}{name}/")


def read_zip(path: Path) -> tuple[Folder, list[str]]:
    """The Python files and notebooks of a zip as a tree, and the names of members whose paths lead outside or too deep.

    Raises IntakeError where the archive as a whole cannot be read; a single bad member is marked instead."""
    try:
        if path.stat().st_size > MAX_ARCHIVE:
            raise IntakeError(f"{path.name} is larger than {MAX_ARCHIVE >> 20} MiB")
        with zipfile.ZipFile(path) as archive:
            return _tree(archive, path.name)
    except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, ValueError) as error:
        raise IntakeError(f"{path.name} is no readable zip: {clean_text(str(error), 120, lines=False)}") from error
    except OSError as error:
        raise IntakeError(f"{path.name}: {error.strerror or error}") from error


def _tree(archive: zipfile.ZipFile, name: str) -> tuple[Folder, list[str]]:
    members = archive.infolist()
    if len(members) > MAX_FILES:
        raise IntakeError(f"{name} has {len(members):,} members; at most {MAX_FILES:,} are taken")
    root, total, unsafe = Folder(), 0, list[str]()
    for member in members:
        name_inside = _name(member)
        parts = [part for part in name_inside.replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts:
            continue
        outside = ".." in parts or member.filename.startswith(("/", "\\")) or parts[0][1:2] == ":"
        if outside or len(parts) > MAX_DEPTH:
            unsafe.append(repr(clean_text(member.filename, 80, lines=False)))
            continue
        if any(map(is_hidden, parts)):
            continue
        folder = root
        for part in parts[:-1]:
            folder = folder.folders.setdefault(part, Folder())
        if member.is_dir():
            folder.folders.setdefault(parts[-1], Folder())
            continue
        if not is_source(parts[-1]) and not parts[-1].lower().endswith(OTHERS):
            continue
        data = _member(archive, member) if parts[-1].lower().endswith(".py") else b""  # that they are there
        total += len(data)
        if total > MAX_TOTAL:
            raise IntakeError(f"{name} unpacks to more than {MAX_TOTAL >> 20} MiB")
        if parts[-1] in folder.files:
            data = f"{clean_text(parts[-1], 80, lines=False)} is in the zip twice"
        folder.files[parts[-1]] = data
    return root, unsafe


def _name(member: zipfile.ZipInfo) -> str:
    """The member's name; without the UTF-8 flag it often is UTF-8 all the same, which zipfile reads as cp437."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | str:
    shown = clean_text(member.filename, 120, lines=False)
    mode = member.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return f"{shown} is a link or no regular file"
    if member.flag_bits & 1:
        return f"{shown} is encrypted"
    try:
        with archive.open(member) as file:
            data = file.read(MAX_FILE + 1)
    except Exception as error:  # whatever a decoder makes of a student's bytes: this file's problem alone
        return f"{shown} cannot be unpacked: {clean_text(str(error), 120, lines=False)}"
    if len(data) > MAX_FILE:
        return f"{shown} unpacks to more than {MAX_FILE:,} bytes"
    return data
