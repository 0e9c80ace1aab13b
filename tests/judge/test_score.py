"""Outcomes into points: exact at the top, never a zero for a fault of ours."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judge.score import report, score_question
from grader.model import (
    AnswerKey,
    FrozenCase,
    FrozenQuestion,
    Outcome,
    Output,
    QuestionResult,
    Report,
    Submission,
    Verdict,
)

PASS, FAIL = Verdict.PASS, Verdict.FAIL


def question(name: str = "q", cases: int = 1, **points: float) -> FrozenQuestion:
    frozen = tuple(FrozenCase(str(i), False, {}, {}, {}) for i in range(cases))
    return FrozenQuestion(name, name, (), tuple(Output(n, p) for n, p in points.items()), (), frozen)


def outcomes(q: FrozenQuestion, verdict: Verdict = PASS, **other: list[Verdict]) -> list[Outcome]:
    return [
        Outcome(q.name, c.name, False, o.name, other[o.name][i] if o.name in other else verdict)
        for i, c in enumerate(q.cases)
        for o in q.outputs
    ]


def whole(*questions: FrozenQuestion, results: list[QuestionResult] | None = None) -> Report:
    key = AnswerKey("a", "A", "a.py", "numpy", questions, {"seed": "s"})
    given = results or [score_question(q, outcomes(q)) for q in questions]
    return report(key, Submission("alice", notes=("n",)), given, "full", ("more",))


@pytest.mark.parametrize("part", [1 / 3, 10 / 3, 0.1, 1 / 7, 100 / 9, 0.33333349999, 1.0000005])
@pytest.mark.parametrize("count", [1, 3, 7, 9])
def test_all_right_is_exactly_the_maximum(part: float, count: int) -> None:
    got = whole(*(question(f"q{i}", 3, a=part, b=part / 3) for i in range(count)))
    assert got.score == got.max_score and got.status == "graded"
    assert all(r.score == r.max_score for r in got.questions)


def test_three_thirds_of_ten_are_ten() -> None:
    assert whole(*(question(f"q{i}", 3, a=10 / 3) for i in range(3))).score == 10.0


def test_the_cases_of_an_output_share_its_points() -> None:
    q = question(cases=4, loss=4, dW=6)
    got = score_question(q, outcomes(q, loss=[PASS, FAIL, FAIL, FAIL], dW=[PASS, PASS, PASS, FAIL]))
    assert got.score == pytest.approx(1 + 4.5)
    assert got.max_score == 10


@pytest.mark.parametrize("verdict", [v for v in Verdict if v not in (PASS, Verdict.UNGRADED)])
def test_only_pass_earns(verdict: Verdict) -> None:
    q = question(cases=2, loss=4)
    assert score_question(q, outcomes(q, verdict)).score == 0.0


def test_ungraded_is_none_and_never_zero() -> None:
    q = question(cases=3, loss=4, dW=6)
    part = score_question(q, outcomes(q, loss=[PASS, Verdict.UNGRADED, FAIL]))
    assert part.score is None and part.max_score == 10
    assert score_question(q, []).score is None
    other = question("r", loss=1)
    got = whole(q, other, results=[part, score_question(other, outcomes(other))])
    assert got.score is None and got.status == "ungraded" and got.max_score == 11


def test_a_report_carries_notes_isolation_and_provenance() -> None:
    got = whole(question(a=1))
    assert got.notes == ("n", "more") and got.isolation == "full" and got.provenance == {"seed": "s"}
    assert got.student == "alice" and got.assignment == "a"


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from([PASS, FAIL]), min_size=1, max_size=5), min_size=1, max_size=4),
    st.floats(0.1, 50),
)
def test_a_score_is_in_range_and_full_only_when_all_is_right(table: list[list[Verdict]], points: float) -> None:
    questions = [question(f"q{i}", len(row), out=points) for i, row in enumerate(table)]
    results = [score_question(q, outcomes(q, out=row)) for q, row in zip(questions, table, strict=True)]
    got = whole(*questions, results=results)
    assert got.score is not None and 0 <= got.score <= got.max_score
    assert (got.score == got.max_score) == all(v is PASS for row in table for v in row)
    assert (got.score == 0) == all(v is FAIL for row in table for v in row)
