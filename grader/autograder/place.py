"""The platform's folder as it is laid out where the autograder runs, `/autograder`, and what is read and written there.

`submission/` and `submission_metadata.json` come from outside: they may hold anything, or be missing."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..collect.disk import is_hidden, open_regular
from ..collect.files import collect, one_folder, student_id
from ..collect.handed import handed_of
from ..errors import GraderError, UsageError
from ..model import AnswerKey, Submission

KEY, SETTINGS = "assignment.key", "settings.json"
METADATA_CAP = 32 << 20  # bytes; results of earlier submissions are in it
NOBODY = "submission"  # a student whose name is not told


@dataclass(frozen=True)
class Place:
    """The folder."""

    base: Path

    @property
    def source(self) -> Path:
        return self.base / "source"

    @property
    def submission(self) -> Path:
        return self.base / "submission"

    @property
    def metadata(self) -> Path:
        return self.base / "submission_metadata.json"

    @property
    def results(self) -> Path:
        return self.base / "results" / "results.json"

    def read(self, name: str) -> bytes:
        """A file of the zip. Raises UsageError."""
        try:
            return (self.source / name).read_bytes()
        except OSError as error:
            raise UsageError(f"{self.source / name}: {error.strerror}; upload the zip again") from error

    def close(self) -> None:
        """Let nobody but us into what student code must not read. Whether it helps is tried later (guard.py)."""
        modes = {self.source: 0o700, self.source / KEY: 0o600, self.submission: 0o700, self.metadata: 0o600}
        for path, mode in modes.items():
            with contextlib.suppress(OSError):
                os.chmod(path, mode)

    @property
    def closed(self) -> list[str]:
        """What student code must not read."""
        return [str(path) for path in (self.source / KEY, self.source, self.submission, self.metadata)]

    def write(self, results: dict[str, Any]) -> None:
        """Put results.json there whole: whoever looks sees this one or the one before. Raises UsageError."""
        part = self.results.with_name(".results.json.part")
        try:
            self.results.parent.mkdir(exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
            fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(fd, "w", encoding="utf-8") as file:
                json.dump(results, file, allow_nan=False)
            os.replace(part, self.results)
        except OSError as error:
            raise UsageError(f"{self.results}: {error.strerror}") from error

    def take_back(self) -> None:
        """Leave no results.json: then the platform says that the autograder failed, and gives no score."""
        with contextlib.suppress(FileNotFoundError):
            self.results.unlink()


def about(place: Place) -> dict[str, Any]:
    """What the platform says of the submission; nothing where that cannot be read."""
    try:
        with open_regular(place.metadata, place.metadata.name) as file:
            found = json.loads(file.read(METADATA_CAP))
    except (GraderError, OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def student_of(told: dict[str, Any]) -> str:
    """Whom the log names: the e-mail addresses of those who handed in."""
    users = told.get("users")
    names = [u.get("email") for u in users[:20] if isinstance(u, dict)] if isinstance(users, list) else []
    return student_id(", ".join(name[:80] for name in names if isinstance(name, str))) if any(names) else NOBODY


def points_elsewhere(told: dict[str, Any]) -> float | None:
    """The points of the assignment as they stand on the platform, where it tells them."""
    assignment = told.get("assignment")
    total = assignment.get("total_points") if isinstance(assignment, dict) else None
    try:
        return float(total) if isinstance(total, (str, int, float)) else None
    except ValueError:
        return None


def taken(place: Place, key: AnswerKey, student: str) -> Submission:
    """The submission: the folder, or what is in the one zip that was handed in. `problem` says why there is none.
    Whatever is no student's doing is raised."""
    handed = handed_of(key)
    try:
        with os.scandir(place.submission) as entries:
            visible = [entry for entry in entries if not is_hidden(entry.name)]
        zips = [e for e in visible if e.name.lower().endswith(".zip") and e.is_file(follow_symlinks=False)]
        if len(visible) == len(zips) == 1:
            found = collect([Path(zips[0].path)], key.file, handed=handed)
            if len(found) != 1:
                return Submission(student, problem=f"the zip holds {len(found)} submissions")
            return replace(found[0].taken(), student=student)
        return replace(one_folder(place.submission, student, key.file), handed=handed, student=student).taken()
    except GraderError as error:
        return Submission(student, problem=str(error))
