"""A user of its own for the workers of one zygote, where the grader runs as root.

The number belongs to nobody: files of others are closed to it, other processes cannot be signalled, and the kernel
counts its threads alone (RLIMIT_NPROC does not bind root)."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets

from .kernel import CAP_CHOWN, CAP_KILL, CAP_SETGID, CAP_SETUID, can

NOT_ROOT = "not started as root"
FIRST = 0x7000_0000  # above what systemd gives to containers (0x6FFF_FFFF); nobody is known to use what follows
HALF = 1 << 11
PIDS, ROUNDS = HALF * HALF, 32  # a pid is below PIDS on every Linux; so a number below FIRST + ROUNDS * PIDS


def missing() -> str:
    """Why a worker cannot have a uid of its own here; empty where it can, as far as is known without a try."""
    if os.geteuid() != 0:
        return NOT_ROOT
    if not can(CAP_SETUID, CAP_SETGID, CAP_KILL, CAP_CHOWN):
        return "root without CAP_SETUID, CAP_SETGID, CAP_KILL or CAP_CHOWN"
    return "" if choose(os.getpid()) else "no number that is nobody's"


def choose(pid: int) -> int:
    """A number that is no user's and no group's, and no other zygote's: no two processes have one pid. It does not tell
    the pid, which counts what was started before. 0 where there is none."""
    for attempt in range(ROUNDS):
        uid = FIRST + secrets.randbelow(ROUNDS) * PIDS + (_shuffled(pid) + attempt) % PIDS
        mapped = [_inside(_mapped(name), uid) for name in ("uid_map", "gid_map")]
        if mapped[0] != mapped[1]:
            return 0
        if mapped[0] and not _taken(mapped[0]):
            return mapped[0]
    return 0


def _shuffled(pid: int) -> int:
    """Another number below PIDS for each pid: a Feistel network (Luby and Rackoff, 1988), keyed by this start of the
    machine."""
    key = b""
    with contextlib.suppress(OSError), open("/proc/sys/kernel/random/boot_id", "rb") as file:
        key = file.read(64).strip()
    left, right = divmod(pid % PIDS, HALF)
    for turn in range(4):
        mixed = hashlib.blake2b(turn.to_bytes(1, "little") + right.to_bytes(2, "little"), key=key, digest_size=2)
        left, right = right, left ^ int.from_bytes(mixed.digest(), "little") % HALF
    return left * HALF + right


def _inside(rows: list[list[int]], uid: int) -> int:
    """The number, or where a container maps but few, one from the upper half of the longest row that is mapped."""
    if any(first <= uid < first + count for first, _, count in rows):
        return uid
    first, _, count = max(rows, key=lambda row: row[2], default=(0, 0, 0))
    half = count // 2
    return first + half + uid % half if half > 1 else 0


def _mapped(name: str) -> list[list[int]]:
    """Rows of /proc/self/uid_map or gid_map: first number inside, first outside, how many."""
    with contextlib.suppress(OSError), open(f"/proc/self/{name}") as file:
        return [[int(word) for word in line.split()] for line in file]
    return []


def _taken(uid: int) -> bool:
    import grp
    import pwd

    for look in (pwd.getpwuid, grp.getgrgid):
        with contextlib.suppress(KeyError):
            look(uid)
            return True
    return False


def drop_to(uid: int) -> None:
    """Be this user and this group and no other, for good. Raises OSError."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def tasks_of(uid: int) -> int:
    """The threads of all processes of a user, as RLIMIT_NPROC counts them."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{name}/status", "rb") as file:
                rows = dict(line.split(b":", 1) for line in file.read().splitlines() if b":" in line)
                if int(rows[b"Uid"].split()[0]) == uid:
                    count += int(rows[b"Threads"])
    return count
