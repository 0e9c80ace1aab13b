"""The first wrong link of a chain of layers: said where the answers show it, and only there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from grader.judge import judge
from grader.judge.diagnose import diagnose
from grader.model import Failure, FrozenCase, FrozenQuestion, MistakeNote, Outcome, Output, Response, Step, Verdict
from grader.tolerance import bounds

NAMES = ("dW1", "db1", "dW2", "db2", "dW3", "db3")
ROWS = bounds(np.ones(1), 0.0, 0.0, False)


def values(seed: int, names: Sequence[str]) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    return {name: rng.normal(size=(3, 4)) for name in names}


def question(names: Sequence[str], *expected: dict[str, Any], wrt: bool = True, **more: Any) -> FrozenQuestion:
    outputs = tuple(Output(n, 1.0, n[1:] if wrt else None) for n in names)
    cases = tuple(
        FrozenCase(str(i), i > 0, {"X": np.zeros((2, 2))}, e, dict.fromkeys(e, ROWS)) for i, e in enumerate(expected)
    )
    return FrozenQuestion("q", "Q", ("X",), outputs, (Step("function", "q", ("X",), tuple(names)),), cases, **more)


def named(q: FrozenQuestion, *answers: dict[str, Any]) -> list[Outcome]:
    responses = {c.name: Response(a) for c, a in zip(q.cases, answers, strict=True)}
    return diagnose(q, responses, *judge(q, responses))


def hints(q: FrozenQuestion, *answers: dict[str, Any]) -> dict[str, str]:
    found = [o for o in named(q, *answers) if o.mistake == "first wrong link"]
    assert all(o.verdict is Verdict.FAIL and o.hint for o in found)
    return {o.output: o.hint for o in found}


def spoilt(right: dict[str, Any], *names: str, seed: int = 9) -> dict[str, Any]:
    """The answer with errors without a structure in these outputs."""
    return {**right, **{n: v + right[n] for n, v in values(seed, names).items()}}


A, B = values(1, NAMES), values(2, NAMES)
Q = question(NAMES, A, B)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (
            ("dW1", "db1"),
            "Everything from layer 2 on is right, so the error enters on the way back from it to dW1 and db1.",
        ),
        (
            ("dW1", "db1", "dW2", "db2"),
            "Everything from layer 3 on is right, so the error enters on the way back from it to dW2 and db2.",
        ),
        (
            ("dW2", "db1"),
            "Everything from layer 3 on is right, so the error enters on the way back from it to dW2. "
            "db2 is right too: look first at the last step, the one to dW2 itself.",
        ),
    ],
)
def test_the_last_wrong_layer_is_where_the_error_enters(wrong: tuple[str, ...], hint: str) -> None:
    for answers in ((spoilt(A, *wrong), spoilt(B, *wrong, seed=7)), (A, spoilt(B, *wrong))):
        assert hints(Q, *answers) == dict.fromkeys(wrong, hint)


def test_nothing_is_said_where_the_last_layer_is_wrong_too_or_all_is_right() -> None:
    assert hints(Q, A, B) == {}
    assert hints(Q, spoilt(A, "dW3"), B) == {}
    assert hints(Q, spoilt(A, *NAMES), spoilt(B, *NAMES)) == {}
    assert hints(Q, spoilt(A, "dW1"), spoilt(B, "db3")) == {}  # right in one case only


def test_a_layer_that_gave_no_answer_somewhere_is_not_right() -> None:
    slow = Response(failure=Failure(Verdict.TIMEOUT, "time limit"))
    responses = {"0": Response(spoilt(A, "dW1")), "1": slow}
    assert all(not o.mistake for o in diagnose(Q, responses, *judge(Q, responses)))
    part = Response({n: v for n, v in B.items() if n != "db2"}, Failure(Verdict.ERROR, "TypeError", "no"))
    responses = {"0": Response(spoilt(A, "dW1")), "1": part}
    assert all(not o.mistake for o in diagnose(Q, responses, *judge(Q, responses)))


def test_a_case_that_must_raise_says_nothing_of_layers() -> None:
    bad = FrozenCase("bad", True, {"X": np.zeros((2, 2))}, {}, {}, "ValueError")
    q = question(NAMES, A, B)
    q = FrozenQuestion(q.name, q.title, q.params, q.outputs, q.steps, (*q.cases, bad))
    answers = (spoilt(A, "dW1", "db1"), spoilt(B, "dW1", "db1"), {})
    assert set(hints(q, *answers)) == {"dW1", "db1"}


def test_what_explains_more_comes_first() -> None:
    """A sign, and a mistake that the author declared, are more than a place."""
    answers = [{**spoilt(right, "dW1"), "db1": -right["db1"]} for right in (A, B)]
    assert {o.output: o.mistake for o in named(Q, *answers) if o.mistake} == {
        "dW1": "first wrong link",
        "db1": "wrong sign",
    }
    q = question(NAMES, A, B, mistakes=(MistakeNote("declared", "look"),))
    cases = tuple(
        FrozenCase(c.name, c.hidden, c.inputs, c.expected, c.bounds, mistakes={"declared": {"dW1": a["dW1"]}})
        for c, a in zip(q.cases, answers, strict=True)
    )
    q = FrozenQuestion(q.name, q.title, q.params, q.outputs, q.steps, cases, mistakes=q.mistakes)
    assert {o.mistake for o in named(q, *answers) if o.output == "dW1"} == {"declared"}


@pytest.mark.parametrize("names", [("dx1", "dx2"), ("dW1", "db1"), ("dW", "db"), ("dW1", "dX")])
def test_what_is_no_chain_of_layers_is_not_called_one(names: tuple[str, ...]) -> None:
    """Two inputs, one layer, no numbers: no link to speak of."""
    a, b = values(1, names), values(2, names)
    assert hints(question(names, a, b), spoilt(a, names[0]), spoilt(b, names[0])) == {}


def test_layers_are_ordered_by_number_and_a_gap_is_no_matter() -> None:
    names = ("dW10", "dW9", "dW2")
    a, b = values(1, names), values(2, names)
    hint = "Everything from layer 10 on is right, so the error enters on the way back from it to dW9."
    assert hints(question(names, a, b), spoilt(a, "dW9", "dW2"), spoilt(b, "dW2")) == {"dW9": hint, "dW2": hint}


# -- lists by layer -------------------------------------------------------------------------------------------


def layers(seed: int, count: int = 3) -> list[Any]:
    return list(values(seed, [str(i) for i in range(count)]).values())


def off(items: list[Any], *at: int) -> list[Any]:
    return [
        item + np.random.default_rng(i).normal(size=item.shape) if i in at else item for i, item in enumerate(items)
    ]


def of_list(name: str, *expected: Any) -> FrozenQuestion:
    return question((name,), *({name: e} for e in expected), wrt=False)


def test_a_list_of_activations_is_right_up_to_the_first_wrong_one() -> None:
    a, b = layers(1), layers(2, 4)
    q = of_list("acts", a, b)
    hint = "Everything up to acts[0] is right, so the error enters on the way to acts[1]."
    assert hints(q, {"acts": off(a, 1, 2)}, {"acts": off(b, 1, 2, 3)}) == {"acts": hint}
    assert hints(q, {"acts": a}, {"acts": off(b, 1)}) == {"acts": hint}
    for answers in ((a, b), (off(a, 0, 1, 2), b), (off(a, 1, 2), off(b, 0, 1, 2, 3)), (off(a, 1), b[:3]), (None, b)):
        assert hints(q, *({"acts": answer} for answer in answers)) == {}


def test_a_list_of_gradients_is_right_from_the_last_wrong_one_on() -> None:
    a, b = layers(1), layers(2)
    q = of_list("grads", a, b)
    hint = "Everything from grads[2] on is right, so the error enters on the way back to grads[1]."
    assert hints(q, {"grads": off(a, 0, 1)}, {"grads": off(b, 0, 1)}) == {"grads": hint}
    assert hints(q, {"grads": np.stack(off(a, 0, 1))}, {"grads": off(b, 0)}) == {"grads": hint}
    assert hints(q, {"grads": off(a, 1, 2)}, {"grads": off(b, 0, 1, 2)}) == {}
    assert hints(of_list("grads", a, layers(2, 4)), {"grads": off(a, 0)}, {"grads": layers(2, 4)}) == {}


def test_a_list_of_numbers_or_texts_is_no_chain() -> None:
    q = of_list("out", [1.0, 2.0], ["a", "b"])
    assert hints(q, {"out": [1.0, 3.0]}, {"out": ["a", "c"]}) == {}
