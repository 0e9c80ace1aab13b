"""The lecture's first output unit: linear, clamped to [0, 1]. It cannot learn from where it is most wrong."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question


def clamped_unit_loss(h: Tensor, w: Tensor, b: float, t: float) -> Tensor:
    """Squared loss of max(0, min(1, w.h + b)), written so that its derivative at both ends of the clamp is 0."""
    y = 1 - torch.relu(1 - torch.relu(h @ w + b))
    return (y - t) ** 2 / 2


@question(forward=clamped_unit_loss, dw=6, db=3)
def clamped_linear_gradient(h: Tensor, w: Tensor, b: float, t: float) -> None:
    """Gradient in w and b of (y - t)**2 / 2 for the unit y = max(0, min(1, w.h + b)), for one example.

    h (D,), w (D,), b a number, t 0 or 1; dw (D,), db (). At the ends of the clamp, w.h + b exactly 0 or 1, the
    derivative is 0.  [TU Delft deep learning, ML refresh]"""


def placed(rng: np.random.Generator, D: int, z: float) -> tuple[NDArray[Any], NDArray[Any], float]:
    """Features and weights (D,), and the bias with which the unit is at z."""
    h, w = rng.normal(size=D), rng.normal(size=D)
    return h, w, float(z - h @ w)


@clamped_linear_gradient.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    h, w = np.array([2.0, -1.0]), np.array([0.5, 1.0])
    yield Case("inside", h=h, w=w, b=0.25, t=1)
    yield Case("too low", h=h, w=w, b=-3.0, t=1)
    yield Case("ten for one", h=h, w=w, b=10.0, t=1)
    yield Case("at the lower end", kink=True, h=h, w=w, b=0.0, t=1)
    for name, D, t in [("inside, a one", 5, 1), ("inside, a zero", 4, 0), ("a single feature", 1, 0)]:
        h, w, b = placed(rng, D, rng.uniform(0.2, 0.8))
        yield Case(name, hidden=True, h=h, w=w, b=b, t=t)
    for name, z, t in [
        ("above, a zero", 2.5, 0), ("above, a one", 3.5, 1), ("below, a one", -1.5, 1), ("below, a zero", -0.5, 0),
        ("far above", 1e4, 0),
    ]:  # fmt: skip
        h, w, b = placed(rng, 3, z)
        yield Case(name, hidden=True, h=h, w=w, b=b, t=t)
    for name, z, t in [("exactly one", 1.0, 0), ("exactly zero", 0.0, 1)]:
        h, w = rng.integers(1, 8, size=4) / 4, rng.integers(1, 8, size=4) / 2  # whose products are exact in any order
        yield Case(name, hidden=True, kink=True, h=h, w=w, b=float(z - h @ w), t=t)
    # As near to an end as float32 can tell, and nearer than many a tolerance.
    for name, z, t in [("just above zero", 2.0**-21, 1), ("just below one", 1 - 2.0**-16, 0)]:
        h, w = rng.integers(1, 4, size=3) / 4, rng.integers(1, 4, size=3) / 4
        yield Case(name, hidden=True, kink=True, h=h, w=w, b=float(z - h @ w), t=t)
    h, w, b = placed(rng, 6, rng.uniform(0.3, 0.7))
    h, w = h.astype(np.float32).repeat(2)[::2], w.astype(np.float32).repeat(3)[::3]
    h.flags.writeable = w.flags.writeable = False
    yield Case("strided and read-only", hidden=True, h=h, w=w, b=b, t=0)


def unit(h: Tensor, w: Tensor, b: float) -> Tensor:
    return h @ w + b


def passed(error: Tensor, gate: Tensor, h: Tensor) -> dict[str, Tensor]:
    """The gradients where the unit's error passes the gate."""
    return {"dw": error * gate * h, "db": error * gate}


@clamped_linear_gradient.mistake("The unit is stuck at 1. You nudge a weight. What does y do?")
def clamp_ignored(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    z = unit(h, w, b)
    return passed(z - t, torch.ones_like(z), h)


@clamped_linear_gradient.mistake("You clamp y. Does the derivative know about it?")
def derivative_not_clamped(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    z = unit(h, w, b)
    return passed(z.clamp(0, 1) - t, torch.ones_like(z), h)


@clamped_linear_gradient.mistake("What does the docstring say of w.h + b exactly 0, and exactly 1?")
def ends_count(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    z = unit(h, w, b)
    return passed(z.clamp(0, 1) - t, (z >= 0) & (z <= 1), h)


@clamped_linear_gradient.mistake("How many ends has the clamp?", code="M16")
def upper_end_forgotten(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    z = unit(h, w, b)
    return passed(z.relu() - t, z > 0, h)


@clamped_linear_gradient.mistake("Does the unit still move when it is below zero?", code="M16")
def lower_end_forgotten(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    z = unit(h, w, b)
    return passed(z.clamp(max=1) - t, z < 1, h)


@clamped_linear_gradient.mistake("Double a feature. Does its weight not matter twice as much?")
def features_forgotten(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    return {"dw": out.db * torch.ones_like(h)}


@clamped_linear_gradient.mistake("How does z change with a weight: by the weight, or by what it is multiplied with?")
def weights_for_features(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    return {"dw": out.db * w}


@clamped_linear_gradient.mistake("Raise b a little. By how much does z rise?")
def bias_times_itself(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    return {"db": out.db * b}


@clamped_linear_gradient.mistake("Differentiate one square by hand, with its half.", code="M04")
def half_forgotten(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    return {"dw": 2 * out.dw, "db": 2 * out.db}


@clamped_linear_gradient.mistake("y is too high. Should the gradient point to more of it, or to less?", code="M05")
def sign_flipped(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    return {"dw": -out.dw, "db": -out.db}


@clamped_linear_gradient.mistake("Whose derivative is y (1 - y)? Is that the unit you have here?", code="M38")
def as_if_logistic(out: Any, h: Tensor, w: Tensor, b: float, t: float) -> dict[str, Tensor]:
    y = unit(h, w, b).clamp(0, 1)
    return passed(y - t, y * (1 - y), h)
