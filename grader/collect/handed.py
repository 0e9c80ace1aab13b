"""What was handed out, so that an untouched stub, or an untouched notebook, is not taken for a student's work.

A handout holds the stub twice, as a file and as a notebook. Students write in one of the two and hand in the folder.
Nothing of a student's is parsed here: bytes are compared, in one pass. What cannot be told for sure to be untouched is
work; where both are, a person decides."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from ..course import Course
from ..model import AnswerKey

# The texts of a cell, in a list or alone; no backtracking, and no two matches look at the same bytes.
SOURCE = re.compile(rb'"source"\s*+:\s*+(\[(?:\s*+"(?:[^"\\]|\\.)*+"\s*+,?+)*+\s*+\]|"(?:[^"\\]|\\.)*+")', re.DOTALL)
BLANKS = b" \t\r\n"


@dataclass(frozen=True)
class Handed:
    """`digests` are of the Python files and notebooks of the handout. Without them nothing is known, and nothing is
    untouched."""

    digests: frozenset[str] = frozenset()

    def script(self, data: bytes) -> bool:
        """Whether a file is as it was handed out but for comments, blank lines and line ends, or holds nothing else."""
        return bool(self.digests) and script_digest(data) in {"", *self.digests}

    def notebook(self, data: bytes) -> bool:
        """Whether a notebook has the cells that were handed out and no other; to run it, or to save it again, changes
        nothing of that."""
        return book_digest(data) in self.digests


NOTHING = Handed()


def handed_of(key: AnswerKey) -> Handed:
    """What a public key knows of the handout that it belongs to."""
    return Handed(frozenset(key.handed))


def handed_by(course: Course, assignment: str) -> Handed:
    """What a course hands out now, and what its releases did before."""
    return Handed(frozenset({*handed_out(course.handout(assignment)), *course.kept_handed(assignment)}))


def handed_out(folder: Path, notebook: bytes = b"") -> tuple[str, ...]:
    """The digests of a handout's folder, and of the notebook that is made of it."""
    found = {script_digest(path.read_bytes()) for path in folder.rglob("*.py") if path.is_file()}
    if notebook:
        found.add(book_digest(notebook))
    return tuple(sorted(found - {""}))


def script_digest(data: bytes) -> str:
    """Of a file's lines, without those that are blank or a comment; "" where no other is there."""
    plain = "\n".join(_lines(data))
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:32] if plain else ""


def _lines(data: bytes) -> list[str]:
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))  # editors save a file so too
    text = data.decode("utf-16" if utf16 else "utf-8-sig", "replace")
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [line.rstrip() for line in lines if (bare := line.strip()) and bare[0] != "#"]


def book_digest(data: bytes) -> str:
    """Of the texts of a notebook's cells, in order, but for white space."""
    digest = hashlib.sha256()
    for found in SOURCE.finditer(data):
        digest.update(found.group(1).translate(None, BLANKS) + b"\n")
    return "cells " + digest.hexdigest()[:32]
