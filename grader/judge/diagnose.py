"""The name of the misconception behind wrong answers: declared mistakes first, then generic ones.

Looks at arrays only. A name is given to an output when it explains every answer that the student gave for it,
right ones included; a guess from one case alone is not made for the generic ones. What nothing explains may still
have its place in a chain of layers (link.py)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..model import Array, FrozenCase, FrozenQuestion, Outcome, Response, Value, Verdict
from ..tolerance import bounds, distance, row_for
from .judge import wanted
from .link import wrong_links


@dataclass(frozen=True)
class Finding:
    """A named misconception and the question that leads the student to it."""

    name: str
    hint: str


@dataclass(frozen=True)
class Pair:
    """One numeric answer beside what was expected."""

    case: FrozenCase
    answer: Array
    expected: Array
    wrong: bool


NAMED = ("wrong value", "wrong shape", "not finite", "no exception")  # kinds of failure that a mistake may explain
GENERIC = {
    "zeros": Finding("returns zeros", "It returns zeros for every input. Is the result ever filled in?"),
    "shape": Finding("right numbers, wrong shape", "The values are right; compare .shape with the docstring."),
    "transposed": Finding("transposed", "Write the shape of each factor under it. Which one has to be turned?"),
    "sign": Finding("wrong sign", "Nudge one input up a little: does the value rise or fall?"),
    "sum": Finding("summed instead of averaged", "Duplicate every row of the batch. What should happen to the result?"),
    "twice": Finding("divided by N twice", "Follow one sample: how many means lie between it and this result?"),
    "factor": Finding("a constant factor", "It is off by one factor in every case. Follow one term of it by hand."),
}


def diagnose(
    question: FrozenQuestion, responses: Mapping[str, Response], outcomes: Sequence[Outcome], taken: tuple[str, ...]
) -> list[Outcome]:
    """The outcomes, with a hint and a name on each wrong value that a misconception explains."""
    if not any(outcome.verdict is Verdict.FAIL for outcome in outcomes):
        return list(outcomes)
    found = {output.name: _explain(question, responses, outcomes, output.name, taken) for output in question.outputs}
    for output, hint in wrong_links(question, responses, outcomes, taken).items():
        found[output] = found[output] or Finding("first wrong link", hint)
    named = []
    for outcome in outcomes:
        finding = found[outcome.output]
        if finding and outcome.verdict is Verdict.FAIL and outcome.kind in NAMED:
            outcome = replace(outcome, hint=finding.hint, mistake=finding.name)
        named.append(outcome)
    return named


def _explain(
    question: FrozenQuestion,
    responses: Mapping[str, Response],
    outcomes: Sequence[Outcome],
    output: str,
    taken: tuple[str, ...],
) -> Finding | None:
    verdicts = {o.case: o.verdict for o in outcomes if o.output == output}
    if Verdict.FAIL not in verdicts.values():
        return None
    pairs = list(_pairs(question, responses, output, verdicts, taken))
    if not any(pair.wrong for pair in pairs):
        return None
    for note in question.mistakes:
        if _is_mistake(pairs, note.name, output):
            return Finding(note.name, note.hint)
    pairs = [pair for pair in pairs if pair.case.raises is None]
    if not any(pair.wrong for pair in pairs):
        return None
    with np.errstate(all="ignore"):  # answers may be huge
        return _terms(pairs, output) or _generic(pairs)


def _pairs(
    question: FrozenQuestion,
    responses: Mapping[str, Response],
    output: str,
    verdicts: Mapping[str, Verdict],
    taken: tuple[str, ...],
) -> Iterator[Pair]:
    for case in question.cases:
        response, expected = responses.get(case.name), _array(wanted(case, output, taken))
        answer = _array(response.values.get(output)) if response and not response.modified else None
        if answer is not None and case.raises is not None and verdicts.get(case.name) is Verdict.FAIL:
            yield Pair(case, answer, np.full(answer.shape, np.nan), True)  # it must raise: nothing is right
        if answer is not None and expected is not None:
            if isinstance(wanted(case, output, taken), list):
                answer = answer.ravel()  # arrays of one shape may come back stacked
            yield Pair(case, answer, expected, verdicts.get(case.name) is Verdict.FAIL)


def _array(value: Value) -> Array | None:
    """A number or an array as it is; the numbers of a list in a row; None for what holds anything else."""
    if isinstance(value, list):
        rows = [_array(item) for item in value]
        known = [np.ravel(r) for r in rows if r is not None]
        return np.concatenate([*known, np.zeros(0)]) if len(known) == len(rows) else None
    if isinstance(value, (bool, int, float, np.ndarray)):
        array = np.asarray(value)
        return array if array.dtype.kind in "biuf" else None
    return None


def _close(answer: Array, value: Array, case: FrozenCase, output: str) -> bool:
    """Equal within the tolerance, scaled to `value`; NaN equals NaN, for mistakes that overflow."""
    if answer.shape != value.shape:
        return False
    bound = row_for(answer.dtype, case.bounds.get(output) or bounds(value, 0.0, 0.0, False))
    a, v = np.asarray(answer, dtype=np.float64), np.asarray(value, dtype=np.float64)
    both_nan = np.isnan(a) & np.isnan(v)
    scale = np.abs(v[np.isfinite(v)]).max(initial=0.0)
    wider = replace(bound, atol=bound.atol + bound.rtol * float(scale))
    units = distance(np.where(both_nan, 0.0, a), np.where(both_nan, 0.0, v), wider)
    return bool((units <= 1.0).all())


def _is_mistake(pairs: Sequence[Pair], name: str, output: str) -> bool:
    explained = False
    for pair in pairs:
        value = _array(pair.case.mistakes.get(name, {}).get(output))
        if value is None and pair.case.raises is not None:
            continue  # it refuses this input
        fits = _close(pair.answer, pair.expected if value is None else value, pair.case, output)
        if not fits:
            return False
        explained |= pair.wrong and value is not None
    return explained


def _terms(pairs: Sequence[Pair], output: str) -> Finding | None:
    """One declared term of the loss that is missing or rescaled, by the same factor in every case."""
    names = {term for pair in pairs for term, parts in pair.case.terms.items() if output in parts}
    for term in sorted(names):
        factors = []
        for pair in pairs:
            part = _array(pair.case.terms.get(term, {}).get(output))
            if part is None or part.shape != pair.answer.shape or pair.answer.shape != pair.expected.shape:
                break
            rest = pair.expected - part
            size = float(np.sum(np.square(part)))
            factor = float(np.sum((pair.answer - rest) * part)) / size if size > 0 else None
            if not _close(pair.answer, rest + (1.0 if factor is None else factor) * part, pair.case, output):
                break
            if factor is not None:
                factors.append(factor)
        else:
            if len(factors) >= 2 and np.ptp(factors) <= 1e-6 * max(1.0, abs(factors[0])):
                if abs(factors[0]) < 1e-6:
                    return Finding(
                        f"{term} missing",
                        f"The {term} part of the loss does not show in this result. Where does it enter?",
                    )
                return Finding(f"{term} rescaled", f"The {term} part is off by a constant factor; the rest is right.")
    return None


def _generic(pairs: Sequence[Pair]) -> Finding | None:
    wrong = [pair for pair in pairs if pair.wrong]
    if len(wrong) < 2:
        return None
    if all(pair.answer.ndim == 2 and _same_numbers(pair.answer, pair.expected.T) for pair in wrong):
        return GENERIC["transposed"]
    output_size = [pair for pair in wrong if pair.answer.size == pair.expected.size]
    if len(output_size) == len(wrong) and all(pair.answer.shape != pair.expected.shape for pair in wrong):
        if all(_same_numbers(pair.answer.ravel(), pair.expected.ravel()) for pair in wrong):
            return GENERIC["shape"]
        return None
    if any(pair.answer.shape != pair.expected.shape for pair in pairs):
        return None
    if all(not pair.answer.any() for pair in pairs) and any(pair.expected.any() for pair in pairs):
        return GENERIC["zeros"]
    if any(pair.wrong and not pair.expected.any() for pair in pairs):
        return None
    ratios = [_ratio(pair) for pair in pairs if pair.expected.any()]
    if len(ratios) < 2 or any(r is None for r in ratios):
        return None
    factors = np.array([r for r in ratios if r is not None])
    counts = np.array([rows_of(pair.case.inputs) for pair in pairs if pair.expected.any()], dtype=float)
    if np.allclose(factors, -1, rtol=1e-6):
        return GENERIC["sign"]
    if np.ptp(counts) > 0 and np.allclose(factors, counts, rtol=1e-6):
        return GENERIC["sum"]
    if np.ptp(counts) > 0 and np.allclose(factors, 1 / counts, rtol=1e-6):
        return GENERIC["twice"]
    return GENERIC["factor"] if np.allclose(factors, factors[0], rtol=1e-6) else None


def _same_numbers(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=1e-9 * _largest(b)))


def _largest(a: Array) -> float:
    return float(np.abs(a[np.isfinite(a)].astype(np.float64)).max(initial=0.0))


def _ratio(pair: Pair) -> float | None:
    """k with answer = k * expected, or None."""
    a, e = np.asarray(pair.answer, dtype=np.float64), np.asarray(pair.expected, dtype=np.float64)
    if not (np.isfinite(a).all() and np.isfinite(e).all()):
        return None
    k = float(np.sum(a * e) / np.sum(e * e))
    return k if np.allclose(a, k * e, rtol=1e-6, atol=1e-9 * _largest(a)) else None


def rows_of(inputs: Mapping[str, Value]) -> int:
    """The number of examples: the first axis of the first array input."""
    for value in inputs.values():
        if isinstance(value, np.ndarray) and value.ndim:
            return int(value.shape[0])
    return 1
