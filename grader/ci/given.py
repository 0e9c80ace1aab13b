"""What a CI job gives: the answer key, the submission, and who handed it in. Secrets leave the environment at once."""

from __future__ import annotations

import base64
import binascii
import contextlib
import tempfile
import zlib
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..checking import find_key, open_key
from ..collect.disk import walk
from ..collect.files import own_files
from ..collect.handed import NOTHING, Handed, handed_by, handed_of
from ..errors import IntakeError, UsageError
from ..keyfile import load
from ..model import AnswerKey, Submission

if TYPE_CHECKING:
    from ..course import Course

KEY, SECRET = "GRADER_KEY", "GRADER_SECRET"
TOKENS = ("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "CI_JOB_TOKEN")
MOST_KEY = 256 << 20  # bytes of a key


@dataclass(frozen=True)
class Given:
    """What is graded by what. `secrets` are the files and folders that tell hidden cases; `course` is there where the
    reference is, to carry errors forward."""

    key: AnswerKey
    path: Path
    submission: Submission
    secrets: tuple[Path, ...] = ()
    course: Course | None = None


def taken(environ: MutableMapping[str, str]) -> dict[str, str]:
    """The secrets that a job gives in variables, taken out of the environment, and out with its tokens too."""
    for name in TOKENS:
        environ.pop(name, None)
    return {name: value for name in (KEY, SECRET) if (value := environ.pop(name, "").strip())}


def given(
    assignment: str,
    path: Path | None,
    student: str,
    key_file: Path | None,
    course: Course | None,
    device: str,
    secrets: Mapping[str, str],
) -> Given:
    """Open the key and take the submission in. Raises UsageError and KeyFileError."""
    handout = Path(assignment) if course is None and Path(assignment).exists() else None
    if course is not None:
        if key_file is not None or KEY in secrets:
            raise UsageError("--course and a key: give one of them")
        key, told = _of_course(course, assignment, student, device, secrets)
        handed = handed_by(course, assignment)
    else:
        public = open_key(find_key(handout)) if handout else None
        found = _private(key_file, secrets) or ((public, ()) if public else None)
        if found is None:
            raise UsageError(f"{assignment}: no such folder; name a handout's folder, or give --course or --key")
        key, told = found
        handed = handed_of(public) if public else NOTHING
        if key.assignment != (public.assignment if public else assignment):
            raise UsageError(f"the key is that of {key.assignment}, and not of {assignment}")
    where = path or (handout if handout else Path())
    if not where.exists():
        raise UsageError(f"{where}: no such file or folder")
    return Given(key, where, _work(where, key, student, handed), told, course)


def _work(path: Path, key: AnswerKey, student: str, handed: Handed) -> Submission:
    found = own_files(path, key.file, handed)
    if key.student and student not in ("", key.student):
        raise UsageError(f"the key is that of {key.student}, and not of {student}")
    return replace(found, student=key.student or student or found.student)


def _private(file: Path | None, secrets: Mapping[str, str]) -> tuple[AnswerKey, tuple[Path, ...]] | None:
    """The instructor's key, from a file or a variable."""
    if file is not None:
        return open_key(file), (file,)
    if KEY not in secrets:
        return None
    try:
        data = base64.b64decode(secrets[KEY], validate=False)
        if data.startswith(b"\x1f\x8b"):
            data = zlib.decompressobj(wbits=31).decompress(data, MOST_KEY)
    except (binascii.Error, ValueError, zlib.error):
        raise UsageError(f"{KEY} is not a key file in base64 (which may be compressed by gzip)") from None
    return load(data, KEY), ()


def _of_course(
    course: Course, assignment: str, student: str, device: str, secrets: Mapping[str, str]
) -> tuple[AnswerKey, tuple[Path, ...]]:
    """The key of a course, frozen now where it is not in its cache."""
    with _with_secret(course, secrets) as used:
        from ..keys import frozen_key, key_of

        key = frozen_key(used, assignment, device)
        if key.per_student:
            if not student:
                raise UsageError("hidden cases are drawn per student: say whose they are with --student NAME")
            key = key_of(used, key, device, [student])(student)
    told = [course.reference(assignment), course.state, *([course.secret_file] if course.secret_file else [])]
    return key, tuple(told)


@contextlib.contextmanager
def _with_secret(course: Course, secrets: Mapping[str, str]) -> Iterator[Course]:
    """The course with the secret of a variable, which lies in a file for as long as the key is made."""
    if SECRET not in secrets:
        yield course
        return
    with tempfile.TemporaryDirectory(prefix="grader-") as folder:  # for its owner alone
        path = Path(folder) / "secret"
        path.write_text(secrets[SECRET] + "\n")
        yield replace(course, secret_file=path)


def main_file(path: Path, submission: Submission) -> Path | None:
    """The submission's main file on disk; None where that is not clear."""
    if not path.is_dir():
        return path
    try:
        names = [name for name in walk(path) if name == submission.main or name.endswith(f"/{submission.main}")]
    except IntakeError:
        return None
    if submission.main in names:
        return path / submission.main
    return path / names[0] if len(names) == 1 else None
