"""Starting a worker as a plain process, on any system, and what both ways of starting share.

Nothing is imported before it is needed here: `grader check` starts its worker first, and the worker imports NumPy
while this process imports the rest."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Protocol

from ..errors import SandboxError

if TYPE_CHECKING:
    from ..model import Limits
    from .channel import Channel

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
HERE = os.path.dirname(os.path.realpath(__file__))
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from worker.main import main; main(sys.argv[2:])"
SINGLE = "import gc, sys; gc.disable(); sys.path[:0] = sys.argv[1:2]; sys.path += sys.argv[2:]; "
SINGLE += "from worker.single import main; main(sys.argv[2:])"
OUT_OF_MEMORY = "out of memory"
FAILED = 70  # how a worker ends that cannot even report (worker/main.py)


def clean_environment() -> dict[str, str]:
    """What a worker gets to see of ours: nothing. One thread, so that neighbours are not slowed."""
    ours = {**dict.fromkeys(THREADS, "1"), "PYTHONHASHSEED": "0", "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}
    if os.name == "nt":  # it cannot start without some, and libraries of Anaconda's NumPy lie on the PATH
        ours |= {k: v for k in ("SYSTEMROOT", "WINDIR", "PATH") if (v := os.environ.get(k))}
    return ours


def command(mode: str, options: dict[str, object]) -> list[str]:
    """Python as isolated as -I makes it (no script folder, no user site, and the environment is ours alone), but
    heeding PYTHONHASHSEED, so that the order of a set is the same in every run."""
    import json

    return [sys.executable, "-P", "-s", "-B", "-X", "utf8", "-c", BOOT, HERE, mode, json.dumps(options)]


def single_command() -> list[str]:
    """Python as isolated as above for a plain worker, which finds NumPy where we do, be it the user's own site folder,
    and torch too, and does not wait for `site` to look through all that is installed. Where they are not found
    without `site`, that is asked.

    What Python makes of our own files it may keep: else it would be made anew for each check."""
    folders = list(dict.fromkeys(folder for name in ("numpy", "torch") for folder in _folder_of(name)))
    flags = ["-P", "-s", *(["-S"] if folders else []), *(["-B"] if sys.dont_write_bytecode else []), "-X", "utf8"]
    return [sys.executable, *flags, "-c", SINGLE, HERE, *folders]


def _folder_of(package: str) -> list[str]:
    """The folder that an installed package lies in, without importing it; none where only an import hook knows."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        spec = PathFinder.find_spec(package)
        found = spec.submodule_search_locations if spec and spec.origin else None  # no package without both
        return [os.path.dirname(os.path.abspath(place)) for place in found or ()][:1]
    return []


def describe_status(status: int) -> str:
    """A wait status in words from a fixed vocabulary."""
    if status < 0:
        return "crashed"
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        names: dict[int, str] = {
            signal.SIGSEGV: "segmentation fault",
            signal.SIGKILL: "killed",
            signal.SIGABRT: "aborted",
        }
        known = [s.name for s in signal.Signals if s == number] or [f"signal {number}"]  # real-time ones lack names
        return names.get(number, f"killed by {known[0]}")
    return f"ended the process (exit code {os.WEXITSTATUS(status)})"


class Launcher(Protocol):
    """Starts workers, one at a time."""

    isolation: str

    def start(self, limits: Limits) -> Channel: ...
    def close(self) -> None: ...


class Spawner:
    """A plain, isolated process per worker and no layers: for the student's own code on their own machine."""

    isolation = "none"

    def __init__(self, threaded: bool = os.name == "nt", command: list[str] | None = None) -> None:
        self.threaded, self.command = threaded, command
        self.waiting: subprocess.Popen[bytes] | None = None

    def warm(self) -> None:
        """Start the next worker now, so that it imports NumPy while we do."""
        if self.waiting is None:
            self.waiting = self._popen()

    def _popen(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                self.command or single_command(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=clean_environment(),
                bufsize=0,
                start_new_session=os.name != "nt",
            )
        except OSError as error:
            raise SandboxError(f"cannot start a worker: {error}") from error

    def start(self, limits: Limits) -> Channel:
        self.warm()
        from .channel import Channel
        from .line import PolledLine, ThreadedLine

        process, self.waiting = self.waiting, None
        assert process is not None and process.stdin and process.stdout and process.stderr
        fds = [os.dup(pipe.fileno()) for pipe in (process.stdout, process.stdin, process.stderr)]
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        line = (ThreadedLine if self.threaded else PolledLine)(fds[0], fds[1], fds[2], limits.output)

        def end() -> str:
            if line.ended():  # it may tell how
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(0.02)
            alive = process.poll() is None
            if os.name == "nt":
                process.kill()
            else:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
            if alive:
                return "killed"
            return describe_status(-code if code < 0 else code << 8) if os.name != "nt" else f"exit code {code}"

        return Channel(line, end)

    def close(self) -> None:
        if self.waiting is not None:
            self.waiting.kill()
            self.waiting.communicate()
            self.waiting = None
