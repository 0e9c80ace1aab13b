"""The zip as the platform uses it: setup.sh while the image is built, run_autograder for a submission; at `/autograder`
itself where this machine has none and lets us, and in a container's rights where we are root.

The package index is not asked: the Python that setup.sh finds has NumPy and click from here, and pip installs the wheel
alone."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
import pytest
from layout import CONTAINER, RIGHT, exported, hand_in, made, results

from grader.sandbox.worker import confine

__all__ = ["exported", "made"]
pytestmark = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)
PYTHON = """#!/bin/sh
"{python}" "$@" || exit
if [ "$2" = venv ]; then
    printf '%s\\n' {sites} > "$(echo "$3"/lib/python3*/site-packages)/outer.pth"
fi
"""


@pytest.fixture
def base(made: Path) -> Iterator[Path]:
    """The platform's folder, and `opt` in place of /opt/dlgrader beside the zip."""
    place = Path("/autograder")
    with tempfile.TemporaryDirectory(prefix="autograder-", dir="/tmp") as folder:  # which others can reach
        os.chmod(folder, 0o755)
        try:
            place.mkdir()
        except OSError:  # there is one, or we may not
            place = Path(folder, "autograder")
            place.mkdir()
        try:
            for name in ("source", "submission", "results"):
                (place / name).mkdir()
            with zipfile.ZipFile(made) as archive:
                for info in archive.infolist():
                    archive.extract(info, place / "source")
                    os.chmod(place / "source" / info.filename, info.external_attr >> 16)
            shutil.copy(place / "source" / "run_autograder", place)
            yield place
        finally:
            shutil.rmtree(place)


def test_from_the_image_to_a_grade(base: Path, tmp_path: Path) -> None:
    sites = {str(Path(module.__file__ or "").parents[1]) for module in (np, click)}
    shim = tmp_path / "python3.13"
    real = os.path.realpath(sys.executable)
    shim.write_text(PYTHON.format(python=real, sites=" ".join(f"'{site}'" for site in sorted(sites))))
    shim.chmod(0o755)
    with tempfile.TemporaryDirectory(prefix="dlgrader-", dir="/tmp") as opt:
        os.chmod(opt, 0o755)
        place = f"{opt}/grader"
        environment = {
            "PATH": f"{tmp_path}:/usr/bin:/bin",
            "PIP_NO_INDEX": "1",
            "PIP_NO_DEPS": "1",
            "HOME": str(tmp_path),
        }
        setup = [str(base / "source" / "setup.sh"), str(base), place]
        built = subprocess.run(setup, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert built.returncode == 0, built.stdout + built.stderr
        assert "setup.sh: done." in built.stdout and "isolation: " in built.stdout
        assert stat.S_IMODE((base / "source").stat().st_mode) == 0o700
        assert stat.S_IMODE((base / "source" / "assignment.key").stat().st_mode) == 0o600
        hand_in(base, {"demo.py": RIGHT})
        command = [str(base / "run_autograder"), str(base), place]
        if os.getuid() == 0:
            command = [*CONTAINER, "--", *command]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert results(base)["score"] == 6.0
    assert done.stdout.startswith("grader ") and "the key is closed to student code (tried)" in done.stdout
