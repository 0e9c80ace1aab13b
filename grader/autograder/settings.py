"""What an instructor chose when the zip was made, as it travels in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from ..errors import UsageError
from ..model import Limits
from ..text import clean_text

VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")  # Gradescope: autograder_samples, specs.md
OURS = 256  # MiB of the container that are not the worker's: the grader, a warm process, the platform's own


@dataclass(frozen=True)
class Settings:
    """Seconds are of the clock, `memory` is the container's, in MiB; `public` and `hidden` are when students see the
    tests of these cases."""

    question: float = 10.0
    submission: float = 60.0
    deadline: float = 540.0
    memory: int = 768
    public: str = "visible"
    hidden: str = "visible"
    tags: tuple[str, ...] = ()
    weak: bool = False  # whether to grade where the sandbox is weaker than it must be
    told: bool = False  # whether a student is told, with a score of 0, that the files cannot be taken in

    def __post_init__(self) -> None:
        numbers = (self.question, self.submission, self.deadline, self.memory)
        if not all(isinstance(n, (int, float)) and 0 < n < 1e6 for n in numbers):
            raise UsageError(f"seconds and memory must be positive numbers: {numbers}")
        if self.memory < 2 * OURS:
            raise UsageError(f"{self.memory} MiB is too little memory for a container; at least {2 * OURS}")
        for when in (self.public, self.hidden):
            if when not in VISIBILITIES:
                raise UsageError(f"visibility {clean_text(str(when), 40)!r} is none of {', '.join(VISIBILITIES)}")

    def limits(self, library: str) -> Limits:
        """What a submission may use. A torch worker is allowed twice `memory` of address space, of which the library
        takes some 600 MiB and fills a third: what it can really fill is the container's memory but for OURS."""
        memory = (self.memory + OURS) // 2 if library == "torch" else self.memory - OURS
        return Limits(question=self.question, submission=self.submission, memory=memory << 20)


def dump(settings: Settings) -> bytes:
    return (json.dumps(asdict(settings), indent=1) + "\n").encode()


def load(data: bytes) -> Settings:
    """Raises UsageError for what is no file of ours."""
    try:
        found = json.loads(data)
        return Settings(**{**found, "tags": tuple(map(str, found["tags"]))})
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"settings.json is not what was exported ({type(error).__name__}); export again") from error
