"""Options that several commands take, and the course that they name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..course import Course

course_option = click.option(
    "--course",
    "course_path",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder with assignments/ and reference/ (default: here).",
)
secret_option = click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Draw hidden cases from this secret (default: COURSE/.grader/secret, made on first use).",
)
device_option = click.option("--device", default="cpu", show_default=True, help="Where the reference runs.")


def open_course(path: Path, secret_file: Path | None) -> Course:
    from ..course import Course

    return Course(path.resolve(), secret_file)
