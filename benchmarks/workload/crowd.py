"""Kinds of submissions for crowd.py: right and wrong ones, endless loops, memory bombs, attacks; each labelled.

An attack is bounded: where no defence stops it, it leaves a mark (a wrong answer, a file, a process) and ends. Most
try something and then answer rightly, so that an attack that succeeds shows as a lost point; the others cost the
function that they are in, and nobody and nothing else."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .functions import FUNCTIONS, NAMES
from .students import students

MARK = "crowd-was-here"  # in the name of each file that an attack may leave
SHARES = {"hostile": 0.10, "loop": 0.05, "memory": 0.05}  # the rest is right or wrong
HEAD = "import ctypes, itertools, os, signal, socket, sys, threading, time\nimport numpy as np\n"
RIGHT = "return 1 / (1 + np.exp(-z))"


@dataclass(frozen=True)
class Kind:
    """Submissions that differ in a comment alone. `wrong`: the functions that lose points."""

    name: str
    group: str
    source: bytes
    wrong: frozenset[str]


# Statements inside sigmoid(z). `hit()` makes the answer wrong: the attack did what it must not be able to do.
TRIES = {
    "forks": "pid = os.fork()\nif pid == 0:\n    time.sleep(1)\n    os._exit(0)\nhit()",
    "runs a program": "os.posix_spawn('/bin/true', ['true'], {})\nhit()",
    "writes to /tmp": f"open('/tmp/{MARK}', 'w').write('x')\nhit()",
    "writes to shared memory": f"open('/dev/shm/{MARK}', 'w').write('x')\nhit()",
    "writes beside its source": f"open(os.path.join(os.path.dirname(__file__), '..', '{MARK}'), 'w').write('x')\nhit()",
    "reads /etc/passwd": "open('/etc/passwd').read()\nhit()",
    "reads its parent's environment": "open(f'/proc/{os.getppid()}/environ').read()\nhit()",
    "reads its parent's memory": "open(f'/proc/{os.getppid()}/mem', 'rb')\nhit()",
    "lists processes": "if [p for p in os.listdir('/proc') if p.isdigit()]:\n    hit()",
    "opens a socket": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\nhit()",
    "opens a unix socket": "socket.socket(socket.AF_UNIX)\nhit()",
    "signals its parent": "os.kill(os.getppid(), 0)\nhit()",
    "imports torch": "import torch\nhit()",
    "imports the reference": "import reference\nhit()",
    "finds expected values": "if any('expected' in f.f_locals for f in sys._current_frames().values()):\n    hit()",
    "lies about comparisons": "np.allclose = np.array_equal = np.isclose = lambda *a, **k: True",
    "floods the output": "for _ in range(64):\n    print('x' * 65536)",
    "ignores signals": "for number in (2, 13, 14, 15):\n    signal.signal(number, signal.SIG_IGN)",
}
# These cost the points of sigmoid alone.
COSTS = {
    "exits in a call": "os._exit(0)",
    "raises SystemExit": "raise SystemExit(0)",
    "raises KeyboardInterrupt": "raise KeyboardInterrupt",
    "segfaults": "ctypes.string_at(0)",
    "aborts": "os.abort()",
    "kills itself": "os.kill(os.getpid(), 9)",
    "closes its pipes": "os.closerange(0, 256)\nos._exit(0)",
    "forges frames": (
        "for fd in range(3, 64):\n    try:\n"
        "        os.write(fd, b'\\x00\\x00\\x00\\x20' + b'{\"values\": {\"s\": 1}}' * 64)\n"
        "    except OSError:\n        pass\nos._exit(0)"
    ),
    "returns eight tebibytes": "return np.broadcast_to(np.float64(1), (1 << 40,))",
    "returns a deep list": "deep = []\nfor _ in range(200000):\n    deep = [deep]\nreturn deep",
    "returns objects": "return np.array([object()] * 4)",
    "returns not a number": "return np.full_like(z, np.nan)",
    "a long exception": "raise type('E' * 200000, (Exception,), {})('m' * (1 << 24))",
    "recurses in C": "sys.setrecursionlimit(1 << 30)\ndef down(x):\n    return max([x], key=down)\ndown(1)",
}
LOOPS = {
    "busy": "while True:\n    pass",
    "catches all": "while True:\n    try:\n        time.sleep(3600)\n    except BaseException:\n        pass",
    "sleeps": "time.sleep(3600)",
    "loops in C": "any(itertools.repeat(0))",
    "waits for a lock": "threading.Lock().acquire() and threading.Event().wait()",
}
BOMBS = {
    "a huge array": "return np.zeros(1 << 45)",
    "a growing list": "x = [0]\nwhile True:\n    x = x + x",
    "arrays that are kept": "x = []\nwhile True:\n    x.append(np.ones(1 << 24))",
    "a long integer": "return np.array(float(len(str(1 << (1 << 36)))))",
    "a long string": "x = 'x'\nwhile True:\n    x = x + x",
}
# Whole files: what stands before the functions costs everything.
FILES = {
    "exits at import": b"import os\nos._exit(0)\n",
    "a parser bomb": b"x = " + b"-" * 60000 + b"1\n",
    "a NUL": b"x = 'a\0b'\n",
    "nested too deeply": b"x = " + b"(" * 5000 + b")" * 5000 + b"\n",
}


def kinds() -> list[Kind]:
    """All kinds; what is right or wrong in an ordinary way comes first."""
    everything = frozenset(NAMES)
    made = [Kind(s.name, "ordinary", s.source().encode(), s.wrong_in(notebook=False)) for s in students("numpy")]
    made += [Kind(name, "hostile", _attack(code, tries=True), frozenset()) for name, code in TRIES.items()]
    lost = frozenset({"sigmoid"})
    made += [Kind(name, "hostile", _attack(code), lost) for name, code in COSTS.items()]
    right = students("numpy")[0].source().encode()
    made += [Kind(name, "hostile", code + right, everything) for name, code in FILES.items()]
    made += [Kind(name, "loop", _attack(code), lost) for name, code in LOOPS.items()]
    made.append(Kind("loops at import", "loop", b"while True:\n    pass\n" + right, everything))
    made += [Kind(name, "memory", _attack(code), lost) for name, code in BOMBS.items()]
    return made


def _attack(code: str, tries: bool = False) -> bytes:
    """A right submission whose sigmoid does this first."""
    body = "\n".join("        " + line for line in code.splitlines())
    if tries:
        body = f"    def hit():\n        spoiled.append(1)\n    try:\n{body}\n    except BaseException:\n        pass\n"
        body += "    if spoiled:\n        return z * 0 - 1\n    " + RIGHT
    else:
        body = f"    if True:\n{body}\n    {RIGHT}"
    text = f"{HEAD}\nspoiled = []\n\n\ndef sigmoid(z):\n{body}\n"
    return "\n\n".join([text, *(function.code for function in FUNCTIONS[1:])]).encode()


def draw(size: int, seed: int) -> list[Kind]:
    """A cohort's kinds in random order, each group as large as its share; every kind of a group as often as any."""
    rng, by_group = random.Random(seed), dict[str, list[Kind]]()
    for kind in kinds():
        by_group.setdefault(kind.group, []).append(kind)
    counts = {group: round(size * share) for group, share in SHARES.items()}
    counts["ordinary"] = size - sum(counts.values())
    chosen = []
    for group, count in counts.items():
        pool = by_group[group]
        rng.shuffle(pool)
        chosen += [pool[i % len(pool)] for i in range(count)]
    rng.shuffle(chosen)
    return chosen
