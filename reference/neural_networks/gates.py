"""Boolean functions as networks: the student gives the weights, and their truth table is what counts."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from grader import Case, prop, question

NETWORKS = {
    "AND": [[[-30.0, 20.0, 20.0]]],
    "OR": [[[-10.0, 20.0, 20.0]]],
    "NOT": [[[10.0, -20.0]]],
    "NOR": [[[10.0, -20.0, -20.0]]],
    "AND NOT": [[[-10.0, 20.0, -20.0]]],
    "XNOR": [[[-30.0, 20.0, 20.0], [10.0, -20.0, -20.0]], [[-10.0, 20.0, 20.0]]],
}
PAIRS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
SINGLES = np.array([[0.0], [1.0]])


@question(thetas=0)
def boolean_network(gate: str) -> list[Tensor]:
    """Weights of a network of sigmoid units that computes a Boolean function, above 0.9 where it is 1 and below 0.1
    where it is 0.

    gate is "AND", "OR", "NOT", "NOR", "AND NOT" (x1 and not x2) or "XNOR"; thetas a list of matrices as in forward:
    one of shape (1, 3), for "NOT" one of (1, 2), for "XNOR" two of (2, 3) and (1, 3).
    [WPI CS 539, representing Boolean functions]"""
    return [torch.tensor(theta, dtype=torch.float64) for theta in NETWORKS[gate]]


@prop(3, thetas=boolean_network.called("gate"), keeps=("X", "truth"))
def gates_of_one_unit(thetas: Any, X: Any, truth: Any) -> Any:
    """At every corner of its truth table the unit says 1 (above 0.9) or 0 (below 0.1), as the gate does.

    [WPI CS 539, representing Boolean functions]"""
    A = X
    for theta in thetas:
        A = 1 / (1 + np.exp(-(theta[:, 0] + A @ theta[:, 1:].T)))
    return np.where(truth > 0, A[:, 0] > 0.9, A[:, 0] < 0.1)


@gates_of_one_unit.cases
def _(_rng: np.random.Generator) -> Iterator[Case]:
    yield Case("AND", gate="AND", X=PAIRS, truth=np.array([0, 0, 0, 1]))
    yield Case("NOT", gate="NOT", X=SINGLES, truth=np.array([1, 0]))
    yield Case("OR", hidden=True, gate="OR", X=PAIRS, truth=np.array([0, 1, 1, 1]))
    yield Case("NOR", hidden=True, gate="NOR", X=PAIRS, truth=np.array([1, 0, 0, 0]))
    yield Case("AND NOT", hidden=True, gate="AND NOT", X=PAIRS, truth=np.array([0, 0, 1, 0]))


@prop(3, thetas=boolean_network.called("gate"), keeps=("X", "truth"))
def gate_of_two_layers(thetas: Any, X: Any, truth: Any) -> Any:
    """XNOR, which no single unit can compute: 1 (above 0.9) where both inputs agree, 0 (below 0.1) where they do not.

    [WPI CS 539, combining representations]"""
    A = X
    for theta in thetas:
        A = 1 / (1 + np.exp(-(theta[:, 0] + A @ theta[:, 1:].T)))
    return np.where(truth > 0, A[:, 0] > 0.9, A[:, 0] < 0.1)


@gate_of_two_layers.cases
def _(_rng: np.random.Generator) -> Iterator[Case]:
    yield Case("where both agree", gate="XNOR", X=PAIRS[[0, 3]], truth=np.array([1, 1]))
    yield Case("all four corners", hidden=True, gate="XNOR", X=PAIRS, truth=np.array([1, 0, 0, 1]))
