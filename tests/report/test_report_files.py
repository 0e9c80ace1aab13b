"""`grades.csv` and `reports.jsonl`: what a spreadsheet shows, and files that are whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest

from grader.errors import UsageError
from grader.model import Outcome, QuestionResult, Report, Verdict
from grader.records import Part, head_to_json, json_text, report_line
from grader.report.files import grades_csv as csv_lines
from grader.report.files import points, safe_cell, write_whole
from grader.report.table import row_of


def report(student: str = "alice", *scores: float | None) -> Report:
    given = scores or (1.0, 2.5)
    outcome = Outcome(
        "q0", "hidden case", True, "loss", Verdict.FAIL, "not finite", float("inf"), "said\n\u2028 ü \ud800"
    )
    questions = tuple(QuestionResult(f"q{i}", s, 4.0, (outcome,)) for i, s in enumerate(given))
    known = [s for s in given if s is not None]
    total = sum(known) if len(known) == len(given) else None
    return Report("a", student, total, 8.0, "ungraded" if total is None else "graded", questions, "full", {})


def grades_csv(reports: Sequence[Report], questions: Sequence[str]) -> str:
    return "".join(csv_lines(map(row_of, reports), questions))


def reports_jsonl(reports: Sequence[Report]) -> str:
    """As the store writes them."""
    return "".join(report_line(json_text(head_to_json(r)), [Part.of(q).text for q in r.questions]) for r in reports)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_columns() -> None:
    text = grades_csv([report("alice", 1.0, 2.5), report("bob", 0.0, 10 / 3)], ["q0", "q1"])
    assert text == (
        "student,score,max_score,status,q0,q1,overridden\n"
        "alice,3.5,8,graded,1,2.5,\n"
        "bob,3.333333,8,graded,0,3.333333,\n"
    )


def test_an_ungraded_cell_is_empty_and_never_zero() -> None:
    rows = read(grades_csv([report("alice", 1.0, None)], ["q0", "q1"]))
    assert rows[1] == ["alice", "", "8", "ungraded", "1", "", ""]


def test_a_question_without_a_result_is_empty() -> None:
    assert read(grades_csv([report("alice", 1.0)], ["q0", "new"]))[1][-2] == ""


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "=cmd|' /C calc'!A0"])
def test_a_name_is_never_a_formula(name: str) -> None:
    cell = read(grades_csv([report(name)], ["q0"]))[1][0]
    assert cell == "'" + name.replace("\r", "\n")


@pytest.mark.parametrize(
    "name", ["Doe, Jane", 'the "boss"', "two\nlines", "cr\rhere", "two\r\nlines", "a;b", "Zoë", "' quoted"]
)
def test_any_other_name_comes_back_on_one_row(name: str) -> None:
    rows = read(grades_csv([report(name), report("bob")], ["q0"]))
    assert rows[1][0] == name.replace("\r\n", "\n").replace("\r", "\n") and rows[2][0] == "bob" and len(rows) == 3


def test_safe_cell_leaves_ordinary_text_alone() -> None:
    assert [safe_cell(t) for t in ("", "alice", "1", "a=b")] == ["", "alice", "1", "a=b"]


@pytest.mark.parametrize(
    ("score", "text"),
    [(None, ""), (0.0, "0"), (10.0, "10"), (100.0, "100"), (0.5, "0.5"), (1 / 3, "0.333333"), (1e-9, "0")],
)
def test_points(score: float | None, text: str) -> None:
    assert points(score) == text


def test_each_report_is_one_line_of_strict_json() -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    text = reports_jsonl([report("alice"), report("bob\nline")])
    lines = text.split("\n")
    assert lines.pop() == "" and len(lines) == 2
    first, second = (json.loads(line, parse_constant=refuse) for line in lines)
    assert first["student"] == "alice" and second["student"] == "bob\nline"
    assert first["questions"][0]["outcomes"][0]["distance"] == "inf"


# -- writing -------------------------------------------------------------------------------------------------


def test_a_file_is_replaced_whole_and_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("old")
    path.chmod(0o644)
    write_whole(path, "a\r\nb\nü\n")
    assert path.read_bytes() == "a\r\nb\nü\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["grades.csv"]


@pytest.mark.parametrize("broken", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, error: BaseException
) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("old")

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os, broken, fail)
    with pytest.raises(UsageError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        write_whole(path, "new" * 10_000)
    if isinstance(error, OSError):
        assert "No space left" in str(caught.value) and "run the same command again" in str(caught.value)
    assert path.read_text() == "old" and [p.name for p in tmp_path.iterdir()] == ["grades.csv"]


def test_a_folder_that_is_not_there_or_in_the_way_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        write_whole(tmp_path / "none" / "grades.csv", "x")
    (tmp_path / "grades.csv").mkdir()
    with pytest.raises(UsageError):
        write_whole(tmp_path / "grades.csv", "x")
    assert [p.name for p in tmp_path.iterdir()] == ["grades.csv"]


def test_one_odd_character_does_not_cost_the_grades(tmp_path: Path) -> None:
    """A lone surrogate cannot be written as UTF-8; in JSON its escape means the same."""
    path = tmp_path / "reports.jsonl"
    write_whole(path, reports_jsonl([report()]))
    assert json.loads(path.read_text(encoding="utf-8"))["questions"][0]["outcomes"][0]["message"].endswith("\ud800")
