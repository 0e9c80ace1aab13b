"""What a platform says of a hand-in: whose it is, when it came, and which attempts there are.

Grades are matched back to a gradebook by it, so it is kept beside the results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLATFORMS = ("canvas", "moodle", "gradescope", "nbgrader", "plain")


@dataclass(frozen=True)
class Attempt:
    """One attempt. `when` is the platform's own text, "" where it tells none; `late` None where it tells nothing."""

    when: str = ""
    late: bool | None = None
    files: tuple[str, ...] = ()  # names as the platform has them
    mark: str = ""  # its id on the platform


@dataclass(frozen=True)
class HandIn:
    """One student's, under the name that their results have.

    `ids` holds what the platform knows them by: id, sis, email. `readings` are the other ways to read a file's name
    (name, id), where a student's name and file could be parted in several."""

    student: str
    platform: str
    name: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)
    attempts: tuple[Attempt, ...] = (Attempt(),)
    counted: int = -1  # index of the attempt that counts
    why: str = ""  # why that one
    readings: tuple[tuple[str, str], ...] = ()

    @property
    def attempt(self) -> Attempt:
        return self.attempts[self.counted]

    @property
    def number(self) -> int:
        """Of the attempt that counts, from 1."""
        return self.counted % len(self.attempts) + 1


class Hands(dict[str, HandIn]):
    """By student. Of plain files nothing is kept: it would be the name alone, for each of thousands."""

    def __missing__(self, student: str) -> HandIn:
        return HandIn(student, "plain", student)


def to_json(hand: HandIn) -> dict[str, Any]:
    return {
        **vars(hand),
        "ids": dict(hand.ids),
        "attempts": [dict(vars(a)) for a in hand.attempts],
        "readings": [list(r) for r in hand.readings],
    }


def from_json(data: Mapping[str, Any]) -> HandIn:
    """Raises LookupError or TypeError where it is none."""
    attempts = tuple(Attempt(**{**a, "files": tuple(a["files"])}) for a in data["attempts"])
    readings = tuple((str(name), str(number)) for name, number in data["readings"])
    return HandIn(**{**data, "attempts": attempts, "readings": readings})


def attempt_name(student: str, number: int) -> str:
    """What an attempt is stored under while all of them are graded."""
    return f"{student} [attempt {number}]"
