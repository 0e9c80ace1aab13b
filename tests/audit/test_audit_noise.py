"""Other orders of summation are other orders: the same values but for rounding, which does show."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from grader.audit.noise import FLIPS, LOOPS, Reordered

RNG = np.random.default_rng(0)
X = torch.from_numpy(RNG.normal(size=(37, 41)))
Y = torch.from_numpy(RNG.normal(size=(41, 23)))
V = torch.from_numpy(RNG.normal(size=41))
FUNCTIONS: dict[str, Callable[[], Tensor]] = {
    "sum": lambda: X.sum(),
    "sum over an axis": lambda: X.sum(1),
    "sum over two, kept": lambda: X.sum((0, 1), keepdim=True),
    "mean": lambda: X.mean(),
    "mean over an axis, kept": lambda: X.mean(0, keepdim=True),
    "logsumexp": lambda: X.logsumexp(1),
    "softmax": lambda: X.softmax(1),
    "log_softmax": lambda: X.log_softmax(-1),
    "norm": lambda: torch.linalg.vector_norm(X),
    "var": lambda: X.var(0),
    "matrix product": lambda: X @ Y,
    "matrix and vector": lambda: X @ V,
    "dot": lambda: V @ V,
    "batched product": lambda: torch.stack([X, 2 * X]) @ torch.stack([Y, Y]),
    "linear": lambda: torch.nn.functional.linear(X, Y.T.contiguous(), Y[0]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("table", [FLIPS, LOOPS], ids=["flipped", "one by one"])
def test_same_values(name: str, table: dict[Any, Any]) -> None:
    plain = FUNCTIONS[name]()
    with Reordered(table):
        other = FUNCTIONS[name]()
    assert other.shape == plain.shape
    torch.testing.assert_close(other, plain, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("table", [FLIPS, LOOPS], ids=["flipped", "one by one"])
@pytest.mark.parametrize("name", ["sum", "matrix product", "mean"])
def test_rounding_shows(name: str, table: dict[Any, Any]) -> None:
    plain = FUNCTIONS[name]()
    with Reordered(table):
        assert not torch.equal(FUNCTIONS[name](), plain)


def test_the_backward_pass_is_reordered_too() -> None:
    def gradient() -> Tensor:
        W = Y.clone().requires_grad_(True)
        return torch.autograd.grad(((X @ W) ** 2).mean(), W)[0]

    plain = gradient()
    with Reordered(LOOPS):
        other = gradient()
    torch.testing.assert_close(other, plain, rtol=1e-12, atol=1e-12)
    assert not torch.equal(other, plain)


def test_empty_sums() -> None:
    for table in (FLIPS, LOOPS):
        with Reordered(table):
            assert X[:0].sum() == 0 and (X[:, :0] @ Y[:0]).abs().sum() == 0 and X[:0].sum(0).shape == (41,)
