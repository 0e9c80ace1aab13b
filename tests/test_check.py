"""What `grader check` says in the cases that once misled: contradictions, prints, files that do not load."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import ROOT, Run

MODEL = (ROOT / "reference" / "linear_classifiers" / "solutions" / "model.py").read_text()


@pytest.fixture
def desk(handout: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(handout, tmp_path / "desk"))


def check(grader: Run, desk: Path, more: str, *arguments: str) -> tuple[int, str]:
    (desk / "linear_classifiers.py").write_text(MODEL + more)
    done = grader("check", *arguments, cwd=desk)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout


def test_a_loss_that_is_right_on_public_inputs_alone_is_contradicted(grader: Run, desk: Path) -> None:
    code, said = check(grader, desk, BENT, "-q", "softmax_loss")
    assert code == 1
    assert "dS is right here, but your loss is not what it is the gradient of" in said


BENT = """

_right = softmax_loss


def softmax_loss(S, y):
    loss, dS = _right(S, y)
    return loss + 3 * np.sum(S - np.round(S, 2)), dS
"""


def test_a_gradient_question_is_not_blamed_for_another_function(grader: Run, desk: Path) -> None:
    """svm_gradient is right; the student's full_loss is not: that is full_loss's line alone."""
    wrong = "\n\ndef full_loss(X, W, y, reg, kind):\n    return float(np.sum(W)), np.ones_like(W)\n"
    code, said = check(grader, desk, wrong, "-q", "svm_gradient")
    assert code == 0, said
    assert "  ok    svm_gradient" in said


def test_prints_are_those_of_the_failing_case(grader: Run, desk: Path) -> None:
    noisy = "\n\ndef svm_loss_i(s, y):\n    print('label', y)\n    return 0.0 if y == 1 else 2.9\n"
    code, said = check(grader, desk, noisy, "-q", "svm_loss_i")
    assert code == 1
    assert "frog: loss is wrong: got 2.9, expected 12.9" in said
    assert "printed in frog:\n          | label 2" in said


def test_prints_of_right_code_are_shown_too(grader: Run, desk: Path) -> None:
    right = "\n\n_append = append_one\ndef append_one(X):\n    print('seen', X.shape)\n    return _append(X)\n"
    code, said = check(grader, desk, right, "-q", "append_one")
    assert code == 0
    assert "| seen (2, " in said


def test_a_syntax_error_is_said_once(grader: Run, desk: Path) -> None:
    code, said = check(grader, desk, "\ndef broken(:\n")
    assert code == 1
    assert said.count("SyntaxError") == 1
    assert "linear_classifiers.py line" in said


def test_a_wrong_number_of_outputs_is_said_once_with_their_names(grader: Run, desk: Path) -> None:
    code, said = check(grader, desk, "\n\ndef softmax_loss(S, y):\n    return 1.0\n", "-q", "softmax_loss")
    assert code == 1
    assert said.count("returned 1 value, expected 2: loss, dS") == 1


@pytest.mark.parametrize("library", ["torch", "pytest"])
def test_what_is_not_there_where_it_is_graded_is_not_there_here(grader: Run, desk: Path, library: str) -> None:
    use = f"\n\ndef append_one(X):\n    import {library}\n    return X\n"
    code, said = check(grader, desk, use, "-q", "append_one")
    assert code == 1
    assert f"{library} is not there where this is graded: NumPy and the standard library alone" in said
    assert "site-packages" not in said


def test_files_beside_it_are_not_there_either(grader: Run, desk: Path) -> None:
    (desk / "table.txt").write_text("1 2")
    code, said = check(grader, desk, "\n\ndef append_one(X):\n    return np.loadtxt('table.txt')\n", "-q", "append_one")
    assert code == 1
    assert "FileNotFoundError" in said or "not found" in said
