"""The inputs of many students' cases as stacked tensors, and a function of one student's mapped over them by
torch.func.vmap. What cannot be stacked or mapped is `Refused`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ..model import Array, Fixture, Value


class Refused(Exception):
    """Why these cases cannot be computed together."""


@dataclass(frozen=True)
class Slot:
    """Where the stacked leaf of this number belongs in a value."""

    index: int


def shape_of(value: Value) -> Any:
    """What two students' inputs must have in common to be stacked: all but the numbers in arrays and floats.

    Integers and text choose branches and lengths, so they must be equal."""
    if isinstance(value, np.ndarray):
        return ("a", value.dtype.str, value.shape)
    if isinstance(value, Fixture):
        return ("f", value.name, shape_of(dict(value.args)))
    if isinstance(value, Mapping):
        return ("d", tuple((key, shape_of(item)) for key, item in value.items()))
    if isinstance(value, list):
        return ("l", tuple(map(shape_of, value)))
    return "float" if isinstance(value, float) else (type(value).__name__, value)


class Stack:
    """The inputs of many students' cases, one skeleton and stacked leaves (B, ...)."""

    def __init__(self, cases: Sequence[Mapping[str, Value]], wanted: set[str]) -> None:
        self.size, self.leaves = len(cases), list[Array]()
        self.weak: set[int] = set()  # leaves that were Python floats
        self.inputs = {name: self._stack([case[name] for case in cases], name in wanted) for name in cases[0]}

    def _stack(self, values: list[Any], wanted: bool) -> Any:
        first = values[0]
        if isinstance(first, np.ndarray):
            return self._leaf(np.stack(values))
        if isinstance(first, float):
            same = all(value == first for value in values) and not wanted
            if not same and not wanted:
                self.weak.add(len(self.leaves))
            return first if same else self._leaf(np.array(values, dtype=np.float64))
        if isinstance(first, Fixture):
            args = {key: self._stack([value.args[key] for value in values], False) for key in first.args}
            return Fixture(first.name, args)
        if isinstance(first, list):
            return [self._stack([value[i] for value in values], wanted) for i in range(len(first))]
        if isinstance(first, dict):
            return {key: self._stack([value[key] for value in values], wanted) for key in first}
        return first

    def _leaf(self, array: Array) -> Slot:
        self.leaves.append(array)
        return Slot(len(self.leaves) - 1)

    @property
    def nbytes(self) -> int:
        return sum(leaf.nbytes for leaf in self.leaves)

    def tensors(self, dtype: torch.dtype, device: str, cast: bool = True) -> list[torch.Tensor]:
        """The leaves on a device, floats in `dtype`; those that were Python floats only with `cast`."""
        found = [torch.from_numpy(leaf.copy()).to(device) for leaf in self.leaves]
        return [
            t.to(dtype) if t.is_floating_point() and (cast or i not in self.weak) else t for i, t in enumerate(found)
        ]


def taken_apart(value: Any, leaves: list[torch.Tensor]) -> Any:
    """A value with a Slot for each tensor in it, which is appended to `leaves`."""
    if isinstance(value, torch.Tensor):
        leaves.append(value)
        return Slot(len(leaves) - 1)
    if isinstance(value, (list, tuple)):
        return [taken_apart(item, leaves) for item in value]
    if isinstance(value, dict):
        return {key: taken_apart(item, leaves) for key, item in value.items()}
    return value


def put_together(value: Any, leaves: Sequence[Any], build: Callable[[Fixture], Any] | None = None) -> Any:
    """The inverse of `taken_apart`; `build` makes fixtures of what stands in for them."""
    if type(value) is Slot:
        return leaves[value.index]
    if type(value) is dict:
        return {key: put_together(item, leaves, build) for key, item in value.items()}
    if type(value) is list:
        return [put_together(item, leaves, build) for item in value]
    if type(value) is Fixture and build is not None:
        return build(Fixture(value.name, {k: put_together(v, leaves, build) for k, v in value.args.items()}))
    return value


def mapped(function: Callable[..., Any], leaves: Sequence[torch.Tensor]) -> tuple[Any, list[torch.Tensor]]:
    """vmap over the first axis of all leaves of a function of any values. Raises Refused.

    What comes back as no tensor cannot depend on the sample (vmap refuses to look), so it is one for all."""
    if not leaves:
        raise Refused("no input to stack")
    skeleton: list[Any] = []

    def inner(*samples: torch.Tensor) -> tuple[torch.Tensor, ...]:
        found: list[torch.Tensor] = []
        skeleton[:] = [taken_apart(function(samples), found)]
        return (*found, samples[0])  # vmap wants a tensor back

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of operations that vmap runs sample by sample
            *found, _ = torch.func.vmap(inner)(*leaves)
    except Exception as error:
        raise Refused(f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error) else ''}") from error
    return skeleton[0], found
