"""Grading a cohort by an executor: a bounded number under way, results stored in batches, in no order."""

from __future__ import annotations

import concurrent.futures as futures
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..content import report_digest
from ..judge.score import report, result_of
from ..model import AnswerKey, Failure, QuestionResult, Response, Submission, Verdict
from ..records import Row
from ..store import Made, Store
from .desk import Setting, made_of

BYTES = 256 << 20  # of files under way, beyond which no further submission is read
BATCH, BATCH_SECONDS = 20, 0.5  # submissions whose results are written in one transaction, and how long they wait
TRIES = 4  # times that a submission is graded where the process that did it died

Task = tuple[Submission, AnswerKey | None, dict[str, QuestionResult], int]  # and the how manieth try it is
Submit = Callable[[AnswerKey | None, Submission, Mapping[str, QuestionResult]], "futures.Future[Made]"]


@dataclass
class Batch:
    """One run over a cohort. `submit` puts a submission to a desk; `own` gives a student's own key where draws are
    per student. `ran` counts the submissions of which anything was run, `kept` those whose results were all known."""

    setting: Setting
    store: Store
    run: str
    submit: Submit
    own: Callable[[str], AnswerKey] | None = None
    window: int = 16
    ran: int = 0
    kept: int = 0
    _under_way: dict[futures.Future[Made], Task] = field(default_factory=dict)
    _suspects: list[Task] = field(default_factory=list)  # under way when a process died; they are graded one by one
    _busy: set[str] = field(default_factory=set)  # content keys whose results are not stored yet
    _later: list[Submission] = field(default_factory=list)  # that wait for such a result
    _ready: list[Submission] = field(default_factory=list)  # that do so no longer
    _made: list[Made] = field(default_factory=list)
    _same: list[str] = field(default_factory=list)
    _written: float = 0.0
    _held: int = 0  # bytes of the files of submissions under way or waiting

    def grade(self, submissions: Iterable[Submission]) -> Generator[Row, None, None]:
        """Rows as they are done. What is yielded is stored soon after; closing the generator stores the rest."""
        todo, self._written = iter(submissions), time.monotonic()
        try:
            while True:
                while (submission := self._choose(todo)) is not None:
                    if (row := self._begin(submission)) is not None:
                        yield row
                if not self._under_way and not self._retry_one():
                    self._write(1)
                    self._busy, self._ready, self._later = set(), [*self._ready, *self._later], []
                    if not self._ready:
                        return
                    continue
                done, _ = futures.wait(self._under_way, BATCH_SECONDS, futures.FIRST_COMPLETED)
                for future in done:
                    if (row := self._end(future)) is not None:
                        yield row
                self._write(1 if self._later else BATCH)
        finally:
            self._write(1)  # what is under way is for those to end who run it

    def _choose(self, todo: Iterator[Submission]) -> Submission | None:
        """The next one to begin with, if there is room; none while it is found out who ends the processes."""
        if self._suspects or max(len(self._under_way), len(self._later)) >= self.window:
            return None
        if self._ready:
            submission = self._ready.pop()
            self._held -= submission.size
            return submission
        return None if self._held >= BYTES and self._under_way else next(todo, None)

    def _retry_one(self) -> bool:
        """Grade again, alone, one of those that were under way when a process died."""
        if not self._suspects:
            return False
        self._put(*self._suspects.pop(0))
        return True

    def _begin(self, submission: Submission) -> Row | None:
        """Put a submission under way, or give its row where nothing of it has changed since its last report."""
        own = self.own(submission.student) if self.own else None
        key = own or self.setting.key
        keys = self.setting.keys(key, submission)
        if keys:
            digest = report_digest(key, submission, keys, self.setting.isolation)
            if self._busy & set(keys.values()):  # the same files, under way: what comes of them holds for both
                self._later.append(submission)
                self._held += submission.size
                return None
            if (row := self.store.unchanged(submission.student, digest, keys)) is not None:
                self._same.append(submission.student)
                self.kept += 1
                self._write(10 * BATCH)
                return row
        self._busy |= set(keys.values())
        self._put(submission, own, self.store.get(keys) if keys else {}, 1)
        return None

    def _put(self, submission: Submission, own: AnswerKey | None, known: dict[str, QuestionResult], tries: int) -> None:
        self._held += submission.size
        self._under_way[self.submit(own, submission, known)] = (submission, own, known, tries)

    def _end(self, future: futures.Future[Made]) -> Row | None:
        submission, own, known, tries = self._under_way.pop(future)
        self._held -= submission.size
        try:
            made = future.result()
        except (futures.BrokenExecutor, futures.CancelledError) as error:
            if tries < TRIES:
                self._suspects.append((submission, own, known, tries + 1))
                return None
            made = self._ungraded(submission, own, f"the process that graded it died ({type(error).__name__})")
        except Exception as error:  # a fault of ours in one submission stops nobody else's
            made = self._ungraded(submission, own, f"{type(error).__name__} in the grader")
        whole = len(known) >= len(made.parts)
        self.ran += not whole and not submission.problem
        self.kept += whole
        self._made.append(made)
        return made.row

    def _ungraded(self, submission: Submission, own: AnswerKey | None, why: str) -> Made:
        key = own or self.setting.key
        failure = Response(failure=Failure(Verdict.UNGRADED, "ungraded", why))
        results = [result_of(q, {case.name: failure for case in q.cases}) for q in key.questions]
        told = report(key, submission, results, self.setting.isolation, (why,))
        return made_of(told, self.setting, key, submission)

    def _write(self, least: int) -> None:
        waiting = len(self._made) + len(self._same)
        late = waiting and time.monotonic() - self._written > BATCH_SECONDS
        if waiting >= least or late:
            self.store.put(self.run, self._made, self._same)
            under_way = {key for submission, own, _, _ in self._pending() for key in self._keys(submission, own)}
            self._made, self._same, self._written = [], [], time.monotonic()
            self._busy &= under_way
            self._ready, self._later = [*self._ready, *self._later], []

    def _pending(self) -> list[Task]:
        return [*self._under_way.values(), *self._suspects]

    def _keys(self, submission: Submission, own: AnswerKey | None) -> Iterable[str]:
        return self.setting.keys(own or self.setting.key, submission).values()
