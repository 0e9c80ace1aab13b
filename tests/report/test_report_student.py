"""What a student reads after a check."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.checking import QuestionCheck
from grader.locate import Located
from grader.model import FrozenCase, FrozenQuestion, Outcome, Output, QuestionResult, Response, Verdict
from grader.report.student import Told, summary, told
from grader.selfcheck import OwnGradient, own_forward_broken

FAIL = Verdict.FAIL
CASES = (
    FrozenCase("three images", False, {"X": np.array([[1.0, 2.0]]), "reg": 0.5}, {}, {}),
    FrozenCase("large", False, {"X": np.zeros((50, 40)), "reg": 0.5}, {}, {}),
)
QUESTION = FrozenQuestion("svm", "SVM", ("X", "reg"), (Output("loss", 4.0), Output("dW", 6.0, "W")), (), CASES)


def outcome(verdict: Verdict, output: str = "loss", case: str = "three images", kind: str = "", **more: Any) -> Outcome:
    return Outcome("svm", case, False, output, verdict, kind, **more)


def say(*outcomes: Outcome, own: tuple[OwnGradient, ...] = (), printed: str = "", case: str = "", **more: Any) -> Told:
    result = QuestionResult("svm", 0.0, 10.0, outcomes, **more)
    return told(QuestionCheck(QUESTION, result, own, {"three images": Response(printed=printed)}), case)


def lines(*outcomes: Outcome, **more: Any) -> str:
    said = say(*outcomes, **more)
    return "\n".join([f"  {said.line}", *said.details])


def test_all_right_is_one_line() -> None:
    assert lines(outcome(Verdict.PASS)) == "  ok    svm"
    assert lines(outcome(Verdict.PASS), convention=("half",)) == "  ok    svm  (follows: half)"


def test_an_untouched_stub_is_to_do_and_not_a_failure() -> None:
    stub = [outcome(Verdict.ERROR, o, kind="NotImplementedError") for o in ("loss", "dW")]
    assert lines(*stub) == "  todo  svm: not written yet"


def test_a_wrong_value_shows_the_message_the_inputs_and_the_hint_once_per_output() -> None:
    text = lines(
        outcome(FAIL, message="loss is wrong: got 2", hint="Nudge it."),
        outcome(FAIL, case="large", message="second"),
        outcome(FAIL, "dW", "large", message="dW is wrong"),
    )
    assert "  FAIL  svm" in text and "three images: loss is wrong: got 2" in text and "hint: Nudge it." in text
    assert "called with X=[[1., 2.]], reg=0.5" in text
    assert "second" not in text and "large: dW is wrong" in text
    assert "called with X=(50, 40) array, reg=0.5" in text


def test_the_own_gradient_tells_which_of_the_two_is_wrong() -> None:
    agrees = OwnGradient("dW", "loss", "three images", True, True, 1.0, 1.0, right=False)
    assert "dW is the gradient of your own loss: the derivative is right, so compare what loss computes" in lines(
        outcome(FAIL, "dW"), own=(agrees,)
    )
    assert "own loss" not in lines(outcome(FAIL, "loss"), own=(agrees,))
    differs = OwnGradient("dW", "loss", "three images", True, False, 1.5, 2.5)
    assert "it says 2.5, nudging says 1.5" in lines(outcome(FAIL, "dW"), own=(differs,))
    assert "wrong too" not in lines(outcome(FAIL, "dW"), own=(differs,))
    flat = replace(agrees, numeric=0.0, claimed=0.0)
    assert "your own loss does not change at all when W is nudged" in lines(outcome(FAIL, "dW"), own=(flat,))


@pytest.mark.parametrize(
    ("located", "words"),
    [
        (Located(((1, 0), (2, 3)), (1, 2), (0, 3), False, 9), "they differ at [1, 0], [2, 3]; your loss is wrong too"),
        (Located((), (4,), (), True, 9), "they differ in row 4;"),
        (Located((), (), (0, 2), True, 9), "they differ in columns 0, 2;"),
        (Located((), (), (), True, 9), "they differ in many entries;"),
    ],
)
def test_where_a_gradient_contradicts_a_wrong_forward(located: Located, words: str) -> None:
    both = OwnGradient("dW", "loss", "three images", True, False, 1.5, 2.5, right=False, located=located)
    assert words in lines(outcome(FAIL, "dW"), own=(both,))


def test_a_right_gradient_beside_a_wrong_forward_is_told_where_both_are_of_one_function() -> None:
    """The marks are full, but the student's two outputs contradict each other."""
    for same in (True, False):
        differs = OwnGradient("dW", "loss", "three images", same, False, 1.5, 2.5)
        text = lines(outcome(Verdict.PASS, "dW"), own=(differs,))
        assert ("but your loss is not what it is the gradient of" in text) is same
        assert ("  FAIL  svm" in text) is same and own_forward_broken((differs,)) is same
    assert not own_forward_broken(()) and not own_forward_broken((replace(differs, same=True, agrees=True),))


def test_one_case_alone_tells_its_own_and_no_other() -> None:
    """pytest shows a case at a time: each failure stands at its case, and a contradiction where it was seen."""
    outcomes = (outcome(Verdict.PASS), outcome(FAIL, case="large", message="loss is wrong"))
    assert say(*outcomes, case="three images").status == "ok"
    assert say(*outcomes, case="large").details[0] == "large: loss is wrong"
    differs = OwnGradient("dW", "loss", "large", True, False, 1.5, 2.5)
    right = (outcome(Verdict.PASS, "dW"), outcome(Verdict.PASS, "dW", "large"))
    assert say(*right, own=(differs,), case="three images").status == "ok"
    assert "but your loss is not what it is the gradient of" in say(*right, own=(differs,), case="large").details[0]
    assert say(*right, own=(replace(differs, same=False),), case="large").status == "ok"


def test_only_the_last_printed_lines_are_shown() -> None:
    text = lines(outcome(FAIL), printed="\n".join(f"line {i}" for i in range(20)))
    assert "| line 19" in text and "| line 15" in text and "line 14" not in text


def test_the_summary_counts_and_says_what_a_check_is_not() -> None:
    def said(*verdicts: Verdict, isolation: str = "none") -> str:
        results = [QuestionResult(f"q{i}", 1.0, 1.0, (outcome(v),)) for i, v in enumerate(verdicts)]
        done = [QuestionCheck(QUESTION, result, (), {}) for result in results]
        launcher = SimpleNamespace(isolation=isolation)
        check: Any = SimpleNamespace(done=done, questions=[QUESTION] * 2, launcher=launcher)
        return summary(check)

    for verdicts, right in [((Verdict.PASS, FAIL), 1), ((Verdict.PASS, Verdict.PASS), 2), ((), 0)]:
        text = said(*verdicts)
        assert text.startswith(f"Public cases passed: {right} of 2 questions. Not the grade: hidden cases count too.")
        assert text.endswith("without a sandbox.")
    assert "sandbox" not in said(isolation="strong")
