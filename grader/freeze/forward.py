"""The reference runs on one case: torch, autograd, and a random cotangent where the output is no scalar."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..author import Case, Question, Terms, Variant, Where
from ..author.source import Source, last_line_in
from ..errors import AuthorError
from ..model import Fixture, Value
from ..wire import encode
from .leaves import numbers
from .pullback import pulled_back
from .rounding import as_input, rounded


@dataclass
class Answer:
    """What a forward and its gradients gave for one case, as tensors and as values."""

    outputs: dict[str, Any]
    terms: dict[str, dict[str, Any]]
    cotangent: dict[str, Any]

    def values(self) -> dict[str, Value]:
        return {name: to_value(value) for name, value in self.outputs.items()}


class Reference:
    """One question's forward on a device."""

    def __init__(self, source: Source, question: Question, device: str) -> None:
        self.source, self.q, self.device = source, question, device

    def compute(
        self, case: Case, forward: Callable[..., Any], where: Where, dtype: torch.dtype, noise: int = 0
    ) -> Answer:
        """Outputs of a forward on one case with autograd's gradients; errors carry the author's line.

        noise: a seed of the rounding of each operation, 0 for none."""
        try:
            with rounded(noise):
                return self.run(case, forward, dtype, set(self.q.gradients.values()), noise)
        except AuthorError:
            raise
        except (Exception, SystemExit) as error:
            file, line = last_line_in(error, Path(where.file).parent, Path(where.file))
            at = Where(file, line) if line else where
            said = str(error).rstrip(".\n ")
            raise at.refuse(f"{type(error).__name__} in case {case.name!r}: {said}", _mend(case, said)) from error

    def unrefused(self, case: Case, mistakes: Iterable[Variant]) -> dict[str, dict[str, Value]]:
        """What wrong forwards answer to a case that must raise, by mistake; those that raise too are left out."""
        found = {}
        for mistake in mistakes:
            if mistake.forward is not None:
                with contextlib.suppress(Exception):
                    wanted = set(self.q.gradients.values())
                    values = self.run(case, mistake.forward, torch.float64, wanted, parts_too=False).values()
                    encode(values, [])
                    found[mistake.name] = values
        return found

    def run(
        self,
        case: Case,
        forward: Callable[..., Any],
        dtype: torch.dtype,
        wanted: set[str],
        noise: int = 0,
        parts_too: bool = True,
    ) -> Answer:
        """Outputs, gradients and, with `parts_too`, each term's share in both. Raises what the forward raises."""
        q, tensors = self.q, dict[str, Any]()
        for name in q.forward_params:
            leaves = numbers(case.inputs[name]) if name in wanted else ()
            if any(isinstance(leaf, np.ndarray) and leaf.dtype.kind != "f" for leaf in leaves):
                raise case.where.refuse(
                    f"case {case.name!r}: {name} holds integers, so d{name} does not exist", "Give it floats, as 1.0"
                )
            made = self.to_torch(case.inputs[name], dtype, name in wanted)
            tensors[name] = _moved(made, noise, len(tensors), name in wanted) if noise else made
        values, terms = self.parts(forward(*tensors.values()))
        names = q.forward_outputs
        cotangent = {n: self.to_torch(w, dtype, False) for n, w in self.cotangent(case, values).items()}
        outputs = {name: values[name] for name in q.points if name in values}
        for name, wrt in q.gradients.items():
            outputs[name] = self._gradient(values[names[0]], tensors[wrt], cotangent.get(names[0]), wrt, case)
        for term in terms if parts_too else ():  # a term's share in each gradient
            for name, wrt in q.gradients.items():
                part = terms[term].get(names[0])
                if isinstance(part, torch.Tensor) and part.requires_grad:
                    terms[term][name] = self._gradient(part, tensors[wrt], cotangent.get(names[0]), wrt, case)
        outputs = {name: outputs[name] for name in q.points}
        return Answer(outputs, terms, cotangent)

    def parts(self, result: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """What a forward returned, by output, and its named terms, by term and output."""
        names = self.q.forward_outputs
        found = result if len(names) > 1 else (result,)
        if not isinstance(found, (tuple, list)) or len(found) != len(names):
            raise self.q.where.refuse(
                f"{self.q.name} does not return its {len(names)} outputs", f"Return {', '.join(names)}"
            )
        terms: dict[str, dict[str, Any]] = {}
        values: dict[str, Any] = {}
        for name, part in zip(names, found, strict=True):
            if isinstance(part, Terms):
                for term, amount in part.parts.items():
                    terms.setdefault(term, {})[name] = amount
                part = part.total()
            values[name] = part
        return values, terms

    def _gradient(self, value: Any, tensor: Any, weights: Any, wrt: str, case: Case) -> Any:
        """The gradient in a tensor, or in each of a list or dict of them."""
        if isinstance(tensor, list):
            return [self._gradient(value, item, weights, wrt, case) for item in tensor]
        if isinstance(tensor, dict):
            return {key: self._gradient(value, item, weights, wrt, case) for key, item in tensor.items()}
        if not isinstance(tensor, torch.Tensor) or not tensor.requires_grad:
            raise case.where.refuse(
                f"case {case.name!r}: {wrt} is no floating-point value, so d{wrt} does not exist", "Give it floats"
            )
        if not isinstance(value, torch.Tensor):
            raise self.q.where.refuse(f"the forward of {self.q.name} returned no tensor", "Return a torch tensor")
        if not value.requires_grad:
            return torch.zeros_like(tensor)
        gradient = pulled_back(value, tensor, weights)
        return torch.zeros_like(tensor) if gradient is None else gradient

    def cotangent(self, case: Case, values: Mapping[str, Any]) -> dict[str, Value]:
        """Random weights for a forward output that is no scalar (a sum would hide errors), or the case's own."""
        q, out = self.q, dict[str, Value]()
        used = {*q.params, *(name for step in q.steps for name in step.takes)}
        for name, value in values.items():
            if "d" + name in case.inputs:
                out[name] = case.inputs["d" + name]
            elif "d" + name in used:
                stream = self.source.stream(q.name, case, "cotangent " + name)
                out[name] = np.asarray(stream.normal(size=tuple(value.shape)))
            elif q.gradients and isinstance(value, torch.Tensor) and value.dim() > 0:
                raise q.where.refuse(
                    f"{q.name} has gradients of an output of shape {tuple(value.shape)}",
                    f"Add a parameter d{name}, the cotangent, or return a scalar",
                )
            if name in out and np.shape(out[name]) != tuple(value.shape):
                raise case.where.refuse(
                    f"case {case.name!r}: d{name} has shape {np.shape(out[name])}, {name} {tuple(value.shape)}",
                    "Give both the same shape, or leave the cotangent out to have it drawn",
                )
        return out

    def to_torch(self, value: Value, dtype: torch.dtype, grad: bool) -> Any:
        """A case's input as the reference takes it: arrays as tensors (floats in `dtype`), the rest as it is."""
        if isinstance(value, np.ndarray):
            tensor = torch.from_numpy(np.array(value)).to(self.device)
            if tensor.is_floating_point() or tensor.is_complex():
                tensor = tensor.to(dtype)
                return tensor.requires_grad_(grad)
            return tensor
        if isinstance(value, float) and grad:
            return torch.tensor(value, dtype=dtype, device=self.device, requires_grad=True)
        if isinstance(value, Fixture):
            return self.build(value.name, {k: self.to_torch(v, dtype, False) for k, v in value.args.items()}, dtype)
        if isinstance(value, list):
            return [self.to_torch(v, dtype, grad) for v in value]
        if isinstance(value, dict):
            return {k: self.to_torch(v, dtype, grad) for k, v in value.items()}
        return value

    def build(self, name: str, args: Mapping[str, Any], dtype: torch.dtype) -> Any:
        """A fixture, built from arguments that are tensors already."""
        built = getattr(self.source.fixtures_module, name)(**args)
        return built.to(self.device, dtype) if isinstance(built, torch.nn.Module) else built


def _mend(case: Case, said: str) -> str:
    """What to do where the reference raised; inputs that are no float tensors are named, where they may be why."""
    mend = "The reference must answer every case"
    for name, value in case.inputs.items():
        if isinstance(value, list) and all(isinstance(item, (int, float, list)) for item in value):
            mend += f"; {name} came as a list, np.array(...) makes a tensor of it"
        elif isinstance(value, np.ndarray) and value.dtype.kind in "iu" and "dtype" in said:
            mend += f"; {name} came as integers, write amounts as 1.0"
    return mend


def _moved(made: Any, noise: int, place: int, grad: bool) -> Any:
    """An input moved as rounding moves it."""
    if isinstance(made, list):
        return [_moved(item, noise, 100 * (place + 1) + i, grad) for i, item in enumerate(made)]
    if not isinstance(made, torch.Tensor) or not made.is_floating_point():
        return made
    return as_input(made.detach(), noise, place).requires_grad_(grad)


def to_value(value: Any) -> Value:
    """A tensor as a NumPy array, and the same inside lists and dicts; scalars of floats stay arrays ()."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy().copy()
    if isinstance(value, (list, tuple)):
        return [to_value(item) for item in value]
    if isinstance(value, dict):
        return {key: to_value(item) for key, item in value.items()}
    return value
