"""Takes back the alarm, ignores all signals, and loops (half a minute, should nobody stop it)."""
import faulthandler
import signal
import time

from honest import center, half_square, relu, scores


def softmax(z):
    signal.alarm(0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    faulthandler.cancel_dump_traceback_later()
    for number in signal.valid_signals():
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    end = time.monotonic() + 30
    while time.monotonic() < end:
        pass
    return z
