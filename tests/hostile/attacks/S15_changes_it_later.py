"""Returns an array and changes it afterwards, from a thread."""
import threading
import time

import numpy as np

from honest import center, half_square, relu, scores
from honest import softmax as right


def softmax(z):
    out, later = np.full(z.shape, 777.0), right(z)

    def change():
        time.sleep(0.02)
        out[...] = later

    threading.Thread(target=change).start()
    return out
