"""The table: eight functions, a right solution and a reference of each, and the cases that every grader puts to them.

Students' code is written once, in NumPy; `in_torch` turns it into PyTorch. All cases are the same for all graders."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray
TORCH = {  # what differs between the two libraries in the code below
    "import numpy as np": "import torch",
    "np.exp": "torch.exp",
    "np.log": "torch.log",
    "np.arange": "torch.arange",
    ".max(axis=1, keepdims=True)": ".amax(axis=1, keepdims=True)",
}


@dataclass(frozen=True)
class Example:
    """One call: arrays and numbers by parameter."""

    name: str
    inputs: dict[str, Any]
    hidden: bool = True


@dataclass(frozen=True)
class Function:
    """One function that students write, worth 10 points."""

    name: str
    outputs: tuple[str, ...]
    code: str  # a right solution, in NumPy
    reference: str  # the forward, in torch; gradients come from autograd
    gradients: dict[str, str] = field(default_factory=dict)  # output -> the parameter that it is the gradient of
    forward: str = ""  # the function whose gradient alone is asked for, weighted by `dout`
    cases: tuple[Example, ...] = ()

    @property
    def params(self) -> list[str]:
        return list(self.cases[0].inputs)


def in_torch(code: str) -> str:
    for old, new in TORCH.items():
        code = code.replace(old, new)
    return code


def literal(value: Any) -> str:
    """A value as Python source; arrays as np.array(...), every digit kept."""
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r})"
    return repr(value)


def _normal(seed: int, *shape: int, scale: float = 1.0) -> Array:
    return np.round(np.random.default_rng(seed).normal(size=shape) * scale, 3)


def _labels(seed: int, n: int, classes: int) -> Array:
    return np.random.default_rng(seed).integers(0, classes, n)


FUNCTIONS = [
    Function(
        "sigmoid",
        ("s",),
        "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n",
        "return torch.sigmoid(z)",
        cases=(
            Example("around zero", {"z": np.array([-2.0, 0.0, 0.5, 3.0])}, hidden=False),
            Example("a matrix", {"z": _normal(1, 3, 4)}),
            Example("far out", {"z": np.array([-90.0, -30.0, 40.0, 80.0])}),  # a warning alone costs points in nbgrader
        ),
    ),
    Function(
        "softmax",
        ("P",),
        "def softmax(S):\n"
        "    E = np.exp(S - S.max(axis=1, keepdims=True))\n"
        "    return E / E.sum(axis=1, keepdims=True)\n",
        "return torch.softmax(S, 1)",
        cases=(
            Example("two rows", {"S": np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])}, hidden=False),
            Example("seven rows", {"S": _normal(2, 7, 4)}),
            Example("large scores", {"S": _normal(3, 3, 4, scale=1000.0)}),
        ),
    ),
    Function(
        "cross_entropy",
        ("loss", "dS"),
        "def cross_entropy(S, y):\n"
        "    n = len(y)\n"
        "    Z = S - S.max(axis=1, keepdims=True)\n"
        "    logp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))\n"
        "    dS = np.exp(logp)\n"
        "    dS[np.arange(n), y] -= 1\n"
        "    return -logp[np.arange(n), y].mean(), dS / n\n",
        "return torch.nn.functional.cross_entropy(S, y)",
        {"dS": "S"},
        cases=(
            Example("two rows", {"S": np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), "y": np.array([1, 0])}, False),
            Example("five rows", {"S": _normal(4, 5, 3), "y": _labels(4, 5, 3)}),
            Example("eight rows", {"S": _normal(5, 8, 6), "y": _labels(5, 8, 6)}),
        ),
    ),
    Function(
        "hinge",
        ("loss",),
        "def hinge(S, y):\n"
        "    n = len(y)\n"
        "    margins = (S - S[np.arange(n), y][:, None] + 1).clip(0)\n"
        "    margins[np.arange(n), y] = 0\n"
        "    return margins.sum() / n\n",
        "margins = torch.relu(S - S.gather(1, y[:, None]) + 1)\n    return (margins.sum() - len(y)) / len(y)",
        cases=(
            Example("two rows", {"S": np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]]), "y": np.array([1, 0])}, False),
            Example("five rows", {"S": _normal(6, 5, 3), "y": _labels(6, 5, 3)}),
            Example("eight rows", {"S": _normal(7, 8, 6), "y": _labels(7, 8, 6)}),
        ),
    ),
    Function(
        "linear_forward",
        ("out",),
        "def linear_forward(X, W, b):\n    return X @ W + b\n",
        "return X @ W + b",
        cases=(
            Example(
                "two rows",
                {
                    "X": np.array([[1.0, 2.0], [0.0, -1.0]]),
                    "W": np.array([[1.0, 0.5, 2.0], [0.0, 3.0, -1.0]]),
                    "b": np.array([1.0, -1.0, 0.5]),
                },
                hidden=False,
            ),
            Example("six rows", {"X": _normal(8, 6, 5), "W": _normal(9, 5, 3), "b": _normal(10, 3)}),
            Example("one row", {"X": _normal(11, 1, 4), "W": _normal(12, 4, 4), "b": _normal(13, 4)}),
        ),
    ),
    Function(
        "linear_backward",
        ("dX", "dW", "db"),
        "def linear_backward(X, W, b, dout):\n    return dout @ W.T, X.T @ dout, dout.sum(axis=0)\n",
        "return X @ W + b",
        {"dX": "X", "dW": "W", "db": "b"},
        "linear_forward",
        cases=(
            Example(
                "two rows",
                {
                    "X": np.array([[1.0, 2.0], [0.0, -1.0]]),
                    "W": np.array([[1.0, 0.5, 2.0], [0.0, 3.0, -1.0]]),
                    "b": np.array([1.0, -1.0, 0.5]),
                    "dout": np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.5]]),
                },
                hidden=False,
            ),
            Example(
                "six rows",
                {"X": _normal(14, 6, 5), "W": _normal(15, 5, 3), "b": _normal(16, 3), "dout": _normal(17, 6, 3)},
            ),
            Example(
                "four rows",
                {"X": _normal(18, 4, 4), "W": _normal(19, 4, 4), "b": _normal(20, 4), "dout": _normal(21, 4, 4)},
            ),
        ),
    ),
    Function(
        "relu_backward",
        ("back",),
        "def relu_backward(x, dout):\n    return dout * (x > 0)\n",
        "return dout * (x > 0)",
        cases=(
            Example("signs", {"x": np.array([-1.0, 0.0, 2.0]), "dout": np.array([1.0, 2.0, -3.0])}, hidden=False),
            Example("a matrix", {"x": _normal(22, 5, 4), "dout": _normal(23, 5, 4)}),
        ),
    ),
    Function(
        "l2_penalty",
        ("loss", "dW"),
        "def l2_penalty(W, reg):\n    return reg * (W**2).sum(), 2 * reg * W\n",
        "return reg * (W**2).sum()",
        {"dW": "W"},
        cases=(
            Example("two rows", {"W": np.array([[1.0, 2.0], [0.0, -1.0]]), "reg": 0.5}, hidden=False),
            Example("five rows", {"W": _normal(24, 5, 3), "reg": 0.3}),
        ),
    ),
]
NAMES = [function.name for function in FUNCTIONS]


def answers(function: Function, example: Example) -> tuple[Any, ...]:
    """What a right solution returns, one value per output, computed with NumPy here."""
    space: dict[str, Any] = {"np": np}
    exec(function.code, space)
    with np.errstate(over="ignore"):
        found = space[function.name](*example.inputs.values())
    return found if isinstance(found, tuple) else (found,)
