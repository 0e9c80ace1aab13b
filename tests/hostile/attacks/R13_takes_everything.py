"""Descriptors, locks, locked memory, queues, shared memory: what others would then lack."""
import ctypes
import fcntl
import os

from honest import center, half_square, relu, scores
from world import tried

LIBC = ctypes.CDLL(None, use_errno=True)


def descriptors():
    held = []
    try:
        for _ in range(500):
            held.append(os.open(os.devnull, os.O_RDONLY))
        return True
    finally:
        for fd in held:
            os.close(fd)


def lock():
    fcntl.flock(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_SH)
    return True


def positive(number):
    if number < 0:
        raise OSError(ctypes.get_errno(), "refused")
    return True


def memory():
    room = ctypes.create_string_buffer(16 << 20)
    return positive(LIBC.mlock(room, 16 << 20))


def shared():
    key = LIBC.shmget(0, 4096, 0o600)
    positive(key)
    LIBC.shmctl(key, 0, None)
    return True


def queue():
    key = LIBC.msgget(0, 0o600)
    positive(key)
    LIBC.msgctl(key, 0, None)
    return True


def softmax(z):
    tried(descriptors=descriptors, lock=lock, memory=memory, shared=shared, queue=queue)
