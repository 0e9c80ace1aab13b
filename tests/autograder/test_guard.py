"""What is let pass, what is refused, and that the key is really tried."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from layout import CONTAINER, environment

from grader.autograder.guard import CLOSED, only_readable, require_closed
from grader.errors import WeakIsolationError
from grader.model import Limits
from grader.sandbox.spawn import Launcher
from grader.sandbox.trial import Finding
from grader.sandbox.worker import confine
from grader.sandbox.zygote import Zygote

pytestmark = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)
root = pytest.mark.skipif(os.getuid() != 0, reason="NOT RUN: a user of the worker's own takes root")
HELD = dict.fromkeys(("read", "private", "submission", "look", "write", "exists"), False)


def finding(lacking: tuple[str, ...], *opened: str) -> Finding:
    attempts = {**HELD, **dict.fromkeys(opened, True)}
    return Finding(dict.fromkeys(lacking, "not here"), attempts, "", "weak: …", True)


NO_RIGHTS = ("namespaces", "cgroup")


@pytest.mark.parametrize(
    ("found", "passes"),
    [
        (finding((*NO_RIGHTS, "landlock"), "read", "submission", "exists"), True),
        (finding((*NO_RIGHTS, "landlock"), "read", "private"), False),
        (finding((*NO_RIGHTS, "landlock"), "read", "leave"), False),
        (finding((*NO_RIGHTS, "landlock", "seccomp"), "read"), False),
        (finding((*NO_RIGHTS, "landlock", "uid"), "read"), False),
        (finding(NO_RIGHTS, "read"), True),
        (Finding({"landlock": "not here"}, {}, "nothing was tried", "weak: …", True), False),
    ],
)
def test_readable_files_alone_are_let_pass(found: Finding, passes: bool) -> None:
    assert only_readable(found) is passes


@contextlib.contextmanager
def sandbox(*disabled: str) -> Iterator[Launcher]:
    with contextlib.closing(Zygote("numpy", disabled)) as made:
        yield made


TRY = """
import contextlib, os, sys
from pathlib import Path
from grader.autograder.guard import require_closed, trusted
from grader.errors import WeakIsolationError
from grader.model import Limits
from grader.sandbox.zygote import launcher
folder = sys.argv[1]
key = Path(folder, "assignment.key")
print(trusted(Limits(), False))
with contextlib.closing(launcher("numpy")) as box:
    channel = box.start(Limits())
    channel.request({"op": "ready", "library": "numpy", "fixtures": False}, [], 60, 1 << 16)
    print(Path(f"/proc/{channel.pid}/oom_score_adj").read_text().strip())
    channel.end()
    for mode, paths in ((0o600, [key]), (0o644, [key]), (0o600, [folder])):
        key.chmod(mode)
        try:
            require_closed(box, "numpy", Limits(), list(map(str, paths)), [folder])
            print("closed")
        except WeakIsolationError as error:
            print(error)
"""


@root
def test_a_key_that_others_can_read_is_found_out() -> None:
    """In a container without Landlock its mode is all that protects it. And of all processes there the worker is the
    one that the kernel ends where memory runs out."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        Path(folder, "assignment.key").write_bytes(b"the answers")
        command = [*CONTAINER, "--without", "landlock", "--", sys.executable, "-P", "-c", TRY, folder]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120, check=False)
    level, ended_first, closed, opened, listed = done.stdout.splitlines()
    assert ended_first == "1000"
    assert level == f"weak: without landlock; {CLOSED}" and closed == "closed"
    assert opened == f"a worker can read {folder}/assignment.key: nothing is graded where it can"
    assert listed.startswith(f"a worker can read {folder}:")


def test_layers_close_what_modes_leave_open() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder, sandbox() as box:
        os.chmod(folder, 0o777)
        key = Path(folder, "assignment.key")
        key.write_bytes(b"the answers")
        require_closed(box, "numpy", Limits(), [str(key), folder], [folder])
        assert os.listdir(folder) == ["assignment.key"]


def test_a_sandbox_that_does_not_answer_is_none() -> None:
    class Broken:
        isolation = "none"

        def start(self, limits: Limits) -> object:
            from grader.errors import SandboxError

            raise SandboxError("no processes left")

    with pytest.raises(WeakIsolationError, match="could not be tried: no processes left"):
        require_closed(Broken(), "numpy", Limits(), [], [])  # type: ignore[arg-type]
