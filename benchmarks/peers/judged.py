"""Peers that are given a file and some tests, and tell which functions got their points: for detect.py."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree

from .checks import indented
from .environments import activated
from .notebooks import OTTER
from .processes import RUNNER

HEAD = "import base64\nimport pickle\n\nimport numpy as np\n"
Tests = Mapping[str, str]  # statements by function


class Peer(Protocol):
    """Runs tests on a file: the functions that got their points."""

    def right(self, source: str, tests: Tests) -> frozenset[str]: ...


@dataclass
class Place:
    """Where a peer runs: a new folder each time, and a process that is ended with all that came of it."""

    python: Path
    folder: Path
    seconds: float
    runs: int = 0
    ended: int = 0

    def new(self) -> Path:
        self.runs += 1
        made = self.folder / f"{self.runs}"
        made.mkdir(parents=True)
        return made

    def run(self, folder: Path, *command: str) -> None:
        with open(folder / "log", "wb") as log:
            process = subprocess.Popen(
                command, cwd=folder, env=activated(self.python, self.folder / "home"), stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
            try:
                process.wait(self.seconds)
            except subprocess.TimeoutExpired:
                self.ended += 1
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class Gradescope(Place):
    """gradescope-utils: unittest in a process, results.json."""

    def right(self, source: str, tests: Tests) -> frozenset[str]:
        folder = self.new()
        methods = "".join(
            f"    def test_{name}(self):\n        {name} = student.{name}\n{indented(text, 8)}\n"
            for name, text in tests.items()
        )
        (folder / "tests").mkdir()
        (folder / "tests" / "test_all.py").write_text(
            f"{HEAD}import unittest\n\nimport handed_in as student\nfrom handed_in import *\n\n\n"
            f"class TestAll(unittest.TestCase):\n{methods}"
        )
        (folder / "handed_in.py").write_text(source)
        (folder / "run_tests.py").write_text(RUNNER)
        self.run(folder, str(self.python), "run_tests.py")
        try:
            found = json.loads((folder / "results.json").read_text())["tests"]
        except (OSError, ValueError, KeyError):
            return frozenset()
        names = [t["name"] for t in found if t.get("status") == "passed"]
        return frozenset(m[1] for name in names if (m := re.search(r"\btest_(\w+) ", name))) & set(tests)


class Pytest(Place):
    """pytest in a process, JUnit XML."""

    def right(self, source: str, tests: Tests) -> frozenset[str]:
        folder = self.new()
        functions = "".join(
            f"def test_{name}():\n    {name} = student.{name}\n{indented(text)}\n\n" for name, text in tests.items()
        )
        (folder / "test_all.py").write_text(f"{HEAD}\nimport handed_in as student\n\n\n{functions}")
        (folder / "handed_in.py").write_text(source)
        self.run(folder, str(self.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "--junitxml=results.xml")
        try:
            cases = list(ElementTree.parse(folder / "results.xml").iter("testcase"))
        except (OSError, ElementTree.ParseError):
            return frozenset()
        return frozenset(c.get("name", "").removeprefix("test_") for c in cases if len(c) == 0) & set(tests)


class Otter(Place):
    """`otter run` of a .py file, results.json; the tests are made into an autograder once."""

    made: dict[int, Path] = {}  # noqa: RUF012

    def right(self, source: str, tests: Tests) -> frozenset[str]:
        otter, folder = str(self.python.parent / "otter"), self.new()
        made = self.made.get(id(tests))
        if made is None:
            made = self.made[id(tests)] = folder / "autograder.zip"
            (folder / "tests").mkdir()
            for name, text in tests.items():
                (folder / "tests" / f"{name}.py").write_text(
                    OTTER.format(imports=HEAD, name=name, data="", body=indented(text))
                )
            self.run(folder, otter, "generate", "-t", "tests", "-o", "autograder.zip", "-l", "python")
        (folder / "handed_in.py").write_text(source)
        self.run(folder, otter, "run", "-a", str(made), "-o", str(folder), "--no-logo", "handed_in.py")
        try:
            found = json.loads((folder / "results.json").read_text())["tests"]
        except (OSError, ValueError, KeyError):
            return frozenset()
        return frozenset(t["name"] for t in found if t.get("score") == t.get("max_score")) & set(tests)
