"""The confined worker, for Linux: a warm process with the libraries imported, forked once per submission."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from ..errors import SandboxError
from ..model import Limits
from . import cgroup, layers
from .channel import Channel
from .layers import level as isolation_level
from .line import PolledLine
from .spawn import FAILED, OUT_OF_MEMORY, Launcher, Spawner, clean_environment, command, describe_status
from .worker import scratch

READY_SECONDS = 120.0
CPU_MARGIN = 2 * 3600  # seconds of processor time: threads and an author's longer limits count; the clock is ours
CREDENTIALS = socket.CMSG_SPACE(12) if sys.platform == "linux" else 0  # struct ucred: pid, uid, gid
MEMORY_SHARE = 0.75  # of the limit: a worker that dies by a signal with more is out of memory


class Zygote:
    """A warm process with the libraries imported and no student code, forked once per worker.

    fresh: which files earlier workers read or looked for on this machine is not to be told from within, by the clock
    or otherwise: for a run of which the student is shown more than of those (cohort/public.py).

    Raises SandboxError when it cannot be started or dies."""

    def __init__(self, library: str = "numpy", disabled: tuple[str, ...] = (), fresh: bool = False) -> None:
        self.library, self.fresh = library, fresh
        self.lacking = layers.missing(disabled)
        self.layers = tuple(layer for layer in layers.ALL if layer not in self.lacking)
        self.isolation = isolation_level(self.lacking)
        self.counts_alone = bool(
            {"rlimits", "seccomp"} & set(self.lacking)
        )  # else no worker reaches its cgroup's limit
        self.process: subprocess.Popen[bytes] | None = None
        self.control: socket.socket | None = None
        self.group: cgroup.Group | None = None
        self.pid = 0  # of the process that forks, which is not self.process where that one keeps its namespaces
        self.scratch = ""
        self.also = ""  # a folder of the grader's that goes with the zygote, should the grader be killed
        self.closed = False
        self.lock = threading.RLock()

    def warm(self) -> None:
        """Start the zygote now. Raises SandboxError."""
        self._boot()

    def _boot(self) -> socket.socket:
        if self.control is not None and self.process is not None and self.process.poll() is None:
            return self.control
        self._stop()
        try:
            self.group = cgroup.make() if "cgroup" in self.layers else None
        except OSError as error:
            raise SandboxError(f"cannot make a cgroup: {error}") from error
        self.scratch = tempfile.mkdtemp(prefix="grader-")  # the zygote removes it, should the grader be killed
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self.control = ours
        options = {
            "library": self.library,
            "fresh": self.fresh,
            "control": theirs.fileno(),
            "scratch": self.scratch,
            "also": self.also,
            "layers": self.layers,
            "groups": self.group.paths if self.group else [],
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
        self.pid = self._receive("start")["sender"]
        try:
            if self.group is not None:
                self.group.add(self.pid)
        except OSError as error:
            raise SandboxError(f"cannot use a cgroup: {error}") from error
        return ours

    def _receive(self, doing: str) -> dict[str, int]:
        """What the zygote says, and `sender`: the pid, in our numbering, that the kernel vouches for."""
        control, process = self.control, self.process
        if control is None or process is None:
            raise SandboxError("the sandbox was closed")
        try:
            data, extra, _, _ = control.recvmsg(4096, CREDENTIALS)
        except OSError as error:
            data, extra, reason = b"", [], str(error)
        else:
            reason = "it died"
        if not data:
            process.kill()
            with self.lock:  # a pipe is read by one thread
                _, stderr = process.communicate() if process.stderr and not process.stderr.closed else (b"", b"")
            last = stderr.decode(errors="replace").strip().splitlines()[-1:] or [reason]
            raise SandboxError(f"the sandbox failed to {doing}: {last[0][:200]}")
        said: dict[str, int] = json.loads(data)
        said["sender"] = said.get("pid", process.pid)
        for _, kind, content in extra:
            if kind == socket.SCM_CREDENTIALS:
                said["sender"] = struct.unpack("=3i", content)[0]
        return said

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
        if self.group is not None:
            self.group.limit(memory)
        order = {"op": "fork", "memory": memory, "seconds": int(limits.submission) + CPU_MARGIN}
        try:
            socket.send_fds(control, [json.dumps(order).encode()], theirs)
            said = self._receive("fork")
        except BaseException:
            for fd in (our_write, our_read, output):
                os.close(fd)
            raise
        finally:
            for fd in theirs:
                os.close(fd)
        line = PolledLine(our_read, our_write, output, limits.output)
        pid = said["sender"] if "namespaces" in self.layers else said["pid"]
        return Channel(line, functools.partial(self._bury, memory), pid)

    def _bury(self, memory: int) -> str:
        control = self.control
        if control is None:
            return "killed"
        try:
            control.send(b'{"op": "end"}')
            found = self._receive("end")
            status = found["status"]
            died = status >= 0 and (os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == FAILED)
            if died and found["resident"] * 1024 > MEMORY_SHARE * memory:  # CPython may crash where memory runs out
                return OUT_OF_MEMORY
            if died and self.group is not None and self.counts_alone and self.group.killed():
                return OUT_OF_MEMORY
            return describe_status(status)
        except OSError as error:
            raise SandboxError(f"the sandbox died: {error}") from error

    def close(self) -> None:
        self.closed = True
        self._stop()

    def _stop(self) -> None:
        """End the zygote. Ctrl-C closes from another thread: what one takes over, the other finds gone."""
        with self.lock:
            control, process, folder, group = self.control, self.process, self.scratch, self.group
            self.control, self.process, self.scratch, self.group = None, None, "", None
            if control is not None:
                control.close()  # the zygote kills its worker, empties the scratch folder and ends
            if process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.communicate(timeout=2)
                process.kill()
                process.communicate()
            if group is not None:
                group.close()
            if folder:
                _remove(folder)


def _remove(folder: str) -> None:
    for _ in range(20):
        with contextlib.suppress(OSError):
            scratch.empty(folder)
            os.rmdir(folder)
        if not os.path.exists(folder):
            return
        time.sleep(0.05)


def launcher(library: str, disabled: tuple[str, ...] = (), fresh: bool = False) -> Launcher:
    """The strongest launcher that this system has; `fresh`: see Zygote."""
    if sys.platform == "linux":
        return Zygote(library, disabled, fresh)
    spawner = Spawner()
    spawner.isolation = isolation_level(layers.missing(disabled))
    return spawner
