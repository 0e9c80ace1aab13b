"""Calls that are ours, to see kept state and to explain, cost a right student nothing: no time, no memory, no mark."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator

import pytest
from coursekit import write_course

from grader.freeze import freeze
from grader.model import AnswerKey, Limits, Report, SourceFile, Submission
from grader.pipeline import grade
from grader.sandbox.spawn import Launcher
from grader.sandbox.zygote import launcher

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: written for the Linux sandbox")

QUESTION = '''
@question(loss=1, dx=1)
def {name}(x):
    """Sum of squares. x (N,); loss (), dx (N,)."""
    return (x * x).sum()


@{name}.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))

'''
NAMES = ("q0", "q1", "q2", "q3")


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> AnswerKey:
    source = "".join(QUESTION.format(name=name) for name in NAMES)
    return freeze(write_course(tmp_path_factory.mktemp("course"), source), "demo")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Launcher]:
    made = launcher("numpy")
    with contextlib.closing(made):
        yield made


def graded(key: AnswerKey, sandbox: Launcher, source: str, limits: Limits = Limits()) -> Report:  # noqa: B008
    files = (SourceFile("demo.py", source.encode()),)
    return grade(key, Submission("ada", files, "demo.py"), sandbox, limits)


def test_who_uses_nearly_all_the_time_keeps_every_mark(key: AnswerKey, sandbox: Launcher) -> None:
    """8 calls of 0.4 s in a limit of 4 s: a second call of each would not fit."""
    functions = "".join(f"def {name}(x):\n    time.sleep(0.4)\n    return (x * x).sum(), 2 * x\n\n" for name in NAMES)
    report = graded(key, sandbox, "import time\n" + functions, Limits(question=1.5, submission=4.0))
    assert report.score == 8.0, [q.score for q in report.questions]


def test_a_call_of_half_the_questions_limit_and_a_slow_file(key: AnswerKey, sandbox: Launcher) -> None:
    functions = "".join(f"def {name}(x):\n    time.sleep(1.0)\n    return (x * x).sum(), 2 * x\n\n" for name in NAMES)
    source = "import time\ntime.sleep(1)\n" + functions
    report = graded(key, sandbox, source, Limits(question=2.5, submission=10.0))
    assert report.score == 8.0, [q.score for q in report.questions]


def test_memory_that_one_question_keeps_is_not_charged_to_another(key: AnswerKey, sandbox: Launcher) -> None:
    """Two kept calls fit in the limit beside what the others take; three would not."""
    keeps = "H = []\ndef q0(x):\n    H.append(np.zeros(600 << 17))\n    return (x * x).sum(), 2 * x\n\n"
    takes = "".join(
        f"def {name}(x):\n    np.zeros(500 << 17)\n    return (x * x).sum(), 2 * x\n\n" for name in NAMES[1:]
    )
    report = graded(key, sandbox, "import numpy as np\n" + keeps + takes)
    assert report.score == 8.0, [q.score for q in report.questions]


def test_state_shows_even_where_each_first_call_is_right(key: AnswerKey, sandbox: Launcher) -> None:
    right = "".join(f"def {name}(x):\n    return (x * x).sum(), 2 * x\n\n" for name in NAMES[1:])
    kept = "S = {}\ndef q0(x):\n    S[len(x)] = S.get(len(x), 0) + 2 * x\n    return (x * x).sum(), S[len(x)]\n\n"
    report = graded(key, sandbox, kept + right)
    (wrong,) = [o for q in report.questions for o in q.outcomes if o.verdict != "PASS"]
    assert (wrong.question, wrong.output, wrong.hidden, wrong.kind) == ("q0", "dx", True, "state kept between calls")
    assert report.score == 7.5


def test_explaining_a_slow_wrong_gradient_is_bounded(key: AnswerKey, sandbox: Launcher) -> None:
    """It sleeps where it is nudged; four questions may not hold a batch up by four times two seconds and reloads."""
    functions = "".join(
        f"def {name}(x):\n    C.append(0)\n    time.sleep(5 if len(C) > 8 else 0)\n"
        "    return (x * x).sum(), 3 * x + 0.1\n\n"
        for name in NAMES
    )
    started = time.monotonic()
    report = graded(key, sandbox, "import time\nC = []\n" + functions)
    assert report.score == 4.0
    assert time.monotonic() - started < 15, "one request that takes too long is the last"
