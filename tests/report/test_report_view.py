"""A student's view of a report tells of hidden cases what the closed list holds, and nothing that a student made."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from course_of_two import two_questions
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import WireError
from grader.judge.score import result_of
from grader.model import (
    Outcome,
    Override,
    QuestionResult,
    Report,
    Response,
    Verdict,
)
from grader.report.view import EXCEPTIONS, KINDS, OTHER, OverrideView, StudentView, shown_kind, student_view
from grader.sandbox.said import failure_of

CANARY = "CaNaRy"
WORDS = {*KINDS.values(), *EXCEPTIONS, OTHER}


def text_of(view: StudentView) -> str:
    return json.dumps(asdict(view), ensure_ascii=False)


def outcome(hidden: bool = True, **more: object) -> Outcome:
    fields = {"question": "q", "case": "case", "output": "out", "verdict": Verdict.FAIL, "kind": "wrong value"}
    return Outcome(hidden=hidden, **{**fields, **more})  # type: ignore[arg-type]


def made(*outcomes: Outcome, **more: object) -> Report:
    result = QuestionResult("q", 0.0, 4.0, outcomes)
    fields = {"score": 0.0, "max_score": 4.0, "status": "graded", "isolation": "strong", "provenance": {"seed": CANARY}}
    return Report("demo", "ada", questions=(result,), **{**fields, **more})  # type: ignore[arg-type]


# -- records -------------------------------------------------------------------------------------------------


def test_a_hidden_case_keeps_its_verdict_kind_and_hint() -> None:
    o = outcome(case=CANARY, message=CANARY, mistake=CANARY, carried=CANARY, distance=1234.5, hint="Which axis?")
    view = student_view(made(o, outcome(case="other", verdict=Verdict.PASS, kind="", hint=CANARY)))
    first, second = view.questions[0].cases
    assert (first.case, first.verdict, first.kind, first.hint) == (
        "hidden case 1",
        "FAIL",
        "wrong value",
        "Which axis?",
    )
    assert (second.case, second.verdict, second.kind, second.hint) == ("hidden case 2", "PASS", "", "")
    assert view.questions[0].carried
    assert CANARY not in text_of(view) and "1234" not in text_of(view)


def test_a_persons_points_come_with_the_reason() -> None:
    report = made(outcome(False))
    assert student_view(report).questions[0].override is None
    for reason, shown in (("late\n\x1b[31mdata", "late \ufffd[31mdata"), ("", "no reason was noted")):
        by_hand = Override(3.0, reason, "2026-11-21T15:00:00+00:00", graded=0.0)
        view = student_view(replace(report, questions=(replace(report.questions[0], score=3.0, override=by_hand),)))
        assert (view.questions[0].score, view.questions[0].override) == (3.0, OverrideView(3.0, shown, 0.0))


def test_cases_are_numbered_by_question_and_not_by_output() -> None:
    found = [outcome(False, case="seen")]
    found += [outcome(case=c, output=o) for c in ("b", "a") for o in ("loss", "dW")]
    view = student_view(made(*found))
    assert [(c.case, c.output) for c in view.questions[0].cases] == [
        ("seen", "out"), ("hidden case 1", "loss"), ("hidden case 1", "dW"), ("hidden case 2", "loss"),
        ("hidden case 2", "dW"),
    ]  # fmt: skip


EVIL = st.text(st.characters(), max_size=20).map(lambda t: t[:10] + CANARY + t[10:])


@settings(max_examples=200, deadline=None)
@given(EVIL, EVIL, EVIL, EVIL, EVIL, st.sampled_from(Verdict), st.floats(allow_nan=False) | st.none(), st.booleans())
def test_no_text_of_a_hidden_case_reaches_the_view(
    case: str,
    kind: str,
    message: str,
    mistake: str,
    carried: str,
    verdict: Verdict,
    distance: float | None,
    mixed: bool,
) -> None:
    o = outcome(case=case, kind=kind, message=message, mistake=mistake, carried=carried, verdict=verdict)
    report = made(replace(o, distance=distance), *([outcome(False, message=message, kind=kind)] if mixed else []))
    view = student_view(report)
    assert CANARY not in text_of(view) and case not in text_of(view)
    assert {c.kind for c in view.questions[0].cases} <= WORDS
    plain = student_view(made(replace(o, case="x", message="", mistake="", distance=None, kind="no such kind")))
    assert view.questions[0].cases[0] == plain.questions[0].cases[0]  # nothing else depends on any of it


JUNK = st.recursive(st.none() | st.booleans() | st.integers() | EVIL, lambda x: st.lists(x) | st.dictionaries(EVIL, x))
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        "type": EVIL | JUNK,
        "kinds": st.lists(EVIL | st.sampled_from(sorted(EXCEPTIONS))) | JUNK,
        "message": EVIL | JUNK,
        "file": EVIL | JUNK,
        "text": EVIL | JUNK,
        "line": st.integers() | JUNK,
        "count": st.integers() | JUNK,
        "wanted": st.integers() | JUNK,
    },
)


@settings(max_examples=200, deadline=None)
@given(ERRORS | JUNK, st.sets(EVIL), EVIL)
def test_whatever_a_worker_says_of_an_error_the_kind_is_from_the_list(
    error: object, modified: set[str], printed: str
) -> None:
    """From the wire's own record of an exception to the view, through the judge."""
    try:
        failure = failure_of(error)
    except WireError:
        return
    for question in two_questions().questions:
        responses = {c.name: Response({}, failure, (), tuple(modified), printed) for c in question.cases}
        result = result_of(question, responses)
        view = student_view(replace(made(), questions=(result,)))
        assert CANARY not in text_of(view)
        assert {c.kind for c in view.questions[0].cases} <= WORDS


SHAPES = st.lists(st.integers(0, 9), max_size=3).map(tuple)


@settings(max_examples=100, deadline=None)
@given(SHAPES, SHAPES, st.floats(width=32), st.floats(width=32))
def test_no_shape_and_no_number_of_an_answer_reaches_the_view(
    one: tuple[int, ...], other: tuple[int, ...], a: float, b: float
) -> None:
    """Two students who are wrong in the same way see the same, whatever they answered."""
    views = []
    for shape, number in ((one, a), (other, b)):
        question = two_questions().questions[0]
        answer = {"out": np.full((*shape, 17), number), "twin": np.full((17, *shape), number)}
        result = result_of(question, {c.name: Response(answer) for c in question.cases})
        view = student_view(replace(made(), questions=(result,)))
        views.append([(c.case, c.output, c.verdict, c.kind) for c in view.questions[0].cases])
    assert views[0] == views[1] and {row[3] for row in views[0]} == {"wrong shape"}


def test_the_list_of_kinds_is_closed() -> None:
    for kind in ("wrong value", "ValueError", "time limit", "property raised"):
        assert shown_kind(kind) in WORDS
    for kind in ("CanaryError", "wrong value ", "builtins.ValueError", "print", "\u202ewrong"):
        assert shown_kind(kind) == OTHER
    assert not any(c.isdigit() for word in WORDS for c in word)


def test_every_kind_that_the_grader_gives_is_in_the_list() -> None:
    """Read from the sources: a new kind must be thought about before students see it."""
    import ast

    import grader

    root, found = Path(grader.__file__).parent, set[str]()
    for path in [*root.glob("*.py"), *(root / "judge").glob("*.py"), *(root / "sandbox").glob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            name = getattr(getattr(node, "func", None), "id", "")
            place = {"Failure": 1, "Judgement": 1, "Comparison": 1, "Unfit": 0}.get(name)
            if isinstance(node, ast.Call) and place is not None and len(node.args) > place:
                found |= {n.value for n in ast.walk(node.args[place]) if isinstance(n, ast.Constant)}
    found = {kind for kind in found if isinstance(kind, str)}
    assert {"wrong value", "time limit", "missing", "input modified"} <= found
    assert {shown_kind(kind) for kind in found} <= WORDS - {OTHER}


def test_notes_are_clean_few_and_without_an_authors_fault() -> None:
    fault = outcome(verdict=Verdict.UNGRADED, kind="property raised", message="shapes (7,5) (3,) differ")
    view = student_view(
        made(
            fault, notes=["a\x1b[31m\u202eb\nc", "shapes (7,5) (3,) differ", "load: shapes (7,5) (3,) differ", *"x" * 9]
        )
    )
    assert view.notes == ("a\ufffd[31m\ufffdb c", "x")
    assert [c.kind for c in view.questions[0].cases] == ["ungraded"]
    assert len(student_view(made(notes=[f"{i}" for i in range(99)])).notes) == 30


def test_text_is_clean_wherever_it_comes_from() -> None:
    evil = "\x1b]0;x\x07\u202e\ud800" + "y" * 5000
    o = Outcome(evil, evil, False, evil, Verdict.FAIL, "wrong value", math.inf, evil, evil, evil)
    report = Report(
        evil, evil, None, 1.0, evil, (QuestionResult(evil, None, 1.0, (o,), (evil,), (evil,)),), evil, {}, (evil,)
    )
    text = text_of(student_view(report))
    assert not set("\x1b\x07\u202e\ud800") & set(text) and len(text) < 6000
    assert student_view(report).status == "ungraded"


# -- messages on public cases --------------------------------------------------------------------------------


def test_public_messages_need_a_run_without_hidden_cases() -> None:
    seen, unseen = outcome(False, case="seen", message="got 1, expected 2"), outcome(case="unseen", message=CANARY)
    graded = made(replace(seen, message=CANARY), unseen)
    assert [c.message for c in student_view(graded).questions[0].cases] == ["", ""]
    assert [c.message for c in student_view(made(seen)).questions[0].cases] == ["got 1, expected 2"]
    both = student_view(graded, public=made(seen))
    assert [c.message for c in both.questions[0].cases] == ["got 1, expected 2", ""]
    for other in (made(replace(seen, verdict=Verdict.PASS)), made(replace(seen, kind="not finite"))):
        assert [c.message for c in student_view(graded, public=other).questions[0].cases] == ["", ""]
    for wrong in (graded, replace(made(seen), student="bob"), replace(made(seen), assignment="other")):
        with pytest.raises(ValueError, match="on public cases alone"):
            student_view(graded, public=wrong)
