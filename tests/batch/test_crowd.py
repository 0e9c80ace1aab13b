"""A sample of benchmarks/crowd.py: attacks, loops and memory bombs among ordinary submissions."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import benchkit
import crowd
import pytest
import watched
from workload.crowd import draw, kinds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the sandbox needs Linux")


def test_each_of_a_crowd_gets_the_score_that_it_gets_alone(tmp_path: Path) -> None:
    found = benchkit.script("crowd.py", tmp_path, "--size", 60, "--kinds", 2, "--sample", 1, "--seed", 3)
    assert found["groups"] == {"hostile": 6, "loop": 3, "memory": 3, "ordinary": 48}
    assert found["alone"] == 3
    assert (found["problems"], found["code"], found["left"]) == ([], 0, []), found["said"]
    assert found["peak_kib"]["trusted_rss"] > 0


def test_a_crowd_is_drawn_by_its_seed_and_holds_every_kind() -> None:
    drawn = draw(2000, 1)
    assert drawn == draw(2000, 1) != draw(2000, 2)
    counts = {group: sum(kind.group == group for kind in drawn) for group in ("hostile", "loop", "memory")}
    assert counts == {"hostile": 200, "loop": 100, "memory": 100}
    assert {kind.name for kind in drawn} == {kind.name for kind in kinds()}
    assert len(kinds()) == len({kind.name for kind in kinds()}) == len({kind.source for kind in kinds()})


def test_a_wrong_score_a_missing_one_and_a_lost_neighbour_are_seen(tmp_path: Path) -> None:
    options = argparse.Namespace(size=40, seed=1, timeout=2.0, workers=1)
    with watched.Workbench("crowd", tmp_path) as bench:
        made = crowd.Crowd(bench, options)
    right = {
        student: ("", "graded", *("0" if name in kind.wrong else "10" for name in crowd.NAMES))
        for student, kind in made.kinds.items()
    }
    assert crowd.check(made, right) == []
    student, row = next((s, r) for s, r in right.items() if not made.kinds[s].wrong)
    for doctored in ((*row[:2], "9.999999", *row[3:]), (row[0], "ungraded", *row[2:])):
        assert len(crowd.check(made, {**right, student: doctored})) == 1
    del right[student]
    assert crowd.check(made, right) == [f"{student} ({made.kinds[student].name}): no row"]


def test_what_an_attack_leaves_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "PLACES", [tmp_path])
    assert crowd.marks() == []
    (tmp_path / crowd.MARK).touch()
    assert crowd.marks() == [str(tmp_path / crowd.MARK)]
    before = crowd.digest(tmp_path)
    (tmp_path / crowd.MARK).write_text("changed")
    assert crowd.digest(tmp_path) != before

    monkeypatch.setattr(watched, "GRACE", 0.2)
    orphan = f"import os\nif os.fork() == 0:\n os.setsid()\n os.execv({sys.executable!r}, ['python', '-c', {NAP!r}])"
    with watched.Workbench("left", tmp_path) as bench:
        assert bench.left() == []
        (bench.temporary / "stray").touch()
        bench.start([], tmp_path / "log", [sys.executable, "-c", orphan]).wait()
        process, file = bench.left()
        assert process.startswith("process ") and NAP in process
        assert file == "file stray"
        assert bench.left() == []


NAP = "import time; time.sleep(60)"
