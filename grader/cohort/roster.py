"""The workers of a Dask cluster, and what each says of itself: which of them may grade."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from ..content import code_digest
from ..errors import UsageError, WeakIsolationError
from ..model import Limits
from ..text import clean_text
from .remote import Examined, examine

WATCH_SECONDS = 0.5


class Roster:
    """What was found on each worker that `client` (a distributed.Client) knows, by its address."""

    def __init__(self, client: Any, address: str, say: Callable[[str], None]) -> None:
        self.client, self.address, self.say = client, address, say
        self.seen: dict[str, Examined] = {}

    def alive(self) -> dict[str, int]:
        """Threads of the workers that are there now."""
        found: dict[str, int] = self.client.nthreads()
        return found

    def wait(self, patience: float) -> None:
        """Wait for a first worker. Raises UsageError after `patience` seconds."""
        started, told = time.monotonic(), False
        while not self.alive():
            if time.monotonic() - started > patience:
                raise UsageError(f"no worker came to {self.address} within {patience:.0f} s")
            if not told:
                self.say(f"waiting for workers at {self.address} …")
                told = True
            time.sleep(WATCH_SECONDS)

    def examine(self, limits: Limits, workers: list[str]) -> None:
        """Let workers try their sandboxes."""
        for worker, found in self.client.run(examine, limits, workers=workers, on_error="return").items():
            self.seen[worker] = found if isinstance(found, Examined) else Examined("", "", "", words(found))

    def unable(self, worker: str) -> str:
        """Why a worker cannot grade at all; empty where it can."""
        found = self.seen[worker]
        if found.why:
            return found.why
        return "" if found.digest == code_digest() else "another version of the grader, of Python or of NumPy"

    def named(self, worker: str) -> str:
        return f"{worker} {self.seen[worker].host}" if worker in self.seen else worker

    def level(self, allowed: bool) -> str:
        """The isolation that most of the workers which can grade have: a strong one, or with `allowed` any.

        Raises WeakIsolationError where none is strong and that is not allowed, UsageError where none can grade."""
        able = {worker: found for worker, found in self.seen.items() if not self.unable(worker)}
        if not able:
            raise UsageError("no worker can grade:\n" + self._table(self.seen))
        levels = Counter(found.level for found in able.values())
        strong = {level: count for level, count in levels.items() if level.startswith("strong")}
        if not strong and not allowed:
            raise WeakIsolationError(
                "the sandbox of every worker is weaker than it must be for student code:\n"
                + self._table(able)
                + "\nNothing was graded. To grade all the same: --allow-weak-isolation"
            )
        if not strong:
            self.say("every worker is weak; going on: --allow-weak-isolation")
        return Counter(strong or levels).most_common(1)[0][0]

    def _table(self, workers: Mapping[str, Examined]) -> str:
        return "\n".join(
            f"  {self.named(at)}: {self.unable(at) or found.level}" for at, found in sorted(workers.items())
        )


def words(error: object) -> str:
    """An answer that should have been another, on a line."""
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return clean_text(text, 200, lines=False)
