"""A question of many students on its way into their keys: batch.py computes first what it can compute together, and
each student's Freezer finds it ready. What is not ready, the Freezer computes itself, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from .. import gradcheck
from ..author import Case, Question, Variant, Where
from ..author.source import Source
from ..errors import AuthorError
from ..model import Array, FrozenCase, Value
from ..wire import encode
from .batch import Batch, as_tensors, compare, split
from .forward import Answer, Reference, to_value
from .freezer import Freezer, patch_names
from .leaves import flattened
from .rounding import RUNS
from .stack import Refused, shape_of

MOST_BYTES = 32 << 20  # of inputs in one batch

Run = tuple[str, Callable[..., Any], torch.dtype, int]


@dataclass
class Told:
    """What was computed in batches and what was not, by question: part -> why not."""

    together: dict[str, None] = field(default_factory=dict)  # questions of which something was batched
    singly: dict[str, dict[str, str]] = field(default_factory=dict)
    redrawn: dict[str, int] = field(default_factory=dict)  # question -> draws thrown away

    def note(self, question: str, part: str, why: str) -> None:
        reasons = self.singly.setdefault(question, {})
        if "DISAGREES" not in reasons.get(part, ""):
            reasons[part] = why

    def lines(self) -> list[str]:
        """For the instructor: the questions that were batched whole, and each part that was not, with its reason."""
        whole = [name for name in self.together if name not in self.singly]
        lines = [f"batched: {', '.join(whole) or 'no question as a whole'}"]
        for name, parts in self.singly.items():
            lines += [f"one at a time: {name}, {part}: {why}" for part, why in parts.items()]
        return lines + [f"drawn again: {name}, {count} times" for name, count in self.redrawn.items()]

    @property
    def disagreements(self) -> list[str]:
        found = [(q, part, why) for q, parts in self.singly.items() for part, why in parts.items()]
        return [f"{q}, {part}: {why}" for q, part, why in found if "DISAGREES" in why]


class Prepared(Reference):
    """A reference that has some of its answers already."""

    def __init__(self, source: Source, question: Question, device: str) -> None:
        super().__init__(source, question, device)
        self.known: dict[Run, Answer] = {}

    def compute(
        self, case: Case, forward: Callable[..., Any], where: Where, dtype: torch.dtype, noise: int = 0
    ) -> Answer:
        known = self.known.get((case.name, forward, dtype, noise))
        return super().compute(case, forward, where, dtype, noise) if known is None else known


class StudentFreezer(Freezer):
    """One question of one student. What does not differ from the course's own draw is taken from there."""

    def __init__(self, source: Source, question: Question, device: str, course: Mapping[str, FrozenCase]) -> None:
        super().__init__(source, question, device)
        self.reference = self.prepared = Prepared(source, question, device)
        self.course = course
        self.same: dict[str, bool] = {}
        self.patches: dict[tuple[str, str], Any] = {}
        self.values: dict[tuple[str, str, bytes], float] = {}

    def case(self, case: Case) -> FrozenCase:
        return self.course[case.name] if self.shared(case) else super().case(case)

    def shared(self, case: Case) -> bool:
        """Whether a case is the same for all: public, or hidden with nothing in it that is drawn."""
        if case.name not in self.same:
            # A cotangent that was drawn stands in the course's inputs, and not in these.
            self.same[case.name] = not case.hidden or same(self.course[case.name].inputs, case.inputs)
        return self.same[case.name]

    def patched(self, case: Case, variant: Variant, right: Answer) -> Any:
        known = self.patches.get((case.name, variant.name))
        return super().patched(case, variant, as_tensors(right)) if known is None else known

    def value_at(self, case: Case, right: Answer, wrt: str, at: Array) -> float:
        known = self.values.get((case.name, wrt, at.tobytes()))
        return super().value_at(case, as_tensors(right), wrt, at) if known is None else known

    def check_gradient(self, case: Case, right: Answer, name: str, wrt: str) -> None:
        try:
            super().check_gradient(case, right, name, wrt)
        except AuthorError:
            if not self.values:
                raise
            self.values = {}  # before a draw is refused: the slopes one at a time
            super().check_gradient(case, right, name, wrt)

    def points(self, case: Case, name: str, wrt: str) -> Array:
        """Where the gradient check will ask for the forward: (P, ...), as it asks."""
        x = flattened(to_value(case.inputs[wrt]))
        v = gradcheck.direction(self.source.stream(self.q.name, case, "direction " + name), x.shape)
        return np.stack(gradcheck.points(x, v))


def prepare(freezers: Sequence[StudentFreezer], told: Told) -> None:
    """Compute what can be computed for these students together; the rest is left to each Freezer."""
    if len(freezers) < 2:
        return
    q = freezers[0].q
    for place, first in enumerate(freezers[0].source.cases[q.name]):
        if first.raises is not None:
            continue
        if any(isinstance(first.inputs[wrt], (list, dict)) for wrt in q.gradients.values()):
            told.note(q.name, f"case {first.name!r}", "a gradient in a list of arrays")
            continue
        groups: dict[Any, list[StudentFreezer]] = {}
        for freezer in freezers:
            case = freezer.source.cases[q.name][place]
            if not freezer.shared(case):
                groups.setdefault(shape_of(case.inputs), []).append(freezer)
        if groups and first.kink:
            told.note(q.name, f"case {first.name!r}", "at a kink the author's own subgradient counts")
            continue
        for group in groups.values():
            if len(group) < 2:
                told.note(q.name, f"case {first.name!r}", "some draws have shapes or integers that no other has")
                continue
            try:
                whole = Batch([f.reference for f in group], [f.source.cases[q.name][place] for f in group])
                batches = split(whole, MOST_BYTES)
            except (ValueError, TypeError, LookupError) as error:
                told.note(q.name, f"case {first.name!r}", f"{type(error).__name__}: {error}")
                continue
            start = 0
            for batch in batches:
                _prepare_case(batch, group[start : start + batch.size], told)
                start += batch.size


def _prepare_case(batch: Batch, freezers: Sequence[StudentFreezer], told: Told) -> None:
    q, case = batch.q, batch.cases[0]
    variants = [*q.conventions, *q.mistakes]
    runs: list[tuple[str, Callable[..., Any], torch.dtype, int]] = [
        ("reference", q.forward, torch.float64, 0),
        ("reference in float32", q.forward, torch.float32, 0),
    ]
    runs += [("reference, rounding moved", q.forward, torch.float64, noise) for pair in RUNS for noise in pair]
    runs += [(v.name, v.forward, torch.float64, 0) for v in variants if v.forward is not None]
    for part, forward, dtype, noise in runs:
        try:
            answers = batch.compute_many(forward, dtype, noise)
        except Refused as why:
            told.note(q.name, part, f"{why} (case {case.name!r})")
            if part == "reference":
                return
            continue
        told.together[q.name] = None
        for freezer, answer in zip(freezers, answers, strict=True):
            freezer.prepared.known[case.name, forward, dtype, noise] = answer
    for variant in variants:
        if variant.patch is not None:
            try:
                _prepare_patch(batch, freezers, variant)
            except Refused as why:
                told.note(q.name, variant.name, f"{why} (case {case.name!r})")
    for name, wrt in q.gradients.items():
        try:
            points = np.stack([f.points(c, name, wrt) for f, c in zip(freezers, batch.cases, strict=True)])
            values = batch.values_many(wrt, points)
        except Refused as why:
            told.note(q.name, f"check of {name}", f"{why} (case {case.name!r})")
            continue
        for freezer, at, row in zip(freezers, points, values, strict=True):
            freezer.values.update({(case.name, wrt, x.tobytes()): float(y) for x, y in zip(at, row, strict=True)})


def same(a: Mapping[str, Value], b: Mapping[str, Value]) -> bool:
    """Whether two cases send the very same inputs."""
    if [(k, shape_of(v)) for k, v in a.items()] != [(k, shape_of(v)) for k, v in b.items()]:
        return False
    ours, theirs = list[bytes](), list[bytes]()
    return encode(dict(a), ours) == encode(dict(b), theirs) and ours == theirs


def _prepare_patch(batch: Batch, freezers: Sequence[StudentFreezer], variant: Variant) -> None:
    made = batch.patch_many(variant, patch_names(variant))
    first, case = freezers[0], batch.cases[0]
    right = first.prepared.known[case.name, batch.q.forward, torch.float64, 0]
    try:
        single = Freezer.patched(first, case, variant, as_tensors(right))
    except AuthorError as error:
        raise Refused(error.what) from error
    compare(to_value(single), to_value(made[0]), torch.float64)
    for freezer, changed in zip(freezers, made, strict=True):
        freezer.patches[case.name, variant.name] = changed
