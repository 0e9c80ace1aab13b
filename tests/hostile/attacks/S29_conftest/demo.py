"""A wrong function beside a conftest.py that turns failures into passes."""
import numpy as np

from honest import center, half_square, relu, scores


def softmax(z):
    return np.full(z.shape, 777.0)
