"""The audit of properties: which wrong answers they let pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from grader.audit.vacuity import ALL, DRAWS, vacuous, wrong_answers
from grader.model import FrozenCase, FrozenQuestion, Output, Step
from grader.tolerance import bounds

RNG = np.random.default_rng(0)
P = RNG.dirichlet(np.ones(4), size=3)


def prop(body: str, hidden: tuple[str, ...] = ("b", "c"), **expected: Any) -> FrozenQuestion:
    """A property of one call per expected value; every case has the same ones, times the number of the case."""
    steps = tuple(Step("function", "f", ("x",), (name,)) for name in expected)

    def case(name: str, number: int) -> FrozenCase:
        values = {
            k: np.asarray(v) * number if np.asarray(v).dtype.kind != "b" else np.asarray(v) for k, v in expected.items()
        }
        return FrozenCase(
            name, name in hidden, {"x": 1.0}, values, {k: bounds(v, 0, 0, False) for k, v in values.items()}
        )

    return FrozenQuestion(
        "thing", "It holds.", ("x",), (Output("holds", 1.0),), steps, (case("a", 1), case("b", 1), case("c", 2)),
        predicate=f"def thing({', '.join(expected)}):\n    {body}\n", parts=tuple(Output(n, 0.0) for n in expected),
    )  # fmt: skip


def test_a_sound_property_has_no_problem() -> None:
    sums = prop("return close(P.sum(1), P[0].sum()) & (P > 0).all(1)", P=P)
    assert vacuous(sums) == []
    assert vacuous(prop("return close(H, h + D) & (H > 0)", H=3.0, h=1.0, D=2.0)) == []


@pytest.mark.parametrize("body", ["return True", "return P == P", "return np.isfinite(P)", "return P.shape[1] == 4"])
def test_a_property_that_nothing_fails_is_vacuous(body: str) -> None:
    assert vacuous(prop(body, P=P)) == ["thing is vacuous: no wrong answer fails it in any hidden case"]


def test_what_only_a_public_case_rejects_is_vacuous() -> None:
    question = prop("return close(L, 1)", L=1.0)
    public, *hidden = question.cases
    cases = (public, *(replace(case, inputs={"x": 2.0}) for case in hidden))
    lenient = replace(question, predicate="def thing(L, x):\n    return close(L, 1) | (x > 1)\n", cases=cases)
    assert vacuous(lenient) == ["thing is vacuous: no wrong answer fails it in any hidden case"]
    assert any(w.public == ("a",) for w in wrong_answers(lenient))


def test_zeros_that_pass_are_named() -> None:
    """The very identity that all zeros satisfy."""
    (problem,) = vacuous(prop("return close(H, h + D)", H=3.0, h=1.0, D=2.0))
    assert problem == "thing accepts zeros from every call in every hidden case; let it ask for a value too"
    assert "zeros" in vacuous(prop("return close(L, 0)", L=0.0))[0]  # they are the right answer, and earn its points


def test_random_numbers_that_pass_are_named() -> None:
    (problem,) = vacuous(prop("return L.any()", L=np.arange(1.0, 4.0)))
    assert problem == "thing accepts random numbers from every call; let it ask for more"


def test_a_call_that_is_never_asked_about_is_named() -> None:
    (problem,) = vacuous(prop("return close(a, 3 * np.round(a / 3)) & (a > 0) & (b == b)", a=3.0, b=2.0))
    assert problem == "thing takes any answer for b; let it ask, or take the call out"


def test_a_predicate_that_wrong_answers_make_raise_is_named() -> None:
    question = prop("return np.arange(4)[k] == k", k=np.array([0, 1]))
    problems = vacuous(question)
    assert any("the predicate raises on" in p and "a student may answer so" in p for p in problems)
    assert any(w.raised for w in wrong_answers(question))


def test_a_predicate_that_overflows_is_named() -> None:
    (problem,) = vacuous(prop("return math.exp(L) > 2", L=1.0))
    assert "the predicate raises on huge answers" in problem


def test_each_way_says_which_hidden_cases_reject_it() -> None:
    found = {(w.part, w.way): w for w in wrong_answers(prop("return close(L, 2) | (L > 100)", L=2.0, hidden=("b",)))}
    # case c, public here, has 4 for its reference: the property does not hold there, and the freeze would say so
    zeros = found[(ALL, "zeros")]
    assert zeros.rejected == ("b",) and zeros.public == ("a", "c") and not zeros.accepted
    assert found[("L", "zeros")].rejected == ("b",)
    assert {way for part, way in found if part == "L"} >= {*DRAWS, "negated answers", "doubled answers"}


def test_an_answer_that_is_right_after_all_counts_for_nothing() -> None:
    found = {w.way: w for w in wrong_answers(prop("return close(L, 0)", L=0.0)) if w.part == "L"}
    assert found["negated answers"].unchanged == found["zeros"].unchanged == ("b", "c")
    assert found["answers shifted by one"].rejected == ("b", "c")


@pytest.mark.parametrize(
    "value", [np.array([True, False]), np.array([0, 2, 1]), np.array([[1.0, np.inf], [2.0, 3.0]]), np.zeros((2, 0)), 5]
)
def test_every_kind_of_answer_is_tried(value: Any) -> None:
    found = wrong_answers(prop("return True", v=value))
    assert {w.way for w in found} >= {"zeros", *DRAWS}
    assert not any(w.raised for w in found)


def test_it_is_the_same_twice() -> None:
    question = prop("return P > P.mean()", P=P)
    assert wrong_answers(question) == wrong_answers(question)


def test_a_question_is_no_property() -> None:
    with pytest.raises(ValueError, match="thing is no property"):
        vacuous(replace(prop("return True", L=1.0), predicate=""))
