"""How a worker starts as a plain process, without layers: for a student's own code on their own machine, any system.

It imports no more than answering takes, so that `grader check` is quick, and ends when the process that started it is
gone, whatever the student's code is doing."""

from __future__ import annotations

import _thread
import contextlib
import faulthandler
import gc
import importlib
import os
import site
import sys
import time
from typing import Any

from .session import Session, fresh_streams, redirect
from .values import Pipe

LOOK_SECONDS = 1.0  # between two looks at whether the parent is there
BLIND_SECONDS = 600.0  # that a call may keep the looks from happening: C code that never lets go of the interpreter


def main(folders: list[str]) -> None:
    """Serve one session on stdin and stdout; the student's output goes to stderr. `folders` hold NumPy and torch, and
    are on the path with the standard library alone; none: they were not found without asking `site`."""
    if folders:
        sys.path.pop(0)  # ours: the names of our own modules are free for the student
        for name in [n for n in sys.modules if n == "worker" or n.startswith("worker.")]:
            del sys.modules[name]
        for give in (site.setquit, site.sethelper, site.setcopyright):  # exit() and help(), as where it is graded
            give()
    else:
        from .main import tidy_path

        tidy_path()
    sys.dont_write_bytecode = True  # what came before was ours, and quicker the next time
    pipe = Pipe(os.dup(0), os.dup(1))
    redirect(2)
    fresh_streams()
    os.chdir("/")  # where it is graded there are no files beside it either, and none can be written
    if os.name != "nt":
        with contextlib.suppress(ImportError, OSError, ValueError):
            resource: Any = importlib.import_module("resource")
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    end_with_parent(pipe.read_fd)
    gc.enable()  # off since the start: there is no garbage in an import
    Session(pipe).serve()
    os._exit(0)


def end_with_parent(read_fd: int) -> None:
    """End this process when the one that holds the other end of the pipe is gone. While idle the session finds that
    out by itself; this is for a call that never ends."""
    parent, armed = os.getppid(), 0.0
    null = os.open(os.devnull, os.O_WRONLY)

    def gone() -> bool:
        if os.name != "nt":
            return os.getppid() != parent
        windows: Any = importlib.import_module("_winapi")
        handles: Any = importlib.import_module("msvcrt")
        try:
            windows.PeekNamedPipe(handles.get_osfhandle(read_fd), 0)
        except OSError:
            return True
        return False

    def watch() -> None:
        nonlocal armed
        while not gone():
            if time.monotonic() - armed > BLIND_SECONDS / 10:
                armed = time.monotonic()
                with contextlib.suppress(Exception):
                    faulthandler.dump_traceback_later(BLIND_SECONDS, exit=True, file=null)
            time.sleep(LOOK_SECONDS)
        os._exit(1)

    _thread.start_new_thread(watch, ())
