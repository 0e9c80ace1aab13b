"""Who is measured by throughput.py: ours, the bare-fork floor, and the peers, all behind one method `grade`."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np
from floor import Floor
from measure import GRADER, Command, Cost, Sampler, Watch, our_environment, run_all
from peers.environments import environment
from peers.notebooks import Nbgrader, Otter, expect
from peers.processes import Gradescope, Pytest
from workload import ours
from workload.functions import FUNCTIONS, answers, literal
from workload.students import Student, students

Wrong = dict[str, frozenset[str]]


class Contender(Protocol):
    """Grades a cohort: what it cost, and who got which functions wrong (nothing where it does not judge)."""

    notebook: bool

    def grade(self, cohort: Sequence[Student], workers: int, watch: Watch | None = None) -> tuple[Cost, Wrong]: ...


def cohort_of(library: str, count: int, tag: str) -> list[Student]:
    """So many submissions, the twenty over and over, under new names."""
    twenty = students(library)
    return [replace(twenty[i % 20], name=f"{twenty[i % 20].name}-{tag}-{i:05}") for i in range(count)]


class Ours:
    """`grader grade` with all that a user gets: sandbox and its self-test, judging, store, reports, table."""

    notebook = False

    def __init__(self, folder: Path, library: str) -> None:
        self.folder, self.rounds = folder, 0
        self.course = ours.write_course(folder / "course", library)
        self.grade(cohort_of(library, 20, "warm"), 1)  # freezes the key, which a course does once

    def grade(
        self, cohort: Sequence[Student], workers: int, watch: Watch | None = None, pss: bool = True
    ) -> tuple[Cost, Wrong]:
        self.rounds += 1
        place = self.folder / f"{self.rounds}"
        (place / "in").mkdir(parents=True)
        for student in cohort:  # a comment of its own makes each one new to the store
            (place / "in" / f"{student.name}.py").write_text(student.source(student.name))
        paths = [str(place / "in"), "--course", str(self.course), "--out", str(place / "out")]
        command = Command(
            [*GRADER, "grade", ours.NAME, *paths, "--workers", str(workers), "--no-pages"], env=our_environment()
        )
        cost, done = run_all([command], 1, watch, pss)
        expect(done, "grader grade")
        cost.count = len(cohort)
        with open(place / "out" / "grades.csv", newline="") as file:
            rows = list(csv.DictReader(file))
        names = [function.name for function in FUNCTIONS]
        return cost, {r["student"]: frozenset(n for n in names if float(r[n]) != ours.POINTS) for r in rows}


class Bare:
    """The floor; with `empty`, forks that end at once."""

    notebook = False

    def __init__(self, folder: Path, library: str, workers: int, empty: bool = False) -> None:
        cases = [(f.name, list(case.inputs.values())) for f in FUNCTIONS for case in f.cases]
        rows = ",\n".join(f"    ({name!r}, [{', '.join(map(literal, inputs))}])" for name, inputs in cases)
        right = students(library)[0].source()
        folder.mkdir(parents=True)
        (folder / "cases.py").write_text(f"CASES = [\n{rows},\n]\nWARM = {right!r}\n")
        self.floor, self.empty = Floor(library, workers, folder / "cases.py"), empty
        _, _, (found,) = self.floor.run([right])
        wanted = [value for f in FUNCTIONS for case in f.cases for value in answers(f, case)]
        for got, want in zip(found, wanted, strict=True):
            np.testing.assert_allclose(np.frombuffer(got), np.ravel(want), rtol=1e-9, atol=1e-12)

    def grade(self, cohort: Sequence[Student], workers: int, watch: Watch | None = None) -> tuple[Cost, Wrong]:
        sources = ["" if self.empty else student.source(student.name) for student in cohort]
        with Sampler(watch, lambda: self.floor.pids):
            seconds, cpu, _ = self.floor.run(sources)
        return Cost(len(cohort), seconds, cpu), {}


def contenders(folder: Path, cache: Path, workers: int) -> dict[str, tuple[str, Callable[[], Contender]]]:
    """By name: the library that its submissions are written in, and how to make it."""

    def peer(name: str) -> Path:
        return environment(name, cache)

    return {
        "fork only, numpy": ("numpy", lambda: Bare(folder / "fork", "numpy", workers, empty=True)),
        "fork only, torch": ("torch", lambda: Bare(folder / "fork-torch", "torch", workers, empty=True)),
        "floor, numpy": ("numpy", lambda: Bare(folder / "floor", "numpy", workers)),
        "floor, torch": ("torch", lambda: Bare(folder / "floor-torch", "torch", workers)),
        "ours, numpy": ("numpy", lambda: Ours(folder / "ours", "numpy")),
        "ours, torch": ("torch", lambda: Ours(folder / "ours-torch", "torch")),
        "otter run": ("numpy", lambda: Otter(peer("otter"), folder / "otter")),
        "nbgrader --student": ("numpy", lambda: Nbgrader(peer("nbgrader"), folder / "nbgrader", single=True)),
        "nbgrader batch": ("numpy", lambda: Nbgrader(peer("nbgrader"), folder / "nbgrader-all", single=False)),
        "pytest, numpy": ("numpy", lambda: Pytest(peer("pytest"), folder / "pytest", "numpy")),
        "pytest, torch": ("torch", lambda: Pytest(peer("pytest-torch"), folder / "pytest-torch", "torch")),
        "gradescope-utils": ("numpy", lambda: Gradescope(peer("gradescope"), folder / "gradescope", "numpy")),
    }
