"""The reference runs once per case, in float64 on a device of choice, and gives the AnswerKey.

Gradients come from autograd with the case's cotangent and are checked here against central differences of the
reference itself. Rounding noise is measured twice: the reference in float32, and the reference with the result of
each operation moved by a few units in the last place."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from .. import __version__
from ..author import Case, Cased, Given, Question, Terms, Variant
from ..author.property import Property
from ..author.source import Source, read_source
from ..course import Course
from ..errors import AuthorError, UsageError
from ..model import (
    AnswerKey,
    Bound,
    FrozenCase,
    FrozenQuestion,
    MistakeNote,
    Output,
    OwnForward,
    Value,
)
from ..wire import encode
from .forward import Answer, to_value
from .freeze_property import Measured, freeze_property
from .leaves import answer_size, kind, numbers
from .noise import measured_bounds
from .proof import Prover
from .rounding import RUNS

ANSWER_HEADER = 24 << 10  # of one output; a worker's answer has room for 60 KiB of it in all


def freeze(course: Course, name: str, device: str = "cpu") -> AnswerKey:
    """Run an assignment's reference on all its cases.

    Raises AuthorError, with file and line, where the reference, a case or a variant does not hold; UsageError
    for a device that is not there."""
    torch.set_num_threads(1)  # on tensors this small, threads cost more than they save
    source = read_source(course, name)
    assignment = source.assignment
    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UsageError(f"device {device!r} is not available: {str(error).splitlines()[0]}") from error
    provenance = {
        "grader": __version__,
        "torch": torch.__version__,
        "numpy": np.__version__,
        "python": platform.python_version(),
        "device": f"{device} ({torch.cuda.get_device_name(device)})" if device.startswith("cuda") else device,
        "seed": fingerprint(source.secret),
        "sources": course.source_digest(name, device),
    }
    questions = tuple(frozen_question(source, q, device) for q in assignment.questions)
    return AnswerKey(
        name,
        assignment.title,
        assignment.file,
        assignment.library,
        questions,
        provenance,
        source.fixtures,
        per_student=assignment.per_student,
    )


def frozen_question(source: Source, asked: Cased, device: str) -> FrozenQuestion:
    """A question or property with all its cases answered. Raises AuthorError."""
    if isinstance(asked, Property):
        return freeze_property(asked, source.cases[asked.name], lambda q, c: Freezer(source, q, device).measured(c))
    assert isinstance(asked, Question)
    return Freezer(source, asked, device).question()


def fingerprint(secret: bytes) -> str:
    """Tells two secrets apart without telling either."""
    return hashlib.sha256(b"fingerprint" + secret).hexdigest()[:12]


class Freezer(Prover):
    """One question on its way into the key."""

    def question(self) -> FrozenQuestion:
        q = self.q
        cases = tuple(self.case(case) for case in self.source.cases[q.name])
        kinds = self._kinds(cases)
        outputs = tuple(Output(n, float(p), q.gradients.get(n), kinds[n]) for n, p in q.points.items())
        return FrozenQuestion(
            name=q.name,
            title=q.doc.split("\n\n")[0].replace("\n", " ").strip(),
            params=q.params,
            outputs=outputs,
            steps=q.steps,
            cases=cases,
            seconds=q.seconds,
            forward=OwnForward(q.own.question.name, q.own.fixed) if isinstance(q.own, Given) else None,
            conventions=tuple(v.name for v in q.conventions),
            mistakes=tuple(MistakeNote(v.name, v.hint, v.code) for v in q.mistakes),
            calls=tuple(called.name for called in q.calls),
            carry=q.carry,
        )

    def _kinds(self, cases: Sequence[FrozenCase]) -> dict[str, str]:
        kinds: dict[str, str] = {}
        for name in self.q.points:
            found = {kind(c.expected[name]) for c in cases if name in c.expected}
            if len(found) > 1:
                raise self.q.where.refuse(
                    f"{self.q.name}: {name} is {' in one case and '.join(sorted(found))} in another",
                    "Return one kind of value",
                )
            kinds[name] = found.pop() if found else "array"
        return kinds

    # -- one case --------------------------------------------------------------------------------------

    def case(self, case: Case) -> FrozenCase:
        q = self.q
        if case.raises is not None:
            self._check_raises(case)
            sent = self._sent(case, {})
            if lacking := [n for step in q.steps for n in step.takes if n not in sent]:
                raise case.where.refuse(
                    f"case {case.name!r} lacks {lacking[0]}, which nothing draws where the forward raises",
                    f"Give {lacking[0]} a value",
                )
            wrong = self.reference.unrefused(case, q.mistakes)
            return FrozenCase(case.name, case.hidden, sent, {}, {}, raises=case.raises.__name__, mistakes=wrong)
        right, expected = self._right(case)
        return FrozenCase(
            name=case.name,
            hidden=case.hidden,
            inputs=self._sent(case, right.cotangent),
            expected=expected,
            bounds=self._bounds(case, right, expected),
            kink=case.kink,
            cotangent={k: to_value(v) for k, v in right.cotangent.items()},
            anchor=self._anchor(case),
            conventions={v.name: self.convention(case, v, right, expected) for v in q.conventions},
            mistakes={v.name: self.variant(case, v, right) for v in q.mistakes},
            terms={t: {o: to_value(x) for o, x in parts.items()} for t, parts in right.terms.items()},
        )

    def _right(self, case: Case) -> tuple[Answer, dict[str, Value]]:
        """The reference's answer and its values, checked."""
        right = self.reference.compute(case, self.q.forward, self.q.where, torch.float64)
        expected = right.values()
        self._check_values(case, expected)
        for name, wrt in self.q.gradients.items():
            self.check_gradient(case, right, name, wrt)
        return right, expected

    def measured(self, case: Case) -> Measured:
        """The reference's answer to one call of a property, with what is accepted beside it."""
        right, expected = self._right(case)
        single = self.reference.compute(case, self.q.forward, self.q.where, torch.float32).values()
        accepted = {v.name: self.convention(case, v, right, expected) for v in self.q.conventions}
        return Measured(expected, self._bounds(case, right, expected), single, accepted)

    def _sent(self, case: Case, cotangent: Mapping[str, Any]) -> dict[str, Value]:
        """What the student's code is called with: the case's inputs, and the cotangent where it is asked for."""
        used = {*self.q.params, *(name for step in self.q.steps for name in step.takes)}
        drawn = {"d" + out: to_value(weights) for out, weights in cotangent.items()}
        return {**case.inputs, **{k: v for k, v in drawn.items() if k in used and k not in case.inputs}}

    def _anchor(self, case: Case) -> Value:
        """The forward's own value where only its gradient is asked for: a student's forward is held against it."""
        q = self.q
        if not q.gradients or q.forward_outputs[0] in q.points:
            return None
        with torch.no_grad():
            args = [self.reference.to_torch(case.inputs[p], torch.float64, False) for p in q.forward_params]
            value = q.forward(*args)
        return to_value(value.total() if isinstance(value, Terms) else value)

    def _check_raises(self, case: Case) -> None:
        assert case.raises is not None
        try:
            self.reference.run(case, self.q.forward, torch.float64, set(self.q.gradients.values()))
        except AuthorError:
            pass  # of what came after the forward, which had not raised
        except case.raises:
            return
        except Exception as error:
            raise case.where.refuse(
                f"case {case.name!r} expects {case.raises.__name__}, "
                f"the reference raised {type(error).__name__}: {error}",
                "Mend the reference or the case",
            ) from error
        raise case.where.refuse(
            f"case {case.name!r} expects {case.raises.__name__}, the reference raised nothing",
            "Let the reference refuse this input",
        )

    def _check_values(self, case: Case, expected: Mapping[str, Value]) -> None:
        for name, value in expected.items():
            try:
                encode(value, [])
            except ValueError as error:
                raise self.q.where.refuse(
                    f"{self.q.name} returned {error} for {name} in case {case.name!r}",
                    "Return tensors, numbers, strings, None, or lists and dicts of them",
                ) from error
            if (size := answer_size(value)) > ANSWER_HEADER:
                raise self.q.where.refuse(
                    f"{name} has too many parts to be sent back in case {case.name!r} ({size:,} bytes beside arrays)",
                    "Return an array, or choose a smaller case",
                )
            if any(np.asarray(v).dtype == np.float32 for v in numbers(value)):
                raise self.q.where.refuse(
                    f"{name} is float32 in case {case.name!r}, where the inputs are float64",
                    "Let what the reference makes follow its inputs: torch.zeros(..., dtype=X.dtype)",
                )
            leaves = [np.asarray(v, dtype=np.float64) for v in numbers(value)]
            if any(np.isnan(leaf).any() for leaf in leaves):
                raise self.q.where.refuse(f"{name} is NaN in case {case.name!r}", "Make the reference stable there")
            if name in self.q.gradients and any(np.isinf(leaf).any() for leaf in leaves):
                raise self.q.where.refuse(f"{name} is infinite in case {case.name!r}", "Choose another case")

    # -- variants --------------------------------------------------------------------------------------

    def variant(self, case: Case, variant: Variant, right: Answer) -> dict[str, Value]:
        """The outputs of a mistake or convention that it declares to differ (or all, of another forward)."""
        if variant.forward is not None:
            return self.reference.compute(case, variant.forward, variant.where, torch.float64).values()
        changed = self.patched(case, variant, right)
        if not isinstance(changed, dict) or not set(changed) <= set(self.q.points):
            raise variant.where.refuse(
                f"{variant.name} returned no dict of the outputs {', '.join(self.q.points)}",
                f"Return dict({next(iter(self.q.points))}=...)",
            )
        values = {name: to_value(value) for name, value in changed.items()}
        for name, value in values.items():
            try:
                encode(value, [])
            except ValueError as error:
                raise variant.where.refuse(f"{variant.name}: {name} is {error}", "Return tensors or numbers") from error
        return values

    def patched(self, case: Case, variant: Variant, right: Answer) -> Any:
        """What the author's `patch` gave for this case, unchecked."""
        assert variant.patch is not None
        device = self.reference.device
        out = SimpleNamespace(**{k: _detached(v, device) for k, v in right.outputs.items()})
        known = {name: self.reference.to_torch(value, torch.float64, False) for name, value in case.inputs.items()}
        known.update({"d" + name: _detached(value, device) for name, value in right.cotangent.items()})
        try:
            return variant.patch(out, **{name: known[name] for name in patch_names(variant)})
        except Exception as error:
            raise variant.where.refuse(
                f"{variant.name} raised {type(error).__name__} in case {case.name!r}: {error}", "Mend it"
            ) from error

    def convention(
        self, case: Case, variant: Variant, right: Answer, expected: Mapping[str, Value]
    ) -> dict[str, Value]:
        """A convention's outputs, which must be of the kinds that the reference returns."""
        values = self.variant(case, variant, right)
        for name, value in values.items():
            if kind(value) != kind(expected[name]):
                raise variant.where.refuse(
                    f"{variant.name}: {name} is a {kind(value)} in case {case.name!r}, the reference's a "
                    f"{kind(expected[name])}",
                    "Accept another value or shape, not another kind",
                )
        return values

    def _bounds(self, case: Case, right: Answer, expected: Mapping[str, Value]) -> dict[str, dict[str, Bound]]:
        q = self.q

        def run(dtype: torch.dtype, noise: int = 0) -> dict[str, Value]:
            return self.reference.compute(case, q.forward, q.where, dtype, noise).values()

        moved = [] if case.kink else [(run(torch.float64, a), run(torch.float64, b)) for a, b in RUNS]
        single = any(v.dtype == np.float32 for v in case.inputs.values() if isinstance(v, np.ndarray))
        what = f"case {case.name!r} of {q.name}"
        return measured_bounds(expected, run(torch.float32), moved, single, case.where, what)


def patch_names(variant: Variant) -> tuple[str, ...]:
    """The inputs and cotangents that a patch takes beside `out`."""
    assert variant.patch is not None
    code = variant.patch.__code__
    return code.co_varnames[1 : code.co_argcount]


def _detached(value: Any, device: str) -> Any:
    return value.detach().clone().to(device) if isinstance(value, torch.Tensor) else value
