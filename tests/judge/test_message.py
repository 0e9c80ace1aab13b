"""What is said about a wrong answer: each sentence whole, and never two numbers that look the same."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judge import judge
from grader.judge.compare import Comparison, compare
from grader.judge.message import tell
from grader.model import Bound, FrozenCase, FrozenQuestion, Output, Response, Step
from grader.tolerance import bounds

E = np.array([[1.0, -2.0, 4.0], [0.5, 8.0, 3.0]])
ROWS = {"float64": Bound(1e-7, 1e-7), "float32": Bound(1e-4, 1e-4)}
EXACT = {"float64": Bound(0.0, 0.0), "float32": Bound(0.0, 0.0)}


def said(answer: Any, expected: Any, ones: frozenset[tuple[int, int]] = frozenset()) -> str:
    return tell(compare("dW", answer, expected, bounds(np.asarray(expected), 0.0, 0.0, False), ones))


def put(expected: np.ndarray, where: Any, values: Any) -> np.ndarray:
    out = np.array(expected)
    out[where] = values
    return out


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (put(E, (1, 0), 1.5), "in 1 of 6 elements: at [1, 0], got 1.5, expected 0.5, off by 1 (allowed 8.5e-07)"),
        (
            put(E, 1, [0.0, 1.0, 2.0]),
            "in 3 of 6 elements, all in row 1, the last: worst at [1, 1], got 1, expected 8, off by 7 (allowed 1.6e-",
        ),
        (
            put(E, (slice(None), 1), [3.0, 1.0]),
            "in 2 of 6 elements, all in column 1: worst at [0, 1], got 3, expected -2, off by 5 (allowed 1e-06)",
        ),
        (-E, "in all 6 elements, each with the sign reversed: worst at "),
        (E / 3, "in all 6 elements, each 0.3333 times the expected: worst at "),
        (E + 0.25, "in all 6 elements, each too large by 0.25: worst at "),
        (E - 0.25, "in all 6 elements, each too small by 0.25: worst at "),
        (E * 0, "in all 6 elements, the answer is 0 everywhere: worst at [1, 1], got 0, expected 8"),
        (E[::-1], "in all 6 elements, rows 0 and 1 are exchanged: worst at "),
        (E[:, [2, 1, 0]], "in 4 of 6 elements, columns 0 and 2 are exchanged: worst at "),
        (
            put(E, (0, slice(2)), [5.0, math.nan]),
            "in 2 of 6 elements, all in row 0, the first: worst at [0, 1], got na",
        ),
        (E + np.array([[0, 1, 0], [2, 0, 3]]), "in 3 of 6 elements: worst at [1, 2], got 6, expected 3, off by 3 ("),
        (E * np.array([[2, 3, 5], [7, 11, 13]]), "in all 6 elements: worst at [1, 1], got 88, expected 8, off by 80 ("),
    ],
)
def test_wrong_elements(answer: np.ndarray, text: str) -> None:
    assert said(answer, E).startswith(f"dW is wrong {text}")


SQUARE = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 10.0]])
GATED = np.array([[0.0, 2.0, 0.0], [4.0, 0.0, 6.0]])
SPREAD = np.array([[0.0, 1.0, 5.0], [2.0, 0.0, 9.0], [4.0, 3.0, 0.0]])


@pytest.mark.parametrize(
    ("answer", "expected", "text"),
    [
        (SQUARE.T, SQUARE, "in 6 of 9 elements, it is transposed: worst at [0, 2]"),
        (SQUARE + np.diag([1, 2, 4]), SQUARE, "in 3 of 9 elements, all on the diagonal: worst at [2, 2]"),
        (SQUARE + SPREAD, SQUARE, "in 6 of 9 elements, all but the diagonal: worst at [1, 2]"),
        (put(GATED, GATED == 0, [5, 3, 4]), GATED, "in 3 of 6 elements, only where 0 is expected: worst at [0, 0]"),
        (
            put(GATED, GATED != 0, [5, 3, 4]),
            GATED,
            "in 3 of 6 elements, everywhere but where 0 is expected: worst at [0, 1]",
        ),
        (np.array([1.0, 3.0, 2.0]), np.array([1.0, 2.0, 3.0]), "in 2 of 3 elements, elements 1 and 2 are exchanged: w"),
    ],
)
def test_patterns_in_words(answer: np.ndarray, expected: np.ndarray, text: str) -> None:
    assert said(answer, expected).startswith(f"dW is wrong {text}")


def test_a_slice_and_a_share_of_a_large_array() -> None:
    e = np.random.default_rng(0).normal(size=(4, 5, 6))
    wrong = np.zeros(e.shape)
    wrong[:, 1] = np.arange(1, 25).reshape(4, 6)
    text = "dW is wrong in 24 of 120 elements (20%), all at index 1 of axis 1: worst at [3, 1, 4], got "
    assert said(e + wrong, e).startswith(text)
    almost = np.ones(5000)
    almost[7] = 0.0
    assert said(put(almost, almost == 1, 3.0), almost).startswith("dW is wrong in 4999 of 5000 elements (99.9%)")


def test_the_bias_is_called_by_its_name() -> None:
    text = "dW is wrong in 2 of 6 elements, all in column 2, the bias (its column of ones): worst at [0, 2], got 9"
    assert said(put(E, (slice(None), 2), [9.0, 4.0]), E, frozenset({(1, 2)})).startswith(text)
    text = "dW is wrong in 3 of 6 elements, all in row 1, the bias (its column of ones): worst at [1, 1]"
    assert said(put(E, 1, [0.0, 0.0, 0.0]), E, frozenset({(0, 1)})).startswith(text)
    row = np.array([1.0, 2.0, 3.0])
    text = "dW is wrong in 1 of 3 elements, the bias (its column of ones): at [2], got 5, expected 3, off by 2"
    assert said(put(row, 2, 5.0), row, frozenset({(0, 2)})).startswith(text)


def test_a_student_reads_of_the_bias_where_the_inputs_show_it() -> None:
    """From the question to the message: dW (K, D), X (N, D) with ones in its last column."""
    inputs = {"X": np.array([[2.0, 5.0, 1.0], [3.0, 7.0, 1.0]]), "W": E}
    case = FrozenCase("a", False, inputs, {"dW": E}, {"dW": bounds(E, 0.0, 0.0, False)})
    steps = (Step("function", "q", ("X", "W"), ("dW",)),)
    q = FrozenQuestion("q", "Q", ("X", "W"), (Output("dW", 1.0, "W"),), steps, (case,))
    outcomes, _ = judge(q, {"a": Response({"dW": put(E, (slice(None), 2), 0.0)})})
    assert ", all in column 2, the bias (its column of ones): worst at [0, 2], got 0" in outcomes[0].message


@pytest.mark.parametrize(
    ("answer", "expected", "text"),
    [
        (1.0000003, np.array(1.0), "got 1.0000003, expected 1, off by 3e-07 (allowed 2e-07)"),
        (1.0 + 2.002e-7, np.array(1.0), "got 1.0000002, expected 1, off by 2.002e-07 (allowed 2e-07)"),
        (np.array((1 << 53) + 1), np.array(1 << 53), f"got {2**53 + 1}, expected {2**53}, off by 1 (compared exactly)"),
        (True, np.array(False), "got True, expected False, off by 1 (compared exactly)"),
        (
            np.array(2.5, dtype=np.float32),
            np.array(2.0),
            "got 2.5, expected 2, off by 0.5 (allowed 0.00042 in float32)",
        ),
        (math.nan, np.array(1.0), "got nan, expected 1"),
        (-math.inf, np.array(math.inf), "got -inf, expected inf"),
        (2.0, np.array(math.inf), "got 2, expected inf"),
    ],
)
def test_numbers_that_differ_look_different(answer: Any, expected: np.ndarray, text: str) -> None:
    assert said(answer, expected) == f"dW is wrong: {text}"


def test_a_factor_near_one_does_not_read_one() -> None:
    e = np.array([1.0, 2.0, 4.0])
    assert "each 1.0001 times the expected" in said(1.0001 * e, e)


numbers = st.floats() | st.integers(-(1 << 63), (1 << 63) - 1) | st.booleans()


@settings(max_examples=300, deadline=None)
@given(numbers, numbers, st.sampled_from([ROWS, EXACT]))
def test_got_and_expected_never_read_the_same(answer: Any, expected: Any, rows: dict[str, Bound]) -> None:
    found = compare("x", answer, np.asarray(expected), rows)
    text = tell(found)
    assert (text == "") == found.right
    if not found.right:
        got, wanted = re.match(r"x is wrong: got (\S+), expected ([^\s,]+)", text).groups()  # type: ignore[union-attr]
        assert got != wanted or (wanted == "nan" and text.endswith("(nan is never right)"))
        if off := re.search(r"off by (\S+) \(allowed ([^\s)]+)", text):
            assert off[1] != off[2]
        assert "\n" not in text and len(text) < 200


def test_what_is_right_has_no_message() -> None:
    assert tell(compare("dW", E, E, ROWS)) == "" == tell(Comparison("dW", distance=0.0))
