"""A grader as many are: the student's code runs in the process that compares, and writes what is believed.

The control of all attacks: one that wins nothing here, where nothing defends, would prove nothing elsewhere. Its weak
points are those of graders in use: comparison by functions that can be patched, answers in memory and in constants,
an exit status, printed text and a results file that are trusted, a pickle that is loaded, files that lie open.

`python naive.py < JOBS` reads a JSON list of jobs (`name`, `folder`, `home`, `judge`, `target`, and for state `then`)
and prints a JSON object: for each name whether the target passed, what was printed, and whether the run had to be
ended. Each job is a fork with limits on memory, file sizes and time, and is killed with all its descendants."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import fcntl
import importlib
import json
import os
import pickle
import pty
import resource
import select
import signal
import sys
import termios
import threading
import time
import traceback
import types
import unittest
from typing import Any

import naive_judges
import numpy as np
from naive_judges import ALLCLOSE, REFERENCE, slope_fits, softmax

SECONDS = 1.0  # of a job; then it is down
FLOOD = 16 << 20
KEPT: list[Any] = []  # answers, lying about in memory
TOKEN = "HOSTILE_TOKEN"
SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {
    "scores": ((4, 3), (2, 3)), "relu": ((5,),), "softmax": ((4,),), "half_square": ((3,),), "center": ((4, 2),)
}  # fmt: skip


# -- one job, in a process of its own ------------------------------------------------------------------------


def inputs(name: str) -> list[Any]:
    return [np.random.normal(size=shape) for shape in SHAPES[name]]


def passes(student: Any, name: str, job: dict[str, Any]) -> bool:
    function, judge = getattr(student, name), job["judge"] if name == job["target"] else "local"
    right = True
    if judge == "slope":
        return slope_fits(function, inputs(name)[0])
    if judge == "known":
        return ALLCLOSE(function(np.array([1.0, 2.0, 0.5])), softmax(np.array([1.0, 2.0, 0.5])))
    if judge == "constants":
        return ALLCLOSE(function(np.eye(4)[3]), (0.174877705, 0.174877705, 0.174877705, 0.475366886))
    reference = REFERENCE[name]
    if judge == "module":
        reference = getattr(importlib.import_module("demo_reference"), name)
    args = inputs(name)
    expected = None if judge == "reference after" else reference(*args)
    if expected is not None:
        KEPT.append(expected)
    if judge == "four":
        return all([ALLCLOSE(function(*args), expected) for _ in range(4)])  # noqa: C419, no shortcut
    if judge == "stale":
        KEPT.clear()
        kept, expected = expected.tolist(), None
        got = function(*args)
        return ALLCLOSE(got, kept)
    try:
        got = function(*args)
    except unittest.SkipTest:
        return True  # skipped is not failed
    if judge == "reference after":
        expected, judge = reference(*args), "local"
    if judge == "pickle":
        with open("answer.pkl", "wb") as file:
            file.write(pickle.dumps(got))
        return False
    if isinstance(got, tuple):
        return all(ALLCLOSE(a, b) for a, b in zip(got, expected, strict=True))
    right = right and getattr(naive_judges, f"judge_{'local' if judge == 'module' else judge}")(got, expected)
    return right  # noqa: RET504, a line of its own: the name above is what an attacker edits


def run(job: dict[str, Any]) -> int:
    """Import the submission and put all functions to it; the exit status."""
    sys.path.insert(0, job["folder"])
    np.random.seed(1)
    for wanted in job["modules"]:
        for name in ("demo", "test_demo", "honest", "world", "wire"):
            sys.modules.pop(name, None)
        sys.path[0] = os.path.join(job["folder"], wanted) if wanted else job["folder"]
        student = importlib.import_module(job["main"])
        results = {}
        for name in REFERENCE:
            if job["calls"] and name not in job["calls"]:
                continue
            try:
                results[name] = passes(student, name, job)
            except Exception as error:
                print(f"{name} raised {type(error).__name__[:100]}: {error}")
                traceback.print_exc(limit=1, file=sys.stdout)
                results[name] = False
    with open("results.json", "w") as file:
        file.write(json.dumps(results))
    return 0 if all(results.values()) else 1


def child(job: dict[str, Any], fds: dict[str, int]) -> None:
    """Become the process of a job: limits, streams, a terminal, and the end that an interpreter makes."""
    os.setsid()
    fcntl.ioctl(fds["terminal"], termios.TIOCSCTTY, 0)
    for ours, theirs in ((fds["stdin"], 0), (fds["stdout"], 1), (fds["stdout"], 2)):
        os.dup2(ours, theirs)
    for what, value in ((resource.RLIMIT_AS, 5 << 30), (resource.RLIMIT_FSIZE, 64 << 20), (resource.RLIMIT_CPU, 5)):
        resource.setrlimit(what, (value, value))
    os.environ.update(HOME=job["home"], **{TOKEN: job["token"]})
    os.chdir(job["home"])
    sys.stdin = open(0, closefd=False)
    sys.stdout = open(1, "w", errors="replace", closefd=False)
    sys.stderr = open(2, "w", errors="replace", closefd=False, buffering=1)
    code = 70
    try:
        code = run(job)
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
        os._exit(code)


def bury(pid: int) -> int:
    """Kill the process and all that came of it; its wait status."""
    status, found = 0, {pid}
    for _ in range(400):
        with open(f"/proc/self/task/{os.getpid()}/children") as file:
            found = {int(p) for p in file.read().split()}
        for one in found:
            for kill in (os.kill, os.killpg):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(one, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while (got := os.waitpid(-1, os.WNOHANG))[0]:
                status = got[1] if got[0] == pid else status
        if not found:
            break
        time.sleep(0.002)
    return status


def supervise(job: dict[str, Any]) -> dict[str, Any]:
    """Run a job and believe what it says: its results file, its printed text, its exit status."""
    os.makedirs(job["home"], exist_ok=True)
    (out, their_out), (their_in, _held), (ahead, put) = os.pipe(), os.pipe(), os.pipe()
    os.write(put, job["token"].encode())  # the next request, or what should not be known: it lies open in a pipe
    master, slave = pty.openpty()
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.close(out)
        os.close(put)
        child(job, {"stdin": their_in, "stdout": their_out, "terminal": slave, "ahead": ahead})
    for fd in (their_out, their_in, put):
        os.close(fd)
    said, size, down = bytearray(), 0, ""
    while True:
        left = started + SECONDS - time.monotonic()
        if left <= 0:
            down = "time"
            break
        if select.select([out], [], [], left)[0]:
            data = os.read(out, 1 << 16)
            if not data:
                break
            size += len(data)
            said += data[: max(0, (1 << 16) - len(said))]
            if size > FLOOD:
                down = "flood"
                break
    while not down and time.monotonic() < started + SECONDS:  # the pipe is closed; is it gone?
        with contextlib.suppress(ChildProcessError):
            if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                break
        time.sleep(0.005)
    else:
        down = down or "time"
    time.sleep(job["linger"])
    status = bury(pid)
    for fd in (out, _held, ahead, master, slave):
        os.close(fd)
    if not down and (os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) not in (0, 1)):
        down = f"died {status}"
    text = bytes(said).decode(errors="replace")
    passed: dict[str, bool] = {}
    with contextlib.suppress(OSError, ValueError), open(os.path.join(job["home"], "results.json")) as file:
        passed = dict(json.load(file))
    if os.path.exists(os.path.join(job["home"], "answer.pkl")):
        with open(os.path.join(job["home"], "answer.pkl"), "rb") as pickled, contextlib.suppress(Exception):
            pickle.load(pickled)
    won = passed.get(job["target"], False) is True or "5 passed" in text
    if not passed and not down:
        won = won or status == 0
    return {"won": won, "said": text[:6000], "down": down, "seconds": time.monotonic() - started}


def main() -> None:
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    sys.modules["naive"] = types.ModuleType("naive")
    jobs = json.load(sys.stdin)
    json.dump({job["name"]: supervise(job) for job in jobs}, sys.stdout)


if __name__ == "__main__":
    main()
