"""Gives other values each time that it is made an array."""
import numpy as np

from honest import center, half_square, relu, scores
from honest import softmax as right


class Changing:
    def __init__(self, z):
        self.z, self.times = z, 0

    def __array__(self, dtype=None, copy=None):
        self.times += 1
        return right(self.z) if self.times > 1 else np.full(self.z.shape, 777.0)


def softmax(z):
    return Changing(z)
