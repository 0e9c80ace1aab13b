"""Running commands and watching them: wall time, processor time, memory of a process tree, the machine's state."""

from __future__ import annotations

import contextlib
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GRADER = [sys.executable, "-P", "-m", "grader"]
SANDBOX = b"from worker.main import main"  # on the command line of what runs student code, and of nothing else
BRIEF = 5  # looks: a fork of ours that is about to become something else is seen in fewer, and not counted
EVERY = 0.02  # seconds between two looks at a process tree


def our_environment() -> dict[str, str]:
    """For `grader` run from this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@dataclass(frozen=True)
class Command:
    arguments: Sequence[str]
    cwd: Path | None = None
    env: dict[str, str] | None = None


@dataclass
class Done:
    code: int
    output: str  # stdout and stderr together
    cpu: float  # processor seconds of the command and of all that it waited for
    pid: int = 0


@dataclass
class Cost:
    """What a number of submissions took."""

    count: int
    seconds: float
    cpu: float

    @property
    def each(self) -> float:
        return self.seconds / self.count


@dataclass
class Watch:
    """Peaks of the trees of processes that are watched, in KiB. PSS shares a page among those who map it; it needs
    the right to look into a process (root for ours, which are undumpable) and is 0 where that is denied.

    trusted: resident memory of the processes that never run student code: all but the sandbox and what it forks."""

    tree: int = 0
    trusted: int = 0
    largest: int = 0  # resident memory of the largest single process
    _peaks: dict[int, int] = field(default_factory=dict)
    _seen: dict[int, int] = field(default_factory=dict)

    def look(self, roots: Iterable[int], pss: bool) -> None:
        total = 0
        for pid, trusted in _walk(roots):
            peak = _field(f"/proc/{pid}/status", "VmHWM:")
            self.largest = max(self.largest, peak)
            self._peaks[pid] = max(self._peaks.get(pid, 0), peak)
            self._seen[pid] = self._seen.get(pid, 0) + 1 if trusted else -BRIEF
            if pss:
                total += _field(f"/proc/{pid}/smaps_rollup", "Pss:")
        self.tree = max(self.tree, total)
        self.trusted = sum(peak for pid, peak in self._peaks.items() if self._seen[pid] >= BRIEF)


def _walk(roots: Iterable[int]) -> list[tuple[int, bool]]:
    """All descendants with the roots, and whether each is trusted."""
    found, todo = [], [(pid, True) for pid in roots]
    while todo:
        pid, trusted = todo.pop()
        with contextlib.suppress(OSError):
            trusted = trusted and SANDBOX not in Path(f"/proc/{pid}/cmdline").read_bytes()
            found.append((pid, trusted))
            for task in os.listdir(f"/proc/{pid}/task"):
                children = Path(f"/proc/{pid}/task/{task}/children").read_text().split()
                todo += [(int(child), trusted) for child in children]
    return found


def descendants(pid: int) -> list[int]:
    return [each for each, _ in _walk([pid])]


def _field(path: str, name: str) -> int:
    with contextlib.suppress(OSError):
        for line in Path(path).read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
    return 0


class Sampler:
    """Looks at process trees every so many seconds while it is open."""

    def __init__(
        self, watch: Watch | None, roots: Callable[[], Iterable[int]], pss: bool = True, every: float = EVERY
    ) -> None:
        self.watch, self.roots, self.pss, self.every = watch, roots, pss, every
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        while not self.stop.wait(self.every):
            assert self.watch is not None
            self.watch.look(self.roots(), self.pss)

    def __enter__(self) -> Sampler:
        if self.watch is not None:
            self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        if self.watch is not None:
            self.thread.join()


def run_all(
    commands: Sequence[Command], workers: int = 1, watch: Watch | None = None, pss: bool = True
) -> tuple[Cost, list[Done]]:
    """Run commands, `workers` at a time; the cost counts commands. Output goes through files: no pipe can fill."""
    running: set[int] = set()

    def one(command: Command) -> Done:
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                command.arguments,
                cwd=command.cwd,
                env=command.env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            running.add(process.pid)
            _, status, used = os.wait4(process.pid, 0)
            running.discard(process.pid)
            process.returncode = code = os.waitstatus_to_exitcode(status)
            output.seek(0)
            return Done(code, output.read().decode(errors="replace"), used.ru_utime + used.ru_stime, process.pid)

    with ThreadPoolExecutor(workers) as pool, Sampler(watch, lambda: list(running), pss):
        started = time.perf_counter()
        done = list(pool.map(one, commands))
        seconds = time.perf_counter() - started
    return Cost(len(commands), seconds, sum(d.cpu for d in done)), done


def conditions() -> dict[str, str]:
    """The machine and how busy it is, for the head of a report."""
    load = ", ".join(f"{x:.2f}" for x in os.getloadavg())
    pressure = "unknown"
    with contextlib.suppress(OSError):
        pressure = Path("/proc/pressure/cpu").read_text().split("avg10=")[1].split()[0] + " %"
    memory = _field("/proc/meminfo", "MemTotal:") / 2**20
    model = "unknown"
    with contextlib.suppress(OSError, IndexError):
        model = Path("/proc/cpuinfo").read_text().split("model name")[1].split(":", 1)[1].split("\n")[0].strip()
    return {
        "cores": str(os.cpu_count()),
        "processor": model,
        "memory": f"{memory:.0f} GiB",
        "kernel": platform.release(),
        "user": "root" if os.geteuid() == 0 else "not root",
        "load average at the start": load,
        "CPU pressure at the start": pressure,
        "python": platform.python_version(),
        "numpy": metadata.version("numpy"),
        "torch": next((d.version for d in metadata.distributions(name="torch")), "none"),
    }


def show_conditions() -> dict[str, str]:
    found = conditions()
    print("; ".join(f"{name} {value}" for name, value in found.items()), flush=True)
    if os.getloadavg()[0] > 0.5:
        print("WARNING: this machine is busy; times from this run are no measurement", flush=True)
    return found
