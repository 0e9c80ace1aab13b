"""What a worker is given when the sandbox is tried (probe.py): it is run as a submission, never imported by us.

Each attempt says whether it succeeded. None does harm: signals are number 0, files are removed, the threads wait and
end, and the process that is left behind sleeps for some seconds."""

from __future__ import annotations

import _thread
import contextlib
import ctypes
import mmap
import os
import socket
import time
from collections.abc import Callable
from typing import Any


def tried(action: Callable[[], object]) -> bool:
    try:
        return bool(action())
    except BaseException:
        return False


def opened(path: str) -> bool:
    with open(path, "rb") as file:
        return len(file.read(1)) > 0


def planted(folder: str) -> bool:
    """Make a file there and remove it."""
    path = os.path.join(folder, f"grader-probe-planted-{os.getpid()}")
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    os.unlink(path)
    return True


def looked(parent: int) -> bool:
    """Any of the parent's memory, environment and files."""

    def memory() -> bool:
        os.close(os.open(f"/proc/{parent}/mem", os.O_RDONLY))
        return True

    files = tried(lambda: os.listdir(f"/proc/{parent}/fd"))
    return tried(memory) or files or tried(lambda: opened(f"/proc/{parent}/environ"))


def signalled(pid: int) -> bool:
    os.kill(pid, 0)
    return True


def connected(family: int, address: Any) -> bool:
    with socket.socket(family) as made:
        made.settimeout(2)
        made.connect(address)
        return True


def sent(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        return made.sendto(b"x", ("127.0.0.1", port)) == 1


def forked() -> bool:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return True


def left_behind() -> bool:
    """A process in a session of its own, whose parent is gone."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(5)
        os._exit(0)
    os.waitpid(pid, 0)
    return True


def own_namespace() -> bool:
    return bool(ctypes.CDLL(None).unshare(0x10000000) == 0)


def crowded(count: int) -> bool:
    """Whether so many threads can wait at a time. Not `threading`: it waits for ever for one that has no memory."""
    gate, before = _thread.allocate_lock(), _thread._count()
    gate.acquire()

    def wait() -> None:
        with gate:
            pass

    started, deadline = 0, time.monotonic() + 2
    with contextlib.suppress(RuntimeError, MemoryError):
        old = _thread.stack_size(1 << 16)
        for _ in range(count):
            _thread.start_new_thread(wait, ())
            started += 1
        _thread.stack_size(old)
        while _thread._count() - before < count and time.monotonic() < deadline:
            time.sleep(0.001)
    most = _thread._count() - before
    gate.release()
    while _thread._count() > before and time.monotonic() < deadline:
        time.sleep(0.001)
    return started == count and most >= count


def attempt(
    secret: str,
    private: str,
    other: str,
    folder: str,
    shared: list[str],
    ports: list[int],
    unix: str,
    abstract: str,
    parent: int,
    threads: int,
) -> dict[str, bool]:
    return {
        "exists": tried(lambda: os.stat(secret)),
        "read": tried(lambda: opened(secret)),
        "private": tried(lambda: opened(private)),
        "submission": tried(lambda: opened(other)),
        "look": looked(int(parent)),
        "write": tried(lambda: planted(folder)),
        "leave": any(tried(lambda place=place: planted(place)) for place in shared),  # type: ignore[misc]
        "connect": tried(lambda: connected(socket.AF_INET, ("127.0.0.1", int(ports[0])))),
        "udp": tried(lambda: sent(int(ports[1]))),
        "unix": tried(lambda: connected(socket.AF_UNIX, unix)),
        "abstract": abstract != "" and tried(lambda: connected(socket.AF_UNIX, "\0" + abstract)),
        "signal": tried(lambda: signalled(int(parent))),
        "zygote": tried(lambda: signalled(os.getppid())),
        "fork": tried(forked),
        "daemon": tried(left_behind),
        "namespace": tried(own_namespace),
        "threads": tried(lambda: crowded(int(threads))),
    }


def memory(size: int) -> bool:
    """Touch every page of so many bytes."""
    try:
        block = mmap.mmap(-1, int(size))
    except (OSError, MemoryError):
        return False
    for at in range(0, int(size), mmap.PAGESIZE):
        block[at] = 1
    return True


def become(python: str) -> bool:
    """Become another program: the first of these that there is, of which the last is in every worker's reach."""
    for path in (python, "/bin/true", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"):
        tried(lambda path=path: os.execv(path, [path, "--version"]))  # type: ignore[misc]
    return False
