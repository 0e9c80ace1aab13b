"""Generic wrong answers: each is one, and each is caught where the cases can show it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from grader.audit.wrong import FLOAT16, fare, generic, right
from grader.judge import judge
from grader.model import FrozenCase, FrozenQuestion, Output, Step, Verdict
from grader.tolerance import bounds


def question(
    *expected: np.ndarray, inputs: tuple[np.ndarray, ...] | None = None, raises: bool = False
) -> FrozenQuestion:
    """A question of one output; the first case is public, the others hidden."""
    given = inputs or tuple(np.ones((3, 2)) for _ in expected)
    cases = [
        FrozenCase(f"c{i}", i > 0, {"X": x}, {"out": e}, {"out": bounds(e, 0.0, 0.0, False)})
        for i, (e, x) in enumerate(zip(expected, given, strict=True))
    ]
    if raises:
        cases.append(FrozenCase("bad", True, {"X": given[0]}, {}, {}, raises="ValueError"))
    return FrozenQuestion(
        "f", "F", ("X",), (Output("out", 1.0),), (Step("function", "f", ("X",), ("out",)),), tuple(cases)
    )


def fates(q: FrozenQuestion) -> dict[str, int]:
    return {g.name: fare(q, g.answers).hidden for g in generic(q)}


A, B = np.array([[0.3, -1.7], [2.2, 0.9]]), np.array([[1.1, 0.4], [-0.6, 3.3]])


def test_the_right_answers_pass() -> None:
    q = question(A, B, raises=True)
    assert all(o.verdict is Verdict.PASS for o in judge(q, right(q))[0])
    assert fare(q, right(q)).hidden == 0


def test_all_are_caught_by_an_ordinary_case() -> None:
    found = fates(question(A, B))
    assert set(found) == {
        "zeros", "negated", "doubled", "averaged twice", "not averaged", "transposed", FLOAT16,
        "keeps its first answer", "adds to its last answer", "changes its input",
    }  # fmt: skip
    assert all(found.values()), found


@pytest.mark.parametrize(
    ("name", "hidden", "inputs"),
    [
        ("zeros", np.zeros((2, 2)), None),
        ("negated", np.zeros((2, 2)), None),
        ("averaged twice", B, np.ones((1, 2))),
        ("not averaged", B, np.ones((1, 2))),
        ("transposed", B + B.T, None),
        (FLOAT16, np.array([[1.0, 2.0], [0.5, -4.0]]), None),
        ("keeps its first answer", A, None),
    ],
)
def test_each_lives_where_the_hidden_case_cannot_show_it(
    name: str, hidden: np.ndarray, inputs: np.ndarray | None
) -> None:
    given = (np.ones((3, 2)), inputs) if inputs is not None else None
    found = fates(question(A, hidden, inputs=given))
    assert found[name] == 0
    assert fates(question(A, B))[name] == 1


def test_a_transposed_answer_of_another_shape_is_caught() -> None:
    assert fates(question(A, np.arange(6.0).reshape(2, 3) + 0.1))["transposed"] == 1


def test_labels_and_flags_have_their_own_wrong_answers() -> None:
    found = fates(question(np.array([1, 0, 2]), np.array([2, 2, 1])))
    assert found["zeros"] and found["negated"] and found["doubled"] and not found["averaged twice"]
    flags = fates(question(np.array([True, False]), np.array([False, False])))
    assert flags["negated"] and not flags["zeros"]


def test_distances_are_in_tolerances_of_each_dtype() -> None:
    q = question(A, B)
    doubled = next(g for g in generic(q) if g.name == "doubled")
    found = fare(q, doubled.answers)
    assert found.output == "out" and 1e6 < found.distance < 1e7 and 1e3 < found.distance32 < 1e4
    half = next(g for g in generic(q) if g.name == FLOAT16)
    assert 100 < fare(q, half.answers).distance < 1e4


def test_another_shape_is_infinitely_far() -> None:
    q = question(np.ones((2, 3)), np.arange(6.0).reshape(2, 3))
    turned = next(g for g in generic(q) if g.name == "transposed")
    assert math.isinf(fare(q, turned.answers).distance)
