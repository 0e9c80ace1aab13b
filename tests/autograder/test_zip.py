"""`grader export gradescope` as it is typed: what is in the zip, what is not, and what is refused."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT, Run
from coursekit import SECRET, SQUARE, course_per_student
from layout import CASES, course, made

from grader.autograder import settings as chosen
from grader.autograder.settings import Settings
from grader.autograder.wheel import NAME, PYTHON, REQUIRES
from grader.course import Course
from grader.errors import UsageError
from grader.handout import checked_wheel
from grader.keyfile import load

__all__ = ["course", "made"]


def test_what_is_in_it(made: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        scripts = [archive.read(name) for name in ("setup.sh", "run_autograder")]
        pins = archive.read("constraints.txt").decode()
    assert set(modes) == {"setup.sh", "run_autograder", NAME, "constraints.txt", "settings.json", "assignment.key"}
    assert all(stat.S_ISREG(mode) for mode in modes.values())
    assert [stat.S_IMODE(modes[name]) for name in ("setup.sh", "run_autograder")] == [0o755, 0o755]
    assert stat.S_IMODE(modes["assignment.key"]) == 0o600
    assert all(script.startswith(b"#!/bin/bash\n") and b"\r" not in script for script in scripts)
    assert re.fullmatch(r"numpy==[\d.]+\nclick==[\d.]+\n", pins), "no torch for an assignment in NumPy"


def test_only_its_owner_reads_it(made: Path) -> None:
    assert stat.S_IMODE(made.stat().st_mode) == 0o600


def test_the_key_grades_and_tells_nothing_of_the_secret(made: Path, course: Course) -> None:
    with zipfile.ZipFile(made) as archive:
        whole = b"".join(archive.read(name) for name in archive.namelist() if not name.endswith(".whl"))
        key = load(archive.read("assignment.key"))
    assert any(case.hidden for q in key.questions for case in q.cases) and key.questions[0].mistakes
    assert key.handed, "an untouched stub is known"
    assert set(key.provenance) <= {"grader", "torch", "numpy", "python", "device"}
    assert SECRET.strip().encode() not in whole
    for path in course.reference("demo").rglob("*.py"):
        assert path.read_bytes() not in whole and path.name.encode() not in whole


def test_the_wheel_is_one(made: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(made) as archive:
        archive.extract(NAME, tmp_path)
    assert checked_wheel(tmp_path / NAME)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert tuple(project["dependencies"]) == REQUIRES and project["requires-python"] == PYTHON
    names = {n for n in zipfile.ZipFile(tmp_path / NAME).namelist() if n.startswith("grader/")}
    there = {p for p in (ROOT / "grader").rglob("*") if p.is_file() and "__pycache__" not in p.parts}
    assert names == {p.relative_to(ROOT).as_posix() for p in there}


def test_the_same_export_gives_the_same_bytes(made: Path, course: Course, grader: Run, tmp_path: Path) -> None:
    where = ("--course", course.root, "--secret-file", course.secret_file, "--out", tmp_path / "a.zip")
    assert grader("export", "gradescope", "demo", *where).returncode == 0
    assert (tmp_path / "a.zip").read_bytes() == made.read_bytes()
    again = grader("export", "gradescope", "demo", *where)
    assert again.returncode == 2 and "--force replaces it" in again.stderr
    options = ("--force", "--visibility", "hidden-cases=after_published", "--tag", "week 3", "--deadline", "300")
    forced = grader("export", "gradescope", "demo", *where, *options)
    assert forced.returncode == 0, forced.stderr
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        settings = chosen.load(archive.read("settings.json"))
    assert settings == Settings(hidden="after_published", tags=("week 3",), deadline=300.0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--visibility", "hidden-cases=never"), "is none of visible, after_due_date"),
        (("--visibility", "all=visible"), "say public-cases=WHEN or hidden-cases=WHEN"),
        (("--wheels", "."), "holds no wheel"),
        (("--wheel", "setup.py"), "is no wheel of the grader"),
    ],
)
def test_what_is_refused(
    options: tuple[str, ...], said: str, course: Course, grader: Run, tmp_path: Path, made: Path
) -> None:
    where = ("--course", course.root, "--secret-file", course.secret_file, "--out", tmp_path / "a.zip")
    done = grader("export", "gradescope", "demo", *where, *options, cwd=tmp_path)
    assert done.returncode == 2 and said in done.stderr and not os.listdir(tmp_path)


def test_a_draw_for_each_student_is_said_to_be_one(grader: Run, tmp_path: Path) -> None:
    course = course_per_student(tmp_path, SQUARE + CASES.format(name="square"))
    where = ("--course", course.root, "--secret-file", course.secret_file, "--out", tmp_path / "a.zip")
    done = grader("export", "gradescope", "demo", *where)
    assert done.returncode == 2 and "draws hidden cases for each student" in done.stderr
    assert grader("export", "gradescope", "demo", *where, "--one-draw").returncode == 0


def test_settings_that_are_not_ours_are_refused() -> None:
    assert chosen.load(chosen.dump(Settings())) == Settings()
    for text in ("[]", "{}", '{"tags": []}', "nonsense", json.dumps({"tags": [], "deadline": "soon"})):
        if text == '{"tags": []}':
            assert chosen.load(text.encode()) == Settings()
            continue
        with pytest.raises(UsageError):
            chosen.load(text.encode())


def test_memory_that_a_worker_may_take() -> None:
    """What is left of the container; torch's own address space comes on top."""
    assert Settings().limits("numpy").memory == 512 << 20
    assert 2 * Settings().limits("torch").memory == 1024 << 20
