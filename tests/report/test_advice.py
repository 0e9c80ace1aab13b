"""What `grader check` says to try next, beside each kind of wrong outcome: as a student would meet it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.checking import Check
from grader.keyfile import load
from grader.model import (
    PUBLIC_KEY,
    Failure,
    FrozenCase,
    FrozenQuestion,
    Outcome,
    Response,
    SourceFile,
    Submission,
    Value,
    Verdict,
)
from grader.report.advice import advice, of_failure
from grader.report.student import check_lines
from grader.sandbox.spawn import Spawner


def say(got: Value, expected: Value, kind: str = "wrong value", **inputs: Value) -> str:
    case = FrozenCase("c", False, inputs, {"out": expected}, {})
    question = FrozenQuestion("f", "", tuple(inputs), (), (), (case,))
    outcome = Outcome("f", "c", False, "out", Verdict.FAIL, kind)
    return advice(question, case, outcome, Response({"out": got}))


EIGHT = np.arange(8.0)
P = np.array([[0.2, 0.8], [0.3, 0.7], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("got", "expected", "inputs", "said"),
    [
        (32 / 7, 4.0, {"samples": EIGHT}, "8/7 times what is expected: which factor or count is that? (samples has 8"),
        (4.5, 2.25, {}, "2 times what is expected"),
        (1, 5, {}, "by hand"),
        (6.5, 6.0, {}, "by hand"),
        (float("inf"), 3.0, {}, "overflow"),
        (np.array([1.0, np.nan]), np.ones(2), {}, "0 * inf"),
        (P / P.sum(0), P, {}, "each row of what is expected adds up to 1; of yours each column does"),
        (P - 0.1, P - 0.5, {}, "each row of what is expected adds up to 0, and of yours not"),
        (np.ones((3, 2)), np.zeros((3, 2)), {}, "take one wrong element"),
    ],
)
def test_a_wrong_value(got: Value, expected: Value, inputs: dict[str, Value], said: str) -> None:
    assert said in say(got, expected, **inputs)


@pytest.mark.parametrize(
    ("got", "expected", "said"),
    [
        (np.ones((2, 3)), np.ones((3, 2)), "rows and columns are exchanged"),
        (1.0, np.ones(3), "which axis should stay"),
        (np.ones((3, 1)), np.ones(3), "an axis of length 1"),
        (np.ones(2), np.ones(4), "X has 2 rows, W has 4 rows: is a sum or a mean taken along the wrong axis?"),
        (np.ones((2, 4)), np.ones(4), "is a sum or a mean missing?"),
        (np.ones(7), np.ones(4), "compare the last with the docstring"),
        ([1.0], np.ones(4), "compare .shape with the docstring"),
    ],
)
def test_a_wrong_shape(got: Value, expected: Value, said: str) -> None:
    assert said in say(got, expected, "wrong shape", X=np.ones((2, 3)), W=np.ones((4, 3)))


@pytest.mark.parametrize(
    ("kind", "message", "said"),
    [
        ("NameError", "NameError: name 'k' is not defined", "spelt"),
        ("ValueError", "operands could not be broadcast together", ".shape of each part"),
        ("ValueError", "something else", "print what that line works on"),
        ("RuntimeError", "outer: Expected 1-D argument self, but got 2-D", ".shape of each part"),
        ("RuntimeError", "element 0 of tensors does not require grad", ".detach()"),
        ("time limit", "", "loop go on for ever"),
        ("memory limit", "", "which array is far larger"),
        ("SyntaxError", "", "the one above it"),
    ],
)
def test_no_value(kind: str, message: str, said: str) -> None:
    assert said in of_failure(Failure(Verdict.ERROR, kind, message))


def lines(handout: Path, source: str, only: str) -> list[str]:
    key = load((handout / PUBLIC_KEY).read_bytes())
    spawner = Spawner()
    work = Submission("ada", (SourceFile(key.file, source.encode()),), key.file)
    with Check(key, work, spawner, [only]) as check:
        return list(check_lines(check))


@pytest.mark.parametrize(
    ("source", "only", "said"),
    [
        ("def svm_loss(S, y): pass", "svm_loss", "does every way through the function end in `return`?"),
        ("def softmax_loss(S, y): return 1.0", "softmax_loss", "return loss, dS in this order"),
        ("def append_one(X):\n    X += 1\n    return X", "append_one", "copy it first"),
        ("x = 1", "scores", "define it under this very name"),
        ("def scores(:", "scores", "look at that line and the one above it"),
    ],
)
def test_as_a_student_meets_it(handout: Path, source: str, only: str, said: str) -> None:
    found = lines(handout, source, only)
    assert any("try: " in line and said in line for line in found), found


def test_a_hint_takes_the_place_of_what_can_be_said_without_one(handout: Path) -> None:
    found = lines(
        handout, "import numpy as np\ndef fold_bias(W, b): return np.zeros((len(W), W.shape[1] + 1))", "fold_bias"
    )
    assert any("hint: " in line for line in found) != any("try: " in line for line in found)
