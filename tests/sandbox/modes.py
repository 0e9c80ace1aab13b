"""The places that a grader finds itself in, made on one machine: `python modes.py MODE` runs the behaviours that any
sandbox must have there and prints what happened, as JSON.

Nothing of the machine is changed: each mode is a process that gives up rights, in a mount namespace of its own."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import platform
import stat
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "sandbox")]

from play import ask, below, play, processes  # noqa: E402

from grader.cli.doctor import described  # noqa: E402
from grader.model import Limits  # noqa: E402
from grader.sandbox import cgroup  # noqa: E402
from grader.sandbox.trial import try_sandbox  # noqa: E402
from grader.sandbox.worker import identity, kernel, namespaces, seccomp  # noqa: E402
from grader.sandbox.zygote import Zygote  # noqa: E402

PLAIN = 61_234  # a plain user's number
# mode -> who, whether it lacks SYS_ADMIN and unshare as in a container, layers that are switched off
MODES: dict[str, tuple[str, bool, str]] = {
    "plain user": ("plain", False, ""),
    "plain user, user namespaces off": ("plain", True, ""),
    "plain user, without Landlock": ("plain", False, "landlock"),
    "plain user, without seccomp": ("plain", False, "seccomp"),
    "plain user, only namespaces and rlimits": ("plain", False, "landlock seccomp"),
    "plain user, only rlimits": ("plain", True, "landlock seccomp"),
    "root": ("root", False, ""),
    "root, without Landlock": ("root", False, "landlock"),
    "root, without seccomp": ("root", False, "seccomp"),
    "root in a container": ("root", True, ""),
    "root in a container, without Landlock": ("root", True, "landlock"),
    "root in a container, without seccomp": ("root", True, "seccomp"),
}


# -- going there ---------------------------------------------------------------------------------------------


def go(mode: str) -> None:
    """Become a process in this mode and run the behaviours. Root may go anywhere, a plain user only to its own."""
    who, confined, _ = MODES[mode]
    folder = tempfile.gettempdir()
    os.chmod(folder, 0o1777)
    if os.getuid() == 0 and (who == "plain" or confined):
        namespaces.unshare(namespaces.NEWNS)
        namespaces.mount(None, "/", None, namespaces.MS_REC | namespaces.MS_PRIVATE)
        for path in (sys.base_prefix, sys.prefix, str(ROOT)):
            make_reachable(path)
    if confined:
        if os.getuid() == 0:
            namespaces.mount("none", "/sys/fs/cgroup", "tmpfs", 0, "mode=755")  # a container shows none to write in
        no_unshare()
    if os.getuid() == 0 and who == "plain":
        os.chown(folder, PLAIN, PLAIN)
        identity.drop_to(PLAIN)
    elif confined:
        kernel.prctl(24, kernel.CAP_SYS_ADMIN)  # PR_CAPBSET_DROP
    os.execv(sys.executable, [sys.executable, "-P", __file__, "inside", mode])


def make_reachable(path: str) -> None:
    """Where a folder above lets only its owner in, hide it behind one that holds nothing but the path."""
    for above in reversed(Path(path).parents):
        if not above.stat().st_mode & stat.S_IXOTH:
            fd = os.open(path, os.O_PATH)
            namespaces.mount("none", str(above), "tmpfs", 0, "mode=755")
            os.makedirs(path)
            namespaces.mount(f"/proc/self/fd/{fd}", path, None, namespaces.MS_BIND | namespaces.MS_REC)
            os.close(fd)
            return


def no_unshare() -> None:
    """As in a container: unshare answers EPERM, here and in all that follows."""
    machine = platform.machine()
    number = dict(row.split("=") for row in seccomp.REFUSED.split())["unshare"].split("/")[machine != "x86_64"]
    program = b"".join(
        struct.pack("=HBBI", *op)
        for op in [
            (seccomp.LOAD, 0, 0, seccomp.NR),
            (seccomp.JEQ, 0, 1, int(number)),
            (seccomp.RETURN, 0, 0, seccomp.EPERM),
            (seccomp.RETURN, 0, 0, seccomp.ALLOW),
        ]
    )
    if os.getuid() != 0:
        kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    code = ctypes.create_string_buffer(program, len(program))
    filled = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(code)))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.addressof(filled))


# -- what is done there --------------------------------------------------------------------------------------

SOURCE = """
import os, sys, time
import numpy as np
def doubles(X):
    return 2 * X
def crashes(x):
    import ctypes
    ctypes.string_at(0)
def leaves(x):
    os._exit(3)
def loops(x):
    while True:
        pass
def hoards(x):
    kept = []
    while True:
        kept.append(np.ones(1 << 22))
def floods(x):
    for _ in range(3000):
        print("x" * 999)
    return 7.0
def imports(x):
    import sqlite3, statistics, zoneinfo, decimal, numpy.polynomial.chebyshev
    return statistics.mean([1, 3])
def who(x):
    home = os.path.expanduser("~")
    at_home = os.getcwd() == os.path.realpath(home) and os.listdir(home) == []
    return {"uid": os.getuid(), "groups": len(os.getgroups()), "names": sorted(os.environ), "at home": at_home}
def breeds(x):
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                time.sleep(60)
            time.sleep(60)
    return 1.0
def writes(x):
    for folder in [".", "..", "/tmp", "/dev/shm"]:
        try:
            open(os.path.join(folder, "grader-left-behind"), "w").close()
            os.mkdir(os.path.join(folder, "grader-left-folder"))
        except OSError:
            pass
    return 1.0
"""
LIMITS = Limits(question=30.0, submission=120.0, memory=512 << 20, output=4000)


def inside(mode: str) -> dict[str, object]:
    disabled = tuple(MODES[mode][2].split())
    clear()
    started = time.monotonic()
    found = try_sandbox(Limits(), disabled)
    seconds = time.monotonic() - started
    made = Zygote(disabled=disabled)
    X = {"X": [[0.5, 1.5], [2.5, 3.5]]}
    x = {"x": 1.0}
    out: dict[str, object] = {
        "level": found.level,
        "launcher": made.isolation,
        "lacking": found.lacking,
        "open": [name for name, succeeded in found.attempts.items() if succeeded],
        "doctor": described(found),
        "seconds": seconds,
    }
    try:
        questions = [
            ask("doubles", X),
            ask("crashes", x, x),
            ask("leaves", x),
            ask("loops", x, seconds=0.5),
            ask("hoards", x),
            ask("floods", x),
            ask("imports", x),
            ask("who", x, kind="dict"),
            ask("breeds", x),
            ask("writes", x),
            ask("doubles", {"X": 4.0}),
        ]
        for i, question in enumerate(questions):
            (responses,) = play(made, SOURCE, question, limits=LIMITS).values()
            out[f"{question.name}{i}"] = [
                [r.failure.verdict.value, r.failure.message] if r.failure else plain(r.values["out"]) for r in responses
            ]
            left = below(made.pid)
            out.setdefault("left", []).extend(processes()[pid][1] for pid in left)  # type: ignore[attr-defined]
        channel = made.start(LIMITS)
        status = dict(row.split(":\t", 1) for row in Path(f"/proc/{channel.pid}/status").read_text().splitlines())
        out["parent of the worker"] = int(status["PPid"]) == made.pid
        channel.end()
        out["files left"] = [str(p) for f in ("/tmp", "/dev/shm") for p in Path(f).glob("grader-left-*")]
        seen = below(os.getpid())
        out["processes"] = len(seen)
    finally:
        made.close()
        clear()
    out["processes after"] = len(below(os.getpid()))
    out["files after"] = os.listdir(tempfile.gettempdir())
    groups = [] if cgroup.missing() else [g for f in cgroup.parents()[0].values() for g in os.listdir(f)]
    out["groups after"] = [g for g in groups if g.startswith(f"{cgroup.PREFIX}{os.getpid()}-")]
    return out


def clear() -> None:
    """Remove what `writes` could leave."""
    for folder in (Path("/tmp"), Path("/dev/shm")):
        with contextlib.suppress(OSError):
            (folder / "grader-left-behind").unlink()
        with contextlib.suppress(OSError):
            (folder / "grader-left-folder").rmdir()


def plain(value: object) -> object:
    return value.tolist() if hasattr(value, "tolist") else value


def run(mode: str, folder: Path) -> dict[str, object]:
    """What happened in a mode, by a process of its own."""
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), "LANG": "C.UTF-8", "GRADER_TEST_SECRET": "x"}
    command = [sys.executable, "-P", __file__, "go", mode]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    if done.returncode:
        raise AssertionError(f"{mode}: {done.stderr[-3000:]}")
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    if sys.argv[1] == "go":
        go(sys.argv[2])
    print(json.dumps(inside(sys.argv[2])))
