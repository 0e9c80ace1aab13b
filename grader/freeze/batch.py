"""One case of many students at once: their inputs stacked, the forward under torch.func.vmap, gradients by autograd.

Samples are independent, so the gradient of the batched outputs with the batch of cotangents is each sample's own.
What vmap or the inputs refuse is `Refused`, and is then computed one at a time by forward.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from ..author import Case, Variant
from ..model import Array, Fixture, Value
from ..tolerance import bounds, distance
from .forward import Answer, Reference, to_value
from .leaves import numbers
from .pullback import pulled_back
from .rounding import as_input, rounded
from .stack import Refused, Slot, Stack, mapped, put_together, taken_apart

Weights = dict[str, Value]


@dataclass
class Batch:
    """The same-named case of students whose inputs have one shape: a reference and a case for each."""

    references: Sequence[Reference]
    cases: Sequence[Case]

    def __post_init__(self) -> None:
        self.first, self.q = self.references[0], self.references[0].q
        self.wanted = set(self.q.gradients.values())
        self.stack = Stack([case.inputs for case in self.cases], self.wanted)
        self.right: tuple[Any, list[torch.Tensor]] | None = None  # outputs of the reference, stacked
        self.weights: list[Weights] = []

    def compute_many(self, forward: Callable[..., Any], dtype: torch.dtype, noise: int = 0) -> list[Answer]:
        """What Reference.compute gives for each student, with arrays in place of tensors. Raises Refused.

        The first student's is computed singly as well; where the two disagree, Refused says so. In float32 a Python
        float that differs between students is float32 where it meets a scalar tensor, and a double by itself."""
        if dtype == torch.float64 or not self.stack.weak:
            return self._compute_many(forward, dtype, noise, True)
        try:
            return self._compute_many(forward, dtype, noise, True)
        except Refused:
            return self._compute_many(forward, dtype, noise, False)

    def _compute_many(self, forward: Callable[..., Any], dtype: torch.dtype, noise: int, cast: bool) -> list[Answer]:
        names = self.q.forward_params
        leaves = [as_input(t, noise, i) for i, t in enumerate(self.stack.tensors(dtype, self.first.device, cast))]
        inputs = {name: self.stack.inputs[name] for name in names}
        for wrt in self.wanted:
            if not isinstance(inputs[wrt], Slot) or not leaves[inputs[wrt].index].is_floating_point():
                raise Refused(f"{wrt} is no array of floats")
            leaves[inputs[wrt].index].requires_grad_()

        def one(samples: Sequence[torch.Tensor]) -> Any:
            return self.first.parts(forward(*self._filled(inputs, samples, dtype).values()))

        with rounded(noise):
            skeleton, found = mapped(one, leaves)
            values, terms = put_together(skeleton, found)
            if not self.weights:
                self.weights = self._cotangents(skeleton[0], found)
            weights = self._stacked_weights(dtype)
            try:
                outputs = self._with_gradients(
                    values, terms, {w: leaves[inputs[w].index] for w in self.wanted}, weights
                )
            except RuntimeError as error:
                raise Refused(f"RuntimeError: {str(error).splitlines()[0]}") from error
        if forward is self.q.forward and dtype == torch.float64 and not noise:
            detached: list[torch.Tensor] = []
            self.right = taken_apart(outputs, detached), [t.detach() for t in detached]
        answers = [Answer(*parts) for parts in _each([outputs, terms, weights], self.size)]
        try:
            with rounded(noise):
                single = self.first.run(self.cases[0], forward, dtype, self.wanted, noise)
        except Exception as error:
            raise Refused(f"{type(error).__name__}: {error}") from error
        compare(single.values(), answers[0].values(), dtype)
        compare(to_value(single.terms), to_value(answers[0].terms), dtype)
        return answers

    @property
    def size(self) -> int:
        return len(self.cases)

    def patch_many(self, variant: Variant, names: Sequence[str]) -> list[Any]:
        """What a patch gives for each student, after `compute_many` of the reference. Raises Refused."""
        assert variant.patch is not None and self.right is not None
        patch, (skeleton, outputs) = variant.patch, self.right
        leaves = [*self.stack.tensors(torch.float64, self.first.device), *(t.clone() for t in outputs)]
        weights = self._stacked_weights(torch.float64)
        start = len(leaves) - len(outputs)

        def one(samples: Sequence[torch.Tensor]) -> Any:
            known = self._filled(self.stack.inputs, samples[:start], torch.float64)
            known |= {"d" + n: samples[len(leaves) + i] for i, n in enumerate(weights)}
            out = put_together(skeleton, samples[start : len(leaves)])
            return patch(SimpleNamespace(**out), **{name: known[name] for name in names})

        skeleton_out, found = mapped(one, [*leaves, *weights.values()])
        return _each(put_together(skeleton_out, found), self.size)

    def values_many(self, wrt: str, points: Array) -> Array:
        """The scalars whose gradient is asked for, with points (B, P, ...) in place of `wrt`: (B, P)."""
        P, out = points.shape[1], self.q.forward_outputs[0]
        leaves = [t.repeat_interleave(P, 0) for t in self.stack.tensors(torch.float64, self.first.device)]
        slot = self.stack.inputs[wrt]
        if not isinstance(slot, Slot):
            raise Refused(f"{wrt} is no array of floats")
        leaves[slot.index] = torch.from_numpy(points.reshape(-1, *points.shape[2:])).to(self.first.device)
        inputs = {name: self.stack.inputs[name] for name in self.q.forward_params}

        def one(samples: Sequence[torch.Tensor]) -> Any:
            return self.first.parts(self.q.forward(*self._filled(inputs, samples, torch.float64).values()))[0][out]

        with torch.no_grad():
            skeleton, found = mapped(one, leaves)
        if not isinstance(skeleton, Slot):
            raise Refused("the forward returned no tensor")
        value, weights = found[skeleton.index], self._stacked_weights(torch.float64)
        if out in weights:
            value = value * weights[out].repeat_interleave(P, 0)
        return np.asarray(value.reshape(self.size, P, -1).sum(2).cpu().numpy())

    # -- parts -----------------------------------------------------------------------------------------

    def _filled(self, inputs: Mapping[str, Any], samples: Sequence[torch.Tensor], dtype: torch.dtype) -> dict[str, Any]:
        def build(fixture: Fixture) -> Any:
            return self.first.build(fixture.name, fixture.args, dtype)

        return {name: put_together(value, samples, build) for name, value in inputs.items()}

    def _cotangents(self, skeleton: Mapping[str, Any], found: Sequence[torch.Tensor]) -> list[Weights]:
        shapes = put_together(skeleton, [torch.empty(leaf.shape[1:]) for leaf in found])
        return [ref.cotangent(case, shapes) for ref, case in zip(self.references, self.cases, strict=True)]

    def _stacked_weights(self, dtype: torch.dtype) -> dict[str, torch.Tensor]:
        return {
            name: torch.from_numpy(np.stack([np.asarray(w[name]) for w in self.weights])).to(self.first.device, dtype)
            for name in self.weights[0]
        }

    def _with_gradients(
        self,
        values: Mapping[str, Any],
        terms: dict[str, dict[str, Any]],
        tensors: Mapping[str, torch.Tensor],
        weights: Mapping[str, torch.Tensor],
    ) -> dict[str, Any]:
        """The outputs in the author's order, gradients among them; a term's share in each is added to `terms`."""
        out = self.q.forward_outputs[0]

        def gradient(value: Any, wrt: str) -> torch.Tensor:
            if not isinstance(value, torch.Tensor):
                raise Refused("the forward returned no tensor")
            if not value.requires_grad:
                return torch.zeros_like(tensors[wrt])
            each = weights.get(out, torch.ones_like(value))
            found = pulled_back(value, tensors[wrt], each)
            return torch.zeros_like(tensors[wrt]) if found is None else found

        found = {name: values[name] for name in self.q.points if name in values}
        found |= {name: gradient(values[out], wrt) for name, wrt in self.q.gradients.items()}
        for parts in terms.values():
            part = parts.get(out)
            if isinstance(part, torch.Tensor) and part.requires_grad:
                parts.update({name: gradient(part, wrt) for name, wrt in self.q.gradients.items()})
        return {name: found[name] for name in self.q.points}


def _each(value: Any, size: int) -> list[Any]:
    """A value of stacked tensors (B, ...) as B values of arrays."""
    leaves: list[torch.Tensor] = []
    skeleton = taken_apart(value, leaves)
    arrays = [np.ascontiguousarray(leaf.detach().cpu().numpy()) for leaf in leaves]
    return [put_together(skeleton, [array[i, ...] for array in arrays]) for i in range(size)]


def compare(single: Any, batched: Any, dtype: torch.dtype) -> None:
    """Raise Refused where a value computed in a batch lies outside the tolerance table's row of the single one."""
    ours, theirs = numbers(single), numbers(batched)
    same = len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=False):
        left, right = np.asarray(a), np.asarray(b)
        same = same and left.shape == right.shape and left.dtype == right.dtype
        if same and left.size:
            row = bounds(left, 0.0, 0.0, dtype == torch.float32)["float64"]
            blank = np.isnan(left.astype(np.float64)) & np.isnan(right.astype(np.float64))  # of mistakes only
            same = bool((distance(right, left, row)[~blank] <= 1.0).all())
    if not same:
        raise Refused("DISAGREES with one at a time")


def split(batch: Batch, most_bytes: int) -> list[Batch]:
    """The same students in batches whose inputs take at most so many bytes each."""
    size = max(1, int(most_bytes * batch.size / max(batch.stack.nbytes, 1)))
    if size >= batch.size:
        return [batch]
    starts = range(0, batch.size, size)
    return [replace(batch, references=batch.references[i : i + size], cases=batch.cases[i : i + size]) for i in starts]


def as_tensors(answer: Answer) -> Answer:
    """An Answer of `compute_many` as Reference.compute gives it, for what is computed singly from it."""

    def tensors(value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [tensors(item) for item in value]
        if isinstance(value, dict):
            return {key: tensors(item) for key, item in value.items()}
        return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value

    return Answer(tensors(answer.outputs), tensors(answer.terms), tensors(answer.cotangent))
