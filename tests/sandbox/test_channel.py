"""One conversation over pipes: deadlines in both directions, printed text, and answers that break the rules."""
# An answer takes the request's header, used or not.
# ruff: noqa: ARG001, ARG005

from __future__ import annotations

import contextlib
import json
import os
import struct
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from grader.asking import ANSWER_SECONDS, START_SECONDS
from grader.errors import WireError
from grader.sandbox import channel as channel_module
from grader.sandbox.channel import Channel
from grader.sandbox.line import Died, Line, PolledLine, ThreadedLine, TimedOut
from grader.wire import pack, read_frame

KINDS = [pytest.param(ThreadedLine, id="threaded")]
if os.name == "posix":
    KINDS.append(pytest.param(PolledLine, id="polled"))


@dataclass
class Pipes:
    """A line, and the worker's ends of it."""

    line: Line
    hear: int
    say: int
    text: int

    def close(self, *fds: int) -> None:
        for fd in fds:
            os.close(fd)
            for name in ("hear", "say", "text"):
                if getattr(self, name) == fd:
                    setattr(self, name, -1)


@pytest.fixture(params=KINDS)
def pipes(request: pytest.FixtureRequest) -> Iterator[Pipes]:
    hear, our_write = os.pipe()
    our_read, say = os.pipe()
    our_text, text = os.pipe()
    made = Pipes(request.param(our_read, our_write, our_text, 1000), hear, say, text)
    yield made
    made.close(*[fd for fd in (made.hear, made.say, made.text) if fd >= 0])
    made.line.close()


def soon(seconds: float = 3.0) -> float:
    return time.monotonic() + seconds


def test_bytes_arrive_in_pieces(pipes: Pipes) -> None:
    def say() -> None:
        for part in (b"ab", b"c", b"defg"):
            os.write(pipes.say, part)
            time.sleep(0.01)

    thread = threading.Thread(target=say)
    thread.start()
    assert pipes.line.read(3, soon()) == b"abc" and pipes.line.read(4, soon()) == b"defg"
    thread.join()


def test_reading_has_a_deadline(pipes: Pipes) -> None:
    os.write(pipes.say, b"ab")
    started = time.monotonic()
    with pytest.raises(TimedOut):
        pipes.line.read(3, soon(0.1))
    assert 0.05 < time.monotonic() - started < 1.0
    os.write(pipes.say, b"c")
    assert pipes.line.read(3, soon()) == b"abc", "what came is kept"


def test_a_trickle_has_a_deadline(pipes: Pipes) -> None:
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.01):
            os.write(pipes.say, b".")

    thread = threading.Thread(target=trickle)
    thread.start()
    started = time.monotonic()
    with pytest.raises(TimedOut):
        pipes.line.read(10_000, soon(0.2))
    assert time.monotonic() - started < 1.0
    stop.set()
    thread.join()


def test_a_closed_end_is_a_death(pipes: Pipes) -> None:
    os.write(pipes.say, b"ab")
    pipes.close(pipes.say)
    with pytest.raises(Died):
        pipes.line.read(3, soon())
    with pytest.raises(Died):
        pipes.line.read(3, soon())


def test_writing_more_than_a_pipe_holds(pipes: Pipes) -> None:
    data, got = os.urandom(3 << 20), bytearray()

    def hear() -> None:
        while len(got) < len(data):
            got.extend(os.read(pipes.hear, 1 << 16))

    thread = threading.Thread(target=hear)
    thread.start()
    pipes.line.write(data, soon())
    thread.join(5)
    assert bytes(got) == data


@pytest.mark.skipif(os.name != "posix", reason="NOT RUN: POSIX only")
def test_writing_has_a_deadline_and_sees_a_death() -> None:
    hear, our_write = os.pipe()
    our_read, say = os.pipe()
    our_text, text = os.pipe()
    line = PolledLine(our_read, our_write, our_text, 10)
    started = time.monotonic()
    with pytest.raises(TimedOut):
        line.write(bytes(1 << 20), soon(0.1))
    assert time.monotonic() - started < 1.0
    os.close(hear)
    with pytest.raises(Died):
        line.write(b"x", soon())
    line.close()
    line.close()
    for fd in (say, text):
        os.close(fd)


def test_printed_text_is_drained_and_capped(pipes: Pipes) -> None:
    """A flood fills no pipe while we wait, and only the first 1000 bytes stay."""

    def flood() -> None:
        for _ in range(40):
            os.write(pipes.text, b"x" * 50_000)
        os.write(pipes.say, b"done")

    thread = threading.Thread(target=flood)
    thread.start()
    assert pipes.line.read(4, soon()) == b"done"
    thread.join()
    deadline = soon()
    text = pipes.line.printed()
    while len(text) < 1000 and time.monotonic() < deadline:
        text += pipes.line.printed()
    assert text == b"x" * 1000
    os.write(pipes.text, b"more")
    time.sleep(0.02)
    assert pipes.line.printed() == b""


def test_closed_output_is_no_death(pipes: Pipes) -> None:
    os.write(pipes.text, b"last words")
    pipes.close(pipes.text)
    threading.Timer(0.05, os.write, (pipes.say, b"abc")).start()
    assert pipes.line.read(3, soon()) == b"abc"
    assert pipes.line.printed() == b"last words" and pipes.line.printed() == b""


# -- requests ------------------------------------------------------------------------------------------------

Answer = Callable[[dict[str, Any]], bytes]


def served(pipes: Pipes, *answers: Answer) -> Channel:
    """A channel whose worker is a thread that gives these answers, one to each request."""

    def read(count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = os.read(pipes.hear, count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def work() -> None:
        with contextlib.suppress(OSError, EOFError):  # the test is over
            for answer in answers:
                header, _ = read_frame(read, 1 << 20, 1 << 20)
                data = memoryview(answer(header))
                while data:
                    data = data[os.write(pipes.say, data) :]

    threading.Thread(target=work, daemon=True).start()
    return Channel(pipes.line, lambda: "ended")


def echo(**more: Any) -> Answer:
    return lambda header: pack({"seq": header["seq"], "nonce": header["nonce"], **more}, [])


def frame(header: Any, body: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack(">IQ", len(text), len(body)) + text + body


def test_requests_are_numbered(pipes: Pipes) -> None:
    channel = served(pipes, echo(a=1), echo(b=2))
    assert channel.request({"op": "call"}, [], 3.0, 100)[0]["a"] == 1
    got, _ = channel.request({"op": "call"}, [], 3.0, 100)
    assert got["b"] == 2 and got["seq"] == 2


BROKEN = {
    "another number": echo(seq=7),
    "another nonce": echo(nonce="0" * 16),
    "no tags": lambda header: frame({"sizes": []}),
    "overflow": lambda header: frame({"overflow": True, "sizes": []}),
    "no JSON": lambda header: struct.pack(">IQ", 3, 0) + b"{]}",
    "no sizes": lambda header: frame({}),
    "sizes that lie": lambda header: frame({"sizes": [5]}, b"abc"),
    "a body over the cap": lambda header: struct.pack(">IQ", 2, (1 << 20) + 1) + b"{}",
    "a header over the cap": lambda header: struct.pack(">IQ", (64 << 10) + 1, 0),
    "NaN": lambda header: frame({"sizes": [], "x": float("nan")}),
    "a question without a name": lambda header: frame({"ask": 3, "args": [], "sizes": []}),
    "a question with a fixture": lambda header: frame({"ask": "g", "args": [["f", "g", {}]], "sizes": []}),
    "a question that names a buffer twice": lambda header: frame(
        {"ask": "g", "args": [["a", 0, "<f8", [1], "C", False]] * 2, "sizes": [8]}, bytes(8)
    ),
    "a question with an array of another layout": lambda header: frame(
        {"ask": "g", "args": [["a", 0, "<f8", [1], "S", False]], "sizes": [8]}, bytes(8)
    ),
    "a question without arguments": lambda header: frame({"ask": "g", "sizes": []}),
}


@pytest.mark.parametrize("name", BROKEN)
def test_answers_that_break_the_rules(pipes: Pipes, name: str) -> None:
    channel = served(pipes, BROKEN[name])
    with pytest.raises(WireError):
        channel.request({"op": "call"}, [], 3.0, 100, lambda name, args: 1.0)


def test_a_question_is_answered_and_its_time_not_charged(pipes: Pipes) -> None:
    asked = []

    def answer(name: str, args: list[Any]) -> Any:
        asked.append((name, args))
        time.sleep(0.3)
        return [1.5, None]

    question = lambda header: frame({"ask": "g", "args": [["n", 2], ["s", "x"]], "sizes": []})  # noqa: E731
    heard: list[Any] = []

    def last(header: dict[str, Any]) -> bytes:
        heard.append(header["answer"])
        return echo()(header)

    channel = served(pipes, question, last)
    channel.request({"op": "call"}, [], 0.25, 100, answer)
    assert asked == [("g", [2, "x"])] and heard == [["l", [["n", 1.5], ["0"]]]]


def test_a_question_that_nobody_answers_breaks_the_rules(pipes: Pipes) -> None:
    channel = served(pipes, lambda header: frame({"ask": "g", "args": [], "sizes": []}))
    with pytest.raises(WireError, match="nobody answers"):
        channel.request({}, [], 3.0, 100)


def test_an_answerer_may_refuse(pipes: Pipes) -> None:
    heard: list[Any] = []

    def last(header: dict[str, Any]) -> bytes:
        heard.append(header.get("refused"))
        return echo()(header)

    def answer(name: str, args: list[Any]) -> Any:
        raise ValueError(name)

    question = lambda header: frame({"ask": "g", "args": [], "sizes": []})  # noqa: E731
    served(pipes, question, last).request({}, [], 3.0, 100, answer)
    assert heard == [True]


QUESTION: Answer = lambda header: frame({"ask": "g", "args": [["n", 1]], "sizes": []})  # noqa: E731


def hush(header: dict[str, Any]) -> bytes:
    """A worker that says nothing more."""
    return b""


def test_the_time_that_is_given_back_is_bounded(pipes: Pipes, monkeypatch: pytest.MonkeyPatch) -> None:
    """A question made to be slow to answer is paid for by who asked."""

    def late(header: dict[str, Any]) -> bytes:
        time.sleep(0.15)
        return echo()(header)

    channel = served(pipes, QUESTION, late, QUESTION, late)
    channel.request({}, [], 0.5, 100, lambda name, args: time.sleep(0.8))
    monkeypatch.setattr(channel_module, "MAX_ANSWER_SECONDS", 0.1)
    with pytest.raises(TimedOut):
        channel.request({}, [], 0.5, 100, lambda name, args: time.sleep(0.8))


def test_starting_the_reference_is_given_back() -> None:
    assert channel_module.MAX_ANSWER_SECONDS > START_SECONDS + ANSWER_SECONDS


def test_several_answers_are_given_back_each(pipes: Pipes) -> None:
    channel = served(pipes, QUESTION, QUESTION, QUESTION, echo(done=1))
    got, _ = channel.request({}, [], 0.3, 100, lambda name, args: time.sleep(0.2))
    assert got["done"] == 1


def test_decoding_a_question_is_charged(pipes: Pipes, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*args: Any, **more: Any) -> float:
        time.sleep(0.4)
        return 1.0

    monkeypatch.setattr("grader.wire.decode", slow)
    channel = served(pipes, QUESTION, hush)
    with pytest.raises(TimedOut):
        channel.request({}, [], 0.3, 100, lambda name, args: 1.0)


def test_the_end_comes_once(pipes: Pipes) -> None:
    ends: list[int] = []

    def end() -> str:
        ends.append(1)
        return "killed"

    channel = Channel(pipes.line, end)
    assert channel.end() == channel.end() == "killed" and len(ends) == 1
