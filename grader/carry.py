"""Error carried forward: a function that is wrong only because one of the student's own that it calls is wrong.

It is run once more, in a fresh worker where the reference answers exactly those calls. What is right then earns the
share that the question declares. What the ordinary run gave stands: nothing here takes a point away, and the
function that was wrong earns nothing by it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from .asking import Oracle
from .errors import SandboxError
from .judge import judge
from .judge.score import result_of, score_question
from .model import (
    AnswerKey,
    Failure,
    FrozenQuestion,
    Limits,
    Outcome,
    QuestionResult,
    Response,
    Submission,
    Value,
    Verdict,
)
from .sandbox.run import Runner
from .sandbox.spawn import Launcher

NOT_DONE = "error carried forward was not done"
LOST = (Verdict.FAIL, Verdict.ERROR, Verdict.TIMEOUT, Verdict.MEMORY)
CIRCLE_SECONDS = 2.0  # for finding out whether a wrong function calls back

Responses = Mapping[str, Response]


@dataclass
class Answering:
    """The oracle for one submission: what it may take in all is bounded, beyond that it refuses."""

    oracle: Oracle
    seconds: float

    def __call__(self, name: str, args: list[Value]) -> Value:
        with self.oracle.lock:  # waiting for others, and starting it, is not this submission's
            self.oracle.start()
            if self.seconds <= 0:
                raise ValueError("asked for too much")
            started = time.monotonic()
            try:
                return self.oracle.answer(name, args)
            finally:
                self.seconds -= time.monotonic() - started


@dataclass
class Carrier:
    """One submission after its ordinary run. `results` holds every question's result."""

    key: AnswerKey
    submission: Submission
    launcher: Launcher
    limits: Limits
    oracle: Oracle
    results: Mapping[str, QuestionResult]

    def __post_init__(self) -> None:
        self.left = self.limits.submission  # seconds for all that is run again
        self.answering = Answering(self.oracle, self.limits.submission)

    def carry(self, responses: Mapping[str, Responses]) -> dict[str, QuestionResult]:
        """The results that change, of the questions whose ordinary responses these are. Never raises for what a
        student did; a fault of ours makes its question UNGRADED."""
        changed = {}
        for question in self.key.questions:
            found, result = responses.get(question.name), self.results[question.name]
            if found is None or result.score is None or not any(o.verdict in LOST for o in result.outcomes):
                continue
            below = [self.results[q.name] for q in self.key.below(question)]
            unsure = [r.question for r in below if r.score is None]
            wrong = [r.question for r in below if any(o.verdict is not Verdict.PASS for o in r.outcomes)]
            if unsure:
                changed[question.name] = ungraded(question, f"{unsure[0]}, which {question.name} may call, is ungraded")
            elif wrong and not self.oracle.available:
                changed[question.name] = replace(result, notes=(*result.notes, f"{NOT_DONE}: {self.oracle.missing}"))
            elif wrong:
                try:
                    changed[question.name] = self._again(question, found, result, wrong)
                except Exception as error:
                    what = str(error) if isinstance(error, SandboxError) else f"{type(error).__name__} in the grader"
                    changed[question.name] = ungraded(question, f"error carried forward: {what}")
        return changed

    def _again(
        self, question: FrozenQuestion, before: Responses, result: QuestionResult, wrong: Sequence[str]
    ) -> QuestionResult:
        """Run a question again with the wrong functions answered, and merge what it gives."""
        responses, asked = self._run(question, wrong)
        lost = {o.case for o in result.outcomes if o.verdict in LOST}
        plain = {case.name for case in question.cases if case.raises is None}
        taken = {case for case in asked if case in lost & plain}
        if not taken:
            return result
        merged = {name: responses[name] if name in taken else before[name] for name in before}
        outcomes, convention = judge(question, merged)
        now = {(o.case, o.output): o.verdict for o in outcomes}
        for o in result.outcomes:  # whoever follows two conventions is wrong in a way of their own
            if o.verdict is Verdict.PASS and o.case not in taken and now[o.case, o.output] is not Verdict.PASS:
                return result
        right = {(o.case, o.output) for o in outcomes if o.case in taken and o.verdict is Verdict.PASS}
        if not any(o.verdict in LOST and (o.case, o.output) in right for o in result.outcomes):
            return result
        if circle := self._circle(question, {name for case in taken for name in asked[case]}):
            said = f"{circle} calls {question.name}, which calls it: nothing is carried forward in a circle"
            return replace(result, notes=(*result.notes, said))
        merged_outcomes = [
            self._carried(question, o, asked[o.case]) if o.verdict in LOST and (o.case, o.output) in right else o
            for o in result.outcomes
        ]
        return replace(score_question(question, merged_outcomes, convention), notes=result.notes)

    def _run(self, question: FrozenQuestion, wrong: Sequence[str]) -> tuple[Responses, Mapping[str, set[str]]]:
        if self.left <= 0:
            return {}, {}
        params = {q.name: q.params for q in self.key.questions if q.name in wrong}
        limits = replace(self.limits, submission=self.left)
        runner = Runner(self.key, self.submission, self.launcher, limits, ask=params, answer=self.answering)
        try:
            ((_, responses),) = runner.responses([question])
        finally:
            self.left -= runner.used
            runner.close()
        return responses, runner.asked

    def _carried(self, question: FrozenQuestion, outcome: Outcome, asked: set[str]) -> Outcome:
        """Safe for a hidden case: it tells the names of functions alone."""
        names = ", ".join(q.name for q in self.key.questions if q.name in asked)
        verb = "are" if len(asked) > 1 else "is"
        said = f"right once {names} {verb} answered by the reference; earns {question.carry:g} of its points"
        return replace(outcome, carried=names, message=said)

    def _circle(self, question: FrozenQuestion, asked: set[str]) -> str:
        """The first of the functions that calls the question's own in turn, found by running its first case."""
        calls = list[str]()

        def answer(name: str, _: list[Value]) -> Value:
            calls.append(name)
            raise ValueError("a circle")

        for other in [q for q in self.key.questions if q.name in asked and self.left > 0]:
            limits = replace(self.limits, submission=self.left)
            ask = dict.fromkeys(question.targets, question.params)
            runner = Runner(self.key, self.submission, self.launcher, limits, ask=ask, answer=answer)
            try:
                list(runner.responses([replace(other, cases=other.cases[:1], seconds=CIRCLE_SECONDS)]))
            finally:
                self.left -= runner.used
                runner.close()
            if calls:
                return other.name
        return ""


def ungraded(question: FrozenQuestion, why: str) -> QuestionResult:
    """A question that our side could not grade: no mark, a person must look."""
    failure = Failure(Verdict.UNGRADED, "ungraded", why)
    result = result_of(question, {case.name: Response(failure=failure) for case in question.cases})
    return replace(result, notes=(why,))
