"""Starts threads until no more can be started (400 at most, which end after a second), then fails."""
import threading
import time

from honest import center, half_square, relu, scores
from world import Tried

STARTED = []


def softmax(z):
    threading.stack_size(8 << 20)
    try:
        for _ in range(400):
            thread = threading.Thread(target=time.sleep, args=(1,), daemon=True)
            thread.start()
            STARTED.append(thread)
    except RuntimeError:
        raise Tried(f"threads=refused after {len(STARTED)}") from None
    raise Tried("threads=DONE")
