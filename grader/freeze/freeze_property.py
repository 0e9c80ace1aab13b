"""A property on its way into the key: the reference answers its calls, and its predicate must hold for that.

The predicate that is tried here is the very text that will run at grading; it must hold for the reference in float64
and in float32, and under each convention that a called question accepts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..author import Called, Case, Question, Where
from ..author.property import Property
from ..author.source import last_line_in
from ..judge.properties import HOLDS, Unfit, arguments, evaluate
from ..model import Array, Bound, FrozenCase, FrozenQuestion, Output, Step, Value
from .leaves import flattened, kind


@dataclass(frozen=True)
class Measured:
    """What the reference gives for one call, by output."""

    expected: Mapping[str, Value]
    bounds: Mapping[str, Mapping[str, Bound]]
    single: Mapping[str, Value]  # the same from a run in float32
    conventions: Mapping[str, Mapping[str, Value]]  # accepted convention -> the outputs that it changes


Measure = Callable[[Question, Case], Measured]


def freeze_property(prop: Property, cases: Sequence[Case], measure: Measure) -> FrozenQuestion:
    """The frozen question of a property. Raises AuthorError, with file and line, where it does not hold."""
    steps = tuple(
        Step("function", c.question.name, _takes(response, c), _gives(response, c), c.question.steps[0].by)
        for response, c in prop.calls.items()
    )
    question = FrozenQuestion(
        name=prop.name,
        title=prop.doc.split("\n\n")[0].replace("\n", " ").strip(),
        params=prop.inputs,
        outputs=(Output(HOLDS, prop.points),),
        steps=steps,
        cases=(),
        seconds=prop.seconds,
        predicate=prop.source,
        parts=tuple(Output(part, 0.0) for step in steps for part in step.gives),
    )
    made = tuple(_case(prop, question, case, measure) for case in cases)
    parts = tuple(_with_kind(prop, part, made) for part in question.parts)
    return replace(question, cases=made, parts=parts)


def _with_kind(prop: Property, part: Output, cases: Sequence[FrozenCase]) -> Output:
    """A part with the kind that it has in every case."""
    kinds = {kind(case.expected[part.name]) for case in cases}
    if len(kinds) > 1:
        raise prop.where.refuse(f"{part.name} is a list in one case and an array in another", "Return one kind")
    return replace(part, kind=kinds.pop())


def _takes(response: str, called: Called) -> tuple[str, ...]:
    """Names of inputs; what the author fixed travels as an input named after the response."""
    return tuple(called.takes.get(name, f"{response}.{name}") for name in called.question.params)


def _gives(response: str, called: Called) -> tuple[str, ...]:
    outputs = tuple(called.question.points)
    return (response,) if len(outputs) == 1 else tuple(f"{response}.{name}" for name in outputs)


def _case(prop: Property, question: FrozenQuestion, case: Case, measure: Measure) -> FrozenCase:
    if case.raises is not None:
        raise case.where.refuse(
            f"case {case.name!r} expects {case.raises.__name__}, but a property asks for answers",
            "Grade the exception in the question itself",
        )
    inputs, expected, single = {n: case.inputs[n] for n in prop.sent}, dict[str, Value](), dict[str, Value]()
    bounds: dict[str, Mapping[str, Bound]] = {}
    others: dict[str, dict[str, Value]] = {}
    for response, called in prop.calls.items():
        inputs |= {f"{response}.{name}": value for name, value in called.fixed.items()}
        given = {param: case.inputs[name] for param, name in called.takes.items()} | dict(called.fixed)
        asked = Case(case.name, hidden=case.hidden, kink=case.kink, **given)
        asked.where = case.where
        found = measure(called.question, asked)
        parts = dict(zip(called.question.points, _gives(response, called), strict=True))
        expected |= {parts[name]: value for name, value in found.expected.items()}
        bounds |= {parts[name]: rows for name, rows in found.bounds.items() if name in parts}
        single |= {parts[name]: value for name, value in found.single.items()}
        for label, values in found.conventions.items():
            convention = f"{label!r}, which {called.question.name} accepts"
            others.setdefault(convention, {}).update({parts[name]: value for name, value in values.items()})
    for part, value in expected.items():
        if kind(value) not in ("array", "list"):
            raise case.where.refuse(
                f"case {case.name!r}: {part} is a {type(value).__name__}", "A property sees arrays and lists of them"
            )
        if not _is_numeric(value):
            raise case.where.refuse(
                f"case {case.name!r}: {part} holds more than numbers", "A property sees arrays and lists of them"
            )
    kept = {name: case.inputs[name] for name in prop.keeps}
    frozen = FrozenCase(case.name, case.hidden, inputs, expected, bounds, kink=case.kink, kept=kept)
    _must_hold(prop, question, case, frozen, expected, "")
    for convention, values in others.items():
        _must_hold(prop, question, case, frozen, {**expected, **values}, f" for answers in the convention {convention}")
    if all(_finite_alike(single[part], expected[part]) for part in expected):
        _must_hold(prop, question, case, frozen, single, " for the reference in float32, as students may answer")
    return frozen


def _must_hold(
    prop: Property, question: FrozenQuestion, case: Case, frozen: FrozenCase, values: Mapping[str, Value], when: str
) -> None:
    truth: Array
    try:
        truth = evaluate(question, frozen, values)
    except Unfit as unfit:
        raise case.where.refuse(
            f"case {case.name!r}: {unfit.message}{when}", "A property takes answers of the reference's shape alone"
        ) from None
    except Exception as error:
        raise _place(prop, question, frozen, values).refuse(
            f"{prop.name} {_said(error)} in case {case.name!r}{when}",
            "It must say True or False of every answer of the right shape",
        ) from error
    if not truth.all():
        share = f" in {int((~truth).sum())} of {truth.size} elements" if truth.ndim else ""
        raise case.where.refuse(
            f"{prop.name} does not hold in case {case.name!r}{share}{when}",
            f"Mend the property ({prop.where.file}:{prop.where.line}) or the case",
        )


def _said(error: Exception) -> str:
    text = str(error)
    return (
        text
        if isinstance(error, TypeError) and text.startswith("returned ")
        else f"raised {type(error).__name__}: {error}"
    )


def _place(prop: Property, question: FrozenQuestion, case: FrozenCase, values: Mapping[str, Value]) -> Where:
    """The author's line: what is stored has lines of its own, so the function itself is run once more."""
    file = Path(prop.where.file)
    try:
        with np.errstate(all="ignore"):
            known = arguments(question, case, values, set())
            prop.function(*(known[name] for name in inspect.signature(prop.function).parameters))
    except Exception as error:
        found, line = last_line_in(error, file, file)
        return Where(found, line) if line else prop.where
    return prop.where


def _is_numeric(value: Value) -> bool:
    if isinstance(value, list):
        return all(map(_is_numeric, value))
    return value is not None and not isinstance(value, (str, dict))


def _finite_alike(a: Value, b: Value) -> bool:
    """Whether two values are finite in the same places; where float32 overflows, no float32 answer is right."""
    return bool(np.array_equal(np.isfinite(flattened(a)), np.isfinite(flattened(b))))
