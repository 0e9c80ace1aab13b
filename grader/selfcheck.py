"""A student's gradient against the student's own forward: explains, never earns points.

It tells "your backprop is right for your wrong loss" from "your backprop is wrong", and needs no answer."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .errors import SandboxError
from .gradcheck import check_direction, direction
from .model import AnswerKey, Array, FrozenCase, FrozenQuestion, Response, Value
from .sandbox.run import Runner

SECONDS = 2.0  # for one call of the student's forward


@dataclass(frozen=True)
class OwnGradient:
    """How a gradient output compares with the slope of the student's own forward in one case."""

    output: str
    forward: str  # the output, or the function, that was differentiated numerically
    case: str
    same: bool  # whether the forward is an output of this very question
    agrees: bool
    numeric: float
    claimed: float


def check_own(runner: Runner, question: FrozenQuestion, responses: Mapping[str, Response]) -> list[OwnGradient]:
    """One line for each gradient output: the first public case that disagrees, or the first that agrees.

    Cases at a kink, with a failure, or where the forward gives no number are skipped."""
    found = []
    for output in question.outputs:
        if output.wrt is None:
            continue
        checks = [
            check
            for case in question.cases
            if (check := _check(runner, question, case, output.name, output.wrt, responses)) is not None
        ]
        found += [check for check in checks if not check.agrees][:1] or checks[:1]
    return found


def _check(
    runner: Runner,
    question: FrozenQuestion,
    case: FrozenCase,
    output: str,
    wrt: str,
    responses: Mapping[str, Response],
) -> OwnGradient | None:
    response, x = responses.get(case.name), case.inputs.get(wrt)
    if response is None or response.failure or response.modified or case.kink or case.raises:
        return None
    gradient = response.values.get(output)
    if not isinstance(x, np.ndarray) or not isinstance(gradient, np.ndarray) or gradient.shape != x.shape:
        return None
    if gradient.dtype != np.float64 or x.dtype != np.float64:
        return None  # float32 is too coarse for a slope
    forward = _own_forward(runner.key, question)
    if forward is None:
        return None
    asked, name, fixed = forward
    cotangent = next(iter(case.cotangent.values()), None)

    def value(at: Array) -> float:
        inputs = {p: v for p, v in {**case.inputs, **fixed, wrt: at}.items() if p in _inputs(asked)}
        got = runner.call(asked, inputs, SECONDS).values.get(name)
        return _scalar(got, cotangent)

    rng = np.random.default_rng(zlib.crc32(f"{question.name}/{case.name}/{output}".encode()))
    try:
        slopes = check_direction(value, x, gradient, direction(rng, x.shape))
    except SandboxError:
        return None
    if not slopes.conclusive:
        return None
    same = asked is question
    shown = name if same else asked.name
    return OwnGradient(output, shown, case.name, same, slopes.agree, slopes.numeric, slopes.claimed)


def _inputs(question: FrozenQuestion) -> set[str]:
    return {*question.params, *(name for step in question.steps for name in step.takes)}


def _own_forward(key: AnswerKey, question: FrozenQuestion) -> tuple[FrozenQuestion, str, Mapping[str, Value]] | None:
    """The question whose steps give the forward, the name of its output, and inputs that are fixed."""
    asked, fixed = question, dict[str, Value]()
    if question.forward is not None:
        named = [q for q in key.questions if q.name == question.forward.question]
        if not named:
            return None
        asked, fixed = named[0], dict(question.forward.fixed)
    names = [output.name for output in asked.outputs if output.wrt is None]
    return (asked, names[0], fixed) if len(names) == 1 else None


def _scalar(value: Value, cotangent: Value) -> float:
    """The number that was differentiated; NaN where there is none."""
    if not isinstance(value, (bool, int, float, np.ndarray)) or getattr(value, "dtype", None) == np.float32:
        return float("nan")
    array = np.asarray(value, dtype=np.float64)
    if cotangent is not None:
        weights = np.asarray(cotangent)
        return float((array * weights).sum()) if array.shape == weights.shape else float("nan")
    return float(array) if array.ndim == 0 else float("nan")
