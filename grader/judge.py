"""Responses against a frozen question: one Outcome for each case and output. Only arrays are looked at here.

The order is fixed: did an answer come, was an input modified, number of outputs, type, shape, finite, distance.
An accepted convention is taken only where the student follows it in every output that it changes, case by case,
in more cases than the reference's own; so a halved loss with an unhalved gradient stays wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .model import (
    Array,
    Bound,
    Failure,
    FrozenCase,
    FrozenQuestion,
    Outcome,
    Output,
    Response,
    Value,
    Verdict,
)
from .text import plural
from .tolerance import distance, row_for
from .wire import Unusable


@dataclass(frozen=True)
class Judgement:
    """What became of one output; the parts of an Outcome that do not name it."""

    verdict: Verdict
    kind: str = ""
    distance: float | None = None
    message: str = ""


def judge(question: FrozenQuestion, responses: Mapping[str, Response]) -> tuple[list[Outcome], tuple[str, ...]]:
    """Outcomes of a question, case by case and output by output, and the conventions that were taken.

    A case without a response is UNGRADED. Raises ValueError for a property: properties.py marks it."""
    if question.predicate:
        raise ValueError(f"{question.name} is a property")
    outcomes = _judge_all(question, responses, ())
    if not question.conventions or all(o.verdict is Verdict.PASS for o in outcomes):
        return outcomes, ()
    taken = chosen_conventions(question, responses)
    return (_judge_all(question, responses, taken) if taken else outcomes), taken


def _judge_all(question: FrozenQuestion, responses: Mapping[str, Response], taken: tuple[str, ...]) -> list[Outcome]:
    outcomes, answers = [], _answers_somewhere(question, responses)
    for case in question.cases:
        for output in question.outputs:
            j = _judge_output(case, output, responses.get(case.name), wanted(case, output.name, taken))
            if case.raises is not None and j.verdict is Verdict.PASS and not answers:
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
            _judge_output(case, o, responses.get(case.name), wanted(case, o.name, taken)).verdict for o in touched
        ]
        count += bool(touched) and all(verdict is Verdict.PASS for verdict in verdicts)
    return count


def _judge_output(case: FrozenCase, output: Output, response: Response | None, expected: Value) -> Judgement:
    if response is None:
        return Judgement(Verdict.UNGRADED, "ungraded", None, "no response: a fault of the grader, run it again")
    if case.raises is not None:
        return _judge_raises(case.raises, response)
    if output.name not in response.values:
        return _failed(response.failure)
    if response.modified:
        names = ", ".join(response.modified)
        return Judgement(Verdict.FAIL, "input modified", None, f"the call changed its input {names} in place")
    return compare(output.name, response.values[output.name], expected, case.bounds.get(output.name, {}))


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


def compare(name: str, answer: Value, expected: Value, rows: Mapping[str, Bound]) -> Judgement:
    """One answer against one expected value, which may be a list or dict of values."""
    if isinstance(answer, Unusable):
        return _unusable(name, answer, expected)
    if expected is None or isinstance(expected, str):
        if type(answer) is type(expected) and answer == expected:
            return Judgement(Verdict.PASS, distance=0.0)
        kind = "wrong value" if type(answer) is type(expected) else "wrong type"
        return Judgement(Verdict.FAIL, kind, None, f"{name} is {_brief(answer)}, expected {_brief(expected)}")
    if isinstance(expected, list):
        if isinstance(answer, np.ndarray) and answer.ndim:
            answer = list(answer)
        if not isinstance(answer, list):
            return _wrong_type(name, answer, "a list")
        if len(answer) != len(expected):
            return Judgement(
                Verdict.FAIL, "wrong shape", None, f"{name} has {plural(len(answer), 'item')}, expected {len(expected)}"
            )
        return _worst(
            [compare(f"{name}[{i}]", a, e, rows) for i, (a, e) in enumerate(zip(answer, expected, strict=True))]
        )
    if isinstance(expected, Mapping):
        if not isinstance(answer, Mapping):
            return _wrong_type(name, answer, "a dict")
        if answer.keys() != expected.keys():
            keys = f"{name} has the keys {_keys(answer)}, expected {_keys(expected)}"
            return Judgement(Verdict.FAIL, "wrong shape", None, keys)
        return _worst([compare(f"{name}[{key!r}]", answer[key], e, rows) for key, e in expected.items()])
    answer = _stacked(answer)
    if isinstance(answer, (list, str, Mapping)) or answer is None:
        return _wrong_type(name, answer, "an array or a number")
    return _compare_arrays(name, np.asarray(answer), np.asarray(expected), rows)


def _stacked(answer: Value) -> Value:
    """A list of numbers, or of arrays of one shape, as an array; anything else as it is."""
    if not isinstance(answer, list):
        return answer
    parts = [_stacked(part) for part in answer]
    numbers = all(isinstance(part, (bool, int, float, np.ndarray)) for part in parts)
    return np.stack(parts) if parts and numbers and len({np.shape(part) for part in parts}) == 1 else answer


def _compare_arrays(name: str, answer: Array, expected: Array, rows: Mapping[str, Bound]) -> Judgement:
    if answer.shape != expected.shape:
        text = f"{name} has shape {answer.shape}, expected {expected.shape}"
        return Judgement(Verdict.FAIL, "wrong shape", None, text)
    bound = row_for(answer.dtype, rows)
    units = distance(answer, expected, bound)
    worst = float(units.max(initial=0.0))
    if worst <= 1.0:
        return Judgement(Verdict.PASS, distance=worst)
    bad = int((units > 1.0).sum())
    index = np.unravel_index(int(units.argmax()), units.shape)
    got, right = float(answer[index]), float(expected[index])
    at = f" at {list(map(int, index))}" if units.ndim else ""
    share = f" in {bad} of {plural(units.size, 'element')}" if units.ndim else ""
    finite = np.isfinite(got) or not np.isfinite(right)
    allowed = bound.atol + bound.rtol * abs(right)
    room = f" (allowed ±{allowed:.2g})" if np.isfinite([got, right]).all() else ""
    text = f"{name} is wrong{share}: got {got:.6g}{at}, expected {right:.6g}{room}"
    return Judgement(Verdict.FAIL, "wrong value" if finite else "not finite", worst, text)


def _worst(parts: list[Judgement]) -> Judgement:
    failed = [p for p in parts if p.verdict is not Verdict.PASS]
    if failed:
        return failed[0]
    return Judgement(Verdict.PASS, distance=max((p.distance or 0.0 for p in parts), default=0.0))


def _unusable(name: str, answer: Unusable, expected: Value) -> Judgement:
    shape = None if expected is None or isinstance(expected, (list, Mapping, str)) else np.shape(expected)
    if answer.shape is not None and shape is not None and answer.shape != shape:
        return Judgement(Verdict.FAIL, "wrong shape", None, f"{name} has shape {answer.shape}, expected {shape}")
    words = {
        "object array": "an array of Python objects",
        "complex": "complex numbers",
        "float16": "float16, which is too coarse",
        "text array": "an array of text",
        "masked array": "a masked array",
        "ragged list": "a list whose rows differ in length",
        "too large": "far larger than expected",
        "too deep": "nested too deeply",
        "huge integer": "an integer of more than 64 bits",
        "no data": "no array and no number",
    }
    return Judgement(Verdict.FAIL, "wrong type", None, f"{name} is {words[answer.kind]}")


def _wrong_type(name: str, answer: Any, wanted: str) -> Judgement:
    return Judgement(Verdict.FAIL, "wrong type", None, f"{name} is {_brief(answer)}, expected {wanted}")


def _keys(value: Mapping[str, Value]) -> str:
    shown = ", ".join(repr(key[:40]) for key in sorted(value)[:10])
    return f"[{shown}{', …' if len(value) > 10 else ''}]"


def _brief(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return repr(value[:40])
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    return f"a {type(value).__name__}"
