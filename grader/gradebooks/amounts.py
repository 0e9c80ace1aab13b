"""Points as exact fractions, and as the text of a cell."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

NUMBER = re.compile(r"-?[0-9]{1,12}(?:[.,][0-9]{1,12})?")


def exact(score: float) -> Fraction:
    """A score as grades.csv shows it: to six decimals, without the noise of adding floats."""
    return Fraction(Decimal(f"{score:.6f}"))


def cell(value: Fraction, full: Fraction, mark: str = ".") -> str:
    """Two decimals, halves up, never rounded up to full marks; no thousands separators, which Canvas reads as decimals.

    full: what is out of; mark: the decimal mark."""
    text = f"{_rounded(value):.2f}"
    if value < full and Fraction(text) >= full:
        text = f"{_rounded(full) - Decimal('0.01'):.2f}"
    return text.replace(".", mark)


def _rounded(value: Fraction) -> Decimal:
    hundredths = value * 100
    whole, rest = divmod(hundredths.numerator, hundredths.denominator)
    up = 2 * rest >= hundredths.denominator
    return (Decimal(whole + up) / 100).quantize(Decimal("0.01"), ROUND_HALF_UP)


def plain(value: Fraction) -> str:
    """At most six decimals, none superfluous."""
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return text or "0"


def number(text: str) -> Fraction | None:
    """A cell's number with either decimal mark; None where it is none, or may have thousands separators."""
    text = text.strip()
    return Fraction(text.replace(",", ".")) if NUMBER.fullmatch(text) else None
