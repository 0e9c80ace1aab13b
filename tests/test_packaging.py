"""The wheel that students install: only `grader`, small dependencies, and a check that needs no torch."""

from __future__ import annotations

import email
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = out.glob("*.whl")
    return built


def test_only_the_package_grader_is_in_the_wheel(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert tops == {"grader", "dlgrader-0.1.0.dist-info"}
    for word in ("reference", "solutions", "cohorts", "/test_", "secret", ".key", "hidden"):
        assert not [n for n in names if word in n], word
    assert {"grader/feedback/page.html.j2", "grader/feedback/page.css"} <= set(names)
    assert {"grader/autograder/setup.sh", "grader/autograder/run_autograder"} <= set(names)
    assert {n for n in names if n.endswith(".py")} == {
        str(p.relative_to(ROOT)) for p in (ROOT / "grader").rglob("*.py")
    }


def test_the_metadata_names_little(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    meta = email.message_from_bytes(archive.read("dlgrader-0.1.0.dist-info/METADATA"))
    assert meta["Name"] == "dlgrader"
    assert meta["License-Expression"] == "MIT"
    required = [r for r in meta.get_all("Requires-Dist") or [] if "extra ==" not in r]
    assert sorted(re.split(r"[<>=~!;\[ ]", r)[0] for r in required) == ["click", "numpy"]
    assert {"torch", "notebooks", "gradescope", "cluster", "docs", "dev"} <= set(meta.get_all("Provides-Extra") or [])
    scripts = archive.read("dlgrader-0.1.0.dist-info/entry_points.txt").decode()
    assert "grader = grader.cli:alone" in scripts
    assert "[pytest11]\ndlgrader = grader.pytest_plugin" in scripts
    assert "LICENSE" in " ".join(archive.namelist())


def test_torch_is_pinned_by_a_constraint_not_by_the_package() -> None:
    assert "torch==2.13.0" in (ROOT / "constraints.txt").read_text().splitlines()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not any("==" in r for r in project["optional-dependencies"]["torch"])


def test_the_wheel_checks_a_handout_without_torch(wheel: Path, handout: Path, tmp_path: Path) -> None:
    """The package as unpacked from the wheel, in a process where torch cannot be imported."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    code = "import sys; sys.modules['torch'] = None; from grader.cli import main; main()"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-c", code, "check", str(handout)]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Public cases passed: 0 of 25 questions." in done.stdout


def test_nothing_in_the_repo_names_a_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    if not tracked:
        pytest.skip("not in a git checkout: tracked files are unknown")
    pattern = re.compile(r"(?<![\w.])/(work|farm|root)/\w")
    for name in tracked.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".toml", ".txt", "") and path.is_file() and "cohorts" not in name:
            found = pattern.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{name}: {found}"
