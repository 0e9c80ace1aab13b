"""The linear model with its bias in the design matrix, and its solution in closed form."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question


@question(X_D=2)
def design_matrix(X: Tensor) -> Tensor:
    """The inputs with a column of ones in front.

    X (N, D); X_D (N, E) with E = D + 1, ones in the first column.  [CISC 7026, classification: review]"""
    return torch.cat([torch.ones_like(X[:, :1]), X], dim=1)


@design_matrix.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two rows", X=np.array([[2.0, 3.0], [4.0, 5.0]]))
    yield Case("one column", hidden=True, X=rng.normal(size=(5, 1)))
    yield Case("one row", hidden=True, X=rng.normal(size=(1, 4)))
    yield Case("strided", hidden=True, X=rng.normal(size=(4, 6))[:, ::2])
    yield Case("float32", hidden=True, X=rng.normal(size=(3, 2)).astype(np.float32))


@design_matrix.mistake("Which entry of theta is the bias? Which column does it meet?")
def ones_last(out: Any, X: Tensor) -> dict[str, Tensor]:
    return {"X_D": out.X_D.roll(-1, dims=1)}


@design_matrix.mistake("What must a bias be multiplied with to stay as it is?")
def zeros_in_front(out: Any, X: Tensor) -> dict[str, Tensor]:
    return {"X_D": torch.cat([torch.zeros_like(X[:, :1]), X], dim=1)}


@design_matrix.mistake("One more number for each example, or one more example?", code="M12")
def row_of_ones(X: Tensor) -> Tensor:
    return torch.cat([torch.ones_like(X[:1]), X], dim=0)


@question(F=3)
def linear_model(X: Tensor, theta: Tensor) -> Tensor:
    """The linear model: design_matrix(X) times theta.

    X (N, D), theta (E, K) with E = D + 1, the biases in its first row; F (N, K).  [CISC 7026, classification:
    review]"""
    return design_matrix.forward(X) @ theta


@linear_model.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    theta = np.array([[10.0, 20.0, 30.0], [1.0, 0.0, 2.0], [0.0, 1.0, -1.0]])
    yield Case("two examples", X=np.array([[2.0, 3.0], [4.0, 5.0]]), theta=theta)
    yield Case("one example", hidden=True, X=rng.normal(size=(1, 3)), theta=rng.normal(size=(4, 2)))
    yield Case("one output", hidden=True, X=rng.normal(size=(6, 2)), theta=rng.normal(size=(3, 1)))
    yield Case("as many as wide", hidden=True, X=rng.normal(size=(4, 4)), theta=rng.normal(size=(5, 5)))
    X, theta = rng.normal(size=(5, 6))[:, ::2], rng.normal(size=(3, 4)).T
    yield Case("strided", hidden=True, X=X, theta=theta)
    X, theta = rng.normal(size=(3, 2)).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)
    yield Case("float32", hidden=True, X=X, theta=theta)


@linear_model.mistake("Let an example be all zeros. What should come out, and what does?", code="M16")
def bias_forgotten(X: Tensor, theta: Tensor) -> Tensor:
    return X @ theta[1:]


@linear_model.mistake("Which row of theta meets the ones of the design matrix?")
def bias_in_last_row(X: Tensor, theta: Tensor) -> Tensor:
    return X @ theta[:-1] + theta[-1]


@linear_model.mistake("One row of the answer: an example or an output?", code="M12")
def outputs_as_rows(out: Any, X: Tensor, theta: Tensor) -> dict[str, Tensor]:
    return {"F": out.F.T}


@question(theta=5)
def closed_form(X: Tensor, Y: Tensor) -> Tensor:
    """The theta of least squared error, by the normal equations; the design matrix has full column rank.

    X (N, D), Y (N, K); theta (E, K) with E = D + 1.  [CISC 7026, classification: review]"""
    X_D = design_matrix.forward(X)
    return torch.linalg.solve(X_D.T @ X_D, X_D.T @ Y)


def well_spread(rng: np.random.Generator, N: int, D: int) -> NDArray[Any]:
    """Inputs (N, D) whose design matrix has singular values of nearly one size; N > D."""
    Q, _ = np.linalg.qr(np.column_stack([np.ones(N), rng.normal(size=(N, D))]))
    return np.asarray(Q[:, 1:] * np.sqrt(N) * rng.uniform(0.6, 1.5, size=D) + rng.uniform(-0.7, 0.7, size=D))


@closed_form.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, Y = np.array([[0.0], [1.0], [2.0]]), np.array([[1.0], [3.0], [6.0]])
    yield Case("three points, a line", X=X, Y=Y)
    X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    yield Case("two outputs", X=X, Y=np.array([[1.0, 0.0], [2.0, 1.0], [4.0, -1.0], [6.0, 2.0]]))
    X = well_spread(rng, 9, 3)
    yield Case("nine points", hidden=True, X=X, Y=rng.normal(size=(9, 2)) + X[:, :2] + 2)
    X = well_spread(rng, 6, 1)
    yield Case("one input, three outputs", hidden=True, X=X, Y=rng.normal(size=(6, 3)) + X - 1)
    X = well_spread(rng, 4, 3)
    yield Case("just enough points", hidden=True, X=X, Y=rng.normal(size=(4, 1)) + 1)
    X = np.repeat(well_spread(rng, 7, 2), 2, axis=1)[:, ::2]
    X[6] = X[5]
    yield Case("a repeated row, strided", hidden=True, X=X, Y=rng.normal(size=(7, 4)) + 1)


@closed_form.mistake("At x = 0 your line goes through 0. Must it?", code="M16")
def through_the_origin(out: Any, X: Tensor, Y: Tensor) -> dict[str, Tensor]:
    slopes = torch.linalg.lstsq(X, Y).solution
    return {"theta": torch.cat([torch.zeros_like(slopes[:1]), slopes])}


@closed_form.mistake("Is theta a row or a column for each output?", code="M12")
def transposed(out: Any, X: Tensor, Y: Tensor) -> dict[str, Tensor]:
    return {"theta": out.theta.T}


@closed_form.mistake("Set the gradient to zero once more. Which matrix stands before theta?")
def not_inverted(out: Any, X: Tensor, Y: Tensor) -> dict[str, Tensor]:
    return {"theta": design_matrix.forward(X).T @ Y}


@closed_form.mistake("In full rank, is there anything to add to the matrix before you solve?")
def with_a_ridge(X: Tensor, Y: Tensor) -> Tensor:
    X_D = design_matrix.forward(X)
    return torch.linalg.solve(X_D.T @ X_D + torch.eye(X_D.shape[1], dtype=X.dtype, device=X.device), X_D.T @ Y)


@closed_form.mistake("Which row of theta meets the ones of the design matrix?")
def bias_last(out: Any, X: Tensor, Y: Tensor) -> dict[str, Tensor]:
    return {"theta": out.theta.roll(-1, dims=0)}
