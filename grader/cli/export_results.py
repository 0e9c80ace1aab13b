"""`grader export FORMAT RESULTS`: a graded cohort for other programs, one file for all or one for each student."""

from __future__ import annotations

import contextlib
import json as _json
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from .exits import UNGRADED

if TYPE_CHECKING:
    from ..cohort.results import Results
    from ..report.view import StudentView

Decorated = Callable[[Callable[..., None]], click.Command]
STDOUT = Path("-")


def _command(name: str, out: str) -> Decorated:
    """A command that takes RESULTS, --student and --out."""

    def made(function: Callable[..., None]) -> click.Command:
        function = click.option("--out", required=True, type=click.Path(path_type=Path), help=out)(function)
        function = click.option("--student", default="", metavar="NAME", help="This student alone.")(function)
        folder = click.Path(path_type=Path, exists=True, file_okay=False)
        return click.command(name)(click.argument("results", type=folder)(function))

    return made


ALL = "File to write; - writes to stdout."
EACH = "Folder with a file for each student; with --student a file, or - for stdout."


@_command("json", ALL)
def json(results: Path, student: str, out: Path) -> None:
    """Whole reports as JSON, a line each, as docs/report.schema.json says. For instructors: they tell hidden cases."""
    from ..exports.graded import reports
    from ..records import json_text, report_to_json

    with _opened(results) as found:
        lines = [json_text(report_to_json(report)) + "\n" for report in reports(found, student)]
    _write(out, lines)
    click.echo("these reports tell hidden cases: they are for the instructor alone", err=True)


@_command("junit", ALL)
def junit(results: Path, student: str, out: Path) -> None:
    """JUnit XML: a suite for each student, a test case for each question; ungraded is an error, never a failure."""
    from ..exports.graded import views
    from ..exports.junit import junit as text

    with _opened(results) as found:
        told = list(views(found, student))
    _write(out, [text(told)])
    sys.exit(UNGRADED if _listed(f"ungraded: {v.student}" for v in told if v.score is None) else 0)


@_command("markus", EACH)
def markus(results: Path, student: str, out: Path) -> None:
    """What a MarkUs tester prints: a line of JSON for each question, and a comment."""
    from ..exports.platforms import markus as text

    _each(results, student, out, ".jsonl", text)


@_command("prairielearn", EACH)
def prairielearn(results: Path, student: str, out: Path) -> None:
    """results.json of PrairieLearn's external grading; what is ungraded is not gradable there, and costs no attempt."""
    from ..exports.platforms import prairielearn as data

    _each(results, student, out, ".json", lambda view: _text(data(view)))


@_command("classroom50", EACH)
def classroom50(results: Path, student: str, out: Path) -> None:
    """result.json of Classroom 50, points as whole numbers; its runner adds who and what was submitted."""
    from ..exports.platforms import classroom50 as data

    _each(results, student, out, ".json", lambda view: _text(data(view)))


@_command("github-classroom", EACH)
def github_classroom(results: Path, student: str, out: Path) -> None:
    """The payload of the retired GitHub Classroom's autograding, version 3."""
    from ..exports.platforms import github_classroom as data

    _each(results, student, out, ".json", lambda view: _text(data(view)))


def _each(results: Path, student: str, out: Path, ending: str, text: Callable[[StudentView], str]) -> None:
    """Write a student's file, or a folder with one for each. Whoever is ungraded has none, and is listed."""
    from ..exports.graded import views
    from ..exports.told import Ungraded
    from ..report.names import file_name

    if not student and (out == STDOUT or out.is_file()):
        raise UsageError(f"--out {out}: name a folder for a file per student, or one student with --student")
    if not student:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    written, missing = set[str](), list[str]()
    with _opened(results) as found:
        for view in views(found, student):
            path = out if student else out / file_name(view.student, ending)
            try:
                _write(path, [text(view)])
                written.add(path.name)
                missing += [f"ungraded: {view.student}"] if view.score is None else []
            except Ungraded as error:
                missing.append(str(error))
                if path != STDOUT:  # one of an earlier export is no longer true
                    path.unlink(missing_ok=True)
    if not student:
        click.echo(f"{len(written)} in {out}", err=True)
        others = sorted(p.name for p in out.glob(f"*{ending}") if p.name not in written)
        _listed(f"{out / name} is not of these results" for name in others)
    sys.exit(UNGRADED if _listed(missing) else 0)


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[Results]:
    from ..cohort.results import Results
    from .grading import alone_in

    with alone_in(folder), Results(folder) as results:
        yield results


def _write(out: Path, lines: Iterable[str]) -> None:
    from ..report.files import write_whole

    if out == STDOUT:
        for line in lines:
            click.echo(line, nl=False)
    elif out.is_dir():
        raise UsageError(f"--out {out} is a folder; name a file")
    else:
        write_whole(out, lines)


def _text(data: Any) -> str:
    return _json.dumps(data, indent=1, allow_nan=False) + "\n"


def _listed(lines: Iterable[str]) -> bool:
    """Whether there were any."""
    found = sorted(lines)
    for line in found:
        click.echo(line, err=True)
    return bool(found)
