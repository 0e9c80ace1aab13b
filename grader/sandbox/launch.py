"""Starting workers: a zygote that forks confined ones (Linux), or a plain process (any system).

No NumPy is imported here, so that `grader check` can start its worker first and import NumPy meanwhile."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Protocol

from ..errors import SandboxError
from ..model import Limits
from .channel import Channel, PolledLine, ThreadedLine
from .worker import confine, scratch

HERE = str(Path(__file__).resolve().parent)
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from worker.main import main; main(sys.argv[2:])"
READY_SECONDS = 120.0
MEMORY_SHARE = 0.75  # of the limit: a worker that dies by a signal with more is out of memory
OUT_OF_MEMORY = "out of memory"
FAILED = 70  # how a worker ends that cannot even report (worker/main.py)


def clean_environment() -> dict[str, str]:
    """What a worker gets to see of ours: nothing. One thread, so that neighbours are not slowed."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
    kept = {k: v for k in ("SYSTEMROOT", "WINDIR") if (v := os.environ.get(k))}  # Windows cannot start without
    return {**kept, **dict.fromkeys(threads, "1"), "LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


def command(mode: str, options: dict[str, object]) -> list[str]:
    return [sys.executable, "-I", "-B", "-X", "utf8", "-c", BOOT, HERE, mode, json.dumps(options)]


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
    """A plain `python -I` process per worker and no layers: for the student's own code on their own machine."""

    isolation = "none"

    def __init__(self, library: str = "numpy", threaded: bool = os.name == "nt") -> None:
        self.library, self.threaded = library, threaded
        self.waiting: subprocess.Popen[bytes] | None = None

    def warm(self) -> None:
        """Start the next worker now, so that it imports NumPy while we do."""
        if self.waiting is None:
            self.waiting = self._popen()

    def _popen(self) -> subprocess.Popen[bytes]:
        try:
            return subprocess.Popen(
                command("single", {"library": self.library}),
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
        process, self.waiting = self.waiting, None
        assert process is not None and process.stdin and process.stdout and process.stderr
        fds = [os.dup(pipe.fileno()) for pipe in (process.stdout, process.stdin, process.stderr)]
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()
        line = (ThreadedLine if self.threaded else PolledLine)(fds[0], fds[1], fds[2], limits.output)

        def end() -> str:
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


class Zygote:
    """A warm process with the libraries imported and no student code, forked once per worker.

    Raises SandboxError when it cannot be started or dies."""

    def __init__(self, library: str = "numpy", disabled: tuple[str, ...] = ()) -> None:
        self.library = library
        self.lacking = confine.missing(disabled)
        self.layers = tuple(layer for layer in confine.LAYERS if layer not in self.lacking)
        self.isolation = isolation_level(self.lacking)
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.scratch = ""
        self.closed = False

    def _boot(self) -> socket.socket:
        if self.control is not None and self.process is not None and self.process.poll() is None:
            return self.control
        self._stop()
        self.scratch = tempfile.mkdtemp(prefix="grader-")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.control = ours
        options = {
            "library": self.library,
            "control": theirs.fileno(),
            "scratch": self.scratch,
            "layers": self.layers,
        }
        try:
            self.process = subprocess.Popen(
                command("zygote", options),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=clean_environment(),
                cwd=self.scratch,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for us
            )
        except OSError as error:
            raise SandboxError(f"cannot start the sandbox: {error}") from error
        finally:
            theirs.close()
        ours.settimeout(READY_SECONDS)
        self._receive("start")
        return ours

    def _receive(self, doing: str) -> dict[str, int]:
        assert self.control is not None and self.process is not None
        try:
            data = self.control.recv(4096)
        except OSError as error:
            data, reason = b"", str(error)
        else:
            reason = "it died"
        if not data:
            self.process.kill()
            _, stderr = self.process.communicate()
            last = stderr.decode(errors="replace").strip().splitlines()[-1:] or [reason]
            raise SandboxError(f"the sandbox failed to {doing}: {last[0][:200]}")
        order: dict[str, int] = json.loads(data)
        return order

    def start(self, limits: Limits) -> Channel:
        for attempt in (1, 2):
            if self.closed:
                raise SandboxError("the sandbox was closed")
            try:
                return self._fork(limits)
            except (SandboxError, OSError) as error:
                self._stop()
                if attempt == 2:
                    raise error if isinstance(error, SandboxError) else SandboxError(str(error)) from error
        raise AssertionError

    def _fork(self, limits: Limits) -> Channel:
        control = self._boot()
        their_read, our_write = os.pipe()
        our_read, their_write = os.pipe()
        output, their_output = os.pipe()
        theirs = [their_read, their_write, their_output]
        memory = limits.memory * (2 if self.library == "torch" else 1)
        order = {"op": "fork", "memory": memory, "seconds": int(limits.submission) + 30}
        try:
            socket.send_fds(control, [json.dumps(order).encode()], theirs)
            self._receive("fork")
        except BaseException:
            for fd in (our_write, our_read, output):
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        line = PolledLine(our_read, our_write, output, limits.output)
        return Channel(line, functools.partial(self._bury, memory))

    def _bury(self, memory: int) -> str:
        if self.control is None:
            return "killed"
        try:
            self.control.send(b'{"op": "end"}')
            found = self._receive("end")
            status = found["status"]
            died = status >= 0 and (os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == FAILED)
            if died and found["resident"] * 1024 > MEMORY_SHARE * memory:  # CPython may crash where memory runs out
                return OUT_OF_MEMORY
            return describe_status(status)
        except OSError as error:
            raise SandboxError(f"the sandbox died: {error}") from error

    def close(self) -> None:
        self.closed = True
        self._stop()

    def _stop(self) -> None:
        if self.control is not None:
            self.control.close()  # the zygote kills its worker, empties the scratch folder and ends
            self.control = None
        if self.process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.communicate(timeout=2)
            self.process.kill()
            self.process.communicate()
            self.process = None
        if self.scratch:
            for _ in range(20):
                with contextlib.suppress(OSError):
                    scratch.empty(self.scratch)
                    os.rmdir(self.scratch)
                if not os.path.exists(self.scratch):
                    break
                time.sleep(0.05)
            self.scratch = ""


def isolation_level(lacking: dict[str, str]) -> str:
    """The words that are stamped on every report."""
    if not lacking:
        return "strong: " + ", ".join(confine.LAYERS)
    return "weak: without " + ", ".join(sorted(lacking))


def launcher(library: str, disabled: tuple[str, ...] = ()) -> Launcher:
    """The strongest launcher that this system has."""
    if sys.platform == "linux":
        return Zygote(library, disabled)
    spawner = Spawner(library)
    spawner.isolation = isolation_level(confine.missing(disabled))
    return spawner
