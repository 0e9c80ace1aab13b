"""The worker's end of the wire: frames in and out, and student values turned into plain arrays.

The other end (grader/wire.py) trusts nothing that is written here: this side only makes honest answers
readable, and finds out that an answer is too large before it copies it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

PREFIX = struct.Struct(">IQ")
HEADER_CAP = 60 << 10  # the trusted side refuses 64 KiB; leave room for the frame's own fields
BATCH_BYTES, BATCH_SECONDS = 40 << 10, 0.02  # of answers that wait for others to be sent with
SENDABLE = {"b", "i", "u", "f"}
CODES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8")
TRAVELS = {code: np.dtype(code) for code in CODES}

FLOAT64 = TRAVELS["<f8"]

Build = Callable[[str, dict[str, Any]], Any]  # a fixture by name and arguments


class Unsendable(Exception):
    """A student value that is no data; `kind` is from the trusted side's fixed list."""

    def __init__(self, kind: str, shape: tuple[int, ...] | None = None) -> None:
        super().__init__(kind)
        self.kind, self.shape = kind, shape


_encoder = json.JSONEncoder(allow_nan=False)


class Pipe:
    """Blocking frames over two file descriptors."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd, self.write_fd = read_fd, write_fd

    def _read(self, count: int) -> bytes:
        parts = []
        while count:
            part = os.read(self.read_fd, min(count, 1 << 20))
            if not part:
                raise EOFError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def receive(self) -> tuple[dict[str, Any], list[bytes]]:
        header_length, body_length = PREFIX.unpack(self._read(PREFIX.size))
        header = json.loads(self._read(header_length))
        body, buffers, start = self._read(body_length), [], 0
        for size in header["sizes"]:
            buffers.append(body[start : start + size])
            start += size
        return header, buffers

    def send(self, header: dict[str, Any], buffers: list[bytes]) -> None:
        self.send_text(_encoder.encode(header), buffers, header.get("seq"))

    def send_text(self, text: str, buffers: list[bytes], seq: Any) -> None:
        """A header as JSON, without the sizes of its buffers."""
        sizes = _encoder.encode([len(b) for b in buffers])
        head = f'{text[:-1]}, "sizes": {sizes}}}'.encode()
        if len(head) > 64 << 10:
            head, buffers = _encoder.encode({"seq": seq, "overflow": True, "sizes": []}).encode(), []
        data = memoryview(PREFIX.pack(len(head), sum(map(len, buffers))) + head + b"".join(buffers))
        while data:
            data = data[os.write(self.write_fd, data) :]


class Replies:
    """The answers to the calls of one request. Together they cost both sides less; each is sent at once where that is
    asked for, and what has waited for long or has become large is."""

    def __init__(self, pipe: Pipe, tags: dict[str, Any], together: bool) -> None:
        self.pipe, self.tags, self.together = pipe, tags, together
        self.first, self.texts, self.buffers = 0, list[str](), list[bytes]()
        self.bytes, self.started = 0, time.monotonic()

    def add(self, answer: dict[str, Any], out: list[bytes]) -> None:
        text = _encoder.encode({**answer, "n": len(out)})
        size = len(text) + sum(map(len, out))
        if self.texts and (self.bytes + size > BATCH_BYTES):
            self.send()
        self.texts.append(text)
        self.buffers += out
        self.bytes += size
        if not self.together or self.bytes > BATCH_BYTES or time.monotonic() - self.started > BATCH_SECONDS:
            self.send()

    def send(self) -> None:
        if self.texts:
            tags = _encoder.encode({"first": self.first, **self.tags})
            text = f'{{"parts": [{", ".join(self.texts)}], {tags[1:]}'
            self.pipe.send_text(text, self.buffers, self.tags["seq"])
            self.first += len(self.texts)
            self.texts, self.buffers, self.bytes, self.started = [], [], 0, time.monotonic()


def decode(node: list[Any], buffers: list[bytes], build: Build) -> Any:
    """A value from the grader, with arrays laid out as the case says and fixtures built."""
    if node[0] == "a":  # nearly always; the patterns below take longer than the array
        return _array_of(node, buffers)
    match node:
        case ["n", value] | ["b", value] | ["s", value]:
            return value
        case ["x", text]:
            return float(text)
        case ["l", items]:
            return [decode(item, buffers, build) for item in items]
        case ["d", items]:
            return {key: decode(item, buffers, build) for key, item in items.items()}
        case ["f", name, items]:
            return build(name, {key: decode(item, buffers, build) for key, item in items.items()})
    return None


def _array_of(node: list[Any], buffers: list[bytes]) -> Any:
    _, index, dtype, shape, layout, readonly = node
    flat = np.frombuffer(buffers[index], TRAVELS[dtype]).reshape(shape)
    if layout == "S" and flat.ndim:
        block = np.zeros((*flat.shape[:-1], 2 * flat.shape[-1]), dtype=flat.dtype)
        array = block[..., ::2]
        array[...] = flat
    else:
        array = flat.copy("F" if layout == "F" else "C")
    if readonly:
        array.flags.writeable = False
    return array


class Encoder:
    """Turns what a student's function returned into header nodes and raw bytes, at most `cap` bytes."""

    def __init__(self, cap: int) -> None:
        self.cap, self.used, self.nodes, self.buffers = cap, 0, 0, list[bytes]()

    def node(self, value: Any, kind: str) -> list[Any]:
        """The node of one output; `kind` is what the question expects ("array": lists become arrays)."""
        try:
            return self._encode(value, kind, 0)
        except Unsendable as error:
            return ["?", error.kind, None if error.shape is None else list(error.shape)]

    def _encode(self, value: Any, kind: str, depth: int) -> list[Any]:
        self.nodes += 1
        if depth > 12 or self.nodes > 2000:
            raise Unsendable("too deep" if depth > 12 else "too large")
        if type(value) is np.ndarray and value.dtype is FLOAT64 and value.ndim <= 16:  # nearly always
            return self._sent(value, value.dtype, value.shape)
        if hasattr(value, "detach") and hasattr(value, "cpu"):  # a torch tensor
            value = value.detach().cpu().resolve_conj().resolve_neg().numpy()
        if isinstance(value, (np.ndarray, np.generic)):
            if value.ndim == 0 and value.dtype.kind == "U":
                return self._encode(str(value), kind, depth)
            return self._array(value)
        if value is None:
            return ["0"]
        if isinstance(value, bool):
            return ["b", bool(value)]
        if isinstance(value, int):
            if abs(value) >= 1 << 63:
                raise Unsendable("huge integer")
            return ["n", int(value)]
        if isinstance(value, float):
            return ["n", float(value)] if math.isfinite(value) else ["x", repr(float(value))]
        if isinstance(value, str):
            self._take(len(value))
            if len(value) > 4096:
                raise Unsendable("too large")
            return ["s", str(value)]
        if isinstance(value, (list, tuple)):
            if kind == "array":
                return self._list_as_array(value)
            if _all_numbers(value, self.cap):
                with contextlib.suppress(Unsendable):  # rows of many lengths are a list like any other
                    return self._list_as_array(value)
            return ["l", [self._encode(item, "", depth + 1) for item in value]]
        if isinstance(value, dict) and all(isinstance(key, str) and len(key) < 200 for key in value):
            return ["d", {str(key): self._encode(item, "", depth + 1) for key, item in value.items()}]
        raise Unsendable("no data")

    def _take(self, count: int) -> None:
        self.used += count
        if self.used > self.cap:
            raise Unsendable("too large")

    def _array(self, value: Any) -> list[Any]:
        masked = sys.modules.get("numpy.ma")  # loaded on first use; without it nothing is masked
        if masked is not None and isinstance(value, masked.MaskedArray):
            raise Unsendable("masked array")
        array = np.asarray(value).view(np.ndarray)
        dtype, shape = array.dtype, tuple(map(int, array.shape))
        if dtype.kind not in SENDABLE or dtype == np.float16 or len(shape) > 16:
            kinds = {"c": "complex", "O": "object array", "U": "text array", "S": "text array"}
            kind = "float16" if dtype == np.float16 else kinds.get(dtype.kind, "no data")
            raise Unsendable(kind, shape if len(shape) <= 16 else None)
        if dtype.str not in TRAVELS:  # a long double is exact enough as float64
            dtype = np.dtype(np.float64) if dtype.itemsize > 8 else dtype.newbyteorder("<")
        return self._sent(array, dtype, shape)

    def _sent(self, array: Any, dtype: Any, shape: tuple[int, ...]) -> list[Any]:
        if math.prod(shape) * dtype.itemsize + self.used > self.cap:  # before anything is copied
            raise Unsendable("too large", shape)
        data = array.astype(dtype, copy=False).tobytes()  # in C order, and a copy
        self._take(len(data))
        self.buffers.append(data)
        return ["a", len(self.buffers) - 1, dtype.str, list(shape), "C", False]

    def _list_as_array(self, value: Any) -> list[Any]:
        _count(value, self.cap // 8 + 1024)
        try:
            return self._array(np.asarray(value))
        except ValueError:
            raise Unsendable("ragged list") from None


def _count(value: Any, room: int) -> None:
    """Refuse a nested list of more than `room` elements or 12 levels before NumPy walks it."""
    todo = [(value, 0)]
    while todo:
        item, depth = todo.pop()
        if depth > 12:
            raise Unsendable("too deep")
        if isinstance(item, np.ndarray):
            room -= item.size
        elif isinstance(item, (list, tuple)):
            room -= 1
            if len(item) > room:
                raise Unsendable("too large")
            todo.extend((inner, depth + 1) for inner in item)
        else:
            room -= 1
        if room < 0:
            raise Unsendable("too large")


def _all_numbers(value: Any, cap: int) -> bool:
    _count(value, cap // 8 + 1024)
    todo = [value]
    while todo:
        for item in todo.pop():
            if isinstance(item, (list, tuple)):
                todo.append(item)
            elif not isinstance(item, (int, float)):
                return False
    return True


def same(value: Any, node: list[Any], buffers: list[bytes]) -> bool:
    """Whether an input still is what the grader sent: the same bytes, shapes and items."""
    if node[0] == "a":
        return (
            isinstance(value, np.ndarray)
            and value.dtype.str == node[2]
            and list(value.shape) == node[3]
            and value.tobytes() == buffers[node[1]]
        )
    match node:
        case ["l", items]:
            return (
                isinstance(value, list)
                and len(value) == len(items)
                and all(same(v, n, buffers) for v, n in zip(value, items, strict=True))
            )
        case ["d", items]:
            return (
                isinstance(value, dict)
                and value.keys() == items.keys()
                and all(same(value[key], items[key], buffers) for key in items)
            )
        case ["n" | "b" | "s", sent]:
            return type(value) is type(sent) and bool(value == sent)
        case ["x", text]:
            return type(value) is float and repr(value) == text
        case ["0"]:
            return value is None
    return True  # what a fixture built may change
