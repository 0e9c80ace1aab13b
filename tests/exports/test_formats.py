"""Every format beside its golden file, with text that would break it and with a report that is ungraded."""

from __future__ import annotations

import base64
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import ROOT

from grader.exports.junit import junit
from grader.exports.platforms import classroom50, github_classroom, gradescope, markus, prairielearn, step_output
from grader.exports.schema import report_schema
from grader.exports.told import Ungraded
from grader.model import Outcome, QuestionResult, Report, Verdict
from grader.records import report_line, report_to_json
from grader.report.view import StudentView, student_view

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = "]]></failure><script>alert(1)</script> \x1b[31m\x00\ud800 ::error::x\n::set-output name=x::y"


def outcome(case: str, verdict: Verdict, **more: Any) -> Outcome:
    return Outcome(**{"question": "q", "hidden": False, "output": "dW", "case": case, "verdict": verdict, **more})


RIGHT = QuestionResult("scores", 4.0, 4.0, (outcome("two images", Verdict.PASS, output="S"),))
WRONG = QuestionResult(
    "svm_gradient",
    2.5,
    10.0,
    (
        outcome("by hand", Verdict.FAIL, kind="wrong value", message="dW is wrong in 2 of 6", hint="Which row?"),
        outcome("seen", Verdict.PASS),
        outcome("secret name", Verdict.FAIL, hidden=True, kind="wrong value", message="got 7531, expected 8642"),
        outcome("another secret", Verdict.ERROR, hidden=True, kind="ValueError", message=HOSTILE),
    ),
    ("half the penalty",),
)


def report(*questions: QuestionResult, **more: Any) -> Report:
    fields = {"score": 6.5, "max_score": 14.0, "status": "graded", "isolation": "strong: namespaces"}
    return Report("classifiers", "ada", questions=questions, provenance={"seed": "1"}, **{**fields, **more})


def view(*questions: QuestionResult, **more: Any) -> StudentView:
    public = [replace(q, outcomes=tuple(o for o in q.outcomes if not o.hidden)) for q in questions]
    whole = report(*questions, **more)
    return student_view(whole, public=replace(whole, questions=tuple(public)))


GRADED = view(RIGHT, WRONG, notes=("numpy.py was not read",))
FAULT = view(RIGHT, replace(WRONG, score=None), score=None, status="ungraded", notes=("the sandbox died",))


def as_json(data: Any) -> str:
    return json.dumps(data, indent=1, allow_nan=False) + "\n"


FORMATS: dict[str, Callable[[StudentView], str]] = {
    "gradescope.json": lambda v: as_json(gradescope(v, 1.25)),
    "prairielearn.json": lambda v: as_json(prairielearn(v)),
    "markus.jsonl": markus,
    "classroom50.json": lambda v: as_json(classroom50(v)),
    "github_classroom.json": lambda v: as_json(github_classroom(v)),
    "junit.xml": lambda v: junit([v]),
}


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str) -> None:
    """A change that a reader would notice shows here; write the file anew only on purpose."""
    assert FORMATS[name](GRADED) == (GOLDEN / name).read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_no_hidden_case_shows_through(name: str) -> None:
    for secret in ("secret name", "another secret", "7531", "8642", "alert"):
        assert secret not in FORMATS[name](GRADED)


@pytest.mark.parametrize("name", ["gradescope.json", "markus.jsonl", "classroom50.json", "github_classroom.json"])
def test_ungraded_is_never_a_zero(name: str) -> None:
    with pytest.raises(Ungraded, match=r"ada: svm_gradient ungraded \(the sandbox died\); .* run again"):
        FORMATS[name](FAULT)


def test_ungraded_where_the_format_has_a_word_for_it() -> None:
    assert prairielearn(FAULT)["gradable"] is False and "score" not in prairielearn(FAULT)
    root = ET.fromstring(junit([FAULT]))
    assert [case.get("name") for case in root.iter("testcase") if case.find("error") is not None] == ["svm_gradient"]
    assert not [p for p in root.findall("testsuite/properties/property") if p.get("name") == "score" and p.get("value")]


def test_hostile_text_stays_text() -> None:
    bad = replace(WRONG, question=HOSTILE, outcomes=(outcome(HOSTILE, Verdict.FAIL, message=HOSTILE, hint=HOSTILE),))
    hostile = view(RIGHT, bad)
    root = ET.fromstring(junit([hostile]))
    assert {e.tag for e in root.iter()} == {
        "testsuites", "testsuite", "testcase", "properties", "property", "failure"
    }  # fmt: skip
    assert [json.loads(line) for line in markus(hostile).splitlines()][-1].keys() == {"overall_comment"}
    line = step_output(github_classroom(hostile))
    assert line.count("\n") == 1 and json.loads(base64.b64decode(line.removeprefix("result=")))["version"] == 3


def test_points() -> None:
    third = replace(WRONG, score=10 / 3)
    whole = classroom50(view(RIGHT, replace(third, max_score=10.0)))
    assert [test["score"] for test in whole["tests"]] == [4, 3] and whole["max-score"] == 14
    halves = classroom50(view(RIGHT, replace(WRONG, max_score=10.5)))
    assert (halves["points-per-point"], halves["max-score"], halves["score"]) == (10, 145, 65)
    assert prairielearn(view(RIGHT, score=14.0 - 1e-12))["score"] < 1 == prairielearn(view(RIGHT, score=14.0))["score"]


def test_prairielearn_stays_below_its_limit() -> None:
    long = replace(WRONG, outcomes=tuple(outcome(f"{i}", Verdict.FAIL, message="x" * 900) for i in range(40)))
    made = prairielearn(view(*[replace(long, question=f"q{i}") for i in range(150)], score=1.0))
    assert len(json.dumps(made).encode()) <= 1 << 20


# -- JSON ----------------------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_code() -> None:
    assert json.loads((ROOT / "docs" / "report.schema.json").read_text()) == report_schema()


def test_reports_follow_the_schema() -> None:
    ungraded = report(replace(WRONG, score=None), score=None, status="ungraded")
    infinite = report(replace(WRONG, outcomes=(outcome("x", Verdict.FAIL, distance=float("inf")),)))
    for one in (report(RIGHT, WRONG), ungraded, infinite):
        data = json.loads(json.dumps(report_to_json(one), allow_nan=False))
        jsonschema.Draft202012Validator(report_schema()).validate(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["score"], "6.5"),
        (["schema"], 1),
        (["status"], "failed"),
        (["questions", 0, "max_score"], None),
        (["questions", 0, "outcomes", 0, "verdict"], "MAYBE"),
    ],
)
def test_what_breaks_the_schema_is_refused(path: list[str | int], value: Any) -> None:
    data = report_to_json(report(RIGHT, WRONG))
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(report_schema()).validate(data)


def test_a_reader_of_schema_2_reads_what_was_written_with_it() -> None:
    """A line as the first release with schema 2 wrote it: never to be changed."""
    line = (GOLDEN / "schema-2.jsonl").read_text()
    data = json.loads(line)
    jsonschema.Draft202012Validator(report_schema()).validate(data)
    parts = [json.dumps(q) for q in data.pop("questions")]
    assert json.loads(report_line(json.dumps(data), parts)) == json.loads(line)
