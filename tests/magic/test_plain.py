"""`check()` without IPython: in a script, at a prompt, and of a function that another file holds."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

RIGHT = "import numpy as np\ndef append_one(X):\n    return np.hstack([X, np.ones((len(X), 1))])\n"
WRONG = "def fold_bias(W, b):\n    return W\n"
CHECKS = """
if __name__ == "__main__":
    from grader import check
    passed = check(append_one)
    assert passed, "not right"
    assert not check("append_one", fold_bias)
"""


@pytest.fixture
def desk(handout: Path, tmp_path: Path) -> Path:
    shutil.copytree(handout, tmp_path / "desk")
    (tmp_path / "desk" / "linear_classifiers.ipynb").unlink(missing_ok=True)  # there would be a note on it
    (tmp_path / "desk" / "linear_classifiers.py").write_text(RIGHT + WRONG + CHECKS)
    return tmp_path / "desk"


def python(*arguments: str, cwd: Path, typed: str = "") -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHON_COLORS": "0"}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=cwd, env=environment, input=typed, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    return done.stdout


def test_a_script_prints_and_goes_on(desk: Path) -> None:
    said = python("linear_classifiers.py", cwd=desk)
    assert said.count("Linear classifiers: linear_classifiers.py, public cases") == 2
    assert said.startswith("Linear classifiers: linear_classifiers.py, public cases\n  ok    append_one\nPublic cases")
    assert "  FAIL  fold_bias\n" in said


def test_a_file_elsewhere_brings_its_own_key(desk: Path, tmp_path: Path) -> None:
    (desk.parent / "elsewhere").mkdir()
    code = "import sys; sys.path.insert(0, '../desk'); import linear_classifiers as l; from grader import check;"
    said = python("-c", f"{code} check(l.append_one); check('append_one')", cwd=tmp_path / "elsewhere")
    assert "linear_classifiers.py, public cases\n  ok    append_one" in said
    assert f"error: no public.key in {tmp_path / 'elsewhere'} or above it: put the handout's public.key there" in said


def test_a_function_behind_a_decorator_goes_by_its_name(desk: Path) -> None:
    code = (
        f"{RIGHT.replace('append_one', 'one')}"
        "append_one = lambda X: one(X)\n"
        "if __name__ == '__main__':\n"
        "    from grader import check\n"
        "    assert check(append_one)\n"
        "    check(lambda X: X)\n"
    )
    (desk / "try_it.py").write_text(code)
    said = python("try_it.py", cwd=desk)
    assert "try_it.py, public cases\n  ok    append_one\n" in said
    assert "error: this function has no name that a question has; ask by name" in said


def test_at_a_prompt_it_shows_itself_once_and_what_was_typed_is_refused_in_a_line(desk: Path) -> None:
    typed = "from grader import check\ncheck('append_one')\nx = check()\n"
    typed += "def fold_bias(W, b): return W\n\ncheck(fold_bias)\n"
    said = python("-i", "-q", cwd=desk, typed=typed)
    assert said.count("  ok    append_one") == 1
    assert "error: only code in a file or a notebook can be checked" in said
    assert "error: check() takes functions, classes and names, not int" in python(
        "-c", "from grader import check; check(3)", cwd=desk
    )


def test_importing_check_costs_little() -> None:
    code = "import sys; from grader import check; print([m for m in ('numpy', 'IPython', 'torch') if m in sys.modules])"
    assert python("-c", code, cwd=ROOT) == "[]\n"
