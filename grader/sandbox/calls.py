"""Calls of a student's functions as they travel: several in one request, an answer for each as it is done."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import WireError
from ..kept import Kept
from ..model import FrozenCase, FrozenQuestion, Response, Value
from ..text import clean_text
from ..wire import Prepared, decode, encode, prepare
from .channel import ASK_BODY_CAP
from .said import COUNT, Nudge, failure_of, kinds_of, listed, size_of

ANSWER_SLACK = 1 << 20  # bytes beyond eight times the expected size, so that a wrong shape can still be named
MOST_NUDGES, MOST_STEPS = 64, 64
REQUEST_BYTES = 2 << 20  # of calls that go together in one request; a larger one goes alone


@dataclass(frozen=True, eq=False)
class Call:
    """A case of a question, to be put to a worker; with `nudges`, forwards with an input moved beside it."""

    question: FrozenQuestion
    case: FrozenCase
    nudges: tuple[Nudge, ...] = ()

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Of what comes back."""
        return frozenset(output.name for output in self.question.returned)

    @functools.cached_property
    def cap(self) -> int:
        """Bytes that the answer may have."""
        return ANSWER_SLACK + 8 * sum(map(size_of, self.case.expected.values()))

    @functools.cached_property
    def size(self) -> int:
        """Bytes that it takes in a request, header and buffers."""
        buffers: list[bytes] = []
        return len(prepare(self.row(buffers, False), buffers).text) + sum(map(len, buffers))

    def room(self) -> int:
        """Bytes of arguments that the worker may ask back with."""
        return ASK_BODY_CAP + 4 * sum(map(size_of, self.case.inputs.values()))

    def row(self, buffers: list[bytes], asks: bool) -> dict[str, Any]:
        return {
            "steps": [s.row for s in self.question.steps],
            "inputs": {name: encode(value, buffers) for name, value in self.case.inputs.items()},
            "kinds": {output.name: output.kind for output in self.question.returned},
            "ask": self.room() if asks else 0,
            "nudges": [nudge.header(buffers) for nudge in self.nudges],
            "cap": self.cap,
        }


_calls, _requests = Kept[list["Call"]](), (Kept[Prepared](), Kept[Prepared]())


def calls_of(question: FrozenQuestion) -> list[Call]:
    """A call for each case."""
    return _calls.get([question], lambda: [Call(question, case) for case in question.cases])


def together(calls: Sequence[Call]) -> Sequence[Call]:
    """The first calls, as many as go in one request."""
    total = 0
    for index, call in enumerate(calls):
        total += call.size
        if index and total > REQUEST_BYTES:
            return calls[:index]
    return calls


def request(calls: Sequence[Call], together: bool, asks: bool = False) -> Prepared:
    """The request for some calls; encoded once for all submissions where it is the same for all. together: the
    answers may wait for each other."""

    def encoded() -> Prepared:
        buffers: list[bytes] = []
        rows = [call.row(buffers, asks) for call in calls]
        return prepare({"op": "call", "together": together, "calls": rows}, buffers)

    if asks or any(call.nudges for call in calls) or (size := sum(call.size for call in calls)) > REQUEST_BYTES:
        return encoded()
    return _requests[together].get([call.case for call in calls], encoded, size)


def parts_of(
    got: Mapping[str, Any], body: Sequence[memoryview], first: int, most: int
) -> list[tuple[Mapping[str, Any], Sequence[memoryview]]]:
    """The answers in a frame, each with its own buffers: they must begin with the call `first`, and be at most `most`.
    Raises WireError where it breaks the rules."""
    parts, out, start = got.get("parts"), [], 0
    if not isinstance(parts, list) or not 0 < len(parts) <= most or got.get("first") != first:
        raise WireError("an answer to another call")
    for part in parts:
        count = part.get("n") if isinstance(part, dict) else None
        if type(count) is not int or not 0 <= count <= len(body) - start:
            raise WireError("malformed answer")
        out.append((part, body[start : start + count]))
        start += count
    return out


def read_answer(
    call: Call, got: Mapping[str, Any], body: Sequence[memoryview], printed: str
) -> tuple[Response, list[list[Value]]]:
    """An answer frame as a Response, and what the nudges gave. Raises WireError where it breaks the rules."""
    question, case = call.question, call.case
    nodes, error, modified = got.get("values"), got.get("error"), listed(got.get("modified"))
    if not isinstance(nodes, dict) or len(nodes) > len(question.returned):
        raise WireError("malformed answer")
    seen, found = set[int](), list[list[Value]]()
    values = {k: decode(node, body, answers=True, seen=seen) for k, node in nodes.items() if k in call.names}
    for row in listed(got.get("nudged"))[:MOST_NUDGES]:
        steps = listed(row)[:MOST_STEPS]
        found.append([None if node is None else decode(node, body, answers=True, seen=seen) for node in steps])
    failure, raised = None, tuple[str, ...]()
    if error is not None:
        failure = failure_of(error)
        if failure.kind == COUNT:
            failure = replace(failure, message=f"{failure.message}: {', '.join(o.name for o in question.returned)}")
        raised = tuple(kinds_of(error))
    changed = tuple(name for name in case.inputs if name in modified) if modified else ()
    return Response(values, failure, raised, changed, clean_text(printed, 4000) if printed else ""), found


def identical(a: Value, b: Value) -> bool:
    """Whether two answers are the same to the bit."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        same = isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape
        return same and a.tobytes() == b.tobytes()
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(identical, a, b))
    return type(a) is type(b) and (a == b or (a != a and b != b))
