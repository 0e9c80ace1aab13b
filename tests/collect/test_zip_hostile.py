"""Bombs and lies in zips: nothing beyond the caps is ever held, and the neighbours are read as if alone."""

from __future__ import annotations

import os
import resource
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT
from hostile_zips import BZIP2, DEFLATED, LZMA, STORED, Entry, good, overlapping_zip, pack, write

from grader.collect import files as files_module
from grader.collect.disk import MAX_FILE, MAX_NOTEBOOK
from grader.model import Submission

MAIN = "svm.py"


def collect(path: Path) -> dict[str, Submission]:
    found = [f.read() for f in files_module.collect([path], MAIN)]
    assert len({s.student for s in found}) == len(found)
    return {s.student: s for s in found}


def between(path: Path, *bad: Entry, problem: str = "") -> dict[str, Submission]:
    """What becomes of `bad` members between two honest students."""
    found = collect(write(path, good("aaron/svm.py"), *bad, good("zoe/svm.py", method=STORED)))
    for name in ("aaron", "zoe"):
        assert not found[name].problem and found[name].files[0].data == b"x = 1\n"
    if problem:
        assert problem in found["mallory"].problem, found["mallory"].problem
        assert "\n" not in found["mallory"].problem and not found["mallory"].empty
    return found


# -- bombs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", [DEFLATED, BZIP2, LZMA], ids=["deflate", "bzip2", "lzma"])
@pytest.mark.parametrize("said", [64 << 20, 1000, MAX_FILE], ids=["the truth", "a small size", "the most taken"])
def test_a_bomb_is_never_unpacked_beyond_what_it_says(tmp_path: Path, method: int, said: int) -> None:
    bomb = Entry(b"mallory/svm.py", pack(bytes(64 << 20), method), method, said, 0)
    tracemalloc.start()
    try:
        problem = between(tmp_path / "s.zip", bomb)["mallory"].problem
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 << 20
    small = said == 1000 and len(bomb.packed) > 2149
    wanted = "its sizes cannot be right" if small else "it holds more bytes than it says"
    assert ("unpacks to more than 1,048,576 bytes" if said > MAX_FILE else wanted) in problem


def test_a_window_of_4_gib_is_not_made(tmp_path: Path) -> None:
    """LZMA's header names a window that the reader has to set aside."""
    packed = bytearray(pack(b"x = 1\n", LZMA))
    packed[5:9] = b"\xff\xff\xff\xff"
    entry = Entry(b"mallory/svm.py", bytes(packed), LZMA, 6, zlib.crc32(b"x = 1\n"))
    path = write(tmp_path / "s.zip", entry)
    code = "import sys; from pathlib import Path; from grader.collect.files import collect\n"
    code += f"print(collect([Path({str(path)!r})], 'svm.py')[0].read())"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )  # fmt: skip
    assert "data=b'x = 1\\n'" in done.stdout and "problem=''" in done.stdout


def test_a_notebook_may_be_larger_than_a_file_but_not_by_much(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    found = between(tmp_path / "1/s.zip", good("mallory/svm.ipynb", b" " * MAX_NOTEBOOK))
    assert len(found["mallory"].files[0].data) == MAX_NOTEBOOK
    bomb = good("mallory/svm.ipynb", b" " * (MAX_NOTEBOOK + 1))
    between(tmp_path / "s.zip", bomb, problem="unpacks to more than 67,108,864 bytes, which is all that is taken; cl")


def test_a_zip_in_a_zip_is_told_and_not_opened(tmp_path: Path) -> None:
    inner = write(tmp_path / "inner.zip", good("svm.py")).read_bytes()
    between(tmp_path / "s.zip", good("mallory/svm.zip", inner), problem="holds svm.zip and no Python file; hand in")


@pytest.mark.parametrize("count", [3, 5000])
def test_overlapping_members_are_refused(tmp_path: Path, count: int) -> None:
    """Each member holds the headers of all that follow: so a few MB can unpack to petabytes."""
    path = overlapping_zip(tmp_path / "s.zip", b"m%d/svm.py", count, b"x = 1\n" * 50, good("zoe/svm.py"))
    started = time.monotonic()
    found = collect(path)
    assert time.monotonic() - started < 20
    assert found["zoe"].files[0].data == b"x = 1\n"
    told = [s for name, s in found.items() if "overlaps another file of the zip; pack it again" in s.problem]
    assert len(told) == count - 1
    assert found[f"m{count - 1}"].files[0].data == b"x = 1\n" * 50


def test_two_members_that_share_their_bytes(tmp_path: Path) -> None:
    """A member that points at a neighbour's bytes gets nothing, and the neighbour keeps them."""
    copy = Entry(b"mallory/svm.py", b"", STORED, 6, zlib.crc32(b"x = 1\n"), said_packed=6, offset=0, header=False)
    between(tmp_path / "s.zip", copy, problem="its header is not where the zip says")


# -- lies ----------------------------------------------------------------------------------------------------

DATA = b"x = 1\n" * 40
LIES: dict[str, tuple[Callable[[Entry], None], str]] = {
    "more bytes than said": (lambda e: setattr(e, "size", 30), "it holds more bytes than it says"),
    "fewer bytes than said": (lambda e: setattr(e, "size", 9999), "it holds fewer bytes than it says"),
    "packed larger than unpacked": (lambda e: setattr(e, "said_packed", 1 << 31), "pack it again"),
    "packed cut short": (lambda e: setattr(e, "said_packed", 5), "cannot be unpacked"),
    "another checksum": (lambda e: setattr(e, "crc", 1), "its checksum is wrong"),
    "a header elsewhere": (lambda e: setattr(e, "offset", 7), "its header is not where the zip says"),
    "a header behind the end": (lambda e: setattr(e, "offset", 1 << 30), "its header is not where the zip says"),
    "an unknown method": (lambda e: setattr(e, "method", 98), "packed by a method that is not read (98)"),
    "Deflate64": (lambda e: setattr(e, "method", 9), "packed by a method that is not read (9); pack it again"),
    "another method": (lambda e: setattr(e, "method", BZIP2), "cannot be unpacked"),
    "a wrong LZMA header": (lambda e: setattr(e, "method", LZMA), "its LZMA header is wrong"),
    "encrypted": (lambda e: setattr(e, "flags", 0x801), "is encrypted; pack it without a password"),
    "a link": (lambda e: setattr(e, "mode", 0o120777), "is a link or no regular file; pack the file itself"),
    "a pipe": (lambda e: setattr(e, "mode", 0o010644), "is a link or no regular file"),
    "a device": (lambda e: setattr(e, "mode", 0o060644), "is a link or no regular file"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_lie_costs_the_liar(tmp_path: Path, name: str) -> None:
    entry = good("mallory/svm.py", DATA)
    change, problem = LIES[name]
    change(entry)
    between(tmp_path / "s.zip", entry, problem=problem)


NAMES = {
    "control characters": b"mal\x01\x1b[2Jlory/svm.py",
    "a line break": b"mal\nlory/svm.py",
    "a bell and a backspace": b"mallory\x08\x07/svm.py",
    "right to left": "mal\u202eyrol/svm.py".encode(),
    "unseen": "mallory\u200b\u2060/svm.py".encode(),
    "cp437": b"mallor\x9a/svm.py",
    "a reserved name": b"NUL/svm.py",
    "spaces": b"  mallory  /svm.py",
    "very long": b"m" * 60_000 + b"/svm.py",
    "a formula": b"=cmd|'/C calc'!A0/svm.py",
    "an option": b"--out/svm.py",
    "HTML": b"<script>alert(1)<\\script>/svm.py",
}


@pytest.mark.parametrize("name", NAMES)
def test_names_are_shown_safely_and_lead_nowhere(tmp_path: Path, name: str) -> None:
    entry = good("", b"x = 2\n")
    entry.name = NAMES[name]
    entry.flags = 0 if name == "cp437" else 0x800
    found = between(tmp_path / "s.zip", entry)
    (odd,) = set(found) - {"aaron", "zoe"}
    assert len(odd) <= 120 and not set("\n\t\x1b\x01\x07\x08\u202e\u200b\u2060") & set(odd) and odd == odd.strip()
    assert not found[odd].problem and found[odd].files[0].data == b"x = 2\n"
    assert [p.name for p in tmp_path.iterdir()] == ["s.zip"]


def test_a_name_that_ends_at_a_nul(tmp_path: Path) -> None:
    between(tmp_path / "s.zip", good("mallory/svm.py\0.txt", b"x = 2\n"))


def test_names_that_differ_in_case_or_in_form_alone(tmp_path: Path) -> None:
    pairs = ["mallory/svm.py", "Mallory/svm.py", "Zoe\u0308/svm.py", "Zo\u00eb/svm.py"]
    found = between(tmp_path / "s.zip", *(good(name) for name in pairs))
    told = {s.student: s.problem for s in found.values() if s.problem}
    assert sorted(told) == ["Mallory", "Zo\u00eb"]
    assert all(problem.startswith("2 submissions under this name; leave one") for problem in told.values())


# -- the archive as a whole ----------------------------------------------------------------------------------


def test_twenty_thousand_members_of_one_student(tmp_path: Path) -> None:
    started = time.monotonic()
    between(
        tmp_path / "s.zip", *(good(f"mallory/f{i}.py") for i in range(20_000)), problem="more than 100 Python files"
    )
    assert time.monotonic() - started < 30


@pytest.mark.parametrize("said", ["the truth", "one member"])
def test_more_members_than_are_taken(tmp_path: Path, said: str) -> None:
    path = write(tmp_path / "mallory.zip", *(Entry(b"%d.py" % i, header=False) for i in range(60_000)))
    if said == "one member":
        data = bytearray(path.read_bytes())
        struct.pack_into("<2H", data, len(data) - 14, 1, 1)
        path.write_bytes(bytes(data))
    problem = collect(path)["mallory"].problem
    assert problem == "mallory.zip has 60,000 members; at most 50,000 are taken; pack programs alone"


def test_a_huge_directory_is_not_read(tmp_path: Path) -> None:
    """The directory is said to have 3 GB, and on paper the file has them."""
    path = tmp_path / "mallory.zip"
    with path.open("wb") as file:
        file.truncate(3 << 30)
        file.seek(0, os.SEEK_END)
        file.write(struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 9, 9, 3 << 30, 0, 0))
    tracemalloc.start()
    try:
        problem = collect(path)["mallory"].problem
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert problem.startswith("mallory.zip has a directory of 3,221,225,472 bytes; at most 16,777,216 are taken")
    assert peak < 8 << 20


@pytest.mark.parametrize("keep", [0.2, 0.5, 0.9, 0.99])
def test_a_truncated_zip_is_one_line(tmp_path: Path, keep: float) -> None:
    path = write(tmp_path / "mallory.zip", *(good(f"s{i}/svm.py", os.urandom(500)) for i in range(20)))
    os.truncate(path, int(path.stat().st_size * keep))
    problem = collect(path)["mallory"].problem
    assert problem == "mallory.zip is no readable zip: File is not a zip file; pack it again"


def test_members_before_which_something_stands_are_read(tmp_path: Path) -> None:
    """As a self-unpacking archive has it; offsets are then counted from elsewhere."""
    path = write(tmp_path / "s.zip", good("ada/svm.py"), good("bob/svm.py"))
    path.write_bytes(b"#!/bin/sh\n" * 50 + path.read_bytes())
    assert [s.problem for s in collect(path).values()] == ["", ""]


@pytest.mark.parametrize("what", ["a folder", "a pipe", "a device", "a link", "a comment full of headers"])
def test_what_is_named_like_a_zip(tmp_path: Path, what: str) -> None:
    path = tmp_path / "mallory.zip"
    expected = {"a pipe": "is no regular file", "a device": "is no regular file", "a link": "is a link"}
    if what == "a folder":
        (path / "ada").mkdir(parents=True)
        (path / "ada/svm.py").write_bytes(b"x = 1\n")
        assert sorted(collect(path)) == ["ada"]
        return
    if what == "a pipe":
        os.mkfifo(path)
    elif what == "a device":
        try:
            os.mknod(path, 0o020600, os.makedev(1, 5))
        except PermissionError:
            pytest.skip("only root makes devices")
    elif what == "a link":
        path.symlink_to("/dev/zero")
    else:
        write(path, good("svm.py"), comment=b"PK\x01\x02" * 9000)
        with path.open("r+b") as file:
            file.seek(-36_002, os.SEEK_END)
            file.write(struct.pack("<H", 36_000))
        assert not collect(path)["mallory"].problem
        return
    assert expected[what] in collect(path)["mallory"].problem


def test_a_member_at_the_cap_is_taken_whole(tmp_path: Path) -> None:
    found = between(tmp_path / "s.zip", good("mallory/svm.py", b"#" * MAX_FILE, STORED))
    assert len(found["mallory"].files[0].data) == MAX_FILE
