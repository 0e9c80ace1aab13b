"""How far an answer may lie from the expected value."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.model import Bound
from grader.tolerance import bounds, distance, row_for

EXACT = Bound(0.0, 0.0)


def passes(answer: object, expected: object, bound: Bound) -> bool:
    return bool((distance(np.asarray(answer), np.asarray(expected), bound) <= 1.0).all())


def own(expected: object) -> Bound:
    return bounds(np.asarray(expected), 0.0, 0.0, False)["float64"]


@settings(max_examples=150, deadline=None)
@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, min_side=0, max_side=4)), st.booleans())
def test_floats_are_never_compared_exactly(expected: np.ndarray, single: bool) -> None:
    for bound in bounds(expected, 0.0, 0.0, single).values():
        assert bound.atol > 0 and bound.rtol > 0
        assert math.isfinite(bound.atol)


def test_at_an_optimum_a_rounding_error_is_right() -> None:
    expected = np.zeros((2, 3))
    assert passes(np.full((2, 3), -2e-16), expected, own(expected))
    assert not passes(np.full((2, 3), 1e-6), expected, own(expected))


def test_a_small_element_beside_a_large_one_gets_the_large_ones_room() -> None:
    expected = np.array([1000.0, 0.0])
    assert passes([1000.0, 5e-5], expected, own(expected))
    assert not passes([1000.0, 5e-4], expected, own(expected))


@pytest.mark.parametrize("factor", [1.0 + 5e-8, 1.0 - 5e-8])
def test_the_edges_of_float64(factor: float) -> None:
    expected = np.array([3.0, -7.0])
    assert passes(expected * factor, expected, own(expected))
    assert not passes(expected * (1 + 10 * (factor - 1)), expected, own(expected))


def test_measured_noise_widens_the_bound() -> None:
    expected = np.array([1.0])
    quiet, noisy = bounds(expected, 0.0, 0.0, False)["float64"], bounds(expected, 1e-6, 0.0, False)["float64"]
    assert noisy.atol > quiet.atol + 6e-5


def test_float32_has_its_own_row_and_float32_inputs_lend_it_to_all() -> None:
    expected = np.array([1.0, 2.0])
    rows = bounds(expected, 0.0, 1e-7, False)
    assert rows["float32"].rtol > 100 * rows["float64"].rtol
    assert row_for(np.dtype("float32"), rows) == rows["float32"]
    for dtype in ("float64", "int64", "bool", "uint8"):
        assert row_for(np.dtype(dtype), rows) == rows["float64"]
    lent = bounds(expected, 0.0, 1e-7, True)
    assert lent["float64"] == lent["float32"] == rows["float32"]


@pytest.mark.parametrize("dtype", ["int64", "uint8", "bool"])
def test_integers_and_booleans_are_exact(dtype: str) -> None:
    expected = np.array([1, 0, 1]).astype(dtype)
    rows = bounds(expected, 1.0, 1.0, True)
    assert set(rows.values()) == {EXACT}
    assert passes(expected, expected, EXACT)
    assert passes([1.0, 0.0, 1.0], expected, EXACT)
    assert not passes([1, 1, 1], expected, EXACT)
    assert not passes([1.0, 1e-9, 1.0], expected, EXACT)


def test_integers_beyond_2_to_53_are_exact() -> None:
    big = 1 << 53
    assert passes(np.array([big + 1]), np.array([big + 1]), EXACT)
    assert not passes(np.array([big + 1]), np.array([big]), EXACT)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_not_finite_never_stands_for_one_that_is(bad: float) -> None:
    units = distance(np.array([1.0, bad]), np.array([1.0, 2.0]), Bound(1e300, 1e300))
    assert units[0] == 0.0 and units[1] == math.inf


def test_infinities_must_match_in_place_and_sign() -> None:
    expected = np.array([math.inf, -math.inf, 1.0])
    wide = Bound(1.0, 1.0)
    assert passes([math.inf, -math.inf, 1.0], expected, wide)
    assert not passes([-math.inf, math.inf, 1.0], expected, wide)
    assert not passes([1e308, -math.inf, 1.0], expected, wide)
    assert not passes([math.nan, -math.inf, 1.0], expected, wide)
    assert bounds(expected, 0.0, 0.0, False)["float64"].atol < 1e-6  # the infinities are no scale


def test_nan_is_not_even_equal_to_nan() -> None:
    assert not passes([math.nan], [math.nan], Bound(1.0, 1.0))


def test_zero_size_and_zero_dimensional() -> None:
    empty = np.zeros((0, 3))
    assert own(empty).atol > 0
    assert distance(empty, empty, own(empty)).shape == (0, 3)
    assert distance(np.array(1.0), np.array(1.0), own(1.0)).shape == ()


@settings(max_examples=150, deadline=None)
@given(st.floats(), st.floats(), st.floats(0, 1e300), st.floats(0, 1e300))
def test_a_distance_is_never_nan_and_never_negative(a: float, e: float, rtol: float, atol: float) -> None:
    units = float(distance(np.array(a), np.array(e), Bound(rtol, atol)))
    assert units >= 0.0  # false for NaN too
    if not math.isfinite(a) and a != e:
        assert units == math.inf
