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
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, Future
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..content import code_digest
from ..errors import SandboxError, UsageError, WeakIsolationError
from ..keyfile import dump
from ..model import AnswerKey, Limits, QuestionResult, Submission
from ..store import Made
from ..text import clean_text, plural
from .desk import Setting
from .remote import Examined, Fault, Refused, at_desk, close_desk, examine, open_desk

CONNECT_SECONDS = 30.0
PATIENCE = 600.0  # seconds without any worker before the run stops; the store keeps what is done
WATCH_SECONDS = 0.5
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
        for name in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said here
        self.address, self.say, self.patience = address, say, patience
        self.resized: Callable[[int], None] = lambda _: None
        self.setting: Setting | None = None
        self.owner = self.name = self.lost = ""
        self._desks: dict[str, _Desk] = {}
        self._seen: dict[str, Examined] = {}
        self._pending: dict[Future[Any], tuple[Future[Made], str]] = {}
        self._changed, self._closing = threading.Condition(), threading.Event()
        if address.startswith("tcp://") and urlsplit(address).hostname not in ("localhost", "127.0.0.1", "::1"):
            say(f"{address} is neither encrypted nor closed to others: use tls:// beyond a network of your own")
        try:
            self.client: Any = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError, RuntimeError) as error:
            raise UsageError(f"--scheduler {address}: {clean_text(str(error), 300, lines=False)}") from error
        self.executor = self.client.get_executor(pure=False)
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    # -- before the batch --------------------------------------------------------------------------------------

    def isolation(self, library: str, limits: Limits, allowed: bool) -> str:
        """Let each worker try its sandbox; the level that all which may grade have in common. Waits for a first worker.

        Raises WeakIsolationError where none is strong and that is not `allowed`, UsageError where none can grade."""
        self._wait_for_workers()
        self._examine(library, limits, list(self.client.nthreads()))
        able = {at: found for at, found in self._seen.items() if not self._unable(found)}
        if not able:
            raise UsageError("no worker can grade:\n" + self._table(self._seen))
        levels = Counter(found.level for found in able.values())
        strong = {level: count for level, count in levels.items() if level.startswith("strong")}
        if not strong and not allowed:
            raise WeakIsolationError(
                "the sandbox of every worker is weaker than it must be for student code:\n"
                + self._table(able)
                + "\nNothing was graded. To grade all the same: --allow-weak-isolation"
            )
        if not strong:
            self.say("going on with weak isolation: --allow-weak-isolation")
        return Counter(strong or levels).most_common(1)[0][0]

    def _wait_for_workers(self) -> None:
        started, told = time.monotonic(), False
        while not self.client.nthreads():
            if time.monotonic() - started > self.patience:
                raise UsageError(f"no worker came to {self.address} within {self.patience:.0f} s")
            if not told:
                self.say(f"waiting for workers at {self.address} …")
                told = True
            time.sleep(WATCH_SECONDS)

    def _examine(self, library: str, limits: Limits, workers: list[str]) -> None:
        for worker, found in self.client.run(examine, library, limits, workers=workers, on_error="return").items():
            self._seen[worker] = found if isinstance(found, Examined) else Examined("", "", "", _words(found))

    def _unable(self, found: Examined) -> str:
        """Why a worker cannot grade at all."""
        if found.why:
            return found.why
        return "" if found.digest == code_digest() else "another version of the grader, of Python or of NumPy"

    def _table(self, workers: Mapping[str, Examined]) -> str:
        return "\n".join(
            f"  {at} {found.host}: {self._unable(found) or found.level}" for at, found in sorted(workers.items())
        )

    def open(self, setting: Setting, owner: str, name: str) -> Cluster:
        """Open a desk on every worker whose isolation is the batch's, and on those that come later. `owner` stands for
        the output folder, `name` for the run. Raises UsageError where there is none."""
        self.setting, self.owner, self.name = setting, f"{socket.gethostname()}:{owner}", name
        self._open(list(self._seen))
        if not self._desks:
            raise UsageError("no worker may grade this batch")
        self.say(f"{plural(len(self._desks), 'worker')} with {plural(self.slots, 'thread')} at {self.address}")
        self._watcher.start()
        return self

    def _open(self, workers: list[str]) -> None:
        assert self.setting is not None
        able = []
        for worker in workers:
            found = self._seen[worker]
            why = self._unable(found)
            if not why and found.level != self.setting.isolation:
                why = f"its isolation is {found.level}"
            if why:
                self.say(f"refused: {worker} {found.host}: {why}")
            else:
                able.append(worker)
        if not able:
            return
        threads = self.client.nthreads(workers=able)
        answers = self.client.run(open_desk, self.name, self.owner, self.setting, workers=able, on_error="return")
        for worker, why in answers.items():
            if why == "" and worker in threads:
                with self._changed:
                    self._desks[worker] = _Desk(threads[worker])
                    self._changed.notify_all()
            else:
                self.say(f"refused: {worker} {self._seen[worker].host}: {_words(why)}")
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
                raise UsageError(self._gone(_words(error))) from error
            self._pending[inner] = (outer, worker)
        inner.add_done_callback(self._done)
        outer.add_done_callback(lambda future: inner.cancel() if future.cancelled() else None)
        return outer

    def _done(self, inner: Future[Any]) -> None:
        with self._changed:
            outer, worker = self._pending.pop(inner, (None, ""))
            if worker in self._desks:
                self._desks[worker].load -= 1
        if outer is None or not outer.set_running_or_notify_cancel():
            return
        error = BrokenExecutor("cancelled") if inner.cancelled() else inner.exception()
        found = None if error else inner.result()
        if isinstance(found, Made):
            outer.set_result(found)
        elif isinstance(found, Fault):
            outer.set_exception(SandboxError(found.why))
        elif isinstance(found, Refused):
            self._drop(worker)  # it is looked at again, and may have a desk again
            outer.set_exception(BrokenExecutor(found.why))
        elif type(error).__name__ == "KilledWorker":
            outer.set_exception(BrokenExecutor("the worker died"))
        else:
            outer.set_exception(error or TypeError("an answer of another kind"))

    def _drop(self, worker: str) -> None:
        with self._changed:
            self._desks.pop(worker, None)
            self._seen.pop(worker, None)
        self.resized(self.window)

    def _watch(self) -> None:
        """Follow the workers that come and go."""
        alone: float | None = None
        while not self._closing.wait(WATCH_SECONDS):
            try:
                alive = self.client.nthreads()
                for worker in [at for at in self._seen if at not in alive]:
                    if worker in self._desks:
                        self.say(f"lost: {worker} {self._seen[worker].host}; its submissions go to others")
                    self._drop(worker)
                self._give_back(set(alive))
                if (fresh := [at for at in alive if at not in self._seen]) and self.setting is not None:
                    self._examine(self.setting.key.library, self.setting.limits, fresh)
                    self._open([at for at in fresh if at in self._seen])
            except Exception as error:
                if self._closing.is_set():
                    return
                if getattr(self.client, "status", "") in ("closed", "closing"):
                    self._lose(self._gone(_words(error)))
                    return
            now = time.monotonic()
            alone = None if self._desks else alone or now
            if alone is not None and now - alone > self.patience:
                self._lose(f"no worker of {self.address} could grade for {self.patience:.0f} s; {_KEPT}")
                return

    def _gone(self, why: str) -> str:
        return f"the scheduler at {self.address} is gone ({why}); {_KEPT}"

    def _lose(self, why: str) -> None:
        with self._changed:
            self.lost = why
            self._changed.notify_all()
        self._give_back(set())

    def _give_back(self, alive: set[str]) -> None:
        """Fail what waits for a worker that is no longer there, so that it is put to another."""
        with self._changed:
            dead = [inner for inner, (_, worker) in self._pending.items() if worker not in alive]
        for inner in dead:
            inner.cancel()

    # -- the end -----------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """End at once; what is under way there is thrown away."""
        self._end(wait=False)

    def close(self) -> None:
        self._end(wait=True)

    def _end(self, wait: bool) -> None:
        self._closing.set()
        with contextlib.suppress(Exception):
            if self._desks:
                self.client.run(close_desk, self.name, workers=list(self._desks), on_error="ignore", wait=wait)
        with contextlib.suppress(Exception):
            self.client.close(timeout=2 if wait else 0.5)


_KEPT = "what was graded is kept: run the same command again"


def _words(error: object) -> str:
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    return clean_text(text, 200, lines=False)
