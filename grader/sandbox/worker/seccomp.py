"""seccomp: the system calls that a worker is refused, as a classic BPF program over (nr, arch, args).

Processes, sockets, signals to others, mounts, and the calls that Landlock does not cover (chmod, chown, utime,
xattr); and those that tell, or settle, what outlives a worker, since by that a run with hidden cases could speak to one
without: which pages of a file are in memory, the numbers that the kernel gives to pipes, memory, load, room on disks.
Tables for x86_64 and aarch64. Kernel: Documentation/userspace-api/seccomp_filter.rst."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct

from .kernel import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, PR_SET_SECCOMP, libc, prctl

# Refused with EPERM: name=x86_64/aarch64 number ("-": that machine has no such call).
REFUSED = """
fork=57/- vfork=58/- execve=59/221 execveat=322/281 socket=41/198 socketpair=53/199 connect=42/203
bind=49/200 listen=50/201 accept=43/202 accept4=288/242 sendto=44/206 sendmsg=46/211 sendmmsg=307/269
recvfrom=45/207 recvmsg=47/212 recvmmsg=299/243 ptrace=101/117 process_vm_readv=310/270
process_vm_writev=311/271 process_madvise=440/440 kcmp=312/272 pidfd_open=434/434 pidfd_getfd=438/438
pidfd_send_signal=424/424 rt_sigqueueinfo=129/138 rt_tgsigqueueinfo=297/240 setrlimit=160/164
setpriority=141/140 ioprio_set=251/30 sched_setscheduler=144/119 sched_setparam=142/118
sched_setattr=314/274 sched_setaffinity=203/122 mount=165/40 umount2=166/39 pivot_root=155/41
chroot=161/51 unshare=272/97 setns=308/268 move_mount=429/429 open_tree=428/428 fsopen=430/430
fsconfig=431/431 fsmount=432/432 fspick=433/433 mount_setattr=442/442 setuid=105/146 setgid=106/144
setreuid=113/145 setregid=114/143 setresuid=117/147 setresgid=119/149 setgroups=116/159 setfsuid=122/151
setfsgid=123/152 capset=126/91 setsid=112/157 setpgid=109/154 personality=135/92 keyctl=250/219
add_key=248/217 request_key=249/218 bpf=321/280 perf_event_open=298/241 userfaultfd=323/282
io_uring_setup=425/425 io_uring_enter=426/426 io_uring_register=427/427 init_module=175/105
finit_module=313/273 delete_module=176/106 kexec_load=246/104 kexec_file_load=320/294 reboot=169/142
swapon=167/224 swapoff=168/225 acct=163/89 quotactl=179/60 quotactl_fd=443/443 syslog=103/116
open_by_handle_at=304/265 name_to_handle_at=303/264 modify_ldt=154/- iopl=172/- ioperm=173/-
vhangup=153/58 vmsplice=278/75 shmget=29/194 shmat=30/196 shmctl=31/195 msgget=68/186 msgsnd=69/189
msgrcv=70/188 msgctl=71/187 semget=64/190 semop=65/193 semctl=66/191 semtimedop=220/192 mq_open=240/180
mq_unlink=241/181 memfd_create=319/279 memfd_secret=447/447 fanotify_init=300/262 fanotify_mark=301/263
sethostname=170/161 setdomainname=171/162 settimeofday=164/170 clock_settime=227/112
clock_adjtime=305/266 adjtimex=159/171 chmod=90/- fchmod=91/52 fchmodat=268/53 chown=92/- fchown=93/55
lchown=94/- fchownat=260/54 utime=132/- utimes=235/- utimensat=280/88 futimesat=261/- setxattr=188/5
lsetxattr=189/6 fsetxattr=190/7 removexattr=197/14 lremovexattr=198/15 fremovexattr=199/16 mknod=133/-
mknodat=259/33 flock=73/32
fchmodat2=452/452 getxattr=191/8 lgetxattr=192/9 fgetxattr=193/10 listxattr=194/11 llistxattr=195/12
flistxattr=196/13
inotify_init=253/- inotify_init1=294/26 inotify_add_watch=254/27 inotify_rm_watch=255/28 sync=162/81 syncfs=306/267
set_mempolicy=238/237 migrate_pages=256/238 move_pages=279/239 mbind=237/235
preadv2=327/286 mincore=27/232 cachestat=451/451 fadvise64=221/223 readahead=187/213 getrusage=98/165
pipe=22/- pipe2=293/59 sysinfo=99/179 statfs=137/43 fstatfs=138/44 ustat=136/- io_setup=206/0
"""
# Refused too where neither Landlock nor a mount namespace keeps the files safe.
WRITING = """
creat=85/- mkdir=83/- mkdirat=258/34 rmdir=84/- unlink=87/- unlinkat=263/35 rename=82/- renameat=264/38
renameat2=316/276 link=86/- linkat=265/37 symlink=88/- symlinkat=266/36 truncate=76/45 ftruncate=77/46
"""
OPENING = "open=2/- openat=257/56"  # their flags are the second and the third argument
OPENAT2 = 437
WRITE_FLAGS = 3 | 0o100 | 0o1000 | 0o20000000  # O_WRONLY and O_RDWR, O_CREAT, O_TRUNC, O_TMPFILE, on both machines
# The last call that was looked at when the table was written. Newer ones answer ENOSYS, as on an older kernel:
# a call that nobody has looked at is no hole.
NEWEST = 456
# Looked at by their arguments.
SPECIAL = {
    "x86_64": {
        "clone": 56,
        "clone3": 435,
        "kill": 62,
        "tkill": 200,
        "tgkill": 234,
        "prlimit64": 302,
        "prctl": 157,
        "fcntl": 72,
        "ioctl": 16,
        "madvise": 28,
    },
    "aarch64": {
        "clone": 220,
        "clone3": 435,
        "kill": 129,
        "tkill": 130,
        "tgkill": 131,
        "prlimit64": 261,
        "prctl": 167,
        "fcntl": 25,
        "ioctl": 29,
        "madvise": 233,
    },
}
ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

LOAD, JUMP, JEQ, JGE, JSET, RETURN = 0x20, 0x05, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL = 0x7FFF0000, 0x80000000
EPERM, ENOSYS = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
NR, ARCH_AT, ARG0, ARG1, ARG2 = 0, 4, 16, 24, 32


def _op(code: int, k: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("=HBBI", code, yes, no, k & 0xFFFFFFFF)


def seccomp_program(machine: str, pid: int, writes: bool = True) -> bytes:
    """The filter for a worker of this pid: signals only to itself, threads but no processes. writes: whether files
    may be opened for writing, made, moved and removed, as far as other layers let them be."""
    column = 0 if machine == "x86_64" else 1
    thread = [_op(LOAD, ARG0), _op(JSET, 0x00010000, 0, 1), _op(RETURN, ALLOW), _op(RETURN, EPERM)]
    mine = [_op(LOAD, ARG0), _op(JEQ, pid, 0, 1), _op(RETURN, ALLOW), _op(RETURN, EPERM)]
    read_only = [
        _op(LOAD, ARG2),
        _op(JEQ, 0, 0, 3),
        _op(LOAD, ARG2 + 4),
        _op(JEQ, 0, 0, 1),
        _op(RETURN, ALLOW),
        _op(RETURN, EPERM),
    ]
    locks = [5, 6, 7, 36, 37, 38, 1024, 1026]  # byte-range locks, leases and notices: seen by other processes
    no_locks = [_op(LOAD, ARG1)]
    no_locks += [_op(JEQ, command, len(locks) - i, 0) for i, command in enumerate(locks)]
    no_locks += [_op(RETURN, ALLOW), _op(RETURN, EPERM)]
    no_typing = [
        _op(LOAD, ARG1),
        _op(JEQ, 0x5412, 1, 0),
        _op(JEQ, 0x541C, 0, 1),
        _op(RETURN, EPERM),
        _op(RETURN, ALLOW),
    ]
    no_survival = [  # of the zygote (PR_SET_PDEATHSIG), and no dumping
        _op(LOAD, ARG0),
        _op(JEQ, PR_SET_PDEATHSIG, 1, 0),
        _op(JEQ, PR_SET_DUMPABLE, 0, 1),
        _op(RETURN, EPERM),
        _op(RETURN, ALLOW),
    ]
    no_eviction = [  # of pages from memory: MADV_COLD, MADV_PAGEOUT
        _op(LOAD, ARG2),
        _op(JEQ, 20, 1, 0),
        _op(JEQ, 21, 0, 1),
        _op(RETURN, EPERM),
        _op(RETURN, ALLOW),
    ]
    special, refused = SPECIAL[machine], [_op(RETURN, EPERM)]
    calls = dict.fromkeys(_numbers(REFUSED, column), refused)
    calls |= {} if writes else _no_writes(column)
    calls |= {
        special["prctl"]: no_survival,
        special["fcntl"]: no_locks,
        special["clone"]: thread,
        special["clone3"]: [_op(RETURN, ENOSYS)],  # its flags are out of sight: use clone
        special["kill"]: mine,
        special["tgkill"]: mine,
        special["tkill"]: refused,
        special["prlimit64"]: read_only,
        special["ioctl"]: no_typing,
        special["madvise"]: no_eviction,
    }
    rows: list[tuple[int, list[bytes]]] = []
    for number in range(NEWEST + 1):
        body = calls.get(number, [_op(RETURN, ALLOW)])
        if not rows or rows[-1][1] != body:
            rows.append((number, body))
    rows.append((NEWEST + 1, [_op(RETURN, ENOSYS)]))
    if machine == "x86_64":  # the x32 numbering would walk around the table
        rows.append((0x40000000, refused))
    head = [_op(LOAD, ARCH_AT), _op(JEQ, ARCH[machine], 1, 0), _op(RETURN, KILL), _op(LOAD, NR)]
    return b"".join(head + _tree(rows))


def _tree(rows: list[tuple[int, list[bytes]]]) -> list[bytes]:
    """Do what stands in the last row whose number is not above the call's. By halving: the kernel runs the program for
    every number when it takes it, and takes a millisecond for one that goes down a list."""
    if len(rows) == 1:
        return rows[0][1]
    middle = len(rows) // 2
    below, above = _tree(rows[:middle]), _tree(rows[middle:])
    if len(below) < 256:
        return [_op(JGE, rows[middle][0], len(below), 0), *below, *above]
    return [_op(JGE, rows[middle][0], 0, 1), _op(JUMP, len(below)), *below, *above]


def _numbers(table: str, column: int) -> list[int]:
    found = [row.split("=")[1].split("/")[column] for row in table.split()]
    return [int(number) for number in found if number != "-"]


def _no_writes(column: int) -> dict[int, list[bytes]]:
    """No file is made, changed or removed, by any path; what is open already is no concern."""
    calls = {number: [_op(RETURN, EPERM)] for number in _numbers(WRITING, column)}
    calls[OPENAT2] = [_op(RETURN, ENOSYS)]  # its flags are out of sight: use openat
    for row, at in zip(OPENING.split(), (ARG1, ARG2), strict=True):
        for number in _numbers(row, column):
            calls[number] = [_op(LOAD, at), _op(JSET, WRITE_FLAGS, 0, 1), _op(RETURN, EPERM), _op(RETURN, ALLOW)]
    return calls


SOME_PID = 0x7EADBEEF  # more than any pid can be; the worker puts its own in its place


def template(writes: bool) -> bytes:
    """The filter for a worker here, made once per zygote; its pid is still to be put in."""
    return seccomp_program(platform.machine(), SOME_PID, writes)


def missing() -> str:
    """Why there can be no filter here; empty where there can."""
    if platform.machine() not in ARCH:
        return f"no table of system calls for {platform.machine()}"
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return "a 32-bit Python"
    if libc is not None:
        libc.prctl(PR_SET_SECCOMP, 2, 0, 0, 0)  # without a program: EFAULT where filters can be set
        if ctypes.get_errno() != errno.EFAULT:
            return f"refused here ({os.strerror(ctypes.get_errno())})"
    return ""


class Filter:
    """A program in memory, made once per zygote, so that a worker only writes its pid into it."""

    def __init__(self, program: bytes) -> None:
        self.code = ctypes.create_string_buffer(program, len(program))
        fprog = struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(self.code))
        self.fprog = ctypes.create_string_buffer(fprog, len(fprog))
        mark = struct.pack("=I", SOME_PID)
        self.places = [at for at in range(0, len(program), 4) if program[at : at + 4] == mark]

    def apply(self) -> None:
        """Put it on this thread and all that it will ever start. Raises OSError."""
        pid = os.getpid()
        for place in self.places:
            struct.pack_into("=I", self.code, place, pid)
        prctl(PR_SET_SECCOMP, 2, ctypes.addressof(self.fprog))
