"""What a worker may read is what it needs, and workers of a fresh zygote cannot tell what others read or looked for."""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
from play import confined, linux, one

from grader.sandbox import layers
from grader.sandbox.worker import libraries
from grader.sandbox.zygote import Zygote

pytestmark = [linux, confined]
NAMESPACES = "namespaces" not in layers.missing() if sys.platform == "linux" else False
namespaces = pytest.mark.skipif(not NAMESPACES, reason="NOT RUN: this machine lacks namespaces")
SEEN = Path(sysconfig.get_path("stdlib"), "turtle.py")  # may be read, and nobody does

IMPORTS = """
import importlib, sys
def f(x):
    out = []
    for name in sys.stdlib_module_names:
        if name not in ("antigravity", "this", "idlelib", "lib2to3", "turtledemo", "ensurepip"):
            try:
                importlib.import_module(name)
                out.append(name)
            except Exception:
                pass
    return ",".join(sorted(out))
"""


@pytest.fixture(scope="module")
def fresh() -> Iterator[Zygote]:
    with contextlib.closing(Zygote(fresh=True)) as made:
        yield made


@pytest.fixture(scope="module")
def plain() -> Iterator[Zygote]:
    with contextlib.closing(Zygote()) as made:
        yield made


def text(made: Zygote, source: str) -> str:
    """The text that f answers."""
    response = one(made, source, kind="text")
    assert response.failure is None, response.failure
    out = response.values["out"]
    assert isinstance(out, str), out
    return out


def test_what_a_library_needs_is_read_from_its_file(tmp_path: Path) -> None:
    import numpy

    (umath,) = Path(numpy.__file__).parent.glob("_core/_multiarray_umath.cpython*.so")
    assert "libc.so.6" in libraries.needed_by(str(umath))
    for name, data in (("empty", b""), ("cut", umath.read_bytes()[:3000]), ("head", b"\x7fELF\x02\x01" + bytes(99))):
        (tmp_path / name).write_bytes(data)
        assert libraries.needed_by(str(tmp_path / name)) == []
    assert libraries.needed_by(str(tmp_path / "absent")) == libraries.needed_by(str(tmp_path)) == []


def test_the_whole_standard_library_imports_in_a_worker(plain: Zygote, fresh: Zygote) -> None:
    """As it does where nothing is withheld, and with it every shared library of the system that it needs."""
    names = set(text(plain, IMPORTS).split(","))
    assert names == set(text(fresh, IMPORTS).split(","))
    here = dict[str, object]()
    exec(IMPORTS, here)
    refused = set(here["f"](1.0).split(",")) - names  # type: ignore[operator]
    assert {"ssl", "sqlite3", "ctypes", "lzma", "curses", "decimal"} <= names
    assert refused <= {"posixshmem", "_posixshmem", "_multiprocessing", "pty", "nturl2path"}, refused


def test_a_library_that_nothing_needs_is_not_readable() -> None:
    shown = set(libraries.real_paths(libraries.readable_paths(("numpy",))))
    folders = {Path(os.path.dirname(path)) for path in shown if os.path.basename(path).startswith("libc.so")}
    assert folders
    other = [str(p) for folder in folders for p in folder.iterdir() if p.is_file() and str(p.resolve()) not in shown]
    assert other, "this machine's folder of libraries holds none that could be tried"
    with contextlib.closing(Zygote(disabled=("namespaces",))) as made:
        source = f"def f(x):\n    open({other[0]!r}, 'rb')\n    return 'open'"
        response = one(made, source, kind="text")
        assert response.failure is not None and response.failure.kind == "PermissionError"


def resident(path: Path) -> bool:
    """Whether the first page of a file is in memory, without touching it: mincore(2), exact for the file's owner."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    fd = os.open(path, os.O_RDONLY)
    at = libc.mmap(None, mmap.PAGESIZE, mmap.PROT_READ, mmap.MAP_SHARED, fd, 0)
    os.close(fd)
    told = ctypes.create_string_buffer(1)
    failed = libc.mincore(ctypes.c_void_p(at), ctypes.c_size_t(mmap.PAGESIZE), told)
    libc.munmap(ctypes.c_void_p(at), ctypes.c_size_t(mmap.PAGESIZE))
    assert not failed
    return bool(told.raw[0] & 1)


def forget(path: Path) -> None:
    """Have the kernel drop a file's pages, as if nobody had read it lately; skip where it does not."""
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)
    if resident(path):
        pytest.skip("NOT RUN: what is in memory is not told here, or the kernel keeps what it has read")


@namespaces
def test_which_files_were_read_before_is_evened_out() -> None:
    """Other tests, side by side, may read that file too, which makes this one say less; never more."""
    forget(SEEN)
    with contextlib.closing(Zygote(fresh=True)) as made:
        made._boot()  # no worker yet
        assert resident(SEEN)


def test_without_namespaces_they_are_read_before_every_run() -> None:
    forget(SEEN)
    with contextlib.closing(Zygote(disabled=("namespaces",))) as made:
        made._boot()
        assert resident(SEEN)


FOLDERS = """
import os, numpy
def f(x):
    own, out = os.stat("/").st_dev, []
    for top in (os.path.dirname(numpy.__file__), os.path.dirname(os.__file__) + "/json"):
        for folder, _, files in os.walk(top):
            if os.stat(folder).st_dev != own:
                out.append(os.path.basename(folder))
            for name in files:
                if os.stat(folder + "/" + name).st_size == 0 and name.endswith(".so"):
                    out.append(name)
    return ",".join(out[:9])
"""


@namespaces
def test_a_name_that_is_not_there_is_looked_for_in_no_folder_of_the_machine(plain: Zygote, fresh: Zygote) -> None:
    assert text(fresh, FOLDERS) == ""
    assert "numpy" in text(plain, FOLDERS)  # those of a run of which points alone are shown
