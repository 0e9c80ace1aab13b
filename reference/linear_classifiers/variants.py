"""The hinge loss with one thing changed at a time: three of the lecture's questions about it."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .hinge import ANIMALS, margins


@question(loss=6)
def svm_loss_variant(S: Tensor, y: Tensor, kind: str) -> Tensor:
    """Mean over images of another hinge: kind "all" sums over all classes, the true one too; "mean" takes the mean
    over the K - 1 wrong classes where the hinge takes the sum; "squared" sums max(0, s_j - s_y + 1)**2 over them.

    S (N, K) with K > 1, y (N,) int in 0..K-1; loss (). Another kind, or another label, raises ValueError.
    [CS 7643, linear classifiers]"""
    if bool(((y < 0) | (y >= S.shape[1])).any()):
        raise ValueError(f"labels are 0 to {S.shape[1] - 1}")
    if kind == "all":
        return torch.relu(S - S.gather(1, y[:, None]) + 1).sum(1).mean()
    hinge = torch.relu(margins(S, y))
    if kind == "mean":
        return (hinge.sum(1) / (S.shape[1] - 1)).mean()
    if kind == "squared":
        return (hinge * hinge).sum(1).mean()
    raise ValueError(f"kind is 'all', 'mean' or 'squared', not {kind!r}")


@svm_loss_variant.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    labels = np.array([0, 1, 2])
    for kind in ("all", "mean", "squared"):
        yield Case(f"three images, {kind}", S=ANIMALS, y=labels, kind=kind)
    yield Case("no such kind", raises=ValueError, S=ANIMALS, y=labels, kind="cubed")
    yield Case("no such class", raises=ValueError, S=ANIMALS, y=np.array([0, -1, 2]), kind="mean")
    S = rng.normal(scale=2, size=(4, 6))
    yield Case("many classes, all", hidden=True, S=S, y=S.argsort()[:, 4], kind="all")  # some pay, and some do not
    S = rng.normal(scale=2, size=(5, 7))
    yield Case("many classes, mean", hidden=True, S=S, y=S.argsort()[:, 2], kind="mean")
    S = rng.normal(scale=2, size=(1, 5))
    yield Case("one image, squared", hidden=True, S=S, y=S.argsort()[:, 1], kind="squared")
    S = np.array([[3.0, 2.0, 4.0, 1.0], [0.0, 1.0, 2.0, 1.0], [5.0, 4.0, 4.0, 4.0]])
    yield Case("margins of exactly one, squared", hidden=True, S=S, y=np.array([0, 1, 0]), kind="squared")
    S = rng.normal(scale=1e3, size=(3, 4))
    yield Case("large scores, squared", hidden=True, S=S, y=S.argsort()[:, 1], kind="squared")
    single = rng.normal(scale=2, size=(4, 6)).astype(np.float32)[:, ::2]
    single.flags.writeable = False
    yield Case("float32, read-only, mean", hidden=True, S=single, y=single.argmin(1), kind="mean")
    S = rng.normal(size=(3, 4))
    yield Case("unknown kind", hidden=True, raises=ValueError, S=S, y=np.array([0, 3, 1]), kind="softmax")
    yield Case("label of K", hidden=True, raises=ValueError, S=S, y=np.array([0, 4, 1]), kind="squared")
    yield Case("negative label", hidden=True, raises=ValueError, S=S, y=np.array([3, 1, -1]), kind="all")


def hinge(S: Tensor, y: Tensor) -> Tensor:
    """What each wrong class pays: (N, K)."""
    return torch.relu(margins(S, y))


@svm_loss_variant.mistake('For "all", which classes does the sum run over?', code="M39")
def true_class_left_out(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    return {"loss": out.loss - 1} if kind == "all" else {}


@svm_loss_variant.mistake('For "mean": how many numbers does the sum have, and what do you divide by?', code="M03")
def mean_over_the_true_class_too(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    K = S.shape[1]
    return {"loss": out.loss * (K - 1) / K} if kind == "mean" else {}


@svm_loss_variant.mistake("Two classes pay 1 each. Is it 2 or 4 when each payment is squared?")
def square_of_the_sum(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    return {"loss": (hinge(S, y).sum(1) ** 2).mean()} if kind == "squared" else {}


@svm_loss_variant.mistake("A wrong class loses by ten. Should it cost 81?", code="M16")
def squared_before_clipping(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    return {"loss": (margins(S, y) ** 2).sum(1).mean()} if kind == "squared" else {}


@svm_loss_variant.mistake("An image wins by far. What does its true class pay under the square?", code="M39")
def squared_true_class_pays(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    return {"loss": out.loss + 1} if kind == "squared" else {}


@svm_loss_variant.mistake("Is there a half in front of the square? Read it once more.", code="M04")
def half_a_square(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    return {"loss": out.loss / 2} if kind == "squared" else {}


@svm_loss_variant.mistake("Hand in every image twice. Should the loss double?", code="M01")
def summed_over_images(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    return {"loss": out.loss * len(S)}


@svm_loss_variant.mistake("Call it with each kind on the lecture's scores. How many different answers come?")
def kind_ignored(out: Any, S: Tensor, y: Tensor, kind: str) -> dict[str, Tensor]:
    return {"loss": hinge(S, y).sum(1).mean()}
