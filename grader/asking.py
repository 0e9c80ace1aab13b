"""The trusted end of the oracle: the reference answers a call of a student's function, in a process of its own.

What is asked comes out of a worker and is hostile: it was decoded by the wire's rules, it is brought into the form
of the question's own cases here, and what the reference does not take is refused. Nothing of torch is imported."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .course import Course, torch_version
from .errors import SandboxError, UsageError, WireError
from .model import AnswerKey, FrozenQuestion, Limits, Value
from .sandbox.channel import Channel
from .sandbox.line import Died, TimedOut
from .sandbox.spawn import Spawner
from .text import clean_text
from .wire import decode, encode

BOOT = """import sys
sys.path.insert(0, sys.argv[1])
import grader.oracle
sys.path.remove(sys.argv[1])
grader.oracle.main(sys.argv[2:])"""
START_SECONDS = 120.0  # for importing torch from a slow disk
ANSWER_SECONDS = 10.0
ANSWER_CAP = 65 << 20


class Oracle:
    """Answers calls with the reference of one assignment. The process starts with the first call; one serves all
    threads. `missing` says why nothing can be answered, where torch is not installed or there is no course at hand.
    Close it at the end."""

    def __init__(self, course: Course | None, key: AnswerKey, device: str = "cpu") -> None:
        self.course, self.key, self.device = course, key, device
        self.questions = {q.name: q for q in key.questions}
        self.lock = threading.RLock()
        self.channel: Channel | None = None
        self.closed = False
        self.missing = "" if course is not None else "the reference is not here"
        try:
            torch_version()
        except UsageError:
            self.missing = self.missing or "torch is not installed"

    @property
    def available(self) -> bool:
        return not self.missing

    def start(self) -> None:
        """Start the process unless it runs. Raises SandboxError, with the reason."""
        with self.lock:
            self._running()

    def answer(self, name: str, args: Sequence[Value]) -> Value:
        """What the reference returns for this call: a tuple in the order of the outputs, or the one output.

        Raises ValueError where the reference does not take these arguments, or twice neither answers in time nor
        lives through them, though it starts: then they are at fault. SandboxError where it does not start."""
        nodes, buffers = [], list[bytes]()
        for value in fit(self.questions[name], args):
            nodes.append(encode(value, buffers))
        header = {"op": "answer", "name": name, "args": nodes}
        with self.lock:
            try:
                got, body = self._running().request(header, buffers, ANSWER_SECONDS, ANSWER_CAP)
            except (TimedOut, Died, WireError):  # it may be of something else: once more, in a new process
                self._end()
                got, body = self._last_try(name, header, buffers)
        if got.get("refused"):
            raise ValueError(f"the reference does not take these arguments of {name}")
        values = [decode(node, body) for node in got["values"]]
        return values[0] if len(values) == 1 else tuple(values)

    def _last_try(self, name: str, header: dict[str, Any], buffers: list[bytes]) -> tuple[Any, list[memoryview]]:
        channel = self._running()
        try:
            return channel.request(header, buffers, ANSWER_SECONDS, ANSWER_CAP)
        except (TimedOut, Died, WireError) as error:
            self._end()
            if self.closed:
                raise SandboxError("the reference was closed") from error
            raise ValueError(f"the reference gives no answer to these arguments of {name}") from error

    def close(self) -> None:
        """End the process, and whatever call a thread is waiting for. Safe to call twice."""
        self.closed = True
        if (channel := self.channel) is not None:
            channel.kill()
        with self.lock:
            self._end()

    def _end(self) -> str:
        channel, self.channel = self.channel, None
        return channel.end() if channel else ""

    def _running(self) -> Channel:
        if self.closed:
            raise SandboxError("the reference was closed")
        if self.channel is not None:
            return self.channel
        if self.course is None:
            raise SandboxError(self.missing)
        if self.course.source_digest(self.key.assignment, self.device) != self.key.provenance.get("sources"):
            raise SandboxError("the reference has changed since the key was frozen: run the same command again")
        root = str(Path(__file__).resolve().parent.parent)
        command = [sys.executable, "-P", "-B", "-X", "utf8", "-c", BOOT, root]
        spawner = Spawner(command=[*command, str(self.course.root.resolve()), self.key.assignment])
        channel = self.channel = spawner.start(Limits())
        try:
            got, _ = channel.request({"op": "ready"}, [], START_SECONDS, 0)
        except (TimedOut, Died, WireError) as error:
            said = channel.printed().strip().splitlines()[-1:]
            why = [self._end(), *(clean_text(line, 200, lines=False) for line in said)]
            raise SandboxError(f"the reference does not start ({'; '.join(why)})") from error
        if got.get("failed"):
            self._end()
            raise SandboxError(f"the reference does not start: {clean_text(str(got['failed']), 400, lines=False)}")
        return channel


def fit(question: FrozenQuestion, args: Sequence[Value]) -> list[Value]:
    """Arguments as the question's cases give them: arrays where those are arrays, floats where those are floats,
    plain numbers where those are; a student's function in NumPy takes the one for the other. Raises ValueError."""
    ordinary = [case for case in question.cases if case.raises is None] or list(question.cases)
    return [
        _fit([case.inputs[name] for case in ordinary if name in case.inputs], arg)
        for name, arg in zip(question.params, args, strict=True)
    ]


def _numeric(value: Value) -> bool:
    if isinstance(value, list):
        return all(map(_numeric, value))
    return isinstance(value, (bool, int, float)) or (isinstance(value, np.ndarray) and value.dtype.kind in "biuf")


def _fit(examples: Sequence[Value], arg: Value) -> Value:
    if examples and all(isinstance(e, np.ndarray) for e in examples):
        if not isinstance(arg, (bool, int, float, list, np.ndarray)):
            raise ValueError("no array")
        if isinstance(arg, list) and not _numeric(arg):
            raise ValueError("no array")  # before NumPy makes one of texts
        array = np.asarray(arg)
        floats = all(e.dtype.kind == "f" for e in examples)
        return array.astype(np.float64) if floats and array.dtype.kind in "biu" else array
    if examples and all(isinstance(e, (bool, int, float)) for e in examples):
        number = arg.item() if isinstance(arg, np.ndarray) and arg.ndim == 0 else arg
        floats = all(isinstance(e, float) for e in examples)
        return float(number) if floats and isinstance(number, (bool, int)) else number
    return arg
