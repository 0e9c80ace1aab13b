"""The multiclass hinge (SVM) loss, of one image and of a batch."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

# The lecture's scores: a row for each image (cat, car, frog), a column for each class in the same order.
ANIMALS = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])


def margins(S: Tensor, y: Tensor) -> Tensor:
    """What goes into the hinge, s_j - s_y + 1, with 0 for the true class: (N, K)."""
    wrong = torch.arange(S.shape[1], device=S.device) != y[:, None]
    return (S - S.gather(1, y[:, None]) + 1) * wrong


@question(loss=5)
def svm_loss_i(s: Tensor, y: int) -> Tensor:
    """Multiclass hinge loss of one image: sum over j != y of max(0, s_j - s_y + 1).

    s (K,), y int in 0..K-1; loss ().  [CS 7643, linear classifiers]"""
    wrong = torch.arange(len(s), device=s.device) != y
    return torch.relu(s - s[y] + 1)[wrong].sum()


@svm_loss_i.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("cat", s=ANIMALS[0], y=0)
    yield Case("car", s=ANIMALS[1], y=1)
    yield Case("frog", s=ANIMALS[2], y=2)
    yield Case("margin of exactly one", hidden=True, s=np.array([3.0, 2.0, 4.0, 1.0]), y=0)
    s = rng.normal(size=2)
    yield Case("two classes", hidden=True, s=s, y=int(s.argmin()))
    s = rng.normal(scale=3, size=10)
    s[9] = s[:9].mean()  # in the middle: some margins hold, some do not
    yield Case("ten classes, last is true", hidden=True, s=s, y=9)
    yield Case("all scores equal", hidden=True, s=np.full(5, rng.normal()), y=int(rng.integers(5)))
    single = rng.normal(scale=3, size=12).astype(np.float32)[::2]
    single.flags.writeable = False
    yield Case("float32, read-only", hidden=True, s=single, y=int(single.argmin()))


@svm_loss_i.mistake("Where all scores are equal, how many classes should pay? How many do?", code="M39")
def pays_for_true_class(out: Any, s: Tensor, y: int) -> dict[str, Tensor]:
    return {"loss": out.loss + 1}


@svm_loss_i.mistake("A wrong class scores just what the true class does. Is that free?", code="M39")
def no_margin(s: Tensor, y: int) -> Tensor:
    return torch.relu(s - s[y]).sum()


@svm_loss_i.mistake("The true class wins by far, yet it costs. Which score is taken from which?", code="M05")
def difference_reversed(s: Tensor, y: int) -> Tensor:
    return torch.relu(s[y] - s + 1).sum() - 1


@svm_loss_i.mistake("A wrong class loses by a mile. Can it earn something back?", code="M16")
def never_clipped(s: Tensor, y: int) -> Tensor:
    return (s - s[y] + 1).sum() - 1


@svm_loss_i.mistake("Two classes break the margin. Does only one of them pay?")
def worst_class_only(s: Tensor, y: int) -> Tensor:
    wrong = torch.arange(len(s), device=s.device) != y
    return torch.relu(s - s[y] + 1)[wrong].max()


@svm_loss_i.mistake("Over the classes: a sum or a mean?", code="M03")
def mean_over_classes(out: Any, s: Tensor, y: int) -> dict[str, Tensor]:
    return {"loss": out.loss / len(s)}


@svm_loss_i.mistake("How much more does a margin of -2 cost than one of -1? Is the hinge straight?")
def hinge_squared(s: Tensor, y: int) -> Tensor:
    return (torch.relu(s - s[y] + 1) ** 2).sum() - 1


@question(loss=5)
def svm_loss(S: Tensor, y: Tensor) -> Tensor:
    """Multiclass hinge loss of a batch: the mean over images of svm_loss_i.

    S (N, K), y (N,) int in 0..K-1; loss ().  [CS 7643, linear classifiers]"""
    return torch.relu(margins(S, y)).sum(1).mean()


@svm_loss.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three images", S=ANIMALS, y=np.array([0, 1, 2]))
    S = rng.normal(scale=2, size=(1, 5))
    yield Case("one image", hidden=True, S=S, y=S.argsort()[:, 1])  # all but one class score higher
    S, y = rng.normal(scale=3, size=(5, 7)), rng.integers(7, size=5)
    yield Case("many classes", hidden=True, S=S, y=y)
    yield Case("initialisation", hidden=True, S=np.zeros((4, 6)), y=rng.integers(6, size=4))
    S = np.array([[3.0, 2.0, 4.0, 1.0], [0.0, 1.0, 2.0, 1.0], [5.0, 4.0, 4.0, 4.0]])
    yield Case("margins of exactly one", hidden=True, S=S, y=np.array([0, 1, 0]))
    S, y = rng.normal(scale=1e3, size=(5, 7)), rng.integers(7, size=5)  # a shape seen before: nothing may be kept
    yield Case("large scores", hidden=True, S=S, y=y)
    single = rng.normal(size=(4, 6)).astype(np.float32)[:, ::2]
    single.flags.writeable = False
    yield Case("float32, read-only", hidden=True, S=single, y=single.argsort()[:, 1])


@svm_loss.mistake("Hand in every image twice. Should the loss double?", code="M01")
def summed_over_images(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss * len(S)}


@svm_loss.mistake("With zero weights your loss is one too high. Which class should not pay?", code="M39")
def true_class_pays(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss + 1}


@svm_loss.mistake("All scores are equal. Should the loss be zero?", code="M39")
def margin_forgotten(S: Tensor, y: Tensor) -> Tensor:
    return torch.relu(S - S.gather(1, y[:, None])).sum(1).mean()


@svm_loss.mistake("Over which axis is it a mean, and over which a sum?", code="M03")
def mean_over_classes_too(out: Any, S: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / S.shape[1]}


@svm_loss.mistake("Can an image have a negative loss? What does a kept margin add?", code="M16")
def nothing_clipped(S: Tensor, y: Tensor) -> Tensor:
    return margins(S, y).sum(1).mean()


@svm_loss.mistake("Take two different images, one at a time and together. What changes?", code="M13")
def last_image_only(S: Tensor, y: Tensor) -> Tensor:
    return torch.relu(margins(S[-1:], y[-1:])).sum() / len(S)


@svm_loss.mistake("An image with two classes that break the margin: does only the worst one count?")
def worst_class_of_each(S: Tensor, y: Tensor) -> Tensor:
    return torch.relu(margins(S, y)).amax(1).mean()
