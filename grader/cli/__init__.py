"""The command line. Exit codes: 0 all well, 1 not (a check fails, an audit is not clean, two runs differ), 2 usage or
an author's error, 3 some submissions are ungraded, 4 the sandbox is weaker than it must be, 130 stopped by Ctrl-C."""

from __future__ import annotations

import signal
import sys

import click

from .. import __version__
from ..errors import GraderError, WeakIsolationError
from .author import audit, freeze, new, release, replay
from .diff import diff
from .doctor import doctor
from .feedback import feedback
from .grading import STOPPED, grade
from .isolation import WEAK
from .student import check
from .submit import submit


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="grader")
def cli() -> None:
    """Grades deep-learning assignments against a PyTorch reference, in a sandbox."""


for command in (check, submit, grade, feedback, diff, doctor, freeze, audit, release, replay, new):
    cli.add_command(command)


def main() -> None:
    """Entry point: expected errors are one line on stderr and an exit code, never a traceback."""
    stops = list[int]()

    def stop(number: int, _: object) -> None:
        stops.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        _run()
    except Exception:
        if not stops:
            raise
        click.echo("stopped", err=True)  # some C code makes another exception of it
        sys.exit(STOPPED)


def _run() -> None:
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
    except OSError as error:
        if error.filename is None:
            raise
        click.echo(f"error: {error.filename}: {error.strerror}", err=True)
        sys.exit(2)
