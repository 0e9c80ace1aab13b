"""The process that answers calls with the reference: torch and the author's files, never a line of a student's.

It speaks the wire's frames over its standard input and output, and ends when the grader closes them. It draws no
cases and never sees the course's secret. grader/asking.py starts it and speaks to it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from .author import Case, Question
from .author.source import Source, read_questions
from .course import Course
from .errors import GraderError, WireError
from .freeze.forward import Reference
from .model import Value
from .sandbox.worker import confine
from .wire import decode, encode, pack, read_frame

REQUEST_HEADER_CAP = 4 << 20
REQUEST_BODY_CAP = 1 << 30
ANSWER_CAP = 64 << 20  # bytes of one answer's arrays
MEMORY = 4 << 30  # bytes of address space beyond what torch and the reference take when they are loaded


class Answers:
    """The reference of one assignment, in float64 on the CPU. Raises AuthorError or UsageError."""

    def __init__(self, course: Course, assignment: str) -> None:
        made, fixtures, built = read_questions(course, assignment)
        path = course.handout(assignment) / "fixtures.py"
        source = Source(assignment, made, {}, fixtures, built, b"", path)  # every cotangent is given: nothing is drawn
        self.references = {q.name: Reference(source, q, "cpu") for q in made.questions if isinstance(q, Question)}

    def answer(self, name: str, args: Sequence[Value]) -> list[Value]:
        """The outputs of a question's function for these arguments, in order; gradients by autograd, with the
        argument d<output> as the cotangent. Float32 where all floating arrays that were given are. Raises
        whatever the reference raises, and LookupError or ValueError for a call of another form."""
        reference = self.references[name]
        q = reference.q
        case = Case("asked", **dict(zip(q.params, args, strict=True)))
        torch.manual_seed(0)
        found = reference.run(case, q.forward, torch.float64, set(q.gradients.values())).values()
        floats = [a.dtype for a in args if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
        single = bool(floats) and all(dtype == np.float32 for dtype in floats)
        return [_single(found[output]) if single else found[output] for output in q.points]


def _single(value: Value) -> Value:
    if isinstance(value, np.ndarray):
        return value.astype(np.float32) if value.dtype == np.float64 else value
    if isinstance(value, list):
        return [_single(part) for part in value]
    if isinstance(value, Mapping):
        return {key: _single(part) for key, part in value.items()}
    return value


def reply(
    answers: Answers, header: Mapping[str, Any], body: Sequence[memoryview]
) -> tuple[dict[str, Any], list[bytes]]:
    """One request's answer: {"values": nodes}, or {"refused": True} for arguments that the reference does not take."""
    out: list[bytes] = []
    try:
        found = answers.answer(header["name"], [decode(node, body) for node in header["args"]])
        nodes = [encode(value, out) for value in found]
        if sum(map(len, out)) > ANSWER_CAP:
            raise ValueError("too large")
        pack({"values": nodes}, [], 48 << 10)  # leaves room for what else is in a header
        return {"values": nodes}, out
    except Exception:  # whatever a reference does with arguments that it was not written for
        return {"refused": True}, []


def serve(read_fd: int, write_fd: int, root: str, assignment: str) -> None:
    """Answer requests until the other end closes. The first one waits until the reference is loaded."""

    def read(count: int) -> bytes:
        data = b""
        while len(data) < count:
            part = os.read(read_fd, count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def send(header: Mapping[str, Any], buffers: Sequence[bytes]) -> None:
        data = memoryview(pack(header, buffers))
        while data:
            data = data[os.write(write_fd, data) :]

    answers, failed = None, ""
    try:
        torch.set_num_threads(1)
        answers = Answers(Course(Path(root)), assignment)
        _limit_memory()
    except GraderError as error:
        failed = str(error)[:2000]
    while True:
        try:
            header, body = read_frame(read, REQUEST_BODY_CAP, REQUEST_HEADER_CAP)
        except (EOFError, WireError):
            return
        tags = {"seq": header["seq"], "nonce": header["nonce"]}
        if answers is None or header["op"] == "ready":
            send({"failed": failed, **tags}, [])
            continue
        found, buffers = reply(answers, header, body)
        send({**found, **tags}, buffers)


def _limit_memory() -> None:
    """A student's arguments may make the reference ask for a lot: let it be refused, not killed."""
    if sys.platform != "linux":
        return
    import resource

    confine.prctl(confine.PR_SET_DUMPABLE, 0)  # nobody looks into this process
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))


def main(arguments: Sequence[str]) -> None:
    """Serve on what are standard input and output now; what the reference prints goes to standard error."""
    read_fd, write_fd, null = os.dup(0), os.dup(1), os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(2, 1)
    serve(read_fd, write_fd, *arguments)
