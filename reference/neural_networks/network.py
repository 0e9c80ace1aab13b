"""A network of sigmoid units of any depth: its activations."""
# Every mistake takes all inputs of its question, used or not.

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, question

from .activations import sigmoid

Thetas = list[Tensor]
Arrays = list[NDArray[np.float64]]

# The lecture's AND, and XNOR out of AND, NOR and OR.
AND = np.array([[-30.0, 20.0, 20.0]])
XNOR = [np.array([[-30.0, 20.0, 20.0], [10.0, -20.0, -20.0]]), np.array([[-10.0, 20.0, 20.0]])]


def with_bias(A: Tensor) -> Tensor:
    """Activations with the bias unit, 1, in front: (..., s) becomes (..., s + 1)."""
    return torch.cat([torch.ones_like(A[..., :1]), A], dim=-1)


@question(activations=7, calls=[sigmoid], carry=0.5)
def forward(x: Tensor, thetas: Thetas) -> Thetas:
    """The activations of every layer of a network of sigmoid units for one example: x itself first, the output last.

    x (D,), thetas a list of matrices, the l-th of shape (s_l+1, s_l + 1) with the weights of the bias unit in
    column 0; activations a list of len(thetas) + 1 vectors of s_1 = D, s_2, ... numbers: WITHOUT the bias unit 1,
    which every layer but the last puts in front before it is multiplied.  [WPI CS 539, forward propagation]"""
    activations = [x]
    for theta in thetas:
        activations.append(torch.sigmoid(theta @ with_bias(activations[-1])))
    return activations


def network(rng: np.random.Generator, *sizes: int, scale: float = 1.0) -> Arrays:
    """Random matrices of a network with layers of these sizes."""
    return [rng.normal(scale=scale, size=(b, a + 1)) for a, b in pairwise(sizes)]


@forward.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("AND of 1 and 0", x=np.array([1.0, 0.0]), thetas=[AND])
    small = [np.array([[0.5, 1.0, -1.0], [0.0, 0.25, 0.5], [-1.0, 0.0, 2.0]]), np.array([[0.1, 1.0, -2.0, 0.5]])]
    yield Case("two layers", x=np.array([2.0, 1.0]), thetas=small)
    yield Case("XNOR of 0 and 0", hidden=True, x=np.zeros(2), thetas=XNOR)
    yield Case("one layer", hidden=True, x=rng.normal(size=4), thetas=network(rng, 4, 3))
    yield Case("three layers", hidden=True, x=rng.normal(size=5), thetas=network(rng, 5, 4, 2, 3))
    yield Case("four layers", hidden=True, x=rng.normal(size=2), thetas=network(rng, 2, 3, 4, 2, 1))
    yield Case("as wide everywhere", hidden=True, x=rng.normal(size=3), thetas=network(rng, 3, 3, 3))
    yield Case("one unit each", hidden=True, x=rng.normal(size=1), thetas=network(rng, 1, 1, 1))
    huge = [1000 * np.array([[0.5, 1.0, -1.0], [1.0, -2.0, 0.5]]), rng.normal(size=(2, 3))]
    yield Case("sums of thousands", hidden=True, x=np.array([2.0, 1.0]), thetas=huge)
    single = [theta.astype(np.float32) for theta in network(rng, 3, 4, 2)]
    yield Case("float32", hidden=True, x=rng.normal(size=3).astype(np.float32), thetas=single)
    x = rng.normal(size=6)[::2]
    thetas = [np.asfortranarray(theta) for theta in network(rng, 3, 2, 2)]
    for array in (x, *thetas):
        array.flags.writeable = False
    yield Case("strided and read-only", hidden=True, x=x, thetas=thetas)


def layers(x: Tensor, thetas: Thetas, layer: Callable[[Tensor, Tensor, bool], Tensor]) -> Thetas:
    """The activations where each layer is computed by `layer(a, theta, is_last)`."""
    activations = [x]
    for theta in thetas:
        activations.append(layer(activations[-1], theta, theta is thetas[-1]))
    return activations


@forward.mistake("Let x be all zeros. Does anything still reach the first sum?", code="M16")
def no_bias_unit(x: Tensor, thetas: Thetas) -> Thetas:
    return layers(x, thetas, lambda a, theta, _: torch.sigmoid(theta[:, 1:] @ a))


@forward.mistake("In which column of a matrix are the weights of the bias unit?")
def bias_unit_last(x: Tensor, thetas: Thetas) -> Thetas:
    return layers(x, thetas, lambda a, theta, _: torch.sigmoid(theta @ with_bias(a).roll(-1)))


@forward.mistake("Which value has the bias unit, always?")
def bias_unit_zero(x: Tensor, thetas: Thetas) -> Thetas:
    return layers(x, thetas, lambda a, theta, _: torch.sigmoid(theta @ (with_bias(a) * 0 + with_bias(a) - 1)))


@forward.mistake("Is the output unit of this network activated by g, like all others?")
def output_not_activated(x: Tensor, thetas: Thetas) -> Thetas:
    def layer(a: Tensor, theta: Tensor, last: bool) -> Tensor:
        z = theta @ with_bias(a)
        return z if last else torch.sigmoid(z)

    return layers(x, thetas, layer)


@forward.mistake("Two layers without g between them: is that more than one layer?")
def only_the_output_activated(x: Tensor, thetas: Thetas) -> Thetas:
    def layer(a: Tensor, theta: Tensor, last: bool) -> Tensor:
        z = theta @ with_bias(a)
        return torch.sigmoid(z) if last else z

    return layers(x, thetas, layer)


@forward.mistake("The values are right; does the docstring count the bias unit among the activations?", code="M19")
def bias_units_returned(x: Tensor, thetas: Thetas) -> Thetas:
    found = forward.forward(x, thetas)
    return [*map(with_bias, found[:-1]), found[-1]]


@forward.mistake("How many vectors does a network of one matrix give? What is the first?")
def input_left_out(x: Tensor, thetas: Thetas) -> Thetas:
    found: Thetas = forward.forward(x, thetas)
    return found[1:]


@forward.mistake("Which function is g in this network?")
def rectified(x: Tensor, thetas: Thetas) -> Thetas:
    def layer(a: Tensor, theta: Tensor, last: bool) -> Tensor:
        z = theta @ with_bias(a)
        return torch.sigmoid(z) if last else torch.relu(z)

    return layers(x, thetas, layer)
