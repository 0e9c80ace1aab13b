"""A student's own check of the handout: in a plain process that may write no file, optimizers and all."""

from __future__ import annotations

import shutil
from pathlib import Path

from conftest import ROOT, Run


def test_a_right_solution_passes_its_own_check(grader: Run, secret_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "classification"
    done = grader("release", "classification", "--out", out, "--secret-file", secret_file)
    assert done.returncode == 0, done.stderr
    assert not [p.name for p in out.rglob("*") if p.suffix == ".pyc"]
    done = grader("check", cwd=out)
    assert done.returncode == 1 and "train_step: not written yet" in done.stdout
    shutil.copy(ROOT / "reference" / "classification" / "solutions" / "model.py", out / "classification.py")
    done = grader("check", cwd=out)
    assert done.returncode == 0 and "Public cases passed: 19 of 19 questions." in done.stdout, done.stdout
