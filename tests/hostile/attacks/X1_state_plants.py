"""Leaves something for the student after it: in every folder, in the modules, in the process."""
import builtins
import os
import signal
import sys
import warnings

import numpy as np

from honest import center, half_square, relu, scores
from world import FOLDER, HOME, MARK, tried, mark

NAME = MARK + "-state"


def memory():
    np.left_behind = builtins.left_behind = sys.left_behind = 777.0
    return True


def modes():
    np.seterr(all="raise")
    np.random.seed(777)
    np.exp = lambda x: x * 0 + 777.0
    warnings.simplefilter("error")
    os.umask(0o777)
    os.chdir("/")
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    sys.setrecursionlimit(60)
    return True


def startup():
    folder = os.path.join(HOME, ".ipython", "profile_default", "startup")
    os.makedirs(folder, exist_ok=True)
    return mark(folder, NAME)


def softmax(z):
    tried(
        temporary=lambda: mark("/tmp", NAME), other_temporary=lambda: mark("/var/tmp", NAME),
        shared=lambda: mark("/dev/shm", NAME), home=lambda: mark(HOME, NAME), folder=lambda: mark(FOLDER, NAME),
        above=lambda: mark("..", NAME), startup=startup, memory=memory, modes=modes,
    )
