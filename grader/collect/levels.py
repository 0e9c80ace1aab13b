"""One level of a folder or of a zip, so that a platform's download is read alike packed and unpacked."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import IntakeError, UsageError
from .disk import is_hidden, may_hold_program, read_regular, shown, walk
from .found import MAX_FILES, Place, ZipPlace

if TYPE_CHECKING:
    from .archive import Folder, Stamp
    from .unpack import Member


class Level(Protocol):
    """Names that are not hidden, in order; a link is a file, which is not read."""

    @property
    def files(self) -> list[str]: ...

    @property
    def folders(self) -> list[str]: ...

    def sub(self, name: str) -> Level: ...

    def read(self, name: str) -> bytes:
        """A file's bytes, with the cap for its kind. Raises IntakeError."""

    def place(self, named: Sequence[tuple[str, str]]) -> Place:
        """Some of the files as a submission: its name for each, and the name here."""

    def whole(self, without: Sequence[str] = ()) -> Place:
        """All that lies here and below as a submission, but for some files of this level."""


@dataclass(frozen=True)
class DiskLevel:
    path: Path

    @cached_property
    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.path) as entries:
                return sorted((e for e in entries if not is_hidden(e.name)), key=lambda e: e.name)
        except OSError as error:
            raise UsageError(f"{self.path}: {error.strerror}") from error

    @property
    def files(self) -> list[str]:
        return [e.name for e in self._entries if not e.is_dir(follow_symlinks=False)]

    @property
    def folders(self) -> list[str]:
        return [e.name for e in self._entries if e.is_dir(follow_symlinks=False)]

    def sub(self, name: str) -> DiskLevel:
        return DiskLevel(self.path / name)

    def read(self, name: str) -> bytes:
        return read_regular(self.path / name, name)

    def place(self, named: Sequence[tuple[str, str]]) -> Place:
        return opened(FilesPlace(str(self.path.absolute()), tuple(named)), named)

    def whole(self, without: Sequence[str] = ()) -> Place:
        with contextlib.suppress(UsageError):  # told when it is read
            files = [name for name in self.files if name not in without and may_hold_program(name)]
            if len(files) == 1 and not self.folders:
                return self.place([(files[0], files[0])])
        return TreePlace(str(self.path.absolute()), tuple(without))


@dataclass(frozen=True)
class ZipLevel:
    path: Path
    stamp: Stamp
    folder: Folder

    @property
    def files(self) -> list[str]:
        return sorted(self.folder.files)

    @property
    def folders(self) -> list[str]:
        return sorted(self.folder.folders)

    def sub(self, name: str) -> ZipLevel:
        return ZipLevel(self.path, self.stamp, self.folder.folders[name])

    def read(self, name: str) -> bytes:
        return next(iter(self.place([(name, name)]).read([name])))

    def place(self, named: Sequence[tuple[str, str]]) -> Place:
        members = tuple((inner, self.folder.files[name]) for inner, name in named)
        return opened(ZipPlace(self.path.absolute(), self.stamp, members), named)

    def whole(self, without: Sequence[str] = ()) -> Place:
        members = tuple((n, m) for n, m in self.folder.walk() if n not in without and may_hold_program(n))
        return opened(ZipPlace(self.path.absolute(), self.stamp, members), members)


@dataclass(frozen=True, slots=True)
class FilesPlace:
    """Some files of a folder, under names that a platform has not changed."""

    folder: str
    named: tuple[tuple[str, str], ...]

    def names(self) -> list[str]:
        return [inner for inner, _ in self.named]

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        real = dict(self.named)
        for name in names:
            yield read_regular(Path(self.folder, real[name]), name)


@dataclass(frozen=True, slots=True)
class TreePlace:
    """A folder with all that lies in it, but for some files at its top."""

    folder: str
    without: tuple[str, ...]

    def names(self) -> list[str]:
        found = (name for name in walk(Path(self.folder)) if name not in self.without)
        return list(itertools.islice(found, MAX_FILES + 1))

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        for name in names:
            yield read_regular(Path(self.folder, name), name)


@dataclass(frozen=True, slots=True)
class InnerZipPlace:
    """A zip that a student handed in, opened: the one file of another place. It is unpacked when it is read."""

    outer: Place
    name: str

    def names(self) -> list[str]:
        _, members = self._opened()
        return list(members)

    def read(self, names: Sequence[str]) -> Iterator[bytes]:
        from .unpack import unpack

        file, members = self._opened()
        for name in names:
            member = members[name]
            if isinstance(member, str):
                raise IntakeError(member)
            yield unpack(file, member)

    def _opened(self) -> tuple[io.BytesIO, dict[str, Member | str]]:
        from .archive import read_directory

        file = io.BytesIO(next(iter(self.outer.read([self.name]))))
        folder, unsafe = read_directory(file, shown(self.name))
        if unsafe:
            raise IntakeError(f"{shown(self.name)} holds unsafe paths (outside, or too deep): {unsafe[0]}")
        return file, dict(itertools.islice(folder.walk(), MAX_FILES + 1))


def opened(place: Place, named: Sequence[tuple[str, object]]) -> Place:
    """The place; where it holds a zip alone, what is in that."""
    if len(named) == 1 and named[0][0].lower().endswith(".zip"):
        return InnerZipPlace(place, named[0][0])
    return place


def level_of(path: Path) -> Level:
    """Of a folder or a zip. Raises IntakeError for a zip that cannot be read, UsageError for such a folder."""
    if path.is_dir():
        return DiskLevel(path)
    from .archive import read_zip

    folder, unsafe, mark = read_zip(path, every=True)
    if unsafe:
        raise IntakeError(f"{shown(path.name)} holds unsafe paths (outside, or too deep): {unsafe[0]}")
    return ZipLevel(path, mark, folder)
