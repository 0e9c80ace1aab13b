"""Training the two-layer network one example at a time, and how well it does."""
# Every mistake takes all inputs of its question, used or not.

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .labels import one_vs_rest_predict
from .two_layer import PAPER, two_layer_forward, two_layer_loss, weights
from .two_layer_gradients import two_layer_gradients

Params = list[Tensor]
Run = tuple[Params, Tensor]


def slopes(params: Params, X: Tensor, y: Tensor) -> Params:
    """Gradients of two_layer_loss in [W1, b1, W2, b2]."""
    with torch.enable_grad():
        leaves = [p.detach().requires_grad_() for p in params]
        return list(torch.autograd.grad(two_layer_loss.forward(X, y, *leaves), leaves))


@question(trained=6, losses=2, calls=[two_layer_loss, two_layer_gradients], carry=0.5)
def sgd(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    """Stochastic gradient descent on the two-layer network, and its loss after each epoch.

    params a list W1, b1, W2, b2 as in two_layer_forward, X (N, D), y (N,) int in 0..K-1, lr > 0, epochs >= 1, order
    (V,) int in 0..N-1. In every epoch the examples are visited one by one as order says; at each visit all four
    parameters move by -lr times the gradient of that example's loss, taken before any of them moved. trained is the
    list of the four after the last epoch, losses (epochs,) the two_layer_loss of all N examples after each epoch.
    [WPI CS 539, softmax regression, train]"""
    losses = []
    for _ in range(epochs):
        for i in order.tolist():
            found = slopes(params, X[i : i + 1], y[i : i + 1])
            params = [p - lr * g for p, g in zip(params, found, strict=True)]
        losses.append(two_layer_loss.forward(X, y, *params))
    return params, torch.stack(losses)


def draw(rng: np.random.Generator, N: int, D: int, H: int, K: int) -> dict[str, Any]:
    given = {"X": rng.normal(size=(N, D)), "y": rng.integers(K, size=N)}
    return {"params": list(weights(rng, D, H, K).values()), **given}


@sgd.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, y, params = np.array([[1.0, 2.0], [0.0, -1.0]]), np.array([1, 0]), list(PAPER.values())
    yield Case("one epoch", params=params, X=X, y=y, lr=0.5, epochs=1, order=np.array([1, 0]))
    yield Case("four epochs", hidden=True, **draw(rng, 3, 3, 2, 3), lr=0.4, epochs=4, order=np.array([1, 2, 0]))
    given = draw(rng, 5, 2, 3, 2)
    given = {**given, "y": np.array([0, 1, 0, 1, 1])}
    given["params"][3] = np.array([-800.0, 800.0])
    yield Case("backwards, sure and often wrong", hidden=True, **given, lr=0.9, epochs=2, order=np.arange(5)[::-1])
    yield Case("one example", hidden=True, **draw(rng, 1, 3, 2, 4), lr=0.3, epochs=2, order=np.array([0]))
    given = draw(rng, 4, 2, 3, 2)
    read_only = [given["X"], given["y"], *given["params"]]
    for array in read_only:
        array.flags.writeable = False
    yield Case("one twice, one never, read-only", hidden=True, **given, lr=0.7, epochs=2, order=np.array([2, 0, 2]))
    given = draw(rng, 3, 2, 2, 3)
    given = {**given, "params": [p.astype(np.float32) for p in given["params"]], "X": given["X"].astype(np.float32)}
    yield Case("float32", hidden=True, **given, lr=0.5, epochs=2, order=np.array([0, 2, 1]))


@sgd.mistake("After the first visit, which weights does the gradient of the second example see?")
def whole_batch_at_once(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    losses = []
    for _ in range(epochs):
        found = slopes(params, X[order], y[order])
        params = [p - lr * g for p, g in zip(params, found, strict=True)]
        losses.append(two_layer_loss.forward(X, y, *params))
    return params, torch.stack(losses)


@sgd.mistake("Who says which example is next?")
def order_ignored(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    return sgd.forward(params, X, y, lr, epochs, order.sort().values)  # type: ignore[no-any-return]


@sgd.mistake("Should the loss rise or fall as you train?", code="M05")
def uphill(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    return sgd.forward(params, X, y, -lr, epochs, order)  # type: ignore[no-any-return]


@sgd.mistake("With the second epoch, where does training go on?", code="M25")
def one_epoch_only(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    trained, losses = sgd.forward(params, X, y, lr, 1, order)
    return trained, losses.expand(epochs)


@sgd.mistake("W2 has moved already. Which W2 does the gradient of W1 need?", code="M44")
def moved_before_used(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    losses = []
    for _ in range(epochs):
        for i in order.tolist():
            x, label = X[i : i + 1], y[i : i + 1]
            upper = [p - lr * g for p, g in zip(params[2:], slopes(params, x, label)[2:], strict=True)]
            lower = slopes([*params[:2], *upper], x, label)[:2]
            params = [*(p - lr * g for p, g in zip(params[:2], lower, strict=True)), *upper]
        losses.append(two_layer_loss.forward(X, y, *params))
    return params, torch.stack(losses)


@sgd.mistake("One visit is one example. By what would you divide its gradient?", code="M02")
def averaged_over_the_data(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    return sgd.forward(params, X, y, lr / len(X), epochs, order)  # type: ignore[no-any-return]


@sgd.mistake("The biases are parameters too. Do they move?", code="M16")
def biases_stay(params: Params, X: Tensor, y: Tensor, lr: float, epochs: int, order: Tensor) -> Run:
    losses = []
    for _ in range(epochs):
        for i in order.tolist():
            found = slopes(params, X[i : i + 1], y[i : i + 1])
            params = [p - lr * g if p.dim() > 1 else p for p, g in zip(params, found, strict=True)]
        losses.append(two_layer_loss.forward(X, y, *params))
    return params, torch.stack(losses)


@sgd.mistake("Is the loss of an epoch taken before its steps, or after them?")
def losses_before_the_epoch(out: Any, params: Params, X: Tensor, y: Tensor) -> dict[str, Any]:
    return {"losses": torch.cat([two_layer_loss.forward(X, y, *params)[None], out.losses[:-1]])}


@question(share=2, calls=[two_layer_forward], carry=0.5)
def accuracy(params: Params, X: Tensor, y: Tensor) -> Tensor:
    """The share of examples whose most probable class, the lowest such where several are, is the true one.

    params a list W1, b1, W2, b2 as in two_layer_forward, X (N, D), y (N,) int in 0..K-1; share (), from 0 to 1.
    [WPI CS 539, softmax regression, prediction]"""
    best = one_vs_rest_predict.forward(two_layer_forward.forward(X, *params)[1])
    return (best == y).to(X.dtype).mean()


def scored(rng: np.random.Generator, N: int, D: int, H: int, K: int, right: int) -> dict[str, Any]:
    """A network and N examples of which it gets `right` right; with five or more it has to be this very network."""

    def best(X: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        return (1 / (1 + np.exp(-(X @ W1.T + b1))) @ W2.T + b2).argmax(1)

    while True:
        given = draw(rng, N, D, H, K)
        X, (W1, b1, W2, b2) = given["X"], given["params"]
        found = best(X, W1, b1, W2, b2)
        y = np.where(np.arange(N) < right, found, (found + 1 + rng.integers(K - 1, size=N)) % K)
        others = [best(X, W1, 0 * b1, W2, b2), best(X, W1, -b1, W2, b2), best(X, W1, b1, W2, 0 * b2)]
        others += [best(X, 0 * W1, b1, W2, b2), ((X @ W1.T + b1) @ W2.T + b2).argmax(1)]
        if N < 5 or all((other == y).sum() != right for other in others):
            return {**given, "y": y}


@accuracy.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, params = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 0.0]]), list(PAPER.values())
    yield Case("three examples", params=params, X=X, y=np.array([1, 0, 1]))
    yield Case("five of eight", hidden=True, **scored(rng, 8, 3, 4, 3, 5))
    yield Case("none", hidden=True, **scored(rng, 4, 2, 3, 5, 0))
    yield Case("one of one", hidden=True, **scored(rng, 1, 2, 2, 4, 1))
    yield Case("two of seven, two classes", hidden=True, **scored(rng, 7, 2, 3, 2, 2))
    zero = [rng.normal(size=(2, 3)), rng.normal(size=2), np.zeros((4, 2)), np.array([0.0, 1.0, 1.0, 0.5])]
    yield Case("ties", hidden=True, kink=True, params=zero, X=rng.normal(size=(5, 3)), y=np.array([1, 2, 1, 0, 1]))


@accuracy.mistake("Is it a number of examples, or a share of them?", code="M01")
def counted(out: Any, X: Tensor) -> dict[str, Tensor]:
    return {"share": out.share * len(X)}


@accuracy.mistake("What is the accuracy when all are right: 1 or 100?")
def in_percent(out: Any) -> dict[str, Tensor]:
    return {"share": out.share * 100}


@accuracy.mistake("Is this the share of right answers, or of wrong ones?")
def share_of_errors(out: Any) -> dict[str, Tensor]:
    return {"share": 1 - out.share}


@accuracy.mistake("Two classes are equally probable. Which of them does the docstring name?")
def ties_to_the_highest(params: Params, X: Tensor, y: Tensor) -> Tensor:
    A2 = two_layer_forward.forward(X, *params)[1]
    return (A2.shape[1] - 1 - A2.flip(1).argmax(1) == y).to(X.dtype).mean()
