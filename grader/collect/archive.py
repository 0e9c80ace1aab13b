"""A zip as a tree of names, read with caps; nothing is ever written to disk under a name from inside it, and the
members' bytes are unpacked when a submission is read (unpack.py)."""

from __future__ import annotations

import bisect
import io
import os
import stat
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from ..errors import IntakeError
from .disk import METADATA, cap_of, is_hidden, is_source, may_hold_program, open_regular, shown
from .unpack import LOCAL, UTF8, Member, local_header

MAX_FILES = 50_000
MAX_ARCHIVE = 4 << 30  # bytes of the zip itself
MAX_DIRECTORY = 16 << 20  # bytes of its directory of names
MAX_TAIL = 1 << 17  # bytes at the end of a zip, where its directory is named
MAX_TOTAL = 8 << 30  # bytes that its programs unpack to in all
MAX_DEPTH = 12  # folders; what lies deeper is told and not read


@dataclass
class Folder:
    """A folder inside a zip. A file that cannot be taken is a string: why."""

    files: dict[str, Member | str] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)

    def walk(self, prefix: str = "") -> Iterator[tuple[str, Member | str]]:
        for name, data in sorted(self.files.items()):
            yield prefix + name, data
        for name, folder in sorted(self.folders.items()):
            yield from folder.walk(f"{prefix}{name}/")


@dataclass(frozen=True)
class Stamp:
    """What tells that a zip is still the file whose directory was read."""

    size: int
    changed: int  # nanoseconds
    inode: int


def stamp(file: IO[bytes]) -> Stamp:
    about = os.fstat(file.fileno())
    return Stamp(about.st_size, about.st_mtime_ns, about.st_ino)


class _Guarded(io.BufferedIOBase):
    """The zip as zipfile reads it: it takes a whole directory into memory and makes a record of each entry."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self.file, self.name = file, name

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > MAX_DIRECTORY:
            raise IntakeError(
                f"{self.name} has a directory of {size:,} bytes; at most {MAX_DIRECTORY:,} are taken; pack it again"
            )
        data = self.file.read(MAX_TAIL if size is None or size < 0 else size)
        members = data.count(b"PK\x01\x02")  # each begins so
        if members > MAX_FILES:
            raise IntakeError(
                f"{self.name} has {members:,} members; at most {MAX_FILES:,} are taken; pack programs alone"
            )
        return data


def read_zip(path: Path, every: bool = False) -> tuple[Folder, list[str], Stamp]:
    """The Python files and notebooks of a zip as a tree (with `every`, all files), the names of members whose paths
    lead outside or too deep, and the stamp of the file that was read.

    Raises IntakeError where the archive as a whole cannot be read; a single bad member is marked instead."""
    name = shown(path.name)
    try:
        with open_regular(path, path.name) as file:
            mark = stamp(file)
            if mark.size > MAX_ARCHIVE:
                raise IntakeError(f"{name} is larger than {MAX_ARCHIVE >> 20} MiB; pack the submissions in several")
            return *read_directory(file, name, every), mark
    except OSError as error:
        raise IntakeError(f"{name}: {error.strerror or shown(str(error))}") from error


def read_directory(file: IO[bytes], name: str, every: bool = False) -> tuple[Folder, list[str]]:
    """The tree of a zip, and the names that lead outside or too deep. Raises IntakeError."""
    try:
        with zipfile.ZipFile(_Guarded(file, name)) as archive:
            infos = archive.infolist()
        return _tree(infos, _overlapping(file, infos), name, every)
    except (zipfile.BadZipFile, struct.error, EOFError, NotImplementedError, ValueError) as error:
        raise IntakeError(f"{name} is no readable zip: {shown(str(error))}; pack it again") from error


def _overlapping(file: IO[bytes], infos: list[zipfile.ZipInfo]) -> set[int]:
    """Offsets of the members whose bytes reach over the beginning of another one: so one small zip can hold
    petabytes. One that is said to begin where no header of its name lies counts for nothing."""
    members = sorted((_member(info) for info in infos), key=lambda m: m.offset)
    reached, starts = 0, list[int]()
    for member in members:
        if member.offset < reached and local_header(file, member):
            starts.append(member.offset)
        reached = max(reached, _end(member))
    found = set()
    for member in members:
        after = bisect.bisect_right(starts, member.offset)
        if after < len(starts) and starts[after] < _end(member):
            found.add(member.offset)
    return found


def _end(member: Member) -> int:
    return member.offset + LOCAL.size + len(member.name) + member.packed


def _member(info: zipfile.ZipInfo) -> Member:
    utf8, name = bool(info.flag_bits & UTF8), info.orig_filename
    return Member(name, utf8, info.header_offset, info.compress_size, info.file_size, info.CRC, info.compress_type)


def _tree(infos: list[zipfile.ZipInfo], overlapping: set[int], name: str, every: bool) -> tuple[Folder, list[str]]:
    if len(infos) > MAX_FILES:
        raise IntakeError(f"{name} has {len(infos):,} members; at most {MAX_FILES:,} are taken; pack programs alone")
    root, total, unsafe = Folder(), 0, list[str]()
    for info in infos:
        parts = [part for part in _name(info).replace("\\", "/").split("/") if part not in ("", ".")]
        if not parts:
            continue
        outside = ".." in parts or info.filename.startswith(("/", "\\")) or parts[0][1:2] == ":"
        if outside or len(parts) > MAX_DEPTH:
            unsafe.append(repr(shown(info.filename, 80)))
            continue
        if any(map(is_hidden, parts)):
            continue
        folder = root
        for part in parts[:-1]:
            folder = folder.folders.setdefault(part, Folder())
        if info.is_dir():
            folder.folders.setdefault(parts[-1], Folder())
            continue
        if not every and not may_hold_program(parts[-1]):
            continue
        taken = _taken(info, overlapping)
        if isinstance(taken, Member) and is_source(parts[-1]):
            total += taken.size
            if total > MAX_TOTAL:
                raise IntakeError(f"{name} unpacks to more than {MAX_TOTAL >> 20} MiB; pack the submissions in several")
        if parts[-1] in folder.files:
            taken = f"{shown(parts[-1], 80)} is in the zip twice; leave one"
        folder.files[parts[-1]] = taken
    return root, unsafe


def _name(info: zipfile.ZipInfo) -> str:
    """The member's name; without the UTF-8 flag it often is UTF-8 all the same, which zipfile reads as cp437."""
    if info.flag_bits & UTF8:
        return info.filename
    try:
        return info.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return info.filename


def _taken(info: zipfile.ZipInfo, overlapping: set[int]) -> Member | str:
    """The member, or why it is not taken."""
    name, mode = shown(info.filename), info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return f"{name} is a link or no regular file; pack the file itself"
    if info.flag_bits & 1:
        return f"{name} is encrypted; pack it without a password"
    if info.header_offset in overlapping:
        return f"{name} overlaps another file of the zip; pack it again"
    cap, mend = cap_of(info.filename)
    if info.file_size > cap and (is_source(info.filename) or info.filename.endswith((".zip", METADATA))):
        return f"{name} unpacks to more than {cap:,} bytes, which is all that is taken{mend}"
    return _member(info)
