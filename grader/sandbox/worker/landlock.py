"""Landlock: what a worker may read, file tree by file tree; everything else cannot be opened, and nothing written.

Kernel: Documentation/userspace-api/landlock.rst."""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .kernel import failed, syscall

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
OLDEST = 3  # the first ABI that refuses truncate(2)
READ = 1 | 4 | 8  # execute (shared libraries), read file, read directory
READ_FILE = 1 | 4
ALL_FS = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF}  # by ABI; from 5 on 0xFFFF


def landlock_abi() -> int:
    """The kernel's Landlock version, 0 where there is none."""
    return max(0, syscall(LANDLOCK_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1)))


def missing() -> str:
    """Why there is no Landlock here; empty where there is."""
    abi = landlock_abi()
    if abi < OLDEST:
        return f"the kernel offers ABI {abi}, {OLDEST} is needed"
    syscall(LANDLOCK_RESTRICT, ctypes.c_int(-1), ctypes.c_uint32(0))  # EBADF, or EPERM before no_new_privs
    if ctypes.get_errno() not in (errno.EBADF, errno.EPERM):
        return f"refused here ({os.strerror(ctypes.get_errno())})"
    return ""


def restrict(ruleset: int) -> None:
    """Put the ruleset on this thread and all that it will ever start. Raises OSError."""
    if syscall(LANDLOCK_RESTRICT, ctypes.c_int(ruleset), ctypes.c_uint32(0)):
        raise failed("landlock_restrict_self")


def landlock_ruleset(readable: list[str]) -> int:
    """A ruleset descriptor: read `readable`, write nowhere (a disk is not to be filled), no TCP, no
    signals or abstract sockets to the outside. Made once; restricting is then one call. Raises OSError."""
    abi = landlock_abi()
    handled = ALL_FS.get(abi, 0xFFFF)
    attr = struct.pack("=QQQ", handled, 3 if abi >= 4 else 0, 3 if abi >= 6 else 0)
    attr = attr[: 24 if abi >= 6 else 16 if abi >= 4 else 8]
    ruleset = syscall(LANDLOCK_CREATE, attr, ctypes.c_size_t(len(attr)), ctypes.c_uint32(0))
    if ruleset < 0:
        raise failed("landlock_create_ruleset")
    rules = [(path, READ if os.path.isdir(path) else READ_FILE) for path in readable]
    rules.append(("/dev/null", READ_FILE | 2))
    for path, access in rules:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        rule = struct.pack("=Qi", access & handled, fd)
        result = syscall(LANDLOCK_ADD, ctypes.c_int(ruleset), ctypes.c_int(1), rule, ctypes.c_uint32(0))
        os.close(fd)
        if result:
            raise failed(f"landlock_add_rule {path}")
    return ruleset
