"""What a zygote does once, so that its forks need not: libraries and our own functions are used before the first of
them is made."""

from __future__ import annotations

import contextlib
import importlib
import os
import struct
import sys
from typing import Any

from .session import Session
from .values import Pipe

WARM = b"""
import numpy as np

def f(x, y, n):
    z = x - x.max(axis=1, keepdims=True)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(len(y)), y]).mean() + n * np.sum(x ** 2)
    g = np.where(p > 0.5, np.maximum(0, z), np.zeros_like(z)) @ x.T
    return float(loss), g

def g(x, y, n):
    raise ValueError("none")
"""
ROUNDS = 30  # more than the interpreter takes until it has adapted a function to its arguments


def warm_session(library: str) -> None:
    """Let a session answer some requests here: what is loaded on first use is loaded once instead of in every fork,
    and the interpreter adapts the session's functions (PEP 659) once too."""
    for name in ("numpy.ma", "numpy.random", "numpy.linalg", "numpy.fft", "numpy.polynomial", "math", "copy"):
        importlib.import_module(name)
    before = set(sys.modules)
    x, y = struct.pack("<6d", *range(6)), struct.pack("<2q", 0, 1)
    inputs = {"x": ["a", 0, "<f8", [2, 3], "C", False], "y": ["a", 1, "<i8", [2], "C", False], "n": ["n", 0.5]}
    kinds = {"loss": "array", "g": "array"}
    rows = [
        {"steps": [["function", name, list(inputs), list(kinds), ""]], "inputs": inputs, "kinds": kinds, "cap": 1 << 20}
        for name in ("f", "f", "f", "g")
    ]
    load = {"op": "load", "files": ["warm.py"], "main": "warm.py", "module": "warm", "targets": ["f", "g"]}
    source = WARM.replace(b"import numpy as np", b"import torch, numpy as np") if library == "torch" else WARM
    for together in [True] * ROUNDS + [False]:
        requests = [
            ({"op": "ready", "library": library, "fixtures": False}, []),
            (dict[str, Any](load), [source]),
            ({"op": "call", "together": together, "calls": rows}, [x, y]),
        ]
        asked, asking = os.pipe()
        answering = os.open(os.devnull, os.O_WRONLY)
        out = Pipe(asked, asking)
        for number, (header, buffers) in enumerate(requests):
            out.send({**header, "seq": number, "nonce": ""}, buffers)
        os.close(asking)
        session = Session(Pipe(asked, answering))
        session.serve()
        os.close(asked)
        os.close(answering)
        sys.meta_path.pop(0)
        for name in set(sys.modules) - before & {"warm"}:
            del sys.modules[name]


def grow_stack() -> None:
    """Let the C stack reach some megabytes now: it counts as address space, and a stack that cannot grow when
    memory runs out is a segmentation fault instead of a MemoryError."""
    nested: list[object] = []
    for _ in range(8000):
        nested = [nested]
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    with contextlib.suppress(RecursionError):  # some versions of Python have a limit of their own
        repr(nested)
    sys.setrecursionlimit(before)


def warm_torch() -> None:
    """One thread before anything else (a fork after a parallel operation hangs), then the first optimizer,
    which imports some 800 modules."""
    torch: Any = importlib.import_module("torch")
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    weight = torch.zeros(1, requires_grad=True)
    weight.sum().backward()
    torch.optim.SGD([weight], lr=0.1, momentum=0.9).step()
    torch.optim.Adam([weight]).step()
