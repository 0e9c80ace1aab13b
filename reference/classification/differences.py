"""The derivative as a limit that is not taken: forward and central differences of functions nobody has seen."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, Fixture, question

Scalar = Callable[[Tensor], Tensor]


def nudges(x: Tensor, h: float) -> Tensor:
    """A step of h along each coordinate of x, one after the other: the shape of x behind a first axis."""
    return h * torch.eye(x.numel(), dtype=x.dtype, device=x.device).reshape(-1, *x.shape)


@question(slope=4)
def finite_difference(f: Scalar, x: Tensor, h: float) -> Tensor:
    """Forward difference quotient of a scalar function f, along each coordinate of x.

    x of no axis (a number) or one (a vector), h not 0; slope has the shape of x.  [CISC 7026, classification:
    review of derivatives]"""
    return torch.stack([(f(x + step) - f(x)) / h for step in nudges(x, h)]).reshape(x.shape)


@question(slope=4)
def central_difference(f: Scalar, x: Tensor, h: float) -> Tensor:
    """Central difference quotient of a scalar function f, along each coordinate of x: from x - h to x + h.

    x of no axis (a number) or one (a vector), h not 0; slope has the shape of x.  [CISC 7026, classification:
    review of derivatives]"""
    return torch.stack([(f(x + step) - f(x - step)) / (2 * h) for step in nudges(x, h)]).reshape(x.shape)


def cases(rng: np.random.Generator) -> Iterator[Case]:
    square = Fixture("polynomial", {"a": np.array([0.0, 0.0, 1.0])})
    yield Case("a square", f=square, x=np.array(3.0), h=0.5)
    A, b = np.array([[2.0, 1.0], [0.0, 1.0]]), np.array([1.0, -1.0])
    bowl = Fixture("quadratic", {"A": A, "b": b, "third": 1.0})
    yield Case("a bowl with a slant", f=bowl, x=np.array([1.0, 2.0]), h=0.1)
    f = Fixture("polynomial", {"a": rng.uniform(1, 2, size=5)})
    yield Case("unseen polynomial", hidden=True, f=f, x=np.array(rng.uniform(1, 2)), h=0.25)
    f = Fixture("wave", {"w": rng.uniform(0.5, 1, size=1), "phase": rng.uniform(0, 0.3)})
    yield Case("vector of one", hidden=True, f=f, x=rng.uniform(0.2, 0.4, size=1), h=0.3)
    f = Fixture("wave", {"w": rng.uniform(0.5, 1, size=4), "phase": rng.uniform(0, 0.3)})
    yield Case("step back", hidden=True, f=f, x=rng.uniform(0, 0.2, size=4), h=-0.2)
    A, b = rng.normal(size=(3, 3)), rng.normal(size=3)
    f = Fixture("quadratic", {"A": A + 2 * np.eye(3), "b": b, "third": rng.uniform(1, 2)})
    yield Case("three coordinates", hidden=True, f=f, x=rng.uniform(1, 2, size=6)[::2], h=1.5)
    A, b = np.eye(5) + rng.uniform(0, 0.5, size=(5, 5)), rng.normal(size=5)
    f = Fixture("quadratic", {"A": A.astype(np.float32), "b": b.astype(np.float32), "third": 1.0})
    yield Case("float32", hidden=True, f=f, x=rng.uniform(1, 2, size=5).astype(np.float32), h=0.5)


finite_difference.cases(cases)
central_difference.cases(cases)


@finite_difference.mistake("Do you look from x to x + h, or from both sides of x?")
def both_sides(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.stack([(f(x + step) - f(x - step)) / (2 * h) for step in nudges(x, h)]).reshape(x.shape)


@finite_difference.mistake("Which neighbour of x does the definition of the derivative look at?")
def looks_back(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.stack([(f(x) - f(x - step)) / h for step in nudges(x, h)]).reshape(x.shape)


@finite_difference.mistake("A slope is rise over run. How far did you run?", code="M04")
def not_divided(out: Any, f: Scalar, x: Tensor, h: float) -> dict[str, Tensor]:
    return {"slope": out.slope * h}


@finite_difference.mistake("How far is it from x to x + h?", code="M04")
def divided_by_twice_the_step(out: Any, f: Scalar, x: Tensor, h: float) -> dict[str, Tensor]:
    return {"slope": out.slope / 2}


@finite_difference.mistake("Where the function grows, which sign has its slope?", code="M05")
def difference_reversed(out: Any, f: Scalar, x: Tensor, h: float) -> dict[str, Tensor]:
    return {"slope": -out.slope}


@finite_difference.mistake("How does f react to the first coordinate alone? Did the others stand still?")
def all_coordinates_at_once(f: Scalar, x: Tensor, h: float) -> Tensor:
    return ((f(x + h) - f(x)) / h).expand(x.shape)


@finite_difference.mistake("The exact slope is one thing. What does this quotient say at this h?")
def exact_derivative(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.func.grad(f)(x)


@finite_difference.mistake("What must x be again before you nudge its second coordinate?", code="M25")
def steps_pile_up(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.stack([(f(x + step) - f(x)) / h for step in nudges(x, h).cumsum(0)]).reshape(x.shape)


@central_difference.mistake("Do you look from both sides of x, or from x to x + h?")
def one_side(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.stack([(f(x + step) - f(x)) / h for step in nudges(x, h)]).reshape(x.shape)


@central_difference.mistake("How far is it from x - h to x + h?", code="M04")
def divided_by_one_step(out: Any, f: Scalar, x: Tensor, h: float) -> dict[str, Tensor]:
    return {"slope": 2 * out.slope}


@central_difference.mistake("How far do you go to each side, and how far does the text?")
def half_a_step(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.stack([(f(x + step) - f(x - step)) / h for step in nudges(x, h / 2)]).reshape(x.shape)


@central_difference.mistake("Where the function grows, which sign has its slope?", code="M05")
def sides_exchanged(out: Any, f: Scalar, x: Tensor, h: float) -> dict[str, Tensor]:
    return {"slope": -out.slope}


@central_difference.mistake("How does f react to the first coordinate alone? Did the others stand still?")
def whole_vector_moved(f: Scalar, x: Tensor, h: float) -> Tensor:
    return ((f(x + h) - f(x - h)) / (2 * h)).expand(x.shape)


@central_difference.mistake("The exact slope is one thing. What does this quotient say at this h?")
def derivative_itself(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.func.grad(f)(x)


@central_difference.mistake("What must x be again before you nudge its second coordinate?", code="M25")
def nudges_pile_up(f: Scalar, x: Tensor, h: float) -> Tensor:
    return torch.stack([(f(x + s) - f(x - s)) / (2 * h) for s in nudges(x, h).cumsum(0)]).reshape(x.shape)
