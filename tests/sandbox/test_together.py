"""The cases of a question in one request give what each gives by itself, whatever becomes of the worker."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from play import ask, confined, play, runner, why

from grader.model import Limits, Response
from grader.sandbox.calls import identical
from grader.sandbox.zygote import Zygote

pytestmark = confined
LIMITS = Limits(question=3.0, submission=20.0)
BODIES = {
    "all well": "return 2 * x",
    "one raises": "return 1 / (x - 2)",
    "an exit": "if x == 2: os._exit(0)\n    return 2 * x",
    "an exit in each": "os._exit(3)",
    "a crash": "if x == 2: os.kill(os.getpid(), 11)\n    return 2 * x",
    "a loop": "while x == 2: pass\n    return 2 * x",
    "a sleep": "if x == 2: time.sleep(60)\n    return 2 * x",
    "a little slow": "time.sleep(0.03)\n    return 2 * x",
    "slower than answers wait": "time.sleep(0.2)\n    return 2 * x",
    "memory": "return np.ones(1 << 40) if x == 2 else 2 * x",
    "large answers": "return np.full(30_000, x)",
    "far too large": "return np.ones(3_000_000)",
    "no data": "return object()",
    "much printed": "print('x' * 100_000)\n    return 2 * x",
    "its wire closed": "if x == 2: os.close(wire)\n    return 2 * x",
    "noise on the wire": "if x == 2: os.write(wire, b'?' * 50)\n    return 2 * x",
    "state that is kept": "seen.append(x)\n    return len(seen) if len(seen) < 2 else 2 * x",
    "threads that end it later": "if x == 2: threading.Timer(0.05, os._exit, [1]).start()\n    time.sleep(0.1)",
}


@pytest.fixture(scope="module")
def zygote() -> Iterator[Zygote]:
    made = Zygote()
    yield made
    made.close()


def told(responses: list[Response]) -> list[object]:
    return [r.failure.kind if r.failure else "" for r in responses]


@pytest.mark.parametrize("name", BODIES)
def test_together_gives_what_one_by_one_gives(zygote: Zygote, name: str) -> None:
    head = "import gc, os, threading, time\nimport numpy as np\nseen = []\n"
    head += "wire = next(o for o in gc.get_objects() if type(o).__name__ == 'Session').pipe.write_fd\n"
    source = f"{head}def f(x):\n    {BODIES[name]}\ndef good(x):\n    return 2 * x\n"
    cases = [{"x": float(i)} for i in range(6)]
    found = {}
    for together in (False, True):
        questions = [ask("f", *cases), ask("good", *cases)]
        found[together] = play(zygote, source, *questions, limits=LIMITS, together=together)
    assert [r.values for r in found[True]["good"]] == [{"out": 2.0 * i} for i in range(6)], found[True]["good"]
    if name == "threads that end it later":
        return  # which call it is that it ends is a matter of chance
    assert told(found[True]["f"]) == told(found[False]["f"])
    for one, other in zip(found[True]["f"], found[False]["f"], strict=True):
        assert one.values.keys() == other.values.keys()
        for output, value in one.values.items():
            assert identical(value, other.values[output]) or str(value) == str(other.values[output])


def test_the_time_that_answers_wait_for_each_other_is_charged_to_nobody(zygote: Zygote) -> None:
    """Two seconds are allowed, and 1.8 are used, after a try that is thrown away."""
    source = "import time\ndef f(x):\n    time.sleep(0.6)\n    return 2 * x\n"
    cases = [{"x": float(i)} for i in range(3)]
    used: list[float] = []
    found = play(
        zygote, source, ask("f", *cases), limits=Limits(question=2.2, submission=9.0), together=True, used=used
    )
    assert [r.values.get("out") for r in found["f"]] == [0.0, 2.0, 4.0]
    assert used[0] < 2.2


def test_an_answer_for_a_later_call_is_not_taken_early(zygote: Zygote) -> None:
    """A worker that sends parts for calls that it has not been asked for by then gets no more than those."""
    source = """
import gc, json, os, struct, sys
wire = next(o for o in gc.get_objects() if type(o).__name__ == "Session").pipe.write_fd

def f(x):
    frame = sys._getframe()
    while "nonce" not in frame.f_locals.get("header", ()):
        frame = frame.f_back
    header = frame.f_locals["header"]
    parts = [{"values": {"out": ["n", 7.0]}, "n": 0}] * 50
    tags = {"seq": header["seq"], "nonce": header["nonce"], "sizes": []}
    text = json.dumps({"parts": parts, "first": 0, **tags}).encode()
    os.write(wire, struct.pack(">IQ", len(text), 0) + text)
    return x

def good(x):
    return 2 * x
"""
    found = play(
        zygote, source, ask("f", {"x": 1.0}, {"x": 2.0}), ask("good", {"x": 1.0}), limits=LIMITS, together=True
    )
    assert told(found["f"]) == ["unreadable answer"] * 2 and found["good"][0].values == {"out": 2.0}


def test_a_question_of_much_text_is_sent_in_parts(zygote: Zygote) -> None:
    """What a request may hold is counted as it travels; text and keys count too."""
    cases = [{"x": f"{i:06}" * 17_000, "y": {f"{i}{'k' * 150}": 1.0}} for i in range(50)]
    source = "def f(x, y):\n    return len(x)\n"
    found = play(zygote, source, ask("f", *cases), limits=LIMITS, together=True)
    assert [r.values.get("out") for r in found["f"]] == [102_000] * 50


@pytest.mark.parametrize("slow", [0.05, 0.2, 0.45])
def test_what_is_kept_between_calls_does_not_hang_on_the_clock(zygote: Zygote, slow: float) -> None:
    """Right for four calls of a process, and wrong from then on; one of them takes more or less long."""
    source = (
        f"import time\nn = [0]\ndef f(x):\n    n[0] += 1\n    time.sleep({slow} if x == 3 else 0.03 if x == 1 else 0)\n"
    )
    source += "    return 2 * x if n[0] <= 4 else -1\n"
    found = play(zygote, source, ask("f", *[{"x": float(i)} for i in range(6)]), limits=LIMITS, together=True)
    assert [r.values["out"] for r in found["f"]] == [0, 2, 4, 6, -1, -1]


@pytest.mark.parametrize("end", ["pass", "time.sleep(0.2)", "time.sleep(0.45)", "os._exit(0)"])
def test_the_second_calls_are_told_whatever_a_later_one_does(zygote: Zygote, end: str) -> None:
    source = "import os, time\nm, n = [0], [0]\ndef f(x):\n    n[0] += 1\n    return 2 * x if n[0] < 3 else -1\n"
    source += f"def g(x):\n    m[0] += 1\n    if m[0] == 3: {end}\n    return 2 * x\n"
    questions = [ask(name, {"x": 1.0}, {"x": 2.0}) for name in "fg"]
    made = runner(zygote, source, questions, LIMITS, together=True)
    with contextlib.closing(made):
        given = made.given(questions, {})
        changed = [name for name, found in given.items() if any(r.again is not None for r in found.values())]
        assert changed == ["f"]


def test_state_is_seen_though_another_function_ends_the_process(zygote: Zygote) -> None:
    """Who crashes elsewhere has no advantage: the first calls are made again before the second one."""
    source = "import os\nn = [0]\ndef f(x):\n    n[0] += 1\n    return 2 * x if n[0] < 3 else -1\n"
    source += "def g(x):\n    os._exit(3)\n"
    questions = [ask(name, {"x": 1.0}, {"x": 2.0}) for name in "fg"]
    with contextlib.closing(runner(zygote, source, questions, LIMITS, together=True)) as made:
        given = made.given(questions, {})
        assert [r.again for r in given["f"].values()].count(None) == 1
        assert [why(r)[1] for r in given["g"].values()] == ["crashed"] * 2
