"""One member of a zip as bytes. What the archive says of its size is not believed: no more bytes than that are ever
unpacked, whatever the method, and the checksum must fit."""

from __future__ import annotations

import bz2
import lzma
import struct
import zlib
from dataclasses import dataclass
from typing import IO

from ..errors import IntakeError
from .disk import shown

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
UTF8 = 0x800
LOCAL = struct.Struct("<4s5H3L2H")  # the header in front of a member's bytes


@dataclass(frozen=True)
class Member:
    """Where a member lies in its zip, by the zip's directory."""

    name: str  # as the directory has it
    utf8: bool
    offset: int
    packed: int  # bytes in the zip
    size: int  # bytes unpacked
    crc: int
    method: int


def local_header(file: IO[bytes], member: Member) -> bool:
    """Whether a header with the member's name lies where the directory says; then the file stands at its bytes."""
    file.seek(member.offset)
    head = file.read(LOCAL.size)
    if len(head) < LOCAL.size or not head.startswith(b"PK\x03\x04"):
        return False
    name, extra = LOCAL.unpack(head)[-2:]
    try:
        if file.read(name).decode("utf-8" if member.utf8 else "cp437") != member.name:
            return False
    except UnicodeError:
        return False
    file.seek(extra, 1)
    return True


def unpack(file: IO[bytes], member: Member) -> bytes:
    """The member's bytes, at most as many as it declares. Raises IntakeError."""
    try:
        if not local_header(file, member):
            raise ValueError("its header is not where the zip says")
        if member.packed > member.size + member.size // 8 + 1024:
            raise ValueError("its sizes cannot be right")
        packed = file.read(member.packed)
        if len(packed) < member.packed:
            raise ValueError("the zip ends before it does")
        data = _inflate(packed, member)
        if len(data) != member.size:
            raise ValueError(f"it holds {'more' if len(data) > member.size else 'fewer'} bytes than it says")
        if zlib.crc32(data) != member.crc:
            raise ValueError("its checksum is wrong")
    except Exception as error:  # whatever a decoder makes of a student's bytes: this file's problem alone
        raise IntakeError(f"{shown(member.name)} cannot be unpacked: {shown(str(error))}; pack it again") from error
    return data


def _inflate(packed: bytes, member: Member) -> bytes:
    """At most one byte more than declared, so that a bomb shows and does not burst."""
    most = member.size + 1
    if member.method == STORED:
        return packed[:most]
    if member.method == DEFLATED:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
    if member.method == BZIP2:
        return bz2.BZ2Decompressor().decompress(packed, most)
    if member.method == LZMA:
        return _lzma(packed, most)
    raise ValueError(f"it is packed by a method that is not read ({member.method})")


def _lzma(packed: bytes, most: int) -> bytes:
    """A zip's LZMA: two bytes of version, the length of the properties, the properties, the stream."""
    _, length, about, window = struct.unpack_from("<2sHBL", packed)
    if length != 5 or about >= 9 * 5 * 5:
        raise ValueError("its LZMA header is wrong")
    chain = {
        "id": lzma.FILTER_LZMA1,
        "dict_size": max(4096, min(window, most)),  # as much as it can refer back to; a bomb may ask for 4 GiB
        "lc": about % 9,
        "lp": about // 9 % 5,
        "pb": about // 45,
    }
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=[chain]).decompress(packed[9:], most)
