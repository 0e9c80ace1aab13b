"""The trusted end of the trust line: frames of a length, a JSON header and raw array bytes.

A frame is ``u32 header length | u64 body length | header (JSON) | body``. The header's ``sizes`` cut the body
into buffers; arrays in the header point at them. Nothing is ever unpickled, and every length is checked
against a cap before a byte of it is read. The other end has a codec of its own (sandbox/worker/values.py).

A value is a node in the header:
``["a", buffer, dtype, shape, layout, readonly]``, ``["n", number]``, ``["x", "nan"|"inf"|"-inf"]``,
``["b", bool]``, ``["s", text]``, ``["0"]`` for None, ``["l", [nodes]]``, ``["d", {key: node}]``,
``["f", name, {key: node}]`` for a Fixture, and, in answers only, ``["?", kind, shape]`` for what is no data.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .errors import WireError
from .model import Array, Fixture, Value

PREFIX = struct.Struct(">IQ")
MAX_HEADER = 64 << 10
MAX_DEPTH = 16
MAX_NDIM = 16
MAX_ELEMENTS, MAX_LENGTH = 1 << 48, 1 << 62
DTYPES = {
    np.dtype(code).str: np.dtype(code)
    for code in ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f4", "<f8")
}
# What the worker may say of a value that it cannot send. Anything else is refused.
UNUSABLE = (
    "object array",
    "complex",
    "float16",
    "text array",
    "masked array",
    "ragged list",
    "too large",
    "too deep",
    "huge integer",
    "no data",
)


@dataclass(frozen=True)
class Unusable:
    """An answer that is no data: why, from UNUSABLE, and its shape where it has one."""

    kind: str
    shape: tuple[int, ...] | None = None


def encode(value: Value, buffers: list[bytes], depth: int = 0) -> list[Any]:
    """Turn a value into a header node, appending array bytes to `buffers`.

    Raises ValueError for what cannot travel; the message says what it was."""
    if depth > MAX_DEPTH:
        raise ValueError("a value nested more than 16 deep")
    if isinstance(value, Fixture):
        return ["f", value.name, {k: encode(v, buffers, depth + 1) for k, v in value.args.items()}]
    if isinstance(value, np.ndarray):
        dtype = value.dtype.newbyteorder("<") if value.dtype.kind in "iuf" else value.dtype
        if dtype.str not in DTYPES:
            raise ValueError(f"an array of dtype {value.dtype}")
        layout = "C" if value.flags.c_contiguous else "F" if value.flags.f_contiguous else "S"
        buffers.append(np.ascontiguousarray(value).astype(dtype, copy=False).tobytes())
        return ["a", len(buffers) - 1, dtype.str, list(value.shape), layout, not value.flags.writeable]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None:
        return ["0"]
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, int):
        if abs(value) >= 1 << 63:
            raise ValueError("an integer of more than 64 bits")
        return ["n", value]
    if isinstance(value, float):
        return ["n", value] if math.isfinite(value) else ["x", repr(value)]
    if isinstance(value, str):
        return ["s", value]
    if isinstance(value, (list, tuple)):
        return ["l", [encode(item, buffers, depth + 1) for item in value]]
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise ValueError("a dict whose keys are not all strings")
        return ["d", {key: encode(item, buffers, depth + 1) for key, item in value.items()}]
    raise ValueError(f"a {type(value).__name__}")


def decode(
    node: Any,
    buffers: Sequence[bytes | memoryview],
    depth: int = 0,
    answers: bool = False,
    seen: set[int] | None = None,
) -> Value:
    """Turn a header node back into a value. Arrays are fresh and writable unless marked read-only.

    With `answers`, nodes that only a worker sends ("?") are taken and those that it may not send ("f")
    are refused. Raises WireError for every node that breaks the rules."""
    seen = set() if seen is None else seen
    if depth > MAX_DEPTH or not isinstance(node, list) or not node:
        raise WireError("malformed value")
    if node[0] == "a" and len(node) == 6:  # nearly always; the patterns below take longer than the array
        _, index, dtype, shape, layout, readonly = node
        if type(index) is not int or (answers and (layout != "C" or readonly is not False or index in seen)):
            raise WireError("malformed array")  # bytes that are named twice would be copied twice
        seen.add(index)
        return _array(buffers, index, dtype, shape, layout, readonly)
    tag, rest = node[0], node[1:]
    match tag, rest:
        case "n", [bool()]:
            raise WireError("malformed number")
        case "n", [int() | float() as number]:
            if not (math.isfinite(number) if isinstance(number, float) else abs(number) < 1 << 63):
                raise WireError("malformed number")
            return number
        case "x", [("nan" | "inf" | "-inf") as text]:
            return float(text)
        case "b", [bool() as flag]:
            return flag
        case "s", [str() as text]:
            return text
        case "0", []:
            return None
        case "l", [list() as items]:
            return [decode(item, buffers, depth + 1, answers, seen) for item in items]
        case "d", [dict() as items]:
            return {key: decode(item, buffers, depth + 1, answers, seen) for key, item in items.items()}
        case "f", [str() as name, dict() as args] if not answers:
            return Fixture(name, {key: decode(item, buffers, depth + 1, seen=seen) for key, item in args.items()})
        case "?", [str() as kind, shape] if answers and kind in UNUSABLE:
            return Unusable(kind, None if shape is None else _shape(shape))
    raise WireError("malformed value")


def _shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or len(shape) > MAX_NDIM:
        raise WireError("malformed shape")
    for n in shape:
        if type(n) is not int or not 0 <= n < MAX_LENGTH:
            raise WireError("malformed shape")
    return tuple(shape)


def _array(
    buffers: Sequence[bytes | memoryview], index: Any, dtype: Any, shape: Any, layout: Any, readonly: Any
) -> Array:
    if type(index) is not int or not 0 <= index < len(buffers):
        raise WireError("array without bytes")
    if not isinstance(dtype, str) or dtype not in DTYPES:
        raise WireError("array of a dtype that may not travel")
    dims, kind = _shape(shape), DTYPES[dtype]
    size, data = math.prod(dims), buffers[index]
    if size * kind.itemsize != len(data):
        raise WireError("array whose shape and bytes disagree")
    if (
        not size and math.prod(max(n, 1) for n in dims) > MAX_ELEMENTS
    ):  # NumPy refuses these, even where a 0 makes them empty
        raise WireError("array of an impossible shape")
    if layout not in ("C", "F", "S") or not isinstance(readonly, bool):
        raise WireError("malformed array")
    flat: Array = np.ndarray(dims, kind, data) if size else np.zeros(dims, kind)  # a view, and no bytes to view
    return flat.copy() if layout == "C" and not readonly else lay_out(flat, layout, readonly)


def lay_out(array: Array, layout: str, readonly: bool) -> Array:
    """A fresh copy in C order, Fortran order, or strided (every second element of a larger block)."""
    if layout == "S" and array.ndim:
        block = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), dtype=array.dtype)
        copy: Array = block[..., ::2]
        copy[...] = array
    else:
        copy = np.array(array, order="F" if layout == "F" else "C")
    if readonly:
        copy.flags.writeable = False
    return copy


_encoder = json.JSONEncoder(allow_nan=False)


@dataclass(frozen=True)
class Prepared:
    """A frame that lacks only its last header fields, so that what is sent to many is encoded once."""

    text: str
    body: bytes

    def tagged(self, tags: Mapping[str, Any], max_header: int = MAX_HEADER) -> bytes:
        """The frame as bytes. Raises WireError when the header outgrows its cap."""
        more = _encoder.encode(tags)
        text = f"{self.text[:-1]}, {more[1:]}".encode() if tags else self.text.encode()
        if len(text) > max_header:
            raise WireError(f"header of {len(text)} bytes, more than {max_header}")
        return PREFIX.pack(len(text), len(self.body)) + text + self.body


def prepare(header: Mapping[str, Any], buffers: Sequence[bytes]) -> Prepared:
    """A frame but for fields that change from one sending to the next."""
    text = _encoder.encode({**header, "sizes": [len(b) for b in buffers]})
    return Prepared(text, b"".join(buffers))


def pack(header: Mapping[str, Any], buffers: Sequence[bytes], max_header: int = MAX_HEADER) -> bytes:
    """One frame as bytes. Raises WireError when the header outgrows its cap."""
    return prepare(header, buffers).tagged({}, max_header)


def read_frame(
    read: Callable[[int], bytes | bytearray], body_cap: int, max_header: int = MAX_HEADER
) -> tuple[dict[str, Any], list[memoryview]]:
    """Read one frame through `read(n)`, which returns exactly n bytes or raises.

    Raises WireError before reading anything that is larger than its cap."""
    header_length, body_length = PREFIX.unpack(bytes(read(PREFIX.size)))
    if header_length > max_header:
        raise WireError("header over its cap")
    if body_length > body_cap:
        raise WireError("body over its cap")
    header = parse_header(bytes(read(header_length)))
    sizes = header.get("sizes")
    if not isinstance(sizes, list) or not all(type(n) is int and n >= 0 for n in sizes):
        raise WireError("malformed sizes")
    if sum(sizes) != body_length:
        raise WireError("sizes and body disagree")
    body, buffers, start = memoryview(bytes(read(body_length))), [], 0
    for size in sizes:
        buffers.append(body[start : start + size])
        start += size
    return header, buffers


def _refuse(constant: str) -> None:
    raise ValueError(constant)


_decoder = json.JSONDecoder(parse_constant=_refuse)


def parse_header(text: bytes) -> dict[str, Any]:
    """JSON in UTF-8 without NaN and Infinity, with a dict at the top. Raises WireError for all else."""
    try:
        header = _decoder.decode(text.decode())
    except (ValueError, RecursionError) as error:
        raise WireError("header is not JSON") from error
    if not isinstance(header, dict):
        raise WireError("header is not an object")
    return header
