"""A tiny course and its zip, the platform's folder laid out as the platform does, and one run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import Run
from coursekit import write_course

from grader.course import Course

ROOT = Path(__file__).resolve().parents[2]
CONTAINER = [sys.executable, "-P", str(Path(__file__).with_name("container.py"))]
RUN = [sys.executable, "-P", "-m", "grader.autograder"]
METADATA = {
    "id": 1,
    "created_at": "2018-07-01T14:22:32.365935-07:00",
    "assignment": {"total_points": "6.0", "title": "Demo", "due_date": "2018-07-31T23:00:00.000000-07:00"},
    "users": [{"email": "ada@example.edu", "id": 3, "name": "Ada"}],
    "previous_submissions": [],
}

TWO = '''
@question(loss=1, dx=2)
def square(x):
    """Sum of squares. x (N,); loss (), dx (N,)."""
    return (x * x).sum()

@question(y=3)
def double(x):
    """Twice x. x (N,); y (N,)."""
    return 2 * x

@square.mistake("Is the derivative of a square really the value itself?")
def slope_forgotten(out, x):
    return {"dx": x}
'''
CASES = """
@{name}.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=np.array([1234.5, 77.25, 8642.125]))
    yield Case("unseen too", hidden=True, x=rng.normal(size=3))
"""


_made: list[tuple[Course, Path]] = []  # a fixture that several files import would be made for each of them


@pytest.fixture(scope="session")
def exported(grader: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, Path]:
    """The course and its zip, as an instructor types it."""
    if not _made:
        source = TWO + CASES.format(name="square") + CASES.format(name="double")
        found = write_course(tmp_path_factory.mktemp("course"), source, names="square, double")
        out = tmp_path_factory.mktemp("export") / "autograder.zip"
        done = grader("export", "gradescope", "demo", "--out", out, *where(found))
        assert done.returncode == 0, done.stderr
        assert "keep it from students" in done.stderr
        _made.append((found, out))
    return _made[0]


@pytest.fixture(scope="session")
def course(exported: tuple[Course, Path]) -> Course:
    return exported[0]


@pytest.fixture(scope="session")
def made(exported: tuple[Course, Path]) -> Path:
    return exported[1]


def where(course: Course) -> list[str]:
    return ["--course", str(course.root), "--secret-file", str(course.secret_file)]


def lay_out(base: Path, made: Path) -> Path:
    """The zip unpacked, and room for a submission beside it."""
    for name in ("source", "submission", "results"):
        (base / name).mkdir(parents=True)
    with zipfile.ZipFile(made) as archive:
        archive.extractall(base / "source")
    (base / "run_autograder").write_bytes((base / "source" / "run_autograder").read_bytes())
    (base / "submission_metadata.json").write_text(json.dumps(METADATA))
    return base


def change(base: Path, **settings: Any) -> None:
    """Other settings than those of the export."""
    path = base / "source" / "settings.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


def hand_in(base: Path, files: Mapping[str, str | bytes]) -> None:
    for name, data in files.items():
        path = base / "submission" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data if isinstance(data, bytes) else data.encode())


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}


def run(base: Path, before: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """What run_autograder starts, by this Python."""
    command = [*(before or []), *RUN, str(base)]
    return subprocess.run(
        command, env=environment(), cwd=base, capture_output=True, text=True, timeout=120, check=False
    )


def results(base: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((base / "results" / "results.json").read_text())
    return found


RIGHT = """
def square(x):
    return float((x * x).sum()), 2 * x

def double(x):
    return 2 * x
"""
WRONG = """
def square(x):
    return float((x * x).sum()), x

def double(x):
    return 3 * x
"""
LOOPS = """
def square(x):
    return float((x * x).sum()), 2 * x

def double(x):
    while True:
        pass
"""
