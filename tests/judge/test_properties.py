"""Marks for properties: from arrays alone, and from the command line."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Run
from coursekit import write_course
from hypothesis import given
from hypothesis import strategies as st

from grader.judge import judge
from grader.judge.diagnose import diagnose
from grader.judge.properties import judge_property
from grader.judge.score import result_of
from grader.keyfile import dump, load, public_view, question_digest
from grader.model import (
    AnswerKey,
    Bound,
    Failure,
    FrozenCase,
    FrozenQuestion,
    Outcome,
    Output,
    Response,
    Step,
    Verdict,
)
from grader.tolerance import bounds
from grader.wire import UNUSABLE, Unusable

PASS, FAIL, UNGRADED = Verdict.PASS, Verdict.FAIL, Verdict.UNGRADED
STEPS = (Step("function", "loss", ("S", "y"), ("L.loss", "L.dS")), Step("function", "entropy", ("S", "h.base"), ("h",)))
RIGHT = {"L.loss": np.array(3.0), "L.dS": np.array([[1.0, -1.0], [0.5, -0.5]]), "h": np.array([1.0, 2.0])}
HOLDS = "return close(L.loss, h.sum()) & close(L.dS.sum(1), 0)"


def rows(values: dict[str, Any], single: bool = False) -> dict[str, dict[str, Bound]]:
    return {name: bounds(np.asarray(v), 0.0, 0.0, single) for name, v in values.items()}


def prop(
    body: str = HOLDS, expected: dict[str, Any] = RIGHT, params: str = "L, h", single: bool = False
) -> FrozenQuestion:
    inputs = {"S": np.arange(4.0).reshape(2, 2), "y": np.array([0, 1]), "h.base": 2.0}
    cases = tuple(FrozenCase(n, n == "b", inputs, expected, rows(expected, single)) for n in ("a", "b"))
    return FrozenQuestion(
        "splits",
        "The loss is the sum of the entropies.",
        ("S", "y"),
        (Output("holds", 4.0),),
        STEPS,
        cases,
        predicate=f"def splits({params}):\n    {body}\n",
        parts=tuple(Output(part, 0.0) for step in STEPS for part in step.gives),
    )


def one(question: FrozenQuestion, response: Response | None) -> Outcome:
    """The outcome of the public case; the hidden one gets the same response and the same verdict."""
    responses = {case.name: response for case in question.cases} if response else {}
    first, second = judge_property(question, responses)  # type: ignore[arg-type]
    assert replace(first, case="b", hidden=True) == second
    assert first.output == "holds" and first.question == "splits"
    return first


def answered(**changed: Any) -> Response:
    return Response({**RIGHT, **{k.replace("_", "."): v for k, v in changed.items()}})


def test_what_holds_passes_and_what_does_not_fails_with_the_docstring_as_hint() -> None:
    assert one(prop(), answered()).verdict is PASS
    wrong = one(prop(), answered(L_loss=np.array(3.1)))
    assert (wrong.verdict, wrong.kind) == (FAIL, "property does not hold")
    assert wrong.hint == "The loss is the sum of the entropies."
    assert wrong.message == "does not hold in 2 of 2 elements, first at [0]: loss(S, y).loss = 3.1"
    rows_off = one(prop(), answered(L_dS=RIGHT["L.dS"] + [[0.0, 0.0], [0.0, 0.1]]))
    assert rows_off.message == "does not hold in 1 of 2 elements, first at [1]: loss(S, y).loss = 3"


def test_consistent_answers_hold_though_they_are_not_the_references() -> None:
    doubled = Response({k: 2 * v for k, v in RIGHT.items()})
    assert one(prop(), doubled).verdict is PASS


@pytest.mark.parametrize("verdict", [v for v in Verdict if v is not PASS])
def test_any_call_that_fails_fails_the_case(verdict: Verdict) -> None:
    failure = Failure(verdict, "time limit", "said")
    outcome = one(prop(), Response({"L.loss": RIGHT["L.loss"], "L.dS": RIGHT["L.dS"]}, failure))
    assert (outcome.verdict, outcome.kind, outcome.message) == (verdict, "time limit", "said")
    assert one(prop(), Response(dict(RIGHT), failure)).verdict is verdict


def test_an_answer_without_a_part_is_an_error_and_no_response_is_our_fault() -> None:
    lacking = one(prop(), Response({"h": RIGHT["h"]}))
    assert (lacking.verdict, lacking.kind) == (Verdict.ERROR, "unreadable answer")
    assert one(prop(), None).verdict is UNGRADED


def test_modified_inputs_fail() -> None:
    outcome = one(prop(), Response(dict(RIGHT), modified=("S",)))
    assert (outcome.verdict, outcome.kind) == (FAIL, "input modified")


@pytest.mark.parametrize(
    ("part", "answer", "kind", "said"),
    [
        ("h", np.ones(3), "wrong shape", "entropy(S, base=2.0) has shape (3,), expected (2,)"),
        ("h", np.ones((1, 2)), "wrong shape", "entropy(S, base=2.0)"),
        ("h", 3.0, "wrong shape", "entropy(S, base=2.0)"),
        ("L.loss", np.ones(1), "wrong shape", "loss(S, y).loss has shape (1,), expected ()"),
        ("L.dS", None, "wrong type", "loss(S, y).dS is None"),
        ("L.dS", "text", "wrong type", "loss(S, y).dS is 'text'"),
        ("L.dS", {"a": 1}, "wrong type", "loss(S, y).dS"),
        ("L.dS", np.full((2, 2), np.nan), "not finite", "loss(S, y).dS is nan at [0, 0]"),
        ("L.dS", np.array([[1, -1], [np.inf, 0]]), "not finite", "loss(S, y).dS is inf at [1, 0]"),
        ("L.loss", math.nan, "not finite", "loss(S, y).loss is nan"),
        ("L.loss", math.inf, "not finite", "loss(S, y).loss is inf"),
        *(("h", Unusable(kind), "wrong type", "entropy(S, base=2.0)") for kind in UNUSABLE),
    ],
)
def test_a_part_of_another_type_or_shape_fails_by_the_name_of_its_call(
    part: str, answer: Any, kind: str, said: str
) -> None:
    outcome = one(prop(), Response({**RIGHT, part: answer}))
    assert (outcome.verdict, outcome.kind) == (FAIL, kind)
    assert said in outcome.message and outcome.hint == ""


def test_all_infinite_answers_are_not_equal_to_each_other() -> None:
    """inf == inf + inf: a property of sums would hold for who overflows everywhere."""
    assert one(prop("return close(L.loss, h.sum())"), Response(dict.fromkeys(RIGHT, math.inf))).kind == "wrong shape"
    flooded = Response({k: np.full_like(v, np.inf) for k, v in RIGHT.items()})
    assert one(prop("return close(L.loss, h.sum())"), flooded).kind == "not finite"


def test_infinities_of_the_reference_are_answers() -> None:
    expected = {**RIGHT, "h": np.array([1.0, np.inf])}
    question = prop("return h == np.array([1.0, np.inf])", expected)
    assert one(question, Response(expected)).verdict is PASS
    assert one(question, Response({**expected, "h": np.array([1.0, 5.0])})).kind == "property does not hold"
    assert one(question, Response({**expected, "h": np.array([1.0, np.nan])})).kind == "not finite"


def test_an_output_that_the_predicate_does_not_look_at_costs_nothing() -> None:
    question = prop("return close(L.loss, h.sum())")
    assert one(question, answered(L_dS=np.ones(7))).verdict is PASS
    assert one(question, answered(L_dS=Unusable("complex"))).verdict is PASS
    assert one(prop(), answered(L_dS=np.ones(7))).kind == "wrong shape"


def test_lists_numbers_and_other_dtypes_are_taken() -> None:
    assert one(prop(), answered(L_loss=3, h=[1, 2], L_dS=[[1, -1], [1, -1]])).verdict is PASS
    assert one(prop(), answered(L_loss=3.0, h=np.array([True, True]))).kind == "property does not hold"


def test_integers_stay_integers_and_booleans_booleans() -> None:
    expected = {**RIGHT, "h": np.array([1, 0])}
    question = prop("return S[h, h] >= 0", expected, "L, h, S")
    assert one(question, Response({**expected, "h": np.array([1.0, 0.0])})).verdict is PASS
    assert one(question, Response({**expected, "h": np.array([0.5, 0.0])})).kind == "wrong type"
    assert one(question, Response({**expected, "h": np.array([2**64 - 1, 0], dtype=np.uint64)})).kind == "wrong type"
    expected = {**RIGHT, "h": np.array([True, False])}
    question = prop("return (S[h] > 1).any()", expected, "L, h, S")
    assert one(question, Response({**expected, "h": np.array([0.0, 1.0])})).verdict is PASS
    assert one(question, Response({**expected, "h": np.array([3, 1])})).kind == "wrong type"


def test_float32_answers_are_judged_by_float32s_row() -> None:
    near = {k: v.astype(np.float32) * np.float32(1 + (1e-5 if k == "h" else 0)) for k, v in RIGHT.items()}
    assert one(prop(), Response(near)).verdict is PASS
    assert one(prop(), Response({k: v.astype(np.float64) for k, v in near.items()})).verdict is FAIL
    assert one(prop(single=True), Response({k: v.astype(np.float64) for k, v in near.items()})).verdict is PASS
    far = {**near, "h": near["h"] * np.float32(1.01)}
    assert one(prop(), Response(far)).verdict is FAIL
    assert one(prop(), Response({**RIGHT, "h": near["h"]})).verdict is PASS  # one coarse answer is enough


def test_noise_that_was_measured_is_allowed() -> None:
    answer = answered(L_dS=RIGHT["L.dS"] + [[0.0, 1e-10], [0.0, 0.0]])
    assert one(prop(), answer).verdict is FAIL
    noisy = prop()
    wide = bounds(RIGHT["L.dS"], 1e-11, 1e-6, False)
    cases = tuple(replace(c, bounds={**c.bounds, "L.dS": wide}) for c in noisy.cases)
    assert one(replace(noisy, cases=cases), answer).verdict is PASS


@pytest.mark.parametrize(
    "body", ["return L.loss.shape[3]", "return 1 // 0", "return 'yes'", "return None", "return h[:0] > 0"]
)
def test_a_predicate_that_raises_or_tells_no_bool_is_our_fault(body: str) -> None:
    question = prop(body)
    outcome = one(question, answered())
    assert outcome.verdict is UNGRADED
    assert "the property splits itself raised" in outcome.message
    result = result_of(question, {"a": answered(), "b": answered()})
    assert result.score is None and result.notes == (outcome.message,)


def test_the_predicate_cannot_change_the_answers() -> None:
    response = answered()
    question = prop("h += 1; S *= 0; return close(h.sum(), 5)", params="L, h, S")
    assert one(question, response).verdict is PASS
    assert one(question, response).verdict is PASS
    assert response.values["h"].tolist() == [1.0, 2.0]
    assert question.cases[0].inputs["S"].sum() == 6


def test_points_are_shared_by_the_cases() -> None:
    responses = {"a": answered(), "b": answered(L_loss=np.array(9.0))}
    result = result_of(prop(), responses)
    assert (result.score, result.max_score, result.notes) == (2.0, 4.0, ())
    assert [o.verdict for o in result.outcomes] == [PASS, FAIL]
    assert result_of(prop(), {"a": answered(), "b": answered()}).score == 4.0


def test_judge_itself_refuses_a_property_and_diagnose_leaves_it_alone() -> None:
    with pytest.raises(ValueError, match="splits is a property"):
        judge(prop(), {"a": answered(), "b": answered()})
    responses = {"a": answered(L_loss=np.array(9.0)), "b": answered()}
    outcomes = judge_property(prop(), responses)
    assert diagnose(prop(), responses, outcomes, ()) == outcomes


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=2, max_size=2), st.floats(-1e300, 1e300))
def test_no_numbers_make_it_ungraded(h: list[float], loss: float) -> None:
    verdict = one(prop(), answered(h=np.array(h), L_loss=np.array(loss))).verdict
    assert verdict in (PASS, FAIL)
    fits = math.isfinite(sum(h)) and abs(loss - sum(h)) <= 1e-7 * abs(sum(h))
    assert verdict is PASS or not fits


def test_a_key_keeps_a_property() -> None:
    key = AnswerKey("demo", "Demo", "demo.py", "numpy", (prop(),), {"grader": "0"})
    again = load(dump(key)).questions[0]
    assert again.predicate == prop().predicate and again.parts == prop().parts and again.steps == STEPS
    assert question_digest(again) == question_digest(prop())
    assert question_digest(prop()) != question_digest(prop("return close(L.loss, 2)"))
    public = load(dump(public_view(key))).questions[0]
    assert [case.name for case in public.cases] == ["a"]
    assert judge_property(public, {"a": answered()})[0].verdict is PASS


# -- from the command line -----------------------------------------------------------------------------------

DRAW = "p=rng.dirichlet(np.ones(4)), q=rng.dirichlet(np.ones(4))"
CASES = """
@{name}.cases
def _(rng):
    yield Case("seen", {seen})
    yield Case("unseen", hidden=True, {unseen})
"""
SEEN = "p=np.array([0.5, 0.25, 0.25]), q=np.array([0.25, 0.25, 0.5])"
COURSE = f'''
from grader import close, prop

@question(h=2)
def entropy(p):
    """Entropy. p (K,); h ()."""
    return -(p * p.log()).sum()
{CASES.format(name="entropy", seen=SEEN.partition(", q=")[0], unseen="p=rng.dirichlet(np.ones(4))")}

@question(D=2, dp=1)
def divergence(p, q):
    """Divergence of q from p, and its gradient in p. p, q (K,); D (), dp (K,)."""
    return (p * (p.log() - q.log())).sum()
{CASES.format(name="divergence", seen=SEEN, unseen=DRAW)}

@question(H=2)
def crossed(p, q):
    """Cross-entropy. p, q (K,); H ()."""
    return -(p * q.log()).sum()
{CASES.format(name="crossed", seen=SEEN, unseen=DRAW)}

@prop(4, H=crossed.called("p", "q"), h=entropy.called("p"), K=divergence.called("p", "q"))
def splits(H, h, K):
    """The cross-entropy is the entropy plus the divergence."""
    return close(H, h + K.D) & (H > 0)
{CASES.format(name="splits", seen=SEEN, unseen=DRAW)}

@prop(1, K=divergence.called("p", "p"))
def none_from_itself(K, p):
    """A distribution diverges from itself by nothing, and its gradient is one everywhere."""
    return close(K.D, 0, scale=1.0) & close(K.dp, np.ones(len(p)))
{CASES.format(name="none_from_itself", seen="p=np.array([0.5, 0.5])", unseen="p=rng.dirichlet(np.ones(3))")}
'''
SOLUTION = """
import numpy as np

def entropy(p):
    return -np.sum(p * np.log(p))

def divergence(p, q):
    return np.sum(p * np.log(p / q)), np.log(p / q) + 1

def crossed(p, q):
    return -np.sum(p * np.log(q))
"""
SUBMISSIONS = {  # student: what replaces what in the solution, and the verdict and kind of splits
    "right": ("", "", "PASS", ""),
    "all in bits": ("np.log", "np.log2", "PASS", ""),  # wrong, but it does split
    "one in bits": ("-np.sum(p * np.log(p))", "-np.sum(p * np.log2(p))", "FAIL", "property does not hold"),
    "raises in the second": ("-np.sum(p * np.log(p))", "1 / 0", "ERROR", "ZeroDivisionError"),
    "wrong shape": ("-np.sum(p * np.log(q))", "-np.sum(p * np.log(q), keepdims=True)", "FAIL", "wrong shape"),
    "wrong type": ("-np.sum(p * np.log(q))", "'2.3'", "FAIL", "wrong type"),
    "nan": ("-np.sum(p * np.log(q))", "np.nan * p[0]", "FAIL", "not finite"),
    "missing": ("def entropy", "def entropie", "MISSING", "missing"),
    "one output": (", np.log(p / q) + 1", "", "FAIL", "wrong number of outputs"),
    "gradient wrong, not looked at": ("np.log(p / q) + 1", "np.zeros(7)", "PASS", ""),
    "in place": ("    return -np.sum(p * np.log(q))", "    p *= 1.5\\n    return -np.sum(p * np.log(q))", "FAIL",
                 "input modified"),
    "float32": ("import numpy as np", "import numpy as np\\nf = np.float32", "PASS", ""),
    "zeros": ("return", "return 0, 0\\n    return", "FAIL", "wrong shape"),
    "ends its process": ("-np.sum(p * np.log(p))", "__import__('os')._exit(0)", "ERROR", "crashed"),
    "stub": ("return", "raise NotImplementedError\\n    return", "ERROR", "NotImplementedError"),
}  # fmt: skip


@pytest.fixture(scope="module")
def graded(grader: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    root = tmp_path_factory.mktemp("course")
    names = "entropy, divergence, crossed, splits, none_from_itself"
    write_course(root, COURSE, names=names, solution=SOLUTION)
    for student, (old, new, _, _) in SUBMISSIONS.items():
        folder = root / "submissions" / student
        folder.mkdir(parents=True)
        text = SOLUTION.replace(old, new.replace("\\n", "\n")) if old else SOLUTION
        if student == "float32":
            text = text.replace("return -np.sum", "return f(-1) * np.sum").replace("np.log(p)", "np.log(p.astype(f))")
            text = text.replace("np.sum(p", "np.sum(p.astype(f)").replace("log(p / q)", "log((p / q).astype(f))")
            text = text.replace("np.log(q)", "np.log(q.astype(f))")
        (folder / "demo.py").write_text(text)
    arguments = ["--course", root, "--secret-file", root / "secret"]
    done = grader("audit", "demo", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    done = grader("grade", "demo", root / "submissions", "--out", root / "out", *arguments)
    assert done.returncode == 0, done.stderr
    lines = (root / "out" / "reports.jsonl").read_text().splitlines()
    return {report["student"]: report for report in map(json.loads, lines)}


@pytest.mark.parametrize("student", SUBMISSIONS)
def test_from_the_command_line(graded: dict[str, dict[str, Any]], student: str) -> None:
    _, _, verdict, kind = SUBMISSIONS[student]
    question = next(q for q in graded[student]["questions"] if q["question"] == "splits")
    found = [(o["output"], o["hidden"], o["verdict"], o["kind"]) for o in question["outcomes"]]
    assert found == [("holds", False, verdict, kind), ("holds", True, verdict, kind)], question["outcomes"]
    assert question["score"] == (4.0 if verdict == "PASS" else 0.0)
    hints = {o["hint"] for o in question["outcomes"]}
    wanted = "The cross-entropy is the entropy plus the divergence." if kind == "property does not hold" else ""
    assert hints == {wanted}


def test_a_property_may_call_a_function_on_one_input_twice(graded: dict[str, dict[str, Any]]) -> None:
    scores = {
        student: next(q["score"] for q in report["questions"] if q["question"] == "none_from_itself")
        for student, report in graded.items()
    }
    assert scores["right"] == scores["missing"] == scores["float32"] == 1.0
    assert scores["gradient wrong, not looked at"] == scores["zeros"] == scores["stub"] == 0.0


def test_a_fault_of_the_authors_leaves_the_student_ungraded(grader: Run, tmp_path: Path) -> None:
    """The predicate takes the answer for an index without looking: who answers 7 of 3 makes it raise."""
    source = (
        '''
from grader import prop

@question(k=2)
def largest(x):
    """Where the largest is. x (N,); k ()."""
    return x.argmax()
'''
        + CASES.format(name="largest", seen="x=np.ones(3)", unseen="x=rng.normal(size=3)")
        + '''
@prop(1, k=largest.called("x"))
def is_largest(k, x):
    """No other is larger."""
    return x <= x[k]
'''
        + CASES.format(name="is_largest", seen="x=np.ones(3)", unseen="x=rng.normal(size=3)")
    )
    write_course(tmp_path, source, names="largest, is_largest")
    subs = tmp_path / "subs"
    for student, value in {"dana": "x.argmax()", "kim": "7", "lee": "x.argmin()"}.items():
        (subs / student).mkdir(parents=True)
        (subs / student / "demo.py").write_text(f"def largest(x):\n    return {value}\n")
    arguments = ["--course", tmp_path, "--secret-file", tmp_path / "secret", "--out", tmp_path / "out"]
    done = grader("grade", "demo", subs, *arguments)
    assert done.returncode == 3
    assert "ungraded: kim: the property is_largest itself raised IndexError" in done.stderr
    assert (tmp_path / "out" / "grades.csv").read_text().splitlines() == [
        "student,score,max_score,status,largest,is_largest,overridden",
        "dana,3,3,graded,2,1,",
        "kim,,3,ungraded,0,,",
        "lee,1.5,3,graded,1,0.5,",  # of three equal numbers every one is the largest
    ]


def test_a_student_reads_what_does_not_hold(grader: Run, tmp_path: Path) -> None:
    names = "entropy, divergence, crossed, splits, none_from_itself"
    course = write_course(tmp_path, COURSE, names=names, solution=SOLUTION)
    done = grader("release", "demo", "--course", tmp_path, "--secret-file", course.secret_file, "--out", tmp_path / "d")
    assert done.returncode == 0, done.stderr
    desk = tmp_path / "d"
    assert grader("check", cwd=desk).stdout.count("  todo  ") == 5
    (desk / "demo.py").write_text(SOLUTION.replace("np.log(p))", "np.log2(p))"))
    done = grader("check", "-q", "splits", cwd=desk)
    assert done.returncode == 1
    assert "  FAIL  splits\n        seen: does not hold: crossed(p, q) = 1.21301, entropy(p) = 1.5, " in done.stdout
    assert "hint: The cross-entropy is the entropy plus the divergence." in done.stdout
    (desk / "demo.py").write_text(SOLUTION)
    done = grader("check", cwd=desk)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("  ok    ") == 5
