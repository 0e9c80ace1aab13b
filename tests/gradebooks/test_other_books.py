"""Brightspace's and nbgrader's tables, and which attempt counts after a late policy."""

from __future__ import annotations

import csv
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import pytest
from resultskit import canvas, write_results

from grader.cohort.results import Results
from grader.collect.handin import Attempt, HandIn
from grader.errors import UsageError
from grader.gradebooks import brightspace
from grader.gradebooks.grade import Grade, grade_of
from grader.gradebooks.late import Policy
from grader.gradebooks.make import fill
from grader.gradebooks.nbgrader import export
from grader.gradebooks.sheet import sheet_of
from grader.gradebooks.when import zone_of

UTC = zone_of("UTC")
GRADES = (
    "OrgDefinedId,Username,Last Name,First Name,Homework 1 Points Grade <Numeric MaxPoints:20 Weight:5>,"
    "Quiz Points Grade <Numeric MaxPoints:5>,End-of-Line Indicator\r\n"
    "#0042,#jdoe,Doe,Jane,,3,#\r\n#0043,#jmul,Müller,José,11,,#\r\n#0044,#gone,Gone,Ann,,,#\r\n#0045,=cmd,Cmd,Al,,,#\r\n"
)


def test_brightspace_gets_its_keys_the_item_and_the_end_of_the_line(tmp_path: Path) -> None:
    book = brightspace.read(sheet_of(GRADES, "grades.csv"), "Homework 1")
    graded = [("0042", (6.0, 4.0)), ("jmul", (3.0, 0.0)), ("0045", (1.0, 0.0)), ("nobody", (1.0, 0.0))]
    with Results(write_results(tmp_path, graded)) as results:
        made = fill(results, book, UTC)
    assert made.text == (
        "OrgDefinedId,Username,Homework 1 Points Grade <Numeric MaxPoints:20 Weight:5>,End-of-Line Indicator\r\n"
        "#0042,#jdoe,20.00,#\r\n#0043,#jmul,6.00,#\r\n"
    )
    assert [(line.status, line.who) for line in made.lines if line.status != "written"] == [
        ("not written", "0045"), ("no row", "nobody"), ("no result", "Gone, Ann"),
    ]  # fmt: skip
    assert [line.lower for line in made.of("written")] == [False, True]


def test_brightspace_makes_up_no_item() -> None:
    for wanted in ("", "Homework 2"):
        with pytest.raises(UsageError, match="Homework 1; Quiz"):
            brightspace.read(sheet_of(GRADES, "grades.csv"), wanted)


def tried(*times: str) -> HandIn:
    return HandIn("ann", "gradescope", "Ann", {}, tuple(Attempt(when) for when in times), counted=1)


def test_of_several_attempts_the_best_after_the_policy_counts(tmp_path: Path) -> None:
    """Eight points in time are more than nine that came two days late, at a fifth a day."""
    hand = tried("2026-11-20 10:00 Z", "2026-11-22 10:00 Z")
    folder = write_results(tmp_path, [(hand, (6.0, 3.0))], {"ann": [(6.0, 2.0), (6.0, 3.0)]})
    policy = Policy(datetime(2026, 11, 20, 12, 0), UTC, "day", Fraction(1, 5))
    with Results(folder) as results:
        (row,) = results.rows()
        plain = grade_of(row, hand, None, UTC, "", results.attempts())
        late = grade_of(row, hand, policy, UTC, "", results.attempts())
    assert (plain.attempt, plain.points) == (2, 9)
    assert (late.attempt, late.points, late.raw) == (1, 8, 8)


def test_an_ungraded_attempt_in_time_may_be_more_than_full_marks_that_came_late(tmp_path: Path) -> None:
    hand = tried("2026-11-20 10:00 Z", "2026-11-22 10:00 Z")
    folder = write_results(tmp_path, [(hand, (6.0, 4.0))], {"ann": [(6.0, None), (6.0, 4.0)]})
    policy = Policy(datetime(2026, 11, 20, 12, 0), UTC, "day", Fraction(1, 5))
    later = Policy(datetime(2026, 11, 23, 12, 0), UTC, "day", Fraction(1, 5))
    with Results(folder) as results:
        (row,) = results.rows()
        late, plain = (grade_of(row, hand, one, UTC, "", results.attempts()) for one in (policy, later))
    assert late.points is None and "attempt 1 is ungraded" in late.why
    assert (plain.attempt, plain.points) == (2, 10)


def graded(tmp_path: Path, hand: HandIn, policy: Policy | None, told: str = "") -> Grade:
    with Results(write_results(tmp_path, [(hand, (6.0, 4.0))])) as results:
        (row,) = results.rows()
        return grade_of(row, hand, policy, UTC, told)


def test_a_mark_that_says_late_and_not_by_how_much(tmp_path: Path) -> None:
    policy = Policy(datetime(2026, 11, 20, 12, 0), UTC, "day", Fraction(1, 10))
    flat = Policy(datetime(2026, 11, 20, 12, 0), UTC, "day", Fraction(1, 10), flat=Fraction(1, 4))
    late, in_time = canvas("ann", "1", late=True), canvas("ann", "1")
    assert (graded(tmp_path / "a", in_time, policy).points, graded(tmp_path / "b", late, flat).points) == (
        10,
        Fraction(15, 2),
    )
    unknown = graded(tmp_path / "c", late, policy)
    assert unknown.points is None and "not by how much" in unknown.why
    assert graded(tmp_path / "d", late, policy, "2026-11-21 12:00").points == 9
    assert graded(tmp_path / "e", late, policy, "soon").points is None
    assert graded(tmp_path / "f", HandIn("ann", "plain"), policy).why == "no time is known: give it with --times"


def test_nbgraders_table(tmp_path: Path) -> None:
    hands = [
        HandIn("jdoe", "nbgrader", "", {"id": "jdoe"}, (Attempt("2026-11-21 11:00:00 UTC"),)),
        HandIn("=x", "nbgrader", "", {"id": "=x"}, (Attempt("2026-11-20 11:00:00 UTC"),)),
        HandIn("open", "nbgrader", "", {"id": "open"}),
    ]
    policy = Policy(datetime(2026, 11, 20, 12, 0), UTC, "day", Fraction(1, 10))
    scores = [(6.0, 2.0), (6.0, 4.0), (6.0, None)]
    with Results(write_results(tmp_path, list(zip(hands, scores, strict=True)))) as results:  # type: ignore[arg-type]
        by_name = {hand.student: hand for hand in hands}
        grades = [grade_of(row, by_name[row.student], policy, UTC) for row in results.rows()]
    rows = {row["student_id"]: row for row in csv.DictReader(export("ps1", "2026-11-20T12:00", grades))}
    assert ",".join(rows["jdoe"]) == (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,"
        "raw_score,late_submission_penalty,score,max_score"
    )
    names = ("raw_score", "late_submission_penalty", "score", "max_score")
    assert [rows["jdoe"][name] for name in names] == ["8", "0.8", "7.2", "10"]
    assert [rows["'=x"][name] for name in names] == ["10", "0", "10", "10"]
    assert [rows["open"][name] for name in names] == ["", "", "", "10"]
