"""Parts of benchmarks/throughput.py that need no other grader's environment."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import benchkit  # noqa: F401  (where the benchmarks' modules lie)
import numpy as np
import pytest
from contenders import Bare, cohort_of
from measure import Cost
from peers import checks
from peers.processes import Pytest
from throughput import Bench, Void, verify
from workload.functions import FUNCTIONS
from workload.students import students

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the floor forks")
SOME = ("ada", "overflows", "syntax-error")


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_the_planted_bugs_are_what_the_tests_of_a_peer_find(library: str) -> None:
    """Every submission, against the checks that peers are given, in this process."""
    for student in students(library):
        space: dict[str, object] = {}
        exec(checks.imports(library) + checks.helpers(library), space)
        if not student.loads:
            with pytest.raises(SyntaxError):
                compile(student.source(), "student.py", "exec")
            continue
        exec(student.source(), space)
        wrong = set()
        for function in FUNCTIONS:
            exec(checks.data(function, library), space)
            try:
                with np.errstate(all="ignore"):
                    exec(checks.body(function, library), space)
            except (AssertionError, NotImplementedError):
                wrong.add(function.name)
        assert wrong == student.wrong, student.name


def test_a_process_per_submission_finds_the_planted_bugs_and_its_cost(tmp_path: Path) -> None:
    some = [student for student in students("numpy") if student.name in SOME]
    peer = Pytest(Path(sys.executable), tmp_path, "numpy")
    cost, wrong = peer.grade(some, 2)
    verify("pytest", peer, some, wrong)
    assert cost.count == len(some) and cost.seconds > 0 and cost.cpu > 0
    with pytest.raises(Void, match=r"ada: lost .'hinge'., planted nothing"):
        verify("pytest", peer, some, {**wrong, "ada": frozenset({"hinge"})})


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_the_floor_answers_every_case(library: str, tmp_path: Path) -> None:
    bare = Bare(tmp_path / library, library, workers=1)  # compares a right solution's answers with the expected ones
    cost, _ = bare.grade(cohort_of(library, 40, "t"), 1)
    assert cost.count == 40 and cost.cpu > 0
    _, _, (broken, stub) = bare.floor.run(["def f(:\n", "def sigmoid(z):\n    raise KeyError\n"])
    assert broken == [b"SyntaxError"]
    assert stub == [b"KeyError"] * 22
    bare.floor.close()


def test_submissions_are_new_each_time_and_otherwise_the_same() -> None:
    first, second = cohort_of("numpy", 40, "a"), cohort_of("numpy", 40, "b")
    assert len({student.source(student.name) for student in [*first, *second]}) == 80
    assert [replace(student, name="") for student in first] == [replace(student, name="") for student in second]


def test_no_ratio_is_told_where_a_busy_machine_gives_no_slope() -> None:
    options = argparse.Namespace(cache=Path("none"), workers=1, only=[])
    bench = Bench(options, Path("none"))
    bench.costs["floor, numpy"] = {120: [Cost(120, 0.6, 0.6)] * 3}
    bench.costs["ours, numpy"] = {40: [Cost(40, 1.2, 1)] * 3, 240: [Cost(240, 2.4, 2)] * 3}
    assert bench.ratio("ours, numpy", "floor, numpy", by_slope=False) == pytest.approx(2.0)
    assert bench.ratio("ours, numpy", "floor, numpy", by_slope=True) == pytest.approx(1.2)
    bench.costs["ours, numpy"][40][1] = Cost(40, 2.5, 1)
    assert bench.ratio("ours, numpy", "floor, numpy", by_slope=True) is None
    assert bench.ratio("ours, numpy", "floor, numpy", by_slope=False) == pytest.approx(2.0)
