"""Peers that run a notebook: `otter run`, and `nbgrader autograde` for one student and for all at once."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from measure import Command, Cost, Done, Watch, run_all
from workload.functions import FUNCTIONS, NAMES
from workload.students import Student, code_cell, notebook, students

from . import checks
from .environments import activated

ASSIGNMENT = "ps1"
OTTER = """from otter.test_files import test_case

{imports}
OK_FORMAT = False
name = "{name}"
points = 10

{data}

@test_case()
def test_{name}({name}):
{body}"""
SCORES = """
SELECT student.id, base.name, grade.auto_score FROM grade
JOIN base_cell AS base ON base.id = grade.cell_id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
JOIN student ON student.id = submitted_assignment.student_id
"""
Wrong = dict[str, frozenset[str]]


def expect(done: Sequence[Done], what: str) -> None:
    failed = [d for d in done if d.code]
    if failed:
        raise RuntimeError(f"{what}: {failed[0].output[-2000:]}")


class Otter:
    """`otter run` of a notebook, a command per submission."""

    notebook = True

    def __init__(self, python: Path, folder: Path) -> None:
        self.otter, self.folder, self.rounds = str(python.parent / "otter"), folder, 0
        self.env = activated(python, folder / "home")
        tests = folder / "tests"
        tests.mkdir(parents=True)
        for function in FUNCTIONS:
            text = OTTER.format(
                imports=checks.imports("numpy"),
                name=function.name,
                data=checks.data(function, "numpy"),
                body=checks.indented(checks.body(function, "numpy")),
            )
            (tests / f"{function.name}.py").write_text(text)
        made = Command(
            [self.otter, "generate", "-t", str(tests), "-o", str(folder / "autograder.zip")], folder, self.env
        )
        expect(run_all([made])[1], "otter generate")

    def grade(self, cohort: Sequence[Student], workers: int, watch: Watch | None = None) -> tuple[Cost, Wrong]:
        self.rounds += 1
        commands, places = [], {}
        for student in cohort:
            place = places[student.name] = self.folder / f"{self.rounds}" / student.name
            place.mkdir(parents=True)
            (place / f"{student.name}.ipynb").write_text(student.notebook())
            run = [self.otter, "run", "-a", str(self.folder / "autograder.zip"), "-o", str(place), "--no-logo"]
            commands.append(Command([*run, f"{student.name}.ipynb"], place, self.env))
        cost, done = run_all(commands, workers, watch)
        expect(done, "otter run")
        return cost, {name: frozenset(NAMES) - _otter_right(place) for name, place in places.items()}


def _otter_right(place: Path) -> frozenset[str]:
    tests = json.loads((place / "results.json").read_text())["tests"]
    return frozenset(t["name"] for t in tests if t.get("score") == t.get("max_score") and t["name"] in NAMES)


class Nbgrader:
    """`nbgrader autograde`: with `single`, a command per submission (--student), else one for all of them, or for
    each worker one with a course of its own."""

    notebook = True

    def __init__(self, python: Path, folder: Path, single: bool) -> None:
        self.nbgrader, self.folder, self.single, self.rounds = str(python.parent / "nbgrader"), folder, single, 0
        self.env = activated(python, folder / "home")
        self.master = folder / "master"
        source = self.master / "source" / ASSIGNMENT
        source.mkdir(parents=True)
        (self.master / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'bench'\n")
        (source / "eight.ipynb").write_text(_nbgrader_source())
        made = Command([self.nbgrader, "generate_assignment", ASSIGNMENT], self.master, self.env)
        expect(run_all([made])[1], "nbgrader generate_assignment")
        release = self.master / "release" / ASSIGNMENT / "eight.ipynb"
        self.release = json.loads(release.read_text())

    def grade(self, cohort: Sequence[Student], workers: int, watch: Watch | None = None) -> tuple[Cost, Wrong]:
        self.rounds += 1
        courses, commands = [], []
        for index in range(min(workers, len(cohort))):
            course = self.folder / f"{self.rounds}-{index}"
            shutil.copytree(self.master, course)
            courses.append(course)
            part = cohort[index::workers]
            for student in part:
                place = course / "submitted" / student.name / ASSIGNMENT
                place.mkdir(parents=True)
                (place / "eight.ipynb").write_text(self._handed_in(student))
            run = [self.nbgrader, "autograde", ASSIGNMENT]
            commands += (
                [Command([*run, f"--student={student.name}"], course, self.env) for student in part]
                if self.single
                else [Command(run, course, self.env)]
            )
        cost, done = run_all(commands, workers, watch)
        expect(done, "nbgrader autograde")
        cost.count = len(cohort)
        wrong: Wrong = {}
        for course in courses:
            wrong |= self._wrong(course)
        return cost, {student.name: wrong.get(student.name, frozenset({"not graded"})) for student in cohort}

    def _handed_in(self, student: Student) -> str:
        """The released notebook with the student's cells in it."""
        cells = dict(zip(["head", *NAMES], student.cells, strict=True))
        made = json.loads(json.dumps(self.release))
        for cell in made["cells"]:
            name = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
            if name in cells:
                cell["source"] = cells[name]
        return json.dumps(made)

    def _wrong(self, course: Path) -> Wrong:
        with contextlib.closing(sqlite3.connect(course / "gradebook.db")) as db:
            rows = db.execute(SCORES).fetchall()
        wrong: dict[str, set[str]] = {}
        for student, cell, score in rows:
            wrong.setdefault(student, set())
            if cell.startswith("test_") and score != 10:
                wrong[student].add(cell.removeprefix("test_"))
        return {name: frozenset(found) for name, found in wrong.items()}


def _nbgrader_source() -> str:
    """The instructor's notebook: a solution cell and a test cell per function."""
    plain = {"schema_version": 3, "solution": False, "grade": False, "locked": False, "task": False}
    solution = {**plain, "solution": True}
    test = {**plain, "grade": True, "locked": True, "points": 10}
    right = students("numpy")[0]
    cells = [code_cell(right.cells[0], nbgrader={**solution, "grade_id": "head"})]
    for function, code in zip(FUNCTIONS, right.cells[1:], strict=True):
        cells.append(code_cell(code, nbgrader={**solution, "grade_id": function.name}))
        text = f"import numpy as np\n\n{checks.data(function, 'numpy')}{checks.body(function, 'numpy')}"
        cells.append(code_cell(text, nbgrader={**test, "grade_id": f"test_{function.name}"}))
    return notebook(cells)
