"""A gradient against its own forward, along one random direction per argument.

Direction v has random signs times a uniform in [0.5, 1.5]: pure signs miss errors that cancel. Central
differences (f(x + hv) - f(x - hv)) / 2h at h and h/10; at a kink, which the two tell from curvature, nothing is
concluded. Press et al., Numerical Recipes, section 5.7, for h = eps^(1/3) * scale."""

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

    Nothing is concluded at a kink: where the one-sided slopes keep their gap as h shrinks, or the central ones
    disagree, or where `forward` is not finite."""
    x = np.asarray(x, dtype=np.float64)
    parts = np.asarray(gradient, dtype=np.float64) * v
    claimed = float(np.sum(parts))
    here, h = forward(x), EPS ** (1 / 3) * _scale(x)
    wide, narrow = _slopes(forward, x, v, here, h), _slopes(forward, x, v, here, h / 10)
    # A slope of 0 by chance must not ask for zero error: the norm is the slope's typical size over random signs.
    size = max(abs(claimed), abs(wide.central), float(np.sqrt(np.sum(parts * parts))))
    if not np.isfinite([size, wide.central, narrow.central]).all():
        return Slopes(wide.central, claimed, False, False)
    noise = RTOL * size + 4 * (wide.rounding + narrow.rounding)
    smooth = narrow.gap <= 0.3 * wide.gap + noise and abs(wide.central - narrow.central) <= noise
    agree = any(abs(s.central - claimed) <= RTOL * size + 4 * s.rounding for s in (wide, narrow))
    return Slopes(wide.central, claimed, smooth, agree)


@dataclass(frozen=True)
class _Probe:
    """Slopes at one step h: central, the gap between the one-sided ones, and how much rounding can blur them."""

    central: float
    gap: float
    rounding: float


def _scale(x: Array) -> float:
    """A typical size of the elements; one huge row must not blow up the step of the others."""
    sizes = np.abs(x[np.isfinite(x) & (x != 0)])
    return float(np.clip(np.median(sizes), 1e-3, 10.0)) if sizes.size else 1.0


def _slopes(forward: Callable[[Array], float], x: Array, v: Array, here: float, h: float) -> _Probe:
    up, down = forward(x + h * v), forward(x - h * v)
    with np.errstate(all="ignore"):
        gap = abs((up - here) - (here - down)) / h
        # 0.1: a loss that vanished is the difference of numbers near 1, and has their rounding
        rounding = 8 * EPS * max(abs(up), abs(down), abs(here), 0.1) / h
        return _Probe((up - down) / (2 * h), gap, rounding)
