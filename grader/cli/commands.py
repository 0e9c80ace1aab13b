"""The commands by name, each imported when it is asked for: `grader check` need not wait for the others."""

from __future__ import annotations

from importlib import import_module

import click

from .. import __version__
from .exits import STOPPED, guarded, said

HOMES = {  # the module of each, in the order of --help
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


class Commands(click.Group):
    """A group that imports a command when it is looked up."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(HOMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in HOMES:
            return None
        found = getattr(import_module(f".{HOMES[cmd_name]}", __package__), cmd_name)
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
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
