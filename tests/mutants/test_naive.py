"""Stand-ins agree with the library on moderate numbers, and overflow where they should; ties go to the last."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from grader.mutants import naive

X = torch.tensor([[0.3, -1.2, 2.5], [1.1, 0.4, -0.7]], dtype=torch.float64)
Y = torch.tensor([2, 0])
P = torch.tensor([[0.0, 1.0, 0.3], [1.0, 0.0, 0.5]], dtype=torch.float64)
CALLS: list[tuple[str, Any, tuple[Any, ...], dict[str, Any]]] = [
    ("softmax", F.softmax, (1,), {}),
    ("softmax", torch.softmax, (), {"dim": 0}),
    ("log_softmax", F.log_softmax, (), {"dim": 1}),
    ("log_softmax", torch.log_softmax, (0,), {}),
    ("logsumexp", torch.logsumexp, (1,), {}),
    ("logsumexp", torch.logsumexp, (), {"dim": (0, 1), "keepdim": True}),
    ("cross_entropy", F.cross_entropy, (Y,), {}),
    ("cross_entropy", F.cross_entropy, (Y,), {"reduction": "sum", "label_smoothing": 0.1}),
    ("cross_entropy", F.cross_entropy, (P / P.sum(1, keepdim=True),), {"reduction": "none"}),
    ("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, (P,), {}),
    ("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, (P,), {"pos_weight": X[0].abs()}),
    ("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, (P, P), {"reduction": "none"}),
    ("binary_cross_entropy_with_logits", F.binary_cross_entropy_with_logits, (P,), {"reduction": "sum"}),
    ("softplus", F.softplus, (), {}),
    ("softplus", F.softplus, (2.0,), {}),
    ("logsigmoid", F.logsigmoid, (), {}),
]


@pytest.mark.parametrize(("name", "library", "args", "options"), CALLS)
def test_the_same_on_moderate_numbers(name: str, library: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    torch.testing.assert_close(getattr(naive, name)(X, *args, **options), library(X, *args, **options))


@pytest.mark.parametrize(("name", "library", "args", "options"), CALLS)
def test_not_the_same_on_huge_ones(name: str, library: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
    huge = 1000 * X
    right, wrong = library(huge, *args, **options), getattr(naive, name)(huge, *args, **options)
    assert torch.isfinite(right).all() and not torch.isfinite(wrong).all()


def test_every_unstable_name_is_tried_here() -> None:
    assert {name for name, *_ in CALLS} == naive.UNSTABLE


def test_the_last_of_equals() -> None:
    x = torch.tensor([[1.0, 3.0, 3.0], [0.0, 0.0, -1.0]])
    assert naive.argmax(x, 1).tolist() == [2, 1] and naive.argmax(x, dim=1, keepdim=True).tolist() == [[2], [1]]
    assert naive.argmax(x).tolist() == 2 and naive.argmax(x, keepdim=True).tolist() == [[2]]
    assert naive.argmin(x, 0).tolist() == [1, 1, 1] and naive.argmin(x == 3, 1).tolist() == [0, 2]
    assert naive.argmax(x, -1).tolist() == [2, 1] and naive.argmax(x[:, 0]).tolist() == 0
