"""`grader doctor`: how well student code is kept in on this machine."""

from __future__ import annotations

import sys

import click

from ..model import Limits
from ..sandbox.trial import Finding, try_sandbox
from .exits import WEAK
from .isolation import LAYER_WORDS


@click.command()
@click.option("--allow-weak-isolation", is_flag=True, help="Exit with 0 even where student code is not kept in.")
def doctor(allow_weak_isolation: bool) -> None:
    """Try the sandbox: which layers this machine has, and whether a worker gets out.

    Nothing is graded and no secret is read. Exit code 4 where student code is not kept in."""
    found = try_sandbox(Limits())
    click.echo(described(found))
    sys.exit(WEAK if found.weak and not allow_weak_isolation else 0)


def described(found: Finding) -> str:
    """The finding as text: a line per layer, a line per attempt, and the level."""
    from ..sandbox import layers, probe

    rows = ["layers of the sandbox:"]
    for layer in layers.ALL:
        state = "missing" if layer in found.lacking else "there"
        rows.append(f"  {layer:<13} {state:<8} {found.lacking.get(layer, LAYER_WORDS[layer])}")
    rows += ["", "a worker tried to:"]
    if found.not_tried:
        rows.append(f"  NOT RUN: {found.not_tried}")
    for name, words in {**probe.ATTEMPTS, **probe.NOTED}.items():
        if name in found.attempts:
            state = "held" if not found.attempts[name] else "OPEN" if name in probe.ATTEMPTS else "open, no secret"
            rows.append(f"  {words:<44} {state}")
    rows += ["", f"isolation: {found.level}"]
    return "\n".join(rows)
