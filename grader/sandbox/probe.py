"""Does the sandbox hold? A worker is given code that really tries to get out, and says how far it came."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import tempfile
from pathlib import Path

from ..errors import SandboxError
from ..model import AnswerKey, FrozenCase, FrozenQuestion, Limits, Output, SourceFile, Step, Submission
from .run import Runner
from .spawn import Launcher

# What must not work, and the layer that stops it.
ATTEMPTS = {
    "read": "read a file outside",
    "write": "write a file outside",
    "connect": "connect to a listener",
    "fork": "start a process",
    "signal": "signal the grader",
    "memory": "use more memory than allowed",
}
ATTACK = b"""
import mmap, os, socket

def attempt(secret, folder, port, parent, memory):
    def tried(action):
        try:
            return bool(action())
        except BaseException:
            return False

    def read():
        return open(secret).read() != ""

    def write():
        open(os.path.join(folder, "planted"), "w").close()
        return True

    def connect():
        socket.create_connection(("127.0.0.1", port), 2).close()
        return True

    def fork():
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return True

    def signal():
        os.kill(parent, 0)
        return True

    def allocate():
        return len(mmap.mmap(-1, memory)) > 0  # address space only: nothing is touched

    return {"read": tried(read), "write": tried(write), "connect": tried(connect),
            "fork": tried(fork), "signal": tried(signal), "memory": tried(allocate)}
"""


def what_is_open(launcher: Launcher, limits: Limits) -> list[str]:
    """The attempts that succeeded, in words; empty where the sandbox holds. Raises SandboxError."""
    with tempfile.TemporaryDirectory(prefix="grader-probe-") as folder, socket.socket() as listener:
        secret = Path(folder) / "secret"
        secret.write_text(secrets.token_hex(8))
        os.chmod(folder, 0o777)  # so that only a layer, not a mode, can hold
        secret.chmod(0o666)
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        inputs = {
            "secret": str(secret),
            "folder": folder,
            "port": listener.getsockname()[1],
            "parent": os.getpid(),
            "memory": limits.memory * 3,
        }
        question = FrozenQuestion(
            "attempt",
            "",
            tuple(inputs),
            (Output("result", 1.0, kind="dict"),),
            (Step("function", "attempt", tuple(inputs), ("result",)),),
            (FrozenCase("probe", True, inputs, {}, {}),),
        )
        key = AnswerKey("probe", "", "probe.py", "numpy", (question,), {})
        submission = Submission("probe", (SourceFile("probe.py", ATTACK),), "probe.py")
        runner = Runner(key, submission, launcher, limits)
        with contextlib.closing(runner):
            ((_, found),) = runner.responses([question])
        response = found["probe"]
        result = response.values.get("result")
        if not isinstance(result, dict):
            why = response.failure.message if response.failure else "no answer"
            raise SandboxError(f"the sandbox could not be tried: {why}")
        return [words for name, words in ATTEMPTS.items() if result.get(name) is not False]
