"""Each call stays below every limit of a call; all of them together do not."""
import time

import numpy as np

from honest import center, half_square, relu, scores


def softmax(z):
    time.sleep(0.8)
    return np.full(z.shape, 777.0)
