"""What students type."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("-q", "--question", help="Check this question only.")
def check(path: Path, question: str | None) -> None:
    """Check your own work on the public cases. Exit code 0 only if all of them pass."""
    from ..sandbox.spawn import Spawner  # before anything that imports NumPy: the worker does so meanwhile

    spawner = Spawner()
    try:
        spawner.warm()
        from ..checking import Check, find_key, open_key, own_work
        from ..report.student import check_lines

        key = open_key(find_key(path))
        with Check(key, own_work(path, key), spawner, [question] if question else []) as checked:
            for line in check_lines(checked):
                click.echo(line)
    finally:
        spawner.close()
    sys.exit(0 if checked.passed else 1)
