"""What an audit saw, as records, and the same as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from ..model import Report

CAUGHT, SURVIVES, EQUAL, DEAD = "caught", "survives", "equal", "dead"
ACCEPTED = "accepted"  # by a property, which asks for no more than it says
NOISE_ROOM, MISTAKE_ROOM = 0.1, 10.0  # in units of the tolerance: right answers below, wrong ones beyond


@dataclass(frozen=True)
class Wrong:
    """One wrong answer and how it fares. Distances are the largest in a hidden case, in units of the tolerance."""

    question: str
    name: str
    kind: str  # "declared", "generic", "mutant" or "property"
    status: str  # CAUGHT, SURVIVES, EQUAL (not told apart from the reference on any input), or DEAD: nothing reaches it
    code: str = ""  # its row in the taxonomy
    where: str = ""  # file and line of a mutant
    hidden: int = 0  # hidden cases that fail it
    public: int = 0
    output: str = ""  # the output that shows it best
    distance: float = 0.0  # inf: another shape, not finite, or no answer
    distance32: float = 0.0  # of the same answer in float32
    tried: int = 0  # inputs beyond the cases on which it was compared
    kill: str = ""  # the case that would tell it apart, where none does
    excuse: str = ""  # the author's reason to let it be


@dataclass(frozen=True)
class Room:
    """The room of one output's tolerance: how far right answers stray, and how near the nearest mistake comes."""

    question: str
    output: str
    noise: dict[str, float]  # "order", "rounding", "float32", "cuda": largest error of a right answer, in tolerances
    nearest: float  # of a float64 answer; inf where none is numerically near
    nearest_name: str
    nearest32: float  # of a float32 answer
    nearest32_name: str
    excuse: str = ""  # the author's reason to let too little room for float64 answers be
    excuse32: str = ""  # for float32 answers

    @property
    def noisiest(self) -> float:
        return max(self.noise.values(), default=0.0)

    def noise_of(self, single: bool) -> dict[str, float]:
        """The noise of right answers that are judged as float32, or of all others."""
        return {kind: units for kind, units in self.noise.items() if ("float32" in kind) is single}

    @property
    def enough64(self) -> bool:
        return max(self.noise_of(False).values(), default=0.0) <= NOISE_ROOM and self.nearest >= MISTAKE_ROOM

    @property
    def enough32(self) -> bool:
        return max(self.noise_of(True).values(), default=0.0) <= NOISE_ROOM and self.nearest32 >= MISTAKE_ROOM

    @property
    def enough(self) -> bool:
        return self.enough64 and self.enough32


@dataclass
class Audit:
    """What the audit saw. Clean where `problems` is empty."""

    assignment: str
    cases: dict[str, tuple[int, int]] = field(default_factory=dict)  # question -> public, hidden
    solutions: list[Report] = field(default_factory=list)
    stub: Report | None = None
    wrong: list[Wrong] = field(default_factory=list)
    rooms: list[Room] = field(default_factory=list)
    weak: list[str] = field(default_factory=list)  # what no hidden case tries
    proofs: dict[str, int] = field(default_factory=dict)  # how the reference's gradients were checked
    not_run: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def audit_to_json(found: Audit) -> dict[str, Any]:
    """The audit as a JSON object; an infinite distance is the string "inf"."""
    return {
        "assignment": found.assignment,
        "clean": not found.problems,
        "problems": found.problems,
        "cases": {name: {"public": public, "hidden": hidden} for name, (public, hidden) in found.cases.items()},
        "solutions": [{"name": r.student, "score": r.score, "max_score": r.max_score} for r in found.solutions],
        "stub": found.stub.score if found.stub else None,
        "rooms": [_finite({**asdict(room), "enough": room.enough}) for room in found.rooms],
        "wrong": [_finite(asdict(wrong)) for wrong in found.wrong],
        "weak": found.weak,
        "gradient_checks": found.proofs,
        "not_run": found.not_run,
    }


def _finite(data: dict[str, Any]) -> dict[str, Any]:
    return {k: "inf" if isinstance(v, float) and math.isinf(v) else v for k, v in data.items()}
