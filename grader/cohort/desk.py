"""Where one submission is graded: a process (or a thread) with a sandbox of its own, and its place in a queue.

A desk holds a permit while it works, one per core. Whoever takes long gives it up, so that others run meanwhile."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ..asking import Oracle
from ..content import content_keys, report_digest
from ..course import Course
from ..keyfile import dump, load
from ..model import AnswerKey, Limits, QuestionResult, Report, Submission
from ..pipeline import grade
from ..records import Part, head_to_json, json_text
from ..report.table import row_of
from ..sandbox.spawn import Launcher
from ..sandbox.worker.kernel import PR_SET_DUMPABLE, PR_SET_PDEATHSIG, prctl
from ..sandbox.zygote import launcher
from ..store import Made


@dataclass(frozen=True)
class Setting:
    """What all submissions of a batch share. `carries`: the reference is at hand, in the course, to carry errors
    forward. `answers`: results hold excerpts of wrong answers, for which the key must be a public one."""

    key: AnswerKey
    limits: Limits
    isolation: str
    course: Course
    device: str = "cpu"
    carries: bool = False
    answers: bool = False

    def __getstate__(self) -> dict[str, Any]:
        """To another process the key goes as the bytes of its file: pickled arrays would come out writable and in one
        piece, and cases that are read-only or strided would be others."""
        return {**vars(self), "key": dump(self.key)}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        vars(self).update({**state, "key": load(state["key"])})

    def keys(self, own: AnswerKey, submission: Submission) -> dict[str, str]:
        """Content keys by question; none for a submission that cannot be run."""
        if submission.problem:
            return {}
        return content_keys(own, submission, self.limits, self.isolation, self.carries, self.answers)


class Permits(Protocol):
    def acquire(self) -> bool: ...
    def release(self) -> None: ...


@dataclass
class Turn:
    """A permit, held from `begin` until `close`."""

    permits: Permits | None
    held: bool = False

    def begin(self) -> None:
        self.held = self.permits is not None and self.permits.acquire()

    def close(self) -> None:
        if self.held and self.permits is not None:
            self.held = False
            self.permits.release()


@dataclass
class Desk:
    """Grades submissions one at a time per thread. `make` gives the sandbox of a thread. Close it at the end."""

    setting: Setting
    make: Callable[[], Launcher]
    permits: Permits | None = None
    oracle: Oracle | None = None
    _local: threading.local = field(default_factory=threading.local)
    _launchers: list[Launcher] = field(default_factory=list)

    def grade(self, own: AnswerKey | None, submission: Submission, known: Mapping[str, QuestionResult]) -> Made:
        """One submission by its own key (None: that of the setting). Questions in `known` are not run again."""
        key = own or self.setting.key
        turn, took, answers = Turn(self.permits), dict[str, float](), self.setting.answers
        with contextlib.closing(turn):
            limits, where = self.setting.limits, self._launcher()
            turns = turn.begin, turn.close
            report = grade(key, submission, where, limits, known, self.oracle, *turns, took=took, answers=answers)
        made = made_of(report, self.setting, key, submission)
        return replace(made, row=replace(made.row, seconds=took))

    def _launcher(self) -> Launcher:
        found: Launcher | None = getattr(self._local, "launcher", None)
        if found is None:
            found = self._local.launcher = self.make()
            found.isolation = self.setting.isolation  # what was found before the batch is stamped on all of it
            self._launchers.append(found)
        return found

    def close(self) -> None:
        for one in self._launchers:
            one.close()
        if self.oracle is not None:
            self.oracle.close()


def made_of(report: Report, setting: Setting, key: AnswerKey, submission: Submission) -> Made:
    """A report in the pieces that a store keeps. One with anything ungraded is made anew in each run."""
    keys = setting.keys(key, submission)
    graded = keys and report.status == "graded"
    digest = report_digest(key, submission, keys, setting.isolation) if graded else ""
    head = json_text(head_to_json(report))
    return Made(row_of(report), head, tuple(Part.of(q) for q in report.questions), keys, digest)


# -- a grading process ---------------------------------------------------------------------------------------

_desk: Desk | None = None


def open_desk(setting: Setting, permits: Permits | None, parent: int) -> None:
    """Make this process one that grades. It dies with the one that started it, and Ctrl-C is for that one."""
    global _desk
    from multiprocessing.util import Finalize

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if sys.platform == "linux":
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        prctl(PR_SET_DUMPABLE, 0)  # no process of the same user may look into this one
        if os.getppid() != parent:  # it died before we could ask to die with it
            os._exit(1)
    oracle = Oracle(setting.course, setting.key, setting.device)
    _desk = desk = Desk(setting, lambda: launcher(setting.key.library, fresh=setting.answers), permits, oracle)
    Finalize(None, desk.close, exitpriority=10)
    gc.freeze()  # what is here now stays: no collection need look at it


def at_desk(own: bytes | None, submission: Submission, known: Mapping[str, QuestionResult]) -> Made:
    """Grade in this process, which open_desk has made one that grades; `own` is a key as the bytes of its file."""
    assert _desk is not None
    return _desk.grade(load(own) if own else None, submission, known)
