"""One submission in, its Report out: run, judge, diagnose, score, carry errors forward."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace

from .asking import Oracle
from .carry import Carrier
from .errors import SandboxError
from .excerpt import excerpt
from .judge.score import report, result_of
from .model import (
    AnswerKey,
    Failure,
    FrozenQuestion,
    Limits,
    Outcome,
    QuestionResult,
    Report,
    Response,
    Submission,
    Verdict,
)
from .sandbox.run import Runner
from .sandbox.spawn import Launcher
from .selfcheck import explained


def grade(
    key: AnswerKey,
    submission: Submission,
    launcher: Launcher,
    limits: Limits,
    known: Mapping[str, QuestionResult] | None = None,
    oracle: Oracle | None = None,
    begin: Callable[[], None] = lambda: None,
    idle: Callable[[], None] = lambda: None,
    so_far: Callable[[QuestionResult], None] | None = None,
    took: dict[str, float] | None = None,
    answers: bool = False,
) -> Report:
    """Grade one submission. Questions in `known` are not run again. Never raises for what a student did.

    With an oracle, an error is carried forward where a question says so. `begin` is called before any of the
    submission's code is run, `idle` when it has answered, or keeps us waiting, so that others may run meanwhile.
    `so_far` is told the result of each question as soon as its answers are there: a second call, a hint or an error
    carried forward may still change it. What it raises makes the submission ungraded. Into `took` go the seconds of
    each question that was run. With `answers`, outcomes hold excerpts of wrong answers.

    Raises ValueError for answers with a key that is not public: they may say what the code was given."""
    if answers and not key.public:
        raise ValueError("answers are kept only of public cases, run alone")
    results = dict(known or {})
    pending = [q for q in key.questions if q.name not in results]
    notes: tuple[str, ...] = ()
    if submission.problem:
        verdict, kind = (Verdict.MISSING, "missing") if submission.empty else (Verdict.UNGRADED, "ungraded")
        failure = Failure(verdict, kind, submission.problem)
        results = {q.name: result_of(q, _all(q, failure)) for q in key.questions}
        notes = (submission.problem,)
    elif pending:
        runner = Runner(key, submission, launcher, limits, together=True, slow=idle)
        given = dict[str, Mapping[str, Response]]()
        try:
            runner.prepare()
            begin()
            if so_far is None:
                runner.given(pending, given)
            else:
                tell = so_far
                runner.given(pending, given, lambda question, found: tell(result_of(question, found)))
            idle()
            if took is not None:
                took.update({name: round(seconds, 4) for name, seconds in runner.took.items()})
            for question in pending:
                result = result_of(question, given[question.name])
                if answers:
                    result = _with_answers(question, result, given[question.name])
                results[question.name] = result
                if runner.notes:
                    results[question.name] = replace(result, notes=(*runner.notes, *result.notes))
            for question in pending:
                with contextlib.suppress(Exception):  # a hint that we fail to give costs no grade
                    result = results[question.name]
                    told = explained(runner, question, given[question.name], result.outcomes)
                    if told is not result.outcomes:
                        results[question.name] = replace(result, outcomes=told)
        except Exception as error:  # a fault of ours in one submission stops nobody else's
            what = str(error) if isinstance(error, SandboxError) else f"{type(error).__name__} in the grader"
            notes = (what,)
            failure = Failure(Verdict.UNGRADED, "ungraded", what)
            for question in pending:
                results.setdefault(question.name, result_of(question, _all(question, failure)))
        finally:
            runner.close()
        if oracle is not None:
            loaded = {
                name: found
                for name, found in given.items()
                if runner.load_failure is None or any(r.failure != runner.load_failure for r in found.values())
            }
            results.update(Carrier(key, submission, launcher, limits, oracle, dict(results)).carry(loaded))
    ordered = [results[q.name] for q in key.questions]
    notes = (*dict.fromkeys(note for r in ordered for note in r.notes), *notes)
    return report(key, submission, ordered, launcher.isolation, notes)


def _with_answers(question: FrozenQuestion, result: QuestionResult, given: Mapping[str, Response]) -> QuestionResult:
    """The result with an excerpt of each wrong answer to a public case; where a predicate marks it, of all parts."""

    def answer(o: Outcome) -> Outcome:
        values = given[o.case].values if o.case in given else {}
        found = {part.name: values[part.name] for part in question.parts if part.name in values}
        if o.hidden or o.verdict is not Verdict.FAIL or not (found or o.output in values):
            return o
        return replace(o, answer=excerpt(found or values[o.output]))

    return replace(result, outcomes=tuple(map(answer, result.outcomes)))


def _all(question: FrozenQuestion, failure: Failure) -> dict[str, Response]:
    return {case.name: Response(failure=failure) for case in question.cases}
