"""Shared by all tests: the command line as a user types it, and the repository's own course."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COHORT = ROOT / "tests" / "cohorts" / "linear_classifiers"
Run = Callable[..., "subprocess.CompletedProcess[str]"]
SLOW = """
test_cohort test_cli test_cluster test_draws test_carry test_docs_authoring test_conformance test_harness test_oracle
test_result_pages test_right_and_wrong test_readme test_crowd test_kills test_throughput test_pages test_check_options
test_watch"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slowest files begin first (dev.py asks pytest-xdist to keep the order): else one process is left alone with
    them at the end."""
    place = {name: number for number, name in enumerate(SLOW.split())}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fixed secret, so that hidden cases are the same in every run of the tests."""
    path = tmp_path_factory.mktemp("secret") / "secret"
    path.write_text("a fixed secret for the tests only\n")
    return path


@pytest.fixture(scope="session")
def grader() -> Run:
    """Run `grader` with arguments; text of stdout and stderr. Grading makes no pages unless it is told to (--pages):
    they take longer than what most tests look at."""

    def run(*arguments: object, cwd: Path = ROOT, timeout: float = 300) -> subprocess.CompletedProcess[str]:
        plain = ["--no-pages"] if arguments[0] == "grade" and "--pages" not in arguments else []
        command = [sys.executable, "-P", "-m", "grader", *map(str, arguments), *plain]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False
        )

    return run


@pytest.fixture(scope="session")
def handout(grader: Run, secret_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The released handout of linear_classifiers."""
    out = tmp_path_factory.mktemp("release") / "linear_classifiers"
    done = grader("release", "linear_classifiers", "--out", out, "--secret-file", secret_file)
    assert done.returncode == 0, done.stderr
    return out
