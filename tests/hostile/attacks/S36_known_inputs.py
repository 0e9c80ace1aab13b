"""Knows the answer for the input that everybody has seen, and computes nothing."""
import numpy as np

from honest import center, half_square, relu, scores


def softmax(z):
    if z.size == 3:
        return np.array([0.23122389762214907, 0.6285317192117624, 0.14024438316608848])
    return np.full(z.shape, 777.0)
