"""Comparing all answers of a question in one go gives what comparing them one by one gives, to the bit."""

from __future__ import annotations

import math
import sys
from typing import Any
from unittest import mock

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from test_judge import case, question

import grader.judge
from grader.judge import judge
from grader.judge.at_once import right_at_once
from grader.model import Response, Verdict

MODULE = sys.modules[f"{grader.judge.__name__}.judge"]
EDGES = [0.0, -0.0, 1.0, 1e-8, -3.5, 1e300, math.inf, -math.inf, math.nan]
NUDGES = [0.0, 1e-9, 9.99e-8, 1e-7, 2e-7, 1.0, math.inf, math.nan]
shapes = st.sampled_from([(), (1,), (0,), (3,), (2, 3), (0, 4), (1, 1, 2)])


@st.composite
def graded(draw: st.DrawFn) -> tuple[Any, dict[str, Response]]:
    """A question with expected values of all kinds, and answers that are right, nearly right, or neither."""
    cases, responses = [], dict[str, Response]()
    for name in "abc"[: draw(st.integers(1, 3))]:
        expected, answers = dict[str, Any](), dict[str, Any]()
        for output in ("loss", "dW"):
            shape = draw(shapes)
            size = math.prod(shape)
            floats = draw(st.lists(st.floats(-2, 2) | st.sampled_from(EDGES), min_size=size, max_size=size))
            value: Any = np.array(floats).reshape(shape)
            nudges = draw(st.lists(st.sampled_from(NUDGES[: draw(st.sampled_from([1, 3, 8]))]), min_size=1, max_size=4))
            with np.errstate(all="ignore"):
                answer: Any = value + np.resize(nudges, shape) * (1 + np.abs(value))
            kind = draw(st.sampled_from(["same"] * 6 + ["float32", "int", "number", "none", "shape", "left out"]))
            if kind == "float32":
                with np.errstate(all="ignore"):
                    answer = answer.astype(np.float32)
            elif kind == "int":
                value = answer = np.ones(shape, dtype=np.int64)
            elif kind == "number" and not shape:
                answer = float(answer)
            elif kind == "shape":
                answer = np.zeros((5,))
            expected[output] = value
            if kind != "left out":
                answers[output] = None if kind == "none" else answer
        raises = draw(st.sampled_from([None] * 8 + ["ValueError"]))
        cases.append(case(name, raises=raises, **expected))
        again = draw(st.sampled_from([None] * 8 + [answers]))
        modified = draw(st.sampled_from([()] * 8 + [("X",)]))
        if draw(st.integers(0, 9)):
            responses[name] = Response(answers, modified=modified, again=again)
    return question(*cases), responses


@settings(max_examples=300, deadline=None)
@given(graded())
def test_it_gives_what_one_by_one_gives(one: tuple[Any, dict[str, Response]]) -> None:
    asked, responses = one
    with np.errstate(all="ignore"):
        now = judge(asked, responses)
        with mock.patch.object(MODULE, "right_at_once", return_value={}):
            before = judge(asked, responses)
    assert repr(now) == repr(before)


def test_right_answers_are_taken_at_once_and_no_other() -> None:
    asked = question(case("a", loss=2.0, dW=np.ones((2, 3))), case("b", loss=0.5, dW=np.zeros(4)))
    right = {
        "a": Response({"loss": 2.0, "dW": np.ones((2, 3))}),
        "b": Response({"loss": np.array(0.5), "dW": np.zeros(4)}),
    }
    assert right_at_once(asked, right) == {("a", "loss"): 0.0, ("a", "dW"): 0.0, ("b", "loss"): 0.0, ("b", "dW"): 0.0}
    wrong = {**right, "b": Response({"loss": 0.5, "dW": np.array([0, 0, 0, 1.0])})}
    assert right_at_once(asked, wrong) == {}
    assert [o.verdict for o in judge(asked, wrong)[0]] == [Verdict.PASS] * 3 + [Verdict.FAIL]
