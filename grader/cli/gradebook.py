"""`grader gradebook`: grades into the instructor's own gradebook, with a late policy."""

from __future__ import annotations

import csv
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..text import clean_text
from .exits import UNGRADED

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ..cohort.results import Results
    from ..gradebooks.late import Policy

READERS = {"canvas": "canvas", "moodle": "moodle", "brightspace": "brightspace"}
MAX_TIMES = 8 << 20


@click.command()
@click.argument("platform", type=click.Choice([*READERS, "nbgrader"]))
@click.argument("results", type=click.Path(path_type=Path, file_okay=False))
@click.option("--gradebook", type=click.Path(path_type=Path, dir_okay=False), help="The platform's own export.")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to import.")
@click.option("--column", default="", metavar="TITLE", help='The column of grades, as "Homework 1 (12345)".')
@click.option("--out-of", metavar="N", help="What full marks are there (default: as the gradebook says).")
@click.option("--comments", is_flag=True, help="Moodle: write points by question into empty cells for comments.")
@click.option("--due", metavar="TIME", help="Deadline in the course's zone: 2026-11-20T23:59.")
@click.option("--zone", default="", metavar="ZONE", help="The course's zone: Europe/Amsterdam.")
@click.option("--late-per-day", metavar="SHARE", help="Taken off for each day begun, of what was earned: 10%.")
@click.option("--late-per-hour", metavar="SHARE", help="The same for each hour begun.")
@click.option("--grace", metavar="TIME", help="So late costs nothing: 15m, 2h.")
@click.option("--late-cap", metavar="SHARE", help="The most that is taken off: 50%.")
@click.option("--no-later-than", metavar="TIME", help="What comes after it gets no points.")
@click.option("--late-flat", metavar="SHARE", help="Taken off where the platform only marks a hand-in as late: 20%.")
@click.option(
    "--times",
    type=click.Path(path_type=Path, dir_okay=False),
    help="CSV with the columns student,time: when these handed in, before what the platform says.",
)
def gradebook(platform: str, results: Path, gradebook: Path | None, out: Path, **options: Any) -> None:
    """Fill in a gradebook of PLATFORM from RESULTS, the folder that `grader grade --out` wrote.

    The file beside it, OUT with the ending .list.csv, tells what came of every student and every row. Exit code 3 where
    a result has no row, a row no result, or a grade was not written."""
    from ..cohort.results import Results
    from ..gradebooks.when import zone_of
    from ..report.files import write_whole
    from .grading import alone_in

    if not out.absolute().parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}")
    zone = zone_of(options["zone"] or "UTC")
    policy = _policy(options, zone)
    times = _times(options["times"]) if options["times"] else {}
    with alone_in(results), Results(results) as found:
        for line in [f"late policy: {policy}"] if policy else []:
            click.echo(line)
        listed = out.with_name(f"{out.stem}.list.csv")
        if platform == "nbgrader":
            raise SystemExit(_nbgrader(found, gradebook, out, listed, options, policy, zone, times))
        from ..gradebooks.make import counted, fill, summary, told

        if gradebook is None:
            raise UsageError(f"--gradebook FILE: the export of {platform}'s gradebook to fill in")
        if gradebook.resolve() in (out.resolve(), listed.resolve()):
            raise UsageError(f"--out {out} is the gradebook itself; name another file")
        made = fill(
            found,
            _book(platform, gradebook, options["column"]),
            zone,
            policy,
            times,
            _out_of(options["out_of"]),
            options["comments"],
        )
        write_whole(out, [made.text])
        write_whole(listed, summary(made))
    for line in made.said:
        click.echo(clean_text(line, 400, lines=False))
    click.echo(f"{counted(made)}: {out}; all of it: {listed}")
    for line in told(made):
        click.echo(line, err=True)
    raise SystemExit(0 if made.whole else UNGRADED)


def _book(platform: str, path: Path, column: str) -> Any:
    from importlib import import_module

    from ..gradebooks.sheet import read_sheet

    return import_module(f"..gradebooks.{READERS[platform]}", __package__).read(read_sheet(path), column)


def _nbgrader(
    found: Results,
    gradebook: Path | None,
    out: Path,
    listed: Path,
    options: dict[str, Any],
    policy: Policy | None,
    zone: ZoneInfo,
    times: dict[str, str],
) -> int:
    from ..gradebooks.make import alone, summary, told
    from ..gradebooks.nbgrader import export
    from ..report.files import write_whole

    if gradebook or options["column"] or options["out_of"] or options["comments"]:
        raise UsageError("nbgrader's table is made of the results alone: --out and a late policy are all it takes")
    made = alone(found, zone, policy, times)
    grades = [line.grade for line in made.lines if line.grade]
    write_whole(out, export(found.graded.assignment, options["due"] or "", grades))
    write_whole(listed, summary(made))
    some = sum(grade.points is not None for grade in grades)
    click.echo(f"{some} of {len(grades)} with a score: {out}; all of it: {listed}")
    for line in told(made):
        click.echo(line, err=True)
    return 0 if made.whole else UNGRADED


def _out_of(text: str | None) -> Fraction | None:
    from ..gradebooks.amounts import number

    if text is None:
        return None
    value = number(text)
    if not value or value <= 0:
        raise UsageError(f"--out-of {text}: give a number above 0")
    return value


def _policy(options: dict[str, Any], zone: ZoneInfo) -> Policy | None:
    """Raises UsageError where the options make no policy."""
    from ..gradebooks.late import Policy
    from ..gradebooks.when import deadline, duration, share

    names = ("late_per_day", "late_per_hour", "grace", "late_cap", "no_later_than", "late_flat")
    given = [f"--{name.replace('_', '-')}" for name in names if options[name]]
    if not options["due"]:
        given += [f"--{name}" for name in ("times", "zone") if options[name]]
        if given:
            raise UsageError(f"{given[0]} needs --due, the deadline")
        return None
    if not options["zone"]:
        raise UsageError("--due needs --zone, such as Europe/Amsterdam: the deadline is a local time")
    if options["late_per_day"] and options["late_per_hour"]:
        raise UsageError("--late-per-day and --late-per-hour: give one of the two")
    if not given:
        raise UsageError("--due alone takes nothing off: add --late-per-day, --late-per-hour, --no-later-than …")

    def read(name: str, parse: Callable[[str, str], Any], default: Any) -> Any:
        return parse(options[name], f"--{name.replace('_', '-')}") if options[name] else default

    per = "day" if options["late_per_day"] else "hour" if options["late_per_hour"] else ""
    due = deadline(options["due"], "--due")
    last = deadline(options["no_later_than"], "--no-later-than") if options["no_later_than"] else None
    if last is not None and last < due:
        raise UsageError("--no-later-than is before --due")
    return Policy(
        due,
        zone,
        per,
        read(f"late_per_{per}", share, Fraction(0)) if per else Fraction(0),
        read("grace", duration, Policy.grace),
        read("late_cap", share, Fraction(1)),
        last,
        read("late_flat", share, None),
    )


def _times(path: Path) -> dict[str, str]:
    """Raises UsageError where it is no such table."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file.read(MAX_TIMES).splitlines()))
    except (OSError, UnicodeError, csv.Error) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error
    if not rows or [cell.strip() for cell in rows[0]] != ["student", "time"]:
        raise UsageError(f"{path}: its first line must be student,time")
    found = dict[str, str]()
    for number, row in enumerate(rows[1:], 2):
        if len(row) != 2 or row[0] in found:
            raise UsageError(f"{path}:{number}: a student and a time, each student once")
        found[row[0]] = row[1]
    return found
