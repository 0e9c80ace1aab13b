"""The process that answers with the reference: right answers, refusals, and what becomes of it when it dies."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coursekit import write_course

from grader import asking
from grader.asking import Oracle, fit
from grader.course import Course
from grader.errors import SandboxError
from grader.freeze import freeze
from grader.model import AnswerKey
from grader.oracle import Answers

SOURCE = '''
import os


@question(loss=1, dx=2)
def square(x, scale):
    """Scaled sum of squares. x (N,), scale; loss (), dx (N,)."""
    if isinstance(scale, float) and scale == 13.0:
        while True:
            pass
    if isinstance(scale, float) and scale == 14.0:
        os._exit(1)
    if isinstance(scale, float) and scale == 15.0:
        torch.zeros(10**11)
    print("a reference that prints", flush=True)
    os.write(1, b"and writes")
    return scale * (x * x).sum()


@square.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), scale=2.0)
    yield Case("unseen", hidden=True, x=rng.normal(size=3), scale=0.5)


@question(a=2, dz=3)
def sigmoid(z, da):
    """Sigmoid. z (N,), da (N,); a (N,), dz (N,)."""
    return torch.sigmoid(z)


@sigmoid.cases
def _(rng):
    yield Case("seen", z=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, z=rng.normal(size=3))


@question(rows=1)
def pick(S, y):
    """S[i, y[i]]. S (N, K), y (N,); rows (N,)."""
    return S.gather(1, y[:, None])[:, 0]


@pick.cases
def _(rng):
    yield Case("seen", S=np.array([[1.0, 2.0]]), y=np.array([1]))
    yield Case("unseen", hidden=True, S=rng.normal(size=(3, 4)), y=rng.integers(4, size=3))
'''


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, AnswerKey]:
    course = write_course(tmp_path_factory.mktemp("course"), SOURCE)
    return course, freeze(course, "demo")


@pytest.fixture(scope="module")
def oracle(made: tuple[Course, AnswerKey]) -> Iterator[Oracle]:
    one = Oracle(*made)
    yield one
    one.close()


def processes() -> set[int]:
    """Oracles among our children, by their command lines."""
    me, found = os.getpid(), set[int]()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                stat = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
                line = Path("/proc", name, "cmdline").read_bytes()
            except OSError:
                continue
            if int(stat[1]) == me and b"grader.oracle" in line:
                found.add(int(name))
    return found


linux = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="NOT RUN: looks into /proc")

# -- answers -------------------------------------------------------------------------------------------------


def test_outputs_come_as_a_tuple_in_their_order(oracle: Oracle) -> None:
    loss, dx = oracle.answer("square", [np.array([1.0, -3.0]), 2.0])
    assert loss.shape == () and loss == 20.0
    np.testing.assert_array_equal(dx, [4.0, -12.0])


def test_one_output_comes_bare(oracle: Oracle) -> None:
    np.testing.assert_array_equal(oracle.answer("pick", [np.eye(2), np.array([1, 1])]), [0.0, 1.0])


def test_the_argument_that_is_the_cotangent_is_the_cotangent(oracle: Oracle) -> None:
    z, da = np.array([0.0, 0.0]), np.array([1.0, 8.0])
    a, dz = oracle.answer("sigmoid", [z, da])
    np.testing.assert_array_equal(a, [0.5, 0.5])
    np.testing.assert_array_equal(dz, [0.25, 2.0])


def test_float32_goes_in_and_comes_out(oracle: Oracle) -> None:
    loss, dx = oracle.answer("square", [np.array([0.1], dtype=np.float32), 1.0])
    assert loss.dtype == dx.dtype == np.float32
    loss, _ = oracle.answer("square", [np.array([0.1]), 1.0])
    assert loss.dtype == np.float64


@pytest.mark.parametrize(
    "args",
    [
        [[1, -3], 2.0],
        [np.array([1, -3]), 2],
        [np.array([1.0, -3.0]), np.array(2)],
        [[1.0, np.array(-3.0)], True * 2],
    ],
    ids=["a list of integers", "integers", "an array of no axis", "a mixed list"],
)
def test_what_numpy_would_take_is_brought_into_form(oracle: Oracle, args: list[Any]) -> None:
    loss, dx = oracle.answer("square", args)
    assert loss == 20.0 and dx.tolist() == [4.0, -12.0]


def test_integers_that_are_labels_stay_integers(made: tuple[Course, AnswerKey]) -> None:
    key = made[1]
    (_, y) = fit(key.questions[2], [[[1, 2]], [1]])
    assert y.dtype.kind == "i"


def test_what_is_not_finite_is_answered_as_it_is(oracle: Oracle) -> None:
    loss, dx = oracle.answer("square", [np.array([np.nan, np.inf]), 1.0])
    assert np.isnan(loss) and np.isnan(dx[0]) and np.isinf(dx[1])


REFUSED: dict[str, tuple[str, list[Any]]] = {
    "a wrong shape": ("pick", [np.zeros((2, 2)), np.array([0, 1, 1])]),
    "a label out of range": ("pick", [np.zeros((2, 2)), np.array([0, 7])]),
    "a negative label": ("pick", [np.zeros((2, 2)), np.array([0, -1])]),
    "labels that are floats": ("pick", [np.zeros((2, 2)), np.array([0.0, 1.0])]),
    "None": ("square", [None, 1.0]),
    "text": ("square", ["x", 1.0]),
    "a dict": ("square", [{"x": 1.0}, 1.0]),
    "rows of many lengths": ("square", [[[1.0], [1.0, 2.0]], 1.0]),
    "lists that hold None": ("square", [[None, 1.0], 1.0]),
    "text for a number": ("square", [np.ones(2), "2"]),
    "a cotangent of another shape": ("sigmoid", [np.zeros(2), np.zeros(3)]),
    "too few": ("square", [np.ones(2)]),
    "too many": ("square", [np.ones(2), 1.0, 1.0]),
    "more memory than there is": ("square", [np.ones(2), 15.0]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_reference_does_not_take_is_refused(oracle: Oracle, name: str) -> None:
    function, args = REFUSED[name]
    with pytest.raises(ValueError, match=r"reference does not take|no array|inhomogeneous|dtype object|zip"):
        oracle.answer(function, args)
    assert oracle.answer("pick", [np.eye(2), np.array([1, 1])]).tolist() == [0.0, 1.0], "and it lives on"


def test_threads_share_it(oracle: Oracle) -> None:
    wrong: list[float] = []

    def ask(value: float) -> None:
        for _ in range(20):
            loss, _ = oracle.answer("square", [np.full(100, value), 1.0])
            if loss != 100 * value * value:
                wrong.append(value)

    threads = [threading.Thread(target=ask, args=(float(i),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


# -- the process ---------------------------------------------------------------------------------------------


@linux
def test_it_starts_with_the_first_call_and_ends_with_close(made: tuple[Course, AnswerKey]) -> None:
    before = processes()
    one = Oracle(*made)
    assert one.available and processes() == before
    for _ in range(2):
        one.answer("pick", [np.eye(2), np.array([1, 1])])
        assert len(processes() - before) == 1
    one.close()
    assert processes() == before
    with pytest.raises(SandboxError, match="closed"):
        one.answer("pick", [np.eye(2), np.array([1, 1])])


@linux
def test_nothing_of_ours_is_in_its_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OUR_TOKEN", "hush")
    seen = tmp_path / "seen"
    tell = f"import os, pathlib\npathlib.Path({str(seen)!r}).write_text(repr(dict(os.environ)))\n"
    source = SOURCE.replace("import os\n", tell, 1)
    course = write_course(tmp_path / "course", source)
    one = Oracle(course, freeze(course, "demo"))
    seen.unlink()
    try:
        one.start()
    finally:
        one.close()
    assert "PATH" in seen.read_text() and "hush" not in seen.read_text()


def test_it_needs_no_secret(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    answers = Answers(Course(made[0].root, tmp_path / "no such file"), "demo")
    assert answers.answer("pick", [np.eye(2), np.array([1, 1])])[0].tolist() == [0.0, 1.0]


def test_a_reference_that_hangs_is_reported_and_the_next_call_is_answered(
    made: tuple[Course, AnswerKey], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Oracle(*made)
    try:
        one.start()
        monkeypatch.setattr(asking, "ANSWER_SECONDS", 0.5)
        started = time.monotonic()
        with pytest.raises(ValueError, match="gives no answer to these arguments of square"):
            one.answer("square", [np.ones(2), 13.0])
        assert time.monotonic() - started < 30, "twice, and a start between"
        monkeypatch.undo()
        assert one.answer("square", [np.ones(2), 1.0])[0] == 2.0
    finally:
        one.close()


def test_a_reference_that_dies_is_reported_and_the_next_call_is_answered(made: tuple[Course, AnswerKey]) -> None:
    one = Oracle(*made)
    try:
        with pytest.raises(ValueError, match="gives no answer to these arguments of square"):
            one.answer("square", [np.ones(2), 14.0])
        assert one.answer("square", [np.ones(2), 1.0])[0] == 2.0
    finally:
        one.close()


@linux
def test_who_did_not_kill_it_does_not_pay(made: tuple[Course, AnswerKey]) -> None:
    one, before = Oracle(*made), processes()
    try:
        one.start()
        (process,) = processes() - before
        os.kill(process, signal.SIGKILL)
        assert one.answer("square", [np.ones(2), 1.0])[0] == 2.0
    finally:
        one.close()


def test_a_reference_that_changed_meanwhile_answers_nothing(tmp_path: Path) -> None:
    course = write_course(tmp_path, SOURCE)
    one = Oracle(course, freeze(course, "demo"))
    (course.reference("demo") / "q.py").write_text("raise OSError('half saved')\n")
    try:
        with pytest.raises(SandboxError, match="has changed since the key was frozen"):
            one.start()
        sources = course.source_digest("demo", "cpu")
        one.key = replace(one.key, provenance={**one.key.provenance, "sources": sources})
        with pytest.raises(SandboxError, match=r"does not start.*OSError: half saved"):
            one.start()
    finally:
        one.close()


def test_close_does_not_wait_for_an_answer(made: tuple[Course, AnswerKey]) -> None:
    """As after Ctrl-C: a thread that waits for the reference is told at once."""
    one, said = Oracle(*made), list[str]()

    def ask() -> None:
        try:
            one.answer("square", [np.ones(2), 13.0])
        except SandboxError as error:
            said.append(str(error))

    one.start()
    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(0.3)
    started = time.monotonic()
    one.close()
    thread.join(5)
    assert time.monotonic() - started < 2 and said == ["the reference was closed"]


def test_texts_are_refused_before_they_become_an_array(made: tuple[Course, AnswerKey]) -> None:
    """NumPy would pad every text of a list to the longest: hundreds of megabytes from one message."""
    _, key = made
    question = next(q for q in key.questions if q.name == "square")
    with pytest.raises(ValueError, match="no array"):
        fit(question, [["x" * 10_000, *[""] * 1000], 1.0])
    with pytest.raises(ValueError, match="no array"):
        fit(question, [[[1.0], ["x"]], 1.0])
