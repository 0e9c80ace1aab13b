"""Readers of hostile bytes, as targets of the fuzzers in tests/test_fuzz_wire.py and benchmarks/fuzz.py.

A target takes bytes and does with them what the trusted side does; only the errors that it names may come out, and what
it gives keeps the promises that are asserted there."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from fuzzframes import BODY_CAP, EXPECTED, NONCE, good_frames, good_reports, good_rows, made_up, twisted

from grader.diff import ReportFile, compare
from grader.diff.compare import to_json
from grader.diff.lines import lines_of
from grader.diff.reading import entry_of
from grader.errors import UsageError, WireError
from grader.judge.score import result_of
from grader.model import Bound, Failure, Fixture, FrozenCase, FrozenQuestion, Output, Verdict
from grader.records import result_from_json
from grader.sandbox.calls import Call, read_answer
from grader.sandbox.channel import Channel
from grader.sandbox.line import Died, TimedOut
from grader.sandbox.said import BUILTIN, COUNT, failure_of, loaded_of
from grader.wire import MAX_HEADER, decode, read_frame

KINDS = {*BUILTIN, "an exception", "memory limit", COUNT}


class Tape:
    """Bytes that are read once, as from a pipe whose other end is closed."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def read(self, count: int, deadline: float = 0.0) -> bytes:
        assert 0 <= count <= max(MAX_HEADER, BODY_CAP), f"{count} bytes were asked for"
        if count > len(self.data) - self.at:
            raise Died
        self.at += count
        return self.data[self.at - count : self.at]

    def write(self, data: bytes, deadline: float) -> None:
        pass

    def printed(self) -> bytes:
        return b""

    def close(self) -> None:
        pass


# -- targets ---------------------------------------------------------------------------------------------------


def frames(data: bytes) -> None:
    """A frame and all values in it, as an answer and as one of ours."""
    tape = Tape(data)
    header, body = read_frame(tape.read, BODY_CAP)
    assert sum(map(len, body)) <= BODY_CAP
    for answers in (True, False):
        seen: set[int] = set()
        for node in _nodes(header):
            try:
                value = decode(node, body, answers=answers, seen=seen)
            except WireError:
                continue
            assert not answers or (_bytes(value) <= len(data) * 8 and not _fixtures(value))


def conversation(data: bytes) -> None:
    """What `Channel.request` takes for an answer, questions that are asked back included."""
    channel = Channel(Tape(data), lambda: "killed")
    channel.nonce = NONCE
    got, _ = channel.request({"op": "call"}, [], 60.0, BODY_CAP, _echo, BODY_CAP)
    assert got["nonce"] == NONCE and got["seq"] == 1


def _echo(name: str, args: list[Any]) -> Any:
    return args[0] if args else name


def sayings(data: bytes) -> None:
    """What a worker says of the file that it loaded, and of an error."""
    header, _ = read_frame(Tape(data).read, BODY_CAP)
    loaded = loaded_of(header)
    assert len(loaded.notes) <= 10 and all(len(n) <= 400 and _harmless(n) for n in loaded.notes)
    if loaded.failure is not None:
        _plausible(loaded.failure)
    _plausible(failure_of(header.get("error")))


def answers(data: bytes) -> None:
    """A whole answer, read and judged: whatever was sent, it is a mark and never a fault of ours."""
    header, body = read_frame(Tape(data).read, BODY_CAP)
    responses = {}
    for case in QUESTION.cases:
        responses[case.name], nudged = read_answer(Call(QUESTION, case), header, body, "printed \x1b[2J")
        assert len(nudged) <= 64 and all(len(row) <= 64 for row in nudged)
    assert all(_harmless(r.printed) and set(r.raised) <= BUILTIN for r in responses.values())
    result = result_of(QUESTION, responses)
    assert result.score is not None and 0 <= result.score <= result.max_score
    assert all(o.verdict is not Verdict.UNGRADED and _harmless(o.hint) for o in result.outcomes)


def stored(data: bytes) -> None:
    """A row of the store."""
    result_from_json(json.loads(data))


def reports(data: bytes) -> None:
    """A line of reports.jsonl, looked into and compared with another."""
    entry = entry_of(data)
    whole = entry_of(good_reports()[0])
    one, other = (ReportFile(Path("a"), "", {entry.student: found}) for found in (entry, whole))
    for found in (compare(one, other), compare(other, one)):
        assert all(_harmless(line) for text in lines_of(found, True) for line in text.split("\n"))
        json.dumps(to_json(found), allow_nan=False).encode("ascii")


@dataclass(frozen=True)
class Target:
    """What frames are thrown at: the errors that may come out, and frames that it takes."""

    run: Callable[[bytes], None]
    errors: tuple[type[BaseException], ...]
    good: Callable[[], list[bytes]]
    framed: bool = True  # a prefix, a header and a body; else JSON alone


def _plausible(failure: Failure) -> None:
    assert failure.kind in KINDS and failure.verdict is not Verdict.UNGRADED
    assert len(failure.message) <= 2000 and _harmless(failure.message)


def _harmless(text: str) -> bool:
    return all(c == " " or c.isprintable() or ord(c) > 0x9F for c in text) and "\ud800" not in text


def _nodes(header: dict[str, Any]) -> Iterator[Any]:
    for value in header.values():
        if isinstance(value, dict):
            yield from value.values()
        elif isinstance(value, list):
            yield from (value, *value[:20])


def _bytes(value: Any) -> int:
    """Bytes of arrays in a value."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_bytes, parts))


def _fixtures(value: Any) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return isinstance(value, Fixture) or any(map(_fixtures, parts))


# -- a question to judge by ------------------------------------------------------------------------------------

_BOUND = {"float64": Bound(1e-7, 1e-7), "float32": Bound(1e-4, 1e-4)}


def _case(name: str, scale: float) -> FrozenCase:
    expected = {**EXPECTED, "loss": 2.5 * scale, "dW": EXPECTED["dW"] * scale}
    mistakes = {"halved": {"loss": 1.25 * scale}, "turned": {"dW": expected["dW"].T}}
    inputs = {"X": np.ones((2, 3)), "y": np.array([0, 1])}
    return FrozenCase(
        name, True, inputs, expected, dict.fromkeys(expected, _BOUND), mistakes=mistakes, terms={"data": {"loss": 1.0}}
    )


QUESTION = FrozenQuestion(
    "judged",
    "Judged",
    ("X", "y"),
    tuple(Output(name, 1.0, "X" if name == "dW" else None) for name in EXPECTED),
    (),
    (_case("one", 1.0), _case("two", -3.0)),
)


# -- all targets -----------------------------------------------------------------------------------------------

WIRE = (WireError, Died, TimedOut)
TARGETS = {
    "frames": Target(frames, WIRE, good_frames),
    "conversation": Target(conversation, WIRE, good_frames),
    "sayings": Target(sayings, WIRE, good_frames),
    "answers": Target(answers, WIRE, good_frames),
    "stored": Target(stored, (ValueError, KeyError, TypeError), good_rows, framed=False),
    "reports": Target(reports, (UsageError,), good_reports, framed=False),
}


def stream(name: str, seed: int) -> Iterator[bytes]:
    """Endless frames for a target."""
    target, rng = TARGETS[name], random.Random(f"{name}/{seed}")
    good = target.good()
    while True:
        yield made_up(rng) if target.framed and rng.random() < 0.3 else twisted(rng, good, target.framed)
