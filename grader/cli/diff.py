"""`grader diff`: whose score changed from one run to another, by how much and why."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--all", "everything", is_flag=True, help="List too who kept the score but not the verdicts or hints.")
def diff(old: Path, new: Path, as_json: bool, everything: bool) -> None:
    """Compare two runs: OLD and NEW are folders that `grader grade --out` wrote, or their reports.jsonl.

    Exit code 0 where nothing changed, 1 where something did."""
    from ..diff import compare, read
    from ..diff.compare import to_json
    from ..diff.lines import lines_of

    found = compare(read(old), read(new))
    click.echo(json.dumps(to_json(found), indent=1) if as_json else "\n".join(lines_of(found, everything)))
    sys.exit(1 if found.differs else 0)
