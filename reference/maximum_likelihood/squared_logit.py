"""The squared loss of a logistic unit: very wrong, it hardly learns."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .logits import logits


def squared_losses(z: Tensor, t: Tensor) -> Tensor:
    """The sum over examples of the squared loss, so that its gradient is that of each example's own."""
    return ((torch.sigmoid(z) - t) ** 2).sum() / 2


@question(forward=squared_losses, dz=8)
def squared_loss_gradient_logit(z: Tensor, t: Tensor) -> None:
    """For each example the derivative in its logit z of (y - t)**2 / 2 where y = 1 / (1 + exp(-z)).

    z (N,), t (N,) of 0 and 1; dz (N,), no mean.  [TU Delft deep learning, ML refresh]"""


@squared_loss_gradient_logit.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("undecided, and surer", z=np.array([0.0, 2.0, -2.0]), t=np.array([1, 1, 1]))
    yield Case("a positive sample, more and more wrong", z=np.array([-1.0, -2.0, -5.0, -50.0]), t=np.ones(4))
    yield Case("a thousand", z=np.array([1000.0, -1000.0]), t=np.array([0, 1]))
    yield from logits(rng)


@squared_loss_gradient_logit.mistake("y changes with z, but by as much as z does?", code="M38")
def derivative_of_logistic_missing(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": torch.sigmoid(z) - t}


@squared_loss_gradient_logit.mistake(
    "What goes into the slope of the logistic function: z, or what it made of z?", code="M38"
)
def derivative_of_the_output(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    y = torch.sigmoid(z)
    return {"dz": (y - t) * torch.sigmoid(y) * (1 - torch.sigmoid(y))}


@squared_loss_gradient_logit.mistake(
    "Where is the logistic curve steepest, and where is your derivative of it?", code="M38"
)
def logit_for_output(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": (torch.sigmoid(z) - t) * z * (1 - z)}


@squared_loss_gradient_logit.mistake("At z = 0 the slope of the logistic curve is a quarter. Is yours?", code="M38")
def derivative_half_done(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    y = torch.sigmoid(z)
    return {"dz": (y - t) * (1 - y)}


@squared_loss_gradient_logit.mistake("Differentiate one square by hand, with its half.", code="M04")
def half_forgotten(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": 2 * out.dz}


@squared_loss_gradient_logit.mistake("t is 1. Does the loss rise or fall when z rises?", code="M05")
def sign_flipped(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": -out.dz}


@squared_loss_gradient_logit.mistake(
    "Does an example's own derivative depend on how many others there are?", code="M02"
)
def averaged(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": out.dz / len(z)}


@squared_loss_gradient_logit.mistake("Try z = 1000. What is exp(1000), and inf divided by inf?", code="M20")
def overflows(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    y = z.exp() / (1 + z.exp())
    return {"dz": (y - t) * y * (1 - y)}


@squared_loss_gradient_logit.mistake("Is it y that you were asked to differentiate by, or z?")
def in_the_output(out: Any, z: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"dz": (torch.sigmoid(z) - t) / 2}
