"""Wrong answers that need the reference: its mutants, and one example in place of the batch. Each is tried on the
frozen cases, and where it survives them, on many more inputs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..author import Case, Question, Variant
from ..author.source import Source
from ..errors import AuthorError
from ..freeze import Freezer
from ..freeze.forward import Reference
from ..model import Array, Failure, FrozenCase, FrozenQuestion, Response, Value, Verdict
from ..tolerance import bounds, distance
from .records import MISTAKE_ROOM
from .trials import axes_of, only_row, trials

Values = Mapping[str, Value]


@dataclass
class Bench:
    """One question under audit: its reference, its cases, and the inputs beyond them with their right answers."""

    source: Source
    question: Question
    frozen: FrozenQuestion
    device: str
    _trials: list[tuple[str, Case, Values]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reference = Reference(self.source, self.question, self.device)
        self.freezer = Freezer(self.source, self.question, self.device)
        self.cases = {case.name: case for case in self.source.cases[self.question.name]}

    def proofs(self) -> Mapping[str, int]:
        """How often each way of checking confirmed a gradient of the reference, over cases and arguments."""
        self.freezer.proofs.clear()
        for case in self.cases.values():
            if case.raises is None and self.question.gradients:
                right = self.reference.compute(case, self.question.forward, self.question.where, torch.float64)
                for name, wrt in self.question.gradients.items():
                    self.freezer.check_gradient(case, right, name, wrt)
        return self.freezer.proofs

    def answers(self, forward: Callable[..., Any]) -> dict[str, Response]:
        """What a student would give whose function were this forward, with autograd's gradients of it."""
        return {case.name: self._answer(case, forward) for case in self.frozen.cases}

    def _answer(self, frozen: FrozenCase, forward: Callable[..., Any]) -> Response:
        case, q = self.cases[frozen.name], self.question
        wanted = set() if frozen.raises else set(q.gradients.values())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return Response(self.reference.run(case, forward, torch.float64, wanted, parts_too=False).values())
        except AuthorError:
            return Response(failure=Failure(Verdict.FAIL, "wrong type"))
        except Exception as error:
            kinds = tuple(c.__name__ for c in type(error).__mro__)
            return Response(failure=Failure(Verdict.ERROR, kinds[0]), raised=kinds)

    def trials(self) -> list[tuple[str, Case, Values]]:
        """Inputs beyond the cases, in words, with the reference's finite answers; drawn when first needed."""
        if not self._trials:
            for what, case in trials(self.source, self.question):
                values = self._right(case)
                if values is not None:
                    self._trials.append((what, case, values))
        return self._trials

    def _right(self, case: Case) -> Values | None:
        try:
            values = self.reference.compute(case, self.question.forward, self.question.where, torch.float64).values()
        except AuthorError:
            return None  # outside the question's domain
        return values if all(np.isfinite(leaf).all() for v in values.values() for leaf in leaves(v)) else None

    def tell_apart(self, wrong: Callable[[Case, Values], Values | None]) -> tuple[int, str]:
        """The number of inputs on which a wrong answer was compared, and the first that tells it from the right
        one, in words, or "" where none does. A wrong answer of None is one that raised."""
        tried = 0
        for tried, (what, case, right) in enumerate(self.trials(), 1):
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    values = wrong(case, right)
            except Exception:
                values = None
            if values is None or any(differs(values[name], right[name]) for name in values):
                return tried, what
        return tried, ""

    def of_forward(self, forward: Callable[..., Any]) -> Callable[[Case, Values], Values | None]:
        """A forward as a wrong answer to any case."""
        wanted = set(self.question.gradients.values())
        return lambda case, _: self.reference.run(case, forward, torch.float64, wanted, parts_too=False).values()

    def of_variant(self, variant: Variant) -> Callable[[Case, Values], Values | None]:
        """A declared mistake as a wrong answer to any case."""

        def wrong(case: Case, _: Values) -> Values:
            right = self.reference.compute(case, self.question.forward, self.question.where, torch.float64)
            return self.freezer.variant(case, variant, right)

        return wrong

    def one_example(self, index: int) -> dict[str, Response] | None:
        """Answers in which one example stands for the batch, its gradients still divided by the number of all;
        None where the question has no batch."""
        answers, changed = dict[str, Response](), False
        for frozen in self.frozen.cases:
            if frozen.raises:
                answers[frozen.name] = Response(failure=Failure(Verdict.ERROR, frozen.raises), raised=(frozen.raises,))
                continue
            values = self.one_row(self.cases[frozen.name], frozen.expected, index)
            changed |= values is not None
            answers[frozen.name] = Response(frozen.expected if values is None else values)
        return answers if changed else None

    def one_row(self, case: Case, right: Values, index: int) -> Values | None:
        inputs = only_row(case.inputs, axes_of(self.question), index)
        if inputs is None:
            return None
        n = next(v.shape[0] for v in case.inputs.values() if isinstance(v, np.ndarray) and v.ndim)
        try:
            values = self._right(Case(case.name, hidden=case.hidden, kink=case.kink, **inputs))
        except AuthorError:
            return None
        if values is None:
            return None
        share = {
            k: v / n if k in self.question.gradients and isinstance(v, np.ndarray) else v for k, v in values.items()
        }
        return {k: v for k, v in share.items() if np.shape(v) == np.shape(right[k])} and {**right, **share}


def leaves(value: Value) -> Iterator[Array]:
    """The numbers in a value, as arrays."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from leaves(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from leaves(item)
    elif value is not None and not isinstance(value, str):
        yield np.asarray(value)


def differs(wrong: Value, right: Value) -> bool:
    """Whether two values lie further apart than the room that a tolerance must leave, or differ in kind."""
    a, b = list(leaves(wrong)), list(leaves(right))
    if len(a) != len(b) or type(wrong) is not type(right):
        return True
    for x, y in zip(a, b, strict=True):
        if x.shape != y.shape:
            return True
        units = distance(x, y, bounds(y, 0.0, 0.0, False)["float64"])
        if units.size and float(units.max()) >= MISTAKE_ROOM:
            return True
    return not a and wrong != right
