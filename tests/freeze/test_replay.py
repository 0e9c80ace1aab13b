"""A case as a program: it runs the submission on just that case and says what came, for shared and own draws."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, Run
from coursekit import CASES, SQUARE, course_per_student, write_course
from test_freeze import ALL, FIXTURES

from grader.course import Course
from grader.errors import UsageError
from grader.freeze import freeze
from grader.keys import frozen_key
from grader.model import AnswerKey
from grader.replay import find, literal, script

MODEL = ROOT / "reference" / "linear_classifiers" / "solutions" / "model.py"
# Every function of a submission, made wrong: another answer, or none at all where it should have refused.
WRONG = """

def _wrong(name, right):
    def function(*args):
        try:
            out = right(*args)
        except ValueError:
            return 0.0
        return tuple(1.5 * np.asarray(o) + 1 for o in out) if isinstance(out, tuple) else 1.5 * np.asarray(out) + 1
    return function


for _name in {names!r}:
    globals()[_name] = _wrong(_name, globals()[_name])


class Linear(Linear):
    def forward(self, X):
        return super().forward(X) + 1
"""


def run(text: str, submission: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The program's exit code and what it printed, run in this process."""
    space: dict[str, Any] = {"__name__": "replay"}
    exec(compile(text, "replay.py", "exec"), space)
    before = list(sys.path)
    try:
        code = space["main"](str(submission))
    finally:
        sys.path[:] = before
    return code, capsys.readouterr().out


@pytest.fixture(scope="module")
def key(secret_file: Path) -> AnswerKey:
    return frozen_key(Course(ROOT, secret_file), "linear_classifiers", "cpu")


def test_every_case_of_linear_classifiers_tells_right_from_wrong(
    key: AnswerKey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = [q.name for q in key.questions if q.name != "Linear"]
    wrong = tmp_path / "wrong.py"
    wrong.write_text(MODEL.read_text() + WRONG.replace("{names!r}", repr(names)))
    count = 0
    for question in key.questions:
        for case in question.cases:
            text = script(key, "ada", question.name, case.name)
            code, said = run(text, MODEL, capsys)
            assert code == 0 and said.endswith("RIGHT\n"), (question.name, case.name, said)
            code, said = run(text, wrong, capsys)
            assert code == 1 and said.endswith("WRONG\n"), (question.name, case.name, said)
            assert ("HIDDEN CASE" in text) == case.hidden and "WITHOUT a sandbox" in text
            assert not any(m.hint in text for m in question.mistakes)
            count += 1
    assert count > 50


def test_a_property_is_marked_by_its_predicate_as_in_the_grade(
    key: AnswerKey, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A loss that is doubled still stays 0 where it was 0: other numbers than the reference's, and right."""
    doubled = tmp_path / "doubled.py"
    doubled.write_text(MODEL.read_text() + "\n_right = svm_loss\ndef svm_loss(S, y):\n    return 2 * _right(S, y)\n")
    text = script(key, "ada", "twice_the_weights", "many classes")
    assert run(text, doubled, capsys)[1].endswith("RIGHT\n")
    text = script(key, "ada", "hinge_at_initialisation", "ten classes")
    code, said = run(text, doubled, capsys)
    assert code == 1 and said.endswith("WRONG\n")


def test_the_program_holds_what_the_worker_sends(key: AnswerKey) -> None:
    for question in key.questions:
        for case in question.cases:
            space: dict[str, Any] = {"__name__": "replay"}
            exec(compile(script(key, "ada", question.name, case.name), "replay.py", "exec"), space)
            made = {name: make() for name, make in space["INPUTS"].items()}
            assert made.keys() == case.inputs.keys()
            for name, value in case.inputs.items():
                if isinstance(value, np.ndarray):
                    assert made[name].dtype == value.dtype and made[name].tobytes() == value.tobytes()
                    assert made[name].strides == value.strides or not value.size
                    assert made[name].flags.writeable == value.flags.writeable
                else:
                    assert made[name] == value and type(made[name]) is type(value)


def test_literals_are_exact() -> None:
    names: dict[str, Any] = {"__name__": "replay", "np": np, "nan": np.nan, "inf": np.inf, "FIXTURES": ""}
    exec(compile((ROOT / "grader" / "replay_runner.txt").read_text(), "replay.py", "exec"), names)
    tiny = np.array([[0.1, -0.0, np.inf], [5e-324, np.nan, -1e308]])
    for value in [tiny, tiny.T, tiny[:, ::2], np.float32(tiny[:, 1:2]), np.zeros((0, 3)), np.array(2.5), np.arange(3)]:
        back = eval(literal(value), names)
        assert back.dtype == value.dtype and back.shape == value.shape and back.tobytes() == value.tobytes()
    for plain in [None, True, 3, "a 'quoted'\n\u2028 text", {"k": [1, {"z": None}]}, [0.1, -0.0, 1e-320]]:
        assert repr(eval(literal(plain), names)) == repr(plain)
    assert np.isnan(eval(literal(float("nan")), names)) and eval(literal(-np.inf), names) == -np.inf


RIGHT_ALL = """
import numpy as np

def relu_backward(X, dout):
    return dout * (X > 0)

class Layer:
    def __init__(self, W):
        self.W = W
    def forward(self, X):
        self.X = X
        return X @ self.W
    def backward(self, dout):
        self.dW = self.X.T @ dout
        return dout @ self.W.T

def finite_difference(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)

def bag(x):
    return int(x.argmax()), f"class {x.argmax()}", None, [x * 2, "b", 3], {"mean": x.mean(), "size": len(x)}

def ridge(X, W, t, reg):
    r = X @ W - t
    return (r @ r) / len(r) / 2 + reg / 2 * W @ W, X.T @ r / len(r) + reg * W, W @ W

raise SystemError("a demo call at the foot of the file")
"""


def test_steps_fixtures_cotangents_lists_and_conventions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = freeze(write_course(tmp_path, ALL, fixtures=FIXTURES), "demo")
    (tmp_path / "right.py").write_text(RIGHT_ALL)
    (tmp_path / "wrong.py").write_text(
        RIGHT_ALL.replace("(X > 0)", "(X < 0)").replace("f(x - h)", "f(x)").replace("/ (2 * h)", "/ (h or 1)")
        .replace("dout @ self.W.T", "dout @ self.W.T + 1").replace('"b"', '"c"')
    )  # fmt: skip
    for question in ("relu_backward", "Layer", "finite_difference", "bag"):
        for case in next(q for q in key.questions if q.name == question).cases:
            text = script(key, "ada", question, case.name)
            code, said = run(text, tmp_path / "right.py", capsys)
            assert code == 0 and "note: line" in said, (question, case.name, said)
            assert run(text, tmp_path / "wrong.py", capsys)[0] == 1, (question, case.name)
    code, said = run(script(key, "ada", "ridge", "unseen"), tmp_path / "right.py", capsys)
    assert code == 1  # half the penalty, and not in dreg
    (tmp_path / "half.py").write_text(RIGHT_ALL.replace(", W @ W\n", ", W @ W / 2\n"))
    code, said = run(script(key, "ada", "ridge", "unseen"), tmp_path / "half.py", capsys)
    assert code == 0 and "accepted convention: half the penalty" in said, said


def test_an_input_that_was_changed_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = freeze(write_course(tmp_path, SQUARE + CASES.format(name="square")), "demo")
    (tmp_path / "s.py").write_text("def square(x):\n    out = (x * x).sum(), 2 * x\n    x += 1\n    return out\n")
    code, said = run(script(key, "ada", "square", "seen"), tmp_path / "s.py", capsys)
    assert code == 1 and "changed its input x in place" in said


def test_torch_inputs_arrive_as_tensors(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = freeze(write_course(tmp_path, SQUARE + CASES.format(name="square"), library="torch"), "demo")
    (tmp_path / "s.py").write_text("import torch\n\ndef square(x):\n    return torch.sum(x * x), 2 * x\n")
    code, said = run(script(key, "ada", "square", "unseen"), tmp_path / "s.py", capsys)
    assert code == 0 and "x = tensor(" in said


# -- the command ---------------------------------------------------------------------------------------------


def test_replay_as_typed(tmp_path: Path, grader: Run) -> None:
    course = course_per_student(tmp_path, SQUARE + CASES.format(name="square"))
    at = ["--course", tmp_path, "--secret-file", tmp_path / "secret"]
    done = grader("replay", "nobody has this name", "square", "unseen", "--out", tmp_path / "r.py", *at)
    assert done.returncode == 0, done.stderr
    assert ((tmp_path / "r.py").stat().st_mode & 0o777) == 0o600
    other = grader("replay", "ada", "square", "unseen", "--assignment", "demo", *at)
    lines = [(tmp_path / "r.py").read_text().splitlines(), other.stdout.splitlines()]
    inputs = [next(line for line in text if "'x': lambda" in line) for text in lines]
    assert inputs[0] != inputs[1] and course.secret().decode() not in other.stdout
    again = grader("replay", "nobody has this name", "square", "unseen", "--out", tmp_path / "r.py", *at)
    assert again.returncode == 2 and "is there already" in again.stderr

    (tmp_path / "s.py").write_text("def square(x):\n    return (x * x).sum(), 2 * x\n")
    command = [sys.executable, tmp_path / "r.py", tmp_path / "s.py"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, check=False)
    assert ran.returncode == 0 and ran.stdout.endswith("RIGHT\n") and not ran.stderr, ran

    for words, what in [(("squar", "unseen"), "there: demo: square"), (("square", "unsen"), "'seen', 'unseen'")]:
        done = grader("replay", "ada", *words, *at)
        assert done.returncode == 2 and what in done.stderr and len(done.stderr.strip().splitlines()[-1:]) == 1
        assert done.stderr.strip().splitlines()[-1].startswith("error: ") and "Traceback" not in done.stderr


def test_a_question_that_two_assignments_have_asks_which(tmp_path: Path) -> None:
    course = write_course(tmp_path, SQUARE + CASES.format(name="square"))
    for part in ("reference", "assignments"):
        (tmp_path / part / "demo").rename(tmp_path / part / "one")
    write_course(tmp_path, SQUARE + CASES.format(name="square"))
    keys = {name: freeze(course, name) for name in ("demo", "one")}
    with pytest.raises(UsageError, match=r"demo, one each have a question 'square'; .* --assignment"):
        find(course, "square", None, keys.__getitem__)
    assert find(course, "square", "one", keys.__getitem__) == "one"
    with pytest.raises(UsageError, match="no assignment 'two'"):
        find(course, "square", "two", keys.__getitem__)
