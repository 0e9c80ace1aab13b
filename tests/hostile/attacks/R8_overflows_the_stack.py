"""Recurses until the stack of C ends."""
import sys

from honest import center, half_square, relu, scores


def softmax(z):
    sys.setrecursionlimit(1 << 30)
    nested = []
    for _ in range(200_000):
        nested = [nested]
    return repr(nested)
