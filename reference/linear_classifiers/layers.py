"""The scores as a module: forward, and backward from the gradient that arrives from above."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, call, get, new, question


@question(
    out=2,
    dX=3,
    dW=2,
    db=2,
    steps=[
        new("W", "b"),
        call("forward", "X", gives="out"),
        call("backward", "dout"),
        call("forward", "X"),  # a second pass, as in training: gradients are those of the last one
        call("backward", "dout", gives="dX"),
        get("dW"),
        get("db"),
    ],
)
def Linear(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    """A linear layer: out = X @ W.T + b, and backward from dout, the gradient of some loss in out.

    X (N, D), W (K, D), b (K,), dout (N, K); out (N, K), dX (N, D), dW (K, D), db (K,). A mean over images,
    if there is one, is in dout already: backward divides by nothing.  [CS 7643, linear classifiers]"""
    return X @ W.T + b


@Linear.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case(
        "two images",
        X=np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]),
        W=np.array([[1.0, 0.0, 2.0], [0.0, 3.0, -1.0], [2.0, 1.0, 1.0], [-1.0, 1.0, 0.0]]),
        b=np.array([10.0, 20.0, 30.0, 40.0]),
        dout=np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 3.0, 1.0, -2.0]]),
    )
    for name, N, D, K in [("one image", 1, 4, 3), ("wide", 6, 2, 5), ("single feature", 3, 1, 1)]:
        X, W, b = rng.normal(size=(N, D)), rng.normal(size=(K, D)), rng.normal(size=K)
        yield Case(name, hidden=True, X=X, W=W, b=b)
    X, W, b = rng.normal(size=(5, 6))[:, ::2], rng.normal(size=(3, 4)).T, rng.normal(size=4)
    X.flags.writeable = W.flags.writeable = b.flags.writeable = False
    yield Case("strided", hidden=True, X=X, W=W, b=b)


@Linear.accept("db as a row (1, K)")
def db_as_row(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"db": out.db[None, :]}


@Linear.mistake("Every parameter has a job. What is that of b in forward?", code="M16")
def bias_not_added(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"out": X @ W.T}


@Linear.mistake("Run forward and backward twice. Is dW still that of one pass?", code="M25")
def gradients_accumulate(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"dW": 2 * out.dW, "db": 2 * out.db}


@Linear.mistake("Some loss already put its 1/N into dout. Is there another mean in this layer?", code="M02")
def averaged_again(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"dW": out.dW / len(X), "db": out.db / len(X)}


@Linear.mistake("Write the shape of W and of your dW under each other.", code="M12")
def weights_transposed(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"dW": out.dW.T}


@Linear.mistake("Raise one weight and follow it to the loss. Which sign has the change?", code="M05")
def every_sign_wrong(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"dX": -out.dX, "dW": -out.dW, "db": -out.db}


@Linear.mistake("The bias is added to which images? So which rows of dout does it feel?", code="M13")
def bias_of_last_image(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return X @ W.T + torch.cat([b.detach().expand(len(X) - 1, -1), b[None, :]])


@Linear.mistake("Two different images in a batch: which of them do you find again in dW?", code="M13")
def weights_of_last_image(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return torch.cat([X[:-1] @ W.detach().T, X[-1:] @ W.T]) + b


@Linear.mistake("Let X be all zeros. Does the bias still show in out?", code="M31")
def bias_inside_product(X: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return X @ (W + b[:, None]).T
