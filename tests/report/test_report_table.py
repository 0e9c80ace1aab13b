"""The table at the end of a batch: aligned, and with the most telling reason for a lost point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from grader.model import AnswerKey, FrozenQuestion, Outcome, Output, QuestionResult, Report, Verdict
from grader.report.table import ORDER, align, cohort_table, remark, row_of

PASS, FAIL = Verdict.PASS, Verdict.FAIL


def outcome(verdict: Verdict, question: str = "q1", kind: str = "wrong value", **more: Any) -> Outcome:
    return Outcome(question, "case", False, "loss", verdict, kind, **more)


def report(*outcomes: Outcome, student: str = "alice", scores: Sequence[float | None] = (1.0,), **more: Any) -> Report:
    names = list(dict.fromkeys(o.question for o in outcomes)) or ["q1"]
    padded = [*scores, *[0.0] * len(names)]
    questions = tuple(
        QuestionResult(n, s, 4.0, tuple(o for o in outcomes if o.question == n), **more)
        for n, s in zip(names, padded, strict=False)
    )
    known = [q.score for q in questions if q.score is not None]
    total = sum(known) if len(known) == len(questions) else None
    return Report(
        "a", student, total, 4.0 * len(questions), "graded" if total is not None else "ungraded", questions, "full", {}
    )


KEY = AnswerKey(
    "a",
    "A",
    "a.py",
    "numpy",
    tuple(FrozenQuestion(n, n, (), (Output("loss", 4.0),), (), ()) for n in ("q1", "q2")),
    {},
)


# -- alignment -----------------------------------------------------------------------------------------------


def test_columns_line_up_left_and_right() -> None:
    assert align([["name", "n"], ["a", "10"], ["bcdefg", "5"]], right=[1]) == "name     n\na       10\nbcdefg   5"


@pytest.mark.parametrize(
    ("name", "columns"), [("李雷", 4), ("Zoe\u0308", 3), ("Zoë", 3), ("ａ", 2), ("🎓", 2), ("", 0)]
)
def test_wide_and_combining_characters_take_the_columns_that_they_take(name: str, columns: int) -> None:
    lines = align([["abcdef", "|"], [name, "|"]]).split("\n")
    assert lines[1] == name + " " * (6 - columns) + "  |"


def test_a_table_has_a_line_per_student_and_a_legend() -> None:
    reports = [
        report(outcome(PASS), outcome(PASS, "q2"), scores=(4.0, 10 / 3), student="李雷"),
        report(outcome(PASS), outcome(Verdict.UNGRADED, "q2"), scores=(4.0, None), student="bob"),
    ]
    lines = list(cohort_table(lambda: map(row_of, reports), KEY))
    assert lines[0].split() == ["student", "score", "Q1", "Q2", "what", "cost", "points"]
    assert lines[1].split() == ["李雷", "7.33", "4", "3.33"]
    assert lines[2].split()[:4] == ["bob", "ungraded", "4", "?"]
    assert lines[-1] == "Q1 q1 4, Q2 q2 4"


def test_an_empty_cohort_is_a_header() -> None:
    assert next(cohort_table(list, KEY)) == "student  score  Q1  Q2  what cost points"


# -- remarks -------------------------------------------------------------------------------------------------


def test_all_right_needs_no_remark_but_a_convention_is_told() -> None:
    assert remark(report(outcome(PASS))) == ""
    assert remark(report(outcome(PASS), convention=("half",))) == "follows: half"


def test_a_named_mistake_is_told_before_other_wrong_values() -> None:
    got = report(outcome(PASS), outcome(FAIL), outcome(FAIL, "q2", mistake="counted once"), outcome(FAIL, "q3"))
    assert remark(got) == "q2: counted once (+2 more)"


def test_the_gravest_outcome_is_told_first() -> None:
    assert set(ORDER) == set(Verdict) - {PASS}
    got = report(outcome(PASS), outcome(FAIL, mistake="counted once"), outcome(Verdict.TIMEOUT, "q2", "time limit"))
    assert remark(got) == "q2: time limit (+1 more)"
    got = report(
        outcome(PASS), outcome(Verdict.UNGRADED, "q2", "ungraded"), outcome(Verdict.MEMORY, "q3", "memory limit")
    )
    assert remark(got).startswith("q2: ungraded")


def test_when_all_is_lost_for_one_reason_the_reason_is_told() -> None:
    lost = [
        outcome(Verdict.ERROR, q, "SyntaxError", message="the file does not load: SyntaxError") for q in ("q1", "q2")
    ]
    assert remark(report(*lost)) == "the file does not load: SyntaxError"
    assert remark(report(*[outcome(Verdict.MISSING, q, "missing") for q in ("q1", "q2")])) == "missing"


def test_a_long_remark_is_cut() -> None:
    assert remark(report(outcome(FAIL, message="x" * 500))) == "x" * 69 + "…"
