"""`grader export gradescope` as it is typed: what is in the zip, what is not, and what is refused."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from coursekit import SECRET
from layout import course, exported, made, where

from grader.autograder import settings as chosen
from grader.autograder.settings import Settings
from grader.autograder.wheel import NAME, PYTHON, REQUIRES
from grader.cli import export_gradescope
from grader.cli.commands import cli
from grader.course import Course
from grader.errors import UsageError
from grader.handout import checked_wheel
from grader.keyfile import load

__all__ = ["course", "exported", "made"]


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


def export(course: Course, *options: str) -> None:
    cli.main(["export", "gradescope", "demo", *where(course), "--out", "a.zip", *options], standalone_mode=False)


def test_the_same_export_gives_the_same_bytes(
    made: Path, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    export(course)
    out = tmp_path / "a.zip"
    assert out.read_bytes() == made.read_bytes()
    with pytest.raises(UsageError, match="--force replaces it"):
        export(course)
    more = ("--force", "--visibility", "hidden-cases=after_published", "--tag", "week 3", "--deadline", "300")
    export(course, *more)
    with zipfile.ZipFile(out) as archive:
        settings = chosen.load(archive.read("settings.json"))
    assert settings == Settings(hidden="after_published", tags=("week 3",), deadline=300.0)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_wheels_of_ones_own_go_with_it(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the image is built without a network."""
    monkeypatch.chdir(tmp_path)
    Path("wheels").mkdir()
    Path("wheels", "numpy-9.whl").write_bytes(b"a wheel")
    export(course, "--wheels", "wheels")
    with zipfile.ZipFile("a.zip") as archive:
        assert archive.read("wheels/numpy-9.whl") == b"a wheel"


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
    options: tuple[str, ...], said: str, course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=re.escape(said)):
        export(course, *options)
    assert not os.listdir(tmp_path)


def test_a_draw_for_each_student_is_said_to_be_one(
    course: Course, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(made) as archive:
        key = replace(load(archive.read("assignment.key")), per_student=True)
    monkeypatch.setattr(export_gradescope, "frozen_key", lambda *_: key)
    with pytest.raises(UsageError, match="draws hidden cases for each student"):
        export(course)
    export(course, "--one-draw")
    with zipfile.ZipFile("a.zip") as archive:
        assert not load(archive.read("assignment.key")).per_student


def test_what_an_instructor_is_told(
    course: Course, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Errors that are not carried forward there, and a deadline that may be too early."""
    monkeypatch.chdir(tmp_path)
    with zipfile.ZipFile(made) as archive:
        key = load(archive.read("assignment.key"))
    square, double = key.questions
    carries = replace(key, questions=(square, replace(double, carry=0.5, calls=("square",))))
    monkeypatch.setattr(export_gradescope, "frozen_key", lambda *_: carries)
    export(course, "--deadline", "100")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3 and said[1].startswith("note: double carry errors forward")
    assert "takes about 180 s on half a processor, more than the deadline of 100 s" in said[2]


def test_settings_that_are_not_ours_are_refused() -> None:
    assert chosen.load(chosen.dump(Settings())) == Settings()
    for text in ("[]", "{}", "nonsense", json.dumps({"tags": [], "deadline": "soon"}), '{"tags": [], "more": 1}'):
        with pytest.raises(UsageError):
            chosen.load(text.encode())


def test_memory_that_a_worker_may_take() -> None:
    """What is left of the container; torch's own address space comes on top."""
    assert Settings().limits("numpy").memory == 512 << 20
    assert 2 * Settings().limits("torch").memory == 1024 << 20
