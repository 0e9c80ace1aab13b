"""What authors and instructors type around grading: freeze, audit, release, replay, new."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from ..errors import UsageError
from ..keys import freeze_missing, frozen_key, key_of
from ..text import plural
from .options import course_option, device_option, open_course, secret_option

if TYPE_CHECKING:
    from ..course import Course

BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from grader.cli import alone; alone()"


@click.command()
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
    from ..keyfile import dump

    course = open_course(course_path, secret_file)
    path = course.key_path(assignment, device)
    if students is not None:
        from ..collect.files import student_id

        names = [student_id(line) for line in students if line.strip()]
        freeze_missing(course, assignment, device, list(dict.fromkeys(names)), click.echo)
        return
    from ..freeze import freeze as run_reference

    key = run_reference(course, assignment, device)
    course.write_private(path, dump(key))
    cases = sum(len(q.cases) for q in key.questions)
    hidden = sum(c.hidden for q in key.questions for c in q.cases)
    questions = plural(len(key.questions), "question")
    click.echo(f"{assignment}: {questions}, {plural(cases, 'case')} ({hidden} hidden), {key.points:g} points")
    click.echo(", ".join(f"{k} {v}" for k, v in key.provenance.items() if k != "sources"))
    click.echo(str(path))


@click.command()
@click.argument("assignments", nargs=-1)
@course_option
@secret_option
@device_option
@click.option("--all", "everything", is_flag=True, help="List every wrong answer that was tried.")
@click.option("--json", "as_json", is_flag=True, help="Print the audit as JSON, one document for each assignment.")
@click.option("--workers", type=click.IntRange(1, 256), default=os.cpu_count() or 1, help="Assignments at a time.")
def audit(
    assignments: tuple[str, ...],
    course_path: Path,
    secret_file: Path | None,
    device: str,
    everything: bool,
    as_json: bool,
    workers: int,
) -> None:
    """Does each assignment (default: all of the course) tell right from wrong? Right solutions, the stub, declared,
    generic and mutated wrong answers, and the room of each tolerance. Exit code 1 where something survives or room
    is lacking."""
    course = open_course(course_path, secret_file)
    names = assignments or tuple(course.assignments())
    if not names:
        raise UsageError(f"{course.root} holds no assignment; begin one with: grader new NAME")
    if len(names) == 1:
        sys.exit(_audit(course, names[0], device, everything, as_json))
    options = ["--course", str(course_path), "--device", device]
    options += ["--secret-file", str(secret_file)] if secret_file else []
    options += ["--all"] * everything + ["--json"] * as_json
    for name in names:
        course.reference(name)
    course.secret()  # made once, before several look for it
    sys.exit(_audit_each(names, options, workers))


def _audit(course: Course, name: str, device: str, everything: bool, as_json: bool) -> int:
    key = frozen_key(course, name, device)
    import json

    from ..audit import audit as run_audit
    from ..audit import audit_to_json
    from ..model import Limits
    from ..report.audit import audit_table
    from ..sandbox.zygote import launcher

    worker = launcher(key.library)
    try:
        found = run_audit(course, key, worker, Limits(), device, _status)
    finally:
        worker.close()
    click.echo(json.dumps(audit_to_json(found), indent=1) if as_json else audit_table(found, everything))
    return 1 if found.problems else 0


def _audit_each(names: Sequence[str], options: list[str], workers: int) -> int:
    """A process for each assignment; what they print comes in the order of the names. The highest exit code."""
    from concurrent.futures import ThreadPoolExecutor

    root = str(Path(__file__).resolve().parent.parent.parent)

    def run(name: str) -> subprocess.CompletedProcess[str]:
        started = time.monotonic()
        command = [sys.executable, "-P", "-X", "utf8", "-c", BOOT, root, "audit", name, *options]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
        word = {0: "clean", 1: "NOT CLEAN"}.get(done.returncode, "could not be audited")
        click.echo(f"{name}: {word} ({time.monotonic() - started:.0f} s)", err=True)
        return done

    with ThreadPoolExecutor(workers) as executor:
        runs = list(executor.map(run, names))
    for done in runs:
        click.echo(done.stdout)
        click.echo(done.stderr, nl=False, err=True)
    return max(abs(done.returncode) for done in runs)


def _status(text: str) -> None:
    """One line of progress, on a terminal in place of the one before."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text} …", nl=False, err=True)


@click.command()
@click.argument("assignment")
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="A new folder.")
@click.option(
    "--wheel", type=click.Path(path_type=Path, dir_okay=False), help="Put this wheel of the grader beside the notebook."
)
@click.option("--no-notebook", is_flag=True, help="Leave the notebook out.")
@course_option
@secret_option
@device_option
def release(
    assignment: str,
    out: Path,
    wheel: Path | None,
    no_notebook: bool,
    course_path: Path,
    secret_file: Path | None,
    device: str,
) -> None:
    """Write the handout for students: the assignment's folder, the public key, and a notebook of the same stub and
    README."""
    from ..release import release as write

    course = open_course(course_path, secret_file)
    files = write(course, frozen_key(course, assignment, device), out, not no_notebook, wheel)
    for name in files:
        click.echo(str(out / name))
    if no_notebook:
        click.echo("without a notebook: students write in the file alone", err=True)
    click.echo(f"try it as a student: cd {out} && grader check")


@click.command()
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
    from ..collect.files import student_id
    from ..replay import find, script, write_new

    course = open_course(course_path, secret_file)
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


@click.command()
@click.argument("name")
@course_option
def new(name: str, course_path: Path) -> None:
    """Start an assignment NAME (and the course around it) that audits clean as it is."""
    from ..scaffold import scaffold

    for path in scaffold(course_path, name):
        click.echo(str(path))
    where = "" if course_path == Path() else f" --course {course_path}"
    click.echo(f"next: grader audit {name}{where}")
