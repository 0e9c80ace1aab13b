"""Starts threads with the smallest of stacks, of which the memory limit allows tens of thousands (400 at most, which
end after a second): a machine has some 32,000 numbers for all its processes and threads."""
import threading
import time

from honest import center, half_square, relu, scores
from world import Tried

STARTED = []


def softmax(z):
    threading.stack_size(32 << 10)
    try:
        while len(STARTED) < 400:
            thread = threading.Thread(target=time.sleep, args=(1,), daemon=True)
            thread.start()
            STARTED.append(thread)
    except RuntimeError:
        raise Tried(f"threads=refused after {len(STARTED)}") from None
    raise Tried("threads=DONE")
