"""Student code in a few lines, put to a worker: `play(launcher, source, f=[{...}, {...}])`."""

from __future__ import annotations

import contextlib
import os
import sys
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from grader.model import (
    AnswerKey,
    FrozenCase,
    FrozenQuestion,
    Limits,
    Output,
    Response,
    SourceFile,
    Step,
    Submission,
    Value,
)
from grader.sandbox.run import Runner
from grader.sandbox.spawn import Launcher
from grader.sandbox.worker import confine

linux = pytest.mark.skipif(sys.platform != "linux", reason="NOT RUN: the sandbox's layers are Linux's")
confined = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)
QUICK = Limits(question=5.0, submission=30.0)


def ask(
    name: str, *inputs: Mapping[str, Value], kind: str = "array", gives: Sequence[str] = ("out",), **more: Any
) -> FrozenQuestion:
    """A question that calls the function `name` once for each of `inputs`; cases are named 0, 1, 2, ..."""
    params = tuple(inputs[0])
    return FrozenQuestion(
        name,
        "",
        params,
        tuple(Output(out, 1.0, kind=kind) for out in gives),
        more.pop("steps", (Step("function", name, params, tuple(gives)),)),
        tuple(FrozenCase(str(i), False, case, more.get("expected", {}), {}) for i, case in enumerate(inputs)),
        seconds=more.get("seconds"),
    )


def runner(
    launcher: Launcher,
    source: str | bytes | Mapping[str, str | bytes],
    questions: Sequence[FrozenQuestion],
    limits: Limits = QUICK,
    library: str = "numpy",
    fixtures: str = "",
    **more: Any,
) -> Runner:
    files = source if isinstance(source, Mapping) else {"student.py": source}
    data = {name: textwrap.dedent(text).encode() if isinstance(text, str) else text for name, text in files.items()}
    submission = Submission("ada", tuple(SourceFile(n, d) for n, d in data.items()), next(iter(data)))
    key = AnswerKey("demo", "Demo", "student.py", library, tuple(questions), {}, fixtures)
    return Runner(key, submission, launcher, limits, **more)


def play(
    launcher: Launcher,
    source: str | bytes | Mapping[str, str | bytes],
    *questions: FrozenQuestion,
    limits: Limits = QUICK,
    notes: list[str] | None = None,
    used: list[float] | None = None,
    **more: Any,
) -> dict[str, list[Response]]:
    """The responses of each question, in the order of its cases. used: takes the seconds that were charged, which are
    fewer than went by where others had the processors."""
    made = runner(launcher, source, questions, limits, **more)
    with contextlib.closing(made):
        pairs = (
            made.given(questions, {}) if made.together else {q.name: found for q, found in made.responses(questions)}
        )
        out = {name: list(found.values()) for name, found in pairs.items()}
    if notes is not None:
        notes += made.notes
    if used is not None:
        used.append(made.used)
    return out


def one(launcher: Launcher, source: str | bytes, inputs: Mapping[str, Value] | None = None, **more: Any) -> Response:
    """What `f` answers in one case."""
    kind = more.pop("kind", "array")
    return play(launcher, source, ask("f", inputs or {"x": 1.0}, kind=kind), **more)["f"][0]


def why(response: Response) -> tuple[str, str]:
    """Verdict and kind of a failure."""
    assert response.failure is not None, response
    return response.failure.verdict.value, response.failure.kind


def processes() -> dict[int, tuple[int, str]]:
    """Every live process: its parent and its command line."""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            with contextlib.suppress(OSError):
                stat = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
                line = Path("/proc", name, "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if stat[0] not in "ZX":
                    found[int(name)] = (int(stat[1]), line)
    return found


def below(pid: int) -> set[int]:
    """Live descendants of a process."""
    parents, found, grown = processes(), {pid}, True
    while grown:
        more = {child for child, (parent, _) in parents.items() if parent in found} - found
        grown = bool(more)
        found |= more
    return found - {pid}
