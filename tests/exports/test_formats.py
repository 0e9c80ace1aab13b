"""Every format beside its golden file, with text that would break it and with a report that is ungraded."""

from __future__ import annotations

import base64
import json
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import ROOT

from grader.exports.junit import junit
from grader.exports.platforms import (
    classroom50,
    github_classroom,
    github_classroom_error,
    gradescope,
    markus,
    prairielearn,
    step_output,
)
from grader.exports.schema import report_schema
from grader.exports.told import Ungraded
from grader.model import Outcome, Override, QuestionResult, Report, Verdict
from grader.records import report_from_json, report_line, report_to_json
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


OVER = Override(9.5, "the lost page was handed in on paper", "2026-11-21T15:00:00+00:00", 2.5)
OVERRIDDEN = view(RIGHT, replace(WRONG, score=9.5, override=OVER), score=13.5)


@pytest.mark.parametrize("name", FORMATS)
def test_a_persons_points_are_shown_as_such(name: str) -> None:
    """With the reason; and a question that is ungraded no longer is."""
    for one in (OVERRIDDEN, view(RIGHT, replace(WRONG, score=9.5, override=replace(OVER, graded=None)), score=13.5)):
        text = FORMATS[name](one)
        if name == "github_classroom.json":
            assert [t["score"] for t in json.loads(text)["tests"]] == [4.0, 9.5]
        assert "9.5" in text or name == "prairielearn.json" or '"score": 95' in text
        assert "points given by a person: 9.5 of 10: the lost page was handed in on paper" in text


def test_a_persons_points_decide_whether_all_is_right() -> None:
    full, none = (replace(WRONG, score=s, override=replace(OVER, points=s)) for s in (10.0, 0.0))
    assert github_classroom(view(RIGHT, full, score=14.0))["status"] == "pass"
    taken = replace(RIGHT, score=0.0, override=replace(OVER, points=0.0))
    marks = [json.loads(line) for line in markus(view(taken, none, score=0.0)).splitlines()]
    assert [row.get("status") for row in marks] == ["fail", "fail", None]
    root = ET.fromstring(junit([view(RIGHT, full, score=14.0)]))
    properties = {p.get("name"): p.get("value") for p in root.iter("property")}
    assert not list(root.iter("failure")) and properties["override svm_gradient"] == OVER.reason
    bonus = replace(WRONG, score=12.0, override=replace(OVER, points=12.0))
    (_, cut) = classroom50(view(RIGHT, bonus, score=16.0))["tests"]
    assert (cut["score"], cut["max-score"]) == (10, 10) and "12 of 10" in cut["output"]


def test_caveats_are_told_where_nothing_else_is_shown() -> None:
    for made in (classroom50(GRADED, ["not the grade"]), github_classroom(GRADED, ["not the grade"])):
        assert "not the grade" in json.dumps(made["tests"][-1]) and made["tests"][-1]["score"] == 0
    error = github_classroom_error("it died")
    assert (error["status"], error["max_score"], error["tests"]) == ("error", 0, [])


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


def test_the_rules_of_prairielearn_and_markus() -> None:
    """As docs/externalGrading.md and testers/tester.py have them; neither publishes a reader or schema as a package."""
    for one in (GRADED, FAULT, OVERRIDDEN, view(RIGHT)):
        made = prairielearn(one)
        tests, score = made.get("tests", []), made.get("score")
        assert type(made["gradable"]) is bool and (score is None or 0.0 <= score <= 1.0) is True
        assert made["gradable"] is (score is not None) and isinstance(made["message"], str)
        assert len({("points" in t, "max_points" in t) for t in tests}) <= 1
        assert all(type(t[key]) is str for t in tests for key in ("name", "description", "output"))
    for one in (GRADED, OVERRIDDEN, view(RIGHT)):
        *rows, last = map(json.loads, markus(one).splitlines())
        assert last.keys() == {"overall_comment"} and isinstance(last["overall_comment"], str)
        for row in rows:
            assert row.keys() == {"name", "output", "marks_earned", "marks_total", "status", "time"}
            assert row["status"] in ("pass", "partial", "fail", "error") and row["time"] is None
            assert row["marks_earned"] >= 0 and row["marks_total"] >= 0 and row["name"]
            assert (row["status"] == "pass") is (row["marks_earned"] >= row["marks_total"])


# -- JSON ----------------------------------------------------------------------------------------------------


def test_the_published_schema_is_that_of_the_code() -> None:
    assert json.loads((ROOT / "docs" / "report.schema.json").read_text()) == report_schema()


def test_reports_follow_the_schema() -> None:
    ungraded = report(replace(WRONG, score=None), score=None, status="ungraded")
    infinite = report(replace(WRONG, outcomes=(outcome("x", Verdict.FAIL, distance=float("inf")),)))
    over = report(RIGHT, replace(WRONG, score=9.5, override=OVER), score=13.5)
    for one in (report(RIGHT, WRONG), ungraded, infinite, over):
        data = json.loads(json.dumps(report_to_json(one), allow_nan=False))
        jsonschema.Draft202012Validator(report_schema()).validate(data)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["questions", 1, "override"], {"points": -1.0, "reason": "", "when": "", "graded": None}),
        (["questions", 1, "override"], {"points": 1.0, "reason": ""}),
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
    assert report_from_json(data | {"questions": json.loads(line)["questions"]}).score == data["score"]


def test_a_reader_that_ignores_what_it_does_not_know_reads_what_comes_later() -> None:
    """Fields may be added under the same number: neither the schema nor our own reader minds."""
    data = json.loads(json.dumps(report_to_json(report(RIGHT, replace(WRONG, override=OVER)))))
    later = json.loads(json.dumps(data))
    later["from_later"] = later["questions"][0]["from_later"] = later["questions"][0]["outcomes"][0]["from_later"] = [1]
    jsonschema.Draft202012Validator(report_schema()).validate(later)
    assert report_from_json(later) == report_from_json(data)
    first = json.loads((GOLDEN / "schema-2.jsonl").read_text())  # all that a reader of the first release looks at
    assert first.keys() <= data.keys() and first["questions"][0].keys() <= data["questions"][0].keys()


# -- other people's readers ----------------------------------------------------------------------------------


def test_junitparser_reads_it() -> None:
    junitparser = pytest.importorskip("junitparser", reason="NOT RUN: junitparser is not installed")
    found = junitparser.JUnitXml.fromstring(junit([GRADED, FAULT, OVERRIDDEN]).encode())
    assert (found.tests, found.failures, found.errors) == (6, 2, 1)
    suites = list(found)
    assert [{p.name: p.value for p in s.properties()}["score svm_gradient"] for s in suites] == ["2.5", "", "9.5"]
    kinds = [[type(r).__name__ for r in case.result] for suite in suites for case in suite]
    assert kinds == [[], ["Failure"], [], ["Error"], [], ["Failure"]]


def test_jenkins_schema_takes_it() -> None:
    """junit-10.xsd of Jenkins' xunit plugin, whose path GRADER_JUNIT_XSD gives: no package on PyPI brings it."""
    xmlschema = pytest.importorskip("xmlschema", reason="NOT RUN: xmlschema is not installed")
    if not (path := os.environ.get("GRADER_JUNIT_XSD")):
        pytest.skip("NOT RUN: GRADER_JUNIT_XSD does not name a junit-10.xsd")
    hostile = view(replace(RIGHT, question=HOSTILE), replace(WRONG, question=HOSTILE + "2"), notes=(HOSTILE,))
    schema = xmlschema.XMLSchema(path)
    for one in (GRADED, FAULT, OVERRIDDEN, hostile):
        schema.validate(junit([one]))
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        schema.validate(junit([GRADED]).replace("<testcase", "<test").replace("</testcase", "</test"))
