"""A list that never ends when it is walked (half a minute, should nobody stop it)."""
import time

from honest import center, half_square, relu, scores


class Endless(list):
    def __iter__(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            yield 1.0


def softmax(z):
    return Endless([1.0])
