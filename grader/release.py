"""The handout as students get it: a copy of the assignment's folder and the public key. Nothing is cut out by
markers, so nothing secret can be left in."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from .course import Course
from .errors import UsageError
from .keyfile import dump, public_view
from .model import PUBLIC_KEY, AnswerKey

SKIPPED = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".DS_Store", PUBLIC_KEY}


def release(course: Course, key: AnswerKey, out: Path) -> list[str]:
    """Write the handout of `key`'s assignment to a new folder; the names of its files.

    Raises UsageError where `out` holds something already, or where the handout holds a link or a copy of a
    file from the reference."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty; name a new folder")
    source = course.handout(key.assignment)
    secret = {p.read_bytes() for p in course.reference(key.assignment).rglob("*.py") if p.stat().st_size}
    files = _files(source)
    for name in files:
        if (source / name).read_bytes() in secret:
            raise UsageError(f"{source / name} is a copy of a file from the reference; it would give it away")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".release-") as folder:
        made = Path(folder) / "handout"
        made.mkdir()
        for name in files:
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, made / name)
        (made / PUBLIC_KEY).write_bytes(dump(public_view(key)))
        os.replace(made, out)
    return [*files, PUBLIC_KEY]


def _files(source: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in [*folders, *names]:
            if os.path.islink(os.path.join(folder, name)):
                raise UsageError(f"{os.path.join(folder, name)} is a link; put the file itself there")
        found += [str((Path(folder) / n).relative_to(source)) for n in sorted(names) if n not in SKIPPED]
    return sorted(found)
