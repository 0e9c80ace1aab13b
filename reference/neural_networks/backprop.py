"""Backpropagation: the gradients of the cost in every matrix of a network of any depth."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .cost import cost, targets, training_cases
from .network import Thetas, network, with_bias


@question(forward=cost, dthetas=14)
def backprop(thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> None:
    """The gradients of cost in each matrix of thetas.

    thetas a list of matrices as in forward, X (N, D), Y (N, K) of zeros and ones, lam >= 0; dthetas a list of
    matrices of the shapes of thetas, the lecture's D.  [WPI CS 539, backpropagation]"""


@backprop.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield from training_cases(rng)
    # A bias of 1e9 makes a cost of 1e9, in which a difference of two costs drowns; the gradients are near 1.
    thetas, Y = network(rng, 3, 4, 3), targets(rng, 5, 3)
    thetas[1][0, 0], Y[0], Y[1] = 1e9, [1, 0, 0], [0, 0, 1]
    yield Case("sure by a billion", hidden=True, thetas=thetas, X=rng.normal(size=(5, 3)), Y=Y, lam=0.6)


# The mistakes below are made in one of four places: the error of the output units, the way that an error takes back
# through a layer, the sum over examples, or the penalty.

Back = Callable[[Tensor, Tensor, Tensor], Tensor]  # the error (N, s_l) from that above, Theta and the layer's A


def back(delta: Tensor, theta: Tensor, A: Tensor) -> Tensor:
    return (delta @ theta)[:, 1:] * A * (1 - A)


def by_hand(
    thetas: Thetas, X: Tensor, Y: Tensor, lam: float, *, last: Callable[[Tensor], Tensor] | None = None,
    step: Back = back, rate: float | None = None, first: int = 1, rows: slice = slice(None),
) -> dict[str, Any]:  # fmt: skip
    """The gradients, with one thing wrong: `last` makes the error of the output units of their activations, `step`
    goes back one layer, `rate` is what the penalty multiplies, `first` its first column, `rows` who is summed."""
    N, A = len(X), [X]
    for theta in thetas:
        A.append(torch.sigmoid(with_bias(A[-1]) @ theta.T))
    delta = last(A[-1]) if last else A[-1] - Y
    found: Thetas = []
    for theta, a in zip(reversed(thetas), reversed(A[:-1]), strict=True):
        penalty = torch.zeros_like(theta)
        penalty[:, first:] = (lam / N if rate is None else rate) * theta[:, first:]
        found.insert(0, delta[rows].T @ with_bias(a)[rows] / N + penalty)
        delta = step(delta, theta, a)
    return {"dthetas": found}


@backprop.mistake(
    "Hand in every example twice: what becomes of lam / (2 N) times the squares? And of yours?", code="M08"
)
def penalty_without_n(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam, rate=lam)


@backprop.mistake("Blame has come back to the activation of a unit. What lies between that and its sum z?", code="M38")
def slope_forgotten(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam, step=lambda delta, theta, _: (delta @ theta)[:, 1:])


@backprop.mistake("Differentiate the log loss in the output's z: does the slope of g stay, or cancel?", code="M38")
def output_slope_too(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam, last=lambda H: (H - Y) * H * (1 - H))


@backprop.mistake("The slope of g at z, written with a: did you put a in the place of z?", code="M38")
def slope_at_the_activation(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    def step(delta: Tensor, theta: Tensor, A: Tensor) -> Tensor:
        S = torch.sigmoid(A)
        return (delta @ theta)[:, 1:] * S * (1 - S)

    return by_hand(thetas, X, Y, lam, step=step)


@backprop.mistake("Which column of each matrix does the penalty leave alone?", code="M41")
def bias_column_regularised(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam, first=0)


@backprop.mistake("Nothing feeds a bias unit. Which entry of Theta^T delta is its, the first or the last?")
def last_unit_removed(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam, step=lambda delta, theta, A: (delta @ theta)[:, :-1] * A * (1 - A))


@backprop.mistake("Does any weight lead into a bias unit? So may an error go on below it?", code="M19")
def bias_unit_kept(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return {"dthetas": [*(torch.cat([d[:1] * 0, d]) for d in out.dthetas[:-1]), out.dthetas[-1]]}


@backprop.mistake("With lam = 0 we agree, with lam = 1 we do not. What is missing?", code="M06")
def penalty_missing(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, 0.0)


@backprop.mistake("What is the derivative of w**2 at w = 3?", code="M04")
def penalty_halved(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam / 2)


@backprop.mistake("Should the penalty pull a weight away from zero, or towards it?", code="M05")
def penalty_subtracted(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, -lam)


@backprop.mistake("Hand in every example twice, with lam = 0. Should your gradients double?", code="M01")
def not_averaged(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    found = by_hand(thetas, X, Y, 0.0)["dthetas"]
    return {"dthetas": [d + (len(X) - 1) * part for d, part in zip(out.dthetas, found, strict=True)]}


@backprop.mistake("Two different examples: does Delta still hold the first one after the second?", code="M13")
def last_example_only(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam, rows=slice(-1, None))


@backprop.mistake("The weights of the bias units: does the cost feel them? Does your D?", code="M16")
def bias_columns_zero(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return {"dthetas": [torch.cat([0 * d[:, :1], d[:, 1:]], 1) for d in out.dthetas]}


@backprop.mistake("A nudge to one weight: does the cost go the way that D says?", code="M05")
def uphill(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return {"dthetas": [-d for d in out.dthetas]}


@backprop.mistake("Set lam = 0. Does the cost go up or down where D is positive? And with lam large?", code="M05")
def error_turned_around(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return by_hand(thetas, X, Y, lam, last=lambda H: Y - H)


@backprop.mistake("In which order are the matrices of the list?")
def last_layer_first(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return {"dthetas": out.dthetas[::-1]}


@backprop.mistake("Write the shape of a matrix and of its D under each other.", code="M12")
def transposed(out: Any, thetas: Thetas, X: Tensor, Y: Tensor, lam: float) -> dict[str, Any]:
    return {"dthetas": [d.T for d in out.dthetas]}
