"""A `grader grade` that is watched, stopped and looked after: for crowd.py and kills.py. Linux only.

This process becomes the one that orphans fall to, so that whatever a batch leaves behind is found: no process can get
out of `leftovers`, and the batch's temporary files all lie in a folder of their own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from measure import GRADER, SANDBOX, descendants, our_environment

PR_SET_CHILD_SUBREAPER = 36
GRACE = 3.0  # seconds after a kill in which the rest must end by itself
Row = tuple[object, ...]


class Workbench:
    """A folder for one benchmark: `temporary` is where a batch's temporary files go. Use as a context manager."""

    def __init__(self, name: str, scratch: Path | None) -> None:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=scratch))
        self.folder.chmod(0o755)  # a worker with a user of its own must get through
        self.temporary = self.folder / "tmp"
        self.temporary.mkdir()
        self.temporary.chmod(0o1777)

    def __enter__(self) -> Workbench:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, arguments: Sequence[object], log: Path, prefix: Sequence[str] = ()) -> subprocess.Popen[bytes]:
        """`grader` in a process group of its own; stdout and stderr go to `log`. `prefix`: a command that runs it."""
        environment = {**our_environment(), "TMPDIR": str(self.temporary)}
        with open(log, "wb") as file:
            return subprocess.Popen(
                [*prefix, *GRADER, *map(str, arguments)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, arguments: Sequence[object], log: Path) -> int:
        """The exit code of a run to its end."""
        return self.start(arguments, log).wait()

    def left(self) -> list[str]:
        """What a batch left behind: processes and temporary files; empty as soon as there is nothing, or after
        GRACE seconds. It is cleared away, so that it is told once."""
        deadline = time.monotonic() + GRACE
        while True:
            alive, files = leftovers(), sorted(os.listdir(self.temporary))
            if not alive and not files:
                return []
            if time.monotonic() >= deadline:
                break
            time.sleep(0.02)
        found = [f"process {pid} ({_name(pid)})" for pid in alive] + [f"file {name}" for name in files]
        self._clear()
        return found

    def _clear(self) -> None:
        for _ in range(50):
            alive = leftovers()
            for pid in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not alive:
                break
            time.sleep(0.02)
        for path in self.temporary.iterdir():
            shutil.rmtree(path, ignore_errors=True)
            path.unlink(missing_ok=True)


def leftovers() -> list[int]:
    """Our living descendants; dead ones are reaped. Call it while nothing of ours should run."""
    alive = []
    for pid in descendants(os.getpid())[1:]:
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
            if state in "ZX":
                os.waitpid(pid, os.WNOHANG)
            else:
                alive.append(pid)
    return alive


def _name(pid: int) -> str:
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        return "sandbox" if SANDBOX in command else command.replace(b"\0", b" ").decode(errors="replace")[:100]
    return "gone"


def trusted(pid: int) -> list[int]:
    """The processes of a batch that are not the sandbox: what a power cut of the grader would end."""
    found = []
    for each in descendants(pid):
        with contextlib.suppress(OSError):
            if SANDBOX not in Path(f"/proc/{each}/cmdline").read_bytes():
                found.append(each)
    return found


def kill_all(process: subprocess.Popen[bytes], whole: bool = True) -> None:
    """SIGKILL to the batch's process group and to all its trusted processes, or to its first process alone."""
    victims = trusted(process.pid) if whole else [process.pid]
    if whole:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def _copied(out: Path, scratch: Path) -> bool:
    """Copy the store with its journal; whether there is one."""
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    for file in out.glob("grades.sqlite*"):
        shutil.copy(file, scratch)
    return (scratch / "grades.sqlite").exists()


def acknowledged(out: Path, scratch: Path) -> set[Row]:
    """The rows in the store, of every table that names students, but for the name of the run that they are listed in.
    Read from a copy: reading changes nothing."""
    rows: set[Row] = set()
    if not _copied(out, scratch):
        return rows
    with contextlib.closing(sqlite3.connect(scratch / "grades.sqlite")) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")]
        for table in tables:
            columns = [column[1] for column in db.execute(f'PRAGMA table_info("{table}")')]
            if "student" in columns:
                kept = ", ".join(f'"{column}"' for column in columns if column != "run")
                rows |= {(table, *row) for row in db.execute(f'SELECT {kept} FROM "{table}"')}
    return rows


def whole_students(out: Path, scratch: Path) -> int:
    """How many students have a report in the store."""
    if not _copied(out, scratch):
        return 0
    with contextlib.suppress(sqlite3.Error), contextlib.closing(sqlite3.connect(scratch / "grades.sqlite")) as db:
        return int(db.execute("SELECT count(*) FROM reports").fetchone()[0])
    return 0


def one_error_line(log: Path) -> str:
    """What is wrong with a failed command's words: they must hold one line `error: ...` and no traceback."""
    text = log.read_text(errors="replace")
    errors = re.findall(r"^error: .+$", text, re.M)
    if "Traceback" in text:
        return "a traceback: " + text.strip().splitlines()[-1][:200]
    return "" if len(errors) == 1 else f"{len(errors)} error lines: {text[-300:]!r}"
