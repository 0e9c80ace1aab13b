"""What must hold, whatever else: minimisers, descent, and how the two cross-entropies belong together."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader import Case, at_most, close, prop

from .binary import HUGE, logistic_cross_entropy
from .descent import gradient_descent
from .direct import least_squares
from .multiclass import softmax, softmax_cross_entropy
from .regression import T_LECTURE, X_LECTURE, draw, only

Array = NDArray[Any]


@prop(1, G=gradient_descent.called("X", "t", "lr", "steps"))
def small_steps_go_down(G: Any, X: Array, t: Array) -> Any:
    """With a small learning rate every cost is below the one before, and the last is that of the w and b returned.

    [CSC413, lecture 1, gradient descent]"""
    r = X @ G.w + G.b - t
    return np.append(G.costs[1:] < G.costs[:-1], close(G.costs[-1], (r @ r) / (2 * len(t))))


@small_steps_go_down.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("the lecture's matrix", X=X_LECTURE, t=T_LECTURE, lr=0.01, steps=5)
    for name, N, D in (("seven examples", 7, 3), ("more features than examples", 3, 5), ("one example", 1, 2)):
        inputs = only(draw(rng, N, D), "X", "t")
        A = np.append(inputs["X"], np.ones((N, 1)), axis=1)
        lr = 0.4 * N / float(np.linalg.norm(A, 2) ** 2)  # the limit of descent is 2 N / ||A||^2
        # one example is soon fitted: after few steps its cost is still far above rounding
        yield Case(name, hidden=True, **inputs, lr=lr, steps=2 if N == 1 else 6)


@prop(5, S=least_squares.called("X", "t"))
def no_better_line(S: Any, X: Array, t: Array) -> Any:
    """At a minimum the residuals sum to 0, and so does their product with each feature, collinear features or not.

    [CSC413, lecture 1, direct solution]"""
    r = X @ S.w + S.b - t
    size = np.abs(t)
    features = close(X.T @ r, 0, scale=(np.abs(X).T @ size).max())
    return np.append(features, close(r.sum(), 0, scale=size.sum()))


def orthogonal(rng: np.random.Generator) -> Array:
    """Three columns (8, 3), each 1, 2 or 4 times plus and minus ones, at right angles to each other and to the ones.

    With powers of two elimination is exact, in any order. So of columns that are collinear it finds that they are,
    and an inverse is an error: with rounding it would be garbage, now and then by chance a usable one."""
    corners = np.array([[(i >> k) % 2 * 2.0 - 1 for k in range(3)] for i in range(8)])
    scales: Array = rng.choice([-4.0, -2.0, -1.0, 1.0, 2.0, 4.0], size=3)
    out: Array = rng.permutation(corners) * scales
    return out


@no_better_line.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("more weights than examples", X=X_LECTURE, t=T_LECTURE)
    yield Case("a column twice", X=np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]), t=np.array([1.0, 4.0, 4.0]))
    X, t = orthogonal(rng), rng.normal(size=8) + 2
    yield Case("a column repeated", hidden=True, X=X[:, [0, 1, 0]], t=t)
    yield Case("a constant column", hidden=True, X=np.column_stack([X[:, :2], np.full(8, 4.0)]), t=t)
    yield Case("a column of zeros", hidden=True, X=np.column_stack([np.zeros(8), X[:, 1:]]), t=t)
    yield Case("a sum of two columns", hidden=True, X=np.column_stack([X[:, :2], X[:, 0] + X[:, 1]]), t=t)
    t = rng.normal(size=2) + np.array([3.0, -2.0])
    yield Case("two examples", hidden=True, X=np.array([[1.0, 1.0, -2.0], [-1.0, 0.0, 2.0]]), t=t)
    x = rng.permutation([2.0, -1.0, 4.0])
    yield Case("one example", hidden=True, X=x[None], t=rng.normal(size=1) + 5)
    yield Case("nothing collinear", hidden=True, **only(draw(rng, 8, 3), "X", "t"))


@prop(1, right=logistic_cross_entropy.called("z", "ones"), wrong=logistic_cross_entropy.called("z", "zeros"))
def linear_in_the_logit(right: Array, wrong: Array, z: Array) -> Any:
    """The loss of z with t = 0 lies above that with t = 1 by exactly z, so far out the dearer one is a line.

    [CSC413, lecture 1, logistic regression]"""
    return close(wrong - right, z) & at_most(0, right) & at_most(0, wrong)


@linear_in_the_logit.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    z = np.array([-3.0, 0.0, 2.0])
    yield Case("three logits", z=z, ones=np.ones(3, dtype=int), zeros=np.zeros(3, dtype=int))
    z = rng.normal(scale=3, size=6)
    yield Case("six logits", hidden=True, z=z, ones=np.ones(6, dtype=int), zeros=np.zeros(6, dtype=int))
    yield Case("huge logits", hidden=True, z=HUGE, ones=np.ones(7, dtype=int), zeros=np.zeros(7, dtype=int))


@prop(1, Y=softmax.called("Z"), moved=softmax.called("Z_moved"))
def probabilities_of_moved_logits(Y: Array, moved: Array) -> Any:
    """Rows of softmax sum to one, no entry is negative, and a number added to all logits of a row changes nothing.

    [CSC413, lecture 1, multiclass classification]"""
    return close(Y, moved) & close(Y.sum(1), 1)[:, None] & (Y >= 0)


@probabilities_of_moved_logits.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    Z = np.array([[1.0, 2.0, 3.0], [0.0, 4.0, 0.0]])
    yield Case("two rows", Z=Z, Z_moved=Z + np.array([[10.0], [-10.0]]))
    Z = rng.normal(scale=2, size=(4, 5))
    yield Case("four rows", hidden=True, Z=Z, Z_moved=Z + rng.normal(scale=5, size=(4, 1)))
    Z = rng.integers(-128, 129, size=(3, 4)) / 64
    yield Case("moved by thousands", hidden=True, Z=Z, Z_moved=Z + np.array([[3000.0], [0.0], [-3000.0]]))


@prop(2, two=softmax_cross_entropy.called("Z", "T"), one=logistic_cross_entropy.called("z", "t"))
def two_classes_are_logistic(two: Array, one: Array) -> Any:
    """With two classes, the softmax cross-entropy is the logistic one of the difference of the logits.

    [CSC413, lecture 1, exercise: the case of K = 2]"""
    return close(two, one) & (two.sum() > 0)


def both(Z: Array, t: Array) -> dict[str, Any]:
    """Logits (N, 2) and labels as softmax regression has them, and as logistic regression has them."""
    return {"Z": Z, "T": np.eye(2)[t], "z": Z[:, 1] - Z[:, 0], "t": t}


@two_classes_are_logistic.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three examples", **both(np.array([[1.0, 3.0], [2.0, 0.0], [0.0, 0.0]]), np.array([1, 1, 0])))
    yield Case("seven examples", hidden=True, **both(rng.normal(scale=2, size=(7, 2)), np.array([0, 1, 1, 0, 0, 1, 0])))
    Z = np.array([[0.0, 10000.0], [10000.0, 0.0], [-500.0, 500.0], [1000.0, 1040.0]])
    yield Case("huge logits", hidden=True, **both(Z, rng.permutation([0, 0, 1, 1])))
