"""Training a network: one step with an optimizer that is given."""
# Every mistake takes all arguments of its function, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy, nll_loss

from grader import Case, question, run

Model: TypeAlias = Any
Optimizer: TypeAlias = Any
STEP = run("several_steps", "weights", "masks", "kept", "Xs", "Ys", "lr", "momentum", "training", "stale")


@question(losses=3, left=7, mode=1, through=STEP)
def train_step(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    """One step of the optimizer on the mean cross-entropy of the model's logits, in training mode; the loss.

    X (N, D), Y (N,) classes in 0..K-1. What stands in .grad before does not count; the model is left in training
    mode.  [CISC 7026, classification: torch optimization coding]"""
    model.train()
    optimizer.zero_grad()
    loss = cross_entropy(model(X), Y)
    loss.backward()
    optimizer.step()
    return float(loss.item())


def draw(rng: np.random.Generator, sizes: list[int], most: int) -> dict[str, Any]:
    """Weights of a network with layers of these sizes, and masks for batches of at most so many examples."""
    weights: list[NDArray[Any]] = []
    for before, after in pairwise(sizes):
        weights += [rng.normal(size=(after, before)), rng.normal(size=after)]
    masks = (rng.permuted(np.tile(np.arange(sizes[1]), (most, 1)), axis=1) % 3 > 0).astype(float)
    return {"weights": weights, "masks": masks, "kept": round(0.5 + sizes[1] / 20, 2)}


def batches(rng: np.random.Generator, sizes: list[int], D: int, K: int) -> dict[str, Any]:
    """A batch (n, D) with its labels (n,) for each size; every label is there somewhere."""
    labels = np.resize(rng.permutation(K), sum(sizes))
    ends = np.cumsum(sizes)[:-1]
    return {"Xs": np.split(rng.normal(size=(sum(sizes), D)), ends), "Ys": np.split(labels, ends)}


@train_step.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    made = draw(rng, [2, 3, 2], 2)
    one: dict[str, Any] = {"Xs": [np.array([[1.0, 0.0], [0.5, -1.0]])], "Ys": [np.array([0, 1])]}
    yield Case("one step", **made, **one, lr=0.5, momentum=0.0, training=True, stale=None)
    made, five = draw(rng, [3, 4, 3], 4), batches(rng, [4, 4, 4, 4, 2], 3, 3)
    yield Case("five steps", **made, **five, lr=0.3, momentum=0.9, training=True, stale=None)
    made, two = draw(rng, [2, 4, 3], 3), batches(rng, [3, 2], 2, 3)
    yield Case("after an evaluation", **made, **two, lr=0.4, momentum=0.5, training=False, stale=-0.7)
    made, five = draw(rng, [4, 6, 5, 3], 5), batches(rng, [5, 5, 5, 5, 3], 4, 3)
    yield Case("two hidden layers", hidden=True, **made, **five, lr=0.25, momentum=0.8, training=True, stale=None)
    made, three = draw(rng, [2, 5, 4], 3), batches(rng, [3, 3, 1], 2, 4)
    yield Case("evaluation mode", hidden=True, **made, **three, lr=0.4, momentum=0.5, training=False, stale=None)
    made, three = draw(rng, [3, 4, 2], 4), batches(rng, [4, 4, 3], 3, 2)
    yield Case("stale gradients", hidden=True, **made, **three, lr=0.2, momentum=0.6, training=True, stale=0.5)
    made, x = draw(rng, [5, 3, 4], 1), rng.normal(size=(1, 5))
    made["weights"][2] *= 3000  # logits of thousands
    W1, b1, W2, b2 = made["weights"]
    wrong = (np.tanh(x @ W1.T + b1) * made["masks"] @ W2.T / made["kept"] + b2).argmin(1)
    one = {"Xs": [x], "Ys": [wrong]}
    yield Case("sure and wrong", hidden=True, **made, **one, lr=1e-3, momentum=0.0, training=True, stale=None)


# -- a step -----------------------------------------------------------------------------------------------------------


def true_step(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    """A step as it should be."""
    return float(train_step.function(model, optimizer, X, Y))


def stepped(model: Model, optimizer: Optimizer, loss: Tensor) -> float:
    """The three lines that follow the loss."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.item())


@train_step.mistake("Print .grad before backward in the second step. What stands there, and from when?", code="M44")
def gradients_pile_up(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.train()
    loss = cross_entropy(model(X), Y)
    loss.backward()
    optimizer.step()
    return float(loss.item())


@train_step.mistake("Somebody called backward before you. Where is that gradient when you add yours?", code="M44")
def zeroed_at_the_end_only(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    """The slide's order, DO NOT FORGET: right from clean gradients, wrong from stale ones."""
    loss = gradients_pile_up(model, optimizer, X, Y)
    optimizer.zero_grad()
    return float(loss)


@train_step.mistake(
    "Your weights stand still. What does step read, what does it find there, and who put it there?", code="M44"
)
def nothing_learnt(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    """No step, zero_grad between backward and step, or a loss that is cut off from the weights: the same numbers."""
    model.train()
    return float(cross_entropy(model(X), Y).item())


@train_step.mistake("How many times do the weights move in one step?", code="M44")
def stepped_twice(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    loss = true_step(model, optimizer, X, Y)
    optimizer.step()
    return loss


@train_step.mistake("What does your loss function expect: logits or probabilities?", code="M37")
def softmax_before_the_loss(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.train()
    return stepped(model, optimizer, cross_entropy(model(X).softmax(1), Y))


@train_step.mistake("Your loss function wants the logarithm of something. Of what? Does it take it itself?", code="M37")
def nll_of_probabilities(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.train()
    return stepped(model, optimizer, nll_loss(model(X).softmax(1), Y))


@train_step.mistake("You are sure and wrong, by a thousand. What should it cost? What does it here?", code="M23")
def small_number_in_the_log(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.train()
    return stepped(model, optimizer, nll_loss((model(X).softmax(1) + 1e-8).log(), Y))


@train_step.mistake("Your loss function takes a mean already. By what do you divide it?", code="M02")
def mean_divided_again(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.train()
    return stepped(model, optimizer, cross_entropy(model(X), Y) / len(Y))


@train_step.mistake("The last batch is smaller. Should its step be, too?", code="M01")
def summed_over_the_batch(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.train()
    return stepped(model, optimizer, cross_entropy(model(X), Y, reduction="sum"))


@train_step.mistake("Is dropout at work while you train?", code="M44")
def trained_in_evaluation_mode(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.eval()
    loss = stepped(model, optimizer, cross_entropy(model(X), Y))
    model.train()
    return loss


@train_step.mistake("Somebody has just evaluated the model. In which mode does your step find it?", code="M44")
def mode_as_it_comes(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    return stepped(model, optimizer, cross_entropy(model(X), Y))


@train_step.mistake("In which mode does the text say that you leave the model?", code="M44")
def left_in_evaluation_mode(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    loss = true_step(model, optimizer, X, Y)
    model.eval()
    return loss


@train_step.mistake("The optimizer remembers earlier steps. Does the one that you use?", code="M44")
def optimizer_of_its_own(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    fresh = torch.optim.SGD(model.parameters(), lr=optimizer.param_groups[0]["lr"])
    return true_step(model, fresh, X, Y)


@train_step.mistake("What is the smallest label?", code="M43")
def labels_off_by_one(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    return true_step(model, optimizer, X, Y - 1 + (Y == 0) * (int(Y.max()) + 1))


@train_step.mistake("Does the loss that you return belong to the weights before the step, or behind it?")
def loss_after_the_step(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    true_step(model, optimizer, X, Y)
    return float(cross_entropy(model(X), Y).item())


@train_step.mistake("Which loss did the lecture try first, and leave?")
def squares_of_probabilities(model: Model, optimizer: Optimizer, X: Tensor, Y: Tensor) -> float:
    model.train()
    P = model(X).softmax(1)
    T = torch.nn.functional.one_hot(Y, P.shape[1]).to(P.dtype)
    return stepped(model, optimizer, ((P - T) ** 2).mean())
