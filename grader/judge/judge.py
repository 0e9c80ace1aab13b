"""Responses against a frozen question: one Outcome for each case and output. Only values are looked at here.

The order is fixed: did an answer come, was an input modified, and then that of compare.py; message.py finds the words.
An accepted convention is taken only where the student follows it in every output that it changes, case by case,
in more cases than the reference's own; so a halved loss with an unhalved gradient stays wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..model import (
    Failure,
    FrozenCase,
    FrozenQuestion,
    Outcome,
    Output,
    Response,
    Value,
    Verdict,
)
from .at_once import right_at_once
from .compare import compare
from .message import tell
from .pattern import lines_of_ones


@dataclass(frozen=True)
class Judgement:
    """What became of one output; the parts of an Outcome that do not name it."""

    verdict: Verdict
    kind: str = ""
    distance: float | None = None
    message: str = ""


def judge(
    question: FrozenQuestion, responses: Mapping[str, Response], told: bool = True
) -> tuple[list[Outcome], tuple[str, ...]]:
    """Outcomes of a question, case by case and output by output, and the conventions that were taken. Unless `told`,
    wrong elements get no message, which takes longer than the verdict.

    A case without a response is UNGRADED. Raises ValueError for a property: properties.py marks it."""
    if question.predicate:
        raise ValueError(f"{question.name} is a property")
    outcomes = _judge_all(question, responses, (), told)
    if not question.conventions or all(o.verdict is Verdict.PASS for o in outcomes):
        return outcomes, ()
    taken = chosen_conventions(question, responses)
    return (_judge_all(question, responses, taken, told) if taken else outcomes), taken


def _judge_all(
    question: FrozenQuestion, responses: Mapping[str, Response], taken: tuple[str, ...], told: bool
) -> list[Outcome]:
    outcomes, right = [], {} if taken else right_at_once(question, responses)
    for case in question.cases:
        for output in question.outputs:
            if (found := right.get((case.name, output.name))) is not None:
                outcomes.append(Outcome(question.name, case.name, case.hidden, output.name, Verdict.PASS, "", found))
                continue
            j = _judge_output(case, output, responses.get(case.name), wanted(case, output.name, taken), told)
            if case.raises is not None and j.verdict is Verdict.PASS and not _answers_somewhere(question, responses):
                j = Judgement(Verdict.FAIL, "always raises", None, f"it raises {case.raises}, but for every input")
            outcomes.append(
                Outcome(question.name, case.name, case.hidden, output.name, j.verdict, j.kind, j.distance, j.message)
            )
    return outcomes


def _answers_somewhere(question: FrozenQuestion, responses: Mapping[str, Response]) -> bool:
    """Whether any case that should return did: who raises for every input has not refused a bad one."""
    ordinary = [case.name for case in question.cases if case.raises is None]
    found = [responses[name] for name in ordinary if name in responses]
    return not ordinary or any(r.values or (r.failure and r.failure.verdict is Verdict.FAIL) for r in found)


def wanted(case: FrozenCase, output: str, taken: tuple[str, ...]) -> Value:
    """The expected value of an output under the conventions that a student follows."""
    value = case.expected.get(output)
    for name in taken:
        value = case.conventions.get(name, {}).get(output, value)
    return value


def chosen_conventions(question: FrozenQuestion, responses: Mapping[str, Response]) -> tuple[str, ...]:
    """Accepted conventions that fit strictly more cases, in all outputs that they change, than what stood before."""
    taken: tuple[str, ...] = ()
    for name in question.conventions:
        fits = {trial: _cases_that_fit(question, responses, name, trial) for trial in (taken, (*taken, name))}
        if fits[(*taken, name)] > fits[taken]:
            taken = (*taken, name)
    return taken


def _cases_that_fit(
    question: FrozenQuestion, responses: Mapping[str, Response], name: str, taken: tuple[str, ...]
) -> int:
    count = 0
    for case in question.cases:
        touched = [output for output in question.outputs if output.name in case.conventions.get(name, {})]
        verdicts = [
            _judge_output(case, o, responses.get(case.name), wanted(case, o.name, taken), False).verdict
            for o in touched
        ]
        count += bool(touched) and all(verdict is Verdict.PASS for verdict in verdicts)
    return count


def _judge_output(
    case: FrozenCase, output: Output, response: Response | None, expected: Value, told: bool
) -> Judgement:
    if response is None:
        return Judgement(Verdict.UNGRADED, "ungraded", None, "no response: a fault of the grader, run it again")
    if case.raises is not None:
        return _judge_raises(case.raises, response)
    if output.name not in response.values:
        return _failed(response.failure)
    if response.modified:
        names = ", ".join(response.modified)
        return Judgement(Verdict.FAIL, "input modified", None, f"the call changed its input {names} in place")
    rows, again = case.bounds.get(output.name, {}), response.again
    found = compare(output.name, response.values[output.name], expected, rows, parts=case.bounds, detailed=told)
    if told and not found.right and (ones := lines_of_ones(case.inputs, output.wrt, expected)):
        found = compare(output.name, response.values[output.name], expected, rows, ones, case.bounds)
    if found.right and again is not None:
        later = output.name in again and compare(output.name, again[output.name], expected, rows, parts=case.bounds)
        if not (later and later.right):
            text = f"{output.name} is right at first, and not when the same call is made again after others"
            return Judgement(Verdict.FAIL, "state kept between calls", None, text)
    return Judgement(Verdict.PASS if found.right else Verdict.FAIL, found.kind, found.distance, tell(found))


def _judge_raises(wanted: str, response: Response) -> Judgement:
    if response.failure is None:
        return Judgement(Verdict.FAIL, "no exception", None, f"the call returned; it must raise {wanted} here")
    unwritten = response.failure.kind == "NotImplementedError" != wanted  # it is a RuntimeError, and every stub's
    if response.failure.verdict is Verdict.ERROR and wanted in response.raised and not unwritten:
        return Judgement(Verdict.PASS)
    if response.failure.verdict is Verdict.FAIL:  # a wrong number of outputs came back: it did not raise
        return Judgement(Verdict.FAIL, "no exception", None, f"the call returned; it must raise {wanted} here")
    return _failed(response.failure)


def _failed(failure: Failure | None) -> Judgement:
    if failure is None:
        return Judgement(Verdict.ERROR, "unreadable answer", None, "the answer lacks this output")
    return Judgement(failure.verdict, failure.kind, None, failure.message)
