"""Autograd's vector-Jacobian product. torch.autograd.grad imports sympy, which takes a second, to compare the shapes of
an output and of its weights; a scalar output has none."""

from __future__ import annotations

from typing import Any

import torch


class _Weighted(torch.autograd.Function):  # type: ignore[misc]  # torch is not read by mypy
    """A scalar whose gradient in a tensor is the given weights."""

    @staticmethod
    def forward(ctx: Any, value: Any, weights: Any) -> Any:
        ctx.weights = weights
        return value.new_zeros(())

    @staticmethod
    def backward(ctx: Any, *_: Any) -> Any:
        return ctx.weights, None


def pulled_back(value: Any, tensor: Any, weights: Any) -> Any:
    """The gradient of (value * weights).sum() in `tensor`, of its shape, as torch.autograd.grad gives it: to the last
    bit, and with its errors. `weights`: of the shape of `value`, or None for a scalar. None where `value` does not
    depend on `tensor`; the graph is kept."""
    plain = isinstance(weights, torch.Tensor) and weights.is_floating_point() and value.is_floating_point()
    if plain and weights.shape == value.shape:
        value, weights = _Weighted.apply(value, weights), None
    return torch.autograd.grad(value, tensor, weights, retain_graph=True, allow_unused=True)[0]
