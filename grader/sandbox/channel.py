"""One conversation with one worker: requests out, answers in, a deadline on both."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..errors import SandboxError, WireError
from .line import Line, TimedOut

if TYPE_CHECKING:
    from ..model import Value
    from ..wire import Prepared

REQUEST_HEADER_CAP = 4 << 20
MAX_ASKS = 10_000  # questions that a worker may put back during one call
ASK_BODY_CAP = 1 << 20
MAX_ANSWER_SECONDS = 180.0  # of ours for one question, starting the oracle included; beyond it the call pays
PATIENCE = 1.0  # seconds that a worker may keep us waiting in all before others are let in
MOST_QUEUED = 3.0  # times a limit that a worker's waiting for a processor may lengthen it


Answerer = Callable[[str, "list[Value]"], "Value"]


def queued_seconds(pid: int) -> float:
    """Seconds that the main thread of a process was ready to run and had no processor; 0 where Linux does not tell.

    Kernel: Documentation/scheduler/sched-stats.rst."""
    try:
        with open(f"/proc/{pid}/schedstat") as file:
            return int(file.read().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


def threads_of(pid: int) -> int:
    try:
        return len(os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return 0


class Channel:
    """Requests and answers over a Line. `end()` kills the worker and says how it died; `pid` is the worker's.

    A time limit is of the worker's own time: how long it was ready to run while others had the processors is not
    charged (`queued` sums it up), and `slow` is called once when it has kept us waiting for long."""

    def __init__(self, line: Line, end: Callable[[], str], pid: int = 0) -> None:
        self.line, self._end, self.pid = line, end, pid
        self.nonce = os.urandom(8).hex()  # not secrets, which imports much that `grader check` needs not
        self.sequence = 0
        self.cause: str | None = None
        self.slow: Callable[[], None] = lambda: None
        self.queued = self._waited = self._deadline = self._most = 0.0
        self._told = False

    def request(
        self,
        header: Mapping[str, Any],
        buffers: Sequence[bytes],
        seconds: float,
        cap: int,
        answer: Answerer | None = None,
        ask_cap: int = ASK_BODY_CAP,
    ) -> tuple[dict[str, Any], list[memoryview]]:
        """Send one request and return its answer, whose body is at most `cap` bytes. See `receive`."""
        from ..wire import prepare  # not before it is used: it imports NumPy

        started = time.monotonic()
        self.send(prepare(header, buffers), seconds)
        return self.receive(seconds - (time.monotonic() - started), cap, answer, ask_cap)

    def send(self, frame: Prepared, seconds: float) -> None:
        """Send a request. Raises Died or TimedOut, and SandboxError for one that is too large."""
        self.sequence += 1
        try:
            self._write(frame, time.monotonic() + seconds)
        except WireError as error:  # of ours, and not the student's fault
            raise SandboxError(f"a case is too large to be sent: {error}") from error

    def _write(self, frame: Prepared, deadline: float) -> None:
        tags = {"seq": self.sequence, "nonce": self.nonce}
        self.line.write(frame.tagged(tags, REQUEST_HEADER_CAP), deadline)

    def receive(
        self, seconds: float, cap: int, answer: Answerer | None = None, ask_cap: int = ASK_BODY_CAP
    ) -> tuple[dict[str, Any], list[memoryview]]:
        """An answer to the last request, or some of it; its body is at most `cap` bytes.

        While the call is open the worker may ask back, with at most `ask_cap` bytes of arguments;
        `answer(name, args)` replies (a tuple arrives as one, ValueError refuses), and the time that it takes is
        not charged. Raises Died, TimedOut, or WireError for an answer that breaks the rules."""
        from ..wire import prepare, read_frame

        self._deadline, self._most = time.monotonic() + seconds, MOST_QUEUED * seconds
        asked = 0
        while True:
            got, body = read_frame(self._read, max(cap, ask_cap))
            if "ask" not in got:
                break
            asked += 1
            if answer is None or asked > MAX_ASKS:
                raise WireError("a question that nobody answers" if answer is None else "too many questions")
            name, args = self._question(got, body)
            started = time.monotonic()
            reply, out = self._reply(name, args, answer)
            self._deadline += min(time.monotonic() - started, MAX_ANSWER_SECONDS)  # our time; theirs is charged
            self._write(prepare(reply, out), self._deadline)
        if got.get("overflow"):
            raise WireError("an answer with more parts than fit")
        if got.get("nonce") != self.nonce or got.get("seq") != self.sequence:
            raise WireError("an answer to another request")
        return got, body

    def _read(self, count: int) -> bytes:
        """Exactly `count` bytes, by the deadline."""
        started = time.monotonic()
        while True:
            patient = float("inf") if self._told else started + PATIENCE - self._waited
            try:
                data = self.line.read(count, min(patient, self._deadline))
            except TimedOut:
                now = time.monotonic()
                if now >= patient:
                    self._told = True
                    self.slow()
                if now >= self._deadline and not self._lengthened():
                    raise
            else:
                self._waited += time.monotonic() - started
                return data

    def _lengthened(self) -> bool:
        """Move the deadline by the time that the worker has waited for a processor, if there is any to give."""
        more = min(queued_seconds(self.pid) - self.queued, self._most) if self.pid else 0.0
        if more < 0.01 or threads_of(self.pid) > 1:  # its own threads may be what it waits for
            return False
        self.queued += more
        self._most -= more
        self._deadline += more
        return True

    @staticmethod
    def _question(got: dict[str, Any], body: list[memoryview]) -> tuple[str, list[Value]]:
        """What the worker asks: a function and its arguments. Raises WireError."""
        from ..wire import decode

        name, args, seen = got["ask"], got.get("args"), set[int]()
        if not isinstance(name, str) or not isinstance(args, list):
            raise WireError("malformed question")
        return name, [decode(node, body, answers=True, seen=seen) for node in args]

    @staticmethod
    def _reply(name: str, args: list[Value], answer: Answerer) -> tuple[dict[str, Any], list[bytes]]:
        from ..wire import Unusable, encode

        def usable(value: Value) -> bool:
            parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            return not isinstance(value, Unusable) and all(map(usable, parts))

        out: list[bytes] = []
        try:
            if not usable(args):
                return {"refused": True}, []
            value = answer(name, args)
            return {"answer": encode(value, out), "tuple": isinstance(value, tuple)}, out
        except ValueError:
            return {"refused": True}, []

    def printed(self) -> str:
        return self.line.printed().decode("utf-8", errors="replace")

    def kill(self) -> None:
        """End the worker from another thread: whoever waits for it sees it die."""
        if self.cause is None:
            self._end()

    def end(self) -> str:
        """Kill the worker with all its descendants; how it had died, in words. Safe to call twice."""
        if self.cause is None:
            self.cause = self._end()
            self.line.close()
        return self.cause
