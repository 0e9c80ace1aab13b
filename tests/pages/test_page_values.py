"""Excerpts of values, as a hostile worker may send them, and how they are shown."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from grader.excerpt import NUMBERS, array_of, block_of, excerpt, whole
from grader.judge.compare import compare
from grader.model import Bound, Fixture
from grader.pages.values import about, heat, text, two_texts, value_of
from grader.report.view import CaseView
from grader.text import is_safe
from grader.wire import DTYPES, Unusable

FLOATS = {"float64": Bound(1e-7, 1e-7), "float32": Bound(1e-4, 1e-4)}
SCALARS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=300)
ARRAYS = nps.arrays(
    st.sampled_from(sorted(DTYPES.values(), key=str)), nps.array_shapes(min_dims=0, min_side=0, max_side=30)
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=60), inner, max_size=4),
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_whatever_comes_is_small_and_strict(value: Any) -> None:
    found = excerpt(value)
    again = json.loads(json.dumps(found, allow_nan=False))
    assert again == found and len(json.dumps(found)) < 20_000
    shown = text(found)
    assert len(shown) < 20_000 and all(c == "\n" or is_safe(c) for c in shown.encode("ascii", "replace").decode())
    about(found)
    value_of(found) if found else None


@settings(max_examples=40, deadline=None)
@given(ARRAYS)
def test_an_array_that_fits_comes_back(array: np.ndarray[Any, Any]) -> None:
    found = excerpt(array)
    assert found is not None
    back = array_of(found)
    assert back is not None and back.dtype == array.dtype and back.size <= NUMBERS
    assert whole(found) == (array.size <= NUMBERS)
    assert np.array_equal(back, array[tuple(slice(n) for n in back.shape)], equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.array([[1.5, -2.0], [0.0, np.nan]]), "[[1.5,  -2],\n [  0, nan]]"),
        (np.array([], dtype=float).reshape(0, 3), "[]  shape (0, 3)"),
        (np.array([True, False]), "[True, False]"),
        (float("-inf"), "-inf"),
        (1e-12, "1e-12"),
        (None, "None"),
        ("a\x1b[31m\u202e'", '"a\ufffd[31m\ufffd\'"'),
        ([1, np.array([2.0])], "[1, [2]]"),
        ({"a\x00": 1}, "{'a\ufffd': 1}"),
        (Fixture("net", {"width": 3}), "net(width=3)"),
        (Unusable("object array", (3,)), "<object array of shape (3,)>"),
        (np.arange(1000), "[0, 1,"),
        (list(range(1000)), "[0,\n 1,"),
    ],
)
def test_as_it_is_shown(value: Any, said: str) -> None:
    assert text(excerpt(value)).startswith(said) and (text(excerpt(value)) == said or said.startswith("[0,"))


def test_what_is_cut_says_so() -> None:
    found = excerpt(np.zeros((500, 70)))
    assert found is not None and not whole(found) and len(found["numbers"]) <= NUMBERS
    assert (
        about(found) == "(500, 70), of which the first 10 × 20" and text(found).endswith("…]") and ", …]" in text(found)
    )
    assert (
        block_of((2, 3), 200) == (2, 3)
        and block_of((1000,), 200) == (200,)
        and block_of((9, 9, 900), 200) == (1, 9, 20)
    )
    assert isinstance(value_of(found), Unusable)


def test_two_values_that_differ_are_seen_to_differ() -> None:
    a, b = excerpt(np.array([1.0, 2.0])), excerpt(np.array([1.0, 2.0 + 1e-10]))
    assert a and two_texts(a, b)[0] != two_texts(a, b)[1]


def test_the_map_agrees_with_the_judge() -> None:
    rng = np.random.default_rng(5)
    for _ in range(20):
        expected = rng.normal(size=(4, 5))
        answer = expected + (rng.random((4, 5)) < 0.3) * 10.0 ** rng.integers(-9, 3, (4, 5))
        answer[0, 0] = np.nan
        found = heat(excerpt(answer), excerpt(expected), FLOATS)
        judged = compare("M", answer, expected, FLOATS)
        assert found is not None and judged.detail is not None
        assert found.wrong == judged.detail.wrong and found.total == 20 and found.rows[0][0] == "!"  # type: ignore[union-attr]
        assert sum(sign != "." for row in found.rows for sign in row) == found.wrong
    small = heat(excerpt([1.0]), excerpt(np.ones(3)), FLOATS)
    assert small is None and heat(excerpt(np.ones(2)), excerpt(np.ones(3)), FLOATS) is None
    vector = heat(excerpt(np.array([1.0, 3.0])), excerpt(np.ones(2)), FLOATS)
    assert (vector is not None and vector.rows == (".8",)) or vector.rows[0][0] == "."  # type: ignore[union-attr]


def test_a_view_holds_no_answer_unless_one_is_given() -> None:
    case = CaseView("c", True, "o", "FAIL", "wrong value")  # type: ignore[arg-type]
    assert case.answer is None and case.distance is None and case.message == ""
