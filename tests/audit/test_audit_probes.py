"""Weak probes are named, and strong ones are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from grader.audit.probes import weak_probes
from grader.model import FrozenCase, FrozenQuestion, Output

AXES = {"X": ("N", "D"), "W": ("K", "D"), "y": ("N",)}


def weak(*cases: dict[str, Any], axes: dict[str, tuple[str, ...]] = AXES, calls: str = "") -> list[str]:
    frozen = tuple(FrozenCase(f"c{i}", True, inputs, {}, {}) for i, inputs in enumerate(cases))
    return weak_probes(FrozenQuestion("f", "F", (), (Output("out", 1.0),), (), frozen), axes, frozenset(calls.split()))


def drawn(n: int, d: int, k: int, seed: int = 0, **more: Any) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    y = np.arange(n) % k
    return {"X": rng.normal(size=(n, d)), "W": rng.normal(size=(k, d)), "y": y, "reg": 0.1 * (seed + 1), **more}


def test_strong_cases_have_no_weakness() -> None:
    assert weak(drawn(7, 5, 4), drawn(6, 3, 5, 1), drawn(1, 4, 3, 2)) == []


@pytest.mark.parametrize(
    ("cases", "phrase"),
    [
        ((drawn(7, 5, 4, reg=0.0), drawn(6, 3, 5, reg=0.0)), "reg is 0 throughout"),
        (
            (drawn(7, 5, 4, reg=0.5), drawn(6, 3, 5, reg=0.5)),
            "reg is 0.5 throughout, where reg and 1 - reg look alike",
        ),
        ((drawn(7, 5, 4, reg=0.3), drawn(6, 3, 5, reg=0.3)), "reg is 0.3 throughout"),
        ((drawn(7, 5, 4, reg=0), drawn(6, 3, 5, reg=0)), "reg is 0 throughout"),
        ((drawn(7, 5, 4, steps=1), drawn(6, 3, 5, 1, steps=1)), "steps is 1 throughout"),
        ((drawn(1, 5, 4), drawn(1, 3, 5, 1)), "N is 1 throughout"),
        ((drawn(4, 5, 4), drawn(4, 3, 5, 1)), "N is 4 throughout"),
        ((drawn(5, 3, 3), drawn(6, 4, 4, 1)), "D equals K throughout"),
        ((drawn(7, 5, 4, W=np.zeros((4, 5))), drawn(6, 3, 5, 1, W=np.zeros((5, 3)))), "W is zero throughout"),
        ((drawn(7, 5, 4, y=np.full(7, 2)), drawn(6, 3, 5, 1, y=np.full(6, 1))), "y holds one value alone throughout"),
        (
            (drawn(7, 5, 4, window=2, stride=2), drawn(6, 3, 5, 1, window=3, stride=3)),
            "window equals stride throughout",
        ),
    ],
)
def test_each_weakness_is_named(cases: tuple[dict[str, Any], ...], phrase: str) -> None:
    assert phrase in weak(*cases)


def test_tiny_weights() -> None:
    case = drawn(7, 5, 4)
    assert any(p.startswith("W is tiny throughout") for p in weak({**case, "W": 1e-4 * case["W"]}))


def test_one_strong_case_is_enough() -> None:
    assert weak(drawn(1, 5, 5, reg=0.0), drawn(6, 3, 5, 1)) == []


def test_without_names_of_axes_square_arrays_are_still_seen() -> None:
    cases = ({"A": np.ones((3, 3)) * 2, "n": 1.0}, {"A": np.ones((4, 4)), "n": 2.0})
    assert "A is square throughout" in weak(*cases, axes={})


def test_only_cases_that_return_count() -> None:
    frozen = (FrozenCase("bad", True, {}, {}, {}, raises="ValueError"),)
    question = FrozenQuestion("f", "F", (), (Output("out", 1.0),), (), frozen)
    assert weak_probes(question, {}) == ["no hidden case returns a value"]


def test_scores_that_overflow_are_asked_for_where_exp_is_called() -> None:
    phrase = "no number is above 50: overflow is not tried"
    small, large = drawn(7, 5, 4), drawn(6, 3, 5, 1)
    large["X"] = 100 * large["X"]
    assert phrase in weak(small, calls="gather log_softmax")
    assert phrase not in weak(small, large, calls="log_softmax")
    assert phrase not in weak(small, calls="relu gather")
    assert phrase not in weak({"n": 3}, calls="exp")


@pytest.mark.parametrize(
    ("index", "edge"),
    [
        (np.s_[0], "first row"),
        (np.s_[-1], "last row"),
        (np.s_[:, 0], "first column"),
        (np.s_[:, -1], "last column"),
    ],
)
def test_an_edge_of_zeros(index: Any, edge: str) -> None:
    cases = [drawn(7, 5, 4), drawn(6, 3, 5, 1)]
    for case in cases:
        case["W"][index] = 0
    assert weak(*cases) == [f"the {edge} of W is zero throughout"]
    assert weak(cases[0], drawn(6, 3, 5, 1)) == []


def test_all_zero_is_said_once() -> None:
    found = weak(drawn(7, 5, 4, W=np.zeros((4, 5))), drawn(6, 3, 5, 1, W=np.zeros((5, 3))))
    assert found == ["W is zero throughout"]


def test_numbers_that_are_never_negative() -> None:
    cases = [drawn(7, 5, 4), drawn(6, 3, 5, 1)]
    for case in cases:
        case["X"] = np.abs(case["X"])
    assert weak(*cases, calls="relu sum") == ["X is never negative"]
    assert weak(*cases, calls="sum") == []
    for case in cases:
        case["X"] /= case["X"].sum(1, keepdims=True)
    assert weak(*cases, calls="relu sum") == []  # probabilities
    assert weak(cases[0], drawn(6, 3, 5, 1), calls="abs") == []
