"""A child that keeps both streams open (half a minute, should nobody end it)."""
import os
import signal
import time

from honest import center, half_square, relu, scores
from world import tried


def hold():
    if os.fork() == 0:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        time.sleep(30)
        os._exit(0)
    return True


def softmax(z):
    tried(hold=hold)
