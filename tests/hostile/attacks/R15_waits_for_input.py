"""Asks a question and waits for the answer."""
import os

from honest import center, half_square, relu, scores
from world import tried


def asked():
    try:
        return input("a number? ")
    except EOFError:
        raise OSError("nobody answers") from None


def softmax(z):
    tried(input=asked, bytes=lambda: os.read(0, 1), terminal=lambda: os.open("/dev/tty", os.O_RDWR) >= 0)
