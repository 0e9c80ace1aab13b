"""Leaves and looks for memory where others could find it: /dev/shm, core dumps, anonymous files."""
import os
import resource

from honest import center, half_square, relu, scores
from world import THEIRS, mark, read, tried


def cores():
    limits = resource.getrlimit(resource.RLIMIT_CORE)
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (limits[1], limits[1]))
    except ValueError as error:
        raise OSError(str(error)) from None
    return resource.getrlimit(resource.RLIMIT_CORE)[0] != 0


def softmax(z):
    tried(
        shared=lambda: mark("/dev/shm"), theirs=lambda: read(THEIRS),
        listing=lambda: os.listdir("/dev/shm"), anonymous=lambda: os.memfd_create("x") > 0, cores=cores,
    )
