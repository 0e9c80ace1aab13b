"""The score function of a linear classifier, and the trick that folds its bias into the weights."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question

# The lecture's image of four pixels, and its classes cat, dog and ship.
PIXELS = np.array([[56.0, 231.0, 24.0, 2.0]])
WEIGHTS = np.array([[0.2, -0.5, 0.1, 2.0], [1.5, 1.3, 2.1, 0.0], [0.0, 0.25, 0.2, -0.3]])
BIAS = np.array([1.1, 3.2, -1.2])


@question(scores=4)
def scores(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """Class scores: row i is W x_i + b.

    X (N, D), W (K, D), b (K,); scores (N, K).  [CS 7643, linear classifiers]"""
    return X @ W.T + b


@scores.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("four pixels, three classes", X=PIXELS, W=WEIGHTS, b=BIAS)
    yield Case(
        "two images",
        X=np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]),
        W=np.array([[1.0, 0.0, 2.0], [0.0, 3.0, -1.0], [2.0, 1.0, 1.0], [-1.0, 1.0, 0.0]]),
        b=np.array([10.0, 20.0, 30.0, 40.0]),
    )
    X, W, b = rng.normal(size=(7, 5)), rng.normal(size=(3, 5)), rng.normal(size=3)
    yield Case("seven images", hidden=True, X=X, W=W, b=b)
    X, W, b = rng.normal(size=(1, 1)), rng.normal(size=(4, 1)), rng.normal(size=4)
    yield Case("one image, one pixel", hidden=True, X=X, W=W, b=b)
    single = [rng.normal(size=n).astype(np.float32) for n in [(5, 3), (4, 3), (4,)]]
    yield Case("float32", hidden=True, X=single[0], W=single[1], b=single[2])
    X, W, b = rng.normal(size=(4, 6))[:, ::2], rng.normal(size=(2, 6))[:, ::2], rng.normal(size=2)
    X.flags.writeable = W.flags.writeable = b.flags.writeable = False
    yield Case("strided and read-only", hidden=True, X=X, W=W, b=b)


@scores.mistake("Let an image be all zeros. Which scores should come out, and which do you give?", code="M16")
def bias_forgotten(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return X @ W.T


@scores.mistake("In W x + b, does the bias get multiplied by a pixel?", code="M31")
def bias_inside_product(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return X @ (W + b[:, None]).T


@scores.mistake("One row per image or one row per class? Compare .shape with the docstring.", code="M12")
def transposed(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"scores": out.scores.T}


@question(X1=2)
def append_one(X: Tensor) -> Tensor:
    """The images with a pixel of value one appended: the other half of the bias trick.

    X (N, D); X1 (N, D + 1), ones in the last column.  [CS 7643, linear classifiers]"""
    return torch.cat([X, torch.ones_like(X[:, :1])], dim=1)


@append_one.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two rows", X=np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]))
    yield Case("one column", hidden=True, X=rng.normal(size=(4, 1)))
    yield Case("one row", hidden=True, X=rng.normal(size=(1, 5)))
    X = rng.normal(size=(3, 8)).astype(np.float32)[:, ::2]
    X.flags.writeable = False
    yield Case("strided and read-only", hidden=True, X=X)


@append_one.mistake("At which end does the docstring put the new column?")
def ones_first(out: Any, X: Tensor) -> dict[str, Tensor]:
    return {"X1": out.X1.roll(1, dims=1)}


@append_one.mistake("The new pixel will be multiplied by the bias. Which value leaves the bias as it is?")
def zeros_appended(out: Any, X: Tensor) -> dict[str, Tensor]:
    return {"X1": torch.cat([X, torch.zeros_like(X[:, :1])], dim=1)}


@question(W1=2)
def fold_bias(W: Tensor, b: Tensor) -> Tensor:
    """The weights with the bias folded in: append_one(X) @ W1.T equals scores(X, W, b).

    W (K, D), b (K,); W1 (K, D + 1), the bias in the last column.  [CS 7643, linear classifiers]"""
    return torch.cat([W, b[:, None]], dim=1)


@fold_bias.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("four pixels, three classes", W=WEIGHTS, b=BIAS)
    yield Case("one class", hidden=True, W=rng.normal(size=(1, 4)), b=rng.normal(size=1))
    yield Case("five by two", hidden=True, W=rng.normal(size=(5, 2)), b=rng.normal(size=5))
    W, b = rng.normal(size=(3, 4)).astype(np.float32), rng.normal(size=3).astype(np.float32)
    W.flags.writeable = b.flags.writeable = False
    yield Case("read-only", hidden=True, W=W, b=b)


@fold_bias.mistake("append_one puts its ones last. Which column of W1 do they meet?")
def bias_first(out: Any, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"W1": out.W1.roll(1, dims=1)}


@fold_bias.mistake("The ones belong to the images. What should stand in that column of the weights?")
def ones_for_bias(out: Any, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"W1": torch.cat([W, torch.ones_like(W[:, :1])], dim=1)}
