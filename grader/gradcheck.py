"""A gradient against its own forward, along one random direction per argument.

Direction v has random signs times a uniform in [0.5, 1.5]: pure signs miss errors that cancel. Central
differences (f(x + hv) - f(x - hv)) / 2h at h and h/10; one-sided slopes that disagree mark a kink, where
nothing is concluded. Press et al., Numerical Recipes, section 5.7, for h = eps^(1/3) * scale."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .model import Array

EPS = float(np.finfo(np.float64).eps)
RTOL = 1e-5


@dataclass(frozen=True)
class Slopes:
    """What the forward says and what the gradient says about one direction."""

    numeric: float
    claimed: float
    conclusive: bool
    agree: bool


def direction(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random signs times a uniform in [0.5, 1.5], of this shape."""
    signs = rng.integers(0, 2, size=shape) * 2 - 1
    return np.asarray(signs * rng.uniform(0.5, 1.5, size=shape), dtype=np.float64)


def check_direction(forward: Callable[[Array], float], x: Array, gradient: Array, v: Array) -> Slopes:
    """Compare <gradient, v> with the slope of the scalar `forward` at x along v (all of x's shape, float64).

    `forward` may return NaN; then nothing is concluded."""
    x = np.asarray(x, dtype=np.float64)
    claimed = float(np.sum(np.asarray(gradient, dtype=np.float64) * v))
    here = forward(x)
    scale = _scale(x)
    found = [_slope(forward, x, v, here, h * scale) for h in (EPS ** (1 / 3), EPS ** (1 / 3) / 10)]
    agree = any(abs(slope - claimed) <= room for slope, room, smooth in found if smooth)
    conclusive = all(smooth for _, _, smooth in found) and bool(np.isfinite(claimed))
    return Slopes(found[0][0], claimed, conclusive, agree)


def _scale(x: Array) -> float:
    """A typical size of the elements; one huge row must not blow up the step of the others."""
    sizes = np.abs(x[np.isfinite(x) & (x != 0)])
    return float(np.clip(np.median(sizes), 1e-3, 10.0)) if sizes.size else 1.0


def _slope(forward: Callable[[Array], float], x: Array, v: Array, here: float, h: float) -> tuple[float, float, bool]:
    """Central slope, how far it may be off, and whether the function looks smooth within h."""
    up, down = forward(x + h * v), forward(x - h * v)
    if not np.isfinite([up, down, here]).all():
        return float("nan"), 0.0, False
    slope, right, left = (up - down) / (2 * h), (up - here) / h, (here - down) / h
    rounding = 8 * EPS * max(abs(up), abs(down), abs(here)) / h
    size = max(abs(slope), abs(right), abs(left))
    smooth = abs(right - left) <= 1e-2 * size + 4 * rounding
    return slope, RTOL * size + 4 * rounding, smooth
