"""Commands that are imported when they are asked for: `grader check` need not wait for the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click


class Lazy(click.Group):
    """A group whose commands stand in `homes`, in the order of --help: the name of each, and the module beside this one
    that has a function of that name."""

    def __init__(self, *arguments: Any, homes: Mapping[str, str], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.homes = homes

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.homes)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.homes:
            return None
        found = getattr(import_module(f".{self.homes[cmd_name]}", __package__), cmd_name.replace("-", "_"))
        assert isinstance(found, click.Command)
        return found
