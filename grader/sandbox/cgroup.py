"""A cgroup per zygote that bounds the memory and the number of all its processes together, where it can be made.

Version 1 as root; version 2 where its controllers are handed down to us. A grader that is killed leaves empty
folders, which the next one removes. Kernel: Documentation/admin-guide/cgroup-v1/{memory,pids}.rst, cgroup-v2.rst."""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import time
from pathlib import Path

PREFIX = "grader-"
PROCESSES = 320  # processes and threads of a zygote and its worker
ROOM = 64 << 20  # bytes beyond a worker's limit: what the kernel keeps for it, and file pages
NAMES = {1: ("memory.limit_in_bytes", "memory.oom_control"), 2: ("memory.max", "memory.events")}


class Group:
    """One cgroup (two folders where memory and pids are separate hierarchies). Raises OSError."""

    def __init__(self, parents: dict[str, Path], version: int) -> None:
        name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        self.version, self.memory = version, 0
        self.folders = {controller: folder / name for controller, folder in parents.items()}
        self.kills = 0
        try:
            for folder in self._distinct():
                folder.mkdir()
            (self.folders["pids"] / "pids.max").write_text(str(PROCESSES))
            self.limit(1 << 40)
            self.kills = self._kills()
        except OSError:
            self.close()
            raise

    @property
    def paths(self) -> list[str]:
        """Its folders, for whoever outlives us."""
        return [str(folder) for folder in self._distinct()]

    def _distinct(self) -> list[Path]:
        return list(dict.fromkeys(self.folders.values()))

    def add(self, pid: int) -> None:
        """Put a process in: all that it forks from now on is in it too."""
        for folder in self._distinct():
            (folder / "cgroup.procs").write_text(str(pid))

    def limit(self, memory: int) -> None:
        """All processes together may have `memory` bytes."""
        if memory != self.memory:
            (self.folders["memory"] / NAMES[self.version][0]).write_text(str(memory + ROOM))
            self.memory = memory

    def killed(self) -> bool:
        """Whether the kernel ended a process for its memory since the last time this was asked."""
        before, self.kills = self.kills, self._kills()
        return self.kills > before

    def _kills(self) -> int:
        rows = (self.folders["memory"] / NAMES[self.version][1]).read_text().splitlines()
        return sum(int(row.split()[1]) for row in rows if row.startswith("oom_kill "))

    def close(self) -> None:
        """Remove it; its processes are dead or dying."""
        for folder in self._distinct():
            for _ in range(100):
                with contextlib.suppress(OSError):
                    folder.rmdir()
                if not folder.exists():
                    break
                time.sleep(0.005)


def parents(table: str = "/proc/self") -> tuple[dict[str, Path], int]:
    """The folders below which a cgroup of ours can be made, by controller, and the version. Raises OSError."""
    mounts: dict[str, tuple[Path, str]] = {}  # controller, or "" for version 2 -> where it is mounted, its root
    for row in Path(table, "mountinfo").read_text().splitlines():
        left, _, right = row.partition(" - ")
        kind, _, options = right.split(" ", 2)
        top, point = left.split()[3:5]
        if kind == "cgroup":
            mounts |= {c: (Path(point), top) for c in ("memory", "pids") if c in options.split(",")}
        elif kind == "cgroup2":
            mounts[""] = (Path(point), top)
    own: dict[str, str] = {}
    for row in Path(table, "cgroup").read_text().splitlines():
        _, controllers, path = row.split(":", 2)
        own |= dict.fromkeys(controllers.split(","), path)
    version = 1 if {"memory", "pids"} <= set(mounts) else 2
    found = {}
    for controller in ("memory", "pids"):
        if (at := mounts.get(controller if version == 1 else "")) is None:
            raise OSError("no cgroup file system is mounted")
        path = own.get(controller if version == 1 else "", "/")
        inner = at[0] / os.path.relpath(path, at[1]) if path.startswith(at[1]) else at[0]
        found[controller] = inner if inner.is_dir() else at[0]  # a container shows its own part as the whole
    return found, version


def make() -> Group:
    """A new group. Raises OSError."""
    where, version = parents()
    if version == 2:
        handed = (where["memory"] / "cgroup.subtree_control").read_text().split()
        if not {"memory", "pids"} <= set(handed):
            raise OSError("version 2, and the controllers memory and pids are not handed down to us")
    return Group(where, version)


@functools.cache
def missing() -> str:
    """Why no cgroup can be made here; empty where one can. Removes what killed graders left."""
    try:
        sweep(parents()[0])
        make().close()
    except (OSError, ValueError) as error:
        return f"none can be made ({error.strerror or error})" if isinstance(error, OSError) else "unknown files"
    return ""


def sweep(where: dict[str, Path]) -> None:
    """Remove empty groups of graders that are gone, here and in the groups beside ours."""
    for folder in where.values():
        for left in [*folder.glob(f"{PREFIX}*"), *folder.parent.glob(f"*/{PREFIX}*")]:
            pid = left.name.removeprefix(PREFIX).partition("-")[0]
            if pid.isdigit() and not Path("/proc", pid).exists():
                with contextlib.suppress(OSError):
                    left.rmdir()  # refused where a process is in it
