"""A container of a platform, made on this machine: `python container.py [--without landlock] -- COMMAND …` becomes root
with the rights that Docker leaves, where unshare(2) is refused and no cgroup can be written to, and runs the command.

Nothing of the machine is changed: it is one process that gives up rights, in a mount namespace of its own. A kernel
without Landlock is one that does not know its calls."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "sandbox")]

from modes import make_reachable  # noqa: E402

from grader.sandbox.worker import kernel, namespaces, seccomp  # noqa: E402

PR_CAPBSET_DROP = 24
LANDLOCK = (444, 445, 446)  # the same on every machine
UNSHARE = {"x86_64": 272, "aarch64": 97}
# CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE, NET_RAW, SYS_CHROOT, MKNOD,
# AUDIT_WRITE, SETFCAP: what Docker leaves to root
KEPT = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}


def refuse(numbers: dict[int, int]) -> None:
    """System calls that answer with an error from here on."""
    rows = [(seccomp.LOAD, 0, 0, seccomp.NR)]
    for number, error in numbers.items():
        rows += [(seccomp.JEQ, 0, 1, number), (seccomp.RETURN, 0, 0, 0x00050000 | error)]
    program = b"".join(struct.pack("=HBBI", *row) for row in [*rows, (seccomp.RETURN, 0, 0, seccomp.ALLOW)])
    code = ctypes.create_string_buffer(program, len(program))
    filled = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(code)))
    kernel.prctl(kernel.PR_SET_SECCOMP, 2, ctypes.addressof(filled))


def enter(without: str) -> None:
    namespaces.unshare(namespaces.NEWNS)
    namespaces.mount(None, "/", None, namespaces.MS_REC | namespaces.MS_PRIVATE)
    for path in (sys.base_prefix, sys.prefix, str(ROOT)):
        make_reachable(path)
    if os.path.isdir("/sys/fs/cgroup"):
        namespaces.mount("none", "/sys/fs/cgroup", "tmpfs", 0, "mode=755")  # a container shows none to write in
    numbers = {UNSHARE[platform.machine()]: errno.EPERM}
    if without == "landlock":
        numbers |= dict.fromkeys(LANDLOCK, errno.ENOSYS)
    refuse(numbers)
    for capability in range(41):
        if capability not in KEPT:
            kernel.prctl(PR_CAPBSET_DROP, capability)


if __name__ == "__main__":
    cut = sys.argv.index("--")
    enter(sys.argv[cut - 1] if "--without" in sys.argv[:cut] else "")
    os.execv(sys.argv[cut + 1], sys.argv[cut + 1 :])
