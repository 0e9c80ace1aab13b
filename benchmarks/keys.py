"""Answer keys per second, one at a time and batched: `python benchmarks/keys.py [STUDENTS]`.

On a copy of this repository's linear_classifiers with hidden cases drawn per student, in one process and on one
thread. A key is drawn, computed, checked, audited and turned into the bytes of its file. Rounds are interleaved; one
at a time takes a sample of the students, since each costs the same."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import torch

from grader.course import Course
from grader.draws import freeze_students
from grader.freeze import freeze
from grader.keyfile import dump
from grader.model import AnswerKey
from grader.together import Told

ROOT = Path(__file__).resolve().parent.parent
NAME = "linear_classifiers"
SAMPLE, ROUNDS = 10, 3


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


def rate(course: Course, base: AnswerKey, students: list[str], device: str, batched: bool, told: Told) -> float:
    started, size = time.perf_counter(), 0
    for key in freeze_students(course, NAME, students, device, base, told, batched):
        size += len(dump(key))
    assert size
    return len(students) / (time.perf_counter() - started)


def measure(course: Course, students: list[str], device: str) -> None:
    base, told = freeze(course, NAME, device), Told()
    rate(course, base, students[:4], device, True, Told())
    ones: list[float] = []
    many: list[float] = []
    for _ in range(ROUNDS):
        ones.append(rate(course, base, students[:SAMPLE], device, False, Told()))
        many.append(rate(course, base, students, device, True, told))
    ratios = [b / a for a, b in zip(ones, many, strict=True)]
    print(f"{device}, {len(students)} students, median (least to most) of {ROUNDS} rounds")
    for name, figures, unit in [("one at a time", ones, "keys/s"), ("batched", many, "keys/s"), ("ratio", ratios, "")]:
        print(f"  {name:<14}{statistics.median(figures):8.2f} ({min(figures):.2f} to {max(figures):.2f}) {unit}")
    print("  " + "\n  ".join(told.lines()))


def main(count: int) -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        course = per_student_copy(Path(folder))
        students = [f"student-{i}" for i in range(count)]
        measure(course, students, "cpu")
        if torch.cuda.is_available():
            measure(course, students, "cuda")
        else:
            print("cuda: NOT RUN: no CUDA device")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
