"""Points that a person gives: kept, shown, taken back, and never lost to a kill or a file that was cut off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import ROOT
from resultskit import write_results

from grader import overrides
from grader.cli.override import override
from grader.cohort.results import Results
from grader.diff import compare, read
from grader.diff.compare import to_json
from grader.diff.lines import lines_of
from grader.errors import UsageError
from grader.model import Override
from grader.records import Row
from grader.store import Store

Type = Callable[..., str]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    graded = [("ann", (6.0, 1.0)), ("Bo Li", (6.0, None)), ("=carl", (0.0, 0.0))]
    folder = write_results(tmp_path / "out", graded)
    with Results(folder) as results:
        results.write()
    return folder


def typed(*arguments: object) -> str:
    """What `grader override` prints; its errors are raised."""
    done = CliRunner().invoke(override, [*map(str, arguments)], standalone_mode=False)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def scores(out: Path) -> dict[str, list[str]]:
    return {line.split(",")[0]: line.split(",")[1:] for line in (out / "grades.csv").read_text().splitlines()}


def test_points_of_a_person_stand_in_all_files(out: Path) -> None:
    assert typed(out, "ann", "b", "3.5", "--reason", "see mail") == "ann, b: 3.5 points; 9.5 of 10 in all\n"
    assert scores(out)["ann"] == ["9.5", "10", "graded", "6", "3.5", "b"]
    reports = {r["student"]: r for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}
    given = reports["ann"]["questions"][1]["override"]
    assert (given["points"], given["reason"], given["graded"]) == (3.5, "see mail", 1.0)


def test_pages_that_are_older_are_told(out: Path) -> None:
    (out / "report").mkdir()
    said = typed(out, "ann", "b", "3.5", "--reason", "see mail")
    assert said.endswith(f"the pages that are there do not show it yet: grader report {out}\n")


def test_one_that_is_ungraded_is_graded_by_a_person(out: Path) -> None:
    typed(out, "Bo Li", "b", "0", "--reason", "nothing there")
    assert scores(out)["Bo Li"] == ["6", "10", "graded", "6", "0", "b"]


def test_the_last_one_counts_and_can_be_taken_back(out: Path) -> None:
    typed(out, "ann", "b", "3", "--reason", "x")
    typed(out, "ann", "b", "2", "--reason", "y")
    assert scores(out)["ann"][0] == "8"
    assert typed(out, "ann", "b", "--remove") == "ann, b: the grader's points count again; 7 of 10 in all\n"
    assert scores(out)["ann"] == ["7", "10", "graded", "6", "1", ""]
    assert typed(out) == "no overrides\n"
    with pytest.raises(UsageError, match="no override of b"):
        typed(out, "ann", "b", "--remove")


def test_the_list_tells_what_the_grader_gives_and_gave(out: Path) -> None:
    typed(out, "ann", "b", "3", "--reason", "x")
    overrides.add(out, "=carl", "a", 1.0, "old", 4.0)
    lines = typed(out).splitlines()
    assert lines[0].startswith("overridden: =carl, a: 1, ")
    assert lines[0].endswith(": old (the grader gives 0, which was 4 when it was overridden)")
    assert lines[1].endswith(": x (the grader gives 1)")


def test_one_without_a_student_or_question_now_is_told_and_kept(out: Path) -> None:
    overrides.add(out, "gone", "a", 1.0, "x")
    overrides.add(out, "ann", "dropped", 1.0, "y")
    assert [line.rpartition("; ")[0].rpartition(": ")[2] for line in typed(out).splitlines()] == [
        "no such question in the last run", "no such student in the last run",
    ]  # fmt: skip
    assert scores(out)["ann"][0] == "7"
    assert len((out / "overrides.jsonl").read_text().splitlines()) == 2
    typed(out, "gone", "a", "--remove")
    assert len(typed(out).splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("anne", "b", "1", "--reason", "x"), "did you mean ann?"),
        (("bo li", "b", "1", "--reason", "x"), "did you mean Bo Li?"),
        (("ann", "B", "1", "--reason", "x"), "did you mean b?"),
        (("ann", "b", "4.5", "--reason", "x"), "--bonus"),
        (("ann", "b", "-1", "--reason", "x"), "at least 0"),
        (("ann", "b", "nan", "--reason", "x"), "at least 0"),
        (("ann", "b", "two", "--reason", "x"), "no number"),
        (("ann", "b", "2"), "--reason"),
        (("ann", "b", "2", "--reason", "  "), "--reason"),
        (("ann", "b"), "POINTS"),
        (("ann", "b", "2", "--remove"), "POINTS"),
        (("ann",), "QUESTION"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(out: Path, arguments: tuple[str, ...], told: str) -> None:
    with pytest.raises(UsageError) as raised:
        typed(out, *arguments)
    assert told in str(raised.value)
    assert not (out / "overrides.jsonl").exists()


def test_more_than_the_question_has_only_as_a_bonus(out: Path) -> None:
    typed(out, "ann", "b", "5", "--reason", "x", "--bonus")
    assert scores(out)["ann"][0] == "11"


def test_three_thirds_are_all_points() -> None:
    third = 3.333333333
    given = {("ann", "c"): Override(third, "right", "2026-11-21")}
    row = Row("ann", 2 * third, 10.0, "graded", {"a": third, "b": third, "c": 0.0})
    assert overrides.Overrides(given).row(row).score == 10.0


def test_after_a_later_run_that_was_stopped_nobody_is_dropped(out: Path) -> None:
    """The students that it came to are that run's now: a table of the others alone would lose their grades."""
    before = (out / "grades.csv").read_bytes()
    with Store(out / "grades.sqlite") as store:
        store.put("later", [], ["ann"])
    with pytest.raises(UsageError, match="a later run was stopped when 1 of 3 students"):
        typed(out, "Bo Li", "b", "1", "--reason", "x")
    assert (out / "grades.csv").read_bytes() == before and not (out / "overrides.jsonl").exists()


KILLED = """\
import os, signal, sys
from grader.cli.override import override
from grader.cohort.results import Results
Results.write = lambda self: os.kill(os.getpid(), signal.SIGKILL)
override.main(sys.argv[1:], standalone_mode=False)
"""


def test_killed_between_the_two_writes_nothing_is_lost(out: Path) -> None:
    before = (out / "grades.csv").read_bytes()
    command = [sys.executable, "-c", KILLED, str(out), "ann", "b", "3", "--reason", "x"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert done.returncode == -signal.SIGKILL
    assert (out / "grades.csv").read_bytes() == before
    with Results(out) as results:
        assert {row.student: row.score for row in results.rows()}["ann"] == 9
    typed(out, "Bo Li", "b", "1", "--reason", "y")
    assert (scores(out)["ann"][0], scores(out)["Bo Li"][0]) == ("9", "7")


def test_a_line_that_was_cut_off_is_none_and_the_next_one_is_whole(out: Path) -> None:
    typed(out, "ann", "b", "3", "--reason", "x")
    with (out / "overrides.jsonl").open("ab") as file:
        file.write(b'{"student": "ann", "quest')
    with Results(out) as results:
        assert {row.student: row.score for row in results.rows()}["ann"] == 9
    typed(out, "ann", "a", "5", "--reason", "y")
    assert scores(out)["ann"][0] == "8"


def test_a_last_line_that_an_editor_left_without_its_end_stays(out: Path) -> None:
    typed(out, "ann", "b", "3", "--reason", "x")
    path = out / "overrides.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    typed(out, "Bo Li", "b", "1", "--reason", "y")
    assert (scores(out)["ann"][0], scores(out)["Bo Li"][0]) == ("9", "7")


def test_a_damaged_line_stops_everything_that_reads_grades(out: Path) -> None:
    typed(out, "ann", "b", "3", "--reason", "x")
    path = out / "overrides.jsonl"
    path.write_bytes(b"{}\n" + path.read_bytes())
    with pytest.raises(UsageError, match=r"overrides\.jsonl:1"):
        typed(out)


def test_a_change_by_a_person_is_told_as_such(out: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.jsonl"
    old.write_bytes((out / "reports.jsonl").read_bytes())
    typed(out, "ann", "b", "3", "--reason", "see\u202e mail")
    found = compare(read(old), read(out))
    assert "    points given by a person: see\ufffd mail" in lines_of(found)
    assert to_json(found)["changes"][0]["questions"][0]["given_after"] == "see\ufffd mail"
    again = tmp_path / "again.jsonl"
    again.write_bytes((out / "reports.jsonl").read_bytes())
    typed(out, "ann", "b", "--remove")
    assert any("override taken back (it was: see" in line for line in lines_of(compare(read(again), read(out))))
