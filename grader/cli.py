"""The command line. Exit codes: 0 all well, 1 not (a check fails, an audit is not clean), 2 usage or an author's
error, 3 some submissions are ungraded, 4 the sandbox is weaker than it must be, 130 stopped by Ctrl-C."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from . import __version__
from .errors import GraderError, UsageError, WeakIsolationError
from .keys import freeze_missing, frozen_key, key_of

if TYPE_CHECKING:
    from .asking import Oracle
    from .course import Course
    from .model import AnswerKey, Limits, Report, Submission
    from .sandbox.spawn import Launcher

UNGRADED, WEAK, STOPPED = 3, 4, 130
PROGRESS_SECONDS = 2.0

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


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grades deep-learning assignments against a PyTorch reference, in a sandbox."""


def main() -> None:
    """Entry point: expected errors are one line on stderr and an exit code, never a traceback."""
    try:
        cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("stopped", err=True)
        sys.exit(STOPPED)
    except WeakIsolationError as error:
        click.echo(str(error), err=True)
        sys.exit(WEAK)
    except GraderError as error:
        click.echo(f"error: {error}", err=True)
        sys.exit(2)


# -- students ------------------------------------------------------------------------------------------------


@cli.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path())
@click.option("-q", "--question", help="Check this question only.")
def check(path: Path, question: str | None) -> None:
    """Check your own work on the public cases. Exit code 0 only if all of them pass."""
    from .sandbox.spawn import Spawner  # before anything that imports NumPy: the worker does so meanwhile

    spawner = Spawner()
    try:
        spawner.warm()
        from . import check as checking

        key = checking.find_key(path)
        passed = checking.check(path, key.read_bytes(), str(key), question, spawner, click.echo)
    finally:
        spawner.close()
    sys.exit(0 if passed else 1)


# -- instructors ---------------------------------------------------------------------------------------------


@cli.command()
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
    from .collect.files import collect, not_taken
    from .model import Limits
    from .report.table import cohort_table

    course = _course(course_path, secret_file)
    key = frozen_key(course, assignment, device)
    found = collect(submissions, key.file, {t for q in key.questions for t in q.targets})
    for path in submissions:
        if path.is_dir() and out.resolve().is_relative_to(path.resolve()):
            raise UsageError(f"--out {out} lies inside the submissions {path}; name a folder elsewhere")
    for name in not_taken(submissions, key.file):
        click.echo(f"not taken: {name} is neither a Python file nor a student's folder", err=True)
    limits = Limits(question=timeout, submission=max(60.0, 6 * timeout))
    isolation = _require_isolation(key.library, limits, allow_weak_isolation)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}") from error
    from .asking import Oracle

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

    from .pipeline import Launchers, grade_all
    from .report.files import grades_csv, reports_jsonl, write_whole
    from .sandbox.worker import confine
    from .sandbox.zygote import launcher
    from .store import Store

    if sys.platform == "linux":
        confine.prctl(confine.PR_SET_DUMPABLE, 0)  # no process of the same user may look into this one
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


def _require_isolation(library: str, limits: Limits, allowed: bool) -> str:
    """Try the sandbox before it is trusted; the level that reports are stamped with. Raises WeakIsolationError."""
    from .sandbox import probe, zygote
    from .sandbox.worker import confine

    tried = zygote.launcher(library)
    try:
        lacking = confine.missing()
        open_ways = [] if lacking else probe.what_is_open(tried, limits)
    finally:
        tried.close()
    if not lacking and not open_ways:
        return tried.isolation
    lines = [f"  {layer:<14} {reason}" for layer, reason in lacking.items()]
    lines += [f"  {'open':<14} a worker can {way}" for way in open_ways]
    text = "the sandbox is weaker than it must be for student code:\n" + "\n".join(lines)
    if not allowed:
        raise WeakIsolationError(f"{text}\nNothing was graded. To grade all the same: --allow-weak-isolation")
    click.echo(f"{text}\nGoing on: --allow-weak-isolation", err=True)
    return tried.isolation if lacking else "weak: a worker can " + ", ".join(open_ways)


def _course(path: Path, secret_file: Path | None) -> Course:
    from .course import Course

    return Course(path.resolve(), secret_file)


@cli.command()
@click.argument("assignment")
@course_option
@secret_option
@device_option
@click.option(
    "--students",
    type=click.File(encoding="utf-8"),
    help="Names, one on a line (- for standard input): keep the key of each, where hidden cases are per student.",
)
def freeze(assignment: str, course_path: Path, secret_file: Path | None, device: str, students: TextIO | None) -> None:
    """Run the reference once per case and keep the answer key (grade, audit and release do so when needed)."""
    from .keyfile import dump

    course = _course(course_path, secret_file)
    path = course.key_path(assignment, device)
    if students is not None:
        from .collect.files import student_id

        names = [student_id(line) for line in students if line.strip()]
        freeze_missing(course, assignment, device, list(dict.fromkeys(names)), click.echo)
        return
    from .freeze import freeze as run_reference
    from .text import plural

    key = run_reference(course, assignment, device)
    course.write_private(path, dump(key))
    cases = sum(len(q.cases) for q in key.questions)
    hidden = sum(c.hidden for q in key.questions for c in q.cases)
    questions = plural(len(key.questions), "question")
    click.echo(f"{assignment}: {questions}, {plural(cases, 'case')} ({hidden} hidden), {key.points:g} points")
    click.echo(", ".join(f"{k} {v}" for k, v in key.provenance.items() if k != "sources"))
    click.echo(str(path))


@cli.command()
@click.argument("assignment")
@course_option
@secret_option
@device_option
@click.option("--all", "everything", is_flag=True, help="List every wrong answer that was tried.")
@click.option("--json", "as_json", is_flag=True, help="Print the audit as JSON.")
def audit(
    assignment: str, course_path: Path, secret_file: Path | None, device: str, everything: bool, as_json: bool
) -> None:
    """Does it tell right from wrong? Right solutions, the stub, declared, generic and mutated wrong answers, and
    the room of each tolerance. Exit code 1 where something survives or room is lacking."""
    course = _course(course_path, secret_file)
    key = frozen_key(course, assignment, device)
    import json

    from .audit import audit as run_audit
    from .audit import audit_to_json
    from .model import Limits
    from .report.audit import audit_table
    from .sandbox.zygote import launcher

    worker = launcher(key.library)
    try:
        found = run_audit(course, key, worker, Limits(), device, _status)
    finally:
        worker.close()
    click.echo(json.dumps(audit_to_json(found), indent=1) if as_json else audit_table(found, everything))
    sys.exit(1 if found.problems else 0)


def _status(text: str) -> None:
    """One line of progress, on a terminal in place of the one before."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text} …", nl=False, err=True)


@cli.command()
@click.argument("assignment")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder.")
@course_option
@secret_option
@device_option
def release(assignment: str, out: Path, course_path: Path, secret_file: Path | None, device: str) -> None:
    """Write the handout for students: the assignment's folder and the public key."""
    from .release import release as write

    course = _course(course_path, secret_file)
    files = write(course, frozen_key(course, assignment, device), out)
    for name in files:
        click.echo(str(out / name))
    click.echo(f"try it as a student: cd {out} && grader check")


@cli.command()
@click.argument("student")
@click.argument("question")
@click.argument("case")
@click.option("--assignment", help="The assignment that has the question (default: the only one that does).")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file (default: print it).")
@course_option
@secret_option
@device_option
def replay(
    student: str,
    question: str,
    case: str,
    assignment: str | None,
    out: Path | None,
    course_path: Path,
    secret_file: Path | None,
    device: str,
) -> None:
    """A small Python script that runs a submission on one case of STUDENT's draw and says what came.

    It shows a hidden case: it is for instructors."""
    from .collect.files import student_id
    from .replay import find, script, write_new

    course = _course(course_path, secret_file)
    name = find(course, question, assignment, lambda a: frozen_key(course, a, device))
    key = frozen_key(course, name, device)
    student = student_id(student)
    if key.per_student:
        key = key_of(course, key, device, [student])(student)
    text = script(key, student, question, case)
    if out is None:
        click.echo(text, nl=False)
        return
    write_new(out, text)
    click.echo(str(out))


@cli.command()
@click.argument("name")
@course_option
def new(name: str, course_path: Path) -> None:
    """Start an assignment NAME (and the course around it) that audits clean as it is."""
    from .scaffold import scaffold

    for path in scaffold(course_path, name):
        click.echo(str(path))
    where = "" if course_path == Path() else f" --course {course_path}"
    click.echo(f"next: grader audit {name}{where}")
