"""One call of C that holds the interpreter for tens of seconds, with all signals blocked."""
import itertools
import signal

from honest import center, half_square, relu, scores


def softmax(z):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    return sum(itertools.repeat(1, 3_000_000_000))
