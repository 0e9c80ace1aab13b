"""Desks on the workers of a Dask cluster: the same batch past one machine.

Every worker says first what its sandbox holds, and gets a desk only where that is what the batch requires. A submission
goes to one worker that has a desk, the one with the most room. Where that worker dies or refuses, its submissions go to
others: Batch puts them under way again."""

from __future__ import annotations

import contextlib
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import SandboxError, UsageError
from ..keyfile import dump
from ..model import AnswerKey, Limits, QuestionResult, Submission
from ..store import Made
from ..text import clean_text, plural
from .desk import Setting
from .remote import Fault, Refused, at_desk, close_desk, open_desk
from .roster import WATCH_SECONDS, Roster, words

CONNECT_SECONDS = 10.0
PATIENCE = 600.0  # seconds without any worker before the run stops; the store keeps what is done
SLACK = 5.0  # times its limits that a submission may take: waiting for a processor, carried errors, explanations
AHEAD = 2  # submissions under way for each thread of a worker, so that it never waits for us


@dataclass
class _Desk:
    """A worker with a desk."""

    threads: int
    load: int = 0


class Cluster:
    """The workers behind a scheduler's address. `say` tells the instructor a line. Close it at the end.

    Raises UsageError where dask.distributed is not installed or nothing answers at the address."""

    def __init__(self, address: str, say: Callable[[str], None], patience: float = PATIENCE) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise UsageError("--scheduler needs dask.distributed: pip install 'dlgrader[cluster]'") from None
        for name in [n for n in logging.root.manager.loggerDict if n.partition(".")[0] in ("distributed", "tornado")]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said here
        self.address, self.say, self.patience = address, say, patience
        self.resized: Callable[[int], None] = lambda _: None
        self.setting: Setting | None = None
        self.owner = self.name = self.lost = ""
        self._desks: dict[str, _Desk] = {}
        self._pending: dict[Future[Any], tuple[Future[Made], str, float]] = {}
        self._changed, self._closing = threading.Condition(), threading.Event()
        if not _loopback(address) and address.startswith("tcp"):
            say(f"{address} is neither encrypted nor closed to others: use tls:// beyond a network of your own")
        try:
            self.client: Any = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise UsageError(f"--scheduler {address}: {clean_text(str(error), 300, lines=False)}") from error
        self.roster = Roster(self.client, address, say)
        self.executor = self.client.get_executor(pure=False)
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    # -- before the batch --------------------------------------------------------------------------------------

    def isolation(self, limits: Limits, allowed: bool) -> str:
        """Let each worker try its sandbox; the level that the batch requires of all. Waits for a first worker.

        Raises WeakIsolationError where none is strong and that is not `allowed`, UsageError where none can grade."""
        self.roster.wait(self.patience)
        self.roster.examine(limits, list(self.roster.alive()))
        return self.roster.level(allowed)

    def open(self, setting: Setting, owner: str, name: str) -> Cluster:
        """Open a desk on every worker whose isolation is the batch's, and on those that come later. `owner` stands for
        the output folder, `name` for the run. Raises UsageError where there is none."""
        self.setting, self.owner, self.name = setting, f"{socket.gethostname()}:{owner}", name
        self._open(list(self.roster.seen))
        if not self._desks:
            raise UsageError("no worker may grade this batch")
        self.say(f"{plural(len(self._desks), 'worker')} with {plural(self.slots, 'thread')} at {self.address}")
        self._watcher.start()
        return self

    def _open(self, workers: list[str]) -> None:
        assert self.setting is not None
        able = []
        for worker in workers:
            found = self.roster.seen[worker]
            why = self.roster.unable(worker)
            if not why and found.level != self.setting.isolation:
                why = f"its isolation is {found.level}"
            if why:
                self.say(f"refused: {self.roster.named(worker)}: {why}")
            else:
                able.append(worker)
        if not able:
            return
        threads = self.roster.alive()
        answers = self.client.run(open_desk, self.name, self.owner, self.setting, workers=able, on_error="return")
        for worker, why in answers.items():
            if why == "" and worker in threads:
                with self._changed:
                    self._desks[worker] = _Desk(threads[worker])
                    self._changed.notify_all()
                if self._watcher.is_alive():
                    self.say(f"joined: {self.roster.named(worker)}")
            else:
                self.say(f"refused: {self.roster.named(worker)}: {words(why)}")
        self.resized(self.window)

    @property
    def slots(self) -> int:
        return sum(desk.threads for desk in self._desks.values())

    @property
    def window(self) -> int:
        """Submissions under way at a time."""
        return max(1, AHEAD * self.slots)

    # -- the batch ---------------------------------------------------------------------------------------------

    def submit(
        self, own: AnswerKey | None, submission: Submission, known: Mapping[str, QuestionResult]
    ) -> Future[Made]:
        """Put a submission to the desk with the most room. Raises UsageError where the cluster is lost."""
        outer: Future[Made] = Future()
        with self._changed:
            while not self._desks and not self.lost:
                self._changed.wait(0.2)
            if self.lost:
                raise UsageError(self.lost)
            worker = min(self._desks, key=lambda at: self._desks[at].load / self._desks[at].threads)
            self._desks[worker].load += 1
            try:
                sent = dump(own) if own else None
                inner = self.executor.submit(at_desk, self.name, sent, submission, known, workers=[worker])
            except Exception as error:  # the client was closed under us
                raise UsageError(self._gone(words(error))) from error
            self._pending[inner] = (outer, worker, time.monotonic())
        inner.add_done_callback(self._done)
        return outer

    def _done(self, inner: Future[Any]) -> None:
        error = BrokenExecutor("cancelled") if inner.cancelled() else inner.exception()
        found = None if error else inner.result()
        if isinstance(found, Refused):
            error = BrokenExecutor(found.why)
        elif isinstance(found, Fault):
            error = SandboxError(found.why)
        elif type(error).__name__ == "KilledWorker":
            error = BrokenExecutor("the worker died")
        elif not error and not isinstance(found, Made):
            error = TypeError("an answer of another kind")
        worker = self._settle(inner, found, error)
        if isinstance(found, Refused):
            self._drop(worker)  # it is looked at again, and may have a desk again

    def _settle(self, inner: Future[Any], found: Any, error: BaseException | None) -> str:
        """Hand on what became of a submission, once; the worker that had it."""
        with self._changed:
            outer, worker, _ = self._pending.pop(inner, (None, "", 0.0))
            if worker in self._desks:
                self._desks[worker].load -= 1
        if outer is not None:
            if error is None:
                outer.set_result(found)
            else:
                outer.set_exception(error)
        return worker

    def _cancel(self, inner: Future[Any]) -> None:
        if self.client.status == "running":
            inner.cancel()

    def _drop(self, worker: str) -> None:
        with self._changed:
            self._desks.pop(worker, None)
            self.roster.seen.pop(worker, None)
        self.resized(self.window)

    def _longest(self) -> float:
        """Seconds that a submission can take, with those that are before it on the same worker."""
        if self.setting is None:
            return PATIENCE
        limits, questions = self.setting.limits, self.setting.key.questions
        more = sum(max(0.0, (q.seconds or 0.0) - limits.question) for q in questions)
        return PATIENCE + (AHEAD + 1) * SLACK * (limits.submission + more)

    def _watch(self) -> None:
        """Follow the workers that come and go."""
        alone: float | None = None
        while not self._closing.wait(WATCH_SECONDS):
            try:
                if self.client.status != "running":  # while it is not, results may have been lost
                    self._give_back(set())
                alive = self.roster.alive()
                for worker in [at for at in self.roster.seen if at not in alive]:
                    if worker in self._desks:
                        self.say(f"lost: {self.roster.named(worker)}; its submissions go to others")
                    self._drop(worker)
                self._give_back(set(alive))
                fresh = [at for at in alive if at not in self.roster.seen]
                self._admit(fresh)
            except Exception as error:
                if self._closing.is_set():
                    return
                if getattr(self.client, "status", "") in ("closed", "closing"):
                    self._lose(self._gone(words(error)))
                    return
            now = time.monotonic()
            alone = None if self._desks else alone or now
            if alone is not None and now - alone > self.patience:
                self._lose(f"no worker of {self.address} could grade for {self.patience:.0f} s; {_KEPT}")
                return

    def _admit(self, fresh: list[str]) -> None:
        """Examine workers that came during the batch, and give them a desk."""
        if not fresh or self.setting is None:
            return
        try:
            self.roster.examine(self.setting.limits, fresh)
            self._open([at for at in fresh if at in self.roster.seen])
        except Exception:
            for worker in fresh:  # they are looked at again
                self._drop(worker)
            raise

    def _gone(self, why: str) -> str:
        return f"the scheduler at {self.address} is gone ({why}); {_KEPT}"

    def _lose(self, why: str) -> None:
        with self._changed:
            self.lost = why
            self._changed.notify_all()
        self._give_back(set())

    def _give_back(self, alive: set[str]) -> None:
        """Fail what waits for a worker that is no longer there, so that it is put to another; and what should long be
        done: distributed leaves a future open for ever where the connection broke while its result came."""
        with self._changed:
            late = time.monotonic() - self._longest()
            dead = [f for f, (_, worker, since) in self._pending.items() if worker not in alive or since < late]
        for inner in dead:
            self._settle(inner, None, BrokenExecutor("the worker is gone"))
            self._cancel(inner)

    # -- the end -----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End at once; what is under way there is thrown away."""
        self._end(wait=False)

    def close(self) -> None:
        self._end(wait=True)

    def _end(self, wait: bool) -> None:
        self._closing.set()
        with self._changed:
            under_way = list(self._pending)
        for inner in under_way:
            with contextlib.suppress(Exception):
                self._cancel(inner)
        with contextlib.suppress(Exception):
            if self._desks:
                self.client.run(close_desk, self.name, workers=list(self._desks), on_error="ignore", wait=wait)
        with contextlib.suppress(Exception):
            self.client.close(timeout=2 if wait else 0.5)


def _loopback(address: str) -> bool:
    """Whether an address is of this machine. Raises UsageError where it is none."""
    try:
        parts = urlsplit(address)
        if parts.scheme in ("tcp", "tls") and parts.hostname and parts.port:
            return parts.hostname in ("localhost", "127.0.0.1", "::1")
    except ValueError:
        pass
    raise UsageError(f"--scheduler {address}: not an address; write tls://HOST:PORT or tcp://HOST:PORT")


_KEPT = "what was graded is kept: run the same command again"
