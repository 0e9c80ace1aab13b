"""A message of 64 MB, a class name of 200 kB, and a chain of 5,000 causes."""
from honest import center, half_square, relu, scores

KINDS = ["message", "name", "chain", "message"]


def softmax(z):
    kind = KINDS.pop(0)
    if kind == "message":
        raise ValueError("777 " + "x" * (64 << 20))
    if kind == "name":
        raise type("E" * 200_000, (Exception,), {})("777")
    error = ValueError("777")
    for _ in range(5000):
        outer = ValueError("777")
        outer.__cause__ = error
        error = outer
    raise error
