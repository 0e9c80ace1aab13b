"""What grading costs beyond the student's own computing: `python benchmarks/overhead.py [ROUNDS]`.

Interleaved in one run, one worker, on this repository's linear_classifiers and its model solution:
own     the student's file executed and every case called, in this process
fork    an empty fork and exit of this process, the least that a fresh process per submission can cost
ours    sandbox, judging, diagnosis and scoring, as `grader grade` does it; `stored` with the SQLite store"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from grader.cli import frozen_key
from grader.course import Course
from grader.model import AnswerKey, Limits, SourceFile, Submission
from grader.pipeline import Launchers, grade, grade_all
from grader.sandbox.zygote import launcher
from grader.store import Store

ROOT = Path(__file__).resolve().parent.parent
BATCH = 20


def own(key: AnswerKey, source: bytes) -> None:
    space: dict[str, object] = {"__name__": "student"}
    exec(compile(source, "student.py", "exec"), space)
    for question in key.questions:
        for case in question.cases:
            thing = None
            for step in question.steps:
                args = [case.inputs[name] for name in step.takes]
                target = space[step.target] if step.kind in ("function", "new") else getattr(thing, step.target)
                try:
                    result = target(*args) if step.kind != "get" else target  # type: ignore[operator]
                except ValueError:
                    break
                thing = result if step.kind == "new" else thing


def fork() -> None:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def timed(action: object, *arguments: object) -> float:
    started = time.perf_counter()
    action(*arguments)  # type: ignore[operator]
    return (time.perf_counter() - started) * 1e3


def main(rounds: int) -> None:
    key = frozen_key(Course(ROOT), "linear_classifiers", "cpu")
    source = (ROOT / "reference" / "linear_classifiers" / "solutions" / "model.py").read_bytes()
    submission = Submission("student", (SourceFile(key.file, source),), key.file)
    worker, limits = launcher(key.library), Limits()
    report = grade(key, submission, worker, limits)
    assert report.score == report.max_score, report
    figures: dict[str, list[float]] = {"own": [], "fork": [], "ours": [], "stored": []}
    launchers = Launchers(lambda: launcher(key.library))
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder) / "store") as store, ThreadPoolExecutor(1) as pool:

        def stored(number: int) -> None:
            cohort = []
            for i in range(BATCH):  # a comment makes each one new to the store
                file = SourceFile(key.file, source + f"# {number}-{i}\n".encode())
                cohort.append(replace(submission, student=f"{number}-{i}", files=(file,)))
            assert all(r.score == 100 for r in grade_all(key, cohort, pool, launchers, limits, "", store))

        stored(-1)
        for number in range(rounds):
            figures["own"].append(timed(own, key, source))
            figures["fork"].append(timed(fork))
            figures["ours"].append(timed(grade, key, submission, worker, limits))
            figures["stored"].append(timed(stored, number) / BATCH)
        launchers.close()
    worker.close()
    for name, values in figures.items():
        print(f"{name:<8} median {statistics.median(values):7.2f} ms  best {min(values):7.2f} ms")
    middle = {name: statistics.median(values) for name, values in figures.items()}
    print(
        f"ours beyond own: {middle['ours'] - middle['own']:.2f} ms; ours / own {middle['ours'] / middle['own']:.1f}; "
        f"stored beyond own: {middle['stored'] - middle['own']:.2f} ms"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
