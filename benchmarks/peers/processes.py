"""Peers that are a fresh process per submission: pytest and gradescope-utils, `.py` submissions."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

from measure import Command, Cost, Watch, run_all
from workload.functions import FUNCTIONS, NAMES
from workload.students import Student

from . import checks
from .environments import activated

MODULE = "eight"
SUITE = """{imports}import unittest

from gradescope_utils.autograder_utils.decorators import number, weight

import {module} as student

{data}

class TestEight(unittest.TestCase):
{tests}"""
RUNNER = """import unittest

from gradescope_utils.autograder_utils.json_test_runner import JSONTestRunner

suite = unittest.defaultTestLoader.discover("tests")
with open("results.json", "w") as file:
    JSONTestRunner(visibility="visible", stream=file).run(suite)
"""
Wrong = dict[str, frozenset[str]]


class Process:
    """A folder per submission with the tests in it; one command each."""

    notebook = False

    def __init__(self, python: Path, folder: Path, library: str) -> None:
        self.python, self.folder, self.library, self.rounds = python, folder, library, 0
        self.env = activated(python, folder / "home")

    def grade(self, cohort: Sequence[Student], workers: int, watch: Watch | None = None) -> tuple[Cost, Wrong]:
        """The cost of the commands alone, and who got which functions wrong."""
        self.rounds += 1
        folders = {s.name: self.folder / f"{self.rounds}" / s.name for s in cohort}
        for student in cohort:
            folders[student.name].mkdir(parents=True)
            (folders[student.name] / f"{MODULE}.py").write_text(student.source())
            self.lay_out(folders[student.name])
        commands = [Command([str(self.python), *self.arguments()], folder, self.env) for folder in folders.values()]
        cost, _ = run_all(commands, workers, watch)
        return cost, {name: frozenset(NAMES) - self.right(folder) for name, folder in folders.items()}

    def lay_out(self, folder: Path) -> None:
        raise NotImplementedError

    def arguments(self) -> list[str]:
        raise NotImplementedError

    def right(self, folder: Path) -> frozenset[str]:
        raise NotImplementedError


class Pytest(Process):
    def lay_out(self, folder: Path) -> None:
        (folder / "test_eight.py").write_text(checks.test_file(self.library, MODULE))

    def arguments(self) -> list[str]:
        return ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=results.xml"]

    def right(self, folder: Path) -> frozenset[str]:
        cases = ElementTree.parse(folder / "results.xml").iter("testcase")
        return frozenset(c.get("name", "").removeprefix("test_") for c in cases if len(c) == 0)


class Gradescope(Process):
    def lay_out(self, folder: Path) -> None:
        (folder / "tests").mkdir()
        (folder / "tests" / "test_eight.py").write_text(self._suite())
        (folder / "run_tests.py").write_text(RUNNER)

    def _suite(self) -> str:
        tests = []
        for index, function in enumerate(FUNCTIONS, 1):
            fetch = f"{function.name} = student.{function.name}\n"
            head = f'@weight(10)\n@number("{index}")\ndef test_{function.name}(self):\n'
            tests.append(checks.indented(head + checks.indented(fetch + checks.body(function, self.library))))
        data = "\n".join(checks.data(function, self.library) for function in FUNCTIONS)
        data = checks.helpers(self.library) + data
        return SUITE.format(imports=checks.imports(self.library), module=MODULE, data=data, tests="\n".join(tests))

    def arguments(self) -> list[str]:
        return ["run_tests.py"]

    def right(self, folder: Path) -> frozenset[str]:
        tests = json.loads((folder / "results.json").read_text())["tests"]
        passed = [t["name"] for t in tests if t["status"] == "passed"]
        return frozenset(found[1] for name in passed if (found := re.search(r"\btest_(\w+) ", name)))
