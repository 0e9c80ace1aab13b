"""Answers rightly, and then hangs wherever an end can hang (half a minute, should nobody stop it)."""
import atexit
import threading
import time

from honest import center, half_square, relu, scores
from honest import softmax as right


class Clings:
    def __del__(self):
        time.sleep(30)


KEPT = Clings()
atexit.register(time.sleep, 30)
threading.Thread(target=time.sleep, args=(30,)).start()


def softmax(z):
    return right(z)
