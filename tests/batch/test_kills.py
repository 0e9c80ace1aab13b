"""A sample of benchmarks/kills.py: a batch that is killed, stopped, or short of room loses nothing."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path

import benchkit
import pytest
from watched import acknowledged, one_error_line, whole_students

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are found in /proc")


def test_nothing_is_lost_and_nothing_is_graded_twice(tmp_path: Path) -> None:
    stops = ("--kills", 2, "--clocks", 1, "--interrupts", 1, "--disks", 0.5, "--read-only", "midway")
    found = benchkit.script("kills.py", tmp_path, "--size", 40, *stops)
    assert (found["problems"], found["code"], found["left"]) == ([], 0, []), found["said"]
    assert len(found["kills"]) >= 2 and len(found["interrupts"]) == 1
    assert found["clocks"][-1]["rows"] > 0  # killed when something was acknowledged
    assert found["full_disks"][0]["rows"] is not None
    assert found["read_only"][0]["rows"] is not None or os.geteuid() == 0, found["said"]


def test_a_lost_row_and_an_unclear_error_are_seen(tmp_path: Path) -> None:
    assert acknowledged(tmp_path, tmp_path / "copy") == set()
    with sqlite3.connect(tmp_path / "grades.sqlite") as db:
        db.execute("CREATE TABLE results (key TEXT, student TEXT)")
        db.execute("CREATE TABLE about (version TEXT)")
        db.executemany("INSERT INTO results VALUES (?, ?)", [("k1", "ada"), ("k2", "ben")])
        db.execute("INSERT INTO about VALUES ('1')")
    db.close()
    assert whole_students(tmp_path, tmp_path / "copy") == 0
    before = acknowledged(tmp_path, tmp_path / "copy")
    assert before == {("results", "k1", "ada"), ("results", "k2", "ben")}
    with sqlite3.connect(tmp_path / "grades.sqlite") as db:
        db.execute("DELETE FROM results WHERE student = 'ada'")
    db.close()
    assert before - acknowledged(tmp_path, tmp_path / "copy") == {("results", "k1", "ada")}

    log = tmp_path / "log"
    for text, fine in (
        ("freezing\nerror: out: No space left on device\n", True),
        ("error: a\nerror: b\n", False),
        ("Traceback (most recent call last):\nerror: a\n", False),
        ("graded 1 of 2\n", False),
    ):
        log.write_text(text)
        assert (one_error_line(log) == "") == fine, text
