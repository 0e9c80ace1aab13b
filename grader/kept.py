"""What is made of questions and kept for the next submission."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

KEPT = 256  # questions, and requests, that are kept
KEPT_BYTES = 32 << 20  # of them

T = TypeVar("T")


class Kept(Generic[T]):
    """What is made of questions, made once for all submissions. A question is known by its identity: what is kept
    holds it, so that no other can have the same."""

    def __init__(self) -> None:
        self.made: dict[tuple[int, ...], tuple[object, T]] = {}
        self.bytes = 0

    def get(self, held: Sequence[object], make: Callable[[], T], size: int = 0) -> T:
        ids = tuple(map(id, held))
        found = self.made.get(ids)
        if found is None:
            if len(self.made) >= KEPT or self.bytes + size > KEPT_BYTES:
                self.made.clear()
                self.bytes = 0
            found = self.made[ids] = (held, make())
            self.bytes += size
        return found[1]
