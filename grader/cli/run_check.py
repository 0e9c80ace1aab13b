"""`grader check`: once, on every save, or as JSON."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .console import Console

if TYPE_CHECKING:
    from ..checking import Check
    from ..sandbox.spawn import Spawner
    from .plain import Wanted

T = TypeVar("T")


def run(wanted: Wanted, spawner: Spawner) -> int:
    """Check what is wanted with a worker of `spawner`; the exit code. Raises GraderError and KeyboardInterrupt."""
    try:
        with Console(sys.stdout, sys.stderr) as console:
            console.doing = lambda: "starting"
            from ..checking import Check, find_key, open_key, own_work
            from ..errors import UsageError

            gc.freeze()  # what is imported stays
            gc.enable()
            path = Path(wanted.path)
            key = open_key(find_key(path))
            if wanted.watch:
                if wanted.as_json:
                    raise UsageError("--json gives one document: leave --watch away")
                from .watch import watch

                watch(key, path, wanted.questions, spawner, console)
            with Check(key, own_work(path, key), spawner, wanted.questions) as checked:
                (_as_json if wanted.as_json else show)(checked, console)
            return 0 if checked.passed else 1
    except BrokenPipeError:  # `grader check | head -1`: nobody reads any more
        return 1


def show(check: Check, console: Console) -> None:
    """The check as text, line by line as the questions are done."""
    from ..report.student import check_lines

    for line in followed(check_lines(check, console.paint), check, console):
        console.say(line)


def _as_json(check: Check, console: Console) -> None:
    from ..report.check_json import check_json

    for text in followed(iter([check]), check, console):
        console.say(check_json(text))


def followed(things: Iterator[T], check: Check, console: Console) -> Iterator[T]:
    """The same, while the console knows which question one waits for."""
    from ..text import clean_text

    names = [question.name for question in check.questions]
    reading = f"reading {clean_text(check.submission.main, 60, lines=False)} and "

    def doing() -> str:
        at = len(check.done)
        return f"{'' if at else reading}checking {names[at]}" if at < len(names) else ""

    console.doing = doing
    yield from things
    console.doing = str
