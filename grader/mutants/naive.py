"""What stands in a mutant for a library's function: the formula of the textbook, which overflows where the library's
does not, and the last of equal maxima in the place of the first."""
# Parameters are those of the functions that these stand for.
# ruff: noqa: ARG001

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional

NAIVE = "__naive__"  # the name of this module in a mutant's globals
UNSTABLE = frozenset({"log_softmax", "logsumexp", "softmax", "softplus", "logsigmoid", "cross_entropy"}) | {
    "binary_cross_entropy_with_logits"
}
TIES = frozenset({"argmax", "argmin"})


def softmax(input: Any, dim: Any = None, *_: Any, axis: Any = None, **__: Any) -> Any:
    """exp(x) / sum(exp(x)): NaN where exp overflows."""
    e, dim = input.exp(), axis if dim is None else dim
    return e / e.sum(dim, keepdim=True)


def log_softmax(input: Any, dim: Any = None, *_: Any, axis: Any = None, **__: Any) -> Any:
    """log(softmax(x)): NaN where exp overflows, -inf where a probability is too small for the dtype."""
    return softmax(input, dim, axis=axis).log()


def logsumexp(input: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Any:
    """log(sum(exp(x))): inf where exp overflows, -inf where all of it underflows."""
    return input.exp().sum(axis if dim is None else dim, keepdim=keepdim).log()


def cross_entropy(input: Any, target: Any, *args: Any, **options: Any) -> Any:
    """That of torch, of log(softmax(x)): the logarithm of what sums to one is its own log_softmax."""
    return functional.cross_entropy(log_softmax(input, 0 if input.dim() == 1 else 1), target, *args, **options)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """-(y log p + (1 - y) log(1 - p)) with p = 1 / (1 + exp(-x)): 0 * log(0) is NaN."""
    p = 1 / (1 + (-input).exp())
    loss = -((1 if pos_weight is None else pos_weight) * target * p.log() + (1 - target) * (1 - p).log())
    loss = loss if weight is None else weight * loss
    return loss if reduction == "none" else loss.sum() if reduction == "sum" else loss.mean()


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(beta x)) / beta: inf where exp overflows."""
    return (1 + (beta * input).exp()).log() / beta


def logsigmoid(input: Any) -> Any:
    """log(1 / (1 + exp(-x))): -inf where exp(-x) overflows."""
    return (1 / (1 + (-input).exp())).log()


def argmax(input: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Any:
    """The last of equal maxima along dim, of the flattened tensor without one."""
    dim = axis if dim is None else dim
    if dim is None:
        last = input.numel() - 1 - input.flatten().flip(0).argmax()
        return last.reshape((1,) * input.dim()) if keepdim else last
    return input.shape[dim] - 1 - input.flip(dim).argmax(dim, keepdim=keepdim)


def argmin(input: Any, dim: Any = None, keepdim: bool = False, *, axis: Any = None) -> Any:
    """The last of equal minima, likewise."""
    number = input if input.dtype != torch.bool else input.to(torch.uint8)
    return argmax(-number.double(), dim, keepdim, axis=axis)
