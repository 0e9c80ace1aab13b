"""Landlock: what a worker may read, file tree by file tree; everything else cannot be opened, and nothing written.

Kernel: Documentation/userspace-api/landlock.rst."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
import sysconfig

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


def readable_paths(modules: tuple[str, ...]) -> list[str]:
    """What a worker may read: the standard library entry by entry, the folders of the given packages, the
    system's shared libraries. Never a whole sys.path entry: site-packages may hold a torch that the
    assignment forbids, or the grader."""
    roots = []
    for key in ("stdlib", "platstdlib"):
        folder = sysconfig.get_path(key)  # a venv's own is not there inside, where NumPy is the system's
        names = [name for name in _listdir(folder) if name not in ("site-packages", "dist-packages", "test")]
        roots += [os.path.join(folder, name) for name in names]
    site = os.path.dirname(os.path.dirname(os.path.realpath(str(sys.modules["numpy"].__file__))))
    roots += [os.path.join(site, name + end) for name in modules for end in ("", ".py", ".libs")]
    multiarch = f"{platform.machine()}-linux-gnu"
    for folder in ("/lib64", "/usr/lib64", f"/usr/lib/{multiarch}", f"/lib/{multiarch}"):
        names = _listdir(folder)
        holds_python = any(name.startswith("python") for name in names)  # Fedora keeps site-packages there
        roots += [os.path.join(folder, n) for n in names if not n.startswith("python")] if holds_python else [folder]
    prefix = os.path.join(sys.base_prefix, "lib")
    roots += [os.path.join(prefix, name) for name in _listdir(prefix) if ".so" in name]
    roots += ["/etc/ld.so.cache", "/dev/null", "/dev/zero", "/dev/urandom", "/usr/share/zoneinfo"]
    return sorted({root for root in roots if os.path.exists(root)})


def readable_roots(modules: tuple[str, ...]) -> list[str]:
    """The same without symbolic links on the way, as Landlock needs them."""
    return sorted({os.path.realpath(path) for path in readable_paths(modules)})


def _listdir(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


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
