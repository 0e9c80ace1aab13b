"""Runs a command as the first of a family: what outlives it is handed to this process, told, and ended.

`python overseer.py PLACES PID-LINE-FILES... -- COMMAND` would be long: a JSON object on stdin says `command`, `places`
(files to which the command's own pid is appended, before it starts) and `environment`. The command gets a terminal
of its own, so that there is one to type into. Prints a JSON object."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import pty
import resource
import select
import signal
import sys
import termios
import time

LINGER = 0.4  # seconds in which what was left behind may show itself


def children() -> list[int]:
    with open(f"/proc/self/task/{os.getpid()}/children") as file:
        return [int(pid) for pid in file.read().split()]


def described(pid: int) -> str:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
        state = file.read().rpartition(")")[2].split()[0]
        if state not in "ZX":
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                return line.read().replace(b"\0", b" ").decode(errors="replace")[:200] or "no command line"
    return ""


def main() -> None:
    job = json.load(sys.stdin)
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    master, slave = pty.openpty()
    go, gone = os.pipe()
    out, err = os.memfd_create("out"), os.memfd_create("err")
    started = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        os.close(gone)
        os.read(go, 1)
        null = os.open(os.devnull, os.O_RDONLY)
        for ours, theirs in ((null, 0), (out, 1), (err, 2)):
            os.dup2(ours, theirs)
        os.closerange(3, 64)
        os.execve(job["command"][0], job["command"], job["environment"])
    for path in job["places"]:
        with open(path, "a") as file:
            file.write(f"GRADER = {pid}\n")
    os.write(gone, b"x")
    deadline = started + job["seconds"]
    while time.monotonic() < deadline and not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        time.sleep(0.02)
    code = os.waitpid(pid, os.WNOHANG)
    if code[0] == 0:
        os.kill(pid, signal.SIGKILL)
        code = os.waitpid(pid, 0)
    took = time.monotonic() - started
    time.sleep(LINGER)
    left = [line for child in children() if (line := described(child))]
    for _ in range(50):
        for child in children():
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if not children():
            break
        time.sleep(0.02)
    typed = os.read(master, 4096).decode(errors="replace") if select.select([master], [], [], 0)[0] else ""
    texts = []
    for fd in (out, err):
        os.lseek(fd, 0, os.SEEK_SET)
        texts.append(os.read(fd, 8 << 20).decode(errors="replace"))
    answer = {
        "code": os.waitstatus_to_exitcode(code[1]),
        "stdout": texts[0],
        "stderr": texts[1],
        "left": left,
        "typed": typed,
        "seconds": took,
        "peak": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << 10,  # bytes, of the largest process
    }
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
