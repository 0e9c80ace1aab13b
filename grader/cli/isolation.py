"""Whether student code may be run on this machine: the sandbox is tried before it is trusted."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass

import click

from ..errors import SandboxError, WeakIsolationError
from ..model import Limits

WEAK = 4  # exit code
LAYER_WORDS = {
    "uid": "a user of its own",
    "namespaces": "no network, no other processes, a file system with nothing else in it",
    "cgroup": "memory and processes counted together",
    "landlock": "reads the libraries, writes nowhere",
    "seccomp": "no processes, no sockets, no signals to others",
    "rlimits": "memory, time, files, threads",
    "no_new_privs": "no more rights than it starts with",
}


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
        from ..sandbox.probe import ATTEMPTS

        return [words for name, words in ATTEMPTS.items() if self.attempts.get(name)]


def try_sandbox(limits: Limits, disabled: tuple[str, ...] = ()) -> Finding:
    """Look for the layers and put a worker to the test. `disabled` is for tests of the weak paths. Raises
    SandboxError."""
    from ..sandbox import layers, probe, zygote

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
        from ..sandbox.worker import confine

        confine.prctl(confine.PR_SET_DUMPABLE, 0)


def require_isolation(limits: Limits, allowed: bool) -> str:
    """Try the sandbox before it is trusted; the level that reports are stamped with. Raises WeakIsolationError."""
    from ..sandbox import layers

    try:
        found = try_sandbox(limits)
    except SandboxError as error:
        raise WeakIsolationError(f"the sandbox could not be tried: {error}\nNothing was graded.") from error
    if not found.weak:
        return found.level
    lines = [f"  {layer:<14} {reason}" for layer, reason in layers.needed(found.lacking).items()]
    lines += [f"  {'open':<14} a worker can {way}" for way in found.open_ways]
    lines += [f"  {'not tried':<14} {found.not_tried}"] if found.not_tried else []
    text = "the sandbox is weaker than it must be for student code:\n" + "\n".join(lines)
    if not allowed:
        raise WeakIsolationError(f"{text}\nNothing was graded. To grade all the same: --allow-weak-isolation")
    click.echo(f"{text}\nGoing on: --allow-weak-isolation", err=True)
    return found.level
