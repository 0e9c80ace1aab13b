"""What an autograder takes in a platform's container: `python benchmarks/autograder.py ZIP SUBMISSION…`

ZIP is of `grader export gradescope`. Each submission is graded in a folder laid out as the platform does, by a root
without the rights that Docker takes away, with half a processor and 768 MiB (cgroup version 1, as root; without it the
limits are NOT SET and said so). Told are the seconds of the clock and of the processor, the largest sum of what its
processes hold (PSS, sampled every 50 ms), the largest that the cgroup counted (with files that were read), and the
score."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CGROUPS = Path("/sys/fs/cgroup")
MEMORY, QUOTA, PERIOD = 768 << 20, 50_000, 100_000  # bytes; microseconds of each period
CONTAINER = [sys.executable, "-P", str(ROOT / "tests" / "autograder" / "container.py"), "--"]


@contextlib.contextmanager
def limited(cpu: bool) -> Iterator[list[Path]]:
    """Groups with the limits of a platform's container; none where they cannot be had."""
    groups = [CGROUPS / kind / f"autograder-bench-{os.getpid()}" for kind in ("memory", "cpu")]
    try:
        for group in groups:
            group.mkdir()
        (groups[0] / "memory.limit_in_bytes").write_text(str(MEMORY))
        if cpu:
            (groups[1] / "cpu.cfs_period_us").write_text(str(PERIOD))
            (groups[1] / "cpu.cfs_quota_us").write_text(str(QUOTA))
    except OSError as error:
        print(f"NOT SET: the limits of a container ({error})")
        yield []
        return
    try:
        yield groups
    finally:
        for group in groups:
            with contextlib.suppress(OSError):
                group.rmdir()


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
        children = [c for t in tasks for c in Path(f"/proc/{pid}/task/{t}/children").read_text().split()]
    except OSError:
        return [pid]
    return [pid, *(p for child in children for p in tree(int(child)))]


def held(pid: int) -> int:
    """Bytes that the processes hold, shared ones counted once."""
    total = 0
    for one in tree(pid):
        with contextlib.suppress(OSError), open(f"/proc/{one}/smaps_rollup") as file:
            rows = dict(line.split(":", 1) for line in file if ":" in line)
            total += int(rows["Pss"].split()[0]) << 10
    return total


def measured(made: Path, submission: Path, groups: list[Path]) -> str:
    folder = Path(tempfile.mkdtemp(prefix="autograder-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        for name in ("source", "results"):
            (folder / name).mkdir()
        with zipfile.ZipFile(made) as archive:
            archive.extractall(folder / "source")
        shutil.copytree(submission, folder / "submission") if submission.is_dir() else None
        if not submission.is_dir():
            (folder / "submission").mkdir()
            shutil.copy(submission, folder / "submission")
        for group in groups:
            with contextlib.suppress(OSError):
                (group / "memory.max_usage_in_bytes").write_text("0")

        def join() -> None:
            for group in groups:
                (group / "cgroup.procs").write_text(str(os.getpid()))

        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        command = [*CONTAINER, sys.executable, "-P", "-m", "grader.autograder", str(folder)]
        before, started, most = os.times(), time.monotonic(), 0
        with subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=join
        ) as process:
            while process.poll() is None:
                most = max(most, held(process.pid))
                time.sleep(0.05)
            said = (process.stdout.read() if process.stdout else b"").decode().strip().splitlines()
        seconds, after = time.monotonic() - started, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        counted = int((groups[0] / "memory.max_usage_in_bytes").read_text()) if groups else 0
        path = folder / "results" / "results.json"
        score = json.loads(path.read_text())["score"] if path.exists() else f"none ({said[-2:]})"
        return (
            f"{submission.name}: {seconds:.1f} s, {used:.1f} s of processor, {most / 2**20:.0f} MiB held, "
            f"{counted / 2**20:.0f} MiB counted, score {score}"
        )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    with limited(cpu=True) as found:
        for name in sys.argv[2:]:
            print(measured(Path(sys.argv[1]), Path(name), found), flush=True)
