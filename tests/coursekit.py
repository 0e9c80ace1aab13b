"""A small course on disk, written by a test: one question file, a stub, and what else the test asks for."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from grader.asking import Oracle
from grader.cohort.batch import Batch
from grader.cohort.desk import Desk, Setting
from grader.course import Course
from grader.model import Report, Submission
from grader.records import report_from_json
from grader.sandbox.spawn import Launcher
from grader.store import Store

HEAD = """\
import numpy as np
import torch

from grader import Case, Fixture, Terms, call, get, new, prop, question, run

"""
CASES = """
@{name}.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
"""
SQUARE = '''
@question(loss=1, dx=2)
def square(x):
    """Sum of squares. x (N,); loss (), dx (N,)."""
    return (x * x).sum()
'''
SECRET = "a secret of the tests, long enough\n"


def write_course(
    root: Path,
    source: str,
    *,
    names: str = "",
    stub: str | None = None,
    fixtures: str | None = None,
    init: str | None = None,
    solution: str | None = None,
    library: str = "numpy",
    secret: str = SECRET,
) -> Course:
    """A course with the assignment `demo`; `source` is its questions, all of which are listed unless `names` says."""
    listed = names or ", ".join(re.findall(r"^@question\([^$]*?^def (\w+)", source, re.M))
    handout, reference = root / "assignments" / "demo", root / "reference" / "demo"
    handout.mkdir(parents=True, exist_ok=True)
    (reference / "solutions").mkdir(parents=True, exist_ok=True)
    (reference / "q.py").write_text(HEAD + source)
    if init is None:
        init = "from grader import Assignment\n" + f"from .q import {listed or 'torch'}\n"
        init += f'ASSIGNMENT = Assignment("Demo", file="demo.py", questions=[{listed}], library="{library}")\n'
    (reference / "__init__.py").write_text(init)
    if stub is None:
        heads = re.findall(r"^(@question\([^$]*?)^def (\w+)(\(.*?\)):", source, re.M)
        stub = "".join(
            f"class {name}:\n    pass\n\n{_methods(made)}\n"
            if "steps=" in made
            else f"def {name}{params}:\n    raise NotImplementedError\n\n\n"
            for made, name, params in heads
        )
    (handout / "demo.py").write_text(stub)
    (handout / "README.md").write_text("# Demo\n")
    if fixtures is not None:
        (handout / "fixtures.py").write_text(fixtures)
    if solution is not None:
        (reference / "solutions" / "model.py").write_text(solution)
    (root / "secret").write_text(secret)
    return Course(root, root / "secret")


def course_per_student(root: Path, source: str, **more: str) -> Course:
    """The same, with hidden cases drawn per student."""
    course = write_course(root, source, **more)  # type: ignore[arg-type]
    path = root / "reference" / "demo" / "__init__.py"
    path.write_text(path.read_text().replace('"Demo", ', '"Demo", per_student=True, '))
    return course


def _methods(made: str) -> str:
    """A stub for each method that the steps of a question call."""
    names = dict.fromkeys(re.findall(r"""call\(["'](\w+)""", made))
    return "".join(f"    def {name}(self, *args):\n        raise NotImplementedError\n\n" for name in names)


def line_of(text: str, marker: str = "# here") -> int:
    """The number of the line that holds the marker."""
    return next(i for i, line in enumerate(text.splitlines(), 1) if marker in line)


def graded_batch(
    setting: Setting,
    works: Sequence[Submission],
    threads: int,
    make: Callable[[], Launcher],
    path: Path,
    oracle: Oracle | None = None,
) -> list[Report]:
    """The reports of a batch that threads of this process graded, as the store tells them."""
    desk = Desk(setting, make, oracle=oracle)
    with ThreadPoolExecutor(threads) as executor, Store(path) as store:
        batch = Batch(setting, store, "run", functools.partial(executor.submit, desk.grade))
        assert len(list(batch.grade(works))) == len(works)
        return [report_from_json(json.loads(line)) for line in store.lines("run")]
