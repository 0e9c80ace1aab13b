"""Used in every assignment."""

import numpy as np


def check(p):
    if np.any(p < 0) or not np.isclose(np.sum(p), 1):
        raise ValueError("not a distribution")


def sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))
