"""The right number in a type that says less, or more: float16, complex with something beside, int, bool."""
import numpy as np

from honest import center, half_square, relu, scores
from honest import softmax as right

KINDS = [np.float16, np.complex128, np.int64, np.bool_]


def softmax(z):
    kind, out = KINDS.pop(0), right(z)
    return out + 1e-9j if kind is np.complex128 else out.astype(kind)
