"""The records that an answer and an expected value give: what, where, by how much. Verdicts are in test_judge.py."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from grader.judge.compare import Misfit, Mismatch, compare
from grader.judge.pattern import Pattern
from grader.model import Bound
from grader.wire import Unusable

E = np.array([[1.0, -2.0, 4.0], [0.5, 8.0, 3.0]])
ROWS = {"float64": Bound(1e-7, 1e-7), "float32": Bound(1e-4, 1e-4)}
EXACT = {"float64": Bound(0.0, 0.0), "float32": Bound(0.0, 0.0)}


def put(expected: np.ndarray, where: Any, values: Any) -> np.ndarray:
    out = np.array(expected)
    out[where] = values
    return out


def mismatch(answer: Any, expected: Any, rows: dict[str, Bound] = ROWS) -> Mismatch:
    found = compare("x", answer, expected, rows).detail
    assert isinstance(found, Mismatch)
    return found


def test_the_record_behind_a_message() -> None:
    """All that a page needs to say it in other words."""
    found = compare("grads", {"W": put(E, (1, 0), 1.5)}, {"W": E}, ROWS)
    m = found.detail
    assert isinstance(m, Mismatch) and (found.path, found.kind, found.right) == ("grads['W']", "wrong value", False)
    assert (m.dtype, m.shape, m.wrong, m.total, m.index, m.pattern) == ("float64", (2, 3), 1, 6, (1, 0), None)
    assert (m.got, m.expected, m.difference, m.relative) == (1.5, 0.5, 1.0, 2.0)
    assert m.allowed == pytest.approx(1.5e-7) and found.distance == pytest.approx(1 / 1.5e-7)


def test_the_worst_is_what_is_not_finite_then_the_farthest() -> None:
    index = [
        compare("x", np.array(a), np.array(e), rows).detail.index  # type: ignore[union-attr]
        for a, e, rows in (
            ([99.0, math.nan, 3.0], [1.0, 2.0, 3.0], ROWS),
            ([1.0, math.nan], [math.inf, 2.0], ROWS),
            ([1.1, 2.5, 3.2], [1.0, 2.0, 3.0], ROWS),
            ([2, 9, 4], [1, 2, 3], EXACT),  # all are inf units away
        )
    ]
    assert index == [(1,), (1,), (1,), (1,)]


def test_each_dtype_is_told_with_its_row() -> None:
    for dtype, row, allowed in (("float32", "float32", 2e-4), ("float64", "float64", 2e-7), ("int64", "float64", 2e-7)):
        m = mismatch(np.array([1, 3]).astype(dtype), np.array([1.0, 1.0]))
        assert m.dtype == row and m.allowed == pytest.approx(allowed)


def test_whole_numbers_keep_all_their_digits() -> None:
    big = 1 << 62
    m = mismatch(np.array([big + 1, 5]), np.array([big, 5]), EXACT)
    assert (m.got, m.expected, m.difference, m.allowed) == (big + 1, big, 1, 0.0)


def test_where_zero_is_expected_the_relative_difference_is_infinite() -> None:
    m = mismatch(np.array([1.0, 5.0]), np.array([1.0, 0.0]))
    assert (m.difference, m.relative) == (5.0, math.inf)


def test_the_first_wrong_item_is_told_with_its_path() -> None:
    expected = {"layers": [E, E, np.zeros(2)], "step": 3.0}
    found = compare("out", {"layers": [E, -E, np.ones(2)], "step": 4.0}, expected, ROWS)
    assert found.path == "out['layers'][1]"
    assert isinstance(found.detail, Mismatch) and found.detail.pattern == Pattern("sign")
    right = compare("out", expected, expected, ROWS)
    assert right.right and (right.path, right.distance, right.detail) == ("out", 0.0, None)


@pytest.mark.parametrize(
    ("answer", "expected", "kind", "what"),
    [
        (E[0], E, "wrong shape", "shape"),
        ([E], [E, E], "wrong shape", "items"),
        ({"a": E}, {"b": E}, "wrong shape", "keys"),
        (E[0, 0], [E], "wrong type", "type"),
        ("list", E, "wrong type", "type"),
        ("a", "b", "wrong value", "text"),
        (None, "list", "wrong type", "text"),
        (Unusable("complex", (2, 3)), E, "wrong type", "no data"),
        (Unusable("complex", (3,)), E, "wrong shape", "shape"),
    ],
)
def test_what_cannot_be_compared_by_element(answer: Any, expected: Any, kind: str, what: str) -> None:
    found = compare("x", answer, expected, ROWS)
    assert (found.kind, found.distance) == (kind, None)
    assert isinstance(found.detail, Misfit) and found.detail.what == what
