"""Namespaces of a zygote's own, entered once for all its workers: no network, no other processes, and a file system
in which there is nothing but what a worker may read, read-only.

As root they are real ones; a plain user gets them inside a user namespace that maps the user to itself, never to 0
(a worker with uid 0 there would still own root's files outside). By ctypes: os.unshare came with Python 3.12.
man: namespaces(7), pivot_root(2), mount_setattr(2)."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable

from .identity import drop_to
from .kernel import CAP_SYS_ADMIN, PR_SET_PDEATHSIG, can, failed, libc, prctl, syscall

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
MNT_DETACH, AT_FDCWD, AT_RECURSIVE = 2, -100, 0x8000
MOUNT_SETATTR, PIVOT_ROOT = 442, {"x86_64": 155, "aarch64": 41}
READ_ONLY = 1 | 2  # MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID
OLD, HOME = "/.old", "/home"
NOT_SHOWN = ("include",)  # nobody compiles here, and torch has nine thousand of them


def unshare(flags: int) -> None:
    """unshare(2). Raises OSError."""
    if libc is None or libc.unshare(ctypes.c_int(flags)):
        raise failed("unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2). Raises OSError."""
    texts = [text if text is None else os.fsencode(text) for text in (source, target, kind)]
    if libc is None or libc.mount(*texts, ctypes.c_ulong(flags), options.encode() or None):
        raise failed(f"mount on {target}")


def enter(at_end: Callable[[], None]) -> None:
    """Go on as the first process of new namespaces. Raises OSError.

    The calling process stays outside: it waits, calls `at_end` when all inside is gone, and ends the same way."""
    if not can(CAP_SYS_ADMIN):
        uid, gid = os.getuid(), os.getgid()
        if uid == 0:
            raise PermissionError("root without CAP_SYS_ADMIN")
        unshare(NEWUSER)
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    unshare(NEWPID)
    child = os.fork()
    if child:
        _keep(child, at_end)
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # the first process takes all others with it
    unshare(NEWNS | NEWNET | NEWIPC | NEWUTS)
    mount(None, "/", None, MS_REC | MS_PRIVATE)  # nothing that is mounted from here on is seen outside


def _keep(child: int, at_end: Callable[[], None]) -> None:
    """Wait for the first process inside, clean up and end as it ended. Never returns."""

    def pass_on(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)

    signal.signal(signal.SIGTERM, pass_on)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.closerange(3, 1024)  # the socket of the one inside
    status = os.waitpid(child, 0)[1]
    with contextlib.suppress(OSError):
        at_end()
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


class Root:
    """A new root file system, on a tmpfs that is mounted on the folder `base` and never seen outside.

    fresh: its folders are made anew, and files alone are shown. A name that is looked for in vain is then remembered by
    nobody; in a folder of the machine's own the kernel answers faster the second time, whoever asks."""

    def __init__(self, base: str, fresh: bool = False) -> None:
        mount("grader", base, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=4m")
        os.mkdir(base + OLD)
        os.chdir(base)
        if syscall(PIVOT_ROOT[os.uname().machine], b".", os.fsencode(OLD[1:])):
            raise failed("pivot_root")
        os.chdir("/")
        self.bound: set[str] = set()
        self.fresh = fresh

    def show(self, path: str, only_links: bool = False, links: int = 40) -> None:
        """Have a file or folder of the old root at its own path, with the symbolic links that lead to it."""
        here, parts = "", [part for part in path.split("/") if part]
        for i, part in enumerate(parts):
            here += "/" + part
            if here in self.bound:
                return
            if os.path.islink(OLD + here):
                target = os.readlink(OLD + here)
                if not os.path.lexists(here):
                    os.symlink(target, here)
                if links:
                    folder = os.path.dirname(here)
                    self.show(os.path.normpath(os.path.join(folder, target, *parts[i + 1 :])), only_links, links - 1)
                return
            if i < len(parts) - 1:
                self._folder(here)
        if only_links or not parts or not os.path.exists(OLD + here):
            return
        if not os.path.isdir(OLD + here):
            self._file(here)
        elif self.fresh:
            self._made_anew(here)
        else:
            self._folder(here)
            mount(OLD + here, here, None, MS_BIND | MS_REC)
        self.bound.add(here)

    def _made_anew(self, folder: str) -> None:
        """A folder with the files and links of one of the old root; without what cannot be looked at, or vanishes."""
        self._folder(folder)
        entries: list[os.DirEntry[str]] = []
        with contextlib.suppress(PermissionError), os.scandir(OLD + folder) as found:
            entries = list(found)
        for entry in entries:
            here = f"{folder}/{entry.name}"
            with contextlib.suppress(FileNotFoundError, FileExistsError):
                if entry.is_symlink():
                    os.symlink(os.readlink(entry.path), here)
                elif entry.is_dir():
                    if entry.name not in NOT_SHOWN:
                        self._made_anew(here)
                elif entry.is_file():
                    self._file(here)

    def _file(self, path: str) -> None:
        if path not in self.bound:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
            mount(OLD + path, path, None, MS_BIND)
            self.bound.add(path)

    def _folder(self, path: str) -> None:
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, 0o755)

    def close(self) -> None:
        """Let go of the old root, and let nothing be written any more."""
        if libc is None or libc.umount2(os.fsencode(OLD), MNT_DETACH):
            raise failed("umount2")
        os.rmdir(OLD)
        self._folder(HOME)
        attributes = READ_ONLY.to_bytes(8, sys.byteorder) + bytes(24)
        size = ctypes.c_size_t(len(attributes))
        if syscall(MOUNT_SETATTR, ctypes.c_int(AT_FDCWD), b"/", ctypes.c_uint(AT_RECURSIVE), attributes, size):
            raise failed("mount_setattr")


# -- the probe: a process of its own, because what is entered cannot be left --------------------------------


def probe(arguments: list[str]) -> None:
    """Print why namespaces, and a uid, cannot be had here, as JSON: {"namespaces": "...", "uid": "..."}; empty
    where they can. `arguments`: a folder to mount on, the uid or 0, "1" to try namespaces, and files that a worker
    must be able to read."""
    base, uid, inside, *files = arguments[0], int(arguments[1]), arguments[2] == "1", *arguments[3:]
    found = {"namespaces": _told(lambda: _try(base, uid, files, True)) if inside else "switched off"}
    found["uid"] = ""
    if uid and found["namespaces"]:
        found["uid"] = _told(lambda: _try(base, uid, files, False))
        if not found["uid"] and inside:
            found["namespaces"] = _told(lambda: _try(base, 0, files, True))
    print(json.dumps(found))


def _told(action: Callable[[], None]) -> str:
    """What an action says when it fails, which another process does."""
    theirs, ours = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(theirs)
        try:
            action()
            said = "done"
        except Exception as error:
            said = str(error) or type(error).__name__
            if isinstance(error, OSError) and error.strerror and not error.filename:
                said = error.strerror  # says what was tried
        os.write(ours, said.encode())
        os._exit(0)
    os.close(ours)
    with open(theirs, "rb") as pipe:
        said = pipe.read(400).decode(errors="replace") or "the attempt died"
    os.waitpid(child, 0)
    return "" if said == "done" else said


def _try(base: str, uid: int, files: Iterable[str], inside: bool) -> None:
    if inside:
        enter(lambda: None)
        root = Root(base)
        for path in files:
            root.show(path)
        root.close()
    if uid:
        drop_to(uid)
        for path in files:
            with contextlib.suppress(IsADirectoryError), open(path, "rb") as file:
                file.read(1)
