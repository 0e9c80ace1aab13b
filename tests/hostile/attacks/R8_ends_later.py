"""One function is right and leaves a thread that ends the process a moment later, while the next function runs."""
import os
import threading
import time

from honest import center, relu, scores
from honest import half_square as right_square
from honest import softmax as right

CALLS = []


def end():
    time.sleep(0.05)
    os._exit(77)


def softmax(z):
    threading.Thread(target=end, daemon=True).start()
    return right(z)


def half_square(x):
    CALLS.append(x)
    if len(CALLS) == 1:
        time.sleep(0.3)
    return right_square(x)
