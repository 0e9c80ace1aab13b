"""Asks for 3 GiB of addresses and touches none of them."""
import mmap

from honest import center, half_square, relu, scores
from world import tried


def softmax(z):
    tried(map=lambda: len(mmap.mmap(-1, 3 << 30)))
