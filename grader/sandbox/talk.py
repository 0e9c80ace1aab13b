"""The conversation with one submission's workers: loading it, asking, and what becomes of a question when one dies.

A crash, an exit or a time-out costs the call in which it happens; the rest goes on in a fresh process."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import SandboxError, WireError
from ..model import (
    AnswerKey,
    Failure,
    FrozenQuestion,
    Limits,
    Response,
    Submission,
    Value,
    Verdict,
)
from ..text import clean_text
from .calls import Call, parts_of, read_answer, request, together
from .channel import MAX_ANSWER_SECONDS, Answerer, Channel
from .line import Died, TimedOut
from .said import Loaded, death, failure_of, loaded_of
from .spawn import Launcher

LOAD_CAP = 1 << 16
TOGETHER_SECONDS = 0.3  # that answers may wait for each other
READY_SECONDS = 120.0  # for importing NumPy or torch on a slow disk


class Interrupted(Exception):
    """Answers that waited for each other were lost: all calls are to be made again, in a fresh worker."""


@dataclass
class Talk:
    """Keeps a worker with the submission loaded, and starts another where one is lost; `notes` holds what was said
    while loading. Close it when done.

    together: the cases of a question go in one request, and so do those of the questions behind it; then
    what is printed is not told apart. slow: called when the submission keeps us waiting."""

    key: AnswerKey
    submission: Submission
    launcher: Launcher
    limits: Limits
    clock: Callable[[], float] = time.monotonic
    notes: tuple[str, ...] = ()
    ask: Mapping[str, Sequence[str]] = field(default_factory=dict)  # functions answered by us: their parameters
    answer: Answerer | None = None  # who answers them
    asked: dict[str, set[str]] = field(default_factory=dict)  # case -> which of them it was given an answer of
    together: bool = False
    slow: Callable[[], None] = lambda: None
    _channel: Channel | None = None
    _prepared: Channel | None = None  # of a worker that is ready and has loaded nothing
    _loaded: Loaded | None = None
    _waited: float = 0.0  # seconds that starting workers took
    _loading: float = 0.0  # seconds that loading the file took
    _deadline: float = math.inf  # of the submission, by _now()
    _found: list[list[Value]] = field(default_factory=list)  # of the last request's nudges
    _case_name: str = ""
    _stream: list[Call] = field(default_factory=list)  # calls that were sent and not answered yet
    _part: int = 0  # of the request: which call is answered next
    _came: list[tuple[Mapping[str, Any], Sequence[memoryview]]] = field(default_factory=list)  # answers not looked at
    _careful: bool = False  # each answer is sent at once: this submission has kept us waiting, or died
    _answered: set[str] = field(default_factory=set)  # questions that the present worker has answered a call of

    @property
    def load_failure(self) -> Failure | None:
        """Why the student's file did not load, if it did not."""
        return self._loaded.failure if self._loaded else None

    def close(self) -> None:
        self._end()
        self._unprepared()

    def _now(self) -> float:
        """The time that is charged: starting a worker is ours, not the student's, and so is answering it."""
        return self.clock() - self._waited

    def _end(self) -> str:
        self._stream.clear()
        self._came.clear()
        self._answered.clear()
        channel, self._channel = self._channel, None
        return channel.end() if channel else ""

    def _next(self, calls: Sequence[Call], seconds: float) -> Response:
        """The answer to the first of some calls. Where none is under way, as many are sent as go together.

        Answers that wait for each other are lost with the worker, and nobody knows which call ended it: then, or where
        they take long, Interrupted is raised, and from then on each answer is sent at once."""
        if self._stream and self._stream[0].case is not calls[0].case:
            self._end()
        if not self._stream and (failure := self._unable(calls[0].question)):
            return Response(failure=failure)
        if self._waits_for_others(calls[0].question):
            try:
                return self._put(calls, min(TOGETHER_SECONDS, seconds))
            except (TimedOut, Died, WireError) as error:
                self._end()
                self._careful = True
                raise Interrupted from error
        name = calls[0].question.name
        if self._answered and name not in self._answered:
            try:
                return self._put(calls, seconds)
            except TimedOut:
                return self._timed_out(calls[0])
            except (Died, WireError):  # it may be what an earlier function left behind: once more, in a fresh worker
                self._end()
                if failure := self._unable(calls[0].question):
                    return Response(failure=failure)
        try:
            return self._put(calls, seconds)
        except TimedOut:
            return self._timed_out(calls[0])
        except Died:
            return Response(failure=death(self._end(), "during this call"))
        except WireError as error:
            self._end()
            return Response(
                failure=Failure(Verdict.ERROR, "unreadable answer", f"the answer could not be read: {error}")
            )

    def _waits_for_others(self, question: FrozenQuestion) -> bool:
        return self.together and not (self._careful or self.ask or question.seconds)

    def _put(self, calls: Sequence[Call], seconds: float) -> Response:
        """Raises Died, TimedOut or WireError."""
        if not self._stream:
            started = self.clock()
            self._send(calls, seconds)
            seconds -= self.clock() - started
        return self._receive(self._stream.pop(0), seconds)

    def _timed_out(self, call: Call) -> Response:
        self._end()
        return Response(failure=self._timeout(call.question))

    def _timeout(self, question: FrozenQuestion) -> Failure:
        """Says the question's limit, not the share that was left, so that equal runs give equal reports."""
        limit = question.seconds or self.limits.question
        return Failure(
            Verdict.TIMEOUT,
            "time limit",
            f"no answer within the time limit ({limit:g} s for all cases of a question, "
            f"{self.limits.submission:g} s for all questions)",
        )

    def _unable(self, question: FrozenQuestion) -> Failure | None:
        """Why a question cannot be put to the submission: it does not load, or has no such function."""
        loaded = self._load()
        if loaded.failure:
            return loaded.failure
        for target in question.targets:
            if target not in loaded.found:
                why = (
                    "is not a function or class"
                    if target in loaded.present
                    else f"is not defined in {clean_text(self.submission.main, 120, lines=False)}"
                )
                return Failure(Verdict.MISSING, "missing", f"{target} {why}")
        return None

    def _send(self, calls: Sequence[Call], seconds: float) -> None:
        """Raises Died or TimedOut."""
        assert self._channel is not None
        alone = not self._waits_for_others(calls[0].question)
        sent = calls[:1] if self.ask or not self.together else self._sendable(together(calls), alone)
        self._stream, self._part = list(sent), 0
        self._channel.send(request(sent, not alone, bool(self.ask)), seconds)

    def _sendable(self, calls: Sequence[Call], alone: bool) -> Sequence[Call]:
        """The first calls whose functions are there, and whose answers are all sent in the same way."""
        assert self._loaded is not None
        asked, question = calls[0].question, calls[0].question
        for index, call in enumerate(calls):
            if call.question is not question:
                question = call.question
                mixed = (not self._waits_for_others(question)) != alone or (question.seconds is not asked.seconds)
                if mixed or not self._loaded.found.issuperset(question.targets):
                    return calls[:index]
        return calls

    def _receive(self, call: Call, seconds: float) -> Response:
        """Raises Died, TimedOut or WireError."""
        channel = self._channel
        assert channel is not None
        self._case_name = call.case.name
        if not self._came:
            before = channel.queued
            try:
                answer, room = (self._answer, call.room()) if self.ask else (None, 0)
                cap = max(one.cap for one in (call, *self._stream))
                got, body = channel.receive(seconds, cap, answer, room)
            finally:
                self._waited += channel.queued - before
            self._came = parts_of(got, body, self._part, 1 + len(self._stream))
            self._part += len(self._came)
            self._answered.add(call.question.name)
        printed = "" if self.together else channel.printed()
        response, self._found = read_answer(call, *self._came.pop(0), printed)
        return response

    def _answer(self, name: str, args: list[Value]) -> Value:
        """The answer to a question of the worker's. Raises ValueError where there is none."""
        if self.answer is None or name not in self.ask or len(args) != len(self.ask[name]):
            raise ValueError(f"nobody answers {name}")
        started = self.clock()
        try:
            value = self.answer(name, args)
        finally:
            self._waited += min(self.clock() - started, MAX_ANSWER_SECONDS)
        self.asked.setdefault(self._case_name, set()).add(name)
        return value

    def _load(self) -> Loaded:
        """Start a worker and load the submission, unless one is waiting."""
        if self._channel is not None and self._loaded is not None:
            return self._loaded
        if self._loaded is not None and self._loaded.failure:
            return self._loaded
        asked, first = self.clock(), self._loaded is None
        self.prepare()
        self._channel, self._prepared = self._prepared, None
        assert self._channel is not None
        self._waited += self.clock() - asked
        asked = self.clock()
        self._loaded = self._load_into(self._channel, min(self.limits.question, max(1.0, self._deadline - self._now())))
        self._channel.printed()  # by the file itself: it is no case's
        self._loading += self.clock() - asked
        if first:  # later ones may know what hidden cases hold
            self.notes = self._loaded.told
        if self._loaded.failure:
            self._end()
        return self._loaded

    def prepare(self) -> None:
        """Have a worker ready, before any of the student's code is run. Raises SandboxError."""
        if self._prepared is None:
            self._prepared = self.launcher.start(self.limits)
            self._prepared.slow = self.slow
            self._make_ready(self._prepared)

    def before_loading(self, header: Mapping[str, Any], buffers: Sequence[bytes], seconds: float, cap: int) -> Any:
        """What a worker that has loaded nothing answers; None where it does not. Raises SandboxError."""
        self.prepare()
        assert self._prepared is not None
        try:
            return self._prepared.request(header, buffers, seconds, cap)[0]
        except (TimedOut, Died, WireError):
            self._unprepared()
            return None

    def _make_ready(self, channel: Channel) -> None:
        """Wait until the worker has imported its libraries and the author's fixtures. No student code runs yet:
        a failure is ours."""
        header = {"op": "ready", "library": self.key.library, "fixtures": bool(self.key.fixtures)}
        buffers = [self.key.fixtures.encode()] if self.key.fixtures else []
        try:
            got, _ = channel.request(header, buffers, READY_SECONDS, LOAD_CAP)
            if got.get("error") is not None:
                why = failure_of(got["error"], "fixtures.py does not load where it is graded: ").message
                self._unprepared()
                raise SandboxError(why)
        except (TimedOut, Died, WireError) as error:
            cause = self._unprepared()
            raise SandboxError(f"a worker did not get ready ({cause or type(error).__name__})") from error

    def _unprepared(self) -> str:
        channel, self._prepared = self._prepared, None
        return channel.end() if channel else ""

    def _load_into(self, channel: Channel, seconds: float) -> Loaded:
        files = self.submission.files
        header = {
            "op": "load",
            "files": [file.name for file in files],
            "main": self.submission.main,
            "module": self.key.file.removesuffix(".py"),
            "targets": sorted({t for q in self.key.questions for t in q.targets}),
            "ask": {name: list(params) for name, params in self.ask.items()},
        }
        buffers = [file.data for file in files]
        during = "while the file was loaded"
        try:
            got, _ = channel.request(header, buffers, seconds, LOAD_CAP)
            return loaded_of(got)
        except TimedOut:
            return Loaded(failure=Failure(Verdict.TIMEOUT, "time limit", f"no end within {seconds:.3g} s {during}"))
        except Died:
            return Loaded(failure=death(channel.end(), during))
        except WireError as error:
            return Loaded(failure=Failure(Verdict.ERROR, "unreadable answer", f"{error} {during}"))
