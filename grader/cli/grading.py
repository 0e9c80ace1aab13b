"""`grader grade`: a cohort, from files to a table."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .. import overrides
from ..errors import UsageError
from ..keys import frozen_key, key_of
from .exits import STOPPED, UNGRADED
from .intake import limits_of, taken_in
from .isolation import require_isolation
from .options import course_option, device_option, open_course, secret_option
from .report import pages_after

if TYPE_CHECKING:
    from ..cohort.batch import Batch
    from ..cohort.cluster import Cluster
    from ..cohort.desk import Setting
    from ..cohort.processes import Processes
    from ..collect.found import Found
    from ..collect.intake import Intake
    from ..model import AnswerKey
    from ..records import Row
    from ..store import Store

LOCK_TRIES = 30
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
@click.option(
    "--from",
    "source",
    type=click.Choice(["canvas", "moodle", "gradescope", "nbgrader", "plain"]),
    help="Whose download SUBMISSIONS are (default: each is looked at, and what it is is told).",
)
@click.option(
    "--attempts",
    type=click.Choice(["last", "best"]),
    default="last",
    show_default=True,
    help="Which attempt counts where a student has several.",
)
@click.option("--pages/--no-pages", default=True, help="Write OUT/report: pages for you and for each student.")
@click.option("--scheduler", metavar="ADDRESS", help="Grade on the workers of a Dask cluster: tls://HOST:PORT.")
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
    source: str | None,
    attempts: str,
    pages: bool,
    scheduler: str | None,
) -> None:
    """Grade SUBMISSIONS (files, folders, zips, downloads of Canvas, Moodle, Gradescope, nbgrader) into OUT.

    Writes grades.csv, reports.jsonl, the store and pages (see `grader report`); run the same command again to go on
    after a stop. Exit code 3 where something is ungraded."""
    from ..collect.files import not_taken

    course = open_course(course_path, secret_file)
    key = frozen_key(course, assignment, device)
    intake = taken_in(course, key, submissions, source or "")
    found = intake.found
    for line in intake.lines:
        click.echo(line, err=True)
    for path in submissions:
        if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
            raise UsageError(f"--out {out} lies inside the submissions {path}; name a folder elsewhere")
    for name in not_taken(intake.plain, key.file):
        click.echo(f"not taken: {name} is neither a Python file nor a student's folder", err=True)
    limits = limits_of(timeout)
    cluster = _cluster(scheduler) if scheduler else None
    isolation = (cluster.isolation if cluster else require_isolation)(limits, allow_weak_isolation)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from error
    from ..asking import Oracle
    from ..cohort.desk import Setting

    own = key_of(course, key, device, [s.student for s in found if not s.problem]) if key.per_student else None
    carries = Oracle(course, key, device).available
    setting = Setting(key, limits, isolation, course, device, carries)
    paths = tuple(str(path.absolute()) for path in submissions)
    how = {"submissions": paths, "source": source or "", "attempts": attempts}
    try:
        code = _grade_cohort(setting, own, intake, out, min(workers, max(1, len(found))), how, pages, cluster)
    except KeyboardInterrupt:  # while processes end, or files are written: each is whole or as it was
        code = _stopped(out)
    sys.exit(code)


def _stopped(out: Path) -> int:
    click.echo(f"\nstopped; {out} keeps what is done: run the same command to go on", err=True)
    return STOPPED


def _cluster(address: str) -> Cluster:
    from ..cohort.cluster import Cluster
    from ..sandbox.trial import close_to_others

    close_to_others()
    return Cluster(address, lambda line: click.echo(line, err=True))


def _grade_cohort(
    setting: Setting,
    own: Callable[[str], AnswerKey] | None,
    intake: Intake,
    out: Path,
    workers: int,
    how: dict[str, Any],
    pages: bool,
    cluster: Cluster | None = None,
) -> int:
    """Grade, write the files and say how it went; the exit code."""
    from ..cohort.attempts import best_of, told
    from ..cohort.processes import Processes
    from ..cohort.results import STORE, Results, attempts_run
    from ..records import Row
    from ..report.table import cohort_table
    from ..store import Store
    from .override import override_lines

    key, ungraded, ran = setting.key, list[str](), 0
    with alone_in(out), Store(out / STORE) as store:
        given = overrides.read(out)
        run = secrets.token_hex(8)
        processes = cluster.open(setting, str(out.resolve()), run) if cluster else Processes(setting, workers)
        if how["attempts"] == "best" and intake.several:
            of = intake.student_of()
            mine = own and _by_student(own, of)
            batch, rows = _batch(setting, store, attempts_run(run), processes, mine), dict[str, Row]()
            for row in _streamed(batch, intake.attempts(), processes, out):
                if row is None:
                    return STOPPED
                rows[row.student] = given.row(replace(row, student=of.get(row.student, row.student)))
            ran += batch.ran
            intake = best_of(intake, rows)
        batch = _batch(setting, store, run, processes, own)
        for row in _streamed(batch, intake.found, processes, out):
            if row is None:
                return STOPPED
            if (row := given.row(row)).status != "graded":
                ungraded.append(f"ungraded: {row.student}: {'; '.join(row.notes) or 'see reports.jsonl'}")
        processes.close()
        before = _keep_before(out) if ran + batch.ran else ""
        _note_run(store, setting, batch.run, how, intake)
        with Results(out) as results:
            results.write()
            for line in cohort_table(results.rows, key):
                click.echo(line)
            for line in override_lines(results):
                click.echo(line, err=line.startswith("not applied"))
        same = f" ({batch.kept} of them from the store)" if batch.kept and not ran else ""
        total = len(intake.found)
        click.echo(f"\n{total - len(ungraded)} graded{same}, {len(ungraded)} ungraded; isolation {setting.isolation}")
        if line := told(intake.hands):
            click.echo(line)
        click.echo(f"{out / 'grades.csv'}, {out / 'reports.jsonl'}{before}")
        for line in sorted(ungraded):
            click.echo(line, err=True)
        stopped = pages and pages_after(out, setting, own, intake.found, workers, cluster is not None)
    return STOPPED if stopped else UNGRADED if ungraded else 0


def _by_student(own: Callable[[str], AnswerKey], students: Mapping[str, str]) -> Callable[[str], AnswerKey]:
    """A student's own key by the name of an attempt."""
    return lambda name: own(students.get(name, name))


def _batch(
    setting: Setting, store: Store, run: str, processes: Processes | Cluster, own: Callable[[str], AnswerKey] | None
) -> Batch:
    from ..cohort.batch import Batch

    batch = Batch(setting, store, run, processes.submit, own, processes.window)
    processes.resized = functools.partial(setattr, batch, "window")
    return batch


def _streamed(batch: Batch, found: Sequence[Found], processes: Processes | Cluster, out: Path) -> Iterator[Row | None]:
    """Rows as they are done; None at the end where Ctrl-C ended it, which is told then."""
    stream = batch.grade(f.read() for f in found)  # as their turn comes
    try:
        yield from _with_progress(stream, len(found))
    except BaseException as error:
        try:
            stream.close()
        finally:
            processes.stop()
        if not isinstance(error, KeyboardInterrupt):
            raise
        _stopped(out)
        yield None


def _note_run(store: Store, setting: Setting, run: str, how: dict[str, Any], intake: Intake) -> None:
    from ..cohort.results import graded_of, keep_run

    course, when = setting.course, datetime.now(UTC).isoformat(timespec="seconds")
    graded = graded_of(
        setting.key,
        run=run,
        course=str(course.root.absolute()),
        secret_file=str(course.secret_file.absolute()) if course.secret_file else None,
        device=setting.device,
        timeout=setting.limits.question,
        isolation=setting.isolation,
        when=when,
        **how,
    )
    kept = {one.student for one in intake.found}
    keep_run(store, graded, (hand for student, hand in intake.hands.items() if student in kept))


def _keep_before(out: Path) -> str:
    """Keep the reports of the run before, and say how to compare; "" where there are none."""
    now, before = out / "reports.jsonl", out / "reports.before.jsonl"
    try:
        os.replace(now, before)
    except OSError:
        return ""
    return f"; what changed: grader diff {before} {now}"


@contextlib.contextmanager
def alone_in(out: Path) -> Iterator[None]:
    """Keep a second run out of the same folder: each would overwrite the other's files. Raises UsageError."""
    if sys.platform == "win32" or not out.is_dir():  # what is not there is told by whoever reads it
        yield
        return
    import fcntl

    fd = os.open(out, os.O_RDONLY)
    try:
        for attempt in range(LOCK_TRIES):  # who was killed a moment ago may not be quite gone
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == LOCK_TRIES - 1:
                    raise UsageError(
                        f"{out}: another run is at work there; wait for it, or name another --out"
                    ) from None
                time.sleep(0.1)
            except OSError:  # a file system without locks
                break
        yield
    finally:
        os.close(fd)


def _with_progress(stream: Iterator[Row], total: int) -> Iterator[Row]:
    """Pass rows on, with a bar and the time left on a terminal, and a line every few seconds elsewhere."""
    if sys.stderr.isatty():
        with click.progressbar(stream, length=total, label=f"grading {total}", file=sys.stderr) as bar:
            yield from bar
        return
    started = said = time.monotonic()
    for done, row in enumerate(stream, 1):
        yield row
        now = time.monotonic()
        if now - said >= PROGRESS_SECONDS:
            said, left = now, (now - started) / done * (total - done)
            click.echo(f"graded {done} of {total}, about {left:.0f} s left", err=True)
