"""Modules composed: Sequential around the course's own layers, and a whole network of the student's modules."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question, run

from .hinge import margins
from .softmax import cross_entropy


def steps_of(X: Tensor, kinds: list[str], amounts: list[float]) -> list[Tensor]:
    """X, and what comes out of each of the course's layers in turn."""
    seen = [X]
    for kind, amount in zip(kinds, amounts, strict=True):
        X = seen[-1]
        made = {"square": X * X, "scale": X * amount, "shift": X + amount, "turn": X.roll(1, dims=1)}
        seen.append(made[kind])
    return seen


@question(out=2, dX=2, steps=[run("course_stack", "X", "kinds", "amounts", "dout")])
def Sequential(X: Tensor, kinds: list[str], amounts: list[float]) -> Tensor:
    """Layers one after the other: forward from the first to the last, backward from the last to the first.

    Asked with the layers of fixtures.py: kinds names one each ("square", "scale", "shift", "turn"), amounts its
    number. X (N, D), dout (N, D); out (N, D), dX (N, D).  [CS 7643, modular design]"""
    return steps_of(X, kinds, amounts)[-1]


@Sequential.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    X, dout = np.array([[1.0, 2.0, -3.0], [0.5, -1.0, 4.0]]), np.array([[1.0, 0.0, 2.0], [-1.0, 3.0, 0.0]])
    yield Case("two layers", X=X, kinds=["shift", "square"], amounts=[1.0, 0.0], dout=dout)
    yield Case("three layers", X=X, kinds=["square", "turn", "scale"], amounts=[0.0, 0.0, 3.0], dout=dout)
    X = rng.normal(size=(4, 3))
    yield Case("one layer", hidden=True, X=X, kinds=["square"], amounts=[0.0])
    kinds, amounts = ["square", "turn", "shift", "square"], [0.0, 0.0, float(rng.uniform(1, 2)), 0.0]
    yield Case("four layers", hidden=True, X=rng.normal(size=(3, 4)), kinds=kinds, amounts=amounts)
    kinds, amounts = ["scale", "shift", "square", "turn", "shift", "square"], [0.5, 1.5, 0.0, 0.0, -2.0, 0.0]
    yield Case("six layers, one image", hidden=True, X=rng.normal(size=(1, 5)), kinds=kinds, amounts=amounts)


def backward(dout: Tensor, kind: str, amount: float, seen: Tensor) -> Tensor:
    """Through one of the course's layers, which has seen this input."""
    known = {"square": 2 * seen * dout, "scale": amount * dout, "shift": dout, "turn": dout.roll(-1, dims=1)}
    return known[kind]


@Sequential.mistake("Which layer was the last to touch out? So which one has to hear of dout first?", code="M18")
def backward_from_the_first(
    out: Any, X: Tensor, kinds: list[str], amounts: list[float], dout: Tensor
) -> dict[str, Tensor]:
    for layer in zip(kinds, amounts, steps_of(X, kinds, amounts), strict=False):
        dout = backward(dout, *layer)
    return {"dX": dout}


@Sequential.mistake("Each layer gets a dout. From whom: from your caller, or from the layer after it?", code="M18")
def the_same_dout_for_all(
    out: Any, X: Tensor, kinds: list[str], amounts: list[float], dout: Tensor
) -> dict[str, Tensor]:
    return {"dX": backward(dout, kinds[0], amounts[0], X)}


@Sequential.mistake("How many of your layers hear of dout?", code="M13")
def last_layer_alone(out: Any, X: Tensor, kinds: list[str], amounts: list[float], dout: Tensor) -> dict[str, Tensor]:
    return {"dX": backward(dout, kinds[-1], amounts[-1], steps_of(X, kinds, amounts)[-2])}


@Sequential.mistake("Shift, then square: is it the same as square, then shift?")
def forward_from_the_last(X: Tensor, kinds: list[str], amounts: list[float]) -> Tensor:
    return steps_of(X, kinds[::-1], amounts[::-1])[-1]


@Sequential.mistake("What goes into the second layer: X, or what the first one made of it?")
def the_same_input_for_all(X: Tensor, kinds: list[str], amounts: list[float]) -> Tensor:
    return steps_of(X, kinds[-1:], amounts[-1:])[-1]


@question(loss=1, dX=1, dWs=1, dbs=1, steps=[run("own_stack", "X", "Ws", "bs", "y", "between", "head")])
def forward_backward(X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str) -> Tensor:
    """The loss of a whole network of one's own modules, and its gradient in the images and in every parameter.

    Ws a list of (outputs, inputs), bs of (outputs,), between "ReLU" or "Sigmoid", head "SoftmaxLoss" or "SVMLoss";
    X (N, D), y (N,); loss (), dX (N, D), dWs and dbs alike Ws and bs.  [CS 7643, modular design]"""
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        if i > 0:
            X = torch.relu(X) if between == "ReLU" else torch.sigmoid(X)
        X = X @ W.T + b
    return cross_entropy(X, y) if head == "SoftmaxLoss" else torch.relu(margins(X, y)).sum(1).mean()


def scores_of(X: NDArray[Any], Ws: list[NDArray[Any]], bs: list[NDArray[Any]], between: str) -> NDArray[Any]:
    """What comes out of the last Linear, in NumPy, to choose labels by: (N, K)."""
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        if i > 0:
            X = np.maximum(0, X) if between == "ReLU" else 1 / (1 + np.exp(-X))
        X = X @ W.T + b
    return X


def parameters(rng: np.random.Generator, *sizes: int) -> dict[str, Any]:
    """Weights and biases of a network with these numbers of features, from the pixels to the classes."""
    pairs = list(pairwise(sizes))
    return {"Ws": [rng.normal(size=(b, a)) for a, b in pairs], "bs": [rng.normal(size=b) for _, b in pairs]}


@forward_backward.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case(
        "two layers, by hand",
        X=np.array([[1.0, 2.0], [-1.0, 1.0]]),
        Ws=[np.array([[1.0, -1.0], [0.0, 1.0], [2.0, 0.0]]), np.array([[1.0, 0.0, -1.0], [0.0, 2.0, 1.0]])],
        bs=[np.array([0.5, 0.0, -1.0]), np.array([0.0, 0.25])],
        y=np.array([0, 1]),
        between="ReLU",
        head="SVMLoss",
    )
    heads = [("ReLU", "SoftmaxLoss"), ("Sigmoid", "SVMLoss"), ("ReLU", "SoftmaxLoss"), ("Sigmoid", "SoftmaxLoss")]
    for depth, (between, head) in enumerate(heads, start=1):
        N, sizes = (1, (4, 3)) if depth == 1 else (5, (4, 6, 5, 4, 3)[-depth - 1 :])
        X, given = rng.normal(size=(N, sizes[0])), parameters(rng, *sizes)
        S = scores_of(X, **given, between=between)
        # depth 2: the others keep their margins; depth 3: at most one image has no living ReLU at the end
        while (depth == 2 and np.diff(np.sort(S)[1::2, -2:]).min() < 1.1) or (
            depth == 3 and len(np.unique(S, axis=0)) < N
        ):
            X, given = rng.normal(size=(N, sizes[0])), parameters(rng, *sizes)
            S = scores_of(X, **given, between=between)
        if depth == 1:  # wrong by far: exp of the largest score is no number
            X = X * 2000 / np.abs(S).max()
            S = scores_of(X, **given, between=between)
        y = np.where(np.arange(N) % 2 == 0, S.argmin(1), S.argmax(1))
        yield Case(f"depth {depth}", hidden=True, X=X, y=y, between=between, head=head, **given)


@forward_backward.accept("each db as a row (1, K)")
def dbs_as_rows(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    return {"dbs": [db[None, :] for db in out.dbs]}


@forward_backward.mistake("Call forward_backward with one layer and with two. Which Linear has a dW?", code="M13")
def last_linear_only(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    earlier = range(len(Ws) - 1)
    return {
        "dWs": [torch.zeros_like(Ws[i]) for i in earlier] + out.dWs[-1:],
        "dbs": [torch.zeros_like(bs[i]) for i in earlier] + out.dbs[-1:],
    }


@forward_backward.mistake("Is there another mean over the images anywhere in your layers?", code="M02")
def averaged_twice(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    return {"dWs": [dW / len(X) for dW in out.dWs], "dbs": [db / len(X) for db in out.dbs]}


@forward_backward.mistake("Where does the mean over the images come in: in the layers, or in the loss?", code="M01")
def never_averaged(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    N = len(X)
    return {"dX": N * out.dX, "dWs": [N * dW for dW in out.dWs], "dbs": [N * db for db in out.dbs]}


def gradients_of(
    loss: Tensor, X: Tensor, Ws: list[Tensor], bs: list[Tensor]
) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """The gradients of a loss in X, in every W and in every b."""
    dX, *rest = torch.autograd.grad(loss, [X, *Ws, *bs])
    return dX, rest[: len(Ws)], rest[len(Ws) :]


@forward_backward.mistake("Run it on two batches, one after the other. Is dW that of the second alone?", code="M25")
def added_to_the_first_pass(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    with torch.enable_grad():
        X0, y0 = (
            torch.cat([X.detach().flip(0) / 2 + 1, X.detach()[:1]]),
            (torch.cat([y.flip(0), y[:1]]) + 1) % len(bs[-1]),
        )
        given = (
            X0.requires_grad_(),
            [W.detach().requires_grad_() for W in Ws],
            [b.detach().requires_grad_() for b in bs],
        )
        _, dWs, dbs = gradients_of(forward_backward.forward(*given, y0, between, head), *given)
    return {
        "dWs": [old + dW for old, dW in zip(dWs, out.dWs, strict=True)],
        "dbs": [old + db for old, db in zip(dbs, out.dbs, strict=True)],
    }


@forward_backward.mistake("What does the last layer's backward get: ones, or what the head says?", code="M18")
def head_not_asked(X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str) -> Tensor:
    loss = forward_backward.forward(X, Ws, bs, y, between, head).detach()
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        if i > 0:
            X = torch.relu(X) if between == "ReLU" else torch.sigmoid(X)
        X = X @ W.T + b
    return loss + (X - X.detach()).sum()


@forward_backward.mistake("Move a pixel against your dX. Does the loss fall?", code="M05")
def every_sign_wrong(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    return {"dX": -out.dX, "dWs": [-dW for dW in out.dWs], "dbs": [-db for db in out.dbs]}


@forward_backward.mistake("Is there another mean over the images on the way down to dX?", code="M02")
def images_averaged_twice(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    return {"dX": out.dX / len(X)}


@forward_backward.mistake("With zero scores and ten classes the loss is 2.30, not 1. Which logarithm?", code="M04")
def log_of_base_ten(
    out: Any, X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> dict[str, Any]:
    return {"loss": out.loss / math.log(10)} if head == "SoftmaxLoss" else {}


@forward_backward.mistake("What lies between two Linear layers? Does your forward pass through it?", code="M38")
def no_layer_between(X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str) -> Tensor:
    for W, b in zip(Ws, bs, strict=True):
        X = X @ W.T + b
    return cross_entropy(X, y) if head == "SoftmaxLoss" else torch.relu(margins(X, y)).sum(1).mean()


@forward_backward.mistake("Follow a change of one weight through the layer above it. Is its slope in dW?", code="M38")
def slope_between_forgotten(
    X: Tensor, Ws: list[Tensor], bs: list[Tensor], y: Tensor, between: str, head: str
) -> Tensor:
    for i, (W, b) in enumerate(zip(Ws, bs, strict=True)):
        if i > 0:
            X = X + ((torch.relu(X) if between == "ReLU" else torch.sigmoid(X)) - X).detach()
        X = X @ W.T + b
    return cross_entropy(X, y) if head == "SoftmaxLoss" else torch.relu(margins(X, y)).sum(1).mean()
