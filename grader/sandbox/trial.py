"""The sandbox of this machine, tried before it is trusted: which layers are there, and whether a worker gets out."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass

from ..model import Limits


@dataclass(frozen=True)
class Finding:
    """Layers that are missing, each with the reason; attempts and whether they succeeded (empty: not tried, and
    why); and the level that reports are stamped with."""

    lacking: dict[str, str]
    attempts: dict[str, bool]
    not_tried: str
    level: str
    weak: bool

    @property
    def open_ways(self) -> list[str]:
        from .probe import ATTEMPTS

        return [words for name, words in ATTEMPTS.items() if self.attempts.get(name)]


def try_sandbox(limits: Limits, disabled: tuple[str, ...] = ()) -> Finding:
    """Look for the layers and put a worker to the test. `disabled` is for tests of the weak paths. Raises
    SandboxError."""
    from . import layers, probe, zygote

    close_to_others()
    lacking = layers.missing(disabled)
    needed, attempts, not_tried = layers.needed(lacking), dict[str, bool](), ""
    tried = zygote.launcher("numpy", disabled)  # the layers do not depend on the library
    with contextlib.closing(tried):
        if sys.platform != "linux":
            not_tried = f"nothing stops a worker on {sys.platform}, so nothing was tried"
        else:
            attempts = probe.attempts(tried, limits)
    open_ways = [words for name, words in probe.ATTEMPTS.items() if attempts.get(name)]
    level = tried.isolation
    if open_ways and not needed:
        level = "weak: a worker can " + ", ".join(open_ways)
    return Finding(lacking, attempts, not_tried, level, bool(needed or open_ways))


def close_to_others() -> None:
    """No process of the same user may look into this one."""
    if sys.platform == "linux":
        from .worker import confine

        confine.prctl(confine.PR_SET_DUMPABLE, 0)
