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
from ..wire import decode, encode
from .channel import ASK_BODY_CAP, MAX_ANSWER_SECONDS, Answerer, Channel, Died, TimedOut
from .said import COUNT, Loaded, Nudge, death, failure_of, kinds_of, listed, loaded_of, size_of
from .spawn import Launcher

ANSWER_SLACK = 1 << 20  # bytes beyond eight times the expected size, so that a wrong shape can still be named
LOAD_CAP = 1 << 16
DEATHS = ("crashed", "unreadable answer")
NOT_COUNTED = (*DEATHS, "time limit", "memory limit", "ungraded")  # of a call that is ours and not the student's
MOST_NUDGES, MOST_STEPS = 64, 64
EXTRA_SECONDS, ONE_EXTRA = 10.0, 2.0  # for second calls and explanations: of a submission, and of one of them
RESERVE_SECONDS = 2.0  # of the submission's time that the calls of one question leave to each later one
READY_SECONDS = 120.0  # for importing NumPy or torch on a slow disk


@dataclass
class Runner:
    """Puts cases to one submission; `notes` holds what was said while loading. Close it when done."""

    key: AnswerKey
    submission: Submission
    launcher: Launcher
    limits: Limits
    clock: Callable[[], float] = time.monotonic
    notes: tuple[str, ...] = ()
    ask: Mapping[str, Sequence[str]] = field(default_factory=dict)  # functions answered by us: their parameters
    answer: Answerer | None = None  # who answers them
    asked: dict[str, set[str]] = field(default_factory=dict)  # case -> which of them it was given an answer of
    _channel: Channel | None = None
    _loaded: Loaded | None = None
    _waited: float = 0.0  # seconds that starting workers took
    _loading: float = 0.0  # seconds that loading the file took
    _deadline: float = math.inf  # of the submission, by _now()
    _started: float = 0.0
    _extra: float = EXTRA_SECONDS
    _found: list[list[Value]] = field(default_factory=list)  # of the last request's nudges
    _case_name: str = ""

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
            yield question, self._question(question, min(question.seconds or limits.question, max(left, reserve)))

    def nudged(
        self, question: FrozenQuestion, case: FrozenCase, nudges: Sequence[Nudge]
    ) -> tuple[Response, list[list[Value]]]:
        """A case once more, and in the same request forwards with an input moved: for each nudge its output at each
        step, None where it raised. Raises SandboxError."""
        self._found = []
        return self._on_us(question, case, nudges), self._found

    def once_more(self, question: FrozenQuestion, responses: Mapping[str, Response]) -> Mapping[str, Response]:
        """The responses, with one call made again, of a hidden case if there is one: what a function keeps between
        calls shows. Neither a second call that takes too long nor one that ends the process counts. Raises
        SandboxError."""
        ordinary = sorted((c for c in question.cases if c.raises is None), key=lambda c: not c.hidden)
        answered = [case for case in ordinary if case.name in responses and responses[case.name].failure is None]
        if len(ordinary) < 2 or not answered or question.predicate:
            return responses
        first, response = answered[0].name, self._on_us(question, answered[0])
        if response.failure is not None and response.failure.kind in NOT_COUNTED:
            return responses
        return {**responses, first: replace(responses[first], again=response.values)}

    def _on_us(self, question: FrozenQuestion, case: FrozenCase, nudges: Sequence[Nudge] = ()) -> Response:
        """One more request at nobody's charge. All such of a submission share EXTRA_SECONDS; the first one that takes
        too long is the last, so that they cannot hold up a batch."""
        if self._extra <= 0:
            return Response(failure=Failure(Verdict.UNGRADED, "ungraded", "not asked"))
        now, loading, started = self._now(), self._loading, self.clock()
        try:
            response = self._case(question, case, min(ONE_EXTRA, self._extra), nudges)
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
        channel, self._channel = self._channel, None
        return channel.end() if channel else ""

    def _question(self, question: FrozenQuestion, seconds: float) -> dict[str, Response]:
        """Each case may use what is left of the question's time but a small reserve for each that follows.
        Loading, which a crash makes necessary again, counts for the submission and not for the question."""
        out: dict[str, Response] = {}
        deadline, crashes = self._answering() + seconds, 0
        reserve = min(RESERVE_SECONDS / 4, seconds / (2 * len(question.cases)))
        for index, case in enumerate(question.cases):
            left = deadline - self._answering()
            if left <= 0.02 or self._now() >= self._deadline:
                out[case.name] = Response(failure=self._timeout(question))
                continue
            if crashes > self.limits.restarts:
                tired = Failure(Verdict.ERROR, "crashed", "not run: this function ended its process too often")
                out[case.name] = Response(failure=tired)
                continue
            response = out[case.name] = self._case(
                question, case, max(left - reserve * (len(question.cases) - index - 1), reserve)
            )
            died = response.failure is not None and response.failure.kind in DEATHS
            crashes += died and not (self._loaded and self._loaded.failure)
        return out

    def _case(
        self, question: FrozenQuestion, case: FrozenCase, seconds: float, nudges: Sequence[Nudge] = ()
    ) -> Response:
        loaded = self._load()
        if loaded.failure:
            return Response(failure=loaded.failure)
        for target in question.targets:
            if target not in loaded.found:
                why = (
                    "is not a function or class"
                    if target in loaded.present
                    else f"is not defined in {clean_text(self.submission.main, 120, lines=False)}"
                )
                return Response(failure=Failure(Verdict.MISSING, "missing", f"{target} {why}"))
        assert self._channel is not None
        buffers: list[bytes] = []
        cap = ANSWER_SLACK + 8 * sum(size_of(v) for v in case.expected.values())
        room = ASK_BODY_CAP + 4 * sum(size_of(v) for v in case.inputs.values()) if self.ask else 0
        header = {
            "op": "call",
            "steps": [s.row for s in question.steps],
            "inputs": {name: encode(value, buffers) for name, value in case.inputs.items()},
            "kinds": {output.name: output.kind for output in question.returned},
            "ask": room,
            "nudges": [nudge.header(buffers) for nudge in nudges],
            "cap": cap,
        }
        self._case_name, answer = case.name, self._answer if self.ask else None
        try:
            got, body = self._channel.request(header, buffers, seconds, cap, answer, room)
            return self._read(question, case, got, body, self._channel.printed())
        except TimedOut:
            self._end()
            return Response(failure=self._timeout(question))
        except Died:
            return Response(failure=death(self._end(), "during this call"))
        except WireError as error:
            self._end()
            return Response(
                failure=Failure(Verdict.ERROR, "unreadable answer", f"the answer could not be read: {error}")
            )

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

    def _read(
        self,
        question: FrozenQuestion,
        case: FrozenCase,
        got: Mapping[str, Any],
        body: Sequence[memoryview],
        printed: str,
    ) -> Response:
        """An answer frame as a Response. Raises WireError where it breaks the rules."""
        nodes, error, modified = got.get("values"), got.get("error"), listed(got.get("modified"))
        if not isinstance(nodes, dict) or len(nodes) > len(question.returned):
            raise WireError("malformed answer")
        names, seen = {output.name for output in question.returned}, set[int]()
        values = {k: decode(node, body, answers=True, seen=seen) for k, node in nodes.items() if k in names}
        moved = [listed(row)[:MOST_STEPS] for row in listed(got.get("nudged"))[:MOST_NUDGES]]
        self._found = [
            [None if node is None else decode(node, body, answers=True, seen=seen) for node in row] for row in moved
        ]
        failure, raised = None, tuple[str, ...]()
        if error is not None:
            failure = failure_of(error)
            if failure.kind == COUNT:
                failure = replace(failure, message=f"{failure.message}: {', '.join(o.name for o in question.returned)}")
            raised = tuple(kinds_of(error))
        changed = tuple(name for name in case.inputs if name in modified)
        return Response(values, failure, raised, changed, clean_text(printed, 4000))
