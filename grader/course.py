"""A course on disk: `assignments/`, `reference/`, and `.grader/` with the secret and the frozen keys."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import tempfile
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np

from .errors import UsageError

SECRET_BYTES = 32
OURS = ("author", "freeze", "judge")  # rooms that a frozen key depends on


@dataclass(frozen=True)
class Course:
    """A folder with `assignments/` and `reference/`. `secret_file` is where hidden cases are drawn from."""

    root: Path
    secret_file: Path | None = None

    @property
    def state(self) -> Path:
        return self.root / ".grader"

    def assignments(self) -> list[str]:
        folder = self.root / "reference"
        return sorted(p.name for p in folder.iterdir() if (p / "__init__.py").is_file()) if folder.is_dir() else []

    def handout(self, name: str) -> Path:
        return self.root / "assignments" / name

    def reference(self, name: str) -> Path:
        """The folder of an assignment's reference. Raises UsageError when there is none."""
        folder = self.root / "reference" / name
        if not (folder / "__init__.py").is_file():
            known = ", ".join(self.assignments()) or "none"
            raise UsageError(f"no assignment {name!r} in {self.root / 'reference'} (there: {known})")
        if not self.handout(name).is_dir():
            raise UsageError(f"{self.handout(name)} is missing: the folder with the student's stub and README")
        return folder

    def secret(self) -> bytes:
        """The course's secret, made on first use and readable by its owner alone. Raises UsageError."""
        path = self.secret_file or self.state / "secret"
        try:
            data = path.read_bytes().strip()
        except FileNotFoundError:
            if self.secret_file is not None:
                raise UsageError(f"{path}: no such secret file") from None
            data = self._make_secret(path)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        if len(data) < 16:
            raise UsageError(f"{path}: a secret needs at least 16 bytes; delete the file to have one made")
        return data

    def _make_secret(self, path: Path) -> bytes:
        """Write a new secret, whole at once; where another process was first, its secret counts."""
        try:
            self._make_state()
            fd, temporary = tempfile.mkstemp(dir=self.state)  # 0600
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(secrets.token_hex(SECRET_BYTES).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(temporary, path)
            finally:
                os.unlink(temporary)
            return path.read_bytes().strip()
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error

    def _make_state(self) -> None:
        self.state.mkdir(mode=0o700, exist_ok=True)
        (self.state / ".gitignore").write_text("*\n")

    def key_path(self, name: str, device: str) -> Path:
        """Where the frozen key of the present sources lies; another name as soon as a source changes."""
        return self.state / "keys" / f"{name}-{self.source_digest(name, device)[:24]}.key"

    def keep_handed(self, name: str, digests: Iterable[str]) -> None:
        """Remember what a release handed out: students may still hold it when the stub has been mended."""
        data = "".join(f"{d}\n" for d in sorted({*digests, *self.kept_handed(name)}))
        self.write_private(self.state / "released" / f"{name}.txt", data.encode())

    def kept_handed(self, name: str) -> list[str]:
        """The digests (collect/handed.py) of all releases of an assignment from this folder."""
        try:
            return (self.state / "released" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return []

    @staticmethod
    def student_path(key_path: Path, student: str) -> Path:
        """Where a student's own key lies beside the course's; a student's name is never part of a path."""
        text = unicodedata.normalize("NFC", student).encode("utf-8", "surrogateescape")
        return key_path.with_name(f"{key_path.stem}-{hashlib.sha256(text).hexdigest()[:32]}.key")

    def source_digest(self, name: str, device: str) -> str:
        """SHA-256 over all that a frozen key depends on: sources, secret, device, our code and libraries."""
        digest = hashlib.sha256()
        reference = self.reference(name)
        skipped = {"solutions", "__pycache__"}
        files = [
            p for p in sorted(reference.rglob("*")) if p.is_file() and not skipped & {*p.relative_to(reference).parts}
        ]
        files += [p for p in [self.handout(name) / "fixtures.py"] if p.exists()]
        here = Path(__file__).parent
        files += sorted([*here.glob("*.py"), *(p for room in OURS for p in (here / room).glob("*.py"))])
        for path in files:
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        for text in (self.secret(), device.encode(), torch_version().encode(), np.__version__.encode()):
            digest.update(hashlib.sha256(text).digest())
        return digest.hexdigest()

    def write_private(self, path: Path, data: bytes) -> None:
        """Write a file that only its owner can read, whole or not at all."""
        self._make_state()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def torch_version() -> str:
    """The installed torch, without importing it; raises UsageError when there is none."""
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        raise UsageError(
            "freezing an answer key needs torch: pip install 'dlgrader[torch]' -c constraints.txt"
        ) from None
