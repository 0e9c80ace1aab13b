"""How far right answers stray: the reference with its sums taken in other orders, with each operation rounded
otherwise, in float32, and on another device; in units of the tolerance that such an answer is judged by."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from ..author import Case, Question
from ..author.source import Source
from ..freeze.forward import Reference
from ..freeze.rounding import UNITS
from ..judge import judge
from ..model import FrozenCase, FrozenQuestion, Response, Value
from .wrong import in_float32

aten = torch.ops.aten
SEQUENTIAL_MAX = 1 << 20  # elements of the products of a matrix product that is summed one by one


def measure(source: Source, question: Question, frozen: FrozenQuestion, device: str) -> dict[str, dict[str, float]]:
    """For each output the noise by its source: "order", "rounding", "float32", and "cuda" where there is one."""
    noise: dict[str, dict[str, float]] = {output.name: {} for output in frozen.outputs}
    cases = {case.name: case for case in source.cases[question.name]}
    for case in frozen.cases:
        if case.raises is not None:
            continue
        for kind, values in _answers(source, question, cases[case.name], case, device):
            for name, units in _distances(frozen, case, values).items():
                units = units / UNITS if kind == "rounding" else units
                noise[name][kind] = max(noise[name].get(kind, 0.0), units)
    return noise


def cuda_there() -> bool:
    """Whether the reference can be run on CUDA here."""
    return bool(torch.cuda.is_available())


def _answers(
    source: Source, question: Question, case: Case, frozen: FrozenCase, device: str
) -> Iterator[tuple[str, Mapping[str, Value]]]:
    """Right answers that differ by rounding alone, each with the source of its noise."""
    reference = Reference(source, question, device)

    def run(dtype: torch.dtype, noise: int = 0, on: Reference = reference) -> dict[str, Value]:
        values = on.compute(case, question.forward, question.where, dtype, noise).values()
        return in_float32(values) if dtype == torch.float32 else values  # loss.item() too

    for table in (FLIPS, LOOPS):
        for kind, dtype in (("order", torch.float64), ("float32", torch.float32)):
            with Reordered(table):
                yield kind, run(dtype)
    yield "float32", run(torch.float32)
    if not frozen.kink:  # a kink that moves is no rounding
        for noise in (1, 3, 5, 7):
            yield "rounding", run(torch.float64, noise)
    if torch.cuda.is_available():
        other = "cpu" if device.startswith("cuda") else "cuda"
        yield "cuda", run(torch.float64, on=Reference(source, question, other))
        yield "cuda", run(torch.float32, on=Reference(source, question, other))


def _distances(frozen: FrozenQuestion, case: FrozenCase, values: Mapping[str, Value]) -> dict[str, float]:
    """The distance of each output from the expected value; an answer that is failed outright is infinitely far."""
    outcomes, _ = judge(replace(frozen, cases=(case,)), {case.name: Response(values)}, told=False)
    return {o.output: np.inf if o.distance is None else o.distance for o in outcomes}


# -- other orders of summation -------------------------------------------------------------------------------


class Reordered(TorchDispatchMode):  # type: ignore[misc]  # torch is not read by mypy
    """Operations of a table are done in their other way, in the forward and in the backward pass."""

    def __init__(self, table: Mapping[Any, Callable[..., Any]]) -> None:
        super().__init__()
        self.table = table

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch's compiler is imported, which takes seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        change = self.table.get(func.overloadpacket)
        return change(func, args, kwargs or {}) if change else func(*args, **(kwargs or {}))


def _dims(x: torch.Tensor, given: Any) -> list[int]:
    if given is None or given == []:
        return list(range(x.dim()))
    return [given] if isinstance(given, int) else list(given)


def _flip_reduction(func: Any, args: Any, kwargs: Any) -> Any:
    x, dims = args[0], args[1] if len(args) > 1 and not isinstance(args[1], (bool, float)) else kwargs.get("dim")
    return func(x.flip(_dims(x, dims)), *args[1:], **kwargs)


def _flip_softmax(func: Any, args: Any, kwargs: Any) -> Any:
    return func(args[0].flip(args[1]), *args[1:], **kwargs).flip(args[1])


def _flip_product(contracted: tuple[int, int], first: int = 0) -> Callable[..., Any]:
    def change(func: Any, args: Any, kwargs: Any) -> Any:
        a, b = args[first : first + 2]
        return func(*args[:first], a.flip(contracted[0]), b.flip(contracted[1]), *args[first + 2 :], **kwargs)

    return change


# Every sum from its far end.
FLIPS: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys(
        (aten.sum, aten.mean, aten.logsumexp, aten.var, aten.std, aten.linalg_vector_norm), _flip_reduction
    ),
    **dict.fromkeys((aten._softmax, aten._log_softmax), _flip_softmax),
    aten.mm: _flip_product((1, 0)),
    aten.mv: _flip_product((1, 0)),
    aten.dot: _flip_product((0, 0)),
    aten.bmm: _flip_product((2, 1)),
    aten.addmm: _flip_product((1, 0), first=1),
}


def _running(x: torch.Tensor, dim: int, keep: bool) -> torch.Tensor:
    if x.shape[dim] == 0:
        return x.sum(dim, keepdim=keep)
    if x.dtype == torch.float32 and x.device.type == "cpu":  # torch adds these up in float64
        total = np.add.accumulate(x.detach().numpy(), axis=dim, dtype=np.float32).take([-1], axis=dim)
        return torch.from_numpy(total) if keep else torch.from_numpy(total).squeeze(dim)
    last = x.cumsum(dim).narrow(dim, x.shape[dim] - 1, 1)
    return last if keep else last.squeeze(dim)


def _loop_sum(func: Any, args: Any, kwargs: Any) -> Any:
    x, given = args[0], args[1] if len(args) > 1 else kwargs.get("dim")
    keep = args[2] if len(args) > 2 else kwargs.get("keepdim", False)
    if x.dim() == 0:
        return x
    if not x.is_floating_point():
        return func(*args, **kwargs)
    if given is None or given == []:
        total = _running(x.flatten(), 0, False)
        return total.reshape((1,) * x.dim()) if keep else total
    for dim in sorted((d % x.dim() for d in _dims(x, given)), reverse=True):
        x = _running(x, dim, keep)
    return x


def _loop_mean(func: Any, args: Any, kwargs: Any) -> Any:
    x, given = args[0], args[1] if len(args) > 1 else kwargs.get("dim")
    count = int(np.prod([x.shape[d] for d in _dims(x, given)]))
    return _loop_sum(func, args, kwargs) / count


def _loop_mm(func: Any, args: Any, kwargs: Any) -> Any:
    a, b = args[0], args[1]
    if a.shape[0] * a.shape[1] * b.shape[1] > SEQUENTIAL_MAX or a.shape[1] == 0:
        return func(*args, **kwargs)
    return _running(a[:, :, None] * b[None], 1, False)


def _loop_mv(func: Any, args: Any, kwargs: Any) -> Any:
    return _running(args[0] * args[1], args[0].dim() - 1, False) if args[1].numel() else func(*args, **kwargs)


# Every sum one by one, as a loop takes it.
LOOPS: dict[Any, Callable[..., Any]] = {
    aten.sum: _loop_sum,
    aten.mean: _loop_mean,
    aten.mm: _loop_mm,
    aten.mv: _loop_mv,
    aten.dot: _loop_mv,
}
