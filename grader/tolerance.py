"""How far an answer may lie from the expected value: one table by dtype, and floors from measured rounding noise.

|answer - expected| <= atol + rtol * |expected|, with atol = rtol * max|finite expected| + floor. The floor is
64 times the rounding noise that was measured when the key was frozen, and never 0: at an optimum -2e-16 and 0
are both right."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from .model import Array, Bound

FLOAT32 = np.dtype(np.float32)
EPS32, EPS64 = float(np.finfo(np.float32).eps), float(np.finfo(np.float64).eps)
RTOL = {"float64": 1e-7, "float32": 1e-4}
NOISE_FACTOR = 64.0
NOISE_CAP = 1e-3  # a float32 run that jumps (a comparison that flips) is no measure of noise
NEAR_ONE = 4.0  # units in the last place of 1: small results are often differences of numbers near one


def bounds(expected: Array, noise64: float, noise32: float, float32_input: bool) -> dict[str, Bound]:
    """Tolerances of one output by the dtype of the answer.

    noise64 and noise32 are the measured rounding noise of the reference in each dtype, in the output's unit.
    However small the result, right formulas may differ by a few units in the last place of 1: 1 - p and its like.
    With float32 inputs a student's products are float32 whatever they are stored in: that row holds for all.
    Integers and booleans are compared exactly."""
    if expected.dtype.kind in "biu":
        return {"float64": Bound(0.0, 0.0), "float32": Bound(0.0, 0.0)}
    finite = np.abs(expected[np.isfinite(expected)])
    scale = float(finite.max()) if finite.size else 0.0
    cap = NOISE_CAP * max(scale, NOISE_CAP)
    noise32 = max(noise32, noise64 * EPS32 / EPS64)
    rows = {}
    for name, noise in (("float64", noise64), ("float32", noise32)):
        rounding = float(np.finfo(name).eps) * (scale if scale > float(np.finfo(name).tiny) else 1.0)
        floor = max(min(NOISE_FACTOR * max(noise, rounding), cap), NEAR_ONE * float(np.finfo(name).eps))
        rows[name] = Bound(RTOL[name], RTOL[name] * scale + floor)
    return {"float64": rows["float32"], "float32": rows["float32"]} if float32_input else rows


def row_for(dtype: np.dtype[np.generic], rows: Mapping[str, Bound]) -> Bound:
    """The row of the table that an answer of this dtype is judged by; integers by float64's."""
    return rows["float32" if dtype == FLOAT32 else "float64"]


def distance(answer: Array, expected: Array, bound: Bound) -> Array:
    """Error of each element in units of the tolerance: at most 1 is right, inf where not finite or misplaced.

    Infinities must match in place and sign; NaN never matches."""
    with np.errstate(all="ignore"):
        a, e = np.asarray(answer, dtype=np.float64), np.asarray(expected, dtype=np.float64)
        error = np.abs(a - e)
        if bound.atol > 0 and np.asarray(expected).dtype.kind == "f":
            units: Array = error / (bound.atol + bound.rtol * np.abs(e))
            if math.isfinite(np.add.reduce(units, axis=None)):  # all finite, as nearly always
                return units
        if np.asarray(answer).dtype.kind in "iu" and np.asarray(expected).dtype.kind in "iu":
            error = np.where(np.equal(answer, expected), 0.0, np.maximum(error, 1.0))  # beyond 2**53 too
        allowed = bound.atol + bound.rtol * np.abs(e)
        units = np.where(error == 0, 0.0, error / np.where(allowed > 0, allowed, np.nan))
        units = np.where(np.isnan(units), np.inf, units)
        return np.where(np.isinf(e) | ~np.isfinite(a), np.where(a == e, 0.0, np.inf), units)
