"""The first wrong link of a chain of layers: which layers are right in every case, and where the error enters.

Says only what the answers show: of gradients by layer the last wrong one below layers that are all right, of a list
of activations the first wrong one. Nothing is said where no layer is right, or where a call gave no answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import numpy as np

from ..model import FrozenCase, FrozenQuestion, Outcome, Output, Response, Verdict
from .compare import compare
from .judge import wanted

WEIGHTS = ("w", "theta", "kernel", "filter", "conv", "fc")  # how names of a layer's weights start; x1 and x2 are data
KINDS = ("wrong value", "wrong shape", "not finite")


def wrong_links(
    question: FrozenQuestion, responses: Mapping[str, Response], outcomes: Sequence[Outcome], taken: tuple[str, ...]
) -> dict[str, str]:
    """A hint for each wrong output of a chain whose first wrong link can be told; taken: conventions that hold."""
    hints = _by_number(question, outcomes)
    for output in question.outputs:
        hint = _in_list(question, responses, output, taken)
        if hint:
            hints.setdefault(output.name, hint)
    return hints


# -- gradients in outputs of their own: dW1, db1, dW2, db2 ------------------------------------------------------


def _by_number(question: FrozenQuestion, outcomes: Sequence[Outcome]) -> dict[str, str]:
    layers = _layers(question.outputs)
    ordinary = {case.name for case in question.cases if case.raises is None}
    asked = [o for o in outcomes if o.case in ordinary]
    right = {name for name in layers if all(o.verdict is Verdict.PASS for o in asked if o.output == name)}
    wrong = {o.output for o in asked if o.output in layers and o.verdict is Verdict.FAIL and o.kind in KINDS}
    numbers = sorted(set(layers.values()))
    last = max((n for name, n in layers.items() if name not in right), default=None)
    if not asked or last is None or last == numbers[-1] or not any(layers[name] == last for name in wrong):
        return {}
    after = numbers[numbers.index(last) + 1]
    first = [name for name, n in layers.items() if n == last and name in wrong]
    beside = [name for name, n in layers.items() if n == last and name in right]
    hint = f"Everything from layer {after} on is right, so the error enters on the way back from it to {_and(first)}."
    if beside:
        verb = "are" if len(beside) > 1 else "is"
        hint = f"{hint} {_and(beside)} {verb} right too: look first at the last step, the one to {_and(first)} itself."
    return dict.fromkeys(sorted(wrong), hint)


def _layers(outputs: Sequence[Output]) -> dict[str, int]:
    """Layer of each gradient output whose argument ends in a number; {} where these are no layers' parameters."""
    found, weights = {}, set()
    for output in outputs:
        match = re.fullmatch(r"(.*[^0-9])([0-9]{1,4})", output.wrt or "")
        if match:
            found[output.name] = int(match[2])
            if match[1].lower().startswith(WEIGHTS):
                weights.add(int(match[2]))
    return found if len(weights) > 1 else {}


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


# -- a list of arrays, one for each layer -----------------------------------------------------------------------


def _in_list(
    question: FrozenQuestion, responses: Mapping[str, Response], output: Output, taken: tuple[str, ...]
) -> str | None:
    """The hint for an output that is a list of arrays by layer: right up to one of them, or from one of them on."""
    rows = []
    for case in question.cases:
        if case.raises is None:
            row = _items(case, responses.get(case.name), output.name, taken)
            if row is None:
                return None
            rows.append(row)
    if not rows or all(map(all, rows)):
        return None
    name = output.name
    if not _is_gradient(output):
        first = min(row.index(False) for row in rows if not all(row))
        if not first:
            return None
        return f"Everything up to {name}[{first - 1}] is right, so the error enters on the way to {name}[{first}]."
    if len({len(row) for row in rows}) > 1:
        return None  # which layer is which?
    last = max(len(row) - 1 - row[::-1].index(False) for row in rows if not all(row))
    if last == len(rows[0]) - 1:
        return None
    return f"Everything from {name}[{last + 1}] on is right, so the error enters on the way back to {name}[{last}]."


def _items(case: FrozenCase, response: Response | None, name: str, taken: tuple[str, ...]) -> list[bool] | None:
    """Which items of a list are right; None where the answer is no list of as many, or what is asked for is none."""
    expected = wanted(case, name, taken)
    if (
        not isinstance(expected, list)
        or not expected
        or not all(isinstance(e, np.ndarray) and e.ndim for e in expected)
    ):
        return None
    if response is None or response.modified:
        return None
    answer = response.values.get(name)
    if not (isinstance(answer, list) or (isinstance(answer, np.ndarray) and answer.ndim)):
        return None
    if len(answer) != len(expected):
        return None
    rows = case.bounds.get(name, {})
    return [compare(name, a, e, rows).right for a, e in zip(answer, expected, strict=True)]


def _is_gradient(output: Output) -> bool:
    return output.wrt is not None or "grad" in output.name.lower() or bool(re.match("d[A-Z]", output.name))
