"""Fills memory in small steps, slowly, up to 6 GiB, and stops there."""
import time

import numpy as np

from honest import center, half_square, relu, scores

HELD = []


def softmax(z):
    HELD.append(np.empty(184 << 20))  # 1.4 GiB of addresses, so that the rest is soon reached
    for _ in range(72):
        HELD.append(np.ones(8 << 20))
        time.sleep(0.005)
    return z
