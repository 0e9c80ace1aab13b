"""What `grader check --watch` looks at: when the files change, and which questions a change can touch."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .collect.disk import is_source, walk
from .errors import IntakeError
from .model import AnswerKey, FrozenQuestion, Submission
from .sandbox.talk import Talk

EVERY, STILL = 0.3, 0.1  # seconds between two looks; that a file must have stayed the same, half-written ones do not
GONE_SECONDS = 2.0  # an editor that saves a file anew takes it away for a moment
SHARE = 10  # of the time at most one part is spent looking
OUTLINE_SECONDS, OUTLINE_CAP = 5.0, 1 << 16
DIGEST = re.compile(r"[0-9a-f]{64}")

Marks = dict[str, tuple[int, int, int]]  # file -> when it changed, its size, which it is


def marks_of(folder: Path) -> Marks:
    """The source files of a folder, each with what tells that it changed; none where it cannot be read just now."""
    found = Marks()
    try:
        names = [name for name in walk(folder) if is_source(name)]
    except (IntakeError, OSError):
        return found
    for name in names:
        try:
            about = os.stat(folder / name)
        except OSError:  # it went meanwhile
            continue
        found[name] = (about.st_mtime_ns, about.st_size, about.st_ino)
    return found


def changes(
    folder: Path, wanted: Collection[str], before: Marks, gone: Callable[[], None], sleep: Callable[[float], None]
) -> Iterator[Marks]:
    """Each time that the files have changed since the marks `before`, and then stay as they are: their marks. One of
    the `wanted` names, as they are then, must be there; `gone` is called where none is for long."""
    missing, told = 0.0, False
    while True:
        started = time.perf_counter()
        now = marks_of(folder)
        sleep(max(EVERY, SHARE * (time.perf_counter() - started)))
        if not any(name in now for name in wanted):
            missing += EVERY
            if missing > GONE_SECONDS and not told:
                told = True
                gone()
            continue
        if now != before:
            sleep(STILL)
            if marks_of(folder) == now:
                missing, told, before = 0.0, False, now
                yield now


@dataclass(frozen=True)
class Part:
    """Some of a file: a digest of its code, and which definitions it names."""

    digest: str
    named: Set[str]


@dataclass(frozen=True)
class Outline:
    """What a file is made of: its definitions, and all that runs when it is loaded, with the files beside it."""

    defined: Mapping[str, Part]
    rest: Part


def outline_of(talk: Talk, submission: Submission) -> Outline | None:
    """The outline of a submission, told by a worker that has run none of it; None where it cannot be told."""
    header = {"op": "outline", "files": [file.name for file in submission.files], "main": submission.main}
    return _read(talk.before_loading(header, [file.data for file in submission.files], OUTLINE_SECONDS, OUTLINE_CAP))


def _read(got: Mapping[str, Any] | None) -> Outline | None:
    """What a worker says; None where it could not tell, or breaks the rules."""
    rows, rest = (got or {}).get("defined"), _part((got or {}).get("rest"))
    if not isinstance(rows, dict) or rest is None:
        return None
    found = {name: part for name, row in rows.items() if (part := _part(row)) is not None}
    return Outline(found, rest) if len(found) == len(rows) else None


def _part(row: Any) -> Part | None:
    """What a worker says of a part; None where it breaks the rules."""
    match row:
        case [str() as digest, list() as named] if DIGEST.fullmatch(digest):
            return Part(digest, {name for name in named if isinstance(name, str)})
    return None


def touched(key: AnswerKey, old: Outline | None, new: Outline | None) -> list[FrozenQuestion]:
    """The questions whose answers a change from one outline to the other can touch; all where that is unclear."""
    if old is None or new is None or old.rest != new.rest:
        return list(key.questions)
    names = old.defined.keys() | new.defined.keys()
    changed = {name for name in names if old.defined.get(name) != new.defined.get(name)}
    if not changed or any(_reached(outline, outline.rest.named) & changed for outline in (old, new)):
        return list(key.questions) if changed else []
    return [q for q in key.questions if _can_see(key, q, old, new) & changed or any(step.by for step in q.steps)]


def _can_see(key: AnswerKey, question: FrozenQuestion, *outlines: Outline) -> set[str]:
    """The definitions that a question's answers may hang on: its own, those that the author says that they build on,
    those of the forward that its gradients are compared with, and all that these name."""
    asked = [question, *key.below(question)]
    for other in key.questions:
        if question.forward is not None and other.name == question.forward.question:
            asked += [other, *key.below(other)]
    targets = {target for q in asked for target in q.targets}
    return {name for outline in outlines for name in _reached(outline, targets)}


def _reached(outline: Outline, names: Set[str]) -> set[str]:
    found, todo = set[str](), list(names)
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += outline.defined[name].named if name in outline.defined else ()
    return found
