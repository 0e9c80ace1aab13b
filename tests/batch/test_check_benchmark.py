"""A sample of benchmarks/check.py that needs no other grader's environment."""

from __future__ import annotations

from pathlib import Path

import benchkit
import pytest
from check import BUGS, WRONG, Desk, ratio
from workload.students import students


def test_a_round_with_the_planted_verdicts(tmp_path: Path) -> None:
    found = benchkit.script("check.py", tmp_path, "--here", "--rounds", 1, "--only", "numpy", "ours")
    assert (found["code"], found["left"], found["not_run"]) == (0, [], {}), found["said"]
    assert set(found["seconds"]) == {"import numpy", "ours", "ours, wrong"}
    assert all(len(seconds) == 1 and seconds[0] > 0 for seconds in found["seconds"].values())
    assert {(row["one"], row["other"]) for row in found["ratios"]} == {
        ("ours", "import numpy"),
        ("ours, wrong", "import numpy"),
    }
    assert "NOT RUN: otter, .py against ours" in found["said"]


def test_a_median_is_of_each_rounds_ratio() -> None:
    seconds = {"ours": [2.0, 9.0, 4.0], "import numpy": [1.0, 3.0, 4.0]}
    assert ratio(seconds, "ours", "import numpy") == pytest.approx(2.0)
    assert ratio(seconds, "ours", "otter, .py") is None


def test_the_wrong_one_is_wrong_where_it_says() -> None:
    right = students("numpy")[0].source()
    wrong = Desk.broken(right)
    for name in WRONG:
        _, good, bad = BUGS[name]
        assert right.count(good) > wrong.count(good) and (not bad or bad in wrong)
