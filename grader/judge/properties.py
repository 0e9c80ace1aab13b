"""Marks for properties: a predicate of the author's over arrays that the student's functions gave for one case.

The order is fixed: did all calls answer, was an input modified; then, of what the predicate looks at, type, shape
and finiteness against the reference's own responses; then the predicate. One that raises on answers that are sound
so far is a fault of its author's: UNGRADED."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..model import Array, Bound, FrozenCase, FrozenQuestion, Outcome, Response, Step, Value, Verdict
from ..predicate import Outputs, Room, run_predicate
from ..text import clean_text, plural
from ..tolerance import RTOL, row_for
from .compare import compare
from .judge import Judgement
from .message import tell

HOLDS = "holds"  # the one output of every property
BROKEN = "property does not hold"  # kind of the outcome
AUTHORS_FAULT = "property raised"  # kind where the predicate itself raised: UNGRADED
_ANY = Bound(1.0, 1.0)  # type and shape are asked for, not the value


class Unfit(Exception):
    """A response that the predicate cannot be asked about; `kind` is from the fixed vocabulary."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


def judge_property(question: FrozenQuestion, responses: Mapping[str, Response]) -> list[Outcome]:
    """One outcome for each case. A case without a response is UNGRADED. Never raises for what a student did."""
    outcomes = []
    for case in question.cases:
        j = _judge_case(question, case, responses.get(case.name))
        hint = question.title if j.kind == BROKEN else ""
        outcomes.append(Outcome(question.name, case.name, case.hidden, HOLDS, j.verdict, j.kind, None, j.message, hint))
    return outcomes


def _judge_case(question: FrozenQuestion, case: FrozenCase, response: Response | None) -> Judgement:
    if response is None:
        return Judgement(Verdict.UNGRADED, "ungraded", None, "no response: a fault of the grader, run it again")
    if response.failure is not None:
        return Judgement(response.failure.verdict, response.failure.kind, None, response.failure.message)
    if any(part.name not in response.values for part in question.parts):
        return Judgement(Verdict.ERROR, "unreadable answer", None, "the answer lacks an output")
    if response.modified:
        names = ", ".join(response.modified)
        return Judgement(Verdict.FAIL, "input modified", None, f"the calls changed their input {names} in place")
    try:
        truth = evaluate(question, case, response.values)
    except Unfit as unfit:
        return Judgement(Verdict.FAIL, unfit.kind, None, unfit.message)
    except Exception as error:
        what = clean_text(f"{type(error).__name__}: {error}", 200, lines=False)
        return Judgement(
            Verdict.UNGRADED, AUTHORS_FAULT, None, f"the property {question.name} itself raised {what}; a fault of ours"
        )
    if truth.all():
        return Judgement(Verdict.PASS)
    return Judgement(Verdict.FAIL, BROKEN, None, _broken(question, case, response.values, truth))


def evaluate(
    question: FrozenQuestion, case: FrozenCase, values: Mapping[str, Value], looked: set[str] | None = None
) -> Array:
    """Whether each element of the predicate holds for these parts; `looked` collects the parts that it read.

    Raises Unfit for a part that is no fit answer, and whatever the predicate raises."""
    seen = arguments(question, case, values, set() if looked is None else looked)
    return run_predicate(question.predicate, question.name, seen, _room(case, values))


def arguments(
    question: FrozenQuestion, case: FrozenCase, values: Mapping[str, Value], looked: set[str]
) -> dict[str, Any]:
    """What the predicate may take, by name: the case's inputs, and the responses, checked. Raises Unfit."""

    def read(part: str) -> Value:
        looked.add(part)
        return _fit(written(question, case, part), values[part], case.expected[part])

    own = {**case.inputs, **case.kept}
    given: dict[str, Any] = {name: copy.deepcopy(value) for name, value in own.items()}  # the predicate may sort them
    for step in question.steps:
        response = step.gives[0].partition(".")[0]
        if step.gives == (response,):
            given[response] = read(response)
        else:
            names = tuple(part.partition(".")[2] for part in step.gives)
            given[response] = Outputs(names, lambda name, response=response: read(f"{response}.{name}"))
    return given


def _room(case: FrozenCase, values: Mapping[str, Value]) -> Room:
    """The coarsest row of the answers, and their rounding noise as it was measured for the key."""
    rtol, floor = RTOL["float64"], 0.0
    for part, rows in case.bounds.items():
        dtype = np.dtype(np.float32 if _single(values.get(part)) else np.float64)
        bound, expected = row_for(dtype, rows), _flat(case.expected[part])
        scale = float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
        rtol, floor = max(rtol, bound.rtol), floor + max(0.0, bound.atol - bound.rtol * scale)
    return Room(rtol, floor)


def _single(value: Value) -> bool:
    """Whether an answer is float32, or a list that holds some."""
    if isinstance(value, list):
        return any(map(_single, value))
    return isinstance(value, np.ndarray) and value.dtype == np.float32


def _flat(value: Value) -> Array:
    """All numbers of an array or a list of arrays, in a row."""
    if not isinstance(value, list):
        return np.asarray(value, dtype=np.float64).ravel()
    return np.concatenate([_flat(item) for item in value] or [np.zeros(0)])


def _fit(name: str, answer: Value, expected: Value) -> Value:
    """An answer as the predicate sees it: a copy, float64, or integers or booleans where the reference's are; a list
    of such where the reference's is one. Raises Unfit."""
    found = compare(name, answer, expected, dict.fromkeys(RTOL, _ANY))
    if found.kind in ("wrong type", "wrong shape"):
        raise Unfit(found.kind, tell(found))
    if isinstance(expected, list):
        return [_fit(f"{name}[{i}]", a, e) for i, (a, e) in enumerate(zip(answer, expected, strict=True))]
    given, right = np.asarray(answer), np.asarray(expected)
    with np.errstate(all="ignore"):
        odd = np.isnan(given) | (np.isinf(given) & np.isfinite(right))
        if odd.any():
            index = np.unravel_index(int(odd.argmax()), odd.shape)
            at = f" at {list(map(int, index))}" if odd.ndim else ""
            raise Unfit("not finite", f"{name} is {float(given[index])}{at}")
        if right.dtype.kind == "f":
            return np.array(given, dtype=np.float64)
        exact = given.astype(np.bool_ if right.dtype.kind == "b" else np.int64)
        if not (exact == given).all():
            wanted = "booleans" if right.dtype.kind == "b" else "integers"
            raise Unfit("wrong type", f"{name} holds other numbers than {wanted}")
        return exact


def written(question: FrozenQuestion, case: FrozenCase, part: str) -> str:
    """A part as the call that gives it, for messages: `svm_loss(S, y)`, `softmax_loss(S, y).dS`."""
    step = next(s for s in question.steps if part in s.gives)
    output = part.partition(".")[2]
    return f"{_call(step, case)}{'.' + output if output else ''}"


def _call(step: Step, case: FrozenCase) -> str:
    """Inputs by name; what the author fixed, as the input `L.reg`, by value."""
    shown = []
    for name in step.takes:
        fixed = name.partition(".")[2]
        value = repr(case.inputs[name]) if fixed and not isinstance(case.inputs[name], np.ndarray) else "…"
        shown.append(f"{fixed}={value}" if fixed else name)
    return f"{step.target}({', '.join(shown)})"


def _broken(question: FrozenQuestion, case: FrozenCase, values: Mapping[str, Value], truth: Array) -> str:
    """Where it does not hold, and the numbers that it was asked of; what does not hold is in the hint."""
    text = "does not hold"
    if truth.ndim:
        index = np.unravel_index(int((~truth).argmax()), truth.shape)
        text += f" in {int((~truth).sum())} of {plural(truth.size, 'element')}, first at {list(map(int, index))}"
    numbers = [
        f"{written(question, case, part.name)} = {float(np.asarray(values[part.name])):.6g}"
        for part in question.parts
        if isinstance(values[part.name], (bool, int, float, np.ndarray)) and np.ndim(values[part.name]) == 0
    ]
    return f"{text}: {', '.join(numbers)}" if numbers else text
