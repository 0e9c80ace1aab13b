"""Generic wrong answers: each is one, and each is caught where the cases can show it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from grader.audit.variants import differs
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
        "smallest row lost", "smallest column lost", "keeps its first answer", "adds to its last answer",
        "changes its input",
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
        ("smallest row lost", np.array([[1.0, 2.0], [0.0, 0.0]]), None),
        ("smallest column lost", np.array([[1.0, 2e-9], [3.0, 1e-9]]), None),
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


def of_kind(kind: str, *expected: Any) -> FrozenQuestion:
    """A question whose answer is a list or a dict of arrays, or else; the first case is public, the others hidden."""
    frozen = []
    for i, value in enumerate(expected):
        flat = [np.asarray(v).ravel() for v in (value.values() if isinstance(value, dict) else value)]
        numbers = [v for v in flat if v.dtype.kind in "biuf"]
        rows = bounds(np.concatenate(numbers) if numbers else np.zeros(0), 0.0, 0.0, False)
        frozen.append(FrozenCase(f"c{i}", i > 0, {"X": np.ones((3, 2))}, {"out": value}, {"out": rows}))
    step = Step("function", "f", ("X",), ("out",))
    return FrozenQuestion("f", "F", ("X",), (Output("out", 1.0, kind=kind),), (step,), tuple(frozen))


def test_a_small_row_hides_behind_a_large_one() -> None:
    """Its numbers lie below the tolerance, which grows with the largest: the audit must say so."""
    small = np.array([[1e9, 2e9], [1.0, 2.0]])
    found = {g.name: fare(question(A, small), g.answers) for g in generic(question(A, small))}
    assert found["smallest row lost"].hidden == 0 and found["zeros"].hidden == 1
    seen = np.array([[1.0, 2.0], [0.01, 0.02]])
    row = next(g for g in generic(question(A, seen)) if g.name == "smallest row lost")
    shown = fare(question(A, seen), row.answers)
    assert shown.hidden == 1 and 1e4 < shown.distance < 1e6 and 10 < shown.distance32 < 1e3


def test_one_row_alone_is_no_row_lost() -> None:
    """Else a case with one example would show it, and no other had to."""
    found = fates(question(np.ones((1, 2)), np.array([[1.0, 2.0]])))
    assert "smallest row lost" not in found and found["smallest column lost"] == 1


def test_smallest_element_lost() -> None:
    found = fates(question(np.array([1.0, 2.0]), np.array([3.0, 0.5, 4.0])))
    assert found["smallest element lost"] == 1 and "smallest row lost" not in found
    assert fates(question(np.array([1.0, 2.0]), np.array([3.0, 0.0])))["smallest element lost"] == 0
    assert "smallest element lost" not in fates(question(np.array([1.0]), np.array([3.0])))


@pytest.mark.parametrize(
    ("kind", "first", "second", "wrong"),
    [
        ("list", [np.ones(2), np.ones(1)], [np.full(2, 3.0), np.ones(1)], [np.full(2, 3.0), np.zeros(1)]),
        ("dict", {"a": 1.0, "b": 2.0}, {"a": 5.0, "b": -4.0}, {"a": 5.0, "b": 0.0}),
    ],
)
def test_smallest_item_lost(kind: str, first: Any, second: Any, wrong: Any) -> None:
    q = of_kind(kind, first, second)
    (lost,) = [g for g in generic(q) if g.name == "smallest item lost"]
    given = lost.answers["c1"].values["out"]
    pairs = zip(given.values(), wrong.values(), strict=True) if kind == "dict" else zip(given, wrong, strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)
    assert fare(q, lost.answers).hidden == 1


def test_what_is_kept_between_calls_is_added_in_lists_and_dicts_too() -> None:
    for kind, first, second in (
        ("list", [np.ones(2), 1.0], [np.full(2, 3.0), 2.0]),
        ("dict", {"a": np.ones(2), "n": 1}, {"a": np.full(2, 3.0), "n": 2}),
    ):
        q = of_kind(kind, first, second)
        (added,) = [g for g in generic(q) if g.name == "adds to its last answer"]
        given = added.answers["c1"].values["out"]
        values = list(given.values()) if isinstance(given, dict) else given
        assert np.array_equal(values[0], [4.0, 4.0]) and values[1] == 3
        assert fare(q, added.answers).hidden == 1


def test_a_number_is_added_to_the_last_one() -> None:
    (added,) = [g for g in generic(question(np.float64(2.0), np.float64(3.0))) if g.name == "adds to its last answer"]
    assert added.answers["c1"].values["out"] == 5.0


def test_flags_are_not_added() -> None:
    assert "adds to its last answer" not in fates(question(np.array([True]), np.array([False])))
    assert "adds to its last answer" not in fates(question(np.zeros(2), np.zeros(2)))


@pytest.mark.parametrize(
    ("wrong", "right", "far"),
    [
        (2.0, np.array(2.0), False),
        (np.float64(2.0), 2, False),
        (2.5, np.array(2.0), True),
        ([1.0, np.array(2.0)], [np.array(1.0), 2.0], False),
        ((1.0, 2.0), [1.0, 2.0], False),
        ([1.0], [1.0, 2.0], True),
        ([1.0], np.array([1.0]), True),
        ({"a": 1.0}, {"a": np.array(1.0)}, False),
        ({"a": 1.0}, {"b": 1.0}, True),
        ("yes", "yes", False),
        ("yes", "no", True),
        ([1.0, "yes"], [1.0, "no"], True),
        (None, 0.0, True),
        (np.inf, np.array(np.inf), False),
        (np.inf, np.array(-np.inf), True),
    ],
)
def test_differs(wrong: Any, right: Any, far: bool) -> None:
    assert differs(wrong, right) is far
