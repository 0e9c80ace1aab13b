"""Wrong answers that need the reference: its mutants, and one example in place of the batch. Each is tried on the
frozen cases, and where it survives them, on many more inputs."""

from __future__ import annotations

import dis
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from ..author import Case, Question, Variant
from ..author.source import Source
from ..errors import AuthorError
from ..freeze import Freezer
from ..freeze.forward import Reference
from ..freeze.leaves import numbers
from ..model import Failure, FrozenCase, FrozenQuestion, Response, Value, Verdict
from ..mutants import bounded
from ..mutants.build import inside
from ..tolerance import bounds, distance
from .records import MISTAKE_ROOM
from .trials import axes_of, only_row, trials
from .wrong import each, form

Values = Mapping[str, Value]


@dataclass
class Bench:
    """One question under audit: its reference, its cases, and the inputs beyond them with their right answers."""

    source: Source
    question: Question
    frozen: FrozenQuestion
    device: str
    _trials: list[tuple[str, Case, Values | None]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reference = Reference(self.source, self.question, self.device)
        self.freezer = Freezer(self.source, self.question, self.device)
        self.cases = {case.name: case for case in self.source.cases[self.question.name]}
        self.package = f"_reference_{self.source.name}"
        self.bounded = bounded(self.question, self.package)

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

    def calls(self) -> frozenset[str]:
        """The names of the functions that the author's own code calls in the hidden cases."""
        names = set[str]()

        def note(frame: Any, event: str, called: Any) -> None:
            caller = frame if event == "c_call" else frame.f_back if event == "call" else None
            if caller is not None and inside(self.package, caller.f_globals.get("__name__")):
                names.add(called.__name__ if event == "c_call" else frame.f_code.co_name)

        before = sys.getprofile()
        for case in self.cases.values():
            if case.hidden and case.raises is None:
                sys.setprofile(note)
                try:
                    self.raising(self.question.forward)(case)
                finally:
                    sys.setprofile(before)
        return frozenset(names)

    def trials(self) -> list[tuple[str, Case, Values | None]]:
        """Inputs beyond the cases, in words, with the reference's answers; None where it raises of its own will.
        Drawn when first needed."""
        if not self._trials:
            for what, case in trials(self.source, self.question):
                values, raised = self._right(case)
                if values is not None:
                    self._trials.append((what, case, values))
                elif raised:
                    self._trials.append((f"{what}, which must raise {raised}", case, None))
        return self._trials

    def _right(self, case: Case) -> tuple[Values | None, str]:
        """The right answers, or None and the exception that the author's own code raises; None and "" where the
        inputs are outside the question's domain: the answer is not a number, or something else in there fails."""
        wanted = set(self.question.gradients.values())
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                values = self.reference.run(case, self.bounded, torch.float64, wanted, parts_too=False).values()
        except AuthorError:
            return None, ""
        except Exception as error:
            return None, type(error).__name__ if deliberate(error, self.package) else ""
        found = [np.asarray(number) for value in values.values() for number in numbers(value)]
        lost = any(array.dtype.kind in "fc" and np.isnan(array).any() for array in found)
        return None if lost else values, ""

    def tell_apart(
        self, wrong: Callable[[Case, Values], Values | None], raising: Callable[[Case], Any] | None = None
    ) -> tuple[int, str]:
        """The number of inputs on which a wrong answer was compared, and the first that tells it from the right
        one, in words, or "" where none does. A wrong answer of None is one that raised. `raising` is run where the
        reference raises: it must raise too, whatever."""
        tried = 0
        for what, case, right in self.trials():
            if right is None and raising is None:
                continue
            tried += 1
            try:
                with warnings.catch_warnings(), np.errstate(all="ignore"):
                    warnings.simplefilter("ignore")
                    values = wrong(case, right) if right is not None else None
                    if right is None and raising is not None:
                        raising(case)
            except Exception as error:
                if right is None and not isinstance(error, AuthorError):  # that one is ours: no answer at all
                    continue
                return tried, what
            if right is None or values is None or any(differs(values[name], right[name]) for name in values):
                return tried, what
        return tried, ""

    def of_forward(self, forward: Callable[..., Any]) -> Callable[[Case, Values], Values | None]:
        """A forward as a wrong answer to any case."""
        wanted = set(self.question.gradients.values())
        return lambda case, _: self.reference.run(case, forward, torch.float64, wanted, parts_too=False).values()

    def raising(self, forward: Callable[..., Any]) -> Callable[[Case], Any]:
        """A forward to be run where the reference raises."""
        wanted = set(self.question.gradients.values())
        return lambda case: self.reference.run(case, forward, torch.float64, wanted, parts_too=False)

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
            values, _ = self._right(Case(case.name, hidden=case.hidden, kink=case.kink, **inputs))
        except AuthorError:
            return None
        if values is None:
            return None
        share = {k: each(v, lambda a: a / n) if k in self.question.gradients else v for k, v in values.items()}
        return {k: v for k, v in share.items() if form(v) == form(right[k])} and {**right, **share}


def deliberate(error: BaseException, package: str) -> bool:
    """Whether an exception was raised by a `raise` or an `assert` in a module of the author's, and not by a library
    that could not go on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not inside(package, trace.tb_frame.f_globals.get("__name__")):
        return False
    return trace.tb_frame.f_code.co_code[trace.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def differs(wrong: Value, right: Value) -> bool:
    """Whether two values lie further apart than the room that a tolerance must leave, or differ in kind."""
    if _kind(wrong) is not _kind(right):
        return True
    if isinstance(wrong, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(wrong) != len(right) or any(map(differs, wrong, right))
    if isinstance(wrong, Mapping) and isinstance(right, Mapping):
        return wrong.keys() != right.keys() or any(differs(item, right[key]) for key, item in wrong.items())
    if _kind(wrong) is not float:
        return bool(wrong != right)
    x, y = np.asarray(wrong), np.asarray(right)
    if x.shape != y.shape:
        return True
    units = distance(x, y, bounds(y, 0.0, 0.0, False)["float64"])
    return bool(units.size) and float(units.max()) >= MISTAKE_ROOM


def _kind(value: Value) -> type:
    """Lists and tuples are of one kind, and so are numbers and arrays, of no axis or more."""
    if isinstance(value, (list, tuple)):
        return list
    if isinstance(value, Mapping):
        return dict
    return type(value) if value is None or isinstance(value, str) else float
