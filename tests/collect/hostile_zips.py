"""Zips that no honest program makes, byte by byte."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14


@dataclass
class Entry:
    """One member: what its header and the directory say, true or not."""

    name: bytes
    packed: bytes = b""
    method: int = STORED
    size: int | None = None  # said; the length of `packed` where nothing is said
    crc: int | None = None
    flags: int = 0x800
    mode: int = 0o100644
    said_packed: int | None = None
    offset: int | None = None  # said
    header: bool = True  # whether a local header and the bytes are written at all


def pack(data: bytes, method: int) -> bytes:
    if method == DEFLATED:
        z = zlib.compressobj(9, zlib.DEFLATED, -15)
        return z.compress(data) + z.flush()
    if method == BZIP2:
        return bz2.compress(data)
    if method == LZMA:
        chain = [{"id": lzma.FILTER_LZMA1, "preset": 6}]
        raw = lzma.compress(data, lzma.FORMAT_RAW, filters=chain)
        return b"\x09\x04" + struct.pack("<HBL", 5, 93, 1 << 23) + raw
    return data


def good(name: str, data: bytes = b"x = 1\n", method: int = DEFLATED) -> Entry:
    return Entry(name.encode(), pack(data, method), method, len(data), zlib.crc32(data))


def write(path: Path, *entries: Entry, comment: bytes = b"") -> Path:
    body, directory = bytearray(), bytearray()
    for e in entries:
        size = len(e.packed) if e.size is None else e.size
        crc = zlib.crc32(e.packed) if e.crc is None else e.crc
        packed = len(e.packed) if e.said_packed is None else e.said_packed
        offset = len(body) if e.offset is None else e.offset
        fields = (e.flags, e.method, 0, 33, crc, packed, size, len(e.name))
        if e.header:
            body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, *fields, 0) + e.name + e.packed
        directory += struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 0x314, 20, *fields, 0, 0, 0, 0, e.mode << 16, offset)
        directory += e.name
    end = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", 0, 0, len(entries) & 0xFFFF, len(entries) & 0xFFFF, len(directory), len(body), 0
    )
    path.write_bytes(body + directory + end + comment)
    return path


def overlapping(name: bytes, count: int, kernel: bytes) -> list[Entry]:
    """`count` members of one kernel: each holds the headers of those after it, as stored bytes, and the kernel."""
    headers, entries = b"", list[Entry]()
    data = kernel
    for i in reversed(range(count)):
        own = name % i
        packed, crc = data, zlib.crc32(data)
        head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0x800, 0, 0, 33, crc, len(packed), len(packed), len(own), 0)
        headers = head + own + headers
        entries.insert(0, Entry(own, b"", STORED, len(packed), crc, said_packed=len(packed), header=False))
        data = head + own + data
    at = 0
    for e in entries:
        e.offset = at
        at += 30 + len(e.name)
    return entries


def overlapping_zip(path: Path, name: bytes, count: int, kernel: bytes, *after: Entry) -> Path:
    """A zip of overlapping members, and of honest ones behind them."""
    entries = overlapping(name, count, kernel)
    body = bytearray()
    for e in entries:
        body += struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0x800, 0, 0, 33, e.crc, e.size, e.size, len(e.name), 0)
        body += e.name
    body += kernel
    for e in after:
        e.offset, e.header = len(body), False
        assert e.size is not None and e.crc is not None
        body += struct.pack(
            "<4s5H3L2H", b"PK\x03\x04", 20, 0x800, e.method, 0, 33, e.crc, len(e.packed), e.size, len(e.name), 0
        )
        body += e.name + e.packed
    write(path, *entries, *after)
    directory = path.read_bytes()
    end = bytearray(directory[-22:])
    struct.pack_into("<L", end, 16, len(body))
    path.write_bytes(bytes(body) + directory[:-22] + bytes(end))
    return path
