"""Whether student code may be run on this machine: the sandbox is tried before it is trusted."""

from __future__ import annotations

import click

from ..errors import SandboxError, WeakIsolationError
from ..model import Limits
from ..sandbox.trial import try_sandbox

LAYER_WORDS = {
    "uid": "a user of its own",
    "namespaces": "no network, no other processes, a file system with nothing else in it",
    "cgroup": "memory and processes counted together",
    "landlock": "reads the libraries, writes nowhere",
    "seccomp": "no processes, no sockets, no signals to others",
    "rlimits": "memory, time, files, threads",
    "no_new_privs": "no more rights than it starts with",
}


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
