"""Linear regression: the prediction, the squared error cost, and its gradient."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor

from grader import Case, question

# The lecture's matrix of three examples with four features; weights, bias and targets to go with it.
X_LECTURE = np.array([[8.0, 0.0, 3.0, 0.0], [6.0, -1.0, 5.0, 3.0], [2.0, 5.0, -2.0, 8.0]])
W_LECTURE = np.array([1.0, -1.0, 2.0, 0.5])
B_LECTURE = -3.0
Y_LECTURE = np.array([11.0, 15.5, -6.0])
T_LECTURE = np.array([8.0, 17.0, -7.5])


def draw(rng: np.random.Generator, N: int, D: int) -> dict[str, Any]:
    """Random examples (N, D), weights (D,), a bias and real targets (N,), by parameter."""
    X, w, t = rng.normal(size=(N, D)), rng.normal(size=D), rng.normal(scale=2, size=N)
    return {"X": X, "w": w, "b": float(rng.uniform(0.5, 2)), "t": t}


def awkward(inputs: dict[str, Any]) -> dict[str, Any]:
    """The same inputs, but with arrays that are strided and read-only."""
    out = dict(inputs)
    for name, value in inputs.items():
        if isinstance(value, np.ndarray):
            out[name] = np.repeat(value, 2, axis=-1)[..., ::2]
            out[name].flags.writeable = False
    return out


def only(inputs: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: inputs[name] for name in names}


def single(inputs: dict[str, Any]) -> dict[str, Any]:
    """The same inputs with every array in float32."""
    return {k: v.astype(np.float32) if isinstance(v, np.ndarray) else v for k, v in inputs.items()}


@question(y=4)
def predict(X: Tensor, w: Tensor, b: float) -> Tensor:
    """Predictions of a linear model: y = X w + b 1.

    X (N, D), w (D,), b a number; y (N,).  [CSC413, lecture 1, vectorization]"""
    return X @ w + b


@predict.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix", X=X_LECTURE, w=W_LECTURE, b=B_LECTURE)
    yield Case("seven examples", hidden=True, **only(draw(rng, 7, 5), "X", "w", "b"))
    yield Case("one example", hidden=True, **only(draw(rng, 1, 4), "X", "w", "b"))
    yield Case("one feature", hidden=True, **only(draw(rng, 5, 1), "X", "w", "b"))
    yield Case("as many features as examples", hidden=True, **only(draw(rng, 4, 4), "X", "w", "b"))
    yield Case("float32", hidden=True, **single(only(draw(rng, 3, 6), "X", "w", "b")))
    yield Case("strided and read-only", hidden=True, **awkward(only(draw(rng, 4, 3), "X", "w", "b")))


@predict.mistake("Let an example be all zeros. What should be predicted, and what do you predict?", code="M16")
def bias_forgotten(X: Tensor, w: Tensor, b: float) -> Tensor:
    return X @ w


@predict.mistake("In w·x + b, is the bias multiplied by a feature?", code="M31")
def bias_inside_product(X: Tensor, w: Tensor, b: float) -> Tensor:
    return X @ (w + b)


@predict.mistake("Two examples that differ: do your predictions? What is summed, and what is not?", code="M14")
def all_examples_added(out: Any, X: Tensor, w: Tensor, b: float) -> dict[str, Tensor]:
    return {"y": (out.y - b).sum() + b + 0 * out.y}


@question(cost=5)
def squared_error_cost(y: Tensor, t: Tensor) -> Tensor:
    """The mean over examples of half the squared residual: 1/(2N) ||y - t||^2.

    y (N,), t (N,); cost ().  [CSC413, lecture 1, vectorization]"""
    return ((y - t) ** 2).mean() / 2


@squared_error_cost.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix", y=Y_LECTURE, t=T_LECTURE)
    yield Case("one example is off", y=np.array([1.0, 2.0, 3.0, 4.0]), t=np.array([1.0, 2.0, 3.0, 8.0]))
    yield Case("seven examples", hidden=True, y=rng.normal(size=7), t=rng.normal(size=7))
    yield Case("one example", hidden=True, y=rng.normal(size=1), t=rng.normal(size=1) + 3)
    yield Case("far off", hidden=True, y=1e4 * rng.normal(size=4), t=rng.normal(size=4))
    y = rng.normal(size=5)
    yield Case("no error at all", hidden=True, y=y, t=y.copy())
    yield Case("float32", hidden=True, **single({"y": rng.normal(size=6), "t": rng.normal(size=6)}))
    yield Case("strided and read-only", hidden=True, **awkward({"y": rng.normal(size=3), "t": rng.normal(size=3)}))


@squared_error_cost.mistake("Hand in every example twice. Should the cost double?", code="M01")
def summed(y: Tensor, t: Tensor) -> Tensor:
    return ((y - t) ** 2).sum() / 2


@squared_error_cost.mistake("One example, off by 1. What does the handout say that it costs?", code="M04")
def half_lost(y: Tensor, t: Tensor) -> Tensor:
    return ((y - t) ** 2).mean()


@squared_error_cost.mistake("Are all the factors of the cost there: the half, and the mean?", code="M01")
def summed_and_half_lost(y: Tensor, t: Tensor) -> Tensor:
    return ((y - t) ** 2).sum()


@squared_error_cost.mistake("Print the shape of y - t. How many residuals should there be?", code="M26")
def every_pair(y: Tensor, t: Tensor) -> Tensor:
    return ((y[:, None] - t) ** 2).mean() / 2


@squared_error_cost.mistake("Off by 3: does that cost three times as much as off by 1, or nine times?", code="M16")
def absolute(y: Tensor, t: Tensor) -> Tensor:
    return (y - t).abs().mean() / 2


@squared_error_cost.mistake("One residual is 1, another is -1. Do they make up for each other?")
def square_of_the_mean(y: Tensor, t: Tensor) -> Tensor:
    return (y - t).mean() ** 2 / 2


@squared_error_cost.mistake("Is the cost a length, or the square of a length?")
def root_taken(y: Tensor, t: Tensor) -> Tensor:
    return ((y - t) ** 2).mean().sqrt() / 2


def cost_of_parameters(X: Tensor, w: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """The squared error cost of what X, w and b predict."""
    return ((X @ w + b - t) ** 2).mean() / 2


# Half: the residual is most of the way from the prediction, but the gradient is its own work.
@question(forward=cost_of_parameters, dw=6, db=3, calls=[predict], carry=0.5)
def squared_error_gradient(X: Tensor, w: Tensor, b: float, t: Tensor) -> None:
    """Gradient of the squared error cost of X w + b in the weights and in the bias.

    X (N, D), w (D,), b a number, t (N,); dw (D,), db ().  [CSC413, lecture 1, direct solution]"""


@squared_error_gradient.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix", X=X_LECTURE, w=W_LECTURE, b=B_LECTURE, t=T_LECTURE)
    yield Case("from zeros", X=np.array([[1.0], [2.0]]), w=np.zeros(1), b=0.0, t=np.array([3.0, 5.0]))
    yield Case("seven examples", hidden=True, **draw(rng, 7, 5))
    yield Case("one example", hidden=True, **draw(rng, 1, 4))
    yield Case("one feature", hidden=True, **draw(rng, 4, 1))
    yield Case("as many features as examples", hidden=True, **draw(rng, 3, 3))
    inputs = draw(rng, 5, 2)
    inputs["X"][3], inputs["t"][3] = inputs["X"][1], inputs["t"][1]
    yield Case("repeated row", hidden=True, **inputs)
    yield Case("float32", hidden=True, **single(draw(rng, 6, 3)))
    yield Case("strided and read-only", hidden=True, **awkward(draw(rng, 4, 3)))


@squared_error_gradient.mistake("Hand in every example twice. What should happen to your gradient?", code="M01")
def not_averaged(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": len(X) * out.dw, "db": len(X) * out.db}


@squared_error_gradient.mistake("You average in one of the two derivatives. Why not in the other?", code="M01")
def bias_not_averaged(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"db": len(X) * out.db}


@squared_error_gradient.mistake("Differentiate half a square by hand. Which factor is left?", code="M04")
def half_not_cancelled(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": 2 * out.dw, "db": 2 * out.db}


@squared_error_gradient.mistake("The half meets the 2 of the square. Does any of them remain?", code="M04")
def half_kept(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": out.dw / 2, "db": out.db / 2}


@squared_error_gradient.mistake("Nudge one weight up: does the cost go the way that you say?", code="M05")
def sign_flipped(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": -out.dw, "db": -out.db}


@squared_error_gradient.mistake("What is predicted where x is all zeros? Does your residual know?", code="M16")
def residual_without_bias(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    r = X @ w - t
    return {"dw": X.T @ r / len(X), "db": r.mean()}


@squared_error_gradient.mistake("Over what is the cost a mean: over examples, or over features too?", code="M03")
def averaged_over_features(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": out.dw / X.shape[1]}


@squared_error_gradient.mistake("Your weights have one number to blame each example by. Which one is it?", code="M16")
def residual_forgotten(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    return {"dw": X.mean(0)}


@squared_error_gradient.mistake("Two rows, one at a time and together: what becomes of the first?", code="M13")
def last_example_only(out: Any, X: Tensor, w: Tensor, b: float, t: Tensor) -> dict[str, Tensor]:
    r = (X[-1] @ w + b - t[-1]) / len(X)
    return {"dw": r * X[-1], "db": r}
