"""Content addressing: the key under which one question's result for one submission is stored.

It holds the digests of all that a verdict depends on, so resuming a stopped batch, regrading after a fix and grading
only what is new are the same command."""

from __future__ import annotations

import functools
import hashlib
import sys
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from . import __version__
from .keyfile import question_digest
from .model import AnswerKey, Limits, Submission


@functools.cache
def code_digest() -> str:
    """SHA-256 of what runs and judges: our code, Python and NumPy. A verdict depends on it."""
    digest = hashlib.sha256(f"{__version__} {sys.version} {metadata.version('numpy')}".encode())
    here = Path(__file__).parent
    for path in sorted(
        [
            *here.glob("*.py"),
            *(p for room in ("sandbox", "judge", "report", "cohort") for p in (here / room).rglob("*.py")),
        ]
    ):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@functools.cache
def _torch() -> str:
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return "not installed"


def content_keys(
    key: AnswerKey,
    submission: Submission,
    limits: Limits,
    isolation: str,
    carries: bool = False,
    answers: bool = False,
) -> dict[str, str]:
    """The content key of each question's result for this submission. `carries`: whether the reference is at hand
    for errors that are carried forward; then a result depends on the questions below it and on the reference.
    `answers`: whether the result holds answers; such a one is never taken for one without."""
    digest = hashlib.sha256()
    for part in (
        submission.main,
        *(x for file in submission.files for x in (file.name, file.digest)),
        repr(limits),
        isolation,
        f"torch {_torch()}" if key.library == "torch" else key.library,
        key.fixtures,
        code_digest(),
        *(["with answers"] if answers else []),
    ):
        digest.update(hashlib.sha256(part.encode("utf-8", "surrogateescape")).digest())
    base = digest.hexdigest()
    digests, keys = _digests(key), {}
    for q in key.questions:
        parts = [base, digests[q.name]]
        if q.calls:
            parts += [digests[other.name] for other in key.below(q)]
            parts += [key.provenance.get("sources", ""), "reference" if carries else "no reference"]
        keys[q.name] = hashlib.sha256("".join(parts).encode()).hexdigest()
    return keys


def report_digest(key: AnswerKey, submission: Submission, keys: Mapping[str, str], isolation: str) -> str:
    """The digest of all that a student's whole report depends on beside the content of its results."""
    parts = [
        submission.student,
        isolation,
        key.assignment,
        *submission.notes,
        *sorted(map(repr, key.provenance.items())),
    ]
    parts += [f"{name}={keys[name]}" for name in (q.name for q in key.questions)]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def _digests(key: AnswerKey) -> dict[str, str]:
    found = _digest_cache.get(id(key))
    if found is None or found[0] is not key:
        found = (key, {q.name: question_digest(q) for q in key.questions})
        if len(_digest_cache) >= KEYS:
            del _digest_cache[next(iter(_digest_cache))]
        _digest_cache[id(key)] = found
    return found[1]


KEYS = 2  # whose digests are kept: a course's, and its public view
_digest_cache: dict[int, tuple[AnswerKey, dict[str, str]]] = {}
