"""`grader export FORMAT`: what other systems take. Each format is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module

import click

FORMATS = {  # subcommand -> module beside this one and the command's name in it, in the order of --help
    "gradescope": ("export_gradescope", "gradescope"),
}


class Formats(click.Group):
    """A group that imports a subcommand when it is looked up."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(FORMATS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in FORMATS:
            return None
        module, name = FORMATS[cmd_name]
        found = getattr(import_module(f".{module}", __package__), name)
        assert isinstance(found, click.Command)
        return found


@click.group(cls=Formats)
def export() -> None:
    """Write what other systems take: an autograder, or results in their formats."""
