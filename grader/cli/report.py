"""`grader report`: the pages of a folder of results, made anew; and what `grader grade` makes of them at its end."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import GraderError
from ..text import clean_text, plural
from .exits import STOPPED, UNGRADED
from .intake import found_in, limits_of
from .isolation import require_isolation
from .options import open_course

if TYPE_CHECKING:
    from ..cohort.desk import Setting
    from ..cohort.results import Results
    from ..collect.found import Found
    from ..model import AnswerKey
    from ..pages.make import Pages, Sources

PROGRESS_SECONDS = 2.0


@click.command()
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
@click.option("--student", default="", help="Make the pages of this student alone.")
@click.option("--workers", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="Submissions at a time.")
@click.option("--allow-weak-isolation", is_flag=True, help="Run even where a layer of the sandbox is missing.")
def report(results: Path, student: str, workers: int, allow_weak_isolation: bool) -> None:
    """Write the pages of RESULTS, the folder that `grader grade --out` wrote, anew.

    RESULTS/report/index.html is for you alone; each student's page in RESULTS/report/students (.html, .md, .txt) may be
    handed out as it is. The course and the submissions are taken from where they were when they were graded; if they
    have changed since, pages hold no words and no answers, and the exit code is 3."""
    from ..cohort.results import Results
    from ..pages.make import Pages
    from .grading import alone_in

    with alone_in(results), Results(results) as found:
        sources, why = _sources(found, workers, allow_weak_isolation)
        pages = Pages(found, sources, why, Progress())
        pages.make(student)
        _say(pages)
    sys.exit(UNGRADED if pages.lacking else 0)


def pages_after(
    out: Path,
    setting: Setting,
    own: Callable[[str], AnswerKey] | None,
    found: Sequence[Found],
    workers: int,
    trial: bool,
) -> int:
    """Make the pages of what was graded just now; 0, or STOPPED. The grades are written: whatever fails here is said,
    and costs none of them. `trial`: the sandbox of this machine has not been tried yet."""
    from ..cohort.results import Results
    from ..pages.make import Pages, Sources

    why, sources = "", Sources(setting, found, own, workers)
    try:
        if trial:
            try:
                here = require_isolation(setting.limits, False)
                sources = replace(sources, setting=replace(setting, isolation=here))
            except GraderError:
                why = "the sandbox of this machine is too weak to run them: grader report"
        with Results(out) as results:
            pages = Pages(results, None if why else sources, why, Progress())
            pages.make()
            _say(pages)
    except KeyboardInterrupt:
        click.echo(f"\nstopped; the grades are whole, some pages are not made: grader report {out}", err=True)
        return STOPPED
    except Exception as error:
        known = isinstance(error, (GraderError, OSError))
        told = str(error) if known else f"{type(error).__name__} in the grader"
        click.echo(f"the pages are not made ({told}); the grades are whole: grader report {out}", err=True)
    return 0


def _say(pages: Pages) -> None:
    made = plural(pages.written, "student")
    click.echo(f"{pages.folder / 'index.html'}, and pages of {made}; {pages.ran} run on public cases alone")
    if pages.lacks:
        click.echo(f"pages without words: {pages.lacks}", err=True)


def _sources(results: Results, workers: int, allow_weak: bool) -> tuple[Sources | None, str]:
    """The course and the submissions as they are now; or none, and why."""
    from ..asking import Oracle
    from ..cohort.desk import Setting
    from ..keys import frozen_key, key_of
    from ..pages.make import Sources

    graded = results.graded
    try:
        course = open_course(Path(graded.course), Path(graded.secret_file) if graded.secret_file else None)
        key = frozen_key(course, graded.assignment, graded.device)
        found = found_in(course, key, map(Path, graded.submissions), results)
        limits = limits_of(graded.timeout)
        isolation = require_isolation(limits, allow_weak)
        own = (
            key_of(course, key, graded.device, [f.student for f in found if not f.problem]) if key.per_student else None
        )
        setting = Setting(key, limits, isolation, course, graded.device, Oracle(course, key, graded.device).available)
    except (GraderError, OSError) as error:
        return None, clean_text(str(error).splitlines()[0] if str(error) else type(error).__name__, 300, lines=False)
    return Sources(setting, found, own, workers), ""


class Progress:
    """Says on stderr how far it is, where it takes long."""

    def __init__(self) -> None:
        self.said = time.monotonic()

    def __call__(self, what: str, done: int, total: int) -> None:
        if time.monotonic() - self.said >= PROGRESS_SECONDS:
            self.said = time.monotonic()
            click.echo(f"{what}: {done} of {total}", err=True)
