"""The command line. Exit codes stand in exits.py.

Nothing is imported here: `grader check` starts its worker first, which imports NumPy while this process imports its
part, and does without click where what was typed is plain."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from ..sandbox.spawn import Spawner


def main() -> None:
    """Entry point: expected errors are one line on stderr and an exit code, never a traceback."""
    import signal

    stops = list[int]()

    def stop(number: int, _: object) -> None:
        stops.append(number)
        raise KeyboardInterrupt

    signal.signal(signal.SIGINT, stop)
    try:
        if sys.argv[1:2] == ["check"]:
            check(sys.argv[2:])
        from .commands import run

        sys.exit(run())
    except (Exception, KeyboardInterrupt):
        if not stops:
            raise
        print("stopped", file=sys.stderr)  # some C code makes another exception of it
        sys.exit(130)


def alone() -> None:
    """`main` of a process that does nothing else: where it holds torch, it ends at once, for to take that apart takes
    half a second; so it does where it was stopped, since Python sends itself the signal once more at its end where the
    first one came in a text that was executed (as dataclasses are made), and there is no exit code then. Once all is
    done and said, Ctrl-C comes too late to matter."""
    import signal

    try:
        main()
    except SystemExit as stop:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if stop.code == 130 or ("torch" in sys.modules and isinstance(stop.code, (int, type(None)))):
            leave(stop.code or 0)
        raise


def check(arguments: list[str]) -> None:
    """`grader check`, and the end of this process; or nothing, where click has to look at what was typed."""
    from .plain import parsed

    wanted = parsed(arguments)
    if wanted is not None:
        spawner = early()
        try:
            from .exits import guarded
            from .run_check import run

            code = guarded(lambda: run(wanted, spawner))
        finally:
            spawner.close()
        leave(code)


def early() -> Spawner:
    """A worker on its way, before anything else is done."""
    import gc
    import os

    from ..sandbox.spawn import THREADS, Spawner

    gc.disable()  # there is no garbage in an import; run_check.run turns it on
    for name in THREADS:  # we compare small arrays: NumPy starts no threads, which takes longer than all comparing
        os.environ.setdefault(name, "1")
    spawner = Spawner()
    spawner.warm()
    return spawner


def leave(code: int) -> NoReturn:
    """End at once: nothing is left to be done, and taking NumPy apart takes a tenth of a check's time."""
    import os

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # nobody reads any more
            code = code or 1
    os._exit(code)
