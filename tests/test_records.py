"""Results as JSON and back."""

from __future__ import annotations

import json
import math

import pytest

from grader.model import Outcome, QuestionResult, Report, Verdict
from grader.records import SCHEMA, Part, json_text, outcome_to_json, report_to_json, result_from_json, result_to_json


def result(*distances: float | None, score: float | None = 1.5) -> QuestionResult:
    outcomes = tuple(
        Outcome("q", f"case {i}", bool(i % 2), "dW", Verdict.FAIL, "wrong value", d, "said — ü", "hint", "mistake")
        for i, d in enumerate(distances)
    )
    return QuestionResult("q", score, 3.0, outcomes, ("half",), ("a note",))


@pytest.mark.parametrize("score", [None, 0.0, 1 / 3])
def test_a_result_comes_back_as_it_was(score: float | None) -> None:
    given = result(None, 0.0, 0.1 + 0.2, 1e300, math.inf, score=score)
    text = json.dumps(result_to_json(given), allow_nan=False)
    assert result_from_json(json.loads(text)) == given


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_comes_back(verdict: Verdict) -> None:
    given = QuestionResult("q", None, 1.0, (Outcome("q", "c", True, "o", verdict),))
    back = result_from_json(json.loads(json.dumps(result_to_json(given))))
    assert back.outcomes[0].verdict is verdict


def test_an_infinite_distance_is_a_word() -> None:
    assert outcome_to_json(result(math.inf).outcomes[0])["distance"] == "inf"


def test_a_report_is_strict_json_with_its_schema_and_every_outcome() -> None:
    given = Report("a", "alice", None, 3.0, "ungraded", (result(math.inf, None),), "full", {"torch": "2"}, ("n",))
    data = json.loads(json.dumps(report_to_json(given), allow_nan=False))
    assert data["schema"] == SCHEMA
    assert data["score"] is None and data["status"] == "ungraded" and data["isolation"] == "full"
    assert data["notes"] == ["n"] and data["provenance"] == {"torch": "2"}
    assert [o["case"] for o in data["questions"][0]["outcomes"]] == ["case 0", "case 1"]
    assert data["questions"][0]["outcomes"][1]["hidden"] is True


def test_a_part_is_the_result_as_json_however_little_is_told() -> None:
    plain = [
        Outcome("q", name, True, "dW", Verdict.PASS, "", d) for name in ('"é\ud800', "0.5") for d in (0.0, 0.5, 1e-300)
    ]
    told = Outcome("q", "c", False, "o", Verdict.PASS, "", 0.5, carried="f")
    for outcome in (*plain, told, Outcome("q", "c", True, "o", Verdict.PASS), *result(math.inf, 2.0).outcomes):
        given = QuestionResult("q", 1 / 3, 4.0, (outcome, outcome), ("half",), ("a note",))
        wanted = {name: value for name, value in result_to_json(given).items() if name != "notes"}
        assert Part.of(given).text == json_text(wanted) and Part.of(given).notes == ("a note",)
