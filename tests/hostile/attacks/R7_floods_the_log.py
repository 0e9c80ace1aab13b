"""Prints 24 MiB on each stream, and then answers rightly."""
import os
import sys

from honest import center, half_square, relu, scores
from honest import softmax as right

LINE = b"flood " * 11_000


def softmax(z):
    for fd in (1, 2):
        for _ in range(96):
            os.write(fd, LINE)
    print("x" * (1 << 22), file=sys.stderr)
    return right(z)
