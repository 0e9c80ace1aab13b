"""Marks: which answers earn points, which do not, and what is said about them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.judge import Judgement, judge
from grader.judge.compare import compare as compare_values
from grader.judge.message import tell
from grader.model import Bound, Failure, FrozenCase, FrozenQuestion, Outcome, Output, Response, Step, Verdict
from grader.tolerance import bounds
from grader.wire import UNUSABLE, Unusable

ROWS = {"float64": Bound(1e-7, 1e-7), "float32": Bound(1e-4, 1e-4)}
PASS, FAIL = Verdict.PASS, Verdict.FAIL


def case(
    name: str = "a", conventions: Mapping[str, Any] | None = None, raises: str | None = None, **expected: Any
) -> FrozenCase:
    rows = {
        k: bounds(np.asarray(v), 0.0, 0.0, False) for k, v in expected.items() if isinstance(v, (float, np.ndarray))
    }
    return FrozenCase(
        name,
        False,
        {"X": np.zeros(3)},
        expected,
        {**dict.fromkeys(expected, ROWS), **rows},
        raises,
        conventions=conventions or {},
    )


def question(
    *cases: FrozenCase, conventions: tuple[str, ...] = (), outputs: tuple[str, ...] = ("loss", "dW")
) -> FrozenQuestion:
    points = tuple(Output(name, 1.0) for name in outputs)
    return FrozenQuestion(
        "q", "Q", ("X",), points, (Step("function", "q", ("X",), outputs),), cases, conventions=conventions
    )


def verdicts(question: FrozenQuestion, responses: Mapping[str, Response]) -> list[tuple[Verdict, str]]:
    return [(o.verdict, o.kind) for o in judge(question, responses)[0]]


def only(question: FrozenQuestion, response: Response) -> Outcome:
    outcomes, _ = judge(question, {"a": response})
    return outcomes[0]


# -- did an answer come --------------------------------------------------------------------------------------

LOSS = question(case(loss=1.0), outputs=("loss",))


def test_no_response_is_a_fault_of_ours() -> None:
    assert verdicts(question(case(loss=1.0, dW=2.0)), {}) == [(Verdict.UNGRADED, "ungraded")] * 2


@pytest.mark.parametrize(
    "failure",
    [
        Failure(Verdict.TIMEOUT, "time limit", "no answer"),
        Failure(Verdict.ERROR, "ValueError", "ValueError: x"),
        Failure(Verdict.ERROR, "crashed", "died"),
        Failure(Verdict.MEMORY, "memory limit", ""),
        Failure(Verdict.MISSING, "missing", "not there"),
        Failure(Verdict.UNGRADED, "ungraded", "ours"),
        Failure(Verdict.FAIL, "wrong number of outputs", "1 returned, 2 expected"),
    ],
)
def test_a_failure_is_passed_on_as_it_is(failure: Failure) -> None:
    got = only(LOSS, Response(failure=failure))
    assert (got.verdict, got.kind, got.message, got.distance) == (failure.verdict, failure.kind, failure.message, None)


def test_an_answer_without_one_output_is_an_error_for_that_output_alone() -> None:
    q = question(case(loss=1.0, dW=2.0))
    assert verdicts(q, {"a": Response({"loss": 1.0})}) == [(PASS, ""), (Verdict.ERROR, "unreadable answer")]


def test_a_later_step_that_raises_leaves_the_earlier_output_its_points() -> None:
    q = question(case(loss=1.0, dW=2.0))
    failed = Response({"loss": 1.0}, Failure(Verdict.ERROR, "TypeError", "no"))
    assert verdicts(q, {"a": failed}) == [(PASS, ""), (Verdict.ERROR, "TypeError")]


def test_outcomes_come_case_by_case_and_output_by_output() -> None:
    q = question(case("a", loss=1.0, dW=2.0), case("b", loss=1.0, dW=2.0))
    assert [(o.case, o.output) for o in judge(q, {})[0]] == [("a", "loss"), ("a", "dW"), ("b", "loss"), ("b", "dW")]


def test_a_modified_input_fails_even_with_the_right_answer() -> None:
    got = only(LOSS, Response({"loss": 1.0}, modified=("X",)))
    assert (got.verdict, got.kind) == (FAIL, "input modified") and "X" in got.message


# -- arrays --------------------------------------------------------------------------------------------------


def compare(name: str, answer: Any, expected: Any, rows: Mapping[str, Bound]) -> Judgement:
    found = compare_values(name, answer, expected, rows)
    return Judgement(PASS if found.right else FAIL, found.kind, found.distance, tell(found))


def judged(answer: Any, expected: Any, rows: Mapping[str, Bound] = ROWS) -> tuple[Verdict, str]:
    got = compare("out", answer, expected, rows)
    return got.verdict, got.kind


ROW = np.array([1.0, 2.0, 3.0])


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (1.0, np.array(1.0)),
        (1, np.array(1.0)),
        (np.array(1.0), 1.0),
        (np.array([1, 2, 3]), ROW),
        (ROW.astype(np.float32), ROW),
        (ROW * (1 + 1e-9), ROW),
        ((ROW * (1 + 2e-5)).astype(np.float32), ROW),
        (-2e-16, np.array(0.0)),
        (np.array([math.inf, 1.0]), np.array([math.inf, 1.0])),
        (np.zeros((0, 3)), np.zeros((0, 3))),
        (True, np.array(True)),
        ([1.0, 2.0, np.array(3.0)], ROW),
        ([ROW, ROW], np.stack([ROW, ROW])),
        ([[ROW], [ROW]], np.stack([ROW[None], ROW[None]])),
    ],
)
def test_right_answers(answer: Any, expected: Any) -> None:
    assert judged(answer, expected) == (PASS, "")


@pytest.mark.parametrize(
    ("answer", "expected", "kind"),
    [
        (ROW[None], ROW, "wrong shape"),
        (ROW[:, None], ROW, "wrong shape"),
        (ROW, ROW[None], "wrong shape"),
        (np.array([1.0]), np.array(1.0), "wrong shape"),
        (1.0, np.array([1.0]), "wrong shape"),
        (1.0, np.array([1.0, 1.0]), "wrong shape"),
        (np.zeros((0,)), ROW, "wrong shape"),
        (np.zeros((0, 3)), np.zeros((3, 0)), "wrong shape"),
        (ROW * 1.001, ROW, "wrong value"),
        (ROW * (1 + 1e-5), ROW, "wrong value"),
        ((ROW * 1.01).astype(np.float32), ROW, "wrong value"),
        (ROW[::-1], ROW, "wrong value"),
        (np.array([1.0, math.nan, 3.0]), ROW, "not finite"),
        (np.array([1.0, math.inf, 3.0]), ROW, "not finite"),
        (math.nan, np.array(1.0), "not finite"),
        (np.array([1.0, 1.0]), np.array([math.inf, 1.0]), "wrong value"),
        (np.array([-math.inf, 1.0]), np.array([math.inf, 1.0]), "wrong value"),
        (None, ROW, "wrong type"),
        ("1.0", np.array(1.0), "wrong type"),
        ([1.0, ROW], ROW, "wrong type"),
        ([1.0, None], ROW, "wrong type"),
        ([], ROW, "wrong shape"),
        ([1.0, 2.0], ROW, "wrong shape"),
        ({"out": 1.0}, np.array(1.0), "wrong type"),
    ],
)
def test_wrong_answers(answer: Any, expected: Any, kind: str) -> None:
    assert judged(answer, expected) == (FAIL, kind)


def test_the_order_is_shape_then_finite_then_value() -> None:
    assert judged(np.array([math.nan]), ROW)[1] == "wrong shape"
    assert judged(np.array([9.0, math.nan, 9.0]), ROW)[1] == "not finite"


def test_a_message_says_what_where_by_how_much_and_how_much_is_allowed() -> None:
    expected = np.array([[1.0, 2.0], [3.0, 4.0]])
    got = compare("dW", expected + np.array([[0, 0], [0.5, 0]]), expected, ROWS)
    said = "dW is wrong in 1 of 4 elements: at [1, 0], got 3.5, expected 3, off by 0.5 (allowed 4e-07)"
    assert got.message == said
    assert got.distance == pytest.approx(0.5 / 4e-7)
    said = "loss is wrong: got 2, expected 1, off by 1 (allowed 2e-07)"
    assert compare("loss", 2.0, np.array(1.0), ROWS).message == said
    assert compare("db", ROW[None], ROW, ROWS).message == "db has shape (1, 3), expected (3,)"
    assert "nan" in compare("db", ROW * math.nan, ROW, ROWS).message


@pytest.mark.parametrize(("off", "verdict"), [(0.5, PASS), (0.999, PASS), (1.001, FAIL)])
def test_the_tolerance_is_the_edge_and_the_distance_is_kept(off: float, verdict: Verdict) -> None:
    got = compare("loss", 1.0 + off * 2e-7, np.array(1.0), ROWS)
    assert got.verdict is verdict and got.distance == pytest.approx(off)


# -- text, None, lists, dicts --------------------------------------------------------------------------------

TWO = [np.ones((2, 3)), np.zeros((2, 3))]
RAGGED = [np.ones((2, 3)), np.zeros(3)]
PARAMETERS = {"W": np.ones((2, 3)), "b": np.zeros(3)}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (None, None),
        ("relu", "relu"),
        (TWO, TWO),
        (np.stack(TWO), TWO),
        (RAGGED, RAGGED),
        ([], []),
        (np.zeros(0), []),
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        ([1.0, "a", None], [1.0, "a", None]),
        (PARAMETERS, PARAMETERS),
        (dict(reversed(PARAMETERS.items())), PARAMETERS),
        ({"layers": TWO}, {"layers": TWO}),
        ({**PARAMETERS, "W": [np.ones(3), np.ones(3)]}, PARAMETERS),
        ({}, {}),
    ],
)
def test_right_structures(answer: Any, expected: Any) -> None:
    assert judged(answer, expected)[0] is PASS


@pytest.mark.parametrize(
    ("answer", "expected", "kind"),
    [
        (0.0, None, "wrong type"),
        ("None", None, "wrong type"),
        (None, "relu", "wrong type"),
        ("Relu", "relu", "wrong value"),
        (np.zeros(()), "relu", "wrong type"),
        (TWO[:1], TWO, "wrong shape"),
        (np.stack([*TWO, *TWO]), TWO, "wrong shape"),
        (TWO[::-1], TWO, "wrong value"),
        (np.stack(TWO)[:, :, :2], TWO, "wrong shape"),
        ([TWO[0], None], TWO, "wrong type"),
        (np.zeros(()), TWO, "wrong type"),
        (PARAMETERS, TWO, "wrong type"),
        ({"W": PARAMETERS["W"]}, PARAMETERS, "wrong shape"),
        ({**PARAMETERS, "c": 1.0}, PARAMETERS, "wrong shape"),
        ({**PARAMETERS, "b": np.ones(3)}, PARAMETERS, "wrong value"),
        (TWO, PARAMETERS, "wrong type"),
        ([TWO[0], Unusable("complex")], TWO, "wrong type"),
    ],
)
def test_wrong_structures(answer: Any, expected: Any, kind: str) -> None:
    assert judged(answer, expected) == (FAIL, kind)


def test_a_message_names_the_item_of_a_structure() -> None:
    assert compare("out", {**PARAMETERS, "b": np.ones(3)}, PARAMETERS, ROWS).message.startswith("out['b'] is wrong")
    assert compare("out", [TWO[0], TWO[0]], TWO, ROWS).message.startswith("out[1] is wrong in all 6 elements")


def test_a_message_stays_short_and_clean_whatever_the_student_sends() -> None:
    for answer, expected in (
        ({f"{i}\x1b[31m\u202e\ud800" + "k" * 190: 1.0 for i in range(500)}, PARAMETERS),
        ("\x1b[31m" + "x" * 4000, "relu"),
        ("x" * 4000, np.array(1.0)),
    ):
        message = compare("out", answer, expected, ROWS).message
        assert len(message) < 1500
        message.encode("utf-8")
        assert "\x1b" not in message and "\u202e" not in message


# -- what is no data -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", UNUSABLE)
def test_what_is_no_data_fails_in_words(kind: str) -> None:
    for expected in (ROW, None, "text", TWO, PARAMETERS):
        got = compare("dW", Unusable(kind), expected, ROWS)
        assert (got.verdict, got.kind) == (FAIL, "wrong type")
        assert got.message.startswith("dW is ")


def test_the_shape_is_told_first_where_it_is_known() -> None:
    assert judged(Unusable("complex", (2,)), ROW) == (FAIL, "wrong shape")
    assert judged(Unusable("complex", (3,)), ROW) == (FAIL, "wrong type")
    assert judged(Unusable("complex", (3,)), None) == (FAIL, "wrong type")
    assert judged(Unusable("object array", (3,)), TWO) == (FAIL, "wrong type")


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(1 - (1 << 63), (1 << 63) - 1)
    | st.floats()
    | st.text(max_size=3)
    | st.builds(Unusable, st.sampled_from(UNUSABLE), st.none() | st.just((2,)))
    | st.sampled_from(
        [np.zeros(()), np.ones(2), np.array([True, False]), np.array([math.nan, 1e308]), np.zeros((0, 2))]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=5,
)


@settings(max_examples=200, deadline=None)
@given(
    plain,
    st.sampled_from(
        [
            None,
            "text",
            1.0,
            np.array(1.0),
            np.ones(2),
            np.array([3, 4]),
            [np.ones(2), 1.0],
            {"a": np.ones(2), "b": [1.0]},
            [],
        ]
    ),
)
def test_any_answer_gets_a_verdict_against_any_expectation(answer: Any, expected: Any) -> None:
    assert compare("out", answer, expected, ROWS).verdict in (PASS, FAIL)


# -- cases that must raise -----------------------------------------------------------------------------------

RAISES = question(case(raises="ValueError"), outputs=("loss",))


def raised(*kinds: str) -> Response:
    return Response(failure=Failure(Verdict.ERROR, kinds[0], "said"), raised=kinds)


def test_the_exception_or_one_derived_from_it_passes() -> None:
    assert only(RAISES, raised("ValueError", "Exception", "BaseException")).verdict is PASS
    assert only(RAISES, raised("UnicodeDecodeError", "UnicodeError", "ValueError", "Exception")).verdict is PASS


def test_another_exception_is_an_error() -> None:
    got = only(RAISES, raised("TypeError", "Exception", "BaseException"))
    assert (got.verdict, got.kind) == (Verdict.ERROR, "TypeError")


def test_to_return_is_to_fail_whatever_comes_back() -> None:
    wrong_count = Response(failure=Failure(FAIL, "wrong number of outputs", "1 returned, 2 expected"))
    for response in (Response({"loss": 1.0}), Response({}), Response({"loss": Unusable("no data")}), wrong_count):
        got = only(RAISES, response)
        assert (got.verdict, got.kind) == (FAIL, "no exception") and "ValueError" in got.message


@pytest.mark.parametrize("verdict", [Verdict.TIMEOUT, Verdict.MEMORY, Verdict.MISSING, Verdict.UNGRADED])
def test_no_other_failure_counts_as_raising(verdict: Verdict) -> None:
    assert only(RAISES, Response(failure=Failure(verdict, "k"), raised=("ValueError",))).verdict is verdict


def test_an_unwritten_stub_earns_nothing_where_a_runtime_error_is_asked_for() -> None:
    """NotImplementedError is a RuntimeError, and what every stub raises."""
    stub = raised("NotImplementedError", "RuntimeError", "Exception", "BaseException")
    for wanted in ("RuntimeError", "Exception"):
        assert only(question(case(raises=wanted), outputs=("loss",)), stub).verdict is Verdict.ERROR
    assert only(question(case(raises="NotImplementedError"), outputs=("loss",)), stub).verdict is PASS


BOTH = question(
    case("good", loss=1.0), case("bad", raises="ValueError"), case("worse", raises="ValueError"), outputs=("loss",)
)
REFUSED = raised("ValueError", "Exception", "BaseException")


@pytest.mark.parametrize(
    "good",
    [
        REFUSED,
        raised("TypeError"),
        Response(failure=Failure(Verdict.TIMEOUT, "time limit", "")),
        Response(failure=Failure(Verdict.ERROR, "crashed", "")),
        Response(),
    ],
)
def test_who_raises_for_every_input_has_refused_none(good: Response) -> None:
    outcomes, _ = judge(BOTH, {"good": good, "bad": REFUSED, "worse": REFUSED})
    assert [(o.verdict, o.kind) for o in outcomes[1:]] == [(FAIL, "always raises")] * 2
    assert outcomes[0].verdict is not PASS and "for every input" in outcomes[1].message


@pytest.mark.parametrize(
    "good",
    [
        Response({"loss": 1.0}),
        Response({"loss": 3.0}),
        Response({"loss": Unusable("no data")}),
        Response({"loss": 1.0}, modified=("X",)),
        Response(failure=Failure(FAIL, "wrong number of outputs", "1 returned, 2 expected")),
        Response({"loss": 1.0}, Failure(Verdict.ERROR, "TypeError", "in a later step")),
    ],
)
def test_any_return_will_do(good: Response) -> None:
    """A wrong answer costs its own case: the refusal is still a refusal."""
    outcomes, _ = judge(BOTH, {"good": good, "bad": REFUSED, "worse": REFUSED})
    assert [o.verdict for o in outcomes[1:]] == [PASS, PASS]


def test_one_return_among_several_ordinary_cases_will_do() -> None:
    q = question(case("a", loss=1.0), case("b", loss=2.0), case("c", raises="ValueError"), outputs=("loss",))
    assert verdicts(q, {"a": REFUSED, "b": Response({"loss": 9.0}), "c": REFUSED})[2] == (PASS, "")
    assert verdicts(q, {"a": REFUSED, "b": REFUSED, "c": REFUSED})[2] == (FAIL, "always raises")


def test_another_raises_case_that_returned_does_not_count() -> None:
    outcomes, _ = judge(BOTH, {"good": REFUSED, "bad": Response({"loss": 1.0}), "worse": REFUSED})
    assert [o.kind for o in outcomes[1:]] == ["no exception", "always raises"]


def test_a_question_of_raises_cases_alone_asks_for_no_return() -> None:
    assert only(RAISES, REFUSED).verdict is PASS


def test_a_wrong_exception_keeps_its_own_words() -> None:
    outcomes, _ = judge(BOTH, {"good": REFUSED, "bad": raised("TypeError"), "worse": REFUSED})
    assert (outcomes[1].verdict, outcomes[1].kind) == (Verdict.ERROR, "TypeError")


# -- accepted conventions ------------------------------------------------------------------------------------


def halved(name: str, size: float) -> FrozenCase:
    """A case whose penalty may be halved, in the loss and its gradient together."""
    return case(
        name, {"half": {"loss": 1 + size / 2, "dW": np.full(2, 3 + size / 2)}}, loss=1 + size, dW=np.full(2, 3 + size)
    )


HALF = question(halved("a", 2.0), halved("b", 4.0), halved("none", 0.0), conventions=("half",))


def answers(q: FrozenQuestion, **pick: str) -> dict[str, Response]:
    """For each case, outputs under the named convention ('' is the reference's own)."""
    out = {}
    for c in q.cases:
        out[c.name] = Response({o: c.conventions.get(p, {}).get(o, c.expected[o]) for o, p in pick.items()})
    return out


def test_the_standard_is_taken_where_it_fits() -> None:
    outcomes, taken = judge(HALF, answers(HALF, loss="", dW=""))
    assert taken == () and all(o.verdict is PASS for o in outcomes)


def test_a_convention_is_taken_where_it_fits_everywhere() -> None:
    outcomes, taken = judge(HALF, answers(HALF, loss="half", dW="half"))
    assert taken == ("half",) and all(o.verdict is PASS for o in outcomes)


def test_half_a_loss_with_a_full_gradient_stays_wrong() -> None:
    outcomes, taken = judge(HALF, answers(HALF, loss="half", dW=""))
    assert taken == ()
    assert [o.verdict for o in outcomes if o.output == "loss"] == [FAIL, FAIL, PASS]
    assert all(o.verdict is PASS for o in outcomes if o.output == "dW")


def test_half_a_loss_with_a_gradient_that_is_wrong_either_way_stays_wrong() -> None:
    responses = {
        name: Response({**r.values, "dW": np.ones(2)}) for name, r in answers(HALF, loss="half", dW="").items()
    }
    outcomes, taken = judge(HALF, responses)
    assert taken == () and [o.verdict for o in outcomes if o.output == "loss"] == [FAIL, FAIL, PASS]


def test_a_tie_goes_to_the_standard() -> None:
    """One case each way: nothing is gained by the convention."""
    mixed = {**answers(HALF, loss="", dW=""), "b": answers(HALF, loss="half", dW="half")["b"]}
    outcomes, taken = judge(HALF, mixed)
    assert taken == () and [o.verdict for o in outcomes if o.case == "b"] == [FAIL, FAIL]


def test_a_convention_is_one_for_the_whole_question() -> None:
    """It may not be mixed case by case: the majority rules and the rest is wrong."""
    q = question(halved("a", 2.0), halved("b", 4.0), halved("c", 6.0), conventions=("half",))
    mixed = {**answers(q, loss="half", dW="half"), "c": answers(q, loss="", dW="")["c"]}
    outcomes, taken = judge(q, mixed)
    assert taken == ("half",) and [o.verdict for o in outcomes if o.case == "c"] == [FAIL, FAIL]


def test_a_convention_survives_a_case_that_timed_out() -> None:
    responses = {**answers(HALF, loss="half", dW="half"), "b": Response(failure=Failure(Verdict.TIMEOUT, "time limit"))}
    outcomes, taken = judge(HALF, responses)
    assert taken == ("half",)
    assert [o.verdict for o in outcomes if o.case != "b"] == [PASS] * 4


def both(name: str, size: float) -> FrozenCase:
    return case(
        name,
        {"half": {"loss": 1 + size / 2}, "row": {"dW": np.full((1, 2), size)}},
        loss=1 + size,
        dW=np.full(2, size),
    )


def test_conventions_on_different_outputs_are_both_taken() -> None:
    q = question(both("a", 2.0), both("b", 3.0), conventions=("half", "row"))
    outcomes, taken = judge(q, answers(q, loss="half", dW="row"))
    assert taken == ("half", "row") and all(o.verdict is PASS for o in outcomes)
    outcomes, taken = judge(q, answers(q, loss="", dW="row"))
    assert taken == ("row",) and all(o.verdict is PASS for o in outcomes)


def test_a_convention_of_another_shape_is_accepted() -> None:
    q = question(both("a", 2.0), both("b", 3.0), conventions=("half", "row"))
    assert [o.output for o in judge(q, answers(q, loss="", dW=""))[0] if o.verdict is not PASS] == []
