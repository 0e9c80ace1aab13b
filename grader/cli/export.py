"""`grader export FORMAT`: what other systems take."""

from __future__ import annotations

import click

from .lazy import Lazy

FORMATS = {
    "gradescope": "export_gradescope",
    "junit": "export_results",
    "json": "export_results",
    "markus": "export_results",
    "prairielearn": "export_results",
    "classroom50": "export_results",
    "github-classroom": "export_results",
}


@click.group(cls=Lazy, homes=FORMATS)
def export() -> None:
    """Write what other systems take: an autograder, or results in their formats."""
