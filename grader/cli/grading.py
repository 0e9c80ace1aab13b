"""`grader grade`: a cohort, from files to a table."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..keys import frozen_key, key_of
from .isolation import require_isolation
from .options import course_option, device_option, open_course, secret_option

if TYPE_CHECKING:
    from ..asking import Oracle
    from ..model import AnswerKey, Limits, Report, Submission
    from ..sandbox.spawn import Launcher

UNGRADED, STOPPED = 3, 130
PROGRESS_SECONDS = 2.0


@click.command()
@click.argument("assignment")
@click.argument("submissions", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder for the results.")
@course_option
@secret_option
@device_option
@click.option("--workers", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="Submissions at a time.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="Seconds per question."
)
@click.option("--allow-weak-isolation", is_flag=True, help="Grade even where a layer of the sandbox is missing.")
def grade(
    assignment: str,
    submissions: tuple[Path, ...],
    out: Path,
    course_path: Path,
    secret_file: Path | None,
    device: str,
    workers: int,
    timeout: float,
    allow_weak_isolation: bool,
) -> None:
    """Grade SUBMISSIONS (files, folders, zips) of an assignment into OUT.

    Writes grades.csv, reports.jsonl and the store; run the same command again to go on after a stop. Exit code
    3 where something is ungraded."""
    from ..collect.files import collect, not_taken
    from ..model import Limits
    from ..report.table import cohort_table

    course = open_course(course_path, secret_file)
    key = frozen_key(course, assignment, device)
    found = collect(submissions, key.file, {t for q in key.questions for t in q.targets})
    for path in submissions:
        if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
            raise UsageError(f"--out {out} lies inside the submissions {path}; name a folder elsewhere")
    for name in not_taken(submissions, key.file):
        click.echo(f"not taken: {name} is neither a Python file nor a student's folder", err=True)
    limits = Limits(question=timeout, submission=max(60.0, 6 * timeout))
    isolation = require_isolation(limits, allow_weak_isolation)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from error
    from ..asking import Oracle

    own = key_of(course, key, device, [s.student for s in found if not s.problem]) if key.per_student else key
    oracle = Oracle(course, key, device)
    reports = _grade_cohort(key, own, found, out, workers, limits, isolation, oracle)
    click.echo(cohort_table(reports, key))
    ungraded = [r for r in reports if r.status != "graded"]
    click.echo(f"\n{len(reports) - len(ungraded)} graded, {len(ungraded)} ungraded; isolation {isolation}")
    click.echo(f"{out / 'grades.csv'}, {out / 'reports.jsonl'}")
    for r in ungraded:
        click.echo(f"ungraded: {r.student}: {'; '.join(r.notes) or 'see reports.jsonl'}", err=True)
    sys.exit(UNGRADED if ungraded else 0)


def _grade_cohort(
    key: AnswerKey,
    own: AnswerKey | Callable[[str], AnswerKey],
    found: list[Submission],
    out: Path,
    workers: int,
    limits: Limits,
    isolation: str,
    oracle: Oracle,
) -> list[Report]:
    from concurrent.futures import ThreadPoolExecutor

    from ..pipeline import Launchers, grade_all
    from ..report.files import grades_csv, reports_jsonl, write_whole
    from ..sandbox.zygote import launcher
    from ..store import Store

    launchers = Launchers(lambda: _stamped(launcher(key.library), isolation))
    executor = ThreadPoolExecutor(min(workers, len(found)))
    reports: list[Report] = []
    try:
        with Store(out / "grades.sqlite") as store:
            stream = grade_all(own, found, executor, launchers, limits, isolation, store, 2 * workers, oracle)
            try:
                reports.extend(_with_progress(stream, len(found)))
            except KeyboardInterrupt:
                stream.close()
                click.echo(f"\nstopped; {out} keeps what is done: run the same command to go on", err=True)
                sys.exit(STOPPED)
    finally:
        launchers.close()
        oracle.close()
        executor.shutdown(wait=True, cancel_futures=True)
    reports.sort(key=lambda r: r.student)
    write_whole(out / "reports.jsonl", reports_jsonl(reports))
    write_whole(out / "grades.csv", grades_csv(reports, [q.name for q in key.questions]))
    return reports


def _with_progress(stream: Iterator[Report], total: int) -> Iterator[Report]:
    """Pass reports on, with a bar and the time left on a terminal, and a line every few seconds elsewhere."""
    if sys.stderr.isatty():
        with click.progressbar(stream, length=total, label=f"grading {total}", file=sys.stderr) as bar:
            yield from bar
        return
    started = said = time.monotonic()
    for done, report in enumerate(stream, 1):
        yield report
        now = time.monotonic()
        if now - said >= PROGRESS_SECONDS:
            said, left = now, (now - started) / done * (total - done)
            click.echo(f"graded {done} of {total}, about {left:.0f} s left", err=True)


def _stamped(launcher: Launcher, isolation: str) -> Launcher:
    launcher.isolation = isolation
    return launcher
