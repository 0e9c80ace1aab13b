"""Answer keys per second, one at a time and batched: `python benchmarks/keys.py [STUDENTS [ROUNDS]]`.

On a copy of this repository's linear_classifiers with hidden cases drawn per student, in one process and on one
thread. A key is drawn, computed, checked, audited and turned into the bytes of its file. Rounds are interleaved; one
at a time takes a sample of the students, since each costs the same. Both wall time and this process's processor time
are told: on a machine that others use the first says little."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from grader.course import Course
from grader.freeze import freeze
from grader.freeze.draws import freeze_students
from grader.freeze.together import Told
from grader.keyfile import dump
from grader.model import AnswerKey

ROOT = Path(__file__).resolve().parent.parent
NAME = "linear_classifiers"
SAMPLE = 10
Rates = tuple[float, float]  # keys per second of wall time, and of processor time


def per_student_copy(folder: Path) -> Course:
    """A course of this repository's assignment alone, with the option on."""
    for part in ("assignments", "reference"):
        shutil.copytree(ROOT / part / NAME, folder / part / NAME, ignore=shutil.ignore_patterns("__pycache__"))
    init = folder / "reference" / NAME / "__init__.py"
    text = init.read_text()
    made = text.replace('    "Linear classifiers",\n', '    "Linear classifiers",\n    per_student=True,\n')
    assert made != text
    init.write_text(made)
    return Course(folder)


def rate(course: Course, base: AnswerKey, students: list[str], device: str, batched: bool, told: Told) -> Rates:
    started, busy, size = time.perf_counter(), time.process_time(), 0
    for key in freeze_students(course, NAME, students, device, base, told, batched):
        size += len(dump(key))
    assert size
    return len(students) / (time.perf_counter() - started), len(students) / (time.process_time() - busy)


def measure(course: Course, students: list[str], device: str, rounds: int) -> None:
    base, told = freeze(course, NAME, device), Told()
    rate(course, base, students[:4], device, True, Told())
    ones: list[Rates] = []
    many: list[Rates] = []
    for _ in range(rounds):
        ones.append(rate(course, base, students[:SAMPLE], device, False, Told()))
        many.append(rate(course, base, students, device, True, told))
    print(f"{device}, {len(students)} students, median (least to most) of {rounds} rounds")
    for clock, name in enumerate(("second", "processor second")):
        singly, batched = [a[clock] for a in ones], [b[clock] for b in many]
        ratios = [b / a for a, b in zip(singly, batched, strict=True)]
        for what, figures in ((f"one at a time, keys a {name}", singly), (f"batched, keys a {name}", batched)):
            print(f"  {what:<42}{statistics.median(figures):7.2f} ({min(figures):.2f} to {max(figures):.2f})")
        print(f"  {'ratio':<42}{statistics.median(ratios):7.2f} ({min(ratios):.2f} to {max(ratios):.2f})")
    print("  " + "\n  ".join(told.lines()))


def main(count: int, rounds: int) -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        course = per_student_copy(Path(folder))
        students = [f"student-{i}" for i in range(count)]
        measure(course, students, "cpu", rounds)
        if torch.cuda.is_available():
            measure(course, students, "cuda", rounds)
        else:
            print("cuda: NOT RUN: no CUDA device")


if __name__ == "__main__":
    main(*[*map(int, sys.argv[1:3]), *(100, 3)[len(sys.argv) - 1 :]])
