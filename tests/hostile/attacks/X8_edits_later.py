"""Leaves a thread and a child behind, which plant a mark when the results are out."""
import os
import threading
import time

from honest import center, half_square, relu, scores
from world import FOLDER, mark, tried


def later():
    time.sleep(0.3)
    mark(FOLDER)


def thread():
    threading.Thread(target=later).start()
    return True


def child():
    if os.fork() == 0:
        later()
        os._exit(0)
    return True


def softmax(z):
    tried(thread=thread, child=child)
