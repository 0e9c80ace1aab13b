"""The vector-Jacobian product of the reference is autograd's own, and costs no import of sympy."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
import torch
from conftest import ROOT

from grader.freeze.pullback import pulled_back


def drawn(*shape: int, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)), dtype=dtype)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    "forward",
    [
        lambda x: torch.tanh(x @ x.T),
        lambda x: x.T[1:].expand(2, -1, -1),
        lambda x: torch.softmax(x, 1).sum(),
        lambda x: x[0, :1] ** 3,
    ],
    ids=["matrix", "view", "scalar", "one element"],
)
def test_it_is_autograds_to_the_last_bit(forward: Callable[[torch.Tensor], torch.Tensor], dtype: torch.dtype) -> None:
    x = drawn(3, 4, dtype=dtype).requires_grad_()
    value = forward(x)
    weights = drawn(*value.shape, dtype=dtype)
    (wanted,) = torch.autograd.grad(value, x, weights, retain_graph=True)
    for _ in range(2):
        got = pulled_back(value, x, weights)
        assert got.dtype == wanted.dtype and got.numpy().tobytes() == wanted.numpy().tobytes()


def test_no_dependence_is_none_and_a_wrong_shape_an_error() -> None:
    x, other = drawn(3).requires_grad_(), drawn(3).requires_grad_()
    assert pulled_back(other * 2, x, drawn(3)) is None
    assert pulled_back((x * x).sum(), x, None).tolist() == (2 * x).tolist()
    with pytest.raises(RuntimeError, match="Mismatch in shape"):
        pulled_back(x * 2, x, drawn(1))
    with pytest.raises(RuntimeError, match="does not require grad"):
        pulled_back(drawn(3), x, drawn(3))


def test_sympy_is_not_imported() -> None:
    code = (
        "import sys, torch\n"
        "from grader.freeze.pullback import pulled_back\n"
        "x = torch.ones(3, requires_grad=True)\n"
        "assert pulled_back(x * 2, x, torch.ones(3)).tolist() == [2.0, 2.0, 2.0]\n"
        "sys.exit('sympy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
