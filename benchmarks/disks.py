"""A folder with little room, or read-only: a small file system where one can be mounted, else limits."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from watched import Workbench

AMPLE = 1 << 30
# RLIMIT_FSIZE in a process that then becomes the command: bytes that a single file may grow to.
LIMITED = (
    "import os, resource as r, sys; n = int(sys.argv[1]); r.setrlimit(r.RLIMIT_FSIZE, (n, n)); "
    "os.execv(sys.argv[2], sys.argv[2:])"
)


class SmallDisk:
    """As root a tmpfs of so many bytes, unless mounting is denied; else a folder. Use as a context manager."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder, self.size = folder, size
        folder.mkdir(exist_ok=True)
        options = ["-t", "tmpfs", "-o", f"size={size},mode=755", "none", str(folder)]
        self.mounted = os.geteuid() == 0 and _quiet("mount", *options) == 0
        self.limited = not self.mounted
        self.how = "tmpfs" if self.mounted else "RLIMIT_FSIZE"

    def __enter__(self) -> SmallDisk:
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw()
        if self.mounted and _quiet("umount", str(self.folder)):
            _quiet("umount", "-l", str(self.folder))

    def run(self, bench: Workbench, arguments: Sequence[object], log: Path) -> int:
        """A run of `grader` that meets the limit; its exit code."""
        prefix = [sys.executable, "-c", LIMITED, str(self.size)] if self.limited and self.size < AMPLE else []
        return bench.start(arguments, log, prefix).wait()

    def grow(self) -> None:
        """Make room."""
        self.limited = False
        if self.mounted:
            _quiet("mount", "-o", f"remount,size={AMPLE}", str(self.folder))

    def freeze(self) -> bool:
        """Nobody may write from now on; whether that could be had."""
        if self.mounted:
            return _quiet("mount", "-o", "remount,ro", str(self.folder)) == 0
        if os.geteuid() == 0:
            return False
        for path in [*self.folder.rglob("*"), self.folder]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        return True

    def thaw(self) -> None:
        if self.mounted:
            _quiet("mount", "-o", "remount,rw", str(self.folder))
        else:
            for path in [self.folder, *self.folder.rglob("*")]:
                path.chmod(0o755 if path.is_dir() else 0o644)


def _quiet(*command: str) -> int:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode
    except OSError:
        return 1
