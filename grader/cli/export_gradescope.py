"""`grader export gradescope`: an autograder as a zip."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import UsageError


@click.command()
@click.argument("assignment")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The zip to write.")
def gradescope(assignment: str, out: Path) -> None:
    """Write the autograder of an assignment for Gradescope."""
    raise UsageError(f"not written yet: {assignment}, {out}")
