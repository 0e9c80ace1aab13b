"""What students type."""

from __future__ import annotations

import sys

import click

from .plain import Wanted


@click.command()
@click.argument("path", type=click.Path(), default=".")
@click.option(
    "-q", "--question", "questions", metavar="NAME", multiple=True, help="Check this question only; again for more."
)
@click.option("--watch", is_flag=True, help="Check again, on every save, the questions that the change can touch.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document, for programs.")
def check(path: str, questions: tuple[str, ...], watch: bool, as_json: bool) -> None:
    """Check your own work on the public cases. Exit code 0 only if all of them pass."""
    from ..sandbox.spawn import Spawner  # before anything that imports NumPy: the worker does so meanwhile

    spawner = Spawner()
    try:
        spawner.warm()
        from .run_check import run

        sys.exit(run(Wanted(path, questions, watch, as_json), spawner))
    finally:
        spawner.close()
