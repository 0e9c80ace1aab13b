"""All cases of an assignment put to one submission: Submission + AnswerKey's questions -> Responses.

A crash, an exit or a time-out costs the case in which it happens; the rest goes on in a fresh process. Each
question leaves a reserve of the submission's time to those after it, so that loops cannot starve the others."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import SandboxError, WireError
from ..model import (
    AnswerKey,
    Failure,
    FrozenCase,
    FrozenQuestion,
    Limits,
    Response,
    Submission,
    Value,
    Verdict,
)
from ..text import clean_text
from .calls import Call, calls_of, identical, parts_of, read_answer, request, together
from .channel import MAX_ANSWER_SECONDS, Answerer, Channel
from .line import Died, TimedOut
from .said import Loaded, Nudge, death, failure_of, loaded_of
from .spawn import Launcher

LOAD_CAP = 1 << 16
DEATHS = ("crashed", "unreadable answer")
NOT_COUNTED = (*DEATHS, "time limit", "memory limit", "ungraded")  # of a call that is ours and not the student's
EXTRA_SECONDS, ONE_EXTRA = 10.0, 2.0  # for second calls and explanations: of a submission, and of one of them
RESERVE_SECONDS = 2.0  # of the submission's time that the calls of one question leave to each later one
TOGETHER_SECONDS = 0.3  # that answers may wait for each other
READY_SECONDS = 120.0  # for importing NumPy or torch on a slow disk


@dataclass
class Runner:
    """Puts cases to one submission; `notes` holds what was said while loading. Close it when done.

    together: the cases of a question go in one request, the next question's before the last one's are looked at; then
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
    _loaded: Loaded | None = None
    _waited: float = 0.0  # seconds that starting workers took
    _loading: float = 0.0  # seconds that loading the file took
    _deadline: float = math.inf  # of the submission, by _now()
    _started: float = 0.0
    _extra: float = EXTRA_SECONDS
    _found: list[list[Value]] = field(default_factory=list)  # of the last request's nudges
    _case_name: str = ""
    _stream: list[Call] = field(default_factory=list)  # calls that were sent and not answered yet
    _part: int = 0  # of the request: which call is answered next
    _came: list[tuple[Mapping[str, Any], Sequence[memoryview]]] = field(default_factory=list)  # answers not looked at
    _careful: bool = False  # each answer is sent at once: this submission has kept us waiting, or died

    def responses(self, questions: Sequence[FrozenQuestion]) -> Iterator[tuple[FrozenQuestion, dict[str, Response]]]:
        """The responses of each question, by case, in order. Raises SandboxError for a fault of ours.

        A question may use all that is left of the submission's time but a small reserve for each one that
        comes after it; an author's longer limit lengthens the submission's."""
        limits, started = self.limits, self._now()
        self._started = started
        total = limits.submission + sum(max(0.0, (q.seconds or 0.0) - limits.question) for q in self.key.questions)
        self._deadline = started + total
        reserve = min(RESERVE_SECONDS, total / (2 * len(questions)))
        for index, question in enumerate(questions):
            left = total - (self._now() - started) - reserve * (len(questions) - index - 1)
            found = self._question(question, min(question.seconds or limits.question, max(left, reserve)))
            if self.together and index + 1 < len(questions):
                self._send_ahead(calls_of(questions[index + 1]))
            yield question, found

    def nudged(
        self, question: FrozenQuestion, case: FrozenCase, nudges: Sequence[Nudge]
    ) -> tuple[Response, list[list[Value]]]:
        """A case once more, and in the same request forwards with an input moved: for each nudge its output at each
        step, None where it raised. Raises SandboxError."""
        self._found = []
        return self._on_us([Call(question, case, tuple(nudges))]), self._found

    def once_more(
        self, given: Sequence[tuple[FrozenQuestion, Mapping[str, Response]]]
    ) -> list[tuple[FrozenQuestion, Mapping[str, Response]]]:
        """The questions whose answer changes when a call is made again after all others, with their responses: what a
        function keeps between calls shows. It is a hidden case if there is one. Neither a second call that takes too
        long nor one that ends the process counts. Raises SandboxError."""
        asked = []
        for question, responses in given:
            ordinary = sorted((c for c in question.cases if c.raises is None), key=lambda c: not c.hidden)
            answered = [c for c in ordinary if c.name in responses and responses[c.name].failure is None]
            if len(ordinary) > 1 and answered and not question.predicate:
                asked.append((Call(question, answered[0]), responses))
        calls, changed = [call for call, _ in asked], list[tuple[FrozenQuestion, Mapping[str, Response]]]()
        for index, (call, responses) in enumerate(asked):
            response, first = self._on_us(calls[index:]), responses[call.case.name]
            if response.failure is not None and response.failure.kind in NOT_COUNTED:
                continue
            if not identical(response.values, first.values):
                again = replace(first, again=response.values)
                changed.append((call.question, {**responses, call.case.name: again}))
        return changed

    def _on_us(self, calls: Sequence[Call]) -> Response:
        """The first of some requests at nobody's charge. All such of a submission share EXTRA_SECONDS; the first one
        that takes too long is the last, so that they cannot hold up a batch."""
        if self._extra <= 0:
            return Response(failure=Failure(Verdict.UNGRADED, "ungraded", "not asked"))
        now, loading, started = self._now(), self._loading, self.clock()
        try:
            response = self._next(calls, min(ONE_EXTRA, self._extra))
        finally:
            self._extra -= self.clock() - started
            self._waited += self._now() - now
            self._loading = loading
        if response.failure is not None and response.failure.kind == "time limit":
            self._extra = 0.0
        return response

    @property
    def load_failure(self) -> Failure | None:
        """Why the student's file did not load, if it did not."""
        return self._loaded.failure if self._loaded else None

    @property
    def used(self) -> float:
        """Seconds that were charged since the first of the responses was asked for."""
        return self._now() - self._started

    def close(self) -> None:
        self._end()

    def _now(self) -> float:
        """The time that is charged: starting a worker is ours, not the student's, and so is answering it."""
        return self.clock() - self._waited

    def _answering(self) -> float:
        """The time that a question is charged: not loading either."""
        return self._now() - self._loading

    def _end(self) -> str:
        self._stream.clear()
        self._came.clear()
        channel, self._channel = self._channel, None
        return channel.end() if channel else ""

    def _question(self, question: FrozenQuestion, seconds: float) -> dict[str, Response]:
        """Each case may use what is left of the question's time but a small reserve for each that follows.
        Loading, which a crash makes necessary again, counts for the submission and not for the question."""
        out, calls = dict[str, Response](), calls_of(question)
        deadline, crashes = self._answering() + seconds, 0
        reserve = min(RESERVE_SECONDS / 4, seconds / (2 * len(question.cases)))
        for index, case in enumerate(question.cases):
            left = deadline - self._answering()
            if left <= 0.02 or self._now() >= self._deadline:
                out[case.name] = Response(failure=self._timeout(question))
                self._end()  # it may still be at work on what follows
                continue
            if crashes > self.limits.restarts:
                tired = Failure(Verdict.ERROR, "crashed", "not run: this function ended its process too often")
                out[case.name] = Response(failure=tired)
                continue
            share = max(left - reserve * (len(question.cases) - index - 1), reserve)
            response = out[case.name] = self._next(calls[index:], share)
            died = response.failure is not None and response.failure.kind in DEATHS
            crashes += died and not (self._loaded and self._loaded.failure)
        return out

    def _next(self, calls: Sequence[Call], seconds: float) -> Response:
        """The answer to the first of some calls. Where none is under way, as many are sent as go together.

        Answers that wait for each other are lost with the worker, and nobody knows which call ended it: then, or where
        they take long, it is started again, all this at nobody's charge, and sends each answer at once."""
        if self._stream and self._stream[0].case is not calls[0].case:
            self._end()
        if not self._stream and (failure := self._unable(calls[0].question)):
            return Response(failure=failure)
        if self._waits_for_others(calls[0].question):
            now = self._now()
            try:
                return self._put(calls, min(TOGETHER_SECONDS, seconds))
            except (TimedOut, Died, WireError):
                self._end()
                self._careful = True
                self._waited += self._now() - now
                if failure := self._unable(calls[0].question):
                    return Response(failure=failure)
        try:
            return self._put(calls, seconds)
        except TimedOut:
            self._end()
            return Response(failure=self._timeout(calls[0].question))
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
        sent = together(calls) if self.together and not self.ask else calls[:1]
        self._stream, self._part = list(sent), 0
        self._channel.send(request(sent, self._waits_for_others(calls[0].question), bool(self.ask)), seconds)

    def _send_ahead(self, calls: Sequence[Call]) -> None:
        """Let the worker begin with a question while the answers to the last one are looked at."""
        if self.ask or self._channel is None or self._loaded is None or self._stream or self._now() >= self._deadline:
            return
        if self._unable(calls[0].question) is None:
            try:
                self._send(calls, self.limits.question)
            except (Died, TimedOut):  # what the last question left behind costs the next one nothing
                self._end()

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
        printed = "" if self.together else channel.printed()
        response, self._found = read_answer(call, *self._came.pop(0), printed)
        return response

    def _timeout(self, question: FrozenQuestion) -> Failure:
        """Says the question's limit, not the share that was left, so that equal runs give equal reports."""
        limit = question.seconds or self.limits.question
        return Failure(
            Verdict.TIMEOUT,
            "time limit",
            f"no answer within the time limit ({limit:g} s for all cases of a question, "
            f"{self.limits.submission:g} s for all questions)",
        )

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
        self._channel = self.launcher.start(self.limits)
        self._channel.slow = self.slow
        self._make_ready(self._channel)
        self._waited += self.clock() - asked
        asked = self.clock()
        self._loaded = self._load_into(self._channel, min(self.limits.question, max(1.0, self._deadline - self._now())))
        self._loading += self.clock() - asked
        if first:  # later ones may know what hidden cases hold
            self.notes = self._loaded.told
        if self._loaded.failure:
            self._end()
        return self._loaded

    def _make_ready(self, channel: Channel) -> None:
        """Wait until the worker has imported its libraries and the author's fixtures. No student code runs yet:
        a failure is ours."""
        header = {"op": "ready", "library": self.key.library, "fixtures": bool(self.key.fixtures)}
        buffers = [self.key.fixtures.encode()] if self.key.fixtures else []
        try:
            got, _ = channel.request(header, buffers, READY_SECONDS, LOAD_CAP)
            if got.get("error") is not None:
                why = failure_of(got["error"], "fixtures.py does not load where it is graded: ").message
                self._end()
                raise SandboxError(why)
        except (TimedOut, Died, WireError) as error:
            cause = self._end()
            raise SandboxError(f"a worker did not get ready ({cause or type(error).__name__})") from error

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
