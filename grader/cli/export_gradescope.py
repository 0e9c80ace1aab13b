"""`grader export gradescope`: an autograder as a zip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..keys import frozen_key
from ..text import plural
from .intake import limits_of
from .options import course_option, device_option, open_course, secret_option

if TYPE_CHECKING:
    from ..autograder.settings import Settings
    from ..model import AnswerKey

KINDS = {"public-cases": "public", "hidden-cases": "hidden"}
OWN_SECONDS = 60.0  # for the trial of the sandbox, and for torch to start on half a processor


@click.command()
@click.argument("assignment")
@click.option("--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The zip to write.")
@click.option(
    "--visibility",
    "visibilities",
    metavar="KIND=WHEN",
    multiple=True,
    help="public-cases or hidden-cases = visible, after_due_date, after_published or hidden; again for both.",
)
@click.option("--tag", "tags", multiple=True, help="A tag for every test; again for more.")
@click.option(
    "--timeout", type=click.FloatRange(0.1, 3600), default=10.0, show_default=True, help="Seconds per question."
)
@click.option(
    "--deadline",
    type=click.FloatRange(30, 2400),
    default=540.0,
    show_default=True,
    help="Seconds after which the grader ends by itself: less than the platform's own time limit.",
)
@click.option(
    "--memory", type=click.IntRange(512, 1 << 16), default=768, show_default=True, help="MiB of the container."
)
@click.option("--allow-weak-isolation", is_flag=True, help="Grade even where a layer of the sandbox is missing.")
@click.option(
    "--tell-unreadable",
    is_flag=True,
    help="Files that cannot be taken in: tell the student why, with a score of 0, and not a failed autograder.",
)
@click.option("--one-draw", is_flag=True, help="Where hidden cases are per student: the same ones for all.")
@click.option(
    "--wheel", type=click.Path(path_type=Path, dir_okay=False), help="The grader's wheel (default: made now)."
)
@click.option(
    "--wheels",
    type=click.Path(path_type=Path, file_okay=False),
    help="Install from these wheels, which go into the zip, and not from the package index.",
)
@click.option("--force", is_flag=True, help="Replace the zip that is there.")
@course_option
@secret_option
@device_option
def gradescope(
    assignment: str,
    out: Path,
    visibilities: tuple[str, ...],
    tags: tuple[str, ...],
    timeout: float,
    deadline: float,
    memory: int,
    allow_weak_isolation: bool,
    tell_unreadable: bool,
    one_draw: bool,
    wheel: Path | None,
    wheels: Path | None,
    force: bool,
    course_path: Path,
    secret_file: Path | None,
    device: str,
) -> None:
    """Write the autograder of ASSIGNMENT as a zip for Gradescope.

    The zip holds the answer key with its hidden cases: it is for instructors alone."""
    from ..autograder.pack import pack
    from ..autograder.settings import Settings

    limits, shown = limits_of(timeout), _shown(visibilities)
    settings = Settings(
        limits.question,
        limits.submission,
        deadline,
        memory,
        public=shown.get("public", "visible"),
        hidden=shown.get("hidden", "visible"),
        tags=tags,
        weak=allow_weak_isolation,
        told=tell_unreadable,
    )
    course = open_course(course_path, secret_file)
    key = frozen_key(course, assignment, device)
    if key.per_student and not one_draw:
        raise UsageError(
            f"{assignment} draws hidden cases for each student, and an autograder has one key for all; "
            "--one-draw grades everybody by the course's own draw"
        )
    names = pack(course, key, settings, out, wheel, wheels, force)
    questions = plural(len(key.questions), "question")
    click.echo(f"{out}: {key.assignment}, {questions}, {key.points:g} points, {out.stat().st_size / 1e6:.1f} MB")
    click.echo(", ".join(name for name in names if "/" not in name))
    for line in _told(key, settings):
        click.echo(line, err=True)


def _shown(visibilities: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in visibilities:
        kind, sign, when = text.partition("=")
        if not sign or kind not in KINDS:
            raise UsageError(f"--visibility {text}: say public-cases=WHEN or hidden-cases=WHEN")
        found[KINDS[kind]] = when
    return found


def _told(key: AnswerKey, settings: Settings) -> Iterator[str]:
    """What an instructor has to know of this zip."""
    yield "It holds the answer key with its hidden cases: keep it from students. On this disk only you can read it."
    carrying = [q.name for q in key.questions if q.carry]
    if carrying:
        yield (
            f"note: {', '.join(carrying)} carry errors forward by asking the reference, which does not travel: there "
            "these points are not given, and a report says where; grader grade gives them"
        )
    extra = sum(max(0.0, (q.seconds or 0.0) - settings.question) for q in key.questions)
    needed = 2 * (settings.submission + extra) + OWN_SECONDS
    if needed > settings.deadline:
        yield (
            f"note: a submission that uses all its time takes about {needed:.0f} s on half a processor, more than the "
            f"deadline of {settings.deadline:g} s: raise the platform's time limit, and --deadline below it"
        )
