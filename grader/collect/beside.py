"""The Python files beside a notebook that is not read from disk: what its cells may import."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..errors import IntakeError
from ..model import SourceFile
from .disk import MAX_DEPTH, is_hidden, is_script, read_regular
from .found import MAX_FILES

MOST_ENTRIES = 10_000  # files and folders that are looked at: a notebook may lie in somebody's home


def beside(folder: Path) -> tuple[SourceFile, ...]:
    """The Python files of a folder and of the folders in it, as `own_files` takes them; none where there are more than
    a submission may have or one cannot be read. Links and mounted disks (a drive in the cloud) are left out."""
    try:
        names = sorted(_scripts(str(folder), "", 0, [MOST_ENTRIES]))
        if len(names) > MAX_FILES:
            return ()
        return tuple(SourceFile(name, read_regular(folder / name, name)) for name in names)
    except (IntakeError, OSError):
        return ()


def _scripts(path: str, prefix: str, depth: int, left: list[int]) -> Iterator[str]:
    """Raises IntakeError where there is too much, and OSError."""
    with os.scandir(path) as entries:
        for entry in entries:
            left[0] -= 1
            if left[0] < 0:
                raise IntakeError("too many files")
            if is_hidden(entry.name) or entry.is_symlink():
                continue
            if entry.is_dir():
                if depth < MAX_DEPTH and not os.path.ismount(entry.path):
                    yield from _scripts(entry.path, f"{prefix}{entry.name}/", depth + 1, left)
            elif is_script(entry.name):
                yield prefix + entry.name
