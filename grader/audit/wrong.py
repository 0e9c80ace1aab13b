"""How a wrong answer fares: the cases that fail it, and by how many tolerances. And the generic wrong answers,
made from the reference's own by arithmetic alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..judge import judge
from ..model import Array, Failure, FrozenQuestion, Response, Value, Verdict

FLOAT16 = "rounded to float16"  # within float32's own tolerance by design: it counts in float64's row alone


@dataclass(frozen=True)
class Fare:
    """Cases that fail an answer, and its largest distance in a hidden case, in units of the tolerance."""

    hidden: int
    public: int
    output: str
    distance: float
    distance32: float


def fare(question: FrozenQuestion, answers: Mapping[str, Response]) -> Fare:
    """Judge answers as if a student had given them, conventions and all; then the same in float32."""
    outcomes, _ = judge(question, answers)
    wrong = [o for o in outcomes if o.verdict is not Verdict.PASS]
    hidden = [o for o in wrong if o.hidden]
    best = max(hidden, key=lambda o: _far(o.distance), default=None)
    single, _ = judge(question, {name: _as_float32(response) for name, response in answers.items()})
    distance32 = max((_far(o.distance) for o in single if o.hidden and o.verdict is not Verdict.PASS), default=0.0)
    return Fare(
        len({o.case for o in hidden}),
        len({o.case for o in wrong if not o.hidden}),
        best.output if best else "",
        _far(best.distance) if best else 0.0,
        distance32,
    )


def _far(distance: float | None) -> float:
    return math.inf if distance is None else distance


def _as_float32(response: Response) -> Response:
    with np.errstate(all="ignore"):
        values = {name: _each(value, _to_float32) for name, value in response.values.items()}
        again = None if response.again is None else {k: _each(v, _to_float32) for k, v in response.again.items()}
    return Response(values, response.failure, response.raised, response.modified, again=again)


def _to_float32(a: Array) -> Array:
    return a.astype(np.float32) if a.dtype.kind == "f" else a


def _each(value: Value, change: Callable[[Array], Array]) -> Value:
    """A value with every number or array in it changed."""
    if isinstance(value, list):
        return [_each(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _each(item, change) for key, item in value.items()}
    if value is None or isinstance(value, str):
        return value
    return change(np.asarray(value))


def _matrices(value: Value) -> bool:
    if isinstance(value, (list, dict)):
        return any(map(_matrices, value.values() if isinstance(value, dict) else value))
    return np.ndim(value) == 2


def right(question: FrozenQuestion) -> dict[str, Response]:
    """The reference's own answers."""
    return {
        case.name: Response(case.expected)
        if case.raises is None
        else Response(failure=Failure(Verdict.ERROR, case.raises), raised=(case.raises,))
        for case in question.cases
    }


# -- generic wrong answers -----------------------------------------------------------------------------------

RULES: dict[str, tuple[str, Callable[[Array, int], Array]]] = {
    "zeros": ("", lambda e, _: np.zeros_like(e)),
    "negated": ("M05", lambda e, _: ~e if e.dtype == bool else -e),
    "doubled": ("M04", lambda e, _: e if e.dtype == bool else 2 * e),
    "averaged twice": ("M02", lambda e, n: e / n if e.dtype.kind == "f" else e),
    "not averaged": ("M01", lambda e, n: e if e.dtype == bool else n * e),
    "transposed": ("M12", lambda e, _: e.T if e.ndim == 2 else e),
    FLOAT16: ("M34", lambda e, _: e.astype(np.float16).astype(e.dtype) if e.dtype.kind == "f" else e),
}


@dataclass(frozen=True)
class Generic:
    """One generic wrong answer to one output of a question."""

    name: str
    code: str
    output: str
    answers: Mapping[str, Response]


def rows_of(inputs: Mapping[str, Value]) -> int:
    """The number of examples: the first axis of the first array input."""
    sizes = [v.shape[0] for v in inputs.values() if isinstance(v, np.ndarray) and v.ndim]
    return int(sizes[0]) if sizes else 1


def generic(question: FrozenQuestion) -> Iterator[Generic]:
    """Wrong answers that need nothing but the right ones, output by output; those that change nothing are left out."""
    ordinary = [case for case in question.cases if case.raises is None]
    for output in question.outputs:
        if output.kind not in ("array", "list", "dict"):
            continue
        for name, (code, rule) in RULES.items():
            if name == "transposed" and not any(_matrices(c.expected[output.name]) for c in ordinary):
                continue
            values = {c.name: changed(c.expected[output.name], rule, rows_of(c.inputs)) for c in ordinary}
            yield Generic(name, code, output.name, _replaced(question, output.name, values))
        yield Generic("keeps its first answer", "M25", output.name, _kept(question, output.name))
        yield Generic("adds to its last answer", "M25", output.name, _added(question, output.name))
    arrays = {c.name: tuple(n for n, v in c.inputs.items() if isinstance(v, np.ndarray) and v.size) for c in ordinary}
    if any(arrays.values()):
        answers = {c.name: Response(c.expected, modified=arrays[c.name]) for c in ordinary}
        yield Generic("changes its input", "M24", "", {**right(question), **answers})


def changed(value: Value, rule: Callable[[Array, int], Array], n: int) -> Value:
    """A value with a rule applied to every number in it; n is the number of examples."""
    with np.errstate(all="ignore"):
        return _each(value, lambda e: rule(e, n))


def _replaced(question: FrozenQuestion, output: str, values: Mapping[str, Value]) -> dict[str, Response]:
    answers = right(question)
    for case in question.cases:
        if case.name in values:
            answers[case.name] = Response({**case.expected, output: values[case.name]})
    return answers


def _kept(question: FrozenQuestion, output: str) -> dict[str, Response]:
    ordinary = [case for case in question.cases if case.raises is None]
    return _replaced(question, output, {case.name: ordinary[0].expected[output] for case in ordinary})


def _added(question: FrozenQuestion, output: str) -> dict[str, Response]:
    """What is left of an answer is added to the next one of its shape, and to the same call made again."""
    answers, last = right(question), dict[tuple[int, ...], Array]()
    for case in question.cases:
        value = case.expected.get(output)
        if case.raises is not None or not isinstance(value, np.ndarray) or value.dtype == bool:
            continue
        total = last[value.shape] = value + last.get(value.shape, 0)
        again = {**case.expected, output: total + value}
        answers[case.name] = Response({**case.expected, output: total}, again=again)
    return answers
