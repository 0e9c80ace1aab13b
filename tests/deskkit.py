"""A small handout on disk, made without torch: two functions, three public cases, a notebook where a test asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from grader.keyfile import dump
from grader.model import PUBLIC_KEY, AnswerKey, FrozenCase, FrozenQuestion, Output, Step, Value
from grader.tolerance import bounds

RIGHT = """\
import numpy as np


def double(x):
    return 2 * x


def square(x):
    return float(x @ x), 2 * x
"""
STUB = "def double(x):\n    raise NotImplementedError\n\n\ndef square(x):\n    raise NotImplementedError\n"
HALF = RIGHT.replace("2 * x\n", "x\n", 1)  # `double` is wrong
BENT = RIGHT.replace("float(x @ x)", "float(x @ x) + 3 * float(np.sum(x - np.round(x, 2)))")  # right on these inputs


def _case(name: str, x: Value, **expected: Value) -> FrozenCase:
    rows = {key: bounds(np.ravel(np.asarray(value)), 0.0, 0.0, False) for key, value in expected.items()}
    return FrozenCase(name, False, {"x": x}, expected, rows)


def key(fixtures: str = "") -> AnswerKey:
    """`double` in the cases "two rows: a/b [1]" and "one", `square` with its gradient in "pair"."""
    two, one, pair = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([5.0]), np.array([1.0, -2.0])
    double = FrozenQuestion(
        "double",
        "Doubled",
        ("x",),
        (Output("out", 1.0),),
        (Step("function", "double", ("x",), ("out",)),),
        (_case("two rows: a/b [1]", two, out=2 * two), _case("one", one, out=2 * one)),
    )
    square = FrozenQuestion(
        "square",
        "Squared",
        ("x",),
        (Output("loss", 1.0), Output("dx", 1.0, "x")),
        (Step("function", "square", ("x",), ("loss", "dx")),),
        (_case("pair", pair, loss=np.float64(5.0), dx=2 * pair),),
    )
    return AnswerKey("demo", "Demo", "demo.py", "numpy", (double, square), {}, fixtures, public=True)


def desk(folder: Path, source: str | None = RIGHT, fixtures: str = "", **files: str | bytes) -> Path:
    """A handout's folder with this demo.py in it, and other files by name, a double underscore for the dot."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / PUBLIC_KEY).write_bytes(dump(key(fixtures)))
    (folder / "README.md").write_text("# Demo\n")
    if source is not None:
        (folder / "demo.py").write_text(source)
    put(folder, {name.replace("__", "."): data for name, data in files.items()})
    return folder


def put(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data.encode() if isinstance(data, str) else data)


def notebook(*cells: str) -> str:
    made = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made})
