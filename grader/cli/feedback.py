"""`grader feedback`: what came of each question, beside the student's own code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from ..errors import UsageError
from ..keys import frozen_key, key_of
from ..text import plural
from .exits import UNGRADED
from .grading import alone_in
from .intake import found_in, limits_of
from .isolation import require_isolation
from .options import course_option, device_option, open_course, secret_option


@click.command()
@click.argument("assignment")
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--results",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder that `grader grade --out` wrote; pages go into its folder feedback.",
)
@course_option
@secret_option
@device_option
@click.option("--workers", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="Submissions at a time.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="As it was graded with."
)
@click.option("--allow-weak-isolation", is_flag=True, help="Run even where a layer of the sandbox is missing.")
def feedback(
    assignment: str,
    submissions: tuple[Path, ...],
    results: Path,
    course_path: Path,
    secret_file: Path | None,
    device: str,
    workers: int,
    timeout: float,
    allow_weak_isolation: bool,
) -> None:
    """Write a page for each student: their notebook or file with the outcome of each question beside its cell.

    SUBMISSIONS are those that were graded. Each page is one HTML file for its student alone; it tells nothing of hidden
    cases but the kind of outcome and the hint. Exit code 3 where a student has no page, or one that lacks something."""
    from ..feedback.page import require

    require()
    from ..asking import Oracle
    from ..cohort.desk import Setting
    from ..cohort.results import Results
    from ..feedback.make import FOLDER, GRADED, Feedback

    if not (results / GRADED).is_file():
        raise UsageError(f"{results}: no results there; grade first, with grader grade … --out {results}")
    course = open_course(course_path, secret_file)
    key = frozen_key(course, assignment, device)
    with Results(results) as graded:
        found = found_in(course, key, submissions, graded)
    limits = limits_of(timeout)
    isolation = require_isolation(limits, allow_weak_isolation)
    own = key_of(course, key, device, [s.student for s in found if not s.problem]) if key.per_student else None
    setting = Setting(key, limits, isolation, course, device, Oracle(course, key, device).available)
    pages, lines = 0, list[str]()
    with alone_in(results):
        made = Feedback(setting, own, found, results, min(workers, max(1, len(found))))
        for told in made:
            pages += told.path is not None
            lines += [f"{told.student}: {told.why}"] if told.why else []
    stored = f", {pages - made.ran} from the store" if made.ran < pages else ""
    click.echo(f"{plural(pages, 'page')} in {results / FOLDER}; {made.ran} run on public cases{stored}")
    for line in sorted(lines):
        click.echo(line, err=True)
    sys.exit(UNGRADED if lines else 0)
