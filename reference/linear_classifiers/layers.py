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
        call("forward", "X0"),  # as in training, other images went through before: what counts is the last forward
        call("forward", "X", gives="out"),  # before any backward: who has none yet keeps these points
        call("forward", "X0"),
        call("backward", "dout0"),
        call("forward", "X"),
        call("backward", "dout", gives="dX"),
        get("dW"),
        get("db"),
    ],
)
def Linear(X: Tensor, W: Tensor, b: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    """A linear layer: out = X @ W.T + b, and backward from dout, the gradient of some loss in out.

    X (N, D), W (K, D), b (K,), dout (N, K); out (N, K), dX (N, D), dW (K, D), db (K,). A mean over images,
    if there is one, is in dout already: backward divides by nothing. X0 (M, D) and dout0 (M, K) went through it
    before, and leave nothing behind.  [CS 7643, linear classifiers]"""
    return X @ W.T + b


@Linear.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case(
        "two images",
        X=np.array([[1.0, 2.0, 0.0], [0.0, -1.0, 3.0]]),
        W=np.array([[1.0, 0.0, 2.0], [0.0, 3.0, -1.0], [2.0, 1.0, 1.0], [-1.0, 1.0, 0.0]]),
        b=np.array([10.0, 20.0, 30.0, 40.0]),
        X0=np.array([[2.0, 1.0, -1.0], [1.0, 1.0, 4.0]]),
        dout0=np.array([[1.0, 2.0, 3.0, 4.0], [-1.0, 0.0, 5.0, 1.0]]),
        dout=np.array([[1.0, 0.0, -1.0, 2.0], [0.0, 3.0, 1.0, -2.0]]),
    )
    sizes = [("one image", 1, 4, 3, 2), ("wide", 6, 2, 5, 6), ("single feature", 3, 1, 1, 4), ("square", 4, 3, 3, 4)]
    for name, N, D, K, M in sizes:
        X, W, b = rng.normal(size=(N, D)), rng.normal(size=(K, D)), rng.normal(size=K)
        yield Case(name, hidden=True, X=X, W=W, b=b, X0=rng.normal(size=(M, D)), dout0=rng.normal(size=(M, K)))
    wide, tall, last = (rng.normal(size=size).astype(np.float32) for size in ((5, 6), (3, 4), (4,)))
    single: dict[str, Any] = {"X": wide[:, ::2], "W": tall.T, "b": last}
    for array in single.values():
        array.flags.writeable = False
    yield Case("strided", hidden=True, **single, X0=rng.normal(size=(6, 3)), dout0=rng.normal(size=(6, 4)))


@Linear.accept("db as a row (1, K)")
def db_as_row(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"db": out.db[None, :]}


@Linear.mistake("Every parameter has a job. What is that of b in forward?", code="M16")
def bias_not_added(out: Any, X: Tensor, W: Tensor, b: Tensor) -> dict[str, Tensor]:
    return {"out": X @ W.T}


@Linear.mistake("Run forward and backward twice. Is dW still that of one pass?", code="M25")
def gradients_accumulate(out: Any, X0: Tensor, dout0: Tensor) -> dict[str, Tensor]:
    return {"dW": dout0.T @ X0 + out.dW, "db": dout0.sum(0) + out.db}


@Linear.mistake("Two batches go through, one after the other. Which of them do you find again in dW?", code="M25")
def first_forward_remembered(out: Any, X: Tensor, X0: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dW": dout.T @ X0} if len(X0) == len(X) else {}  # else NumPy cannot multiply them


@Linear.mistake("Call backward for a second batch, with another dout. Are all three answers new?", code="M25")
def first_gradients_for_ever(out: Any, W: Tensor, X0: Tensor, dout0: Tensor) -> dict[str, Tensor]:
    return {"dX": dout0 @ W, "dW": dout0.T @ X0, "db": dout0.sum(0)}


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
def bias_of_last_image(X: Tensor, W: Tensor, b: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    return X @ W.T + torch.cat([b.detach().expand(len(X) - 1, -1), b[None, :]])


@Linear.mistake("Two different images in a batch: which of them do you find again in dW?", code="M13")
def weights_of_last_image(X: Tensor, W: Tensor, b: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    return torch.cat([X[:-1] @ W.detach().T, X[-1:] @ W.T]) + b


@Linear.mistake("Let X be all zeros. Does the bias still show in out?", code="M31")
def bias_inside_product(X: Tensor, W: Tensor, b: Tensor, X0: Tensor, dout0: Tensor) -> Tensor:
    return X @ (W + b[:, None]).T


@Linear.mistake("With as many classes as pixels every product fits. Which index of W belongs to dout?", code="M12")
def product_with_the_transpose(out: Any, W: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": dout @ W.T} if W.shape[0] == W.shape[1] else {}


@Linear.mistake("Some loss already put its 1/N into dout. Does dX need another?", code="M02")
def blame_averaged(out: Any, X: Tensor) -> dict[str, Tensor]:
    return {"dX": out.dX / len(X)}


@Linear.mistake("Change one image only. Whose row of out moves, and so whose row of dout does its dX see?", code="M13")
def blame_of_all_images(out: Any, X: Tensor, W: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": (dout.sum(0) @ W).expand_as(X)}


@Linear.mistake("Double dout. Does your dX double?", code="M38")
def dout_forgotten(out: Any, W: Tensor, dout: Tensor) -> dict[str, Tensor]:
    return {"dX": torch.ones_like(dout) @ W}
