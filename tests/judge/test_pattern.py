"""A planted pattern is named, and chance is not."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from grader.judge.pattern import Pattern, _equal, find, lines_of_ones
from grader.model import Array, Bound
from grader.tolerance import bounds, distance

EXACT = Bound(0.0, 0.0)


def seen(answer: Any, expected: Any, ones: frozenset[tuple[int, int]] = frozenset()) -> Pattern | None:
    answer, expected = np.asarray(answer), np.asarray(expected)
    bound = bounds(expected, 0.0, 0.0, False)["float32" if answer.dtype == np.float32 else "float64"]
    return find(answer, expected, bound, distance(answer, expected, bound), ones)


def kind(answer: Any, expected: Any) -> str | None:
    found = seen(answer, expected)
    return found.kind if found else None


def normal(seed: int, *shape: int) -> Array:
    """Numbers without a structure of their own, none near 0 in the scale of the tolerance."""
    return np.random.default_rng(seed).normal(size=shape)


def marred(expected: Array, wrong: Array, seed: int) -> Array:
    """Errors without a structure, all far beyond the tolerance, where `wrong` says so."""
    rng = np.random.default_rng(seed)
    return expected + np.where(wrong, rng.uniform(0.5, 2.0, expected.shape) * rng.choice([-1, 1], expected.shape), 0)


seeds = st.integers(0, 2**32 - 1)
sides = st.integers(2, 6)


# -- what was done to the values ------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(seeds, st.lists(st.integers(1, 4), min_size=1, max_size=4), st.floats(-50, 50), st.booleans())
def test_a_constant_factor_is_named_with_its_value(seed: int, shape: list[int], k: float, single: bool) -> None:
    e = normal(seed, *shape)
    assume(e.size >= 3 and min(abs(k), abs(k - 1), abs(k + 1)) > 0.2)
    found = seen((k * e).astype(np.float32 if single else np.float64), e)
    assert found is not None and found.kind == "factor"
    assert found.value == pytest.approx(k, rel=1e-4 if single else 1e-9)


@settings(max_examples=80, deadline=None)
@given(seeds, sides, sides, st.floats(-50, 50))
def test_a_constant_offset_is_named_with_its_value(seed: int, r: int, c: int, off: float) -> None:
    assume(abs(off) > 1e-3)
    e = normal(seed, r, c)
    found = seen(e + off, e)
    assert found is not None and found.kind == "offset" and found.value == pytest.approx(off)


@settings(max_examples=40, deadline=None)
@given(seeds, sides, sides)
def test_signs_zeros_and_turns(seed: int, r: int, n: int) -> None:
    e, square = normal(seed, r, n), normal(seed, n, n)
    assert kind(-e, e) == "sign"
    assert kind(np.zeros_like(e), e) == "zeros"
    assert kind(square.T, square) in ("transposed", "sign", "exchanged")[: 1 if n > 2 else 3]


@settings(max_examples=60, deadline=None)
@given(seeds, st.integers(3, 6), st.integers(2, 6), st.integers(0, 1), st.data())
def test_two_exchanged_lines_are_named(seed: int, r: int, c: int, axis: int, data: st.DataObject) -> None:
    e = normal(seed, r, c) if axis == 0 else normal(seed, c, r)
    i, j = data.draw(st.lists(st.integers(0, r - 1), min_size=2, max_size=2, unique=True).map(sorted))
    order = np.arange(r)
    order[[i, j]] = [j, i]
    assert seen(e.take(order, axis), e) == Pattern("exchanged", axis, (i, j))


def test_exchanged_elements_of_a_vector_and_slices_of_a_tensor() -> None:
    e = normal(1, 5)
    assert seen(e[[0, 3, 2, 1, 4]], e) == Pattern("exchanged", 0, (1, 3))
    e = normal(2, 3, 4, 2)
    assert seen(e[:, [0, 1, 3, 2]], e) == Pattern("exchanged", 1, (2, 3))


def test_zeros_and_infinities_stay_where_they_are_under_a_factor() -> None:
    e = np.array([0.0, 1.0, -2.0, 3.0, math.inf])
    assert seen(2 * e, e) == Pattern("factor", value=pytest.approx(2.0))
    assert kind(-e, e) == "sign"
    assert kind(np.array([0.5, 2.0, -4.0, 6.0, math.inf]), e) is None  # 0 is no multiple


def test_whole_numbers_that_are_compared_exactly_have_patterns_too() -> None:
    e = np.array([[1, 2, 3], [4, 5, 7]])
    assert seen(3 * e, e) == Pattern("factor", value=pytest.approx(3.0))
    assert seen(e + 2, e) == Pattern("offset", value=pytest.approx(2.0))
    assert seen(-e, e) == Pattern("sign")


def test_a_factor_needs_three_elements_that_show_it() -> None:
    assert kind([2.0, 4.0], [1.0, 2.0]) == "all"
    assert kind([2.0, 4.0, 0.0, 0.0], [1.0, 2.0, 0.0, 0.0]) == "off zeros"
    assert kind([2.0, 4.0, 1e-17, 2e-17], [1.0, 2.0, 2e-17, 1e-17]) is None
    assert kind([2.0, 4.0, 6.0], [1.0, 2.0, 3.0]) == "factor"


@settings(max_examples=80, deadline=None)
@given(seeds, st.integers(3, 6))
def test_an_error_near_the_tolerance_is_no_factor_and_no_offset(seed: int, n: int) -> None:
    """All within some units of one number: a fit would be a fit to noise."""
    e = np.ones(n) + 1e-3 * normal(seed, n)
    allowed = 2e-7
    assert kind(e + allowed * np.random.default_rng(seed).uniform(3, 5, n), e) == "all"


def test_one_element_that_does_not_fit_spoils_a_pattern_of_values() -> None:
    e = normal(3, 4, 4)
    for whole in (2 * e, -e, e + 1, e.T.copy(), np.zeros_like(e)):
        whole[1, 2] = 9.0
        assert kind(whole, e) in (None, "all", "off diagonal")


# -- where they lie -------------------------------------------------------------------------------------------


@settings(max_examples=80, deadline=None)
@given(seeds, sides, sides, st.integers(0, 1), st.data())
def test_a_wrong_row_or_column_is_named(seed: int, r: int, c: int, axis: int, data: st.DataObject) -> None:
    wrong = np.zeros((r, c), dtype=bool)
    at = data.draw(st.integers(0, wrong.shape[axis] - 1))
    wrong[(at, slice(None)) if axis == 0 else (slice(None), at)] = True
    e = normal(seed, r, c)
    assert seen(marred(e, wrong, seed + 1), e) == Pattern("line", axis, (at,))
    assert seen(marred(e, wrong, seed + 1), e, frozenset({(axis, at)})) == Pattern("bias", axis, (at,))
    assert seen(marred(e, wrong, seed + 1), e, frozenset({(1 - axis, 0)})) == Pattern("line", axis, (at,))


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(3, 6))
def test_the_diagonal_and_all_but_it(seed: int, n: int) -> None:
    e, eye = normal(seed, n, n), np.eye(n, dtype=bool)
    assert kind(marred(e, eye, seed), e) == "diagonal"
    assert kind(marred(e, ~eye, seed), e) == "off diagonal"
    assert kind(marred(e, ~eye | eye, seed), e) == "all"


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(3, 5), st.integers(3, 5))
def test_where_zero_is_expected_and_where_not(seed: int, r: int, c: int) -> None:
    """Zeros in a checkerboard: no row, column or diagonal holds them."""
    zero = np.indices((r, c)).sum(axis=0) % 2 == 1
    e = np.where(zero, 0.0, normal(seed, r, c))
    assert kind(marred(e, zero, seed), e) == "at zeros"
    assert kind(marred(e, ~zero, seed), e) == "off zeros"


def test_a_slice_of_a_tensor() -> None:
    wrong = np.zeros((3, 4, 5), dtype=bool)
    wrong[:, 2] = True
    e = normal(4, 3, 4, 5)
    assert seen(marred(e, wrong, 5), e) == Pattern("line", 1, (2,))


def test_values_that_are_not_finite_have_a_place() -> None:
    e = normal(5, 4, 3)
    bad = e.copy()
    bad[:, 1] = math.nan
    assert seen(bad, e) == Pattern("line", 1, (1,))


@settings(max_examples=200, deadline=None)
@given(seeds, st.integers(3, 7), st.integers(3, 7), st.floats(0.1, 0.95))
def test_wrong_elements_in_places_of_chance_are_no_pattern(seed: int, r: int, c: int, share: float) -> None:
    wrong = np.random.default_rng(seed).random((r, c)) < share
    rows, columns = np.nonzero(wrong)
    assume(len(set(rows)) > 1 and len(set(columns)) > 1 and not wrong.all())
    assume(r != c or (any(rows != columns) and not (wrong == ~np.eye(r, dtype=bool)).all()))
    e = normal(seed, r, c)
    assert seen(marred(e, wrong, seed + 1), e, frozenset({(1, 0)})) is None


@settings(max_examples=100, deadline=None)
@given(seeds, st.lists(st.integers(1, 5), min_size=0, max_size=4), st.data())
def test_nothing_is_made_of_one_element(seed: int, shape: list[int], data: st.DataObject) -> None:
    e = normal(seed, *shape)
    wrong = np.zeros(e.shape, dtype=bool)
    wrong.flat[data.draw(st.integers(0, e.size - 1))] = True
    assert seen(marred(e, wrong, seed + 1), e) is None
    everywhere = frozenset((axis, i) for axis in (0, 1) for i in range(5))
    found = seen(marred(e, wrong, seed + 1), e, everywhere)
    assert found is None or (found.kind == "bias" and e.ndim == 1 and e.size > 1)  # named by the inputs, not guessed


def test_few_wrong_elements_of_a_long_line_are_no_line() -> None:
    e, wrong = normal(6, 3, 9), np.zeros((3, 9), dtype=bool)
    wrong[1, [2, 7]] = True
    assert seen(marred(e, wrong, 7), e) is None


def test_huge_answers_neither_warn_nor_crash() -> None:
    for bad in (1e308, -1e308, 5e-324, math.inf, math.nan):
        for e in (normal(8, 3, 3), np.full((3, 3), 1e308), np.full((3, 3), 5e-324), np.full((3, 3), math.inf)):
            seen(np.full((3, 3), bad), e)


values = st.floats() | st.sampled_from([0.0, 1.0, -1.0, math.inf, -math.inf, math.nan])


@settings(max_examples=200, deadline=None)
@given(values, values, st.sampled_from([Bound(0.1, 0.5), Bound(1e-7, 1e-7), EXACT]))
def test_the_tolerance_of_a_pattern_is_that_of_a_verdict(a: float, target: float, bound: Bound) -> None:
    answer, wanted = np.array([a, 1.0]), np.array([target, 1.0])
    with np.errstate(all="ignore"):
        assert _equal(answer, wanted, bound) == (distance(answer, wanted, bound) <= 1.0).all()


# -- the column of ones ---------------------------------------------------------------------------------------

X = np.array([[1.0, 2.0, 1.0], [3.0, 1.0, 1.0]])


@pytest.mark.parametrize(
    ("inputs", "shape", "lines"),
    [
        ({"X": X}, (4, 3), {(1, 2)}),
        ({"X": X}, (3, 4), {(0, 2)}),
        ({"X": X}, (3, 3), {(1, 2)}),
        ({"X": X}, (3,), {(0, 2)}),
        ({"X": X, "n": 3, "y": np.ones(2)}, (4, 3), {(1, 2)}),
        ({"X": X}, (4, 2), set()),
        ({"X": X}, (), set()),
        ({"W": X}, (4, 3), set()),  # its own values
        ({"X": X[:1]}, (4, 3), set()),  # one row: a 1 by chance
        ({"X": np.ones((2, 3))}, (4, 3), set()),
        ({"X": X.astype(int)}, (4, 3), set()),
        ({"X": X[:, :2]}, (4, 2), set()),
    ],
)
def test_lines_of_a_feature_that_is_always_one(
    inputs: dict[str, Any], shape: tuple[int, ...], lines: set[tuple[int, int]]
) -> None:
    assert lines_of_ones(inputs, "W", np.zeros(shape)) == lines


def test_what_is_no_gradient_has_no_bias() -> None:
    assert lines_of_ones({"X": X}, None, np.zeros((4, 3))) == frozenset()
    assert lines_of_ones({"X": X}, "W", [np.zeros((4, 3))]) == frozenset()
