"""Numbers in cells: two decimals, exact, never more than was earned by a wrong rounding up to full marks."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.gradebooks.amounts import cell, exact, number


@pytest.mark.parametrize(
    ("value", "full", "text"),
    [
        (Fraction(10), 10, "10.00"),
        (Fraction(9999, 1000), 10, "9.99"),
        (Fraction(9994, 1000), 10, "9.99"),
        (Fraction(1005, 1000), 10, "1.01"),
        (Fraction(20, 3), 10, "6.67"),
        (Fraction(0), 10, "0.00"),
        (Fraction(123456), 200000, "123456.00"),
        (Fraction(11), 10, "11.00"),
        (Fraction(1, 1000), Fraction(1, 100), "0.00"),
    ],
)
def test_two_decimals(value: Fraction, full: Fraction, text: str) -> None:
    assert cell(value, Fraction(full)) == text
    assert cell(value, Fraction(full), ",") == text.replace(".", ",")


@given(st.fractions(0, 1000), st.fractions(0, 1000))
def test_below_full_marks_stays_below(value: Fraction, full: Fraction) -> None:
    shown = Fraction(cell(value, full))
    assert abs(shown - value) <= Fraction(1, 100)
    assert not (value < full <= shown)


def test_the_noise_of_floats_costs_nobody_full_marks() -> None:
    assert exact(0.1 + 0.2 + 0.7 - 1e-12) == 1
    assert exact(2.1 * 3) == Fraction(63, 10)


@pytest.mark.parametrize(("text", "value"), [("7", 7), (" 7,50 ", 7.5), ("7.5", 7.5), ("-1", -1)])
def test_a_cell_that_is_a_number(text: str, value: float) -> None:
    assert number(text) == Fraction(value)


@pytest.mark.parametrize("text", ["", "EX", "1,234.5", "1.234,5", "1e3", "7%", "٣", "1 000"])
def test_a_cell_that_may_be_something_else(text: str) -> None:
    assert number(text) is None
