"""How a wrong answer fares: the cases that fail it, and by how many tolerances. And the generic wrong answers,
made from the reference's own by arithmetic alone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..judge import judge
from ..judge.diagnose import rows_of
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
    outcomes, _ = judge(question, answers, told=False)
    wrong = [o for o in outcomes if o.verdict is not Verdict.PASS]
    hidden = [o for o in wrong if o.hidden]
    best = max(hidden, key=lambda o: _far(o.distance), default=None)
    single, _ = judge(question, {name: _as_float32(response) for name, response in answers.items()}, told=False)
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
    values, again = in_float32(response.values), None if response.again is None else in_float32(response.again)
    return Response(values, response.failure, response.raised, response.modified, again=again)


def in_float32(values: Mapping[str, Value]) -> dict[str, Value]:
    """The same values with every float as a float32."""
    with np.errstate(all="ignore"):
        return {name: each(value, _to_float32) for name, value in values.items()}


def _to_float32(a: Array) -> Array:
    return a.astype(np.float32) if a.dtype.kind == "f" else a


def each(value: Value, change: Callable[[Array], Array]) -> Value:
    """A value with every number or array in it changed."""
    if isinstance(value, list):
        return [each(item, change) for item in value]
    if isinstance(value, dict):
        return {key: each(item, change) for key, item in value.items()}
    if value is None or isinstance(value, str):
        return value
    return change(np.asarray(value))


def _holds(value: Value, wanted: Callable[[Array], bool]) -> bool:
    """Whether a number or array in a value is of some kind."""
    if isinstance(value, (list, dict)):
        return any(_holds(item, wanted) for item in (value.values() if isinstance(value, dict) else value))
    return value is not None and not isinstance(value, str) and wanted(np.asarray(value))


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
    "smallest row lost": ("", lambda e, _: _without_smallest(e, 0) if e.ndim > 1 else e),
    "smallest column lost": ("", lambda e, _: _without_smallest(e, e.ndim - 1) if e.ndim > 1 else e),
    "smallest element lost": ("", lambda e, _: _without_smallest(e, 0) if e.ndim == 1 else e),
}
ITEM = "smallest item lost"  # of a list or dict: no rule for each number by itself
NEEDS: dict[str, Callable[[Array], bool]] = {  # a rule is left out where no right answer holds such an array
    "transposed": lambda e: e.ndim == 2,
    "smallest row lost": lambda e: e.ndim > 1 and _without_smallest(e, 0) is not e,
    "smallest column lost": lambda e: e.ndim > 1 and _without_smallest(e, e.ndim - 1) is not e,
    "smallest element lost": lambda e: e.ndim == 1 and _without_smallest(e, 0) is not e,
}


def _without_smallest(e: Array, axis: int) -> Array:
    """An array whose slice with the smallest nonzero max|.| along an axis is 0: a mistake that hides behind a
    tolerance that grows with the largest number. Itself where fewer than two are not 0: one alone is "zeros"."""
    if not e.size:
        return e
    largest = np.abs(np.moveaxis(e, axis, 0).reshape(e.shape[axis], -1)).max(axis=1)
    if np.count_nonzero(largest) < 2:
        return e
    out = e.copy()
    np.moveaxis(out, axis, 0)[int(np.argmin(np.where(largest > 0, largest, np.inf)))] = 0
    return out


def _without_item(value: Value) -> Value:
    """A list or dict whose smallest number or array, but for those that are 0, is 0; itself where fewer than two
    are not 0."""
    sizes: list[float] = []

    def measured(e: Array) -> Array:
        sizes.append(float(np.abs(e).max()) if e.size else 0.0)
        return e

    each(value, measured)
    nonzero = [size for size in sizes if size > 0]
    if len(nonzero) < 2:
        return value
    smallest, turn = sizes.index(min(nonzero)), iter(range(len(sizes)))
    return each(value, lambda e: np.zeros_like(e) if next(turn) == smallest else e)


@dataclass(frozen=True)
class Generic:
    """One generic wrong answer to one output of a question."""

    name: str
    code: str
    output: str
    answers: Mapping[str, Response]


def generic(question: FrozenQuestion) -> Iterator[Generic]:
    """Wrong answers that need nothing but the right ones, output by output; those that change nothing are left out."""
    ordinary = [case for case in question.cases if case.raises is None]
    for output in question.outputs:
        if output.kind not in ("array", "list", "dict"):
            continue
        for name, (code, _) in RULES.items():
            if name in NEEDS and not any(_holds(c.expected[output.name], NEEDS[name]) for c in ordinary):
                continue
            values = {c.name: by_rule(name, c.expected[output.name], rows_of(c.inputs)) for c in ordinary}
            yield Generic(name, code, output.name, _replaced(question, output.name, values))
        if output.kind in ("list", "dict"):
            values = {c.name: _without_item(c.expected[output.name]) for c in ordinary}
            if any(values[c.name] is not c.expected[output.name] for c in ordinary):
                yield Generic(ITEM, "", output.name, _replaced(question, output.name, values))
        yield Generic("keeps its first answer", "M25", output.name, _kept(question, output.name))
        if any(_holds(c.expected[output.name], lambda e: e.dtype != bool and bool(e.any())) for c in ordinary):
            yield Generic("adds to its last answer", "M25", output.name, _added(question, output.name))
    arrays = {c.name: tuple(n for n, v in c.inputs.items() if isinstance(v, np.ndarray) and v.size) for c in ordinary}
    if any(arrays.values()):
        answers = {c.name: Response(c.expected, modified=arrays[c.name]) for c in ordinary}
        yield Generic("changes its input", "M24", "", {**right(question), **answers})


def by_rule(name: str, value: Value, n: int) -> Value:
    """A value made wrong by a rule of this name; n is the number of examples."""
    if name == ITEM:
        return _without_item(value)
    with np.errstate(all="ignore"):
        return each(value, lambda e: RULES[name][1](e, n))


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
    answers, last = right(question), dict[str, Value]()
    for case in question.cases:
        if case.raises is not None or output not in case.expected:
            continue
        value = case.expected[output]
        shape = form(value)
        total = last[shape] = _sum(value, last[shape]) if shape in last else value
        again = {**case.expected, output: _sum(total, value)}
        answers[case.name] = Response({**case.expected, output: total}, again=again)
    return answers


def form(value: Value) -> str:
    """The shapes in a value, in words: values of one form can be added."""
    if isinstance(value, list):
        return f"[{', '.join(map(form, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key!r}: {form(item)}' for key, item in value.items())}}}"
    return "" if value is None or isinstance(value, str) else str(np.shape(value))


def _sum(a: Value, b: Value) -> Value:
    """Two values of one form, added number by number; flags and texts are the first's."""
    if isinstance(a, list) and isinstance(b, list):
        return [_sum(x, y) for x, y in zip(a, b, strict=True)]
    if isinstance(a, dict) and isinstance(b, dict):
        return {key: _sum(item, b[key]) for key, item in a.items()}
    if a is None or b is None or isinstance(a, str) or isinstance(b, str) or np.asarray(a).dtype == bool:
        return a
    with np.errstate(all="ignore"):
        return np.asarray(np.asarray(a) + np.asarray(b))
