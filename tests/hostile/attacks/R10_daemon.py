"""Leaves a process in a session of its own, forked twice, which plants a mark later and ends."""
import os
import time

from honest import center, half_square, relu, scores
from world import FOLDER, mark, tried


def daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(0.3)
            mark(FOLDER)
        os._exit(0)
    return True


def softmax(z):
    tried(daemon=daemon)
