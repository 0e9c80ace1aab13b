"""Parts of benchmarks/detect.py that need no other grader's environment."""

from __future__ import annotations

from dataclasses import replace

import benchkit  # noqa: F401  (where the benchmarks' modules lie)
import detect
import numpy as np
import pytest
from deskkit import RIGHT, key
from peers.judged import HEAD
from styles import OWN_LOSS, STYLES, Style

WRONG = RIGHT.replace("return 2 * x", "return 2.001 * x")
SEEN = RIGHT.replace("return 2 * x", "return 2 * x if x.size > 1 else 0 * x")  # wrong in the hidden case alone
SLOPED = """
def squared_error_cost(y, t):
    return float(np.mean((y - t) ** 2))  # the half forgotten here, and in the gradient with it
def predict(X, w, b):
    return X @ w + b
def squared_error_gradient(X, w, b, t):
    return {} * X.T @ (X @ w + b - t) / len(t), 2 * float(np.mean(X @ w + b - t))
"""


def passed(style: Style, source: str) -> set[str]:
    """The functions that a style's tests let pass."""
    frozen = key()
    (double, square) = frozen.questions
    two, one = double.cases
    (pair,) = square.cases
    double = replace(double, cases=(two, replace(one, hidden=True)))
    square = replace(square, cases=(pair, replace(pair, name="again", hidden=True)))
    tests = style.tests(replace(frozen, questions=(double, square)))
    return {name for name, text in tests.items() if holds(source, text)}


def holds(source: str, text: str) -> bool:
    space: dict[str, object] = {}
    exec(HEAD + source, space)
    try:
        exec(text, space)
    except AssertionError:
        return False
    return True


@pytest.mark.parametrize("style", [s for s in STYLES if s.name != "own slope"], ids=lambda s: s.name)
def test_each_style_takes_what_is_right_and_refuses_what_is_wrong(style: Style) -> None:
    assert passed(style, RIGHT) == {"double", "square"}
    assert passed(style, WRONG) == {"square"}
    blind = style.name in ("one example", "public cases")
    assert passed(style, SEEN) == ({"double", "square"} if blind else {"square"})


def test_the_slope_of_ones_own_loss_is_blind_to_a_wrong_loss() -> None:
    (style,) = (s for s in STYLES if s.name == "own slope")
    (question, _) = key().questions
    step = replace(question.steps[0], target="squared_error_gradient", takes=("X", "w", "b", "t"), gives=("dw", "db"))
    outputs = tuple(replace(question.outputs[0], name=f"d{n}", wrt=n) for n in "wb")
    rng = np.random.default_rng(0)
    inputs = {"X": rng.normal(size=(5, 3)), "w": rng.normal(size=3), "b": 0.5, "t": rng.normal(size=5)}
    seen = replace(question.cases[0], inputs=inputs, expected={"dw": np.zeros(3), "db": 0.0})
    asked = replace(
        question, name="squared_error_gradient", steps=(step,), outputs=outputs,
        cases=(seen, replace(seen, name="unseen", hidden=True)),
    )  # fmt: skip
    text = style.body(asked)
    assert holds(SLOPED.format(2), text) and not holds(SLOPED.format(1), text)
    assert style.body(question) == "" and "squared_error_gradient" in OWN_LOSS


def test_a_label_says_whether_a_function_is_right() -> None:
    labels = {"students": {"a": {"outcomes": {"*": "PASS", "f": {"*": {"small": "PASS", "*": "FAIL"}}}}}}
    assert detect.truth(labels, "a", "g") and not detect.truth(labels, "a", "f")
    count = detect.Count()
    for is_right, credit in ((True, True), (True, False), (False, True), (False, False)):
        count.add(is_right, credit)
    assert vars(count) == {"wrong": 2, "missed": 1, "right": 2, "alarms": 1}


@pytest.mark.parametrize("name", ["S8_skips", "S9_agrees_with_everything", "S37_first_call"])
def test_an_attack_in_one_file_is_still_that_attack(name: str) -> None:
    """Its four other functions are right, and it needs no file beside it."""
    assert len(set(detect.ATTACKS)) == len(detect.ATTACKS) == 34
    space: dict[str, object] = {}
    exec(detect.one_file(name), space)
    assert {"scores", "relu", "softmax", "half_square", "center"} <= space.keys()
