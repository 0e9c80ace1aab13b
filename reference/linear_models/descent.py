"""Gradient descent on the squared error cost: one step, and many steps from zeros."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

from .regression import (
    B_LECTURE,
    T_LECTURE,
    W_LECTURE,
    X_LECTURE,
    awkward,
    cost_of_parameters,
    draw,
    only,
    predict,
    single,
    squared_error_cost,
    squared_error_gradient,
)

Pair = tuple[Tensor, Tensor]
Run = tuple[Tensor, Tensor, Tensor]


def gradient(X: Tensor, w: Tensor, b: Any, t: Tensor) -> Pair:
    r = X @ w + b - t
    return X.T @ r / len(X), r.mean()


@question(w_new=3, b_new=2, calls=[predict, squared_error_gradient], carry=0.5)
def gradient_descent_step(X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> Pair:
    """One step against the gradient of the squared error cost, both parameters from the same old ones.

    X (N, D), w (D,), b a number, t (N,), lr > 0; w_new (D,), b_new ().  [CSC413, lecture 1, gradient descent]"""
    dw, db = gradient(X, w, b, t)
    return w - lr * dw, b - lr * db


@gradient_descent_step.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix", X=X_LECTURE, w=W_LECTURE, b=B_LECTURE, t=T_LECTURE, lr=0.01)
    yield Case("seven examples", hidden=True, **draw(rng, 7, 5), lr=0.3)
    yield Case("one example", hidden=True, **draw(rng, 1, 3), lr=0.7)
    yield Case("from zeros", hidden=True, **{**draw(rng, 4, 2), "w": np.zeros(2), "b": 0.0}, lr=0.2)
    yield Case("float32", hidden=True, **single(draw(rng, 5, 3)), lr=0.4)
    yield Case("strided and read-only", hidden=True, **awkward(draw(rng, 4, 3)), lr=0.1)


@gradient_descent_step.mistake("The gradient points uphill. Which way do you go?", code="M05")
def uphill(X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> Pair:
    dw, db = gradient(X, w, b, t)
    return w + lr * dw, b + lr * db


@gradient_descent_step.mistake("Twice the learning rate: do you go twice as far?", code="M09")
def rate_forgotten(X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> Pair:
    dw, db = gradient(X, w, b, t)
    return w - dw, b - db


@gradient_descent_step.mistake("There are two parameters. Which of them moves?", code="M16")
def bias_stays(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> dict[str, Any]:
    return {"b_new": 0 * out.b_new + b}


@gradient_descent_step.mistake("At which w is the derivative in b taken: the old one or the new one?", code="M44")
def bias_sees_the_new_weights(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> dict[str, Tensor]:
    return {"b_new": b - lr * gradient(X, out.w_new, b, t)[1]}


@gradient_descent_step.mistake("At which b is the derivative in w taken: the old one or the new one?", code="M44")
def weights_see_the_new_bias(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> dict[str, Tensor]:
    return {"w_new": w - lr * gradient(X, w, out.b_new, t)[0]}


@gradient_descent_step.mistake("Hand in every example twice. Should the step be twice as long?", code="M01")
def summed_gradient(X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> Pair:
    dw, db = gradient(X, w, b, t)
    return w - lr * len(X) * dw, b - lr * len(X) * db


@gradient_descent_step.mistake("Is it the step that you return, or where it leads?")
def step_alone(X: Tensor, w: Tensor, b: float, t: Tensor, lr: float) -> Pair:
    dw, db = gradient(X, w, b, t)
    return -lr * dw, -lr * db


def run(X: Tensor, t: Tensor, lr: float, steps: int) -> Run:
    """Where `steps` steps from zeros lead, and the cost before each of them and after the last."""
    w, b = X.new_zeros(X.shape[1]), X.new_zeros(())
    costs = [cost_of_parameters(X, w, b, t)]
    for _ in range(steps):
        dw, db = gradient(X, w, b, t)
        w, b = w - lr * dw, b - lr * db
        costs.append(cost_of_parameters(X, w, b, t))
    return w, b, torch.stack(costs)


CALLS = [predict, squared_error_cost, squared_error_gradient, gradient_descent_step]


@question(w=2, b=1, costs=4, calls=CALLS, carry=0.5)
def gradient_descent(X: Tensor, t: Tensor, lr: float, steps: int) -> Run:
    """Parameters after `steps` steps of gradient descent from zeros, and the cost before each step and after the last.

    X (N, D), t (N,), lr > 0, steps >= 0; w (D,), b (), costs (steps + 1,).  [CSC413, lecture 1, gradient descent]"""
    return run(X, t, lr, steps)


@gradient_descent.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix", X=X_LECTURE, t=T_LECTURE, lr=0.01, steps=4)
    yield Case("two examples", X=np.array([[1.0], [2.0]]), t=np.array([3.0, 5.0]), lr=0.5, steps=1)
    yield Case("seven examples", hidden=True, **only(draw(rng, 7, 3), "X", "t"), lr=0.2, steps=6)
    yield Case("one example", hidden=True, **only(draw(rng, 1, 3), "X", "t"), lr=0.1, steps=3)
    yield Case("no step at all", hidden=True, **only(draw(rng, 4, 2), "X", "t"), lr=0.1, steps=0)
    yield Case("steps that are too long", hidden=True, **only(draw(rng, 5, 2), "X", "t"), lr=5.0, steps=3)
    yield Case("float32", hidden=True, **single(only(draw(rng, 5, 4), "X", "t")), lr=0.1, steps=5)
    yield Case("strided and read-only", hidden=True, **awkward(only(draw(rng, 4, 3), "X", "t")), lr=0.2, steps=2)


@gradient_descent.mistake("How many costs are there with no step at all, and which?")
def costs_after_each_step_only(out: Any, X: Tensor, t: Tensor, lr: float, steps: int) -> dict[str, Tensor]:
    return {"costs": out.costs[1:]}


@gradient_descent.mistake("After the last step, who looks at the cost?")
def costs_before_each_step_only(out: Any, X: Tensor, t: Tensor, lr: float, steps: int) -> dict[str, Tensor]:
    return {"costs": out.costs[:-1]}


@gradient_descent.mistake("With steps = 1, how often do the parameters move?")
def one_step_too_many(out: Any, X: Tensor, t: Tensor, lr: float, steps: int) -> dict[str, Tensor]:
    w, b, _ = run(X, t, lr, steps + 1)
    return {"w": w, "b": b}


@gradient_descent.mistake("With steps = 1, do the parameters move at all?")
def one_step_too_few(out: Any, X: Tensor, t: Tensor, lr: float, steps: int) -> dict[str, Tensor]:
    w, b, _ = run(X, t, lr, max(steps - 1, 0))
    return {"w": w, "b": b}


@gradient_descent.mistake("Does every step begin where the one before it ended?", code="M25")
def each_step_from_zeros(X: Tensor, t: Tensor, lr: float, steps: int) -> Run:
    w, b, costs = run(X, t, lr, min(steps, 1))
    return w, b, torch.cat([costs[:1], costs[-1:].expand(steps)])


@gradient_descent.mistake("A step of 5 on a gentle slope: can the cost rise? Follow the minus sign.", code="M05")
def climbs(X: Tensor, t: Tensor, lr: float, steps: int) -> Run:
    return run(X, t, -lr, steps)


@gradient_descent.mistake("What is the cost of zeros when all targets are 1? What is your first one?", code="M04")
def costs_without_the_half(out: Any, X: Tensor, t: Tensor, lr: float, steps: int) -> dict[str, Tensor]:
    return {"costs": 2 * out.costs}


@gradient_descent.mistake("Where does the handout say that the walk begins?")
def from_ones(X: Tensor, t: Tensor, lr: float, steps: int) -> Run:
    w, b, costs = run(X, t - X.sum(1) - 1, lr, steps)  # a walk from ones is one from zeros, moved
    return w + 1, b + 1, costs


@gradient_descent.mistake("Hand in every example twice. Should every step be twice as long?", code="M01")
def summed_steps(X: Tensor, t: Tensor, lr: float, steps: int) -> Run:
    return run(X, t, lr * len(X), steps)


@gradient_descent.mistake("There are two parameters. Is one of them still 0 at the end?", code="M16")
def bias_never_moves(X: Tensor, t: Tensor, lr: float, steps: int) -> Run:
    w, b = X.new_zeros(X.shape[1]), X.new_zeros(())
    costs = [cost_of_parameters(X, w, b, t)]
    for _ in range(steps):
        w = w - lr * gradient(X, w, b, t)[0]
        costs.append(cost_of_parameters(X, w, b, t))
    return w, b, torch.stack(costs)
