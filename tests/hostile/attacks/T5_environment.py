"""Says all that it was started with: environment, arguments, folder."""
import ctypes
import os
import sys

from honest import center, half_square, relu, scores
from world import Tried

OURS = ("HOSTILE", "GRADER", "SECRET", "TOKEN")
WORDS = ("secret", "token", "--out")


def softmax(z):
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_char_p
    found = [f"{k}={v}" for k, v in os.environ.items() if any(w in k for w in OURS)]
    found += [str(getenv(b"HOSTILE_TOKEN"))] if getenv(b"HOSTILE_TOKEN") else []
    found += [a for a in (*sys.argv, *sys.orig_argv) if any(w in a.lower() for w in WORDS)]
    said = f"environment=DONE<{' '.join(found)}>" if found else "environment=no"
    raise Tried(said)
