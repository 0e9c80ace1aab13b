"""The name of the misconception behind wrong answers, and silence where none explains them all."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from grader.judge import judge
from grader.judge.diagnose import diagnose
from grader.model import Failure, FrozenCase, FrozenQuestion, MistakeNote, Outcome, Output, Response, Step, Verdict
from grader.tolerance import bounds
from grader.wire import Unusable

Array = np.ndarray


def case(name: str, rows: int, expected: Any, hidden: bool = False, **more: Any) -> FrozenCase:
    value = np.asarray(expected)
    kept = {"dW": bounds(value, 0.0, 0.0, False)}
    return FrozenCase(name, hidden, {"X": np.zeros((rows, 2)), "reg": 0.1}, {"dW": value}, kept, **more)


def question(*cases: FrozenCase, mistakes: Sequence[str] = (), conventions: tuple[str, ...] = ()) -> FrozenQuestion:
    notes = tuple(MistakeNote(name, f"hint of {name}") for name in mistakes)
    steps = (Step("function", "q", ("X",), ("dW",)),)
    return FrozenQuestion(
        "q", "Q", ("X", "reg"), (Output("dW", 1.0, "W"),), steps, cases, conventions=conventions, mistakes=notes
    )


def named(q: FrozenQuestion, answers: Sequence[Any] | Mapping[str, Response]) -> list[Outcome]:
    if isinstance(answers, Mapping):
        responses = dict(answers)
    else:
        responses = {c.name: Response({"dW": a}) for c, a in zip(q.cases, answers, strict=True)}
    outcomes, taken = judge(q, responses)
    found = diagnose(q, responses, outcomes, taken)
    assert [(o.verdict, o.kind, o.distance, o.message) for o in found] == [
        (o.verdict, o.kind, o.distance, o.message) for o in outcomes
    ]  # naming never changes a mark
    return found


def names(q: FrozenQuestion, answers: Any) -> list[str]:
    return [o.mistake for o in named(q, answers)]


def random(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).normal(size=shape)


# -- declared mistakes ---------------------------------------------------------------------------------------

A, B, C = random(1, 2, 3), random(2, 2, 3), random(3, 2, 3)
M = question(
    case("a", 3, A, mistakes={"once": {"dW": A + 1}, "other": {"dW": A * 2}}),
    case("b", 4, B, mistakes={"once": {"dW": B + 2}, "other": {"dW": B}}),
    case("c", 5, C, hidden=True, mistakes={"once": {}, "other": {"dW": C * 2}}),
    mistakes=["once", "other"],
)


def test_a_declared_mistake_is_named_where_it_shows_and_a_pass_gets_no_hint() -> None:
    found = named(M, [A + 1, B + 2, C])
    assert [(o.verdict, o.mistake, o.hint) for o in found] == [
        (Verdict.FAIL, "once", "hint of once"),
        (Verdict.FAIL, "once", "hint of once"),
        (Verdict.PASS, "", ""),
    ]


def test_a_mistake_that_does_not_show_in_one_case_must_be_right_there() -> None:
    assert names(M, [A + 1, B + 2, C + 1]) == ["", "", ""]
    assert names(M, [A + 1, B, C]) == ["", "", ""]  # right where the mistake would show


def refusing(name: str, **more: Any) -> FrozenCase:
    return FrozenCase(name, True, {"X": np.zeros((2, 2)), "reg": 0.1}, {}, {}, raises="ValueError", **more)


def test_a_mistake_that_answers_where_it_must_raise_is_named() -> None:
    refused = refusing("no", mistakes={"blind": {"dW": np.ones(2)}})
    q = question(
        case("a", 3, A, mistakes={"blind": {"dW": A}, "other": {"dW": 2 * A}}), refused, mistakes=["blind", "other"]
    )
    raised = Response(failure=Failure(Verdict.ERROR, "ValueError"), raised=("ValueError",))
    assert names(q, [A, np.ones(2)]) == ["", "blind"]
    assert [o.hint for o in named(q, [A, np.ones(2)])] == ["", "hint of blind"]
    assert names(q, [A, np.zeros(2)]) == ["", ""]  # another answer than the mistake's
    assert names(q, {"a": Response({"dW": 2 * A}), "no": raised}) == ["other", ""]
    assert names(q, [2 * A, np.ones(2)]) == ["other", "other"]  # which says nothing of the input that it refuses
    assert names(q, {"a": Response({"dW": A}), "no": raised}) == ["", ""]


def test_the_second_mistake_is_found_too() -> None:
    assert names(M, [A * 2, B, C * 2]) == ["other", "", "other"]


def test_all_right_gets_nothing() -> None:
    assert [(o.mistake, o.hint) for o in named(M, [A, B, C])] == [("", "")] * 3


def test_float32_answers_are_recognised_within_their_tolerance() -> None:
    assert names(M, [(A + 1).astype(np.float32), (B + 2).astype(np.float32), C.astype(np.float32)]) == [
        "once",
        "once",
        "",
    ]


def test_a_case_without_a_number_does_not_block_the_name() -> None:
    responses = {
        "a": Response({"dW": A + 1}),
        "b": Response(failure=Failure(Verdict.TIMEOUT, "time limit")),
        "c": Response({"dW": C}),
    }
    found = named(M, responses)
    assert [o.mistake for o in found] == ["once", "", ""]
    assert found[1].verdict is Verdict.TIMEOUT and not found[1].hint


def test_a_mistake_with_nan_and_infinity_is_recognised() -> None:
    """A softmax that overflows is NaN in its one large case and right elsewhere."""
    broken = np.array([[math.nan, math.inf, 0.0]] * 2)
    q = question(
        case("a", 3, A, mistakes={"overflow": {"dW": A}}),
        case("big", 3, B, mistakes={"overflow": {"dW": broken}}),
        mistakes=["overflow"],
    )
    assert names(q, [A, broken]) == ["", "overflow"]
    assert names(q, [A, np.full((2, 3), math.nan)]) == ["", ""]


def test_an_input_modified_earns_no_hint() -> None:
    responses = {c.name: Response({"dW": c.expected["dW"] + 1}, modified=("X",)) for c in M.cases}
    assert all(not o.hint for o in named(M, responses))


def test_what_is_no_array_is_not_explained() -> None:
    assert names(M, [Unusable("complex", (2, 3)), None, "text"]) == ["", "", ""]
    assert names(M, [[A, A], {"dW": B}, True]) == ["", "", ""]


# -- terms of a loss -----------------------------------------------------------------------------------------

PARTS = [(random(10 + i, 2, 3), random(20 + i, 2, 3)) for i in range(3)]
T = question(
    *(case(f"{i}", 3 + i, d + p, terms={"data": {"dW": d}, "penalty": {"dW": p}}) for i, (d, p) in enumerate(PARTS)),
    case("no penalty", 6, A, terms={"data": {"dW": A}, "penalty": {"dW": np.zeros((2, 3))}}),
)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda d, _: d, "penalty missing"),
        (lambda d, p: d + p / 2, "penalty rescaled"),
        (lambda d, p: d - p, "penalty rescaled"),
    ],
)
def test_a_term_that_is_missing_or_rescaled(answer: Callable[[Array, Array], Array], name: str) -> None:
    assert names(T, [*(answer(d, p) for d, p in PARTS), A]) == [name] * 3 + [""]


def test_a_factor_that_differs_from_case_to_case_is_not_claimed() -> None:
    assert names(T, [*(d + p / (2 + i) for i, (d, p) in enumerate(PARTS)), A]) == [""] * 4


def test_a_term_is_not_claimed_where_one_answer_is_otherwise_wrong() -> None:
    assert names(T, [*(d for d, _ in PARTS), A + 1]) == [""] * 4


def test_huge_answers_neither_warn_nor_crash() -> None:
    """Warnings are errors here; in a batch they would fill the instructor's screen."""
    for bad in (1e308, 1e200, math.inf, math.nan, -1e308, 5e-324):
        assert names(T, [np.full((2, 3), bad)] * 4)[0] in ("", "returns zeros")
        assert names(M, [np.full((2, 3), bad)] * 3) == [""] * 3


# -- generic mistakes ----------------------------------------------------------------------------------------

G = question(case("a", 3, A), case("b", 4, B), case("c", 7, C))


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (lambda e, _: np.zeros_like(e), "returns zeros"),
        (lambda e, _: -e, "wrong sign"),
        (lambda e, n: e * n, "summed instead of averaged"),
        (lambda e, n: e / n, "divided by N twice"),
        (lambda e, _: e * 2, "a constant factor"),
        (lambda e, _: e.T, "transposed"),
        (lambda e, _: e.ravel(), "right numbers, wrong shape"),
        (lambda e, _: e[None], "right numbers, wrong shape"),
    ],
)
def test_generic_mistakes(answer: Callable[[Array, int], Array], name: str) -> None:
    found = named(G, [answer(c.expected["dW"], len(c.inputs["X"])) for c in G.cases])
    assert [o.mistake for o in found] == [name] * 3 and all(o.hint for o in found)


@pytest.mark.parametrize(
    "answers",
    [
        [-A, -B, C],  # right in one case: a sign does not explain it
        [A * 2, B * 2, C * 3],
        [A * 3, B * 4, C * 6],
        [A + 1, B + 1, C + 1],
        [A.T, B.T, C + 1],
        [A.T, B.ravel(), C.T],
        [np.zeros((2, 3)), np.zeros((2, 3)), np.ones((2, 3))],
        [np.zeros((2, 3)), np.zeros((2, 3)), C],
        [A[:, ::-1], B[:, ::-1], C[:, ::-1]],
    ],
)
def test_nothing_is_claimed_that_does_not_explain_all_answers(answers: list[Array]) -> None:
    assert names(G, answers) == [""] * 3


def test_nothing_generic_is_guessed_from_one_wrong_case() -> None:
    for answer in (-A, A.T, A.ravel(), A * 0):
        assert names(question(case("a", 3, A)), [answer]) == [""]
    assert names(question(case("a", 3, A), case("b", 4, B)), [A, B.T]) == ["", ""]


def test_a_factor_does_not_explain_a_wrong_answer_where_zero_is_expected() -> None:
    q = question(case("a", 3, A), case("b", 4, B), case("zero", 5, np.zeros((2, 3))))
    assert names(q, [-A, -B, np.zeros((2, 3))]) == ["wrong sign", "wrong sign", ""]
    assert names(q, [-A, -B, np.ones((2, 3))]) == ["", "", ""]


def test_tiny_values_are_compared_in_their_own_scale() -> None:
    """Gradients of a saturated softmax: everything is near 0, which explains nothing."""
    tiny = question(*(case(str(i), 3 + i, random(i, 2, 3) * 1e-12) for i in range(3)))
    wrong = [random(9 + i, 3, 2) * 1e-3 for i in range(3)]
    assert names(tiny, wrong) == [""] * 3
    assert names(tiny, [w.ravel() * 1e-9 for w in wrong]) == [""] * 3


def test_with_a_convention_the_answers_are_compared_with_it() -> None:
    row = {"row": {"dW": A[None]}}, {"row": {"dW": B[None]}}, {"row": {"dW": C[None]}}
    q = question(
        case("a", 3, A, conventions=row[0]),
        case("b", 4, B, conventions=row[1]),
        case("c", 5, C, conventions=row[2]),
        conventions=("row",),
    )
    assert names(q, [A[None], B[None], C[None]]) == ["", "", ""]
