"""results.json as a function of reports: points that add up, nothing of hidden cases, no zero for what was not run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from layout import exported, lay_out, made

from grader.autograder.place import Place, about, points_elsewhere, student_of
from grader.autograder.results import finished, so_far
from grader.autograder.settings import Settings
from grader.exports.told import Ungraded
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

__all__ = ["exported", "made"]
PASS, FAIL = Verdict.PASS, Verdict.FAIL
CASES = tuple(FrozenCase(name, hidden, {}, {}, {}) for name, hidden in (("a", False), ("b", True), ("c", True)))


def question(name: str, points: float, carry: float = 0.0) -> FrozenQuestion:
    outputs = (Output("y", points), Output("dx", 1.0))
    return FrozenQuestion(name, f"About {name}", ("x",), outputs, (), CASES, carry=carry)


def result(q: FrozenQuestion, verdicts: str) -> QuestionResult:
    """A letter for each case and output: p is right, f is wrong, c is carried."""
    letters = iter(verdicts)
    outcomes = []
    for case in q.cases:
        for output in q.outputs:
            letter = next(letters)
            verdict = PASS if letter == "p" else FAIL
            kind = "" if verdict is PASS else "wrong value"
            text = "got 8642" if verdict is FAIL else ""
            mark = "scores" if letter == "c" else ""
            one = Outcome(q.name, case.name, case.hidden, output.name, verdict, kind, message=text, carried=mark)
            outcomes.append(one)
    return score_question(q, outcomes)


QUESTIONS = (question("first", 1.0), question("second", 2.0, 0.5), question("third", 3.0))
KEY = AnswerKey("demo", "Demo", "demo.py", "numpy", QUESTIONS, {"grader": "0.1.0"})


def graded(*results: QuestionResult) -> Report:
    return report(KEY, Submission("ada"), results, "strong: all")


@pytest.mark.parametrize("verdicts", [("pppppp", "ffffff", "pfpfpf"), ("fppppp", "fcpcfp", "ffffpp"), ("p" * 6,) * 3])
def test_public_and_hidden_points_add_up(verdicts: tuple[str, str, str]) -> None:
    whole = graded(*map(result, QUESTIONS, verdicts))
    out = finished(whole, KEY, Settings(hidden="after_published"), None)
    tests = out["tests"]
    assert [t["number"] for t in tests] == ["1.1", "1.2", "2.1", "2.2", "3.1", "3.2"]
    for place, q in enumerate(whole.questions):
        two = tests[2 * place : 2 * place + 2]
        assert sum(t["score"] for t in two) == pytest.approx(q.score, abs=1e-8)
        assert sum(t["max_score"] for t in two) == pytest.approx(q.max_score, abs=1e-8)
        assert all(0 <= t["score"] <= t["max_score"] + 1e-8 for t in two)
        assert two[0]["max_score"] == pytest.approx(q.max_score / 3, abs=1e-8)
    assert out["score"] == whole.score
    assert not [t for t in tests if t["visibility"] == "visible" and "hidden" in t["output"]]


def test_at_one_time_a_question_is_one_test() -> None:
    out = finished(graded(*map(result, QUESTIONS, ["pppppp"] * 3)), KEY, Settings(tags=("a",)), None)
    assert [t["score"] for t in out["tests"]] == [2.0, 3.0, 4.0] and out["score"] == 9.0
    assert {tuple(t["tags"]) for t in out["tests"]} == {("public and hidden cases", "a")}


def test_words_are_of_a_public_run_alone() -> None:
    whole = graded(*map(result, QUESTIONS, ["ffffff"] * 3))
    assert "8642" not in json.dumps(finished(whole, KEY, Settings(), None))
    with pytest.raises(ValueError, match="public cases alone"):
        finished(whole, KEY, Settings(), whole)
    public = [replace(q, outcomes=tuple(o for o in q.outcomes if not o.hidden)) for q in whole.questions[:1]]
    out = finished(whole, KEY, Settings(), replace(whole, questions=tuple(public)))
    assert out["tests"][0]["output"].count("got 8642") == 2 and "8642" not in json.dumps(out["tests"][1:])


def test_what_was_not_run_has_no_score() -> None:
    first, second, third = map(result, QUESTIONS, ["pppppp", "ffffff", "pppppp"])
    out = so_far(graded(second), KEY, Settings(hidden="after_due_date"))
    assert out is not None and out["score"] == 0.0
    assert [(t["number"], "score" in t) for t in out["tests"]] == [
        ("1", False), ("2.1", True), ("2.2", True), ("3", False),
    ]  # fmt: skip
    assert out["output"].startswith("NOT FINISHED") and "1 of 3" in out["output"]
    ungraded = replace(third, score=None)
    out = so_far(graded(first, ungraded), KEY, Settings())
    assert out is not None and out["score"] == 2.0 and "score" not in out["tests"][2]
    assert so_far(graded(ungraded), KEY, Settings()) is None, "nothing is written for nothing"
    with pytest.raises(Ungraded):
        finished(graded(first, second, ungraded), KEY, Settings(), None)


def test_metadata_may_be_anything(tmp_path: Path, made: Path) -> None:
    place = Place(lay_out(tmp_path / "autograder", made))
    assert student_of(about(place)) == "ada@example.edu" and points_elsewhere(about(place)) == 6.0
    users = [{"email": "a\x1b[31m\n\u202e@x"}, {"email": 3}, 7, {}]
    place.metadata.write_text(json.dumps({"users": users, "assignment": {"total_points": "many"}}))
    assert student_of(about(place)).isprintable() and points_elsewhere(about(place)) is None
    for text in ("", "[" * 99999, "[1, 2]", '"x"', '{"users": 3, "assignment": []}', '{"users": []}', "\xff"):
        place.metadata.write_bytes(text.encode("latin-1"))
        assert student_of(about(place)) == "submission" and points_elsewhere(about(place)) is None
    place.metadata.unlink()
    assert about(place) == {}
    place.metadata.symlink_to("/dev/zero")
    assert about(place) == {}
