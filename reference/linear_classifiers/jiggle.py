"""The lecture's jiggle: what each loss does when one score moves a little."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .hinge import svm_loss_i
from .softmax import softmax_loss


def both_losses(S: Tensor, y: int) -> tuple[Tensor, Tensor]:
    """Hinge and softmax loss of each row of S (R, K), true class y: (R,) and (R,)."""
    wrong = torch.arange(S.shape[1], device=S.device) != y
    hinge = (torch.relu(S - S[:, y, None] + 1) * wrong).sum(1)
    return hinge, -torch.log_softmax(S, 1)[:, y]


@question(hinge=3, softmax=3, calls=[svm_loss_i, softmax_loss], carry=0.5)
def loss_sensitivity(s: Tensor, y: int, eps: float) -> tuple[Tensor, Tensor]:
    """By how much the hinge loss and the softmax loss of one image change when one score is raised by eps.

    s (K,), y int in 0..K-1, eps a number of either sign; hinge (K,), softmax (K,): entry k is the loss with eps
    added to s_k alone, minus the loss before.  [CS 7643, linear classifiers]"""
    before = both_losses(s[None], y)
    after = both_losses(s + eps * torch.eye(len(s), dtype=s.dtype, device=s.device), y)
    return after[0] - before[0], after[1] - before[1]


# The lecture's three images; the true class is the first. The last one moves softmax by less than float64 shows.
LECTURE = {"wins clearly": [10.0, -2.0, 3.0], "wins just": [10.0, 9.0, 9.0], "wins by far": [10.0, -100.0, -100.0]}


@loss_sensitivity.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    for name, scores in LECTURE.items():
        yield Case(name, s=np.array(scores), y=0, eps=0.5)
    yield Case("all scores equal", hidden=True, s=np.full(4, rng.normal()), y=int(rng.integers(4)), eps=0.25)
    # Beside the true score 0: one far below, kept by a half, kept just, broken by a half, broken by two.
    s = rng.permutation([0.0, -4.0, -1.5, -1.0, -0.5, 1.0])
    y, eps = int(s.argsort()[4]), float(rng.uniform(0.1, 0.3))
    yield Case("some pay", hidden=True, s=s + rng.integers(-8, 9) / 4, y=y, eps=eps)
    s = rng.normal(size=5)
    yield Case("lowered", hidden=True, s=s, y=int(s.argsort()[1]), eps=-0.5)
    s = rng.normal(scale=2, size=2)
    yield Case("two classes, a large step", hidden=True, s=s, y=int(s.argmin()), eps=3.0)
    s = 1000.0 * rng.permutation([1.0, 0.5, -1.0, -0.25])
    yield Case("scores of a thousand", hidden=True, s=s, y=int(s.argmin()), eps=1.0)
    single = rng.normal(size=8).astype(np.float32)[::2]
    single.flags.writeable = False
    yield Case("float32, read-only", hidden=True, s=single, y=int(single.argmin()), eps=0.5)


@loss_sensitivity.mistake("Is a change of the loss asked for, or a change for each unit of eps?", code="M04")
def divided_by_eps(out: Any, s: Tensor, y: int, eps: float) -> dict[str, Tensor]:
    return {"hinge": out.hinge / eps, "softmax": out.softmax / eps}


@loss_sensitivity.mistake("The loss goes up. Is its change positive or negative?", code="M05")
def before_minus_after(out: Any, s: Tensor, y: int, eps: float) -> dict[str, Tensor]:
    return {"hinge": -out.hinge, "softmax": -out.softmax}


@loss_sensitivity.mistake("How many scores move at a time?")
def all_scores_raised(out: Any, s: Tensor, y: int, eps: float) -> dict[str, Tensor]:
    return {"hinge": 0 * out.hinge, "softmax": 0 * out.softmax}


@loss_sensitivity.mistake("A slope times eps: is the loss straight all the way from s_k to s_k + eps?")
def tangent_times_eps(out: Any, s: Tensor, y: int, eps: float) -> dict[str, Tensor]:
    K = len(s)
    true = (torch.arange(K, device=s.device) == y).to(s.dtype)
    broken = ((s - s[y] + 1) > 0) * (1 - true)
    return {"hinge": eps * (broken - true * broken.sum()), "softmax": eps * (torch.softmax(s, 0) - true)}


@loss_sensitivity.mistake("Your change of the softmax loss is 2.30 times too small. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, s: Tensor, y: int, eps: float) -> dict[str, Tensor]:
    return {"softmax": out.softmax / math.log(10)}


@loss_sensitivity.mistake("Scores 10, 9, 9: raise one 9 a little. Is the hinge still flat?", code="M39")
def no_margin(out: Any, s: Tensor, y: int, eps: float) -> dict[str, Tensor]:
    raised = s + eps * torch.eye(len(s), dtype=s.dtype, device=s.device)
    return {"hinge": torch.relu(raised - raised[:, y, None]).sum(1) - torch.relu(s - s[y]).sum()}


@loss_sensitivity.mistake("Raise the true score. Which of the differences s_j - s_y change?")
def true_score_kept(out: Any, s: Tensor, y: int, eps: float) -> dict[str, Tensor]:
    wrong = torch.arange(len(s), device=s.device) != y
    return {"hinge": out.hinge * wrong, "softmax": out.softmax * wrong}
