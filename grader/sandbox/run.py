"""All cases of an assignment put to one submission: Submission + AnswerKey's questions -> Responses.

Each question leaves a reserve of the submission's time to those after it, so that loops cannot starve the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..model import AnswerKey, Failure, FrozenCase, FrozenQuestion, Limits, Response, Value, Verdict
from .calls import Call, calls_of, identical
from .said import Nudge
from .talk import Interrupted, Talk

Came = Callable[[FrozenQuestion, Mapping[str, Response]], None]
DEATHS = ("crashed", "unreadable answer")
NOT_COUNTED = (*DEATHS, "time limit", "memory limit", "missing", "ungraded")  # of a call that is not the student's
EXTRA_SECONDS, ONE_EXTRA = 10.0, 2.0  # for second calls and explanations: of a submission, and of one of them
RESERVE_SECONDS = 2.0  # of the submission's time that the calls of one question leave to each later one


def most_seconds(key: AnswerKey, limits: Limits) -> float:
    """What a submission may use: its limit, by as much more as an author's own limits of questions are longer, and what
    is asked at nobody's charge."""
    return (
        limits.submission + sum(max(0.0, (q.seconds or 0.0) - limits.question) for q in key.questions) + EXTRA_SECONDS
    )


@dataclass
class Runner(Talk):
    """Puts cases to one submission, each with its share of the time. Close it when done. `took`: the seconds that each
    question was charged, for people to read."""

    took: dict[str, float] = field(default_factory=dict)

    _started: float = 0.0
    _extra: float = EXTRA_SECONDS

    def given(
        self,
        questions: Sequence[FrozenQuestion],
        into: dict[str, Mapping[str, Response]],
        came: Came = lambda *_: None,
    ) -> dict[str, Mapping[str, Response]]:
        """The responses of each question by case, written `into` a dict as they come, with what came of a second call
        (see `once_more`). `came` is told of each question at once, and again where it is asked again. Raises
        SandboxError for a fault of ours.

        Where answers that waited for each other are lost, all of them are given again, from the first on, so that what
        a function keeps between calls does not hang on the clock; the first try is at nobody's charge."""
        now, loading = self._now(), self._loading
        try:
            return self._given(questions, into, came)
        except Interrupted:
            self._waited += self._now() - now
            self._loading = loading
            into.clear()
            return self._given(questions, into, came)

    def _given(
        self, questions: Sequence[FrozenQuestion], into: dict[str, Mapping[str, Response]], came: Came
    ) -> dict[str, Mapping[str, Response]]:
        for question, responses in self.responses(questions):
            into[question.name] = responses
            came(question, responses)
        again = self.once_more([(question, into[question.name]) for question in questions])
        into.update({question.name: responses for question, responses in again})
        return into

    def responses(self, questions: Sequence[FrozenQuestion]) -> Iterator[tuple[FrozenQuestion, dict[str, Response]]]:
        """The responses of each question, by case, in order. Raises SandboxError for a fault of ours, and Interrupted
        where answers that waited for each other were lost.

        A question may use all that is left of the submission's time but a small reserve for each one that
        comes after it; an author's longer limit lengthens the submission's."""
        limits, started = self.limits, self._now()
        self._started = started
        total = most_seconds(self.key, limits) - EXTRA_SECONDS
        self._deadline = started + total
        reserve = min(RESERVE_SECONDS, total / (2 * len(questions)))
        behind = [call for question in questions for call in calls_of(question)] if self.together else []
        for index, question in enumerate(questions):
            left = total - (self._now() - started) - reserve * (len(questions) - index - 1)
            seconds = min(question.seconds or limits.question, max(left, reserve))
            before = self._answering()
            responses = self._question(question, seconds, behind or calls_of(question))
            self.took[question.name] = self._answering() - before
            yield question, responses
            behind = behind[len(question.cases) :]

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
        long nor one that ends the process counts. Raises SandboxError, and Interrupted (see `responses`)."""
        asked = list[tuple[Call, Mapping[str, Response]]]()
        for question, responses in given:
            ordinary = sorted((c for c in question.cases if c.raises is None), key=lambda c: not c.hidden)
            answered = [c for c in ordinary if c.name in responses and responses[c.name].failure is None]
            if len(ordinary) > 1 and answered and not question.predicate:
                call = next(call for call in calls_of(question) if call.case is answered[0])
                asked.append((call, responses))
        calls, changed = [call for call, _ in asked], list[tuple[FrozenQuestion, Mapping[str, Response]]]()
        for index, (call, responses) in enumerate(asked):
            if self._careful and call.question.name not in self._answered:  # a later function ended that worker
                for before in calls_of(call.question):
                    if responses[before.case.name].failure is None:
                        self._on_us([before])
            response = self._on_us([call] if self._careful else calls[index:])
            first = responses[call.case.name]
            if response.failure is not None and response.failure.kind in NOT_COUNTED:
                continue
            if self.load_failure is not None:  # of a load after a death
                continue
            if not identical(response.values, first.values):
                again = replace(first, again=response.values)
                changed.append((call.question, {**responses, call.case.name: again}))
        self._careful = True  # what is asked from here on is not asked again
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
    def used(self) -> float:
        """Seconds that were charged since the first of the responses was asked for."""
        return self._now() - self._started

    def _answering(self) -> float:
        """The time that a question is charged: not loading either."""
        return self._now() - self._loading

    def _question(self, question: FrozenQuestion, seconds: float, calls: Sequence[Call]) -> dict[str, Response]:
        """The responses of a question, whose calls are the first of these; what follows may be sent with them.

        Each case may use what is left of the question's time but a small reserve for each that follows. Loading, which
        a crash makes necessary again, counts for the submission and not for the question."""
        out = dict[str, Response]()
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
