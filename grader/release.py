"""The handout as students get it: a copy of the assignment's folder, the public key, and a notebook of the same stub
and README. Nothing is cut out by markers, so nothing secret can be left in."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from .collect.handed import handed_out
from .course import Course
from .errors import UsageError
from .handout import checked_wheel, made_notebook, notebook_name
from .keyfile import dump, public_view
from .model import PUBLIC_KEY, AnswerKey

SKIPPED = {"__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".DS_Store", PUBLIC_KEY}


def release(course: Course, key: AnswerKey, out: Path, notebook: bool = True, wheel: Path | None = None) -> list[str]:
    """Write the handout of `key`'s assignment to a new folder; the names of its files. `wheel` is the grader's own,
    to be copied beside the notebook.

    Raises UsageError where `out` holds something already, where the handout holds a link or a copy of a file from the
    reference, where no notebook can be made, or for a file that is no wheel of this grader."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise UsageError(f"{out} is not empty; name a new folder")
    source = course.handout(key.assignment)
    secret = {p.read_bytes() for p in course.reference(key.assignment).rglob("*.py") if p.stat().st_size}
    files = _files(source)
    for name in files:
        if (source / name).read_bytes() in secret:
            raise UsageError(f"{source / name} is a copy of a file from the reference; it would give it away")
    made_of, book = {PUBLIC_KEY: b""}, b""  # it says what goes with it: last made, first named
    if notebook and (name := notebook_name(key.file)):
        book = made_of[name] = made_notebook(source, key)
    digests = handed_out(source, book)
    made_of[PUBLIC_KEY] = dump(replace(public_view(key), handed=digests))
    if wheel is not None:
        made_of[wheel.name] = checked_wheel(wheel)
    if twice := sorted(set(files) & set(made_of)):
        raise UsageError(f"{source / twice[0]} is in the way of the one that a release makes; take it out")
    course.keep_handed(key.assignment, digests)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".release-") as folder:
        made = Path(folder) / "handout"
        made.mkdir()
        for name in files:
            (made / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, made / name)
        for name, data in made_of.items():
            (made / name).write_bytes(data)
        os.replace(made, out)
    return [*files, *made_of]


def _files(source: Path) -> list[str]:
    found = []
    for folder, folders, names in os.walk(source):
        folders[:] = sorted(f for f in folders if f not in SKIPPED)
        for name in [*folders, *names]:
            if os.path.islink(os.path.join(folder, name)):
                raise UsageError(f"{os.path.join(folder, name)} is a link; put the file itself there")
        found += [str((Path(folder) / n).relative_to(source)) for n in sorted(names) if n not in SKIPPED]
    return sorted(found)
