"""What no function of this assignment takes: each raises ValueError."""

import math

from torch import Tensor


def check_distribution(p: Tensor) -> None:
    """p (K,): no negative entry, and a sum of one up to rounding."""
    if (p < 0).any() or not math.isclose(p.sum(), 1, abs_tol=1e-6):
        raise ValueError("no probability distribution: negative entries, or a sum that is not one")


def check_binary(t: Tensor) -> None:
    """t (N,): every entry is 0 or 1."""
    if ((t != 0) & (t != 1)).any():
        raise ValueError("a binary label is 0 or 1")


def check_classes(y: Tensor, classes: int) -> None:
    """y (N,): every entry in 0..classes-1."""
    if (y < 0).any() or (y >= classes).any():
        raise ValueError(f"a label is none of the classes 0 to {classes - 1}")
