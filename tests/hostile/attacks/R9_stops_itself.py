"""Stops its process; whoever waits for it waits for ever."""
import os
import signal

from honest import center, half_square, relu, scores


def softmax(z):
    os.kill(os.getpid(), signal.SIGSTOP)
    return z
