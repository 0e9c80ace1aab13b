"""The commands by name, and how what was typed is run."""

from __future__ import annotations

import click

from .. import __version__
from .exits import STOPPED, guarded, said
from .lazy import Lazy

HOMES = {
    "check": "student",
    "submit": "submit",
    "grade": "grading",
    "report": "report",
    "override": "override",
    "gradebook": "gradebook",
    "feedback": "feedback",
    "ci": "ci",
    "diff": "diff",
    "export": "export",
    "doctor": "doctor",
    "freeze": "author",
    "audit": "author",
    "release": "author",
    "replay": "author",
    "new": "author",
}


@click.group(cls=Lazy, homes=HOMES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grades deep-learning assignments against a PyTorch reference, in a sandbox."""


def run() -> int:
    """Run what was typed; its exit code. Expected errors are one line on stderr."""

    def typed() -> int:
        try:
            cli.main(standalone_mode=False)
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except click.Abort:
            return said("stopped", STOPPED)
        return 0

    return guarded(typed)
