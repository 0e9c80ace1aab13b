"""The zip that an instructor uploads. It holds the frozen key with its hidden cases and is for instructors alone; it
holds no reference, no secret of the course, and no torch where the assignment is in NumPy."""

from __future__ import annotations

import contextlib
import importlib.metadata
import os
import zipfile
from dataclasses import replace
from pathlib import Path

from ..collect.handed import handed_by
from ..course import Course
from ..errors import UsageError
from ..handout import checked_wheel
from ..keyfile import dump
from ..model import AnswerKey
from . import settings as chosen
from .place import KEY, SETTINGS
from .settings import Settings
from .wheel import NAME, entry, made_wheel

HERE = Path(__file__).resolve().parent
SCRIPTS = ("setup.sh", "run_autograder")
KEPT = ("grader", "torch", "numpy", "python", "device")  # of the key's provenance; not of the secret, nor the sources


def travelling_key(course: Course, key: AnswerKey) -> AnswerKey:
    """The key as it travels: all that grades, what was handed out (so that an untouched stub is known), nothing of the
    secret."""
    provenance = {name: key.provenance[name] for name in KEPT if name in key.provenance}
    digests = tuple(sorted(handed_by(course, key.assignment).digests))
    return replace(key, provenance=provenance, handed=digests, per_student=False)


def constraints(key: AnswerKey) -> str:
    """The versions that the key was frozen with, and the click that runs here."""
    names = ["numpy", "click", *(["torch"] if key.library == "torch" else [])]
    return "".join(f"{name}=={importlib.metadata.version(name).partition('+')[0]}\n" for name in names)


def pack(
    course: Course,
    key: AnswerKey,
    settings: Settings,
    out: Path,
    wheel: Path | None = None,
    wheels: Path | None = None,
    replaced: bool = False,
) -> list[str]:
    """Write the zip, readable by its owner alone, whole or not at all; the names in it. `wheels` is a folder of wheels
    that are installed instead of those of the package index. Raises UsageError."""
    files = {name: (HERE / name).read_bytes().replace(b"\r\n", b"\n") for name in SCRIPTS}
    files[wheel.name if wheel else NAME] = checked_wheel(wheel) if wheel else made_wheel()
    files["constraints.txt"] = constraints(key).encode()
    files[SETTINGS] = chosen.dump(settings)
    files[KEY] = dump(travelling_key(course, key))
    if wheels is not None:
        found = sorted(p for p in wheels.glob("*.whl") if p.is_file()) if wheels.is_dir() else []
        if not found:
            raise UsageError(f"{wheels} holds no wheel; fill it with: pip download -d {wheels} numpy click")
        files |= {f"wheels/{path.name}": path.read_bytes() for path in found}
    part = out.with_name(f".{out.name}.part")
    if out.exists() and not replaced:
        raise UsageError(f"{out} is there already; --force replaces it")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(fd, "wb") as file, zipfile.ZipFile(file, "w") as archive:
                for name, data in files.items():
                    mode = 0o755 if name in SCRIPTS else 0o600 if name == KEY else 0o644
                    archive.writestr(entry(name, mode), data)
            os.replace(part, out)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from error
    return list(files)
