"""The cross-entropy of a logistic unit: the more wrong, the more it learns."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from grader import Case, question

from .logits import logits


def cross_entropies(z: Tensor, t: Tensor) -> Tensor:
    """The sum over examples of the Bernoulli cross-entropy, from the logit: y is sigma(z), and 1 - y is sigma(-z)."""
    return -logsigmoid((2 * t.to(z.dtype) - 1) * z).sum()


@question(forward=cross_entropies, dz=5)
def cross_entropy_gradient_logit(z: Tensor, t: Tensor) -> None:
    """For each example the derivative in its logit z of -t log y - (1 - t) log(1 - y) where y = 1 / (1 + exp(-z)).

    z (N,), t (N,) of 0 and 1; dz (N,), no mean.  [TU Delft deep learning, ML refresh]"""


@cross_entropy_gradient_logit.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("undecided, and surer", z=np.array([0.0, 2.0, -2.0]), t=np.array([1, 1, 1]))
    yield Case("a positive sample, more and more wrong", z=np.array([-1.0, -2.0, -5.0, -50.0]), t=np.ones(4))
    yield Case("a thousand", z=np.array([1000.0, -1000.0]), t=np.array([0, 1]))
    t = rng.permutation([0, 1, 1, 0])
    yield Case("sure and right", hidden=True, z=(2 * t - 1) * rng.uniform(16.5, 18, size=4), t=t)
    yield from logits(rng)


@cross_entropy_gradient_logit.mistake(
    "Very wrong, and yet it hardly learns. Of which loss is this the slope?", code="M38"
)
def derivative_of_squared_loss(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    y = torch.sigmoid(z)
    return {"dz": out.dz * y * (1 - y)}


@cross_entropy_gradient_logit.mistake("That is the derivative in y. How does y change with z?", code="M38")
def in_the_output(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    y = torch.sigmoid(z)
    return {"dz": -t / y + (1 - t) / (1 - y)}


@cross_entropy_gradient_logit.mistake(
    "Very wrong: you divide 0 by 0. Do the two factors have to be computed at all?", code="M21"
)
def chain_not_simplified(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    y = torch.sigmoid(z)
    return {"dz": (y - t) / (y * (1 - y)) * y * (1 - y)}


@cross_entropy_gradient_logit.mistake("t is 1. Does the loss rise or fall when z rises?", code="M05")
def sign_flipped(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": -out.dz}


@cross_entropy_gradient_logit.mistake(
    "Does an example's own derivative depend on how many others there are?", code="M02"
)
def averaged(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": out.dz / len(z)}


@cross_entropy_gradient_logit.mistake("Only the ones teach you something. What about the zeros?", code="M06")
def ones_only(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": out.dz * t}


@cross_entropy_gradient_logit.mistake("Is a prediction of 0.6 for a one as good as one of 0.9?")
def thresholded(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": (z >= 0).to(z.dtype) - t}


@cross_entropy_gradient_logit.mistake("What lies between the logit and the label? Have you squashed it?", code="M16")
def not_squashed(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": z - t}


@cross_entropy_gradient_logit.mistake("Try z = 1000. What is exp(1000), and inf divided by inf?", code="M20")
def overflows(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": z.exp() / (1 + z.exp()) - t}
