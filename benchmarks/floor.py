"""The bare-fork floor of throughput.py: no sandbox, no judging, no store.

Warm processes, one per worker, that have imported NumPy alone, or torch on one thread, and fork for each submission;
the fork runs the student's file, calls the cases and sends the raw answers up a pipe to a process that only reads
them. Nothing that grades with a process per submission can be faster."""

from __future__ import annotations

import gc
import os
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

END = 0xFFFFFFFF
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


# -- the process that reads ----------------------------------------------------------------------------------


class Floor:
    """Warm processes for one library; `run` gives seconds and processor seconds for a number of sources."""

    def __init__(self, library: str, workers: int, cases: Path) -> None:
        environment = {**os.environ, **dict.fromkeys(THREADS, "1")}
        command = [sys.executable, "-P", "-s", "-B", __file__, library, str(cases)]
        pipe = subprocess.PIPE
        self.processes = [subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment) for _ in range(workers)]
        for process in self.processes:
            self.ask(process, b"")  # until it is warm

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self.processes]

    def ask(self, process: subprocess.Popen[bytes], source: bytes) -> list[bytes]:
        """The answers of one submission; for no source the fork ends at once."""
        assert process.stdin and process.stdout
        process.stdin.write(struct.pack("<I", len(source)) + source)
        process.stdin.flush()
        answers = []
        while True:
            head = process.stdout.read(4)
            if len(head) < 4:
                raise RuntimeError("the floor's process died")
            (size,) = struct.unpack("<I", head)
            if size == END:
                return answers
            answers.append(process.stdout.read(size))

    def run(self, sources: Sequence[str]) -> tuple[float, float, list[list[bytes]]]:
        """Seconds, processor seconds of the warm processes and their forks, and the answers in order."""
        count = len(self.processes)
        before, encoded = self._cpu(), [source.encode() for source in sources]

        def part(index: int) -> list[list[bytes]]:
            return [self.ask(self.processes[index], source) for source in encoded[index::count]]

        started = time.perf_counter()
        if count == 1:
            parts = [part(0)]
        else:
            with ThreadPoolExecutor(count) as pool:
                parts = list(pool.map(part, range(count)))
        seconds = time.perf_counter() - started
        answers = [parts[i % count][i // count] for i in range(len(sources))]
        return seconds, self._cpu() - before, answers

    def _cpu(self) -> float:
        """utime, stime, and those of forks that were waited for."""
        ticks = 0
        for pid in self.pids:
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        for process in self.processes:
            process.communicate()


# -- the warm process ----------------------------------------------------------------------------------------


def serve(cases: list[tuple[str, list[Any]]]) -> None:
    """Orders from stdin until it ends."""
    orders, out = sys.stdin.buffer, sys.stdout.fileno()
    gc.collect()
    gc.freeze()
    while len(head := orders.read(4)) == 4:
        source = orders.read(struct.unpack("<I", head)[0])
        pid = os.fork()
        if pid == 0:
            if source:
                answer(source, cases, out)
            os._exit(0)
        os.waitpid(pid, 0)
        os.write(out, struct.pack("<I", END))


def answer(source: bytes, cases: list[tuple[str, list[Any]]], out: int) -> None:
    space: dict[str, Any] = {"__name__": "student"}
    try:
        exec(compile(source, "student.py", "exec"), space)
    except Exception as error:
        send(out, type(error).__name__.encode())
        return
    for name, inputs in cases:
        try:
            found = space[name](*inputs)
        except Exception as error:
            send(out, type(error).__name__.encode())
            continue
        for value in found if isinstance(found, tuple) else (found,):
            send(out, raw(value))


def raw(value: Any) -> bytes:
    """An array's bytes, a tensor's, or a number as float64."""
    import numpy as np

    value = value.numpy() if hasattr(value, "numpy") else value
    return np.asarray(value, dtype=np.float64).tobytes()


def send(out: int, data: bytes) -> None:
    data = struct.pack("<I", len(data)) + data
    while data:
        data = data[os.write(out, data) :]


def warm_process(library: str, path: Path) -> None:
    import numpy as np

    space: dict[str, Any] = {"np": np}
    exec(path.read_text(), space)
    cases = space["CASES"]
    if library == "torch":
        import torch

        torch.set_num_threads(1)
        cases = [(name, [torch.tensor(x) if isinstance(x, np.ndarray) else x for x in xs]) for name, xs in cases]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, sys.stderr.fileno())  # NumPy's warnings
    answer(space["WARM"].encode(), cases, null)  # what libraries load on first use is loaded once, as in ours
    serve(cases)


if __name__ == "__main__":
    warm_process(sys.argv[1], Path(sys.argv[2]))
