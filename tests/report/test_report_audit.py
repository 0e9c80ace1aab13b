"""The audit on one screen."""

from __future__ import annotations

import math
from dataclasses import replace

from grader.audit import Audit, Room, Wrong
from grader.model import Report
from grader.report.audit import audit_table


def report(student: str, score: float) -> Report:
    return Report("svm", student, score, 4.0, "graded", (), "", {})


def audit() -> Audit:
    found = Audit("svm", {"q1": (2, 3)}, [report("model", 4.0)], report("svm", 0.0))
    found.wrong = [
        Wrong("q1", "counted once", "declared", "caught", "M39", "", 3, 1, "loss", 1.5e6, 1500.0),
        Wrong("q1", "overflows", "declared", "caught", "M20", "", 1, 0, "loss", math.inf, math.inf),
        Wrong("q1", "a + b  ->  a", "mutant", "equal", "M16", "q.py:7", tried=40),
        Wrong("q1", "zeros: loss", "generic", "survives", kill="'seen' with reg = 1"),
    ]
    found.rooms = [Room("q1", "loss", {"order": 0.001, "float32": 0.02}, 1.5e6, "counted once", 1500.0, "counted once")]
    found.proofs = {"by central differences": 5}
    found.not_run = ["CPU against CUDA: no CUDA device here"]
    return found


def test_what_was_tried_and_the_verdict_last() -> None:
    text = audit_table(audit())
    lines = text.splitlines()
    assert lines[-1] == "svm: clean (1 question, 5 cases, 4 wrong answers, 1 right solution)"
    assert lines[1].split() == [
        "q1",
        "loss",
        "2",
        "3",
        "4",
        "2",
        "1",
        "0",
        "1",
        "0.02",
        "1.5e+06",
        "1.5e+03",
        "counted",
        "once",
    ]
    assert "solutions   model 4 of 4" in lines and "stub        untouched, it gets 0" in lines
    assert "caught      2 of 2 declared, 0 of 1 generic, 0 of 1 mutant" in lines
    assert "NOT RUN     CPU against CUDA: no CUDA device here" in lines
    assert "  q1: a + b  ->  a (q.py:7)" in lines and "not told apart from the reference on up to 40 inputs:" in lines
    assert "overflows" not in text


def test_all_lists_each_wrong_answer() -> None:
    lines = audit_table(audit(), everything=True).splitlines()
    (row,) = [line for line in lines if "counted once" in line and "declared" in line]
    assert row.split() == ["q1", "counted", "once", "declared", "M39", "1", "3", "1.5e+06", "1.5e+03"]
    assert any("overflows" in line for line in lines) and any(line.endswith("survives") for line in lines)


def test_problems_weak_probes_and_excuses() -> None:
    found = audit()
    found.problems = ["q1: zeros survives"]
    found.weak = ["q1: reg is 0 throughout"]
    found.rooms = [replace(found.rooms[0], excuse="float32 is not asked for")]
    lines = audit_table(found).splitlines()
    assert "PROBLEM  q1: zeros survives" in lines and lines[-1].startswith("svm: NOT CLEAN")
    assert lines[lines.index("no hidden case tries:") + 1] == "  q1: reg is 0 throughout"
    assert lines[lines.index("excused by the author:") + 1] == "  q1: room of loss (float32 is not asked for)"


def test_a_long_list_is_cut_unless_all_is_asked_for() -> None:
    found = audit()
    found.wrong += [replace(found.wrong[2], name=f"edit {i}") for i in range(30)]
    assert "  and 20 more: --all lists them" in audit_table(found)
    assert "edit 29" in audit_table(found, everything=True)
