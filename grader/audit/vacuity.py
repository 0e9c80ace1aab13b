"""Does a property ask for anything? Its predicate is tried on wrong answers made from the reference's own.

A property that no wrong answer fails, that zeros or random numbers pass, or that never asks about one of its calls,
gives points away."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..judge.properties import Unfit, evaluate
from ..model import Array, Bound, FrozenCase, FrozenQuestion, Value
from ..tolerance import distance, row_for

ALL = ""  # the wrong answer stands in every part
DRAWS = tuple(f"random numbers, draw {i}" for i in range(1, 6))


@dataclass(frozen=True)
class WrongAnswer:
    """How the predicate takes one way of being wrong, in one part or in all (ALL): names of cases."""

    way: str
    part: str
    rejected: tuple[str, ...]  # hidden cases in which the predicate says no
    accepted: tuple[str, ...]  # hidden cases in which it says yes, though the answer is not the reference's
    unchanged: tuple[str, ...]  # hidden cases in which this is the right answer
    raised: tuple[str, ...]  # hidden and public cases in which the predicate raises
    public: tuple[str, ...]  # public cases in which it says no


def vacuous(question: FrozenQuestion) -> list[str]:
    """What is too weak about a property, one sentence each; empty where it is sound. Pure: runs its predicate on
    arrays alone. Raises ValueError for a question that is no property."""
    found = wrong_answers(question)
    raised = [
        f"{question.name}: the predicate raises on {_named(w)} in case {w.raised[0]!r}; it must say True or False, "
        "for a student may answer so"
        for w in found
        if w.raised
    ][:1]
    if not any(w.rejected for w in found):
        return [f"{question.name} is vacuous: no wrong answer fails it in any hidden case", *raised]
    problems = [
        f"{question.name} accepts {w.way} from every call in every hidden case; let it ask for a value too"
        for w in found
        if w.part == ALL and w.way == "zeros" and not w.rejected and (w.accepted or w.unchanged)
    ]
    drawn = [w for w in found if w.part == ALL and w.way in DRAWS]
    if not any(w.rejected for w in drawn) and any(w.accepted for w in drawn):
        problems.append(f"{question.name} accepts random numbers from every call; let it ask for more")
    for part in dict.fromkeys(w.part for w in found if w.part != ALL):
        ways = [w for w in found if w.part == part]
        if not any(w.rejected for w in ways) and any(w.accepted for w in ways):
            problems.append(f"{question.name} takes any answer for {part}; let it ask, or take the call out")
    return [*problems, *raised]


def wrong_answers(question: FrozenQuestion) -> list[WrongAnswer]:
    """Every way of being wrong, in each part that the predicate looks at and in all parts at once."""
    if not question.predicate:
        raise ValueError(f"{question.name} is no property")
    tried: dict[tuple[str, str], dict[str, list[str]]] = {}
    for case in question.cases:
        looked = set[str]()
        evaluate(question, case, case.expected, looked)
        wrong = {part: dict(_wrong(question, case, part)) for part in sorted(looked)}
        ways = dict.fromkeys(way for made in wrong.values() for way in made)
        trials = [(ALL, way, {part: made[way] for part, made in wrong.items() if way in made}) for way in ways]
        trials += [(part, way, {part: value}) for part, made in wrong.items() for way, value in made.items()]
        for part, way, values in trials:
            row = tried.setdefault((part, way), {})
            row.setdefault(_try(question, case, values), []).append(case.name)
    return [
        WrongAnswer(
            way, part, *(tuple(row.get(k, ())) for k in ("rejected", "accepted", "unchanged", "raised", "public"))
        )
        for (part, way), row in tried.items()
    ]


def _try(question: FrozenQuestion, case: FrozenCase, values: Mapping[str, Value]) -> str:
    """What becomes of a wrong answer in one case; "" for a public case that does not reject it."""
    if all(_same(case.expected[part], value, case.bounds[part]) for part, value in values.items()):
        return "unchanged" if case.hidden else ""
    try:
        holds = bool(evaluate(question, case, {**case.expected, **values}).all())
    except Unfit:
        holds = False
    except Exception:
        return "raised"
    if case.hidden:
        return "accepted" if holds else "rejected"
    return "" if holds else "public"


def _same(expected: Value, value: Value, rows: Mapping[str, Bound]) -> bool:
    if isinstance(expected, list):
        return all(_same(e, v, rows) for e, v in zip(expected, value, strict=True))
    right = np.asarray(expected)
    return bool((distance(np.asarray(value), right, row_for(right.dtype, rows)) <= 1.0).all())


def _wrong(question: FrozenQuestion, case: FrozenCase, part: str) -> Iterator[tuple[str, Value]]:
    """Wrong answers of the right shape and kind, by what is wrong with them."""
    rng = np.random.default_rng(zlib.crc32(f"{question.name}/{case.name}/{part}".encode()))
    yield from _wrong_values(case.expected[part], rng)


def _wrong_values(expected: Value, rng: np.random.Generator) -> Iterator[tuple[str, Value]]:
    if not isinstance(expected, list):
        yield from _wrong_arrays(np.asarray(expected), rng)
        return
    items = [dict(_wrong_values(item, rng)) for item in expected]
    for way in dict.fromkeys(way for made in items for way in made):
        yield way, [made.get(way, item) for made, item in zip(items, expected, strict=True)]


def _wrong_arrays(right: Array, rng: np.random.Generator) -> Iterator[tuple[str, Array]]:
    yield "zeros", np.zeros_like(right)
    if right.dtype.kind == "b":
        yield "opposite answers", ~right
        yield "all equal answers", np.ones_like(right)
        yield from ((way, rng.integers(2, size=right.shape).astype(bool)) for way in DRAWS)
        return
    finite = right[np.isfinite(right)]
    size = float(np.abs(finite).max(initial=0.0)) or 1.0
    yield "negated answers", -right
    yield "doubled answers", 2 * right
    yield "answers shifted by one", right + 1
    if right.dtype.kind == "f":
        yield from ((way, size * rng.normal(size=right.shape)) for way in DRAWS)
        yield "huge answers", np.full_like(right, np.finfo(right.dtype).max / 2)  # where math.exp raises
        yield "all equal answers", np.full_like(right, finite.mean() if finite.size else 1.0)
        if right.ndim > 1 and right.size:
            mean = np.where(np.isfinite(right), right, 0.0).mean(axis=-1, keepdims=True)
            yield "constant rows", np.broadcast_to(mean, right.shape).copy()
    else:
        yield from ((way, rng.integers(int(size) + 2, size=right.shape)) for way in DRAWS)
        yield "huge answers", np.full_like(right, np.iinfo(right.dtype).max // 2)  # no index into anything
        yield "all equal answers", np.full_like(right, finite.max() if finite.size else 1)
    if right.size > 1:
        yield "permuted answers", np.roll(right.ravel(), 1).reshape(right.shape)


def _named(wrong: WrongAnswer) -> str:
    return f"{wrong.way} from {wrong.part or 'every call'}"
