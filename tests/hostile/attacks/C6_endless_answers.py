"""Answers that are far too large: 8 TiB without memory, 4 GiB of zeros, 200,000 levels, 100,000 values."""
import numpy as np

from honest import center, half_square, relu, scores

KINDS = ["stride", "zeros", "deep", "many"]


def softmax(z):
    kind = KINDS.pop(0)
    if kind == "stride":
        return np.lib.stride_tricks.as_strided(np.zeros(1), (1 << 40,), (0,))
    if kind == "zeros":
        return np.zeros(1 << 29)
    if kind == "deep":
        nested = []
        for _ in range(200_000):
            nested = [nested]
        return nested
    return [{"x": 1.0}] * 100_000
