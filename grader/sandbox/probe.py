"""Does the sandbox hold? A worker is given code that really tries to get out, and says how far it came.

Every attempt is small enough to do no harm where nothing stops it."""

from __future__ import annotations

import contextlib
import os
import secrets
import select
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from ..errors import SandboxError
from ..model import (
    AnswerKey,
    FrozenCase,
    FrozenQuestion,
    Limits,
    Output,
    Response,
    SourceFile,
    Step,
    Submission,
    Value,
    Verdict,
)
from .channel import Channel
from .run import Runner
from .spawn import Launcher
from .worker import confine
from .zygote import Zygote

# What must not work, in words that follow "a worker can".
ATTEMPTS = {
    "read": "read a file outside",
    "private": "read a file that is the grader's alone",
    "submission": "read another submission",
    "look": "look into the grader's process",
    "write": "write a file outside",
    "leave": "leave a file in a shared folder",
    "connect": "connect to a listener",
    "udp": "send a datagram",
    "unix": "connect to a socket file",
    "abstract": "connect to an abstract socket",
    "fork": "start a process",
    "exec": "become another program",
    "daemon": "leave a process behind",
    "signal": "signal the grader",
    "zygote": "signal the process that starts workers",
    "namespace": "make a user namespace",
    "threads": "start more threads than allowed",
    "memory": "use more memory than allowed",
}
# What gives nothing away that counts, and is open on some machines that are strong.
NOTED = {"exists": "tell whether a file outside exists"}
MEMORY = 384 << 20  # bytes allowed while it is tried; a quarter more is touched
THREADS = 2 * confine.THREADS
LONGEST = 70  # of a folder in which a socket can be made
DAEMON_SECONDS = 0.5  # within which a process that outlives its worker shows


def what_is_open(launcher: Launcher, limits: Limits) -> list[str]:
    """The attempts that succeeded, in words; empty where the sandbox holds. Raises SandboxError."""
    found = attempts(launcher, limits)
    return [words for name, words in ATTEMPTS.items() if found[name]]


def attempts(launcher: Launcher, limits: Limits) -> dict[str, bool]:
    """Each of ATTEMPTS and NOTED, and whether it succeeded. Raises SandboxError."""
    watched, said = _Watched(launcher), dict[str, Response]()
    torch = getattr(launcher, "library", "numpy") == "torch"  # such a worker may have twice as much
    source = resources.files(__package__).joinpath("attack.py").read_bytes()
    submission = Submission("probe", (SourceFile("probe.py", source),), "probe.py")
    with _traps(launcher) as traps:
        whole = [
            _asked("attempt", {**traps, "parent": os.getpid(), "threads": THREADS}, "dict"),
            _asked("become", {"python": sys.executable}, "bool"),
        ]
        small = [_asked("memory", {"size": MEMORY * (2 if torch else 1) * 5 // 4}, "bool")]
        for asked, allowed in ((whole, limits), (small, replace(limits, memory=MEMORY))):
            key = AnswerKey("probe", "", "probe.py", "numpy", tuple(asked), {})
            with contextlib.closing(Runner(key, submission, watched, allowed)) as runner:
                said |= {question.name: found["probe"] for question, found in runner.responses(asked)}
    results = said["attempt"].values.get("result")
    if not isinstance(results, dict):
        raise SandboxError(f"the sandbox could not be tried: {_why(said['attempt'])}")
    found = {name: results.get(name) is not False for name in (*ATTEMPTS, *NOTED)}
    failure = said["memory"].failure
    killed = failure is not None and failure.verdict is Verdict.MEMORY
    found["memory"] = said["memory"].values.get("result") is not False and not killed
    found["exec"] = said["become"].values.get("result") is not False
    found["daemon"] = watched.outlived()
    return found


def _asked(name: str, inputs: dict[str, Value], kind: str) -> FrozenQuestion:
    steps = (Step("function", name, tuple(inputs), ("result",)),)
    case = FrozenCase("probe", True, inputs, {}, {})
    return FrozenQuestion(name, "", tuple(inputs), (Output("result", 1.0, kind=kind),), steps, (case,))


def _why(response: Response) -> str:
    return response.failure.message if response.failure else "no answer"


@contextlib.contextmanager
def _traps(launcher: Launcher) -> Iterator[dict[str, Value]]:
    """Files and listeners of ours that a worker must not reach; no mode bit keeps it from most of them. A zygote is up
    before the first of them is made, and removes them should the grader be killed."""
    with contextlib.ExitStack() as stack:
        place = tempfile.gettempdir() if len(tempfile.gettempdir()) < LONGEST else "/tmp"  # a socket's name: 108 bytes
        folder = Path(place, f"grader-probe-{secrets.token_hex(4)}")
        if isinstance(launcher, Zygote):
            launcher.also = str(folder)
            launcher.warm()
        folder.mkdir(0o700)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o777)
        secret, private, other = folder / "secret", folder / "private", folder / "submissions" / "other.py"
        other.parent.mkdir(mode=0o755)
        for path, mode in ((secret, 0o666), (private, 0o600), (other, 0o644)):
            path.write_text("not for you")
            path.chmod(mode)
        tcp, udp = stack.enter_context(socket.socket()), stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
        for listener in (tcp, udp):
            listener.bind(("127.0.0.1", 0))
        names = [str(folder / "socket"), f"\0{folder.name}" if sys.platform == "linux" else ""]
        for name in filter(None, names):
            listener = stack.enter_context(socket.socket(socket.AF_UNIX))
            listener.bind(name)
            listener.listen(4)
        (folder / "socket").chmod(0o777)
        tcp.listen(4)
        yield {
            "secret": str(secret),
            "private": str(private),
            "other": str(other),
            "folder": str(folder),
            "shared": ["/tmp", "/var/tmp", "/dev/shm", os.path.expanduser("~"), tempfile.gettempdir()],
            "ports": [tcp.getsockname()[1], udp.getsockname()[1]],
            "unix": names[0],
            "abstract": names[1][1:],
        }


@dataclass
class _Watched:
    """A launcher whose workers' output is held open: it ends when the last process that has it is gone."""

    inner: Launcher
    outputs: list[int] = field(default_factory=list)

    @property
    def isolation(self) -> str:
        return self.inner.isolation

    @isolation.setter
    def isolation(self, words: str) -> None:
        self.inner.isolation = words

    def start(self, limits: Limits) -> Channel:
        channel = self.inner.start(limits)
        if (output := getattr(channel.line, "output_fd", -1)) >= 0:
            self.outputs.append(os.dup(output))
        return channel

    def close(self) -> None:
        self.inner.close()

    def outlived(self) -> bool:
        """Whether a process of a worker lives on after its end. Closes what is held."""
        held, self.outputs = self.outputs, []
        ended = [_ended(fd) for fd in held]  # all of them: each closes its own
        return not all(ended)


def _ended(fd: int) -> bool:
    deadline = time.monotonic() + DAEMON_SECONDS
    try:
        while (left := deadline - time.monotonic()) > 0:
            if select.select([fd], [], [], left)[0] and not os.read(fd, 1 << 16):
                return True
        return False
    finally:
        os.close(fd)
