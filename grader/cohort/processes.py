"""Grading processes on this machine: more than cores, so that a slow submission holds nobody up, but only as many
at work as there are cores."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor

from ..keyfile import dump
from ..model import AnswerKey, QuestionResult, Submission
from ..store import Made
from .desk import Setting, at_desk, open_desk


class Processes:
    """`workers` processes at work and as many more for those that take long. One that dies (out of memory, by hand)
    is replaced with all the others."""

    def __init__(self, setting: Setting, workers: int) -> None:
        self.setting, self.workers = setting, workers
        self.resized: Callable[[int], None] = lambda _: None  # told of another window: never, here
        self.context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
        self.pool = self._start()

    @property
    def slots(self) -> int:
        return 2 * self.workers

    @property
    def window(self) -> int:
        """Submissions under way at a time."""
        return 2 * self.slots

    def _start(self) -> ProcessPoolExecutor:
        self.started = False
        permits = self.context.Semaphore(self.workers)
        return ProcessPoolExecutor(self.slots, self.context, open_desk, (self.setting, permits, os.getpid()))

    def submit(
        self, own: AnswerKey | None, submission: Submission, known: Mapping[str, QuestionResult]
    ) -> Future[Made]:
        sent = dump(own) if own else None
        try:
            return self._put(sent, submission, known)
        except BrokenExecutor:
            self.pool.shutdown()
            self.pool = self._start()
            return self._put(sent, submission, known)

    def _put(self, own: bytes | None, submission: Submission, known: Mapping[str, QuestionResult]) -> Future[Made]:
        """Processes are made with the first task: an interrupt that comes meanwhile is for us, and waits."""
        if self.started or sys.platform == "win32":
            return self.pool.submit(at_desk, own, submission, known)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            future = self.pool.submit(at_desk, own, submission, known)
            self.started = True
            return future
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def stop(self) -> None:
        """End all at once, whatever they are at; their sandboxes end with them. No future may be cancelled before: of
        such a one the pool's own thread makes a traceback when its processes die (Python 3.11)."""
        for process in multiprocessing.active_children():
            process.kill()
        self.close()

    def close(self) -> None:
        self.resized = lambda _: None  # it may hold what holds us: a semaphore is given back when nobody does
        self.pool.shutdown(cancel_futures=True)
