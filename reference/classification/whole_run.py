"""Training a network: a whole run, with an optimizer of one's own."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question, run

from .training import (
    Model,
    batches,
    draw,
    gradients_pile_up,
    loss_after_the_step,
    mean_divided_again,
    mode_as_it_comes,
    nll_of_probabilities,
    nothing_learnt,
    softmax_before_the_loss,
    summed_over_the_batch,
    train_step,
    trained_in_evaluation_mode,
)

WHOLE = run("whole_training", "weights", "masks", "kept", "X", "Y", "lr", "steps", "training")


@question(losses=2, left=4, mode=1, through=WHOLE)
def train(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    """`steps` times train_step on all examples at once, with one SGD optimizer of rate lr and momentum 0.9; the
    losses. The model is left in evaluation mode.

    X (N, D), Y (N,) classes in 0..K-1, steps >= 1.  [CISC 7026, classification: torch optimization coding]"""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = [train_step.function(model, optimizer, X, Y) for _ in range(steps)]
    model.eval()
    return losses


def whole(rng: np.random.Generator, n: int, D: int, K: int) -> dict[str, Any]:
    """A data set X (n, D), Y (n,)."""
    made = batches(rng, [n], D, K)
    return {"X": made["Xs"][0], "Y": made["Ys"][0]}


@train.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    made, data = draw(rng, [2, 3, 3], 4), whole(rng, 4, 2, 3)
    yield Case("three steps", **made, **data, lr=0.2, steps=3, training=True)
    made, data = draw(rng, [3, 5, 4, 3], 6), whole(rng, 6, 3, 3)
    yield Case("five steps", hidden=True, **made, **data, lr=0.3, steps=5, training=True)
    made, data = draw(rng, [4, 4, 2], 5), whole(rng, 5, 4, 2)
    yield Case("evaluation mode", hidden=True, **made, **data, lr=0.1, steps=4, training=False)
    made, data = draw(rng, [2, 6, 5], 5), whole(rng, 5, 2, 5)
    made["weights"][-2] *= 3000
    yield Case("one step, sure", hidden=True, **made, **data, lr=0.5, steps=1, training=True)


def whole_run(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    """A run as it should be."""
    return list(train.function(model, X, Y, lr, steps))


def trained(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int, one: Any) -> list[float]:
    """The whole run, with `one` for its step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)
    losses = [one(model, optimizer, X, Y) for _ in range(steps)]
    model.eval()
    return losses


@train.mistake("Ask for three steps. How many losses come back?", code="M44")
def a_step_too_many(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return whole_run(model, X, Y, lr, steps + 1)


@train.mistake("Ask for three steps. How many losses come back, and does the last step happen?", code="M44")
def a_step_too_few(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return whole_run(model, X, Y, lr, steps - 1)


@train.mistake("Ask for three steps, count the losses. Then count how often the weights have moved.", code="M44")
def a_loss_dropped(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return whole_run(model, X, Y, lr, steps + 1)[:-1]


@train.mistake(
    "Momentum is a memory. Has your optimizer any, and how old is that optimizer in the third step?", code="M44"
)
def momentum_without_memory(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    """No momentum at all, or a new optimizer for each step: the same numbers."""
    return [whole_run(model, X, Y, lr, 1)[0] for _ in range(steps)]


@train.mistake("Somebody evaluates the model after you. Is dropout still at work?", code="M44")
def left_in_training_mode(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    losses = whole_run(model, X, Y, lr, steps)
    model.train()
    return losses


@train.mistake("Print .grad before backward in the second step. What stands there, and from when?", code="M44")
def gradients_never_cleared(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, gradients_pile_up)


@train.mistake("Your weights stand still. What does step read, and what does it find there?", code="M44")
def weights_stand_still(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, nothing_learnt)


@train.mistake("What does your loss function expect: logits or probabilities?", code="M37")
def softmax_first(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, softmax_before_the_loss)


@train.mistake("Hand in every example twice. Should your steps be longer?", code="M01")
def summed_over_examples(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, summed_over_the_batch)


@train.mistake("Is dropout at work while you train?", code="M44")
def dropout_off(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, trained_in_evaluation_mode)


@train.mistake("In which mode is the model when it comes to you? And in which does your training need it?", code="M44")
def mode_not_set(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, mode_as_it_comes)


@train.mistake("Your loss function wants the logarithm of something. Of what? Does it take it itself?", code="M37")
def probabilities_in_the_nll(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, nll_of_probabilities)


@train.mistake("Your loss function takes a mean already. By what do you divide it?", code="M02")
def mean_of_the_mean(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, mean_divided_again)


@train.mistake("Do your losses belong to the weights before the steps, or behind them?")
def losses_after_the_steps(model: Model, X: Tensor, Y: Tensor, lr: float, steps: int) -> list[float]:
    return trained(model, X, Y, lr, steps, loss_after_the_step)
