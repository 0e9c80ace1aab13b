"""Recurses, through C, until its stack ends."""
import sys

from honest import center, half_square, relu, scores


class Deep:
    def __add__(self, other):
        return other + other


def softmax(z):
    sys.setrecursionlimit(1 << 30)
    return Deep() + Deep()
