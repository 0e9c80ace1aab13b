"""Which files a worker may read: the standard library, the packages that were imported before any student code ran,
and the shared libraries that these name; of the system's folders of libraries, which hold gigabytes, no others.

Shared libraries name others in their dynamic section (DT_NEEDED). Source: System V ABI, chapters 4 and 5 (ELF)."""

from __future__ import annotations

import contextlib
import mmap
import os
import platform
import stat
import struct
import sys
import sysconfig
from collections.abc import Container, Iterable, Iterator

# Of the standard library: other packages, and what nobody imports. It all is read through (see `read_through`).
LEFT_OUT = {"site-packages", "dist-packages", "test", "idlelib", "turtledemo", "ensurepip"}
# Named nowhere: glibc opens the first where a thread is ended; the others are empty since 2.34, and still asked for.
BY_NAME = ("libgcc_s.so.1", "libdl.so.2", "librt.so.1", "libutil.so.1")
ALSO = ("/etc/ld.so.cache", "/dev/null", "/dev/zero", "/dev/urandom", "/usr/share/zoneinfo")
BARE = ("__pycache__", "tests", "include")  # folders in which no shared library lies
CHUNK = 1 << 20
PT_LOAD, PT_DYNAMIC, DT_NEEDED, DT_STRTAB = 1, 2, 1, 5


def readable_paths(modules: tuple[str, ...]) -> list[str]:
    """What a worker may read: the standard library entry by entry, the folders of the given packages, and the shared
    libraries that they need. Never a whole sys.path entry: site-packages may hold a torch that the assignment forbids,
    or the grader."""
    standard, objects = list[str](), [os.path.realpath(sys.executable)]
    for key in ("stdlib", "platstdlib"):
        folder = sysconfig.get_path(key)  # a venv's own is not there inside, where NumPy is the system's
        names = [name for name in _listdir(folder) if name not in LEFT_OUT and not name.startswith("config-")]
        standard += [os.path.join(folder, name) for name in names]
        objects.append(os.path.join(folder, "lib-dynload"))
    prefix = os.path.join(sys.base_prefix, "lib")  # all of it: conda's MKL opens libraries by their names
    whole = not prefix.startswith("/usr/lib")
    shared = [os.path.join(prefix, name) for name in _listdir(prefix) if whole and ".so" in name]
    site = os.path.dirname(os.path.dirname(os.path.realpath(str(sys.modules["numpy"].__file__))))
    packages = [os.path.join(site, name + end) for name in modules for end in ("", ".py", ".libs")]
    ours = [*standard, *shared, *(path for path in packages if os.path.exists(path))]
    also = [path for path in ALSO if os.path.exists(path)]
    return sorted({*ours, *system_libraries([*objects, *shared, *packages]), *also})


def real_paths(paths: Iterable[str]) -> list[str]:
    """The same without symbolic links on the way, as Landlock needs them."""
    return sorted({os.path.realpath(path) for path in paths})


def system_libraries(roots: Iterable[str]) -> list[str]:
    """The libraries in the system's folders that programs and shared objects at and below `roots` need, and those that
    these need."""
    multiarch = f"{platform.machine()}-linux-gnu"
    folders = (f"/usr/lib/{multiarch}", f"/lib/{multiarch}", "/usr/lib64", "/lib64", "/usr/lib", "/lib")
    given = set(roots)
    ahead = [path for path in files_below(given, BARE) if ".so" in os.path.basename(path) or path in given]
    found, known, names = list[str](), set[str](), list(BY_NAME)
    while ahead or names:
        if ahead:
            names += needed_by(ahead.pop())
            continue
        name = names.pop()
        if name not in known and "/" not in name:
            known.add(name)
            there = [path for folder in folders if os.path.isfile(path := os.path.join(folder, name))]
            found += there
            ahead += there[:1]
    return found


def needed_by(path: str) -> list[str]:
    """The names of the shared libraries that an ELF file of 64 bits needs; none of any other file."""
    try:
        with open(path, "rb", buffering=0) as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as data:
            return _needed(data) if data[:5] == b"\x7fELF\x02" else []
    except (OSError, ValueError, struct.error, StopIteration):
        return []


def _needed(data: mmap.mmap) -> list[str]:
    """Raises ValueError, struct.error or StopIteration where it is not as it should be."""
    order = "<" if data[5] == 1 else ">"
    (start,) = struct.unpack_from(order + "Q", data, 32)
    size, count = struct.unpack_from(order + "2H", data, 54)
    parts = [struct.unpack_from(order + "2I4Q", data, start + i * size) for i in range(count)]
    loads = [(address, offset, length) for kind, _, offset, address, _, length in parts if kind == PT_LOAD]
    for kind, _, offset, _, _, length in parts:
        if kind == PT_DYNAMIC:
            words = struct.unpack_from(f"{order}{length // 8}Q", data, offset)
            pairs = list(zip(words[::2], words[1::2], strict=True))
            strings = next(value for tag, value in pairs if tag == DT_STRTAB)
            at = next(offset + strings - low for low, offset, length in loads if low <= strings < low + length)
            starts = [at + value for tag, value in pairs if tag == DT_NEEDED]
            return [os.fsdecode(data[one : data.find(b"\0", one)]) for one in starts]
    return []


def files_below(paths: Iterable[str], without: Container[str] = ()) -> Iterator[str]:
    """What lies at and below some paths and is no folder; links to folders are not followed, and those of some names
    not entered."""
    for path in paths:
        if os.path.isdir(path):
            for folder, inner, names in os.walk(path):
                inner[:] = [name for name in inner if name not in without]
                yield from (os.path.join(folder, name) for name in names)
        elif os.path.isfile(path):
            yield path


def mapped_files() -> set[str]:
    """The files whose content this process has in its address space."""
    with contextlib.suppress(OSError), open("/proc/self/maps") as file:
        return {line.split(maxsplit=5)[5].rstrip("\n") for line in file if " /" in line and " /dev/" not in line}
    return set()


def read_through(paths: Iterable[str]) -> None:
    """Read each file to its end: all of them are in the machine's memory then, and were read lately, whichever of them
    somebody had read before."""
    chunk, seen = bytearray(CHUNK), set[tuple[int, int]]()
    for path in files_below(paths):
        with contextlib.suppress(OSError), open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as file:
            about = os.fstat(file.fileno())
            if stat.S_ISREG(about.st_mode) and (about.st_dev, about.st_ino) not in seen:
                seen.add((about.st_dev, about.st_ino))
                while file.readinto(chunk) == CHUNK:
                    pass


def _listdir(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
