"""The conditional likelihood of labels given inputs: what is minimised when a softmax model is trained."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from grader import Case, question

from .multiclass import log_likelihoods, multiclass_cross_entropy


# Half: who calls the loss rightly has written the model, the chain rule and the sum, but not the loss.
@question(nll=4, dtheta=6, calls=[multiclass_cross_entropy], carry=0.5)
def conditional_nll(theta: Tensor, X: Tensor, y: Tensor) -> Tensor:
    """Sum over i.i.d. examples of -log P(y | x; theta) for a softmax of the logits theta x, and its gradient.

    theta (K, D), X (N, D), y (N,) int in 0..K-1; nll (), dtheta (K, D). A label outside 0..K-1 raises ValueError.
    [TU Delft deep learning, ML refresh]"""
    return -log_likelihoods(X @ theta.T, y).sum()


@conditional_nll.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    theta, X = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), np.array([[3.0, 1.0], [1.0, 2.0]])
    yield Case("two examples", theta=theta, X=X, y=np.array([1, 0]))
    yield Case("theta of zero", theta=np.zeros((3, 2)), X=X, y=np.array([2, 0]))
    yield Case("no such class", raises=ValueError, theta=theta, X=X, y=np.array([3, 0]))
    for name, K, N, D in [("seven examples", 4, 7, 5), ("two classes", 2, 5, 3), ("one feature", 5, 3, 1)]:
        theta, X = rng.normal(size=(K, D)), rng.normal(size=(N, D))
        yield Case(name, hidden=True, theta=theta, X=X, y=rng.permutation(np.arange(N) % K))
    theta, X = rng.normal(size=(3, 4)), rng.normal(size=(1, 4))
    yield Case("one example", hidden=True, theta=theta, X=X, y=(X @ theta.T).argmin(1))
    theta, X = rng.normal(size=(3, 2)), rng.normal(size=(4, 2))
    X *= 2000 / np.abs(X @ theta.T).max(axis=1, keepdims=True)  # sure and wrong: a likelihood of 0 in float64
    yield Case("very wrong", hidden=True, theta=theta, X=X, y=(X @ theta.T).argmin(1))
    theta, X, y = rng.normal(size=(4, 3)), rng.normal(size=(5, 3)), rng.integers(4, size=5)
    X[4], y[4] = X[2], y[2]
    yield Case("an example twice", hidden=True, theta=theta, X=X, y=y)
    theta, X = np.zeros((5, 3)), rng.normal(size=(6, 3))
    yield Case("untrained", hidden=True, theta=theta, X=X, y=np.array([4, 0, 2, 2, 1, 3]))
    theta, X = rng.normal(size=(4, 6))[:, ::2], rng.normal(size=(3, 5)).T
    theta.flags.writeable = X.flags.writeable = False
    yield Case("strided and read-only", hidden=True, theta=theta, X=X, y=np.array([3, 1, 0, 0, 2]))
    single = [rng.normal(size=shape).astype(np.float32) for shape in [(3, 5), (4, 5)]]
    yield Case("float32", hidden=True, theta=single[0], X=single[1], y=np.array([2, 0, 1, 2]))
    theta, X = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    yield Case("label of minus one", hidden=True, raises=ValueError, theta=theta, X=X, y=np.array([0, -1]))
    theta, X = rng.normal(size=(3, 4)), rng.normal(size=(2, 4))
    yield Case("label of K", hidden=True, raises=ValueError, theta=theta, X=X, y=np.array([3, 1]))


@conditional_nll.mistake(
    "Twice as many independent examples. What becomes of the likelihood, and of its log?", code="M02"
)
def averaged(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"nll": out.nll / len(X)}


@conditional_nll.mistake("Your likelihood adds up over examples. Does its gradient?", code="M02")
def gradient_averaged(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dtheta": out.dtheta / len(X)}


@conditional_nll.mistake(
    "Raise all of an example's logits by one: nothing changes. So dtheta sums to what over classes?", code="M36"
)
def true_class_not_subtracted(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dtheta": torch.softmax(X @ theta.T, 1).T @ X}


@conditional_nll.mistake("Does the row of a wrong class change the likelihood?", code="M35")
def true_rows_only(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    T = one_hot(y, len(theta))
    return {"dtheta": ((torch.softmax(X @ theta.T, 1) - 1) * T).T @ X}


@conditional_nll.mistake(
    "Do you climb the likelihood or go down its negative log? Which one was asked for?", code="M05"
)
def likelihood_itself(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"nll": -out.nll}


@conditional_nll.mistake("Raise the true class's logit a little. Does the nll go the way that dtheta says?", code="M05")
def gradient_uphill(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dtheta": -out.dtheta}


@conditional_nll.mistake("Write the shape of theta and of your dtheta under each other.", code="M12")
def transposed(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"dtheta": out.dtheta.T}


@conditional_nll.mistake("Sure and wrong, many times. What is the product of those likelihoods, and its log?")
def product_first(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"nll": -torch.softmax(X @ theta.T, 1).gather(1, y[:, None]).prod().log()}


@conditional_nll.mistake(
    "Your nll is inf where it should be thousands. Do you need the probability itself?", code="M21"
)
def log_of_underflow(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"nll": -torch.softmax(X @ theta.T, 1).gather(1, y[:, None]).log().sum()}


@conditional_nll.mistake("Try a logit of 1000. What is exp(1000), and what may you take away first?", code="M20")
def overflows(theta: Tensor, X: Tensor, y: Tensor) -> Tensor:
    E = (X @ theta.T).exp()
    return -(E / E.sum(1, keepdim=True)).gather(1, y[:, None]).log().sum()


@conditional_nll.mistake("You are sure and wrong. Does a small number in the log hide how wrong?", code="M23")
def small_number_in_log(out: Any, theta: Tensor, X: Tensor, y: Tensor) -> dict[str, Tensor]:
    return {"nll": -(torch.softmax(X @ theta.T, 1).gather(1, y[:, None]) + 1e-12).log().sum()}


@conditional_nll.mistake("Which class is y = 0 here? The slides begin with 1.", code="M43")
def label_off_by_one(theta: Tensor, X: Tensor, y: Tensor) -> Tensor:
    return -torch.log_softmax(X @ theta.T, 1).gather(1, (y - 1).remainder(len(theta))[:, None]).sum()


@conditional_nll.mistake("Which numbers should sum to one: those of an example, or those of a class?", code="M14")
def normalised_down_the_columns(theta: Tensor, X: Tensor, y: Tensor) -> Tensor:
    return -torch.log_softmax(X @ theta.T, 0).gather(1, y[:, None]).sum()
