"""Many classes: the softmax output's cross-entropy from logits, its gradient, and the class that it bets on."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from grader import Case, question

from .checks import check_classes


def log_likelihoods(Z: Tensor, y: Tensor) -> Tensor:
    """Log of the probability that a softmax of the logits gives each label: (N,)."""
    check_classes(y, Z.shape[1])
    return torch.log_softmax(Z, dim=1).gather(1, y[:, None])[:, 0]


@question(loss=5, dZ=8)
def multiclass_cross_entropy(Z: Tensor, y: Tensor) -> Tensor:
    """Mean over examples of -log softmax(z)[y], natural log, and its gradient in the logits.

    Z (N, K), y (N,) int in 0..K-1; loss (), dZ (N, K). A label outside 0..K-1 raises ValueError.
    [TU Delft deep learning, ML refresh]"""
    return -log_likelihoods(Z, y).mean()


@multiclass_cross_entropy.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two examples", Z=np.array([[1.0, 2.0, 3.0], [0.0, 2.0, 0.0]]), y=np.array([0, 2]))
    yield Case("one much larger", Z=np.array([[1000.0, 0.0, -1000.0]]), y=np.array([1]))
    yield Case("no such class", raises=ValueError, Z=np.array([[1.0, 2.0, 3.0]]), y=np.array([3]))
    yield Case("many classes", hidden=True, Z=rng.normal(scale=2, size=(5, 7)), y=np.array([6, 0, 3, 3, 1]))
    Z = rng.normal(size=(1, 4))
    yield Case("one example", hidden=True, Z=Z, y=Z.argmin(1))
    yield Case("two classes", hidden=True, Z=rng.normal(size=(4, 2)), y=np.array([0, 1, 1, 0]))
    yield Case("undecided", hidden=True, Z=np.zeros((3, 6)), y=rng.integers(6, size=3))
    Z = 1000.0 * np.array([[1, 0, -1, 0], [-1, 1, 0, 0], [0, -1, -1, 1], [1, 1, -1, 0], [0, 0, 0, -1]])
    yield Case("thousands", hidden=True, Z=Z, y=np.array([0, 0, 1, 1, 3]))
    Z = np.stack([rng.permutation([0.0, -14, -17, -20]) for _ in range(3)])  # 0, so that no formula subtracts from 14
    y = Z.argmax(1)
    Z += (Z < 0) * rng.uniform(size=Z.shape)
    yield Case("sure and right", hidden=True, Z=Z, y=y)
    Z, y = rng.integers(-128, 129, size=(4, 3)) / 64, rng.integers(3, size=4)
    Z[2] += 2000  # sixty-fourths, so that float32 holds these logits exactly too
    yield Case("one row far above the others", hidden=True, Z=Z, y=y)
    Z, y = rng.normal(size=(4, 5)), rng.integers(5, size=4)
    Z[3], y[3] = Z[1], y[1]
    yield Case("an example twice", hidden=True, Z=Z, y=y)
    single = rng.normal(size=(6, 10)).astype(np.float32)[:, ::2]
    single.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, Z=single, y=rng.integers(5, size=6))
    Z = rng.normal(size=(3, 4))
    yield Case("label of minus one", hidden=True, raises=ValueError, Z=Z, y=np.array([2, -1, 0]))
    yield Case("label of K", hidden=True, raises=ValueError, Z=rng.normal(size=(3, 4)), y=np.array([0, 1, 4]))


@multiclass_cross_entropy.mistake("Hand in every example twice. Should the loss double?", code="M01")
def summed(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss * len(Z)}


@multiclass_cross_entropy.mistake("Hand in every example twice. What should become of a row of dZ?", code="M01")
def gradient_summed(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dZ": out.dZ * len(Z)}


@multiclass_cross_entropy.mistake("Over which axis is it a mean? Do the classes share the loss?", code="M03")
def averaged_over_classes_too(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / Z.shape[1], "dZ": out.dZ / Z.shape[1]}


@multiclass_cross_entropy.mistake(
    "Raise all logits of an example by one: the loss stays. So a row sums to?", code="M36"
)
def true_class_not_subtracted(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dZ": torch.softmax(Z, 1) / len(Z)}


@multiclass_cross_entropy.mistake("Does raising the logit of a wrong class change the loss?", code="M35")
def true_column_only(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dZ": out.dZ * one_hot(y, Z.shape[1])}


@multiclass_cross_entropy.mistake(
    "You have the slope of the log and that of the softmax: is a slope missing twice?", code="M38"
)
def derivative_twice(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    p = torch.softmax(Z, 1)
    return {"dZ": out.dZ * p * (1 - p)}


@multiclass_cross_entropy.mistake("Raise the true logit a little. Does the loss go the way that dZ says?", code="M05")
def sign_flipped(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dZ": -out.dZ}


@multiclass_cross_entropy.mistake("The slides count classes from 1. From where does y count here?", code="M43")
def label_off_by_one(Z: Tensor, y: Tensor) -> Tensor:
    return -torch.log_softmax(Z, 1).gather(1, (y - 1).remainder(Z.shape[1])[:, None]).mean()


@multiclass_cross_entropy.mistake("With two equal logits it costs 0.69, not 0.30. Which logarithm?", code="M04")
def log_of_base_ten(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / math.log(10)}


@multiclass_cross_entropy.mistake(
    "Try a logit of 1000. What is exp(1000), and what may you take away first?", code="M20"
)
def overflows(Z: Tensor, y: Tensor) -> Tensor:
    E = Z.exp()
    return -(E / E.sum(1, keepdim=True)).gather(1, y[:, None]).log().mean()


@multiclass_cross_entropy.mistake(
    "One row has logits of about 2000, the rest about 0. What does each row need?", code="M22"
)
def one_maximum_for_all(Z: Tensor, y: Tensor) -> Tensor:
    return overflows(Z - Z.max(), y)


@multiclass_cross_entropy.mistake("Can you have the log of a probability without the probability?", code="M21")
def log_of_underflow(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": -torch.softmax(Z, 1).gather(1, y[:, None]).log().mean()}


@multiclass_cross_entropy.mistake(
    "You are sure and wrong, by 2000. What should it cost? What does it here?", code="M23"
)
def small_number_in_log(out: Any, Z: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"loss": -(torch.softmax(Z, 1).gather(1, y[:, None]) + 1e-12).log().mean()}


@multiclass_cross_entropy.mistake(
    "Which numbers should sum to one: those of an example, or those of a class?", code="M14"
)
def normalised_down_the_columns(Z: Tensor, y: Tensor) -> Tensor:
    return -torch.log_softmax(Z, dim=0).gather(1, y[:, None]).mean()


@multiclass_cross_entropy.mistake("How many times does a logit go through softmax before the log?", code="M37")
def softmax_twice(Z: Tensor, y: Tensor) -> Tensor:
    return -torch.log_softmax(torch.softmax(Z, 1), 1).gather(1, y[:, None]).mean()


@question(labels=3)
def predict_class(Z: Tensor) -> Tensor:
    """The likeliest class of each example; of equal logits the lowest class.

    Z (N, K); labels (N,) int in 0..K-1.  [TU Delft deep learning, ML refresh]"""
    return Z.argmax(dim=1)


# Where logits are equal, rounding one of them is no rounding of the answer: kink=True.
@predict_class.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three examples", Z=np.array([[1.0, 5.0, 2.0], [3.0, 0.0, -1.0], [-7.0, -2.0, -1.0]]))
    yield Case("a tie", kink=True, Z=np.array([[0.0, 4.0, 4.0]]))
    yield Case("five examples", hidden=True, Z=rng.normal(size=(5, 4)))
    yield Case("two examples, many classes", hidden=True, Z=rng.normal(size=(2, 9)))
    yield Case("one example", hidden=True, Z=rng.normal(size=(1, 6)))
    yield Case("all negative", hidden=True, Z=-1 - rng.uniform(size=(4, 3)))
    yield Case("one class", hidden=True, Z=rng.normal(size=(3, 1)))
    Z = 2000.0 * np.stack([rng.permutation([-1, 0, 1, 2]) for _ in range(3)])
    yield Case("thousands", hidden=True, Z=Z)
    Z = np.array([[1.0, 3, 3, 0], [2, 2, 2, 2], [0, -1, 0, -1], [-5, -4, -6, -4]])
    yield Case("ties", hidden=True, kink=True, Z=Z)
    near = 1 + 2.0**-21  # which float32 tells from 1
    Z = np.array([[1.0, near, 0.0], [-near, -near, -1.0], [-near, -1.0, -near]])
    yield Case("nearly ties", hidden=True, kink=True, Z=Z)
    single = rng.normal(size=(5, 6)).astype(np.float32)[:, ::2]
    single.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, Z=single)


@predict_class.mistake("Two classes share the first place. Which of them does the docstring want?")
def highest_of_ties(out: Any, Z: Tensor) -> dict[str, Tensor]:
    return {"labels": Z.shape[1] - 1 - Z.flip(1).argmax(1)}


@predict_class.mistake("The slides count classes from 1. From where do we?", code="M43")
def counted_from_one(out: Any, Z: Tensor) -> dict[str, Tensor]:
    return {"labels": out.labels + 1}


@predict_class.mistake("Is the best class the one with the smallest logit?", code="M05")
def least_likely(out: Any, Z: Tensor) -> dict[str, Tensor]:
    return {"labels": Z.argmin(1)}


@predict_class.mistake("How many answers do you want: one for an example, or one for a class?", code="M14")
def best_example_of_each_class(out: Any, Z: Tensor) -> dict[str, Tensor]:
    return {"labels": Z.argmax(0)}


@predict_class.mistake("Do you return how high the best logit is, or where it is?")
def largest_logit(out: Any, Z: Tensor) -> dict[str, Tensor]:
    return {"labels": Z.amax(1)}


@predict_class.mistake("Logits of 1000 and 2000 have one softmax. Do you need it, to know which is larger?", code="M20")
def through_an_overflow(out: Any, Z: Tensor) -> dict[str, Tensor]:
    E = Z.exp()
    return {"labels": (E / E.sum(1, keepdim=True)).nan_to_num(0.0).argmax(1)}
