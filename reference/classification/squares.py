"""The squared loss of the linear model over a data set: a sum, and its gradient."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor

from grader import Case, question

from .linear import design_matrix, linear_model


# Half: who calls the model rightly has written the loss and its gradient, but not the model.
@question(loss=4, dtheta=7, calls=[linear_model], carry=0.5)
def sum_squared_error(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    """Sum over examples and outputs of (f(x) - y)**2 for the linear model, and its gradient in theta.

    X (N, D), Y (N, K), theta (E, K) with E = D + 1; loss (), dtheta (E, K).  [CISC 7026, classification: review]"""
    return ((linear_model.forward(X, theta) - Y) ** 2).sum()


@sum_squared_error.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, Y = np.array([[1.0], [2.0]]), np.array([[1.0], [5.0]])
    yield Case("two points and a line", X=X, Y=Y, theta=np.array([[2.0], [1.0]]))
    X, Y = rng.normal(size=(7, 4)), rng.normal(size=(7, 3))
    yield Case("seven examples", hidden=True, X=X, Y=Y, theta=rng.normal(size=(5, 3)))
    X, Y = rng.normal(size=(1, 2)), rng.normal(size=(1, 4))
    yield Case("one example", hidden=True, X=X, Y=Y, theta=rng.normal(size=(3, 4)))
    X, Y = rng.normal(size=(5, 1)), rng.normal(size=(5, 2))
    X[3] = X[1]
    yield Case("a repeated input", hidden=True, X=X, Y=Y, theta=rng.normal(size=(2, 2)))
    X, theta = np.repeat(rng.normal(size=(4, 3)), 2, axis=1)[:, ::2], rng.normal(size=(4, 1))
    yield Case("one output", hidden=True, X=X, Y=rng.normal(size=(4, 1)) + 3, theta=theta)
    X, Y = rng.normal(size=(4, 2)).astype(np.float32), rng.normal(size=(4, 3)).astype(np.float32)
    yield Case("float32", hidden=True, X=X, Y=Y, theta=rng.normal(size=(3, 3)).astype(np.float32))


@sum_squared_error.mistake("Hand in every example twice. What should this loss do?", code="M02")
def mean_over_examples(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / len(X), "dtheta": out.dtheta / len(X)}


@sum_squared_error.mistake("What does your library divide by, that this loss does not?", code="M03")
def mean_over_everything(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / Y.numel(), "dtheta": out.dtheta / Y.numel()}


@sum_squared_error.mistake("Other courses put a half in front. Does this one?", code="M04")
def halved(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"loss": out.loss / 2, "dtheta": out.dtheta / 2}


@sum_squared_error.mistake("What is the derivative of one square?", code="M04")
def two_forgotten(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"dtheta": out.dtheta / 2}


@sum_squared_error.mistake("The model says too much. Must theta grow or shrink?", code="M05")
def sign_of_the_error(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"dtheta": -out.dtheta}


@sum_squared_error.mistake("With respect to which argument did you differentiate? Which does the name say?")
def differentiated_by_the_inputs(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    """The slide's jax.grad(L)(X, Y, theta) of an L(theta, X, Y) is of L's first argument, where X now stands."""
    return {"dtheta": 2 * (linear_model.forward(X, theta) - Y) @ theta[1:].T}


@sum_squared_error.mistake("Nudge a bias. Does the loss move? Does your gradient know?", code="M16")
def bias_row_zero(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    dtheta = out.dtheta.clone()
    dtheta[0] = 0
    return {"dtheta": dtheta}


@sum_squared_error.mistake("An error of -1 and one of 2: do they make up for each other?")
def error_not_squared(X: Tensor, Y: Tensor, theta: Tensor) -> Tensor:
    return (linear_model.forward(X, theta) - Y).abs().sum()


@sum_squared_error.mistake("Of two examples, which one do you find in your gradient?", code="M13")
def last_example_only(out: Any, X: Tensor, Y: Tensor, theta: Tensor) -> dict[str, Tensor]:
    X_D = design_matrix.forward(X)
    return {"dtheta": 2 * X_D[-1:].T @ (X_D[-1:] @ theta - Y[-1:])}
