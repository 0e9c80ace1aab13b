"""The answers of linear_models from definitions alone: in mpmath, with whatever digits it is set to, and in fractions.

Gradients are central differences of the cost; nothing here is shared with the reference."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from mpmath import mpf

H = mpf("1e-15")  # a central difference of 50 digits is then right to some 30
Numbers = dict[str, Any]


def exact(value: Any) -> Any:
    """An array or number as an object array of mpf, or one of them: every float is one exactly."""
    if isinstance(value, np.ndarray):
        return np.vectorize(lambda x: mpf(float(x)), otypes=[object])(value)
    return mpf(value)


def rounded(value: Any) -> Any:
    return np.vectorize(float, otypes=[float])(np.asarray(value, dtype=object))


def slopes(cost: Callable[[Any], Any], at: Any) -> Any:
    """The gradient of a scalar of an object array, or its derivative in a number, by central differences."""
    if not isinstance(at, np.ndarray):
        return (cost(at + H) - cost(at - H)) / (2 * H)
    out = np.empty(at.shape, dtype=object)
    for index in np.ndindex(*at.shape):
        up, down = at.copy(), at.copy()
        up[index], down[index] = at[index] + H, at[index] - H
        out[index] = (cost(up) - cost(down)) / (2 * H)
    return out


def squared(X: Any, w: Any, b: Any, t: Any) -> Any:
    return sum((X[i] @ w + b - t[i]) ** 2 for i in range(len(t))) / (2 * len(t))


def logistic(z: Any, t: Any) -> Any:
    """-log sigmoid(z) for t = 1, -log(1 - sigmoid(z)) for t = 0: as sums, which 50 digits hold for any z."""
    return mpmath.log(1 + mpmath.exp(-z)) if t == 1 else mpmath.log(1 + mpmath.exp(z))


def probabilities(row: Any) -> list[Any]:
    total = sum(mpmath.exp(z) for z in row)
    return [mpmath.exp(z) / total for z in row]


def multiclass(row: Any, target: Any) -> Any:
    return -mpmath.log(probabilities(row)[list(target).index(1)])


def predict(X: Any, w: Any, b: Any) -> Numbers:
    return {"y": [X[i] @ w + b for i in range(len(X))]}


def squared_error_cost(y: Any, t: Any) -> Numbers:
    return {"cost": sum((y[i] - t[i]) * (y[i] - t[i]) for i in range(len(y))) / len(y) / 2}


def squared_error_gradient(X: Any, w: Any, b: Any, t: Any) -> Numbers:
    return {"dw": slopes(lambda v: squared(X, v, b, t), w), "db": slopes(lambda v: squared(X, w, v, t), b)}


def gradient_descent_step(X: Any, w: Any, b: Any, t: Any, lr: Any) -> Numbers:
    g = squared_error_gradient(X, w, b, t)
    return {"w_new": w - lr * g["dw"], "b_new": b - lr * g["db"]}


def gradient_descent(X: Any, t: Any, lr: Any, steps: int) -> Numbers:
    """In closed form: after k steps the parameters are lr * (sum over j < k of (I - lr H)^j) g."""
    A = mpmath.matrix(np.column_stack([X, [mpf(1)] * len(t)]).tolist())
    M, g = mpmath.eye(A.cols) - lr * A.T * A / len(t), A.T * mpmath.matrix(list(t)) / len(t)
    at = [lr * sum((M**j for j in range(k)), mpmath.zeros(A.cols)) * g for k in range(int(steps) + 1)]
    costs = [mpmath.norm(A * both - mpmath.matrix(list(t))) ** 2 / (2 * len(t)) for both in at]
    return {"w": list(at[-1])[:-1], "b": at[-1][A.cols - 1], "costs": costs}


def least_squares(X: Any, t: Any) -> Numbers:
    A = mpmath.matrix(np.column_stack([X, [mpf(1)] * len(t)]).tolist())
    both = mpmath.lu_solve(A.T * A, A.T * mpmath.matrix(list(t)))
    return {"w": list(both)[:-1], "b": both[A.cols - 1]}


def sigmoid(z: Any) -> Numbers:
    return {"y": np.vectorize(lambda x: 1 / (1 + mpmath.exp(-x)), otypes=[object])(z)}


def logistic_cross_entropy(z: Any, t: Any) -> Numbers:
    return {"loss": [logistic(z[i], t[i]) for i in range(len(z))]}


def logistic_gradient(X: Any, w: Any, b: Any, t: Any) -> Numbers:
    def cost(w: Any, b: Any) -> Any:
        return sum(logistic(X[i] @ w + b, t[i]) for i in range(len(t))) / len(t)

    return {"dw": slopes(lambda v: cost(v, b), w), "db": slopes(lambda v: cost(w, v), b)}


def softmax(Z: Any) -> Numbers:
    return {"Y": [probabilities(row) for row in Z]}


def softmax_cross_entropy(Z: Any, T: Any) -> Numbers:
    return {"loss": [multiclass(Z[i], T[i]) for i in range(len(Z))]}


def softmax_gradient_logits(Z: Any, T: Any) -> Numbers:
    return {"dZ": [slopes(lambda row, i=i: multiclass(row, T[i]), Z[i]) for i in range(len(Z))]}


def softmax_regression_gradient(X: Any, W: Any, b: Any, T: Any) -> Numbers:
    def cost(W: Any, b: Any) -> Any:
        return sum(multiclass([W[k] @ X[i] + b[k] for k in range(len(W))], T[i]) for i in range(len(X))) / len(X)

    return {"dW": slopes(lambda v: cost(v, b), W), "db": slopes(lambda v: cost(W, v), b)}


INDEPENDENT = [
    predict,
    squared_error_cost,
    squared_error_gradient,
    gradient_descent_step,
    gradient_descent,
    least_squares,
    sigmoid,
    logistic_cross_entropy,
    logistic_gradient,
    softmax,
    softmax_cross_entropy,
    softmax_gradient_logits,
    softmax_regression_gradient,
]


def validation_residuals(train: Any, valid: Any, degree: int) -> list[Fraction]:
    """Exactly: Gauss-Jordan on the normal equations in fractions."""
    x, t, v, s = ([Fraction(float(value)) for value in part] for part in (*train, *valid))
    rows = [[sum(a ** (i + j) for a in x) for j in range(degree + 1)] for i in range(degree + 1)]
    for i, row in enumerate(rows):
        row.append(sum(a**i * b for a, b in zip(x, t, strict=True)))
    for i in range(degree + 1):
        rows[i] = [a / rows[i][i] for a in rows[i]]
        for j in range(degree + 1):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i], strict=True)]
    fits = [sum(row[-1] * a**k for k, row in enumerate(rows)) for a in v]
    return [f - b for f, b in zip(fits, s, strict=True)]


def validation_cost(train: Any, valid: Any, degree: int) -> Fraction:
    residuals = validation_residuals(train, valid, degree)
    return sum((r**2 for r in residuals), Fraction(0)) / (2 * len(residuals))
