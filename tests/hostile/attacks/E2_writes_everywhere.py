"""Plants a mark in every place that may outlive it."""
import os
import numpy

from honest import center, half_square, relu, scores
from world import COURSE, FOLDER, HOME, NEIGHBOUR, OUT, ROOT, SUBMISSIONS, mark, opened, tried


def softmax(z):
    tried(
        folder=lambda: mark(FOLDER), home=lambda: mark(HOME), temporary=lambda: mark("/tmp"),
        other_temporary=lambda: mark("/var/tmp"), shared=lambda: mark("/dev/shm"), course=lambda: mark(COURSE),
        submissions=lambda: mark(SUBMISSIONS), neighbour=lambda: opened(NEIGHBOUR), out=lambda: mark(OUT),
        packages=lambda: opened(numpy.__file__), tests=lambda: opened(f"{ROOT}/tests/conftest.py"),
        rename=lambda: os.rename(NEIGHBOUR, NEIGHBOUR) is None, mode=lambda: os.chmod(FOLDER, 0o777) is None,
        remove=lambda: os.rmdir(f"{FOLDER}/empty") is None, here=lambda: mark("."),
    )
