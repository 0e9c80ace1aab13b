"""Every number of the tables of system calls, against the kernel's own headers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from grader.sandbox.worker import seccomp

# Debian: linux-libc-dev, linux-libc-dev-arm64-cross. The second takes the numbers that new machines share.
HEADERS = {
    "x86_64": ["/usr/include/x86_64-linux-gnu/asm/unistd_64.h", "/usr/include/asm/unistd_64.h"],
    "aarch64": [
        "/usr/aarch64-linux-gnu/include/asm-generic/unistd.h",
        "/usr/include/asm-generic/unistd.h",
    ],
}
# From the manual pages and the kernel's tables, by hand: they hold where no header is installed.
ANCHORS = {
    "x86_64": {
        "fork": 57, "execve": 59, "socket": 41, "ptrace": 101, "unshare": 272, "openat": 257, "bpf": 321,
        "io_uring_setup": 425, "pidfd_open": 434, "mount": 165, "clone": 56, "kill": 62,
        "clone3": 435, "fchmodat2": 452,
    },
    "aarch64": {
        "execve": 221, "socket": 198, "ptrace": 117, "unshare": 97, "openat": 56, "bpf": 280,
        "io_uring_setup": 425, "pidfd_open": 434, "mount": 40, "clone": 220, "kill": 129,
        "clone3": 435, "fchmodat2": 452,
    },
}  # fmt: skip
NEWER = {"fchmodat2": 452, "cachestat": 451, "futex_waitv": 449}  # came after the headers of some distributions


def table(machine: str) -> dict[str, int]:
    """Ours, whole: refused, refused where files are not safe, and looked at."""
    column = 0 if machine == "x86_64" else 1
    rows = f"{seccomp.REFUSED} {seccomp.WRITING} {seccomp.OPENING}".split()
    found = {row.split("=")[0]: row.split("=")[1].split("/")[column] for row in rows}
    ours = {name: int(number) for name, number in found.items() if number != "-"}
    return {**ours, **seccomp.SPECIAL[machine], "openat2": seccomp.OPENAT2}


def header(machine: str) -> dict[str, int]:
    for path in HEADERS[machine]:
        if Path(path).exists():
            break
    else:
        pytest.skip(f"NOT RUN: no kernel headers for {machine} here (Debian: linux-libc-dev)")
    text = Path(path).read_text()
    found = re.findall(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)\s*$", text, re.M)
    return {name: int(number) for name, number in found}


@pytest.mark.parametrize("machine", seccomp.ARCH)
def test_the_numbers_are_the_kernels(machine: str) -> None:
    ours, theirs = table(machine), header(machine)
    assert len(theirs) > 250
    wrong = {name: (number, theirs.get(name)) for name, number in ours.items() if theirs.get(name, number) != number}
    assert not wrong
    unknown = set(ours) - set(theirs)
    assert unknown <= set(NEWER), "misspelled, or newer than the headers"


@pytest.mark.parametrize("machine", seccomp.ARCH)
def test_no_call_that_a_machine_has_is_marked_as_absent(machine: str) -> None:
    column = 0 if machine == "x86_64" else 1
    absent = {row.split("=")[0] for row in (seccomp.REFUSED + seccomp.WRITING).split() if row.endswith("-")}
    if column == 0:
        assert not any(row.split("=")[1].startswith("-") for row in (seccomp.REFUSED + seccomp.WRITING).split())
    else:
        assert not absent & set(header(machine))


@pytest.mark.parametrize("machine", seccomp.ARCH)
def test_anchors(machine: str) -> None:
    ours = table(machine)
    assert {name: ours[name] for name in ANCHORS[machine]} == ANCHORS[machine]


@pytest.mark.parametrize("machine", seccomp.ARCH)
def test_no_number_stands_twice(machine: str) -> None:
    ours = table(machine)
    assert len(set(ours.values())) == len(ours) and max(ours.values()) <= seccomp.NEWEST
