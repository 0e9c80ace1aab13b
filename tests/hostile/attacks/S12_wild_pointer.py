"""Has an array interface that points at nothing."""
from honest import center, half_square, relu, scores


class Wild:
    __array_interface__ = {"shape": (1 << 20,), "typestr": "<f8", "data": (8, False), "version": 3}


def softmax(z):
    return [Wild()]
