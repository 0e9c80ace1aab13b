"""The far end of a cluster: what a Dask worker does for `grader grade --scheduler`.

Each of these functions is called by the grader in the worker's process. Student code never runs there: a desk starts a
sandboxed process of its own for it. None of them raises, since Dask would write the arguments into its log."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..asking import Oracle
from ..content import code_digest
from ..errors import GraderError
from ..keyfile import load
from ..model import Limits, QuestionResult, Submission
from ..sandbox.trial import try_sandbox
from ..sandbox.zygote import launcher
from ..store import Made
from .desk import Desk, Setting


@dataclass(frozen=True)
class Examined:
    """What a worker says of itself. `level` is that of its sandbox, really tried; `why` says why it cannot grade."""

    host: str
    digest: str
    level: str
    why: str = ""


@dataclass(frozen=True)
class Refused:
    """The submission was not graded here: nothing is wrong with it, another worker may take it."""

    why: str


@dataclass(frozen=True)
class Fault:
    """A fault of ours in this one submission."""

    why: str


@dataclass
class _Open:
    desk: Desk
    owner: str
    busy: int = 0
    closing: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self) -> bool:
        with self.lock:
            self.busy += not self.closing
            return not self.closing

    def leave(self) -> None:
        with self.lock:
            self.busy -= 1


_open: dict[str, _Open] = {}
_level = ""  # of the sandbox here, once it was tried


async def examine(limits: Limits) -> Examined:
    """Try the sandbox of this worker before it is trusted."""
    return await asyncio.to_thread(_examine, limits)


def _examine(limits: Limits) -> Examined:
    global _level
    host = socket.gethostname()
    try:
        _level = try_sandbox(limits).level  # no process of the same user may look into this one from now on
        return Examined(host, code_digest(), _level)
    except (GraderError, OSError) as error:
        return Examined(host, "", "", str(error) or type(error).__name__)


async def open_desk(name: str, owner: str, setting: Setting) -> str:
    """Make a desk for one run; why not, where this worker may not have one. A desk that an earlier run of the same
    owner (an output folder) left behind is closed."""
    return await asyncio.to_thread(_open_desk, name, owner, setting)


def _open_desk(name: str, owner: str, setting: Setting) -> str:
    for other in [n for n, found in _open.items() if found.owner == owner]:
        _close(other)
    if _level != setting.isolation:
        return f"its isolation is {_level or 'not known'}"
    key = setting.key
    oracle = Oracle(setting.course, key, setting.device)
    if setting.carries and any(q.calls for q in key.questions):
        try:
            if not oracle.available:
                return "torch is not installed, and errors are carried forward in this assignment"
            if setting.course.source_digest(key.assignment, setting.device) != key.provenance.get("sources"):
                return f"{setting.course.root} is another course than where the key was frozen"
        except (GraderError, OSError) as error:
            return f"the course is not there, and errors are carried forward in this assignment: {error}"
    _open[name] = _Open(Desk(setting, lambda: launcher(key.library), None, oracle), owner)
    return ""


def at_desk(
    name: str, own: bytes | None, submission: Submission, known: Mapping[str, QuestionResult]
) -> Made | Refused | Fault:
    """Grade in a sandboxed process below this one, at the desk of that name. own: a key as the bytes of its file."""
    found = _open.get(name)
    if found is None or not found.enter():
        return Refused("no desk is open there")
    try:
        made = found.desk.grade(load(own) if own else None, submission, known)
        return Refused("the desk was closed") if found.closing else made
    except Exception as error:
        return Fault(type(error).__name__)
    finally:
        found.leave()


async def close_desk(name: str) -> None:
    """End the desk and its sandboxes. What is under way there is refused."""
    await asyncio.to_thread(_close, name)


def _close(name: str) -> None:
    found = _open.pop(name, None)
    if found is not None:
        with found.lock:
            found.closing = True
        found.desk.close()
