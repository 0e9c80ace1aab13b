"""Error carried forward, from a student's file to the report: who earns what, and what a hostile file cannot do."""

from __future__ import annotations

import json
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Run
from coursekit import graded_batch, line_of, write_course

from grader import asking
from grader.asking import Oracle
from grader.cohort.desk import Setting
from grader.content import content_keys
from grader.course import Course
from grader.errors import AuthorError, SandboxError, UsageError
from grader.freeze import freeze
from grader.keyfile import dump, load, public_view
from grader.model import AnswerKey, Limits, QuestionResult, Report, SourceFile, Submission, Verdict
from grader.pipeline import grade
from grader.sandbox import channel as channel_module
from grader.sandbox.zygote import Zygote

CHAIN = '''
@question(loss=4, ds=4)
def inner(s):
    """Sum of squares. s (N,); loss (), ds (N,)."""
    return (s * s).sum()


@question(half=2, calls=[inner], carry=1)
def middle(s):
    """Half the sum of squares. s (N,); half ()."""
    return (s * s).sum() / 2


@question(total=3, dw=6, calls=[middle, inner], carry=0.5)
def outer(x, w):
    """Sum of squares of x * w, and its gradient in w. x (N,), w (N,); total (), dw (N,)."""
    if x.sum() > 1000:
        raise ValueError("too large")
    return ((x * w) ** 2).sum()


@inner.cases
def _(rng):
    yield Case("seen", s=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, s=rng.normal(size=3))


@middle.cases
def _(rng):
    yield Case("seen", s=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, s=rng.normal(size=3))


@outer.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), w=np.array([3.0, 1.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3), w=rng.normal(size=3))
    yield Case("too large", hidden=True, raises=ValueError, x=np.full(2, 999.0), w=np.ones(2))
'''
INNER = "def inner(s):\n    return (s * s).sum(), 2 * s\n"
WRONG = "def inner(s):\n    return (s * s).sum() + 1, 3 * s\n"
MIDDLE = "def middle(s):\n    return inner(s)[0] / 2\n"
OUTER = """
def outer(x, w):
    if x.sum() > 1000:
        raise ValueError
    total, ds = inner(x * w)
    return total, ds * x
"""
LIMITS = Limits(question=4.0, submission=20.0)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, AnswerKey]:
    course = write_course(tmp_path_factory.mktemp("course"), CHAIN)
    return course, freeze(course, "demo")


@pytest.fixture(scope="module")
def oracle(made: tuple[Course, AnswerKey]) -> Iterator[Oracle]:
    one = Oracle(*made)
    yield one
    one.close()


@pytest.fixture
def marked(made: tuple[Course, AnswerKey], oracle: Oracle, zygote: Zygote) -> Any:
    def mark(*source: str, limits: Limits = LIMITS, **files: str) -> Report:
        return grade(made[1], submission(*source, **files), zygote, limits, oracle=oracle)

    return mark


def submission(*source: str, **files: str) -> Submission:
    text = textwrap.dedent("".join(source))
    beside = (SourceFile(f"{name}.py", textwrap.dedent(t).encode()) for name, t in files.items())
    return Submission("ada", (SourceFile("demo.py", f"import numpy as np\n{text}".encode()), *beside), "demo.py")


def scores(report: Report) -> dict[str, float | None]:
    return {q.question: q.score for q in report.questions}


def carried(report: Report) -> dict[str, str]:
    """What was carried: question/output/case -> the functions that the reference answered."""
    found = [o for q in report.questions for o in q.outcomes]
    return {f"{o.question}/{o.output}/{o.case}": o.carried for o in found if o.carried}


# -- who earns what ------------------------------------------------------------------------------------------


def test_what_is_right_but_for_the_called_function_earns_its_share(marked: Any) -> None:
    report = marked(WRONG, MIDDLE, OUTER)
    # middle: all of 2 carried in full; outer: "too large" passes (1 + 2), of the other two cases half is earned
    assert scores(report) == {"inner": 0.0, "middle": 2.0, "outer": 1 + 1 + 2 + 2}
    assert report.score == 8.0 and report.status == "graded"
    assert set(carried(report).values()) == {"inner"}
    for q in report.questions[1:]:
        for o in q.outcomes:
            if o.carried:
                assert o.verdict is Verdict.FAIL and o.kind == "wrong value"
    (first,) = [o for o in report.questions[2].outcomes if (o.output, o.case) == ("dw", "unseen")]
    assert first.message == "right once inner is answered by the reference; earns 0.5 of its points"


def test_without_an_oracle_nothing_is_carried(made: tuple[Course, AnswerKey], zygote: Zygote) -> None:
    report = grade(made[1], submission(WRONG, MIDDLE, OUTER), zygote, LIMITS)
    assert scores(report) == {"inner": 0.0, "middle": 0.0, "outer": 3.0} and not report.notes


def test_all_right_asks_nobody(made: tuple[Course, AnswerKey], zygote: Zygote) -> None:
    one = Oracle(*made)
    report = grade(made[1], submission(INNER, MIDDLE, OUTER), zygote, LIMITS, oracle=one)
    assert report.score == report.max_score and one.channel is None, "and no process was started"


@pytest.mark.parametrize(
    "inner",
    [
        "",
        "inner = 3\n",
        "def inner(s):\n    raise NotImplementedError\n",
        "def inner(s):\n    raise KeyError('x')\n",
        "def inner(s):\n    return None\n",
        "import os\ndef inner(s):\n    os._exit(3)\n",
        "def inner(s):\n    return inner(s)\n",
        "def inner(s):\n    s *= 2\n    return (s * s).sum(), 2 * s\n",
        "def inner(s):\n    return np.ones(1 << 40)\n",
    ],
    ids=["missing", "no function", "stub", "raises", "None", "exits", "recursion", "in place", "memory"],
)
def test_whatever_is_wrong_with_the_called_function(marked: Any, inner: str) -> None:
    report = marked(inner, MIDDLE, OUTER)
    earned = scores(report)
    assert (earned["inner"], earned["middle"]) == (0.0, 2.0)
    # where outer raised in every case of the ordinary run, it has not refused the bad input either
    assert earned["outer"] in (3.0, 6.0)
    assert len(carried(report)) == 2 + 4


def test_a_called_function_that_never_ends(marked: Any) -> None:
    report = marked(
        "def inner(s):\n    while True: pass\n", MIDDLE, OUTER, limits=Limits(question=0.5, submission=10.0)
    )
    assert {o.verdict for o in report.questions[1].outcomes} == {Verdict.TIMEOUT}
    assert scores(report)["middle"] == 2.0


def test_one_that_is_wrong_in_itself_stays_wrong(marked: Any) -> None:
    report = marked(WRONG, MIDDLE, OUTER.replace("ds * x", "ds"))
    assert scores(report)["outer"] == 1 + 1 + 2
    assert not [name for name in carried(report) if "outer/dw" in name]
    (wrong,) = [o for o in report.questions[2].outcomes if (o.output, o.case) == ("dw", "seen")]
    assert wrong.message.startswith("dw is wrong")


def test_one_that_never_calls_the_wrong_one_gets_nothing(marked: Any) -> None:
    report = marked(WRONG, "def middle(s):\n    return (s * s).sum()\n", OUTER)
    assert scores(report)["middle"] == 0.0


def test_what_passed_stays_as_it_was(marked: Any) -> None:
    """The wrong function is called, and its result thrown away where it does not matter."""
    report = marked(WRONG, "def middle(s):\n    inner(s)\n    return (s * s).sum() / 2\n", OUTER)
    assert all(o.verdict is Verdict.PASS and not o.carried for o in report.questions[1].outcomes)


def test_through_a_right_function_in_between(marked: Any) -> None:
    """outer calls middle, which is wrong because inner is: the reference answers both."""
    outer = OUTER.replace("total, ds = inner(x * w)", "total, ds = 2 * middle(x * w), 2 * x * w")
    report = marked(WRONG, MIDDLE, outer)
    assert carried(report)["outer/total/seen"] == "middle"
    assert scores(report)["outer"] == 1 + 1 + 6, "dw never was wrong"


def test_the_called_one_is_listed_through_another(made: tuple[Course, AnswerKey], zygote: Zygote) -> None:
    """calls= is closed at use: outer that lists middle alone may call inner too."""
    course, key = made
    questions = (*key.questions[:2], replace(key.questions[2], calls=("middle",)))
    key = replace(key, questions=questions)
    one = Oracle(course, key)
    try:
        report = grade(key, submission(WRONG, MIDDLE, OUTER), zygote, LIMITS, oracle=one)
    finally:
        one.close()
    assert scores(report)["outer"] == 6.0


@pytest.mark.parametrize(
    ("call", "files"),
    [
        ("inner(s=x * w)", {}),
        ("TABLE['inner'](x * w)", {}),
        ("(lambda f: f(x * w))(inner)", {}),
        ("functools.partial(inner, x * w)()", {}),
        ("later(x * w)", {}),
    ],
    ids=["by keyword", "a table", "passed on", "partial", "an alias"],
)
def test_ways_to_call(marked: Any, call: str, files: dict[str, str]) -> None:
    more = "import functools\nTABLE = {'inner': inner}\nlater = inner\n"
    report = marked(WRONG, MIDDLE, more, OUTER.replace("inner(x * w)", call), **files)
    assert scores(report)["outer"] == 6.0, report.questions[2].outcomes


def test_functions_that_live_in_a_file_beside_it(marked: Any) -> None:
    helper = f"import numpy as np\n{WRONG}{MIDDLE}{OUTER}"
    report = marked("from helper import inner, middle, outer\n", helper=helper)
    assert scores(report) == {"inner": 0.0, "middle": 2.0, "outer": 6.0}


def test_a_helper_of_the_same_name_is_another_function(marked: Any) -> None:
    helper = "def inner(s):\n    return 7\ndef seven():\n    return inner(0)\n"
    outer = OUTER.replace("return total", "assert seven() == 7\n    return total")
    report = marked("from helper import seven\n", WRONG, MIDDLE, outer, helper=helper)
    assert scores(report)["outer"] == 6.0


def test_what_comes_back_has_the_form_of_the_students_own(marked: Any) -> None:
    check = "assert type(answer) is tuple and type(answer[0]) is np.float64 and answer[1].flags.writeable"
    outer = OUTER.replace("total, ds = inner(x * w)", f"answer = inner(x * w)\n    {check}\n    total, ds = answer")
    outer += "def middle(s):\n    half = inner(s)[0] / 2\n    return half\n"
    report = marked(INNER.replace("2 * s", "3 * s"), outer)
    assert scores(report)["outer"] == 1 + 2 + 2 + 2, "total was right before: the form is checked in dw"


def test_a_bad_input_that_is_refused_is_not_carried(marked: Any) -> None:
    report = marked("def inner(s):\n    raise ValueError\n", MIDDLE, OUTER.replace("raise ValueError", "pass"))
    assert not [name for name in carried(report) if "too large" in name]


TORCH = CHAIN.replace("np.array([1.0, 2.0])", "np.array([1.0, 2.0], dtype=np.float32)")


def test_torch_assignments_get_tensors(tmp_path: Path) -> None:
    course = write_course(tmp_path, TORCH, library="torch")
    key, zygote = freeze(course, "demo"), Zygote("torch")
    one = Oracle(course, key)
    check = (
        "    import torch\n    assert type(total) is torch.Tensor and total.dim() == 0 and type(ds) is torch.Tensor\n"
    )
    outer = OUTER.replace("    return total", check + "    return total")
    try:
        report = grade(key, submission(WRONG, MIDDLE, outer), zygote, LIMITS, oracle=one)
    finally:
        one.close()
        zygote.close()
    assert scores(report) == {"inner": 0.0, "middle": 2.0, "outer": 6.0}


# -- circles, and other ways to get more than one's own ------------------------------------------------------


@pytest.mark.parametrize(
    "inner",
    [
        "def inner(s):\n    return outer(s, np.ones_like(s))\n",
        "def inner(s):\n    return helper(s)\ndef helper(s):\n    return outer(s, np.ones_like(s))\n",
        "def inner(s):\n    try:\n        return outer(s, s)\n    except RecursionError:\n        return 0, s\n",
    ],
    ids=["direct", "by a helper", "caught"],
)
def test_a_circle_ends_in_a_clear_outcome_without_points(marked: Any, inner: str) -> None:
    report = marked(inner, MIDDLE.replace("inner(s)[0]", "(s * s).sum()"), OUTER)
    assert scores(report)["inner"] == 0.0
    assert scores(report)["outer"] <= 3.0 and not carried(report)
    assert "inner calls outer, which calls it: nothing is carried forward in a circle" in report.notes
    if "try" not in inner:
        assert {o.kind for o in report.questions[0].outcomes} == {"RecursionError"}


def test_recursion_of_its_own(marked: Any) -> None:
    report = marked(WRONG, "def middle(s):\n    inner(s)\n    return middle(s)\n", OUTER)
    assert {(o.verdict, o.kind) for o in report.questions[1].outcomes} <= {
        (Verdict.ERROR, "RecursionError"),
        (Verdict.ERROR, "unreadable answer"),
    }
    assert scores(report)["middle"] == 0.0 and not [n for n in carried(report) if "middle" in n]


def test_answers_that_are_kept_help_nobody(marked: Any) -> None:
    """The second run comes after all marks of the first and in a process of its own."""
    keeps = """
    KEPT = {}
    def inner(s):
        return KEPT.get(s.tobytes(), (0.0, s))
    def middle(s):
        KEPT[s.tobytes()] = inner(s)
        import sys
        sys.modules["demo"].inner = lambda s: KEPT[s.tobytes()]
        try:
            open("/tmp/kept", "w").write("x")
        except OSError:
            pass
        return inner(s)[0] / 2
    """
    again = [marked(textwrap.dedent(keeps), OUTER) for _ in range(2)]
    for report in again:
        assert scores(report)["inner"] == 0.0
        assert {o.verdict for o in report.questions[0].outcomes} == {Verdict.FAIL}
    assert scores(again[0]) == scores(again[1])


FORGED = """
import gc, json, os, struct
session = next(o for o in gc.get_objects() if type(o).__name__ == "Session")

def ask_for(name, *nodes):
    text = json.dumps({"ask": name, "args": list(nodes), "sizes": []}).encode()
    os.write(session.pipe.write_fd, struct.pack(">IQ", len(text), 0) + text)
    return session.pipe.receive()[0]
"""


@pytest.mark.parametrize("name", ["outer", "middle", "open", "__import__", "", "inner.__globals__"])
def test_asking_for_what_is_not_offered(marked: Any, name: str) -> None:
    middle = (
        f"def middle(s):\n    inner(s)\n    assert 'answer' in ask_for({name!r}, ['l', []]), 'refused'\n    return 0\n"
    )
    report = marked(FORGED, WRONG, middle, OUTER)
    assert scores(report)["middle"] == 0.0 and scores(report)["outer"] == 6.0


def test_a_right_function_is_not_answered(marked: Any) -> None:
    """Only the wrong ones are: middle is right here, so outer cannot have it answered."""
    outer = OUTER.replace("total, ds", "ask_for('middle', ['l', [['n', 1.0]]])['answer']\n    total, ds")
    report = marked(FORGED, WRONG, "def middle(s):\n    return (s * s).sum() / 2\n", outer)
    assert scores(report)["middle"] == 2.0 and scores(report)["outer"] <= 3.0


def test_a_flood_of_questions_ends(marked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "MAX_ASKS", 50)
    report = marked(WRONG, "def middle(s):\n    for _ in range(51): half = inner(s)[0] / 2\n    return half\n", OUTER)
    assert scores(report)["middle"] == 0.0 and scores(report)["outer"] == 6.0


def test_what_answering_may_take_is_bounded(made: tuple[Course, AnswerKey], zygote: Zygote) -> None:
    """A second of answers and no more: the rest is refused, and the student's own limit never ran out."""

    class Slow(Oracle):
        count = 0

        def start(self) -> None:
            pass

        def answer(self, name: str, args: Any) -> Any:
            self.count += 1
            time.sleep(0.3)
            return 5.0, np.zeros(2)

    one = Slow(*made)
    middle = "def middle(s):\n    while True: inner(s)\n"
    report = grade(made[1], submission(WRONG, middle), zygote, Limits(question=0.5, submission=1.0), oracle=one)
    assert scores(report)["middle"] == 0.0 and 1 <= one.count <= 5


HUGE = [
    "np.zeros(1 << 22)", "[s] * 100000", "np.array([s, None], dtype=object)", "np.full(3, np.nan)", "object()", "None",
    "[[[[[[[[[[[[[[[[[[1.0]]]]]]]]]]]]]]]]]]", "'x' * 100000", "{'a': 1}", "np.zeros((0, 3))", "s, s", "",
]  # fmt: skip


@pytest.mark.parametrize("argument", HUGE)
def test_hostile_arguments_cost_their_asker_alone(marked: Any, argument: str) -> None:
    report = marked(WRONG, f"def middle(s):\n    return inner({argument})[0] / 2\n", OUTER)
    assert report.status == "graded"
    assert scores(report)["middle"] == 0.0 and scores(report)["outer"] == 6.0


def test_what_a_refused_call_raises(marked: Any) -> None:
    middle = """
    def middle(s):
        try:
            inner(None)
        except RuntimeError as error:
            assert str(error) == "the reference, which stands in for inner here, does not answer this call"
        return inner(s)[0] / 2
    """
    assert scores(marked(textwrap.dedent(WRONG), textwrap.dedent(middle), OUTER))["middle"] == 2.0


def test_a_refused_call_alone_is_no_call(marked: Any) -> None:
    """Whoever is right only now, and was given no answer, is not right because of an answer."""
    middle = """
    def middle(s):
        try:
            inner(None)
        except RuntimeError:
            return (s * s).sum() / 2
        except Exception:
            return 0
    """
    assert scores(marked(textwrap.dedent(WRONG), textwrap.dedent(middle), OUTER))["middle"] == 0.0


def test_asking_from_threads(marked: Any) -> None:
    middle = """
    import threading
    def middle(s):
        out = []
        threads = [threading.Thread(target=lambda: out.append(inner(s)[0])) for _ in range(4)]
        for t in threads: t.start()
        for t in threads: t.join()
        return sum(out) / 8
    """
    report = marked(WRONG, textwrap.dedent(middle), OUTER)
    assert scores(report)["middle"] == 2.0


def test_a_thread_that_goes_on_asking_breaks_nobody(marked: Any) -> None:
    middle = """
    import threading
    def forever(s):
        while True: inner(s)
    def middle(s):
        threading.Thread(target=forever, args=(s,), daemon=True).start()
        return inner(s)[0]
    """
    report = marked(WRONG, textwrap.dedent(middle), OUTER)
    assert report.status == "graded" and scores(report)["middle"] == 0.0 and scores(report)["outer"] == 6.0


def test_the_second_run_keeps_to_the_limits(marked: Any) -> None:
    middle = "def middle(s):\n    inner(s)\n    while inner(s)[0] == 5.0: pass\n    return 1.0\n"
    report = marked(WRONG, middle, OUTER, limits=Limits(question=0.5, submission=5.0))
    assert scores(report)["middle"] == 0.0 and scores(report)["outer"] == 6.0


# -- faults of ours ------------------------------------------------------------------------------------------


class Broken(Oracle):
    def start(self) -> None:
        raise SandboxError("the reference does not start (killed)")


def test_a_dead_oracle_leaves_the_question_ungraded_never_at_zero(
    made: tuple[Course, AnswerKey], zygote: Zygote
) -> None:
    report = grade(made[1], submission(WRONG, MIDDLE, OUTER), zygote, LIMITS, oracle=Broken(*made))
    assert scores(report) == {"inner": 0.0, "middle": None, "outer": None}
    assert report.score is None and report.status == "ungraded"
    assert "error carried forward: the reference does not start (killed)" in report.notes


def test_a_dead_oracle_costs_only_those_that_need_it(made: tuple[Course, AnswerKey], zygote: Zygote) -> None:
    right = grade(made[1], submission(INNER, MIDDLE, OUTER), zygote, LIMITS, oracle=Broken(*made))
    assert right.score == right.max_score
    own = submission(INNER, MIDDLE, OUTER.replace("ds * x", "ds"))
    assert grade(made[1], own, zygote, LIMITS, oracle=Broken(*made)).status == "graded"


def test_what_hangs_on_an_ungraded_question_is_not_final(made: tuple[Course, AnswerKey], zygote: Zygote) -> None:
    known = {"inner": QuestionResult("inner", None, 8.0, ())}
    report = grade(made[1], submission(WRONG, MIDDLE, OUTER), zygote, LIMITS, known, oracle=Broken(*made))
    assert scores(report)["middle"] is None and "inner, which middle may call, is ungraded" in report.notes


def no_torch() -> str:
    raise UsageError("no torch")


def test_without_torch_the_report_says_that_it_was_not_done(
    made: tuple[Course, AnswerKey], oracle: Oracle, zygote: Zygote, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """And what was graded so is graded anew where torch is."""
    monkeypatch.setattr(asking, "torch_version", no_torch)
    without = Oracle(*made)
    monkeypatch.undo()
    assert not without.available
    work = submission(WRONG, MIDDLE, OUTER)

    def batch(one: Oracle) -> Report:
        setting = Setting(made[1], LIMITS, zygote.isolation, made[0], carries=one.available)
        (report,) = graded_batch(setting, [work], 1, lambda: zygote, tmp_path / "store", one)
        return report

    for _ in range(2):  # stored, and told again
        report = batch(without)
        assert scores(report) == {"inner": 0.0, "middle": 0.0, "outer": 3.0} and report.status == "graded"
        assert report.notes == ("error carried forward was not done: torch is not installed",)
    report = batch(oracle)
    assert scores(report) == {"inner": 0.0, "middle": 2.0, "outer": 6.0} and not report.notes
    assert scores(batch(Broken(*made))) == scores(report), "stored: nothing is run again"
    assert carried(batch(Broken(*made))) == carried(report)


def test_a_stored_result_depends_on_what_lies_below_it(made: tuple[Course, AnswerKey]) -> None:
    key, work = made[1], submission(INNER)

    def keys(key: AnswerKey, carries: bool = True) -> dict[str, str]:
        return content_keys(key, work, LIMITS, "strong", carries)

    before = keys(key)
    assert keys(key, False)["inner"] == before["inner"] and keys(key, False)["outer"] != before["outer"]
    moved = replace(key, questions=(replace(key.questions[0], title="x"), *key.questions[1:]))
    assert all(keys(moved)[name] != before[name] for name in ("inner", "middle", "outer"))
    other = replace(key, provenance={**key.provenance, "sources": "others"})
    assert keys(other)["inner"] == before["inner"] and keys(other)["middle"] != before["middle"]


def test_a_called_result_may_come_from_the_store(
    made: tuple[Course, AnswerKey], oracle: Oracle, zygote: Zygote
) -> None:
    work = submission(WRONG, MIDDLE, OUTER)
    first = grade(made[1], work, zygote, LIMITS, oracle=oracle)
    known = {"inner": first.questions[0]}
    again = grade(made[1], work, zygote, LIMITS, known, oracle)
    assert scores(again) == scores(first) and carried(again) == carried(first)


def test_many_at_once_share_one_oracle(made: tuple[Course, AnswerKey], oracle: Oracle, tmp_path: Path) -> None:
    works = [replace(submission(WRONG, MIDDLE, OUTER), student=f"s{i}") for i in range(12)]
    zygotes: list[Zygote] = []

    def make() -> Zygote:
        zygotes.append(Zygote())
        return zygotes[-1]

    try:
        setting = Setting(made[1], LIMITS, "x", made[0], carries=True)
        reports = graded_batch(setting, works, 4, make, tmp_path / "store", oracle)
    finally:
        for one in zygotes:
            one.close()
    assert [r.score for r in reports] == [8.0] * 12


# -- conventions ---------------------------------------------------------------------------------------------

HALVED = (
    CHAIN
    + """

@outer.accept("halved")
def halved(x, w):
    return ((x * w) ** 2).sum() / 2
"""
)


def test_a_convention_is_followed_in_the_second_run_too(tmp_path: Path, zygote: Zygote) -> None:
    course = write_course(tmp_path, HALVED, names="inner, middle, outer")
    key = freeze(course, "demo")
    one = Oracle(course, key)
    half = OUTER.replace("total, ds * x", "total / 2, ds * x / 2")
    try:
        report = grade(key, submission(WRONG, MIDDLE, half), zygote, LIMITS, oracle=one)
        assert scores(report)["outer"] == 6.0 and report.questions[2].convention == ("halved",)
        torn = OUTER.replace("total, ds * x", "total / 2, ds * x")
        assert scores(grade(key, submission(WRONG, MIDDLE, torn), zygote, LIMITS, oracle=one))["outer"] < 6.0
    finally:
        one.close()


# -- authoring -----------------------------------------------------------------------------------------------

STEPS = '''

@question(out=1, steps=[new("x"), call("forward", gives="out")])
def Layer(x):
    """Twice x. x (N,); out (N,)."""
    return 2 * x


@Layer.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))


@question(y=1, calls=[Layer], carry=0.5)  # here
def after(x):
    """Twice x. x (N,); y (N,)."""
    return 2 * x
'''
REFUSALS = {
    "a name": (CHAIN.replace("calls=[inner], carry=1", "calls=['inner'], carry=1"), "calls=['inner']"),
    "nothing": (CHAIN.replace("calls=[inner], carry=1", "calls=[], carry=1"), "calls=[]"),
    "not a list": (CHAIN.replace("calls=[inner], carry=1", "calls=inner, carry=1"), "List questions"),
    "twice": (CHAIN.replace("calls=[inner], carry=1", "calls=[inner, inner], carry=1"), "lists inner twice"),
    "no carry": (CHAIN.replace(", carry=1)", ")"), "calls= without carry="),
    "no calls": (CHAIN.replace("calls=[inner], carry=1", "carry=1"), "carry= without calls="),
    "carry of 0": (CHAIN.replace("carry=1)", "carry=0)"), "carry=0"),
    "carry above 1": (CHAIN.replace("carry=1)", "carry=1.5)"), "carry=1.5"),
    "carry True": (CHAIN.replace("carry=1)", "carry=True)"), "carry=True"),
    "carry in words": (CHAIN.replace("carry=1)", "carry='half')"), "carry='half'"),
    "a class": (CHAIN + STEPS, "which is a class in steps"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_slips_are_refused_with_file_and_line(tmp_path: Path, name: str) -> None:
    source, said = REFUSALS[name]
    course = write_course(tmp_path, source)
    with pytest.raises(AuthorError) as caught:
        freeze(course, "demo")
    text = (tmp_path / "reference" / "demo" / "q.py").read_text()
    marker = "# here" if "# here" in text else "@question(half=2"
    assert said in str(caught.value)
    assert caught.value.file.endswith("q.py") and caught.value.line == line_of(text, marker)


def test_what_cannot_be_asked_is_refused(tmp_path: Path) -> None:
    kink = CHAIN.replace('yield Case("seen", s=', 'yield Case("seen", kink=True, s=', 1)
    with pytest.raises(AuthorError, match="graded at a kink"):
        freeze(write_course(tmp_path / "kink", kink), "demo")
    fixture = CHAIN.replace("np.array([1.0, 2.0])", 'Fixture("two")', 1)
    made = write_course(tmp_path / "fixture", fixture, fixtures="import torch\ndef two(): return torch.ones(2)\n")
    with pytest.raises(AuthorError, match="takes a Fixture"):
        freeze(made, "demo")


def test_a_question_that_is_not_listed_cannot_be_called(tmp_path: Path) -> None:
    with pytest.raises(AuthorError, match="calls=\\[middle\\], which 'Demo' does not list"):
        freeze(write_course(tmp_path, CHAIN, names="inner, outer"), "demo")


def test_calls_travel_with_the_key(made: tuple[Course, AnswerKey]) -> None:
    again = load(dump(public_view(made[1])))
    assert [(q.calls, q.carry) for q in again.questions] == [((), 0.0), (("inner",), 1.0), (("middle", "inner"), 0.5)]
    assert [q.name for q in again.below(again.questions[2])] == ["inner", "middle"]


# -- from the command line -----------------------------------------------------------------------------------


def test_from_the_command_line(grader: Run, tmp_path: Path) -> None:
    course = write_course(tmp_path / "course", CHAIN)
    files = {"ada": (WRONG, MIDDLE, OUTER), "bob": (INNER, MIDDLE, OUTER), "cid": (WRONG, "def middle(s): return 0\n")}
    (tmp_path / "in").mkdir()
    for name, parts in files.items():
        (tmp_path / "in" / f"{name}.py").write_text("import numpy as np\n" + "".join(parts))
    out = tmp_path / "out"
    command = ["grade", "demo", tmp_path / "in", "--out", out, "--course", course.root, "--secret-file"]
    done = grader(*command, course.secret_file)
    assert done.returncode == 0, done.stderr
    rows = (out / "grades.csv").read_text().splitlines()
    assert rows[1:] == ["ada,8,19,graded,0,2,6,", "bob,19,19,graded,8,2,9,", "cid,0,19,graded,0,0,0,"]
    assert "inner: a constant factor; carried: middle, outer" in done.stdout
    reports = {r["student"]: r for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}
    found = {o["carried"] for q in reports["ada"]["questions"] for o in q["outcomes"]}
    assert found == {"", "inner"}
    again = grader(*command, course.secret_file).stdout
    assert again.replace(" (3 of them from the store)", "") == done.stdout != again, "from the store, the same"


def test_check_points_at_what_to_mend_first(grader: Run, tmp_path: Path) -> None:
    course = write_course(tmp_path / "course", CHAIN)
    more = ["--course", course.root, "--secret-file", course.secret_file]
    assert grader("release", "demo", "--out", tmp_path / "desk", *more).returncode == 0
    work = tmp_path / "desk" / "demo.py"
    work.write_text("import numpy as np\n" + WRONG + MIDDLE + OUTER)
    said = grader("check", cwd=tmp_path / "desk").stdout
    assert said.count("inner, which it may call, is wrong too: mend that one first") == 2
    assert said.count("middle, which it may call, is wrong too: mend that one first") == 1
    work.write_text("import numpy as np\n" + INNER + MIDDLE + OUTER.replace("ds * x", "ds"))
    assert "may call" not in grader("check", cwd=tmp_path / "desk").stdout
