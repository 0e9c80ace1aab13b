"""The direct solution, and what feature maps make of it: polynomials, and the degree that generalises best."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question

from .regression import awkward, draw, only, predict, single, squared_error_cost

Pair = tuple[Tensor, Tensor]
Data = list[NDArray[Any]]


def solve(X: Tensor, t: Tensor) -> Pair:
    """The shortest minimiser of the squared error cost, weights and bias together.

    The pseudo-inverse survives collinear columns. Singular values below sqrt(eps) of the largest count as zero:
    well above the rounding of columns that are collinear, and below what a well posed problem has."""
    A = torch.cat([X, torch.ones_like(X[:, :1])], dim=1)
    both = torch.linalg.pinv(A, rtol=math.sqrt(torch.finfo(A.dtype).eps)) @ t
    return both[:-1], both[-1]


@question(w=3, b=1)
def least_squares(X: Tensor, t: Tensor) -> Pair:
    """Weights and bias that minimise 1/(2N) ||X w + b - t||^2; where many do, any of them.

    X (N, D), t (N,); w (D,), b ().  [CSC413, lecture 1, direct solution]"""
    return solve(X, t)


# Columns that are not collinear here, so that there is one minimiser; the others are a property.
@least_squares.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("a line through three points", X=np.array([[0.0], [1.0], [2.0]]), t=np.array([1.0, 3.0, 5.0]))
    X = np.array([[8.0, 0.0], [6.0, -1.0], [2.0, 5.0], [0.0, 2.0]])
    yield Case("no perfect fit", X=X, t=np.array([8.0, 17.0, -7.5, 1.0]))
    inputs = only(draw(rng, 9, 4), "X", "t")
    yield Case("nine examples", hidden=True, X=inputs["X"], t=inputs["t"] + 3)
    X = rng.normal(size=(7, 2)) + np.array([4.0, -3.0])
    yield Case("far from the origin", hidden=True, X=X, t=rng.normal(size=7) - 2)
    X = np.diag([2.0, 1.0, -1.0]) + rng.uniform(-0.2, 0.2, size=(3, 3))
    yield Case("as many parameters as examples", hidden=True, X=np.vstack([X, np.zeros(3)]), t=rng.normal(size=4) + 1)
    yield Case("one feature", hidden=True, X=np.array([[-1.0], [0.5], [2.0], [3.0]]), t=rng.normal(size=4) + 2)
    X = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.5], [0.5, -1.0], [1.0, 1.0], [0.0, -1.0]])
    inputs = {"X": X + rng.uniform(-0.2, 0.2, size=(6, 2)), "t": rng.normal(size=6) + 2}
    yield Case("float32", hidden=True, **single(inputs))
    yield Case("strided and read-only", hidden=True, **awkward(inputs))


@least_squares.mistake("All targets are 7. Which weights and which bias fit them?", code="M16")
def through_the_origin(X: Tensor, t: Tensor) -> Pair:
    return torch.linalg.pinv(X) @ t, t.new_zeros(())


@least_squares.mistake("Where the features are at their mean, what does your model predict?")
def bias_is_the_mean_target(out: Any, X: Tensor, t: Tensor) -> dict[str, Tensor]:
    return {"b": t.mean()}


@least_squares.mistake("The bias is free while you look for w. Did you settle it too early?")
def bias_settled_first(X: Tensor, t: Tensor) -> Pair:
    return torch.linalg.pinv(X) @ (t - t.mean()), t.mean()


@least_squares.mistake("In which column of your matrix are the ones, and where do you look for b?", code="M43")
def bias_from_the_wrong_end(out: Any, X: Tensor, t: Tensor) -> dict[str, Tensor]:
    both = torch.cat([out.b[None], out.w])
    return {"w": both[:-1], "b": both[-1]}


@least_squares.mistake("Move your w a little in any direction. Is the cost at its lowest?")
def weights_shrunk(X: Tensor, t: Tensor) -> Pair:
    at = X.mean(0)
    Z = X - at
    w = torch.linalg.solve(Z.T @ Z + torch.eye(len(at), dtype=X.dtype, device=X.device), Z.T @ (t - t.mean()))
    return w, t.mean() - at @ w


def powers(x: Tensor, degree: int) -> Tensor:
    return torch.stack([x**k for k in range(degree + 1)], dim=1)


@question(Phi=4)
def polynomial_features(x: Tensor, degree: int) -> Tensor:
    """The columns 1, x, x^2, ..., x^degree.

    x (N,), degree >= 0; Phi (N, P) with P = degree + 1.  [CSC413, lecture 1, feature maps]"""
    return powers(x, degree)


@polynomial_features.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("up to the cube", x=np.array([2.0, -1.0, 0.0]), degree=3)
    yield Case("degree zero", hidden=True, x=rng.normal(size=5), degree=0)
    yield Case("degree nine", hidden=True, x=rng.uniform(-2, 2, size=4), degree=9)
    yield Case("one example", hidden=True, x=rng.uniform(1, 2, size=1), degree=4)
    yield Case("float32", hidden=True, **single({"x": rng.normal(size=6)}), degree=2)
    yield Case("strided and read-only", hidden=True, **awkward({"x": rng.normal(size=7)}), degree=3)


@polynomial_features.mistake("What does your first column hold at x = 5? What does the handout's?", code="M43")
def from_the_first_power(x: Tensor, degree: int) -> Tensor:
    return torch.stack([x ** (k + 1) for k in range(degree + 1)], dim=1)


@polynomial_features.mistake("In which order do the powers come? Look at your first column.", code="M12")
def highest_first(out: Any, x: Tensor, degree: int) -> dict[str, Tensor]:
    return {"Phi": out.Phi.flip(1)}


@polynomial_features.mistake("Degree 3 has how many columns, if the ones count too?", code="M43")
def highest_power_left_out(out: Any, x: Tensor, degree: int) -> dict[str, Tensor]:
    return {"Phi": out.Phi[:, :-1]}


@polynomial_features.mistake("At x = 2, is the column after 4 equal to 6 or to 8?")
def multiples(x: Tensor, degree: int) -> Tensor:
    return torch.stack([torch.ones_like(x), *(x * k for k in range(1, degree + 1))], dim=1)


@polynomial_features.mistake("One row per example, or one row per power? Compare .shape.", code="M12")
def one_row_per_power(out: Any, x: Tensor, degree: int) -> dict[str, Tensor]:
    return {"Phi": out.Phi.T}


def residuals(data: list[Tensor], degree: int, other: list[Tensor]) -> Tensor:
    """Residuals on `other` of the polynomial of this degree that fits `data` best."""
    w, b = solve(powers(data[0], degree), data[1])
    return powers(other[0], degree) @ w + b - other[1]


def fitted(data: list[Tensor], degree: int, other: list[Tensor]) -> Tensor:
    """Cost on `other` of the polynomial of this degree that fits `data` best."""
    return (residuals(data, degree, other) ** 2).mean() / 2


@question(degree=6, calls=[predict, squared_error_cost, least_squares, polynomial_features], carry=0.5)
def select_degree(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    """The degree whose polynomial, fitted to the training data, has the least cost on the validation data.

    train and valid are pairs [x, t] of arrays (N,), each with an N of its own; degrees a list of ints in any order.
    A tie goes to the lowest degree; degree ().  [CSC413, lecture 1, generalization]"""
    return min(sorted(degrees), key=lambda degree: float(fitted(train, degree, valid)))


def best_place(train: Data, valid: Data, degrees: list[int], share: float = 1, gap: float = 1) -> int:
    """Place in `degrees` of the least validation cost, -1 where no other costs `gap` times as much; of the constant
    term of each fit only a share is taken."""
    V, U = (np.vander(x, max(degrees) + 1, increasing=True) for x in (train[0], valid[0]))
    costs = []
    for degree in degrees:
        fit = np.linalg.lstsq(V[:, : degree + 1], train[1], rcond=None)[0]
        fit[0] *= share
        costs.append(((U[:, : degree + 1] @ fit - valid[1]) ** 2).mean())
    first, second = np.argsort(costs)[:2]
    return int(first) if costs[second] >= gap * costs[first] else -1


def hangs_on_all(train: Data, valid: Data, degrees: list[int], place: int) -> bool:
    """Whether another degree wins where training and validation data are exchanged, and where the bias is lost:
    least_squares puts half of the constant term there, beside the weight of the column of ones."""
    return (
        best_place(valid, train, degrees) != place
        and best_place(train, valid, degrees, share=0.5) != place
        and best_place(train, valid, degrees, share=0) != place
    )


def overfitting(rng: np.random.Generator, N: int, degrees: list[int], true: int) -> dict[str, Any]:
    """Noisy points of a polynomial whose degree is `true`, which wins by far on the validation data."""
    place = degrees.index(true)
    while True:
        x, v = np.linspace(-1, 1, N) + rng.uniform(-0.5, 0.5, size=N) / N, rng.uniform(-1, 1, size=N + 3)
        shape = rng.normal(size=true + 1)
        shape[true] = rng.choice([-1, 1]) * rng.uniform(2, 4)
        shape[0] = -2 * shape[true]
        train, valid = (
            [at, np.polynomial.Polynomial(shape)(at) + rng.normal(scale=0.3, size=len(at))] for at in (x, v)
        )
        if best_place(train, valid, degrees, gap=1.3) == place and hangs_on_all(train, valid, degrees, place):
            return {"train": train, "valid": valid, "degrees": degrees}


def clear_winners(sizes: NDArray[Any], gap: float) -> NDArray[Any]:
    """Place of the least size in every row, -1 where the next is not `gap` times as large."""
    least = np.sort(sizes, axis=1)
    return np.where(least[:, 1] >= gap * least[:, 0], sizes.argmin(1), -1)


def disputed(rng: np.random.Generator, N: int, degrees: list[int]) -> dict[str, Any]:
    """Points such that the squared cost, the mean absolute error and the largest error on the validation data each
    choose another degree, and none by a hair; the squared cost does not choose the highest.

    Random points hardly ever do that. So each validation target is near the prediction of some degree, any of them,
    and of many such draws the first that will do is taken."""
    while True:
        x, v = np.linspace(-1, 1, N) + rng.uniform(-0.5, 0.5, size=N) / N, rng.uniform(-1, 1, size=7)
        train = [x, 4 + x - 2 * x**2 + rng.normal(size=N)]
        fits = np.array([np.polynomial.Polynomial.fit(train[0], train[1], degree)(v) for degree in degrees])
        drawn = fits[rng.integers(len(degrees), size=(500, 7)), range(7)] + rng.normal(scale=0.1, size=(500, 7))
        R = np.abs(fits - drawn[:, None])  # (draws, degrees, examples)
        squares, means = clear_winners((R**2).mean(2), 1.2), clear_winners(R.mean(2), 1.08)
        largest = clear_winners(R.max(2), 1.08)
        clear = np.minimum(np.minimum(squares, means), largest) >= 0
        differ = (squares != means) & (squares != largest) & (means != largest)
        for i in np.flatnonzero(clear & differ & (squares != np.argmax(degrees))):
            if hangs_on_all(train, [v, drawn[i]], degrees, int(squares[i])):
                return {"train": train, "valid": [v, drawn[i]], "degrees": degrees}


@select_degree.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    x, v = np.linspace(-1, 1, 10), np.linspace(-0.9, 0.9, 9)  # ten points near a sine wave, as in the lecture's figures
    noise = np.array([0.3, -0.2, 0.1, -0.1, 0.2, -0.3, -0.1, 0.2, -0.2, 0.1])
    train, valid = [x, np.sin(np.pi * x) + noise], [v, np.sin(np.pi * v)]
    yield Case("degrees 0, 1, 3 and 9", train=train, valid=valid, degrees=[0, 1, 3, 9])
    yield Case("a parabola", hidden=True, **overfitting(rng, 8, [0, 1, 2, 4, 6], 2))
    yield Case("a cubic", hidden=True, **overfitting(rng, 9, [1, 2, 3, 4, 5, 7], 3))
    yield Case("a line, degrees in another order", hidden=True, **overfitting(rng, 7, [4, 0, 2, 1, 3], 1))
    x, v = np.linspace(-1, 1, 6), rng.uniform(-1, 1, size=4)
    train, valid = [x, np.zeros(6)], [v, rng.normal(size=4) + 1]  # every fit is 0, so every degree costs the same
    yield Case("a tie", hidden=True, kink=True, train=train, valid=valid, degrees=[3, 1, 4, 2])
    yield Case("many small residuals or one large", hidden=True, **disputed(rng, 8, [1, 2, 3, 4, 5]))
    yield Case("three ways to measure", hidden=True, **disputed(rng, 9, [4, 1, 5, 2, 3]))
    data = overfitting(rng, 8, [0, 1, 2, 4], 2)
    yield Case("one degree alone", hidden=True, train=data["train"], valid=data["valid"], degrees=[4])


@select_degree.mistake("Which degree fits the training data best? Does it generalise best, too?")
def chosen_on_the_training_data(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return min(sorted(degrees), key=lambda degree: float(fitted(train, degree, train)))


@select_degree.mistake("Which data may the weights see, and which data are kept to judge them?")
def fitted_to_the_validation_data(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return min(sorted(degrees), key=lambda degree: float(fitted(valid, degree, train)))


@select_degree.mistake("Residuals of 2 and 2, or of 0 and 3: which cost less by squared_error_cost?")
def judged_by_absolute_error(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return min(sorted(degrees), key=lambda degree: float(residuals(train, degree, valid).abs().mean()))


@select_degree.mistake("Only the worst example counts with you. Do the others cost nothing?")
def judged_by_largest_error(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return min(sorted(degrees), key=lambda degree: float(residuals(train, degree, valid).abs().max()))


@select_degree.mistake("Two degrees cost the same. Which of them does the handout want?")
def tie_to_the_highest(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return min(sorted(degrees, reverse=True), key=lambda degree: float(fitted(train, degree, valid)))


@select_degree.mistake("Two degrees cost the same, and they are not in order. Which do you return?")
def tie_to_the_first_listed(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return min(degrees, key=lambda degree: float(fitted(train, degree, valid)))


@select_degree.mistake("Do you return a degree, or its place in the list?", code="M43")
def place_in_the_list(out: Any, train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> dict[str, int]:
    return {"degree": degrees.index(out.degree)}


@select_degree.mistake("Is it the least cost that you are after, or the largest?", code="M05")
def worst_degree(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return max(sorted(degrees), key=lambda degree: float(fitted(train, degree, valid)))


@select_degree.mistake("Does a higher degree always win? What would the validation data be for?")
def highest_degree(train: list[Tensor], valid: list[Tensor], degrees: list[int]) -> int:
    return max(degrees)
