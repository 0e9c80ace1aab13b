"""A gradient against its own forward, along one random direction per argument.

Direction v has random signs times a uniform in [0.5, 1.5]: pure signs miss errors that cancel. An error E of the
gradient shows as <E, v>; for one wrong entry that is at least |E| / 2.

Step and tolerance. phi(t) = f(x + t v); the central difference (phi(h) - phi(-h)) / 2h with h = eps^(1/3) * scale has
a truncation of h^2 phi''' / 6 and a rounding of eps |f| / h, both about eps^(2/3) (4e-11 in float64, 2e-5 in
float32) of the slope where f varies on the scale of x (Press et al., Numerical Recipes, section 5.7). v moves every
coordinate at once, so a pre-activation of D inputs moves sqrt(D) times as far, and truncation grows by D: 4e-8 at
D = 1000. RTOL lies 25 times above that, 1e-6; in float32 it is 1e-3. It is relative to the typical size of a slope,
the norm of the gradient, so a tenth of one ordinary entry among n, at least 0.05 / sqrt(n) of it, shows up to n = 10^9
in float64 (10^3 in float32). On top comes the rounding of f: 32 eps max(|f|, 0.1) / h.

Ladder. A right gradient ends after x + hv and x - hv. Otherwise the slope is taken again at 0.3 h, 0.1 h, ... 0.001 h,
and from two points within that. A tenth of the step crosses a tenth of the kinks and shrinks truncation to a hundredth,
for ten times the rounding. At each step an upper limit of its error is known, from the next step rh:
- 2 |C(h) - C(rh)|: kinks between the two steps and truncation enter C(h), not C(rh);
- the jump J of the one-sided slopes, curvature removed: (gap(rh) - r gap(h)) / (1 - r). A kink at x or far inside rh
  leaves both C equal and shows here alone. One kink moves C by J / 2 at most; several may cancel in J though not in C,
  so J must be below 10^-5 of the disagreement, beyond rounding, and rounding below a 20th of it, before a gradient
  is called wrong;
- the noise of f (cancellation inside it): how far the values inside the step lie from a parabola.
The first step that agrees within rounding, or disagrees beyond its limit, decides. So a right gradient is called
wrong only by such a coincidence, and what stays open is a kink at x (nearer than h/1000), a forward whose own noise
hides its slope, or an argument all of which is smaller than the step, below 10^-6. relu(z) - relu(-z) at z = 0 is
beyond this method: it is z, without a kink, and backprop with relu'(0) = 0 gives it the slope 0."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite, nan
from typing import Any

import numpy as np

from .model import Array

RTOL = {"float64": 1e-6, "float32": 1e-3}
COINCIDENCE = 1e-5  # how small a jump must be beside a disagreement to have nothing to do with it
HIDDEN = 20  # how many times a disagreement must exceed the jump that rounding could hide
RUNGS = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)
LAST = len(RUNGS) - 1
STEPS = (1.0, -1.0, 0.0, *(s * r for r in RUNGS[1:] for s in (1, -1)), 0.37e-3, -0.71e-3, 1e3)  # of h
FIRST, SECOND, ALL = 2, 5, len(STEPS)  # how many values can be judged
SAMPLE = 512  # elements that tell the scale of x
BLOCK = 8192  # elements of a direction that are drawn at once


@dataclass(frozen=True)
class Slopes:
    """What the forward says and what the gradient says about one direction."""

    numeric: float
    claimed: float
    conclusive: bool
    agree: bool
    kink: bool = False  # where not conclusive: whether the one-sided slopes differ, or mere rounding hides the slope


@dataclass(frozen=True)
class Slope:
    """The slope of a forward along a direction, and an upper limit of its error (inf: not known)."""

    value: float
    error: float


def direction(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Random signs times a uniform in [0.5, 1.5], of this shape, float64."""
    v = np.empty(shape)
    flat = v.reshape(-1)
    for start in range(0, flat.size, BLOCK):  # in the cache; float32 takes half the random bits
        out = flat[start : start + BLOCK]
        u = rng.random(size=out.size, dtype=np.float32)
        u -= np.float32(0.5)
        np.copysign(0.5, u, out=out)
        u *= np.float32(2)
        out += u
    return v


def steps(x: Array) -> list[float]:
    """The t of all points x + tv: h, -h, 0, 0.3 h, -0.3 h, ... 0.001 h, -0.001 h, two within that for the noise, and
    1000 h to tell a constant from numbers that are too coarse."""
    x = _floating(x)
    h = float(np.finfo(x.dtype).eps) ** (1 / 3) * min(max(_scale(x), 0.1), 10.0)
    return [step * h for step in STEPS]


def points(x: Array, v: Array, count: int = ALL) -> list[Array]:
    """The first `count` points at which `conclude` needs the forward, of x's shape; float32 if x is, else float64."""
    x = _floating(x)
    return [_point(x, v, t, np.empty_like(x)) for t in steps(x)[:count]]


def conclude(values: Sequence[float], x: Array, gradient: Array, v: Array, careful: bool = False) -> Slopes:
    """Judge from the forward's values at `points(x, v)`, or at the first FIRST or SECOND of these.

    gradient and v have x's shape. Fewer values than ALL can agree, but are not conclusive against the gradient.
    careful: agreement counts only where the values show no kink at x (a subgradient can agree by symmetry)."""
    x = _floating(x)
    return _conclude(values, steps(x), x, gradient, v, careful)


def check_direction(
    forward: Callable[[Array], float], x: Array, gradient: Array, v: Array, careful: bool = False
) -> Slopes:
    """Compare <gradient, v> with the slope of the scalar `forward` at x along v (all of x's shape).

    x: float32 if `forward` computes in float32, else float64. Two calls of `forward` for a right gradient, five with
    a kink inside the step, ALL at most. Not conclusive at a kink at x, where numbers are not finite, or where the
    forward's noise hides its slope. `forward` must not keep its argument: it is used again. careful: as in
    `conclude`; always calls `forward` ALL times."""
    x = _floating(x)
    ts, at, values, found = steps(x), np.empty_like(x), list[float](), Slopes(nan, nan, False, False)
    for count in (ALL,) if careful else (FIRST, SECOND, ALL):
        values += [float(forward(_point(x, v, t, at))) for t in ts[len(values) : count]]
        found = _conclude(values, ts, x, gradient, v, careful)
        if found.conclusive:
            break
    return found


def estimate(values: Sequence[float], x: Array) -> Slope:
    """The slope along v from the forward's values at the first SECOND or at all of `points(x, v)`."""
    x = _floating(x)
    return _estimate(values, steps(x), x)


def measure(forward: Callable[[Array], float], x: Array, v: Array) -> Slope:
    """The slope of the scalar `forward` at x along v: five calls, or ALL where a kink is suspected.

    `forward` must not keep its argument: it is used again."""
    x = _floating(x)
    ts, at = steps(x), np.empty_like(x)
    values = [float(forward(_point(x, v, t, at))) for t in ts[:SECOND]]
    found = _estimate(values, ts, x)
    if found.error <= RTOL[x.dtype.name] * abs(found.value):
        return found
    values += [float(forward(_point(x, v, t, at))) for t in ts[SECOND:]]
    return _estimate(values, ts, x)


def complex_slope(forward: Callable[[Array], Any], x: Array, v: Array) -> float | None:
    """Im f(x + ihv) / h with h = 1e-20: exact to rounding for analytic f; None where f takes no complex input.

    Never decides alone: it is silently wrong through abs, norm, var and sign, which drop or conjugate the imaginary
    part. A third proof at freeze, where it agrees with central differences. [Squire and Trapp, SIAM Rev. 40, 1998]"""
    h = 1e-20
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            value = forward(np.asarray(x, dtype=np.complex128) + 1j * h * np.asarray(v))
            if not np.iscomplexobj(value) or np.ndim(value) != 0:
                return None
            slope = float(np.imag(value)) / h
    except Exception:  # whatever a forward raises that was written for real numbers
        return None
    return slope if isfinite(slope) else None


def _floating(x: Array) -> Array:
    x = np.asarray(x)
    return x if x.dtype == np.float32 else np.asarray(x, dtype=np.float64)


def _point(x: Array, v: Array, t: float, out: Array) -> Array:
    np.multiply(v, t, out=out, casting="same_kind")
    out += x
    return out


def _scale(x: Array) -> float:
    """A typical size of the elements; one huge row must not blow up the step of the others."""
    flat = x.reshape(-1)
    sizes = np.abs(flat[:: flat.size // SAMPLE | 1])  # an odd stride, so as not to stay in one column
    sizes = sizes[(sizes > 0) & (sizes < inf)]
    if not sizes.size:
        sizes = np.abs(flat[np.isfinite(flat) & (flat != 0)])
    return float(np.sort(sizes)[sizes.size // 2]) if sizes.size else 1.0


@dataclass(frozen=True)
class _Level:
    """The slope at one step: `rounding` and `error` limit its error without and with kinks; `jump` beyond rounding."""

    value: float
    rounding: float
    jump: float
    error: float


def _conclude(
    values: Sequence[float], ts: Sequence[float], x: Array, gradient: Array, v: Array, careful: bool
) -> Slopes:
    gradient, rtol = np.asarray(gradient, dtype=np.float64), RTOL[x.dtype.name]
    with np.errstate(all="ignore"):
        claimed, norm = float(np.vdot(gradient, v)), float(np.sqrt(np.vdot(gradient, gradient)))
    if len(values) == FIRST:
        up, down = float(values[0]), float(values[1])
        slope = (up - down) / (2 * ts[0])
        rounding = 4 * _rounding(x, (up, down)) / ts[0]
        same = abs(slope - claimed) <= rtol * max(abs(slope), norm) + rounding < inf
        return Slopes(slope, claimed, same, same)
    with np.errstate(all="ignore"):
        position = float(np.finfo(x.dtype).eps * np.linalg.norm((x * gradient).reshape(-1)))
    levels, worst = _levels(values, ts, x, position), inf
    for level in levels:
        # A slope of 0 by chance must not ask for zero error: the norm is the slope's typical size over random signs.
        near, far = rtol * max(abs(level.value), norm), abs(level.value - claimed)
        if not isfinite(near + far):
            continue
        # what a wider step saw, a narrower one that is coarser than that cannot take back
        if far <= near + level.rounding < worst and not (careful and level.jump > near):
            return Slopes(level.value, claimed, True, True)
        if len(values) == ALL and far > near + level.error:
            return Slopes(level.value, claimed, True, False)
        worst = far if worst == inf else max(far, worst)
    # the jump of a kink at x stays as the step shrinks; what rounding makes of the one-sided slopes grows
    jumps = [level.jump if level.jump > rtol * max(abs(level.value), norm) else nan for level in levels]
    kink = any(a / 3 < b < 3 * a for a, b in pairwise(jumps))
    return Slopes(levels[0].value, claimed, False, False, kink)


def _estimate(values: Sequence[float], ts: Sequence[float], x: Array) -> Slope:
    rough = abs(float(values[0]) - float(values[1])) / (2 * ts[0])
    largest = float(np.max(np.abs(x), initial=0.0))
    levels = _levels(values, ts, x, float(np.finfo(x.dtype).eps) * largest * rough)
    best = min(levels, key=lambda level: level.error)
    return Slope(best.value, best.error)


def _rounding(x: Array, values: Sequence[float]) -> float:
    """How far rounding may move a value. 0.1: a loss that vanished is the difference of numbers near 1."""
    return 8 * float(np.finfo(x.dtype).eps) * max([0.1, *(abs(value) for value in values if isfinite(value))])


def _levels(values: Sequence[float], ts: Sequence[float], x: Array, position: float) -> list[_Level]:
    """One per rung with values, widest first. The error is inf where no narrower step confirms it.

    position: how far the rounding of x + tv may move a value."""
    f = [float(value) for value in values]
    # Numbers that stand still near x alone are too coarse, and say nothing; nor do steps that are wider than x itself.
    blind = len(f) == ALL and ((f[-1] != f[2] and len(set(f[:-1])) == 1) or _scale(x) < ts[0])
    f = f[: ALL - 1]
    full = len(f) == ALL - 1
    pairs = [(ts[i], f[i], f[i + 1]) for i in (0, *range(3, min(len(f), 2 * LAST + 3), 2))]
    slopes = [(up - down) / (2 * h) for h, up, down in pairs]
    gaps = [(up + down - 2 * f[2]) / h for h, up, down in pairs]
    widths = [h for h, _, _ in pairs]
    if full:  # two points at unlike distances, within the narrowest step: its confirmation
        (t, right), (s, left) = zip(ts[-3:-1], f[-2:], strict=True)
        slopes.append((right - left) / (t - s))
        gaps.append((right - f[2]) / t - (left - f[2]) / s)
        widths.append((t - s) / 2)
    rounding = _rounding(x, f) + position if all(map(isfinite, f[2:])) else inf
    seen = [_noise(f, ts, k, h, slopes[k], gaps[k]) if full else 0.0 for k, h in enumerate(widths[: LAST + 1])]
    # noise of the values within 0.003 h; a kink at x counts too, but for little at the wider steps
    inner = max(seen[LAST], *(abs(f[i] + f[i + 1] - 2 * f[2]) / 2 for i in (-6, -4))) if full else 0.0
    out, before = list[_Level](), 0.0
    for k, (h, up, down) in enumerate(pairs):
        jump = error = inf
        # equal values at a narrower step alone: too near to be told apart, which says nothing of the slope
        if k + 1 < len(slopes) and not (blind or (k and up == down)):
            # The gap of the one-sided slopes is jump + h phi''; two steps tell these apart. At the narrowest steps a
            # kink looks like noise. 10 and 30: rounding of the values, over rh, and over the two unlike distances.
            ratio = widths[k + 1] / h
            jump = abs(gaps[k + 1] - ratio * gaps[k]) / (1 - ratio)
            allowed = (10 if k < LAST else 30) * max(rounding / 8, inner if k < 3 else 0.0)
            allowed /= pairs[min(k + 1, LAST)][0]
            jump = max(0.0, jump - allowed)
            if before > 0 and allowed > before / 2:  # a wider level saw a jump that this one is too coarse to see
                jump = before
            before = jump
            kinks = 2 * abs(slopes[k] - slopes[k + 1]) + HIDDEN * allowed + jump / COINCIDENCE
            error = (4 * rounding + (4 if k < 3 else 16) * seen[k]) / h + kinks  # 16: few values are left
        out.append(_Level(slopes[k], 4 * rounding / h, jump, error if isfinite(error) else inf))
    return out


def _noise(f: Sequence[float], ts: Sequence[float], k: int, h: float, slope: float, gap: float) -> float:
    """The largest distance of the values nearer to x than rung k's step h from the parabola of this rung."""
    inside = range(2 * k + 3, ALL - 1)
    return max(abs(f[i] - f[2] - ts[i] * slope - ts[i] ** 2 * gap / h / 2) for i in inside)
