"""System calls that give power or reach parts of the kernel that are seldom looked at; all with harmless arguments."""
import ctypes
import os

from honest import center, half_square, relu, scores
from world import tried

LIBC = ctypes.CDLL(None, use_errno=True)
X86 = os.uname().machine == "x86_64"
NUMBERS = {
    "keyctl": (250 if X86 else 219, 0, -3, 0),
    "perf": (298 if X86 else 241, 0, 0, -1),
    "bpf": (321 if X86 else 280, 0, 0, 0),
    "userfault": (323 if X86 else 282, 0),
    "io_uring": (425, 1, ctypes.create_string_buffer(256)),
    "fsopen": (430, b"tmpfs", 0),
    "mount": (165 if X86 else 40, b"none", b"/", None, 1 << 14),
}


def call(name):
    number, *rest = NUMBERS[name]
    got = LIBC.syscall(ctypes.c_long(number), *rest)
    if got < 0:
        raise OSError(ctypes.get_errno(), "refused")
    if name not in ("keyctl", "mount"):
        os.close(got)
    return True


def unshare(flags):
    if LIBC.unshare(flags):
        raise OSError(ctypes.get_errno(), "refused")
    return True


def softmax(z):
    tried(
        **{name: (lambda n=name: call(n)) for name in NUMBERS},
        setuid=lambda: os.setresuid(-1, -1, -1) is None, chroot=lambda: os.chroot("/") is None,
        personality=lambda: LIBC.personality(0xFFFFFFFF) >= 0 or (_ for _ in ()).throw(OSError("refused")),
        user_namespace=lambda: unshare(0x10000000), mount_namespace=lambda: unshare(0x00020000),
    )
