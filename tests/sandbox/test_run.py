"""A submission that loops, crashes, floods, lies or hogs costs the case in which it does, and never the grader.

Everything here is bounded, and harmless should a defence fail."""
# Student code in tables reads best unbroken; an answerer takes a name and arguments, used or not.
# ruff: noqa: ARG001, ARG005, E501

from __future__ import annotations

import contextlib
import os
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coursekit import graded_batch
from play import QUICK, ask, below, confined, linux, one, play, runner, why

from grader.cohort.desk import Setting
from grader.course import Course
from grader.errors import SandboxError
from grader.model import AnswerKey, Fixture, Limits, Report, Response, SourceFile, Step, Submission, Verdict
from grader.pipeline import grade
from grader.sandbox import channel as channel_module
from grader.sandbox.channel import Channel
from grader.sandbox.zygote import Zygote
from grader.tolerance import bounds
from grader.wire import Unusable

pytestmark = [linux, confined]
SHORT = Limits(question=0.5, submission=10.0)
SMALL = Limits(question=8.0, submission=30.0, memory=512 << 20)


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


GOOD = "\ndef good(x):\n    return 2 * x\n"

# -- time ----------------------------------------------------------------------------------------------------

ENDLESS = {
    "a Python loop": "while True: pass",
    "a loop that catches all": """
        while True:
            try:
                while True: pass
            except BaseException: pass""",
    "a C call that holds the GIL": "10 ** 10 ** 9",
    "a sleep": "time.sleep(60)",
    "a stop of itself": "os.kill(os.getpid(), signal.SIGSTOP)",
    "a wait for input": "select.select([], [], [])",
    "a lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "deaf to signals": """
        for s in signal.valid_signals():
            try: signal.signal(s, signal.SIG_IGN)
            except (OSError, ValueError): pass
        while True: pass""",
    "an endless generator as an answer": """
        class L(list):
            def __iter__(self):
                while True: yield 1.0
        return L([1.0])""",
    "an endless __array__": """
        class A:
            def __array__(self, *a, **k):
                while True: pass
        return [A()]""",
    "an endless message": """
        class E(Exception):
            def __str__(self):
                while True: pass
        raise E""",
}
IMPORTS = "import os, select, signal, threading, time\n"


def body(text: str, depth: int = 1) -> str:
    return textwrap.indent(textwrap.dedent(text).strip("\n"), "    " * depth) + "\n"


@pytest.mark.parametrize("name", ENDLESS)
def test_endless_in_a_call(zygote: Zygote, name: str) -> None:
    used: list[float] = []
    source = f"{IMPORTS}def f(x):\n    if x:\n{body(ENDLESS[name], 2)}    return 7.0\n{GOOD}"
    found = play(zygote, source, ask("f", {"x": 1.0}, {"x": 0.0}), ask("good", {"x": 2.0}), limits=SHORT, used=used)
    assert used[0] < 3.0
    if name == "a C call that holds the GIL" and found["f"][0].failure.verdict == "MEMORY":
        pytest.fail("the call ended; choose a longer one")
    assert why(found["f"][0]) == ("TIMEOUT", "time limit")
    assert found["f"][1].values == {"out": 7.0} and found["good"][0].values == {"out": 4.0}


@pytest.mark.parametrize("name", ["a Python loop", "a C call that holds the GIL", "a sleep", "a stop of itself"])
def test_endless_at_load(zygote: Zygote, name: str) -> None:
    used: list[float] = []
    source = f"{IMPORTS}if True:\n{body(ENDLESS[name])}{GOOD}"
    found = play(zygote, source, ask("good", {"x": 1.0}, {"x": 2.0}), ask("f", {"x": 1.0}), limits=SHORT, used=used)
    assert used[0] < 2.0, "a file that does not load is tried once"
    assert {why(response) for response in (*found["good"], *found["f"])} == {("TIMEOUT", "time limit")}
    assert "while the file was loaded" in found["good"][0].failure.message
    assert "while the file was loaded" in found["f"][0].failure.message


def test_loops_leave_the_other_questions_their_time(zygote: Zygote) -> None:
    source = "def f(x):\n    while True: pass\n" + GOOD
    limits = Limits(question=5.0, submission=2.0)
    questions = [ask("f", *[{"x": float(i)} for i in range(30)]), ask("good", {"x": 1.0}, {"x": 2.0})]
    used: list[float] = []
    found = play(zygote, source, *questions, limits=limits, used=used)
    assert used[0] < 3.0
    assert {why(r) for r in found["f"]} == {("TIMEOUT", "time limit")}
    assert [r.values["out"] for r in found["good"]] == [2.0, 4.0]


def values(found: dict[str, list[Response]], name: str) -> list[Any]:
    return [response.values.get("out") for response in found[name]]


@pytest.mark.parametrize("cases", [1, 3, 12])
def test_loops_in_every_case_leave_the_other_questions_their_time(zygote: Zygote, cases: int) -> None:
    """Three questions that loop in all their cases, a fourth that takes a little, and the limit of all is kept."""
    source = "import time\ndef loop(x):\n    while True: pass\na = b = c = loop\n"
    source += "def good(x):\n    time.sleep(0.02)\n    return 2 * x\n"
    limits = Limits(question=1.0, submission=3.0)
    loops = [ask(name, *[{"x": float(i)} for i in range(cases)]) for name in "abc"]
    used: list[float] = []
    found = play(zygote, source, *loops, ask("good", {"x": 1.0}, {"x": 2.0}), limits=limits, used=used)
    assert used[0] < 4.5
    assert {why(r) for name in "abc" for r in found[name]} == {("TIMEOUT", "time limit")}
    assert values(found, "good") == [2.0, 4.0]


def test_a_question_may_use_what_nobody_else_needs(zygote: Zygote) -> None:
    """Most of the submission's time in one of many questions: no equal shares."""
    source = "import time\ndef f(x):\n    time.sleep(1.0)\n    return x\n" + GOOD
    questions = [ask("f", {"x": 1.0}), *[replace(ask("good", {"x": 1.0}), name=f"good{i}") for i in range(8)]]
    found = play(zygote, source, *questions, limits=Limits(question=1.5, submission=2.0))
    assert values(found, "f") == [1.0] and all(values(found, f"good{i}") == [2.0] for i in range(8))


@pytest.mark.parametrize("slow", [0, 1, 3])
def test_one_case_may_use_most_of_its_questions_time(zygote: Zygote, slow: int) -> None:
    """60 % of the limit in one case, as a first call may take that fills a cache."""
    source = "import time\ndef f(x):\n    if x: time.sleep(1.2)\n    return 7.0\n"
    question = ask("f", *[{"x": float(i == slow)} for i in range(4)])
    assert values(play(zygote, source, question, limits=Limits(question=2.0, submission=9.0)), "f") == [7.0] * 4


def test_a_loop_in_one_case_leaves_the_later_ones_a_reserve(zygote: Zygote) -> None:
    source = "def f(x):\n    while x: pass\n    return 7.0\n"
    question = ask("f", {"x": 1.0}, {"x": 0.0}, {"x": 1.0}, {"x": 0.0})
    used: list[float] = []
    found = play(zygote, source, question, limits=Limits(question=1.0, submission=9.0), used=used)
    assert values(found, "f") == [None, 7.0, None, 7.0] and used[0] < 2.5


def test_an_author_may_give_a_question_more_or_less_time(zygote: Zygote) -> None:
    source = "import time\ndef f(x):\n    time.sleep(x)\n    return x\n"
    slow = ask("f", {"x": 0.4}, seconds=3.0)
    assert play(zygote, source, slow, limits=Limits(question=0.2, submission=10.0))["f"][0].values == {"out": 0.4}
    hasty = ask("f", {"x": 0.4}, seconds=0.2)
    assert why(play(zygote, source, hasty, limits=QUICK)["f"][0]) == ("TIMEOUT", "time limit")


def test_an_authors_longer_limit_lengthens_the_submissions(zygote: Zygote) -> None:
    source = "import time\ndef f(x):\n    time.sleep(x)\n    return x\n" + GOOD
    questions = [ask("f", {"x": 1.0}, seconds=2.0), ask("good", {"x": 1.0})]
    found = play(zygote, source, *questions, limits=Limits(question=0.4, submission=0.6))
    assert values(found, "f") == [1.0] and values(found, "good") == [2.0]


# -- loading -------------------------------------------------------------------------------------------------


def test_loading_has_a_limit_of_its_own(zygote: Zygote) -> None:
    """Loading and calling may each take nearly the limit of a question, and loading again does not count."""
    source = "import os, time\ntime.sleep(0.5)\ndef f(x):\n    if x: os._exit(1)\n    time.sleep(0.3)\n    return 7.0\n"
    question = ask("f", {"x": 0.0}, {"x": 1.0}, {"x": 0.0})
    found = play(zygote, source, question, limits=Limits(question=0.8, submission=9.0))
    assert values(found, "f") == [7.0, None, 7.0], found


def test_loading_again_and_again_is_charged_to_the_submission(zygote: Zygote) -> None:
    source = "import os, time\ntime.sleep(0.4)\ndef f(x):\n    os._exit(1)\n" + GOOD
    questions = [replace(ask("f", *[{"x": float(i)} for i in range(5)]), name=f"f{i}") for i in range(9)]
    used: list[float] = []
    found = play(zygote, source, *questions, limits=Limits(question=0.5, submission=1.5), used=used)
    assert used[0] < 5.0
    assert not any(r.values for name in found for r in found[name])


def test_fixtures_are_built_before_the_file_is_loaded(zygote: Zygote) -> None:
    """What student code does to NumPy does not reach them, and their time is not the student's."""
    fixtures = "import sys, time\nimport numpy as np\ntime.sleep(0.7)\nearly = 'student' not in sys.modules\n"
    fixtures += "ones = np.ones\ndef first():\n    return [early, float(ones(3).sum())]\n"
    source = "import numpy as np\nnp.ones = None\ndef f(x, y):\n    return x\n"
    inputs = {"x": Fixture("first", {}), "y": 1.0}
    made = play(zygote, source, ask("f", inputs), limits=Limits(question=0.5, submission=1.0), fixtures=fixtures)
    assert made["f"][0].values["out"].tolist() == [1.0, 3.0]


@pytest.mark.parametrize(
    "fixtures", ["raise ValueError('no such file')\n", "def f(:\n", "import os\nos._exit(3)\n", "import nowhere\n"]
)
def test_fixtures_that_fail_are_our_fault(zygote: Zygote, fixtures: str) -> None:
    with pytest.raises(SandboxError, match=r"did not get ready|does not load where it is graded"):
        play(zygote, GOOD, ask("good", {"x": 1.0}), fixtures=fixtures)
    report = judged(zygote, GOOD, {"good": 2.0}, fixtures=fixtures)
    assert report.status != "graded" and report.score is None
    assert {o.verdict for q in report.questions for o in q.outcomes} == {Verdict.UNGRADED}
    assert judged(zygote, GOOD, {"good": 2.0}).score == 1.0, "the next one is graded"


# -- workers that start slowly -------------------------------------------------------------------------------


def test_starting_a_worker_is_not_charged(zygote: Zygote) -> None:
    """The first submission of a batch waits for NumPy or torch to be imported; that costs it no time."""

    class Slow:
        isolation = zygote.isolation

        def start(self, limits: Limits) -> Channel:
            time.sleep(0.6)
            return zygote.start(limits)

        def close(self) -> None: ...

    source = "import os\ndef f(x):\n    return x or os._exit(1)\n" + GOOD
    limits = Limits(question=0.5, submission=1.0)
    found = play(Slow(), source, ask("f", {"x": 1.0}, {"x": 0.0}, {"x": 3.0}), ask("good", {"x": 1.0}), limits=limits)
    assert [r.values.get("out") for r in found["f"]] == [1.0, None, 3.0] and found["good"][0].values == {"out": 2.0}


# -- crashes -------------------------------------------------------------------------------------------------

CRASHES = {
    "os._exit(0)": ("os._exit(0)", "ended the process (exit code 0)"),
    "os._exit(3)": ("os._exit(3)", "ended the process (exit code 3)"),
    "a segmentation fault": ("ctypes.string_at(0)", "segmentation fault"),
    "abort": ("os.abort()", "aborted"),
    "a kill of itself": ("os.kill(os.getpid(), signal.SIGKILL)", "killed"),
    "a real-time signal": ("os.kill(os.getpid(), 40)", "killed by signal 40"),
    "an unusual signal": ("os.kill(os.getpid(), signal.SIGUSR1)", "killed by SIGUSR1"),
    "closing the wire": ("os.closerange(3, 64); return 1.0", ""),
    "closing everything": ("os.closerange(0, 64); time.sleep(5)", ""),
    "a stack overflow in C": (
        "out = ()\n    for _ in range(10**6): out = (out,)\n    hash(out)",
        "segmentation fault",
    ),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_costs_one_case(zygote: Zygote, name: str) -> None:
    text, cause = CRASHES[name]
    source = f"import ctypes, os, signal, sys, time\ndef f(x):\n    if x:\n        {text.replace(chr(10), chr(10) + '    ')}\n"
    source += "    return 7.0\n" + GOOD
    found = play(zygote, source, ask("f", {"x": 0.0}, {"x": 1.0}, {"x": 0.0}), ask("good", {"x": 2.0}))
    assert [r.values.get("out") for r in found["f"]] == [7.0, None, 7.0], found
    assert why(found["f"][1]) == ("ERROR", "crashed") and cause in found["f"][1].failure.message
    assert found["good"][0].values == {"out": 4.0}


def test_sys_exit_in_a_call_is_an_exception(zygote: Zygote) -> None:
    for how in ("import sys; sys.exit(0)", "raise KeyboardInterrupt", "raise GeneratorExit", "raise BaseException"):
        response = one(zygote, f"def f(x):\n    {how}\n")
        assert response.failure.verdict == Verdict.ERROR and not response.values


def test_too_many_crashes_stop(zygote: Zygote) -> None:
    source = "import os\ndef f(x):\n    os._exit(1)\n" + GOOD
    limits = Limits(question=5.0, submission=30.0, restarts=2)
    found = play(zygote, source, ask("f", *[{"x": float(i)} for i in range(8)]), ask("good", {"x": 1.0}), limits=limits)
    assert ["too often" in r.failure.message for r in found["f"]] == [False] * 3 + [True] * 5
    assert {why(r) for r in found["f"]} == {("ERROR", "crashed")}
    assert found["good"][0].values == {"out": 2.0}


def test_a_crash_at_load_is_told_once_for_all(zygote: Zygote) -> None:
    found = play(zygote, "import os\nos._exit(5)\n" + GOOD, ask("good", {"x": 1.0}, {"x": 2.0}))
    for response in found["good"]:
        assert why(response) == ("ERROR", "crashed") and "while the file was loaded" in response.failure.message


# -- lies on the wire ----------------------------------------------------------------------------------------

WIRES = {
    "garbage": "for fd in range(3, 16):\n            try: os.write(fd, b'\\xff' * 4096)\n            except OSError: pass",
    "text": "for fd in range(3, 16):\n            try: os.write(fd, b'All tests passed\\n' * 99)\n            except OSError: pass",
    "a frame of its own": "say({'values': {'out': ['n', 7.0]}, 'seq': 0, 'nonce': 'x', 'sizes': []})",
    "a list for a header": "say([1, 2])",
    "kinds that are no words": "say({'values': {}, 'error': {'kinds': [[], {}, None, 'ValueError']}, **tags()})",
    "a deep error": "say({'values': {}, 'error': {'message': nested(), 'type': nested(), 'kinds': 3}, **tags()})",
    "an error that is a list": "say({'values': {}, 'error': [1], **tags()})",
    "values that are a list": "say({'values': [1], **tags()})",
    "an unknown node": "say({'values': {'out': ['z', 1]}, **tags()})",
    "an array without bytes": "say({'values': {'out': ['a', 0, '<f8', [2], 'C', False]}, **tags()})",
    "bytes that are named twice": "say_bytes({'values': {'out': ['l', [['a', 0, '<f8', [1], 'C', False]] * 2]}, **tags()})",
    "an array of another layout": "say_bytes({'values': {'out': ['a', 0, '<f8', [1], 'S', False]}, **tags()})",
    "an array that is read-only": "say_bytes({'values': {'out': ['a', 0, '<f8', [1], 'C', True]}, **tags()})",
    "a question that nobody answers": "say({'ask': 'g', 'args': [], 'sizes': []})",
    "an array of objects": "say({'values': {'out': ['a', 0, '|O', [0], 'C', False]}, **tags()})",
    "a fixture": "say({'values': {'out': ['f', 'cubic', {}]}, **tags()})",
    "a huge line number": "say({'values': {}, 'error': {'kinds': [], 'line': 10**4000, 'file': 'a', 'text': 'b'}, **tags()})",
    "malformed inputs changed": "say({'values': {}, 'modified': [[], {}], **tags()})",
    "a giant header": "os.write(wire, struct.pack('>IQ', 2**32 - 1, 0))",
    "a giant body": "os.write(wire, struct.pack('>IQ', 2, 2**62) + b'{}')",
    "half a frame": "os.write(wire, struct.pack('>IQ', 200, 0) + b'{}'); os._exit(0)",
    "json.dumps replaced": "json.dumps = lambda *a, **k: 'All tests passed'; return 7.0",
    "struct replaced": "sys.modules['worker_values'] = None; struct.Struct = None; struct.pack = None; json.loads = None",
    "os.write replaced": "os.write = lambda fd, data: len(data); return 7.0",
    "stdout replaced": "sys.stdout = sys.stderr = None; print('x'); return 8.0",
}
LIAR = """
import gc, json, os, stat, struct, sys
pipes = [fd for fd in range(3, 16) if os.path.exists(f"/dev/fd/{fd}") or True]
session = next(o for o in gc.get_objects() if type(o).__name__ == "Session")
wire = session.pipe.write_fd

def nested():
    out = "x"
    for _ in range(900):
        out = [out]
    return out

def tags():
    frame = sys._getframe()
    while "nonce" not in frame.f_locals.get("header", ()):
        frame = frame.f_back
    return {"seq": session.seq, "nonce": frame.f_locals["header"]["nonce"], "sizes": []}

def parted(header, n):
    if isinstance(header, dict) and "values" in header:
        part = {k: header.pop(k) for k in ("values", "error", "modified") if k in header}
        header = {"parts": [{**part, "n": n}], "first": 0, **header}
    return header

def say(header):
    header = parted(header, 0)
    text = json.dumps(header).encode()
    os.write(wire, struct.pack(">IQ", len(text), 0) + text)

def say_bytes(header):
    header = parted(header, 1)
    text = json.dumps({**header, "sizes": [8]}).encode()
    os.write(wire, struct.pack(">IQ", len(text), 8) + text + bytes(8))
"""


@pytest.mark.parametrize("name", WIRES)
def test_lies_on_the_wire(zygote: Zygote, name: str) -> None:
    """An answer that breaks the rules costs its case; a worker that answers by itself gets what it answered."""
    source = f"{LIAR}\ndef f(x):\n    if x:\n        {WIRES[name]}\n    return 7.0\n{GOOD}"
    found = play(zygote, source, ask("f", {"x": 0.0}, {"x": 1.0}, {"x": 0.0}), ask("good", {"x": 2.0}), limits=SHORT)
    assert found["f"][0].values == {"out": 7.0}
    lie = found["f"][1]
    if name == "stdout replaced":
        assert lie.values == {"out": 8.0}
    elif name not in ("struct replaced", "json.dumps replaced", "malformed inputs changed"):
        assert lie.failure is not None and not lie.values and lie.failure.verdict in ("ERROR", "TIMEOUT"), lie
        assert len(lie.failure.message) < 2000
    assert found["good"][0].values == {"out": 4.0}, found["good"]


@pytest.mark.parametrize("name", WIRES)
def test_no_lie_stops_the_grader(zygote: Zygote, name: str) -> None:
    """The same, judged and scored: whatever came back, a report is made."""
    source = f"{LIAR}\ndef f(x):\n    {WIRES[name]}\n    return 7.0\n{GOOD}"
    report = judged(zygote, source, {"f": 1.0, "good": 2.0})
    assert report.status == "graded" and report.score is not None
    for outcome in (o for q in report.questions for o in q.outcomes):
        assert outcome.verdict != Verdict.UNGRADED and len(outcome.message) < 2000


LOADS = {
    "an error that is text": "say({'error': 'x', **tags()})",
    "an error that is a list": "say({'error': [1], **tags()})",
    "an error that is a number": "say({'error': 7, **tags()})",
    "a deep error": "say({'error': {'message': nested(), 'kinds': {}, 'line': []}, **tags()})",
    "notes that are no text": "say({'notes': [1, None, {}], 'found': [], 'present': [], **tags()})",
    "names that are no names": "say({'found': [[], {}, 7, 'good'], 'present': 7, **tags()})",
    "nothing at all": "say({**tags()})",
    "a list for a header": "say([1])",
    "a question": "say({'ask': 'g', 'args': [], 'sizes': []})",
    "half a frame": "os.write(wire, struct.pack('>IQ', 200, 0)); os._exit(0)",
    "an answer to a call": "say({'values': {'out': ['n', 4]}, **tags()})",
}


@pytest.mark.parametrize("name", LOADS)
def test_a_forged_answer_to_loading_costs_that_student_alone(zygote: Zygote, name: str) -> None:
    report = judged(zygote, f"{LIAR}\n{LOADS[name]}\n{GOOD}", {"f": 1.0, "good": 2.0})
    assert report.status == "graded" and report.score is not None
    for outcome in (o for q in report.questions for o in q.outcomes):
        assert outcome.verdict in (Verdict.ERROR, Verdict.MISSING, Verdict.PASS, Verdict.FAIL), outcome
        assert len(outcome.message) < 2000
    if "error" in LOADS[name]:
        assert {o.verdict for q in report.questions for o in q.outcomes} == {Verdict.ERROR}
    assert judged(zygote, GOOD, {"good": 2.0}).score == 1.0


@pytest.mark.parametrize("fault", [KeyError("x"), RecursionError(), OSError(24, "Too many open files")])
def test_a_fault_of_ours_stops_nobody_else(
    zygote: Zygote, fault: Exception, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Any exception in the trusted half leaves its student ungraded, and the batch goes on."""
    from grader.sandbox import talk

    real = talk.loaded_of

    def broken(got: Any) -> Any:
        if "broken" in got.get("found", ()):
            raise fault
        return real(got)

    monkeypatch.setattr(talk, "loaded_of", broken)
    key = wanting_double({"good": 2.0, "broken": 2.0})
    sources = {"ada": GOOD, "bob": GOOD + "broken = good\n", "cid": GOOD}
    submissions = [Submission(n, (SourceFile("student.py", s.encode()),), "student.py") for n, s in sources.items()]
    before = len(os.listdir("/proc/self/fd"))
    setting = Setting(key, SHORT, zygote.isolation, Course(tmp_path))
    made = graded_batch(setting, submissions, 1, lambda: zygote, tmp_path / "store")
    reports = {report.student: report for report in made}
    assert len(os.listdir("/proc/self/fd")) <= before + 2, "the zygote's, which may be new"
    bob = reports["bob"]
    assert bob.status != "graded" and {o.verdict for q in bob.questions for o in q.outcomes} == {Verdict.UNGRADED}
    assert type(fault).__name__ in bob.notes[0] or "Too many" in bob.notes[0]
    for name in ("ada", "cid"):
        assert reports[name].status == "graded" and reports[name].questions[0].score == 1.0


def judged(zygote: Zygote, source: str, inputs: dict[str, float], fixtures: str = "") -> Report:
    """A report where every question wants twice its input."""
    submission = Submission("ada", (SourceFile("student.py", source.encode()),), "student.py")
    return grade(replace(wanting_double(inputs), fixtures=fixtures), submission, zygote, SHORT)


def wanting_double(inputs: dict[str, float]) -> AnswerKey:
    questions = []
    for name, x in inputs.items():
        q = ask(name, {"x": x})
        wanted = np.array(2 * x)
        case = replace(q.cases[0], expected={"out": wanted}, bounds={"out": bounds(wanted, 0.0, 0.0, False)})
        questions.append(replace(q, cases=(case,)))
    return AnswerKey("demo", "Demo", "student.py", "numpy", tuple(questions), {})


def test_a_background_thread_on_the_wire(zygote: Zygote) -> None:
    source = LIAR + (
        "import threading, time\n"
        "def noise():\n"
        "    for _ in range(400):\n"
        "        os.write(wire, b'\\0' * 64)\n"
        "        time.sleep(0.001)\n"
        "def f(x):\n"
        "    threading.Thread(target=noise, daemon=True).start()\n"
        "    time.sleep(0.05)\n"
        "    return 7.0\n" + GOOD
    )
    found = play(zygote, source, ask("f", {"x": 1.0}), ask("good", {"x": 2.0}), limits=SHORT)
    assert why(found["f"][0]) == ("ERROR", "unreadable answer")
    assert found["good"][0].values == {"out": 4.0}


def test_an_answer_that_was_read_ahead_is_not_taken(zygote: Zygote) -> None:
    """An answer to the next request, written before it came, has another number."""
    source = LIAR + (
        "def f(x):\n    if x == 1:\n"
        "        say({'values': {'out': ['n', 7.0]}, **tags()})\n"
        "        say({'values': {'out': ['n', 99.0]}, **tags()})\n"
        "    return 3.0\n"
    )
    values = [r.values.get("out") for r in play(zygote, source, ask("f", {"x": 1.0}, {"x": 2.0}, {"x": 3.0}))["f"]]
    assert values == [7.0, None, 3.0]


# -- memory and output ---------------------------------------------------------------------------------------

HOGS = {
    "a giant array": "return np.ones(1 << 40)",
    "a giant string": "return 'x' * (1 << 33)",
    "a list": "out = []\n    while True: out.append(bytes(100))",
    "a list of lists": "out = []\n    while True: out = [out, out, [0] * 50]",
    "a dict": "out = {}\n    while True: out[len(out)] = str(len(out))",
    "arrays": "out = []\n    while True: out.append(np.ones(1 << 16))",
    "a string": "s = 'x'\n    while True: s += s",
    "an integer": "n = 1 << 60\n    while True: n <<= n.bit_length()",
    "a raised one": "raise MemoryError",
}


@pytest.mark.parametrize("name", HOGS)
def test_memory(zygote: Zygote, name: str) -> None:
    source = f"import numpy as np\ndef f(x):\n    {HOGS[name]}\n{GOOD}"
    found = play(zygote, source, ask("f", {"x": 1.0}), ask("good", {"x": 2.0}), limits=SMALL)
    assert why(found["f"][0]) == ("MEMORY", "memory limit"), found["f"][0]
    assert found["good"][0].values == {"out": 4.0}


@pytest.mark.parametrize("stream", ["print('x' * 999)", "os.write(1, b'x' * 9999)", "os.write(2, b'x' * 9999)"])
def test_a_flood_of_output_is_capped_and_stalls_nobody(zygote: Zygote, stream: str) -> None:
    source = f"import os\ndef f(x):\n    for _ in range(5000):\n        {stream}\n    return 7.0\n{GOOD}"
    limits = Limits(question=5.0, submission=20.0, output=3000)
    found = play(zygote, source, ask("f", {"x": 1.0}, {"x": 2.0}), ask("good", {"x": 2.0}), limits=limits)
    assert [r.values["out"] for r in found["f"]] == [7.0, 7.0] and found["good"][0].values == {"out": 4.0}
    assert sum(len(r.printed) for r in found["f"]) <= 3000 and found["f"][0].printed.startswith("xxx")


# -- odd values ----------------------------------------------------------------------------------------------

ODD = {
    "8 TiB that take no room": ("return np.broadcast_to(1.0, (1 << 40,))", Unusable("too large", (1 << 40,))),
    "64 MB": ("return np.zeros(8 << 20)", Unusable("too large", (8 << 20,))),
    "a list that is too long": ("return [1.0] * 5_000_000", Unusable("too large")),
    "a list 200,000 deep": ("out = []\n    for _ in range(200_000): out = [out]\n    return out", Unusable("too deep")),
    "a list in itself": ("out = []; out.append(out)\n    return out", Unusable("too deep")),
    "a generator": ("return (i for i in range(3))", Unusable("no data")),
    "an object": ("return object()", Unusable("no data")),
    "a function": ("return f", Unusable("no data")),
    "a set": ("return {1.0}", Unusable("no data")),
    "bytes": ("return b'x'", Unusable("no data")),
    "complex": ("return 1j", Unusable("no data")),
    "a complex array": ("return np.ones(2) * 1j", Unusable("complex", (2,))),
    "a masked array": ("return np.ma.masked_array([1.0, 2.0], [0, 1])", Unusable("masked array")),
    "a huge integer": ("return 10**4000", Unusable("huge integer")),
    "many dimensions": ("return np.ones((1,) * 20)", Unusable("no data")),
    "a long text": ("return 'x' * 5000", Unusable("too large")),
    "a dict of numbers": ("return {1: 2}", Unusable("no data")),
    "a structured array": ("return np.zeros(2, dtype='i4,f8')", Unusable("no data", (2,))),
    "a ragged list": ("return [[1.0], [1.0, 2.0]]", Unusable("ragged list")),
    "a matrix": ("return np.matrix([[1.0]])", np.ones((1, 1))),
    "an array that agrees with all": ("return Agree([1.0]).view(Agree)", np.ones(1)),
    "a list of a thousand lists": ("return [[1.0]] * 1000", np.ones((1000, 1))),
    "one of everything": ("return [1, 2.0, True]", np.array([1.0, 2.0, 1.0])),
    "a float of its own": ("return Float(2.5)", 2.5),
    "not finite": ("return float('-inf')", float("-inf")),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_values(zygote: Zygote, name: str) -> None:
    text, wanted = ODD[name]
    source = (
        "import numpy as np\n"
        "class Float(float):\n    def __repr__(self): return 'nan'\n"
        "class Agree(np.ndarray):\n"
        "    def __new__(cls, v): return np.asarray(v).view(cls)\n"
        "    def __array_finalize__(self, obj): pass\n"
        "    def __eq__(self, other): return True\n"
        "    def tobytes(self, *a): return b''\n"
        "    shape = property(lambda self: (9, 9))\n"
        f"def f(x):\n    {text}\n"
    )
    response = one(zygote, source)
    assert response.failure is None, response
    got = response.values["out"]
    if isinstance(wanted, np.ndarray):
        assert got.shape == wanted.shape
        np.testing.assert_array_equal(got, wanted)
    else:
        assert got == wanted


HOSTILE = {
    "__array__ that exits": "class A:\n        def __array__(self, *a, **k): os._exit(0)\n    return [A()]",
    "__array__ that lies": "class A:\n        def __array__(self, *a, **k): return 7\n    return [A()]",
    "__len__ that lies": "class A(list):\n        def __len__(self): return -1\n    return A([1.0])",
    "__len__ that is huge": "class A(list):\n        def __len__(self): return 1 << 62\n    return A([1.0])",
    "__class__ of an array": "class A:\n        __class__ = np.ndarray\n    return A()",
    "__class__ of an int": "class A:\n        __class__ = int\n    return A()",
    "__class__ that raises": "class A:\n        __class__ = property(lambda s: 1 / 0)\n    return A()",
    "__getattr__ that agrees": "class A:\n        def __getattr__(self, name): return self\n"
    "        def __call__(self, *a): return self\n    return A()",
    "__array_interface__": "class A:\n        __array_interface__ = {'shape': (3,), 'typestr': '<f8', 'data': (8, False), "
    "'version': 3}\n    return [A()]",
    "an int that hides its size": "class A(int):\n        def __abs__(self): return 0\n        def __int__(self): return 10**4000\n"
    "    return A(3)",
    "a text that hides its size": "class A(str):\n        def __len__(self): return 1\n        def __str__(self): return 'x' * 10**6\n"
    "    return A('x')",
    "a dict that lies": "class A(dict):\n        def items(self): return [('a', self)]\n    return A(a=1)",
    "an exception whose __str__ raises": "class E(Exception):\n        def __str__(self): raise SystemExit\n    raise E",
    "an exception whose __str__ is giant": "class E(Exception):\n        def __str__(self): return '\\x1b[2J\\u202e' * 10**6\n    raise E",
    "an exception with a giant name": "raise type('E' * 10**5, (Exception,), {})('x')",
    "an exception with a metaclass": "class M(type):\n        __name__ = property(lambda c: os._exit(1))\n"
    "    class E(Exception, metaclass=M): pass\n    raise E",
    "an exception with a long chain": "e = None\n    for i in range(5000):\n        n = ValueError(i); n.__cause__ = e; e = n\n    raise e",
    "an exception of half a surrogate": "raise ValueError('\\ud800')",
    "a syntax error of its own": "raise SyntaxError('x', ('a' * 10**5, 10**9, 1, 'b' * 10**5))",
    "a traceback of many frames": "def g(n):\n        if n: return g(n - 1)\n        raise ValueError('deep')\n    return g(900)",
    "inputs replaced in the frame": "import sys\n    sys._getframe(1).f_locals.clear(); raise ValueError",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_objects_cost_their_case(zygote: Zygote, name: str) -> None:
    source = f"import os\nimport numpy as np\ndef f(x):\n    {HOSTILE[name]}\n{GOOD}"
    report = judged(zygote, source, {"f": 1.0, "good": 2.0})
    assert report.status == "graded"
    assert [q.score for q in report.questions] == [0.0, 1.0]
    (outcome,) = report.questions[0].outcomes
    assert len(outcome.message) < 1500 and outcome.message.isprintable(), outcome.message[:200]
    outcome.message.encode()  # no half surrogates


def test_messages_are_printable_and_short(zygote: Zygote) -> None:
    response = one(zygote, "def f(x):\n    raise ValueError('\\x1b[31mred\\u202e\\n' + 'x' * 9999)")
    assert (
        response.failure.message.startswith("ValueError: \ufffd[31mred\ufffd ") and len(response.failure.message) < 800
    )


def test_a_made_up_exception_class_does_not_become_a_kind(zygote: Zygote) -> None:
    """A hidden case shows only the kind: a class name must not carry inputs out."""
    response = one(zygote, "class Leak3142(ValueError): pass\ndef f(x):\n    raise Leak3142")
    assert why(response) == ("ERROR", "ValueError")
    assert why(one(zygote, "class Leak(Exception): pass\ndef f(x):\n    raise Leak"))[1] == "Exception"
    named = "class ValueError(Exception): pass\ndef f(x):\n    raise ValueError"
    assert why(one(zygote, named))[1] == "Exception" and "ValueError" not in one(zygote, named).raised


def test_not_written_yet(zygote: Zygote) -> None:
    response = one(zygote, "def f(x):\n    raise NotImplementedError")
    assert why(response) == ("ERROR", "NotImplementedError") and "not written yet" in response.failure.message


# -- inputs that are changed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", ["x", "dout", "x, dout"])
def test_a_changed_cotangent_fails_like_a_changed_input(zygote: Zygote, changed: str) -> None:
    """`dout` is none of the function's own parameters, but it is the case's."""
    text = "".join(f"        {name}[0] += 1\n" for name in changed.split(", "))
    source = "class Net:\n    def __init__(self, x):\n        self.x = x\n    def backward(self, dout):\n        out = 2 * dout\n"
    source += text.replace(" x[0]", " self.x[0]") + "        return out\n"
    inputs, wanted = {"x": np.ones(3), "dout": np.arange(3.0)}, 2 * np.arange(3.0)
    steps = (Step("new", "Net", ("x",)), Step("call", "backward", ("dout",), ("dx",)))
    q = ask("Net", inputs, gives=("dx",), steps=steps)
    q = replace(
        q,
        params=("x",),
        cases=(replace(q.cases[0], expected={"dx": wanted}, bounds={"dx": bounds(wanted, 0.0, 0.0, False)}),),
    )
    key = AnswerKey("demo", "Demo", "student.py", "numpy", (q,), {})
    report = grade(key, Submission("ada", (SourceFile("student.py", source.encode()),), "student.py"), zygote, SHORT)
    (outcome,) = report.questions[0].outcomes
    assert (outcome.verdict, outcome.kind) == (Verdict.FAIL, "input modified") and changed in outcome.message


# -- asking back ---------------------------------------------------------------------------------------------

ASKING = "def g(x):\n    return -1.0\ndef f(x):\n    return g(x) + g(10 * x)\n"


def asked(zygote: Zygote, source: str, answer: Any, limits: Limits = QUICK, x: float = 2.0) -> Any:
    made = runner(zygote, source, [ask("f", {"x": x})], limits, ask={"g": ("x",)} if answer else {}, answer=answer)
    with contextlib.closing(made):
        return next(iter(made.responses(made.key.questions)))[1]["0"]


def test_an_answer_comes_while_the_call_is_open(zygote: Zygote) -> None:
    seen = []

    def answer(name: str, args: list[Any]) -> Any:
        seen.append((name, args))
        return np.asarray(args[0]) * 3

    assert float(asked(zygote, ASKING, answer).values["out"]) == 66.0
    assert seen == [("g", [2.0]), ("g", [20.0])]
    assert asked(zygote, ASKING, None).values == {"out": -2.0}, "without an answerer the student's own is called"


def test_the_time_of_an_answer_is_not_charged(zygote: Zygote) -> None:
    def answer(name: str, args: list[Any]) -> Any:
        time.sleep(0.3)
        return 1.0

    assert asked(zygote, ASKING, answer, Limits(question=0.4, submission=5.0)).values == {"out": 2.0}


def test_the_students_own_time_still_is(zygote: Zygote) -> None:
    source = "def g(x): pass\ndef f(x):\n    g(x)\n    while True: g(x)\n"
    started = time.monotonic()
    response = asked(zygote, source, lambda name, args: 1.0, Limits(question=0.3, submission=5.0))
    assert response.failure.verdict in ("TIMEOUT", "ERROR") and time.monotonic() - started < 4.0


def test_a_refused_question_is_an_error_of_its_case(zygote: Zygote) -> None:
    def answer(name: str, args: list[Any]) -> Any:
        raise ValueError("no answer to this")

    response = asked(zygote, ASKING, answer)
    assert why(response) == ("ERROR", "RuntimeError") and "does not answer" in response.failure.message


@pytest.mark.parametrize("argument", ["object()", "[1, object()]", "lambda: 1", "'x' * 9999", "[[1], object()]"])
def test_arguments_that_are_no_data_are_refused(zygote: Zygote, argument: str) -> None:
    def answer(name: str, args: list[Any]) -> Any:
        raise AssertionError(f"was asked with {args}")

    source = f"def g(x): pass\ndef f(x):\n    return g({argument})\n"
    assert asked(zygote, source, answer).failure.verdict == Verdict.ERROR


MALFORMED = {
    "no name": "{'ask': 3, 'args': []}",
    "no arguments": "{'ask': 'g'}",
    "a function that nobody answers": "{'ask': 'open', 'args': []}",
    "a bad node": "{'ask': 'g', 'args': [['z']]}",
    "a fixture": "{'ask': 'g', 'args': [['f', 'cubic', {}]]}",
    "no data, nested": "{'ask': 'g', 'args': [['l', [['?', 'no data', None]]]]}",
    "bytes that are named twice": "{'ask': 'g', 'args': [['a', 0, '<f8', [0], 'C', False]] * 2, 'sizes': [0]}",
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_questions_cost_their_case(zygote: Zygote, name: str) -> None:
    source = LIAR + (
        f"def g(x): pass\ndef f(x):\n    say({{'sizes': [], **{MALFORMED[name]}}})\n"
        "    got = session.pipe.receive()[0]\n    assert 'answer' in got, 'refused'\n    return 1.0\n"
    )
    response = asked(zygote, source, lambda name, args: 1.0)
    assert not response.values and response.failure.verdict == Verdict.ERROR


def test_a_forged_question_without_an_answerer_costs_its_case(zygote: Zygote) -> None:
    source = LIAR + "def f(x):\n    say({'ask': 'g', 'args': [], 'sizes': []})\n    return 1.0\n"
    response = asked(zygote, source, None)
    assert why(response) == ("ERROR", "unreadable answer") and "nobody answers" in response.failure.message


def test_the_number_of_questions_is_bounded(zygote: Zygote, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "MAX_ASKS", 5)
    source = "def g(x): pass\ndef f(x):\n    for _ in range(int(x)): g(x)\n    return 1.0\n"
    assert asked(zygote, source, lambda name, args: 1.0, x=5.0).values == {"out": 1.0}
    response = asked(zygote, source, lambda name, args: 1.0, x=6.0)
    assert why(response) == ("ERROR", "unreadable answer") and "too many questions" in response.failure.message


# -- afterwards ----------------------------------------------------------------------------------------------


def test_no_process_is_left_by_any_of_this(zygote: Zygote) -> None:
    assert not below(zygote.pid)
    one(zygote, "import os\ndef f(x):\n    os.kill(os.getpid(), 19)", limits=SHORT)
    assert not below(zygote.pid)


def test_descriptors_are_closed(zygote: Zygote) -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    one(zygote, "def f(x):\n    return x")
    before = count()
    for source in (
        "def f(x):\n    return x",
        "import os\nos._exit(1)",
        "import os\ndef f(x):\n    os._exit(1)",
        "x = (",
    ):
        one(zygote, source)
    assert count() == before
