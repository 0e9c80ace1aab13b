"""Writes 2 MiB and 100 files wherever it may; what it could write it removes again."""
import os
import tempfile

from honest import center, half_square, relu, scores
from world import FOLDER, MARK, tried


def large(folder):
    path = os.path.join(folder, f"{MARK}-large")
    try:
        with open(path, "wb") as file:
            for _ in range(2):
                file.write(bytes(1 << 20))
        return os.path.getsize(path) == 2 << 20
    finally:
        if os.path.exists(path):
            os.unlink(path)


def many(folder):
    made = []
    try:
        for i in range(100):
            os.mkdir(os.path.join(folder, f"{MARK}-{i}"))
            made.append(i)
        return True
    finally:
        for i in made:
            os.rmdir(os.path.join(folder, f"{MARK}-{i}"))


def softmax(z):
    tried(
        here=lambda: large("."), inodes=lambda: many("."), outside=lambda: large(FOLDER),
        temporary=lambda: large(tempfile.gettempdir()),
    )
