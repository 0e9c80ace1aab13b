"""Multiclass classification: softmax, one-hot targets, and the cross-entropy from logits."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question

from .regression import awkward


def targets(rng: np.random.Generator, N: int, K: int) -> NDArray[Any]:
    """Random one-hot rows (N, K)."""
    return np.eye(K)[rng.integers(K, size=N)]


def logits(rng: np.random.Generator, N: int, K: int) -> dict[str, Any]:
    return {"Z": rng.normal(scale=2, size=(N, K)), "T": targets(rng, N, K)}


def far(rng: np.random.Generator) -> NDArray[Any]:
    """Logits (4, 3) with one row far above and one far below the others; sixty-fourths, which float32 holds too."""
    Z = rng.integers(-128, 129, size=(4, 3)) / 64
    Z[2] += 2000
    Z[3] -= 2000
    return Z


THOUSANDS = 1000.0 * np.array([[1, 0, -1, 0], [-1, 1, 0, 0], [0, -1, -10, 10], [1, 1, -1, 0], [0, 0, 0, -10]])


@question(Y=5)
def softmax(Z: Tensor) -> Tensor:
    """exp(z_k) / sum over k' of exp(z_k') in every row, with no overflow.

    Z (N, K) logits; Y (N, K), whose rows sum to one.  [CSC413, lecture 1, multiclass classification]"""
    return torch.softmax(Z, dim=1)


@softmax.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("logarithms of one to four", Z=np.log([[1.0, 2.0, 3.0, 4.0], [4.0, 4.0, 1.0, 1.0]]))
    yield Case("logits of a thousand", Z=np.array([[1000.0, 1000.0, 0.0]]))
    yield Case("many classes", hidden=True, Z=rng.normal(scale=2, size=(3, 7)))
    yield Case("one example", hidden=True, Z=rng.normal(size=(1, 4)))
    yield Case("two classes", hidden=True, Z=rng.normal(size=(5, 2)))
    yield Case("as many classes as examples", hidden=True, Z=rng.normal(size=(4, 4)))
    yield Case("huge logits", hidden=True, Z=THOUSANDS)
    yield Case("rows far from each other", hidden=True, Z=far(rng))
    yield Case("equal logits", hidden=True, Z=np.repeat(rng.normal(size=(3, 1)), 5, axis=1))
    yield Case("float32", hidden=True, Z=rng.normal(size=(6, 3)).astype(np.float32))
    yield Case("strided and read-only", hidden=True, **awkward({"Z": rng.normal(size=(3, 5))}))


@softmax.mistake("Try logits of 1000. What may you take away from a row without changing it?", code="M20")
def overflows(Z: Tensor) -> Tensor:
    return Z.exp() / Z.exp().sum(1, keepdim=True)


@softmax.mistake("One row is about 2000, the others about 0. What does each row need?", code="M22")
def one_maximum_for_all(Z: Tensor) -> Tensor:
    E = (Z - Z.max()).exp()
    return E / E.sum(1, keepdim=True)


@softmax.mistake("Which numbers should sum to one: those of an example, or those of a class?", code="M14")
def down_the_columns(Z: Tensor) -> Tensor:
    return torch.softmax(Z, dim=0)


@softmax.mistake("Add up all that you return. Should that be 1, or the number of examples?", code="M14")
def over_everything(Z: Tensor) -> Tensor:
    return torch.softmax(Z.flatten(), 0).reshape(Z.shape)


@softmax.mistake("What does each row sum to?", code="M16")
def not_normalised(Z: Tensor) -> Tensor:
    return (Z - Z.amax(1, keepdim=True)).exp()


@softmax.mistake("Raise one logit. Should the probabilities of the other classes stay?", code="M14")
def sigmoid_of_each(Z: Tensor) -> Tensor:
    return torch.sigmoid(Z)


@softmax.mistake("Is it the probabilities or their logarithms that should sum to one?")
def logarithms(out: Any, Z: Tensor) -> dict[str, Tensor]:
    return {"Y": torch.log_softmax(Z, 1)}


@question(T=3)
def one_hot(y: Tensor, K: int) -> Tensor:
    """Rows with a single 1, at the label. A label below 0 or from K on raises ValueError.

    y (N,) int in 0..K-1; T (N, K).  [CSC413, lecture 1, multiclass classification]"""
    if (y < 0).any() or (y >= K).any():
        raise ValueError(f"labels lie in 0..{K - 1}")
    return (y[:, None] == torch.arange(K, device=y.device)).to(torch.float64)


@one_hot.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three labels", y=np.array([2, 0, 3]), K=4)
    yield Case("label too large", raises=ValueError, y=np.array([0, 3]), K=3)
    yield Case("many labels", hidden=True, y=np.append(rng.permutation(5), rng.integers(5, size=3)), K=5)
    yield Case("classes that do not occur", hidden=True, y=rng.integers(1, 3, size=4), K=7)
    yield Case("one label", hidden=True, y=rng.integers(3, size=1), K=3)
    y = np.repeat(rng.permutation(4), 2)[::2]
    y.flags.writeable = False
    yield Case("strided and read-only", hidden=True, y=y, K=6)
    yield Case("one label is K", hidden=True, raises=ValueError, y=np.append(rng.integers(4, size=3), 4), K=4)
    yield Case("negative label", hidden=True, raises=ValueError, y=np.append(-1, rng.integers(4, size=3)), K=4)


@one_hot.mistake("What is the smallest label, and in which column is its 1?", code="M43")
def labels_from_one(out: Any, y: Tensor, K: int) -> dict[str, Tensor]:
    return {"T": out.T.roll(-1, 1)}


@one_hot.mistake("One row per example or one row per class? Compare .shape with the docstring.", code="M12")
def one_row_per_class(out: Any, y: Tensor, K: int) -> dict[str, Tensor]:
    return {"T": out.T.mT}


@one_hot.mistake("A class may not occur among the labels. Is there a column for it?", code="M32")
def only_classes_that_occur(out: Any, y: Tensor, K: int) -> dict[str, Tensor]:
    return {"T": out.T[:, : int(y.max()) + 1]}


def losses_of(Z: Tensor, T: Tensor) -> Tensor:
    """Cross-entropy of each row; log_softmax takes away the row's largest logit first, so nothing overflows."""
    return -(T * torch.log_softmax(Z, dim=1)).sum(1)


@question(loss=6)
def softmax_cross_entropy(Z: Tensor, T: Tensor) -> Tensor:
    """Cross-entropy of each example, -sum over k of t_k log y_k with y = softmax(z), from the logits.

    Z (N, K), T (N, K) one-hot; loss (N,), natural log.  [CSC413, lecture 1, multiclass classification]"""
    return losses_of(Z, T)


@softmax_cross_entropy.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    Z = np.log([[1.0, 2.0, 3.0, 4.0], [4.0, 4.0, 1.0, 1.0]])
    yield Case("logarithms of one to four", Z=Z, T=np.array([[0.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]))
    yield Case("sure and wrong", Z=np.array([[1000.0, 0.0, 0.0]]), T=np.array([[0.0, 0.0, 1.0]]))
    yield Case("many classes", hidden=True, **logits(rng, 3, 7))
    yield Case("one example", hidden=True, **logits(rng, 1, 4))
    yield Case("as many classes as examples", hidden=True, **logits(rng, 4, 4))
    yield Case("huge logits", hidden=True, Z=THOUSANDS, T=np.eye(4)[[0, 0, 2, 1, 3]])
    yield Case("rows far from each other", hidden=True, Z=far(rng), T=targets(rng, 4, 3))
    Z = np.array([[9.0, -3.0, 0.0], [0.0, 12.0, 1.0], [-2.0, 0.0, 10.0]]) + rng.uniform(-1, 1, size=(3, 3))
    yield Case("sure of the wrong class", hidden=True, Z=Z, T=np.eye(3)[[1, 2, 0]])
    yield Case("equal logits", hidden=True, Z=np.zeros((3, 5)), T=targets(rng, 3, 5))
    yield Case("float32", hidden=True, Z=rng.normal(size=(6, 3)).astype(np.float32), T=targets(rng, 6, 3))
    yield Case("strided and read-only", hidden=True, **awkward(logits(rng, 3, 5)))


@softmax_cross_entropy.mistake("Can you have the log of a probability without the probability?", code="M21")
def log_of_underflow(Z: Tensor, T: Tensor) -> Tensor:
    return -torch.where(T > 0, torch.softmax(Z, 1), 1.0).log().sum(1)


@softmax_cross_entropy.mistake("Sure and wrong, by 1000: it should cost 1000. What hides it?", code="M23")
def small_number_in_log(Z: Tensor, T: Tensor) -> Tensor:
    return -(T * (torch.softmax(Z, 1) + 1e-8).log()).sum(1)


@softmax_cross_entropy.mistake("Try logits of 1000. What is exp(1000), and its log?", code="M20")
def exponential_overflows(Z: Tensor, T: Tensor) -> Tensor:
    return Z.exp().sum(1).log() - (T * Z).sum(1)


@softmax_cross_entropy.mistake("One row is about 2000, the others about 0. What does each row need?", code="M22")
def one_maximum(Z: Tensor, T: Tensor) -> Tensor:
    return Z.max() + (Z - Z.max()).exp().sum(1).log() - (T * Z).sum(1)


@softmax_cross_entropy.mistake("How many times does a logit go through softmax before the log?", code="M37")
def softmax_twice(Z: Tensor, T: Tensor) -> Tensor:
    return losses_of(torch.softmax(Z, 1), T)


@softmax_cross_entropy.mistake("Which numbers should sum to one: of an example, or of a class?", code="M14")
def normalised_down_the_columns(Z: Tensor, T: Tensor) -> Tensor:
    return -(T * torch.log_softmax(Z, dim=0)).sum(1)


@softmax_cross_entropy.mistake("Over the classes: a sum or a mean?", code="M03")
def mean_over_classes(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / Z.shape[1]}


@softmax_cross_entropy.mistake("Can a loss be negative?", code="M05")
def log_likelihood(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"loss": -out.loss}


@softmax_cross_entropy.mistake("With two equal logits it should cost 0.693. Which logarithm gives 0.301?", code="M04")
def log_of_base_ten(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / math.log(10)}


@softmax_cross_entropy.mistake("Does a class with t_k = 0 add something to the sum?")
def wrong_classes_pay_too(Z: Tensor, T: Tensor) -> Tensor:
    others = (1 - torch.softmax(Z, 1)).clamp_min(1e-300).log()
    return losses_of(Z, T) - ((1 - T) * others).sum(1)


@softmax_cross_entropy.mistake("A loss is of one example. How many numbers should there be?", code="M02")
def averaged(out: Any, Z: Tensor, T: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss.mean()}
