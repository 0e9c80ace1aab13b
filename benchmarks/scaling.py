"""How grading grows from one Dask worker to more: `python benchmarks/scaling.py [--workers 1 2] [--students N]`.

A scheduler and workers on this machine, each a process of its own, grade the same cohort (this repository's model
solution of linear_classifiers, one line of it different for each student) by `grader grade --scheduler`, and `grader
grade --workers N` without a cluster beside it. Start-up is told apart: a run over a single student is timed first.
Prints submissions per second and processor seconds per submission, of which docs/scaling.md makes a plan. Needs
`dlgrader[cluster,torch]` and a quiet machine with as many processors as workers; NOT RUN without distributed."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT = "linear_classifiers"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def cohort(folder: Path, students: int) -> Path:
    """So many different submissions of equal work."""
    text = (ROOT / "reference" / ASSIGNMENT / "solutions" / "model.py").read_text()
    folder.mkdir()
    for i in range(students):
        (folder / f"s{i:05}.py").write_text(f"{text}\nSTUDENT = {i}\n")
    return folder


@contextlib.contextmanager
def site(folder: Path, workers: int, threads: int) -> Iterator[str]:
    """A scheduler and its workers; the address."""
    file, processes = folder / "scheduler.json", list[subprocess.Popen[bytes]]()

    def start(*arguments: object) -> None:
        command = [sys.executable, "-m", "dask", *map(str, arguments), "--no-dashboard"]
        with (folder / f"{len(processes)}.log").open("wb") as log:
            processes.append(subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=log, stderr=log))

    try:
        start("scheduler", "--host", "127.0.0.1", "--port", 0, "--scheduler-file", file)
        for _ in range(workers):
            start("worker", "--scheduler-file", file, "--nthreads", threads, "--memory-limit", 0)
        logs = [folder / f"{i + 1}.log" for i in range(workers)]
        deadline = time.monotonic() + 60
        while not all(log.exists() and b"established connection" in log.read_bytes() for log in logs):
            if time.monotonic() > deadline:
                raise SystemExit("the workers did not start")
            time.sleep(0.1)
        yield str(json.loads(file.read_text())["address"])
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def graded(submissions: Path, out: Path, secret: Path, *more: object) -> float:
    """Seconds of one run."""
    arguments = [
        "grade",
        ASSIGNMENT,
        submissions,
        "--out",
        out,
        "--secret-file",
        secret,
        "--course",
        ROOT,
        "--no-pages",
    ]
    arguments += more
    command = [sys.executable, "-P", "-m", "grader", *map(str, arguments)]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    took = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(done.stderr)
    return took


def children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--students", type=int, default=400)
    parser.add_argument("--threads", type=int, default=2, help="of each worker: one at work, one for who takes long")
    asked = parser.parse_args()
    if importlib.util.find_spec("distributed") is None:
        print("NOT RUN: distributed is not installed (pip install 'dlgrader[cluster]')")
        return
    with tempfile.TemporaryDirectory(prefix="scaling-") as name:
        folder = Path(name)
        secret = folder / "secret"
        secret.write_text("a secret of the benchmark, long enough\n")
        many, one = cohort(folder / "many", asked.students), cohort(folder / "one", 1)
        graded(one, folder / "freeze", secret)  # the key is frozen once
        print(f"{asked.students} students, {os.cpu_count()} processors; seconds are without start-up\n")
        print("workers   submissions/s   beside one   start-up s   processor s per submission   without a cluster/s")
        first = 0.0
        for workers in asked.workers:
            (folder / f"site{workers}").mkdir()
            before = children_seconds()
            with site(folder / f"site{workers}", workers, asked.threads) as address:
                start = graded(one, folder / f"one{workers}", secret, "--scheduler", address)
                took = graded(many, folder / f"many{workers}", secret, "--scheduler", address) - start
            spent = (children_seconds() - before) / asked.students  # start-up included
            short = graded(one, folder / f"plain-one{workers}", secret, "--workers", workers)
            plain = graded(many, folder / f"plain{workers}", secret, "--workers", workers) - short
            same = (folder / f"many{workers}" / "reports.jsonl").read_bytes()
            if same != (folder / f"plain{workers}" / "reports.jsonl").read_bytes():
                raise SystemExit("the reports of the cluster are not those of this machine alone")
            rate = asked.students / took
            first = first or rate
            print(
                f"{workers:>7} {rate:>15.1f} {rate / first:>11.2f}x {start:>12.1f} {spent:>28.3f} "
                f"{asked.students / plain:>21.1f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
