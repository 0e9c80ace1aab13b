"""The batch perceptron: the first learning rule of the lecture, and when it stops."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question

Trained = tuple[Tensor, int]


@question(theta=6, epochs=2)
def batch_perceptron(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    """Weights of a perceptron trained on the whole batch, and the number of epochs done.

    X (N, D), y (N,) int, -1 or +1, lr > 0, max_epochs >= 1, tol > 0; theta (D,), epochs an integer. theta starts
    at zeros and has no bias of its own. In an epoch delta is the sum, over all i with y_i * (x_i . theta) <= 0, of
    y_i * x_i, divided by N; theta grows by lr * delta. Stops after an epoch with norm(delta) < tol, which counts, or
    after max_epochs.  [WPI CS 539, batch perceptron]"""
    theta = torch.zeros_like(X[0])
    for epoch in range(max_epochs):
        wrong = y * (X @ theta) <= 0
        delta = (X * (y * wrong)[:, None]).sum(0) / len(X)
        theta = theta + lr * delta
        if torch.linalg.vector_norm(delta) < tol:
            return theta, epoch + 1
    return theta, max_epochs


OR = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
CANCELS = np.array([[1.0, 0.0], [-1.0, 0.0]])


def decided(rng: np.random.Generator, N: int, D: int, separable: bool) -> tuple[NDArray[Any], NDArray[Any]]:
    """Examples (N, D) and labels (N,) on which the perceptron never comes near a tie after the first epoch."""
    while True:
        X, y = rng.normal(size=(N, D)), rng.choice([-1, 1], size=N)
        if separable:
            y = np.where(X @ rng.normal(size=D) > 0, 1, -1)
        theta, margins, epochs = np.zeros(D), [1.0], 0
        for epochs in range(40):
            s = y * (X @ theta)
            margins.append(np.abs(s).min() if epochs else 1.0)
            delta = (y * (s <= 0)) @ X / N
            theta = theta + delta
            if not delta.any():
                break
        if min(margins) > 1e-3 and (4 <= epochs < 30 if separable else epochs == 39):
            return X, y


@batch_perceptron.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    # kink: a tie after the first epoch, or a norm that is exactly tol, in numbers that are exact in any order.
    yield Case("or", kink=True, X=OR, y=np.array([-1, 1, 1, 1]), lr=1.0, max_epochs=50, tol=1e-6)
    yield Case("two that cancel", X=CANCELS, y=np.array([1, 1]), lr=1.0, max_epochs=50, tol=1e-6)
    X, y = decided(rng, 8, 3, separable=True)
    yield Case("separable", hidden=True, X=X, y=y, lr=0.5, max_epochs=100, tol=1e-9)
    X, y = decided(rng, 9, 2, separable=False)
    yield Case("not separable", hidden=True, X=X, y=y, lr=2.0, max_epochs=17, tol=1e-9)
    X, y = OR[[0, 1, 2, 3, 1, 1, 1, 1]], np.array([-1, 1, 1, -1, 1, 1, 1, 1])
    yield Case("exclusive or", hidden=True, kink=True, X=X, y=y, lr=0.25, max_epochs=6, tol=1e-9)
    X, y = decided(rng, 6, 2, separable=True)
    yield Case("last epoch counts", hidden=True, X=X, y=y, lr=0.1, max_epochs=2, tol=1e-9)
    # delta is (1, 0.6): norm 1.17, its square 1.36, L1 norm 1.6. The last example is still wrong when the rule stops.
    X, y = np.array([[2.0, 0.0], [0.0, 2.0], [-2.0, -2.0], [0.0, -2.0], [1.0, -3.0]]), np.array([1, 1, -1, -1, 1])
    yield Case("wide tolerance", hidden=True, X=X, y=y, lr=8.0, max_epochs=9, tol=1.25)
    # delta is (3, 4), norm 5 exactly, largest entry 4; then (1, -1), for the last example is wrong once more.
    X, y = np.array([[3.0, 8.0], [3.0, 8.0], [-2.0, -4.0], [-4.0, 4.0]]), np.array([1, 1, -1, -1])
    yield Case("norm is the tolerance", hidden=True, kink=True, X=X, y=y, lr=0.5, max_epochs=9, tol=5.0)
    X, y = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0], [2.0, 1.0]]), np.array([1, 1, -1, 1])
    yield Case("a point on the line", hidden=True, kink=True, X=X, y=y, lr=1.0, max_epochs=30, tol=1e-6)
    yield Case("one example", hidden=True, X=rng.normal(size=(1, 4)), y=np.array([-1]), lr=0.3, max_epochs=5, tol=1e-6)
    X, y = decided(rng, 7, 4, separable=True)
    X = np.repeat(X, 2, axis=1).astype(np.float32)[:, ::2]
    X.flags.writeable = y.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, X=X, y=y, lr=1.0, max_epochs=60, tol=2.0**-10)


@batch_perceptron.mistake("At the start every x . theta is 0. Does the lecture call that right?")
def tie_is_right(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, tie=False)


@batch_perceptron.mistake("Hand in every example twice. Should one step be twice as long?", code="M01")
def not_averaged(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, divide=False)


@batch_perceptron.mistake("Examples that are right already: do they still pull?")
def right_ones_pull_too(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, everyone=True)


@batch_perceptron.mistake("By how many of the N examples is the sum divided?", code="M03")
def mean_of_the_wrong_ones(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, share=True)


@batch_perceptron.mistake("Does the step come before the test of the norm, or after it?")
def stops_before_the_last_step(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, early=True)


@batch_perceptron.mistake("Halve lr. Does your theta notice?", code="M09")
def step_without_rate(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, 1.0, max_epochs, tol)


@batch_perceptron.mistake("Whose norm is compared with tol: that of delta, or that of the step?")
def norm_of_the_step(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol / lr)


@batch_perceptron.mistake("Two wrong examples pull in opposite directions. What is delta? So what is the rule?")
def stops_when_all_are_right(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, rule=False)


@batch_perceptron.mistake("While an epoch runs through its examples, may theta change?")
def one_by_one(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    theta = torch.zeros_like(X[0])
    for epoch in range(max_epochs):
        before = theta
        for x, label in zip(X, y, strict=True):
            theta = theta + lr * label * x * (label * (x @ theta) <= 0)
        if torch.linalg.vector_norm(theta - before) < tol:
            return theta, epoch + 1
    return theta, max_epochs


@batch_perceptron.mistake("From which theta does the lecture start?")
def starts_at_ones(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, start=1.0)


@batch_perceptron.mistake("A wrong example with y = -1: towards it or away from it?", code="M05")
def label_forgotten(X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float) -> Trained:
    return train(X, y, lr, max_epochs, tol, signed=False)


@batch_perceptron.mistake("It stops in its first epoch. How many epochs did it do?")
def epochs_from_zero(out: Any, X: Tensor) -> dict[str, int]:
    return {"epochs": out.epochs - 1}


def train(
    X: Tensor, y: Tensor, lr: float, max_epochs: int, tol: float, *, tie: bool = True, divide: bool = True,
    everyone: bool = False, share: bool = False, early: bool = False, rule: bool = True, start: float = 0.0,
    signed: bool = True,
) -> Trained:  # fmt: skip
    """The perceptron with one thing wrong."""
    theta = torch.full_like(X[0], start)
    for epoch in range(max_epochs):
        s = y * (X @ theta)
        wrong = (s <= 0 if tie else s < 0) | everyone
        count = max(int(wrong.sum()), 1) if share else len(X)
        delta = (X * ((y if signed else y.abs()) * wrong)[:, None]).sum(0) / (count if divide else 1)
        done = bool(torch.linalg.vector_norm(delta) < tol) if rule else not bool(wrong.any())
        if done and early:
            return theta, epoch + 1
        theta = theta + lr * delta
        if done:
            return theta, epoch + 1
    return theta, max_epochs
