"""Forges frames whose shapes, lengths and numbers are lies."""
import os
import struct

from wire import raw, reach

from honest import center, half_square, relu, scores

KINDS = ["shape", "length", "numbers", "deep"]


def softmax(z):
    kind, say = KINDS[z.size % 2], reach()
    if z[0] > 0:
        kind = KINDS[2 + z.size % 2]
    if kind == "shape":
        say({"values": {"p": ["a", 0, "<f8", [1 << 40], "C", False]}}, bytes(8))
    elif kind == "length":
        raw(struct.pack(">IQ", 2, 1 << 62) + b"{}")
    elif kind == "numbers":
        raw(struct.pack(">IQ", 30, 0) + b'{"values": {"p": ["n", NaN]}} ')
    else:
        raw(struct.pack(">IQ", 60_000, 0) + b"[" * 60_000)
    os._exit(77)
