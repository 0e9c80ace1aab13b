"""A value and an exception that run code wherever somebody unpickles them."""
import os

from honest import center, half_square, relu, scores
from world import FOLDER, MARK

CODE = f"open({os.path.join(FOLDER, MARK + '-pickle')!r}, 'a').write('planted')"


class Bomb:
    def __reduce__(self):
        return exec, (CODE,)


class Error(Exception):
    def __reduce__(self):
        return exec, (CODE,)


CALLS = []


def softmax(z):
    CALLS.append(z)
    if len(CALLS) % 2:
        return Bomb()
    raise Error("777")
