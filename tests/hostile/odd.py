"""Submissions of kinds that cannot be checked in: links, pipes, sockets, sparse files, strange names, zips."""

# Makers share one signature, and their table reads best unbroken.
# ruff: noqa: ARG001, E501

from __future__ import annotations

import os
import socket
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Odd:
    """`make(folder, honest, secret)` builds a submission at `folder`, or a zip there; `student` is the name in the
    report, where it is another. `status` and `says` are what the report must hold; `full` where all is right."""

    name: str
    make: Callable[[Path, Path, Path], None]
    says: str = ""
    student: str = ""
    full: bool = False
    zip: bool = False
    score: float | None = None

    @property
    def row(self) -> str:
        return self.name.partition("_")[0]


def _link(folder: Path, honest: Path, secret: Path) -> None:
    folder.symlink_to(secret.parent)


def _link_inside(folder: Path, honest: Path, secret: Path) -> None:
    folder.mkdir()
    (folder / "demo.py").symlink_to(secret)


def _link_beside(folder: Path, honest: Path, secret: Path) -> None:
    folder.mkdir()
    (folder / "demo.py").write_bytes(honest.read_bytes() + b"\nfrom taken import *\n")
    (folder / "taken.py").symlink_to(secret)


def _fifo(folder: Path, honest: Path, secret: Path) -> None:
    folder.mkdir()
    os.mkfifo(folder / "demo.py")


def _device(folder: Path, honest: Path, secret: Path) -> None:
    """A real device where we may make one, else a link to one."""
    folder.mkdir()
    try:
        os.mknod(folder / "demo.py", stat.S_IFCHR | 0o666, os.makedev(1, 5))
    except PermissionError:
        (folder / "demo.py").symlink_to("/dev/zero")


def _socket(folder: Path, honest: Path, secret: Path) -> None:
    folder.mkdir()
    here = os.getcwd()
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(folder)  # a path longer than a socket's name may be
        try:
            made.bind("demo.py")
        finally:
            os.chdir(here)


def _folder_as_file(folder: Path, honest: Path, secret: Path) -> None:
    (folder / "demo.py" / "inner").mkdir(parents=True)


def _sparse(folder: Path, honest: Path, secret: Path) -> None:
    folder.mkdir()
    with open(folder / "demo.py", "wb") as file:
        file.truncate(1 << 40)


def _unreadable(folder: Path, honest: Path, secret: Path) -> None:
    folder.mkdir()
    (folder / "demo.py").write_bytes(honest.read_bytes())
    (folder / "demo.py").chmod(0)


def _plain(folder: Path, honest: Path, secret: Path) -> None:
    folder.mkdir()
    (folder / "demo.py").write_bytes(honest.read_bytes())


def _source(text: bytes) -> Callable[[Path, Path, Path], None]:
    def make(folder: Path, honest: Path, secret: Path) -> None:
        folder.mkdir()
        (folder / "demo.py").write_bytes(text.replace(b"HONEST", honest.read_bytes()))

    return make


def _zip(*members: tuple[str, bytes], link: str = "", twice: str = "", many: int = 0) -> Callable[..., None]:
    def make(path: Path, honest: Path, secret: Path) -> None:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members:
                archive.writestr(name, data.replace(b"HONEST", honest.read_bytes()))
            if link:
                about = zipfile.ZipInfo(link)
                about.external_attr = (stat.S_IFLNK | 0o777) << 16
                archive.writestr(about, str(secret))
            for i in range(many):
                archive.writestr(f"E7_many/{i % 7}/f{i}.dat", b"")

    return make


H = b"HONEST"
ODD = [
    Odd("E8_link_to_a_folder", _link, "a link to a folder is not followed"),
    Odd("E8_link_for_a_file", _link_inside, "demo.py is a link"),
    Odd("E8_link_beside", _link_beside, "taken.py is a link"),
    Odd("E9_fifo", _fifo, "demo.py is no regular file"),
    Odd("E9_device", _device, "demo.py is "),
    Odd("E9_socket", _socket, "demo.py"),
    Odd("E9_folder_as_file", _folder_as_file, "no demo.py and no other Python file", score=0.0),
    Odd("E10_..", _plain, full=True),
    Odd("E10_new\nline", _plain, full=True, student="E10_new line"),
    Odd("-rf E10_dash", _plain, full=True),
    Odd("=1+1 E10_formula", _plain, full=True),
    Odd("E10_\u202eright to left", _plain, full=True, student="E10_\ufffdright to left"),
    Odd("E10_trailing ", _plain, full=True, student="E10_trailing"),
    Odd("E10_\x1b[31mred", _plain, full=True, student="E10_\ufffd[31mred"),
    Odd("E10_<script>alert(1)<", _plain, full=True),
    Odd("E13_nul_byte", _source(b"HONEST\n\0\n"), "null bytes", score=0.0),
    Odd("E13_byte_order_mark", _source(b"\xef\xbb\xbfHONEST"), full=True),
    Odd("E13_unknown_cookie", _source(b"# coding: rot13\nHONEST"), "the encoding 'rot13' is not taken", score=0.0),
    Odd("E14_unary_minus", _source(b"HONEST\nx = " + b"-" * 60_000 + b"1\n"), "the file does not load", score=0.0),
    Odd("E14_deep_nesting", _source(b"HONEST\nx = " + b"(" * 500 + b")" * 500 + b"\n"), "the file does not load", score=0.0),
    Odd("E14_long_sum", _source(b"HONEST\nx = 1" + b"+1" * 100_000 + b"\n"), "the file does not load", score=0.0),
    Odd("E15_sparse", _sparse, "1,099,511,627,776 bytes; at most"),
    Odd("E15_unreadable", _unreadable, "" if os.geteuid() == 0 else "Permission denied", full=os.geteuid() == 0),
    Odd("E7_traversal", _zip(("E7_in/demo.py", H), ("../../../planted.py", H)), "", "E7_traversal (the zip itself)", zip=True),
    Odd("E7_absolute", _zip(("/etc/planted.py", H), ("E7_abs/demo.py", H)), "", "E7_absolute (the zip itself)", zip=True),
    Odd("E7_link", _zip(("E7_link/demo.py", H), link="E7_link/taken.py"), "is a link or no regular file", zip=True),
    Odd("E7_bomb", _zip(("demo.py", b"#" * (64 << 20))), "demo.py unpacks to more than", zip=True),
    Odd("E7_case", _zip(("E7_case/demo.py", H), ("e7_CASE/demo.py", H)), "2 submissions under this name", "E7_case", zip=True),
    Odd("E7_20,000", _zip(("E7_many/demo.py", H), many=20_000), full=True, student="E7_20,000/E7_many", zip=True),
    Odd("E7_control", _zip(("E7_\x1b[2J\n/demo.py", H)), full=True, student="E7_control/E7_\ufffd[2J", zip=True),
]  # fmt: skip


def build_odd(submissions: Path, zips: Path, honest: Path, secret: Path) -> list[Path]:
    """All of them; the paths of the zips, which are named on the command line."""
    zips.mkdir()
    paths = []
    for odd in ODD:
        if odd.zip:
            paths.append(zips / f"{odd.name}.zip")
            odd.make(paths[-1], honest, secret)
        else:
            odd.make(submissions / odd.name, honest, secret)
    return paths
