"""close and at_most, and the running of a predicate's source on arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.predicate import Outputs, Room, at_most, close, run_predicate
from grader.tolerance import EPS64, RTOL

SINGLE = Room(RTOL["float32"])
FINITE = st.floats(-1e6, 1e6)
ARRAYS = hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=4), elements=FINITE)


@given(ARRAYS)
def test_everything_finite_is_close_to_itself(a: np.ndarray) -> None:
    assert close(a, a).all() and close(a, a * (1 + 1e-9)).all() and at_most(a, a).all()


@given(ARRAYS, st.floats(1e-5, 1e5), st.sampled_from([-1, 1]))
def test_what_differs_by_a_thousandth_of_the_largest_is_not_close(a: np.ndarray, size: float, sign: int) -> None:
    a = a / max(float(np.abs(a).max()), 1e-9) * size
    moved = a + sign * 1e-3 * max(float(np.abs(a).max()), 1e-5)
    assert not close(moved, a).any()
    assert at_most(np.minimum(moved, a), np.maximum(moved, a)).all()
    assert not at_most(np.maximum(moved, a), np.minimum(moved, a)).any()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (1.0, 1.0 + 1e-8, True),
        (1.0, 1.0 + 1e-6, False),
        (math.nan, math.nan, False),
        (math.inf, math.inf, True),
        (math.inf, -math.inf, False),
        (1.0, math.inf, False),
        (math.inf, 1.0, False),
        (0.0, 1e-15, True),
        (1e-12, 0.0, False),  # nothing measured says that 1e-12 is noise
        (True, 1, True),
        ([1.0, 2.0], [1.0, 2.5], [True, False]),
        ([1.0, math.inf], [1.0, math.inf], [True, True]),
        ([3.0, 3.0], 3.0, [True, True]),
        (3.0, [3.0, 4.0], [True, False]),
    ],
)
def test_close(a: Any, b: Any, expected: Any) -> None:
    found = close(a, b)
    assert found.dtype == np.bool_ and np.array_equal(found, expected)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (0.0, 1.0, True),
        (1.0 + 1e-8, 1.0, True),
        (1.1, 1.0, False),
        (math.nan, 1.0, False),
        (1.0, math.nan, False),
        (math.inf, math.inf, True),
        (math.inf, 1.0, False),
        (-math.inf, 1.0, True),
        (1.0, math.inf, True),
    ],
)
def test_at_most(a: float, b: float, expected: bool) -> None:
    assert bool(at_most(a, b)) is expected


def test_float32_answers_have_float32s_room() -> None:
    assert SINGLE.close(1.0 + 1e-5, 1.0)
    assert not close(1.0 + 1e-5, 1.0)
    assert not SINGLE.close(1.0 + 1e-3, 1.0)
    assert SINGLE.at_most(1.0 + 1e-5, 1.0)


def test_the_noise_of_the_answers_is_allowed_and_a_scale_may_be_named() -> None:
    assert not close(1e-10, 0.0)
    assert Room(floor=1e-9).close(1e-10, 0.0)
    assert close(1e-10, 0.0, scale=1e-2)
    assert not close(1e-10, 0.0, scale=1e-5)
    assert close(100 * EPS64, 0.0, scale=10.0)


@pytest.mark.parametrize("helper", [close, at_most])
def test_shapes_are_equal_or_one_is_a_number(helper: Any) -> None:
    with pytest.raises(ValueError, match=r"shapes \(2, 3\) and \(3,\) differ"):
        helper(np.ones((2, 3)), np.ones(3))
    with pytest.raises(ValueError, match="differ"):
        helper(np.ones(1), np.ones(3))


# -- running a predicate -------------------------------------------------------------------------------------


def run(body: str, **arguments: Any) -> np.ndarray:
    source = f"def p({', '.join(arguments)}):\n    {body}\n"
    return run_predicate(source, "p", arguments, Room())


def test_a_predicate_sees_its_arguments_and_the_helpers() -> None:
    assert run("return close(P.sum(1), 1) & at_most(0, P.min(1))", P=np.full((2, 4), 0.25)).tolist() == [True, True]
    assert run("return math.isclose(x, max(1, 2))", x=2.0)
    assert not run("return any([v > 3 for v in x])", x=np.ones(3))


def test_floating_point_warnings_are_not_raised() -> None:
    assert run("return ~np.isfinite(np.log(x) / x)", x=np.zeros(2)).all()  # warnings are errors in these tests


@pytest.mark.parametrize("body", ["open('/etc/passwd')", "return torch", "eval('1')"])
def test_nothing_else_is_there(body: str) -> None:
    with pytest.raises(NameError):
        run(body, x=1.0)


@pytest.mark.parametrize("body", ["return 1", "return None", "return x", "return [True]", "pass", "return 'yes'"])
def test_only_a_bool_counts(body: str) -> None:
    with pytest.raises(TypeError, match=r"returned a .*, no bool"):
        run(body, x=np.ones(2))


def test_an_empty_array_of_bools_says_nothing() -> None:
    with pytest.raises(TypeError, match="empty"):
        run("return x > 0", x=np.zeros(0))


def test_one_run_leaves_nothing_to_the_next() -> None:
    source = "def p(x):\n    np.kept = x\n    return x > 0\n"
    try:
        assert run_predicate(source, "p", {"x": 1.0}, Room())
        assert not run_predicate("def p(x):\n    return close(x, 1)\n", "p", {"x": 1.001}, Room())
        assert run_predicate("def p(x):\n    return close(x, 1)\n", "p", {"x": 1.00001}, SINGLE)
        assert not run_predicate("def p(x):\n    return close(x, 1)\n", "p", {"x": 1.00001}, Room())
    finally:
        del np.kept  # type: ignore[attr-defined]


def test_outputs_are_read_when_they_are_looked_at() -> None:
    read: list[str] = []

    def reader(name: str) -> np.ndarray:
        read.append(name)
        return np.ones(2)

    outputs = Outputs(("loss", "dS"), reader)
    assert read == []
    assert outputs.loss.tolist() == [1.0, 1.0] and read == ["loss"]
    with pytest.raises(AttributeError, match="no output 'dW'; there are loss, dS"):
        _ = outputs.dW


@settings(max_examples=30)
@given(st.floats(0, 1), st.floats(0, 1))
def test_a_predicate_is_a_pure_function_of_its_arguments(a: float, b: float) -> None:
    source = "def p(a, b):\n    return close(a + b, b + a) & at_most(a * b, a)\n"
    assert run_predicate(source, "p", {"a": a, "b": b}, Room()).all()
