"""Brings files named like NumPy, the reference and what Python loads at its start."""
import numpy as np

from honest import center, half_square, relu, scores


def softmax(z):
    return np.full(z.shape, 777.0)
