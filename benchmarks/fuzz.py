"""Fuzz all that reads hostile bytes: `python benchmarks/fuzz.py [--frames N] [--seed S] [--target NAME] [--engine E]`.

The readers and the frames are those of tests/fuzztargets.py and tests/fuzzframes.py. Per target: frames per second, how
many were taken, crashes (any error but the declared ones, a broken promise included), hangs, the slowest frame, and the
largest allocation of one frame beside its cap. Exit code 1 where there is a crash, a hang or too large an allocation.

--engine mutate    a seeded mutator and grammar; the default, 1,200,000 frames over all targets
--engine atheris   coverage-guided, where atheris is installed: NOT RUN where it is not"""

from __future__ import annotations

import argparse
import collections
import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
import traceback
import tracemalloc
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from fuzzframes import bombs  # noqa: E402
from fuzztargets import TARGETS, Target, stream  # noqa: E402

from grader.wire import MAX_HEADER  # noqa: E402

HANG = 10.0  # seconds for one frame
MEASURED = 4000  # frames of each target whose allocations are traced, beside the bombs
ROOM = 1 << 30  # bytes of address space beyond what is there at the start: a larger allocation fails


class Hung(BaseException):
    """A frame took longer than HANG."""


def allowed(data: bytes) -> int:
    """The most that one frame may allocate: 8 MiB for a header of at most 64 KiB, and its body held, cut and copied."""
    return (8 << 20) + 4 * max(0, len(data) - MAX_HEADER)


def thrown(target: Target, data: bytes) -> bool | BaseException:
    """True where the frame is taken, False where it is refused, else what should not have come out."""
    signal.setitimer(signal.ITIMER_REAL, HANG)
    try:
        target.run(data)
    except target.errors:
        return False
    except Exception as error:
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return True


def mutate(name: str, frames: int, seed: int) -> bool:
    """Throw frames at a target and print a line; whether all went well."""
    target, crashes, hangs, taken = TARGETS[name], collections.Counter[str](), 0, 0
    slowest, spent, size = 0.0, 0.0, 0
    for number, data in enumerate(itertools.islice(stream(name, seed), frames)):
        started = time.perf_counter()
        try:
            found = thrown(target, data)
        except Hung:
            found, hangs = False, hangs + 1
            print(f"  hang: {name}, seed {seed}, frame {number}: {data[:400]!r}")
        took = time.perf_counter() - started
        spent, slowest, size = spent + took, max(slowest, took), size + len(data)
        if isinstance(found, BaseException):
            where = traceback.extract_tb(found.__traceback__)[-1]
            crashes[f"{type(found).__name__} at {where.name}:{where.lineno}"] += 1
            if crashes.total() <= 5:
                print(f"  crash: {name}, seed {seed}, frame {number}: {found!r}: {data[:400]!r}")
        taken += found is True
    peak, beside, over = allocations(name, seed)
    print(
        f"{name:<13}{frames:>9,} frames {frames / spent:>7,.0f}/s  {taken / frames:>4.0%} taken  "
        f"{crashes.total()} crashes  {hangs} hangs  slowest {slowest * 1e3:.1f} ms  "
        f"largest allocation {peak / 1e6:.2f} MB of {beside / 1e6:.2f} MB allowed",
        flush=True,
    )
    for what, count in crashes.most_common():
        print(f"  {count} times {what}")
    return not (crashes or hangs or over)


def allocations(name: str, seed: int) -> tuple[int, int, int]:
    """Of other frames and of the bombs: the largest allocation, what was allowed there, and how many went over."""
    target, worst, over = TARGETS[name], (0, 1), 0
    extra = list(bombs().values()) if target.framed else []
    for data in [*extra, *itertools.islice(stream(name, seed + 1), MEASURED)]:
        tracemalloc.start()
        thrown(target, data)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        over += peak > allowed(data)
        worst = max(worst, (peak, allowed(data)))
    return *worst, over


def atheris_run(name: str, frames: int, seed: int) -> None:
    """Coverage-guided, in this process, which it ends."""
    import atheris

    with atheris.instrument_imports(include=["grader", "json"]):
        for module in [
            m for m in sys.modules if m.partition(".")[0] in ("grader", "fuzztargets", "fuzzframes", "json")
        ]:
            del sys.modules[module]
        import fuzztargets
    target = fuzztargets.TARGETS[name]

    def one(data: bytes) -> None:
        with contextlib.suppress(target.errors):
            target.run(data)

    corpus = os.environ["FUZZ_CORPUS"]
    for number, data in enumerate(target.good()):
        (Path(corpus) / f"good{number}").write_bytes(data)
    for label, data in bombs().items() if target.framed else ():
        (Path(corpus) / label.replace(" ", "-")).write_bytes(data)
    limits = [f"-runs={frames}", f"-seed={seed or 1}", "-max_len=70000", f"-timeout={HANG:.0f}", "-rss_limit_mb=2048"]
    atheris.Setup(["fuzz", *limits, f"-artifact_prefix={corpus}/crash-", corpus], one)
    atheris.Fuzz()


def with_atheris(names: list[str], frames: int, seed: int) -> bool:
    """Each target in a process of its own; whether all went well."""
    import tempfile

    try:
        import atheris  # noqa: F401
    except ImportError:
        print("NOT RUN: atheris is not installed (pip install atheris)")
        return True
    good = True
    for name in names:
        with tempfile.TemporaryDirectory(prefix="fuzz-") as corpus:
            command = [sys.executable, __file__, "--engine", "one", "--target", name]
            command += ["--frames", str(frames), "--seed", str(seed)]
            started = time.perf_counter()
            done = subprocess.run(
                command, env={**os.environ, "FUZZ_CORPUS": corpus}, capture_output=True, text=True, check=False
            )
            lines = [line for line in done.stderr.splitlines() if "DONE" in line or "ERROR" in line or "Error" in line]
            took = time.perf_counter() - started
            print(f"{name:<13}{frames:>9,} frames {frames / took:>7,.0f}/s  exit {done.returncode}  {lines[-1:]}")
            if done.returncode:
                print(done.stderr[-3000:])
            good &= done.returncode == 0
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=1_200_000, help="over all targets that are named")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--target", choices=TARGETS, action="append")
    parser.add_argument("--engine", choices=["mutate", "atheris", "one"], default="mutate")
    asked = parser.parse_args()
    names = asked.target or list(TARGETS)
    if asked.engine == "one":
        atheris_run(names[0], asked.frames, asked.seed)
        return 0
    each = -(-asked.frames // len(names))
    if asked.engine == "atheris":
        return 0 if with_atheris(names, each, asked.seed) else 1
    import resource

    def ring(*_: object) -> None:
        raise Hung

    signal.signal(signal.SIGALRM, ring)
    warnings.simplefilter("error")
    for name in names:  # imports and caches
        for data in itertools.islice(stream(name, seed=-1), 200):
            thrown(TARGETS[name], data)
    with open("/proc/self/statm") as file:
        there = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (there + ROOM, there + ROOM))
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    went = [mutate(name, each, asked.seed) for name in names]
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(
        f"{each * len(names):,} frames in {time.perf_counter() - started:.0f} s, seed {asked.seed}; "
        f"the process grew by {grown / 1024:.0f} MiB at its peak"
    )
    return 0 if all(went) else 1


if __name__ == "__main__":
    sys.exit(main())
