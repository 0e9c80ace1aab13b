"""A student's gradient against the student's own forward: explains, never earns points.

It tells "your backprop is right for your wrong loss" from "your backprop is wrong", and needs no answer. The gradient
and the forward at all moved inputs come back in one request. Whether the forward itself is right is told apart: a
constant forward with a zero gradient agrees with itself, and is praised for nothing."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from .errors import SandboxError
from .gradcheck import Slope, Slopes, conclude, direction, estimate, steps
from .judge.compare import compare
from .locate import Located, locate
from .model import AnswerKey, Array, FrozenCase, FrozenQuestion, Outcome, Response, Value, Verdict
from .sandbox.run import Runner
from .sandbox.said import Nudge
from .tolerance import bounds


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
    right: bool = True  # whether the forward gives the right value there
    located: Located | None = None  # where the gradient contradicts a forward that is wrong itself

    @property
    def flat(self) -> bool:
        """Whether the forward does not change with the argument at all."""
        return self.numeric == 0.0


@dataclass(frozen=True)
class Own:
    """Where a question's own forward is: the question whose steps give it, its output, and what it fixes."""

    asked: FrozenQuestion
    output: str
    fixed: Mapping[str, Value]


def own_forward(key: AnswerKey, question: FrozenQuestion) -> Own | None:
    """The forward of a question's gradients among the student's functions, or None where there is none."""
    asked, fixed = question, dict[str, Value]()
    if question.forward is not None:
        named = [q for q in key.questions if q.name == question.forward.question]
        if not named:
            return None
        asked, fixed = named[0], dict(question.forward.fixed)
    names = [output.name for output in asked.outputs if output.wrt is None]
    return Own(asked, names[0], fixed) if len(names) == 1 and not question.predicate else None


def own_forward_broken(own: Iterable[OwnGradient]) -> bool:
    """Whether a gradient contradicts the forward that the same function returns."""
    return any(check.same and not check.agrees for check in own)


def check_own(
    runner: Runner, question: FrozenQuestion, responses: Mapping[str, Response], find: bool = False
) -> list[OwnGradient]:
    """For each gradient output: the first case that disagrees, else the first whose forward is wrong, else the first.

    Cases at a kink, with a failure, or where the forward gives no number are skipped. find: say where a gradient
    contradicts a forward that is wrong itself. Never raises for what a student did, nor for a worker's end."""
    own = own_forward(runner.key, question)
    if own is None or not any(output.wrt for output in question.outputs):
        return []
    found: dict[str, OwnGradient] = {}
    for case in question.cases:
        response = responses.get(case.name)
        if response is None or response.failure or response.modified or case.kink or case.raises:
            continue
        for check in _check(runner, question, own, case):
            if check.output not in found or _rank(check) < _rank(found[check.output]):
                found[check.output] = check
        if all(o.name in found and not found[o.name].agrees for o in question.outputs if o.wrt):
            break
    if find:
        found = {n: _with_place(runner, question, own, c) for n, c in found.items()}
    return [found[output.name] for output in question.outputs if output.name in found]


def _rank(check: OwnGradient) -> tuple[bool, bool]:
    """The most telling first."""
    return check.agrees, check.right


def _check(runner: Runner, question: FrozenQuestion, own: Own, case: FrozenCase) -> list[OwnGradient]:
    """All gradient outputs in one case, by one request."""
    directions: dict[str, tuple[str, Array, Array]] = {}
    for output in question.outputs:
        x = _row(case.inputs.get(output.wrt or ""))
        if x is not None:
            rng = np.random.default_rng(zlib.crc32(f"{question.name}/{case.name}/{output.name}".encode()))
            directions[output.name] = (output.wrt or "", x, direction(rng, x.shape))
    nudges = [_nudge(own, case, wrt, v, steps(x)) for wrt, x, v in directions.values()]
    try:
        response, moved = runner.nudged(question, case, nudges)
    except SandboxError:
        return []
    if response.failure or len(moved) != len(nudges):
        return []
    checks = []
    for (name, (_, x, v)), values in zip(directions.items(), moved, strict=True):
        gradient = _row(response.values.get(name))
        if gradient is None or gradient.shape != x.shape:
            continue
        numbers = [_scalar(value, case.cotangent) for value in values]
        slopes = conclude(numbers, x, gradient, v) if len(numbers) == len(steps(x)) else None
        if slopes is not None and slopes.conclusive:
            checks.append(_told(question, own, case, name, slopes, values[2]))  # the third is at x itself
    return checks


def _told(question: FrozenQuestion, own: Own, case: FrozenCase, name: str, slopes: Slopes, here: Value) -> OwnGradient:
    same = own.asked is question
    right = _is_right(case, own, here)
    shown = own.output if same else own.asked.name
    return OwnGradient(name, shown, case.name, same, slopes.agree, slopes.numeric, slopes.claimed, right)


def _is_right(case: FrozenCase, own: Own, here: Value) -> bool:
    """Whether the forward, as the nudges see it, gives what the reference's does, or what an accepted one does."""
    expected = [case.anchor, case.expected.get(own.output), *(c.get(own.output) for c in case.conventions.values())]
    for value in expected:
        if value is not None:
            rows = case.bounds.get(own.output) or bounds(np.ravel(np.asarray(value)), 0.0, 0.0, False)
            if compare(own.output, here, value, rows).right:
                return True
    return False


def _nudge(own: Own, case: FrozenCase, wrt: str, v: Array, ts: Iterable[float]) -> Nudge:
    takes = {*own.asked.params, *(name for step in own.asked.steps for name in step.takes)}
    inputs = {p: value for p, value in {**case.inputs, **own.fixed}.items() if p in takes}
    return Nudge(own.asked, inputs, own.output, wrt, _parted(case.inputs[wrt], v), list(ts))


def _row(value: Value) -> Array | None:
    """A float64 array, or those of a list in a row; None for anything else (float32 is too coarse for a slope)."""
    if isinstance(value, list) and value:
        rows = [_row(item) for item in value]
        return None if any(r is None for r in rows) else np.concatenate([np.ravel(r) for r in rows if r is not None])
    return value if isinstance(value, np.ndarray) and value.dtype == np.float64 and value.size else None


def _parted(like: Value, row: Array) -> Value:
    """The numbers of a row in the form of a value that `_row` made one of."""
    if not isinstance(like, list):
        return row
    ends = np.cumsum([_size(item) for item in like])
    return [
        _parted(a, b if isinstance(a, list) else b.reshape(a.shape))
        for a, b in zip(like, np.split(row, ends[:-1]), strict=True)
    ]


def _size(value: Value) -> int:
    return sum(map(_size, value)) if isinstance(value, list) else int(np.size(value))


def _with_place(runner: Runner, question: FrozenQuestion, own: Own, check: OwnGradient) -> OwnGradient:
    """Where the forward is right, comparing values says which entries are wrong; else bisection does."""
    if check.agrees or check.right:
        return check
    case = next(c for c in question.cases if c.name == check.case)
    wrt = next(o.wrt for o in question.outputs if o.name == check.output) or ""
    if isinstance(case.inputs[wrt], list):
        return check  # bisection knows rows and columns of one array
    x = np.asarray(case.inputs[wrt])

    def slope(v: Array) -> Slope:
        _, moved = runner.nudged(question, case, [_nudge(own, case, wrt, v, steps(x))])
        values = [_scalar(value, case.cotangent) for value in (moved[0] if moved else [])]
        return estimate(values, x) if len(values) == len(steps(x)) else Slope(float("nan"), float("inf"))

    try:
        response, _ = runner.nudged(question, case, ())
        gradient = response.values.get(check.output)
        if not isinstance(gradient, np.ndarray) or gradient.shape != x.shape:
            return check
        return replace(check, located=locate(slope, gradient, np.random.default_rng(0)))
    except SandboxError:
        return check


def _scalar(value: Value, cotangent: Mapping[str, Value]) -> float:
    """The number that was differentiated; NaN where there is none."""
    if not isinstance(value, (bool, int, float, np.ndarray)) or getattr(value, "dtype", None) == np.float32:
        return float("nan")
    array, weights = np.asarray(value, dtype=np.float64), next(iter(cotangent.values()), None)
    with np.errstate(all="ignore"):
        if weights is not None:
            return float((array * weights).sum()) if array.shape == np.shape(weights) else float("nan")
    return float(array) if array.ndim == 0 else float("nan")


# -- in a grade ----------------------------------------------------------------------------------------------


def hint_of(check: OwnGradient) -> str:
    """What to tell of a wrong gradient, without a number: it may stand beside a hidden case."""
    if check.flat and not check.right:
        return f"Your {check.forward} does not change at all when its argument is nudged. Does it use it?"
    if check.agrees and not check.right:
        return f"{check.output} is the gradient of your own {check.forward}: look at {check.forward} first."
    if not check.agrees and check.right:
        return f"Your {check.forward} is right, and {check.output} is not its gradient: nudge one entry and compare."
    if not check.agrees:
        return f"{check.output} is not the gradient of your own {check.forward}, which is wrong too: begin there."
    return ""


def explained(
    runner: Runner, question: FrozenQuestion, responses: Mapping[str, Response], outcomes: Iterable[Outcome]
) -> tuple[Outcome, ...]:
    """The outcomes, with a hint on wrong gradients that nothing else explains. No verdict is touched."""
    outcomes = tuple(outcomes)
    gradients = {output.name for output in question.outputs if output.wrt}
    bare = [o for o in outcomes if o.output in gradients and o.verdict is Verdict.FAIL and not o.hint]
    bare = [o for o in bare if o.kind == "wrong value"]
    if not bare:
        return outcomes
    wrong = {o.case for o in bare}
    cases = tuple(case for case in question.cases if case.name in wrong)
    checks = {c.output: c for c in check_own(runner, replace(question, cases=cases[:2]), responses)}
    hints = {name: hint_of(check) for name, check in checks.items()}
    marked = {id(o) for o in bare}
    return tuple(replace(o, hint=hints[o.output]) if id(o) in marked and hints.get(o.output) else o for o in outcomes)
