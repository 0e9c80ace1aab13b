"""One case of one student as a small Python program that an instructor can run, read and change.

The program holds that case alone: its inputs as exact literals, what was expected and how far an answer may lie from
it. It marks as judge.py does, in fewer words; what it prints is for a person, and never a grade."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from .course import Course
from .errors import GraderError, UsageError
from .keyfile import dump
from .model import AnswerKey, Fixture, FrozenCase, FrozenQuestion, Value

RUNNER = Path(__file__).with_name("replay_runner.txt")


def find(course: Course, question: str, assignment: str | None, key_of: Callable[[str], AnswerKey]) -> str:
    """The assignment that has a question. Raises UsageError, with what there is, where none or several have it."""
    if assignment is not None:
        course.reference(assignment)
        return assignment
    there: dict[str, list[str]] = {}
    broken: list[str] = []
    for name in course.assignments():
        try:
            there[name] = [q.name for q in key_of(name).questions]
        except GraderError as error:
            broken.append(f"{name} cannot be frozen: {error}")
    having = [name for name, questions in there.items() if question in questions]
    if len(having) == 1:
        return having[0]
    if having:
        raise UsageError(f"{', '.join(having)} each have a question {question!r}; say which with --assignment")
    text = "; ".join([*(f"{name}: {', '.join(questions)}" for name, questions in there.items()), *broken])
    raise UsageError(f"no question {question!r} (there: {text or 'no assignment'})")


def script(key: AnswerKey, student: str, question: str, case: str) -> str:
    """The program as text. Raises UsageError, with what there is, for an unknown question or case."""
    q = next((q for q in key.questions if q.name == question), None)
    if q is None:
        raise UsageError(f"{key.assignment} has no question {question!r} ({', '.join(q.name for q in key.questions)})")
    c = next((c for c in q.cases if c.name == case), None)
    if c is None:
        raise UsageError(f"{question} has no case {case!r} ({', '.join(repr(c.name) for c in q.cases)})")
    return "\n".join([*_header(key, student, q, c), RUNNER.read_text(encoding="utf-8")])


def write_new(path: Path, text: str) -> None:
    """Write a file that only its owner can read. Raises UsageError where one is there already."""
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already; name a new file") from None
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def _header(key: AnswerKey, student: str, q: FrozenQuestion, c: FrozenCase) -> list[str]:
    whose = f"the draw of student {student!a}" if key.per_student else "the draw that all students share"
    secret = "A HIDDEN CASE: do not hand this file out. It" if c.hidden else "A public case. This file"
    bounds = {out: {d: (b.rtol, b.atol) for d, b in rows.items()} for out, rows in c.bounds.items()}
    about = ", ".join(f"{n} {v}" for n, v in key.provenance.items() if n in ("seed", "draw", "redrawn", "grader"))
    torch = ["import torch"] if key.library == "torch" else []
    return [
        f"# {secret} runs student code WITHOUT a sandbox.",
        f"# {key.assignment}, question {q.name}, case {c.name!a}; {whose}",
        f"# ({about}).",
        "# Run it: python replay.py submission.py",
        "import __future__",
        "",
        "import ast",
        "import builtins",
        "import itertools",
        "import math",
        "import random",
        "import sys",
        "import types",
        "from pathlib import Path",
        "",
        "import numpy as np",
        *torch,
        "",
        "nan, inf = math.nan, math.inf",
        f"TORCH = {key.library == 'torch'}",
        f"FIXTURES = {key.fixtures!a}  # fixtures.py of the handout",
        "INPUTS = {",
        *(f"    {name!r}: lambda: {literal(value)}," for name, value in c.inputs.items()),
        "}",
        f"STEPS = {[s.row for s in q.steps]!a}",
        f"RAISES = {c.raises!a}",
        f"PROPERTY = {_property(key, q, c)!a}  # the question as a key, where a predicate marks it",
        f"BOUNDS = {bounds!a}  # output -> dtype of the answer -> (rtol, atol)",
        "",
        "",
        "def expected():",
        f"    return {literal(dict(c.expected))}",
        "",
        "",
        "def accepted():  # other conventions that are right too",
        f"    return {literal({name: dict(values) for name, values in c.conventions.items()})}",
        "",
    ]


def _property(key: AnswerKey, q: FrozenQuestion, c: FrozenCase) -> str:
    if not q.predicate:
        return ""
    alone = replace(key, questions=(replace(q, cases=(c,), mistakes=()),))
    return base64.b64encode(dump(alone)).decode("ascii")


def literal(value: Value) -> str:
    """A value as Python text that gives the same value again, to the last bit of every finite number.

    `array` and `fixture` are functions of the program that this text stands in."""
    if isinstance(value, np.ndarray):
        layout = "C" if value.flags.c_contiguous else "F" if value.flags.f_contiguous else "S"
        flat = ", ".join(map(repr, np.ravel(value).tolist()))
        return f"array([{flat}], {value.dtype.str!r}, {value.shape!r}, {layout!r}, {not value.flags.writeable})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, Fixture):
        return f"fixture({value.name!a}, {literal(dict(value.args))})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!a}: {literal(item)}' for key, item in value.items())}}}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(literal, value))}]"
    return ascii(value)
