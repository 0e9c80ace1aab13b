"""Calls of the Linux kernel that Python lacks, by ctypes alone."""

from __future__ import annotations

import ctypes
import os
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 36, 38
CAP_CHOWN, CAP_KILL, CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN = 0, 5, 6, 7, 21
CAPABILITIES = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, of this process


def failed(what: str) -> OSError:
    """The error that the last call left, with what was tried."""
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")


def prctl(option: int, value: int = 0, pointer: int = 0) -> None:
    """prctl(2). Raises OSError."""
    if libc is None or libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(pointer), 0, 0):
        raise failed(f"prctl {option}")


def syscall(number: int, *args: object) -> int:
    """A call by its number: -1 and an errno where it fails, as everywhere where there is no Linux."""
    if libc is None:
        return -1
    return int(libc.syscall(ctypes.c_long(number), *args))


def capabilities() -> int:
    """The effective capabilities of this process, as a bit set; 0 where they cannot be read."""
    data = ctypes.create_string_buffer(24)
    if libc is None or libc.capget(CAPABILITIES, data):
        return 0
    low, _, _, high, _, _ = struct.unpack("=6I", data.raw)
    return int(low | high << 32)


def can(*wanted: int) -> bool:
    """Whether this process has all of these capabilities."""
    held = capabilities()
    return all(held >> number & 1 for number in wanted)


def drop_capabilities() -> None:
    """Root, or the owner of a namespace, without its powers. Raises OSError."""
    if libc is None or libc.capset(CAPABILITIES, bytes(24)):
        raise failed("capset")
