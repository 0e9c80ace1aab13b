"""`grader ci`: one student's work, graded in the CI job of a repository."""

from __future__ import annotations

import contextlib
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .exits import UNGRADED, guarded
from .intake import limits_of
from .isolation import require_isolation
from .options import device_option, open_course

if TYPE_CHECKING:
    from ..ci.basis import Basis
    from ..ci.given import Given
    from ..ci.mark import Marked

FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)
SECONDS = click.FloatRange(0.1, 3600)


@click.command()
@click.argument("assignment")
@click.option(
    "--submission", type=click.Path(path_type=Path), help="The work, a folder or a file (default: ASSIGNMENT)."
)
@click.option("--student", default="", metavar="NAME", help="Whose work it is.")
@click.option("--key", "key_file", type=FILE, help="The instructor's frozen key; or in base64 in GRADER_KEY.")
@click.option("--course", "course_path", type=FOLDER, help="Folder with assignments/ and reference/.")
@click.option("--secret-file", type=FILE, help="The course's secret; or its text in GRADER_SECRET.")
@device_option
@click.option("--timeout", type=SECONDS, default=10.0, show_default=True, help="Seconds per question.")
@click.option("--allow-weak-isolation", is_flag=True, help="Go on even where a layer of the sandbox is missing.")
@click.option("--junit", "junit_file", type=FILE, help="Write JUnit XML too.")
@click.option("--classroom50", "classroom50_file", type=FILE, help="Write Classroom 50's result.json too.")
@click.option("--github-classroom", is_flag=True, help="Make the output `result` that of the retired GitHub Classroom.")
@click.option("--no-fail", is_flag=True, help="Exit code 0 also where not all is right.")
def ci(
    assignment: str,
    submission: Path | None,
    student: str,
    key_file: Path | None,
    course_path: Path | None,
    secret_file: Path | None,
    device: str,
    timeout: float,
    allow_weak_isolation: bool,
    junit_file: Path | None,
    classroom50_file: Path | None,
    github_classroom: bool,
    no_fail: bool,
) -> None:
    """Grade one student's work in a CI job. ASSIGNMENT is a handout's folder, or its name with --course or --key.

    With a handout's public key alone hidden tests are not run, and everything says so. On GitHub Actions it writes the
    job's summary, annotations and outputs. Exit code 1 where not all is right, 3 where it is ungraded."""
    from ..ci import actions, given, tell

    secrets, notes = given.taken(os.environ), list[actions.Annotation]()
    wanted = tell.Wanted(junit_file, classroom50_file, github_classroom)

    def run() -> int:
        course = open_course(course_path, secret_file) if course_path is not None else None
        found = given.given(assignment, submission, student, key_file, course, device, secrets)
        secrets.clear()
        marked, basis = _graded(found, device, timeout, allow_weak_isolation)
        for line in tell.log(marked.view, basis):
            click.echo(line)
        path = given.main_file(found.path, found.submission)
        notes.extend(tell.remarks(marked, basis, actions.in_workspace(os.environ, path) if path else ""))
        for line in tell.write(marked, basis, wanted, os.environ):
            click.echo(line)
        result = tell.result_of(marked.view)
        return UNGRADED if result == "ungraded" else 0 if no_fail or result == "pass" else 1

    github = actions.on_github(os.environ)
    with actions.quoted(github):
        code = guarded(run)
    for note in actions.bounded(notes) if github else ():
        click.echo(note.command)
    sys.exit(code)


def _graded(found: Given, device: str, timeout: float, weak: bool) -> tuple[Marked, Basis]:
    from ..asking import Oracle
    from ..ci.basis import Basis, ways_to
    from ..ci.mark import mark
    from ..sandbox.zygote import launcher

    key, limits = found.key, limits_of(timeout)
    isolation = require_isolation(limits, weak)
    with contextlib.ExitStack() as stack:
        worker = launcher(key.library, fresh=not key.public)
        stack.callback(worker.close)
        worker.isolation = isolation
        oracle = Oracle(found.course, key, device) if found.course is not None else None
        if oracle is not None:
            stack.callback(oracle.close)
        marked = mark(key, found.submission, worker, limits, oracle)
    hidden = any(case.hidden for q in key.questions for case in q.cases)
    ways = ways_to(found.secrets, found.path, isolation, os.environ) if hidden else ()
    basis = Basis(not key.public, hidden, isolation, ways)
    notes = list(basis.caveats)
    if not key.public and oracle is None and any(q.calls and q.carry for q in key.questions):
        notes.append("errors were not carried forward: that needs the course's reference (--course)")
    return replace(marked, view=replace(marked.view, notes=(*notes, *marked.view.notes))), basis
