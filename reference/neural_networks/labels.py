"""Classes as vectors of zeros and one 1, and back: what a network with K outputs is taught, and what it says."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, question


@question(Y=2)
def one_hot(y: Tensor, K: int) -> Tensor:
    """Labels in 1-of-K form: row i is zero but for a one in column y_i.

    y (N,) int in 0..K-1; Y (N, K). A label below 0 or above K - 1 raises ValueError.  [WPI CS 539, one-vs-rest]"""
    if bool((y < 0).any()) or bool((y >= K).any()):
        raise ValueError(f"labels are 0 to {K - 1}")
    return (y[:, None] == torch.arange(K, device=y.device)).to(torch.float64)


@one_hot.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("motorcycle, pedestrian, car", y=np.array([2, 0, 1]), K=4)
    yield Case("no such class", raises=ValueError, y=np.array([0, 3, 1]), K=3)
    yield Case("seven of five", hidden=True, y=rng.integers(5, size=7), K=5)
    yield Case("one example", hidden=True, y=rng.integers(3, size=1), K=3)
    yield Case("highest class absent", hidden=True, y=np.array([1, 0, 1, 1]), K=6)
    yield Case("only the last class", hidden=True, y=np.array([3, 3]), K=4)
    yield Case("below zero", hidden=True, raises=ValueError, y=np.array([1, -1, 0]), K=4)
    yield Case("one too high", hidden=True, raises=ValueError, y=np.array([0, 4, 1]), K=4)


@one_hot.mistake("Which column is that of class 0?", code="M43")
def counted_from_one(out: Any, y: Tensor, K: int) -> dict[str, Tensor]:
    return {"Y": out.Y.roll(-1, dims=1)}


@one_hot.mistake("One row per example or one row per class?", code="M12")
def transposed(out: Any, y: Tensor, K: int) -> dict[str, Tensor]:
    return {"Y": out.Y.T}


@one_hot.mistake("No example is of the highest class. How many columns are there?", code="M32")
def columns_of_what_is_there(out: Any, y: Tensor, K: int) -> dict[str, Tensor]:
    return {"Y": out.Y[:, : int(y.max()) + 1]}


@question(y=2)
def one_vs_rest_predict(H: Tensor) -> Tensor:
    """The class of each example: the output unit that is activated most, the lowest such where several are.

    H (N, K); y (N,) int in 0..K-1.  [WPI CS 539, one-vs-rest]"""
    K = H.shape[1]
    best = torch.where(H.amax(1, keepdim=True) <= H, torch.arange(K, device=H.device), K)
    return best.amin(1)


@one_vs_rest_predict.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three images", H=np.array([[0.9, 0.2, 0.1], [0.1, 0.3, 0.8], [0.4, 0.6, 0.5]]))
    yield Case("a tie", kink=True, H=np.array([[0.1, 0.7, 0.7, 0.2], [0.5, 0.5, 0.5, 0.5]]))
    yield Case("seven of five", hidden=True, H=rng.uniform(size=(7, 5)))
    yield Case("one image", hidden=True, H=rng.uniform(size=(1, 4)))
    H = np.array([[0.0, 1.0, 1.0], [1.0, 0.25, 1.0], [0.0, 0.0, 0.0], [0.5, 0.75, 0.75], [0.25, 0.5, 1.0]])
    yield Case("many ties", hidden=True, kink=True, H=H)
    yield Case("none is sure", hidden=True, H=rng.uniform(0.0, 0.4, size=(6, 3)))
    lead = 0.25 + 1e-6 * np.array([[0, 0, 1, -1], [-1, 0, -2, 1], [1, 0, 0, 2], [0, 1, 0, 0]])
    yield Case("a lead of a millionth", hidden=True, H=lead)
    yield Case("scores of any sign", hidden=True, H=rng.normal(scale=1e3, size=(5, 4)))


@one_vs_rest_predict.mistake("Two units are activated alike. Which of them does the docstring name?")
def ties_to_the_highest(H: Tensor) -> Tensor:
    return H.shape[1] - 1 - one_vs_rest_predict.forward(H.flip(1))


@one_vs_rest_predict.mistake("Is the first class 0 or 1?", code="M43")
def classes_from_one(out: Any, H: Tensor) -> dict[str, Tensor]:
    return {"y": out.y + 1}


@one_vs_rest_predict.mistake("An answer for each image, or for each class?", code="M14")
def best_image_of_each_class(H: Tensor) -> Tensor:
    return H.argmax(0)


@one_vs_rest_predict.mistake("No unit reaches a half. Is there still a largest?")
def first_above_a_half(H: Tensor) -> Tensor:
    return (H > 0.5).to(torch.int64).argmax(1)


@one_vs_rest_predict.mistake("Which unit speaks for its class: the most activated or the least?", code="M05")
def least_activated(H: Tensor) -> Tensor:
    return one_vs_rest_predict.forward(-H)
