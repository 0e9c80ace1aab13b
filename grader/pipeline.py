"""Submissions in, Reports out: run, judge, diagnose, score; one at a time or a whole cohort."""

from __future__ import annotations

import concurrent.futures as futures
import functools
import hashlib
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import astuple, dataclass, field, replace
from importlib import metadata
from pathlib import Path

from . import __version__
from .asking import Oracle
from .carry import Carrier
from .errors import SandboxError
from .judge.score import report, result_of
from .keyfile import question_digest
from .model import (
    AnswerKey,
    Failure,
    FrozenQuestion,
    Limits,
    QuestionResult,
    Report,
    Response,
    Submission,
    Verdict,
)
from .sandbox.run import Runner
from .sandbox.spawn import Launcher
from .selfcheck import explained
from .store import Store

BATCH = 20  # submissions whose results are written in one transaction


def grade(
    key: AnswerKey,
    submission: Submission,
    launcher: Launcher,
    limits: Limits,
    known: Mapping[str, QuestionResult] | None = None,
    oracle: Oracle | None = None,
) -> Report:
    """Grade one submission. Questions in `known` are not run again. Never raises for what a student did.

    With an oracle, an error is carried forward where a question says so."""
    results = dict(known or {})
    pending = [q for q in key.questions if q.name not in results]
    notes: tuple[str, ...] = ()
    if submission.problem:
        verdict, kind = (Verdict.MISSING, "missing") if submission.empty else (Verdict.UNGRADED, "ungraded")
        failure = Failure(verdict, kind, submission.problem)
        results = {q.name: result_of(q, _all(q, failure)) for q in key.questions}
        notes = (submission.problem,)
    elif pending:
        runner, given = Runner(key, submission, launcher, limits), dict[str, dict[str, Response]]()
        try:
            for question, responses in runner.responses(pending):
                given[question.name] = responses
                result = result_of(question, responses)
                results[question.name] = replace(result, notes=(*runner.notes, *result.notes))
            for question in pending:  # when all is answered: our own calls must not disturb
                twice = runner.once_more(question, given[question.name])
                if twice is not given[question.name]:
                    given[question.name] = dict(twice)
                    again = result_of(question, twice)
                    results[question.name] = replace(again, notes=results[question.name].notes)
            for question in pending:
                result = results[question.name]
                told = explained(runner, question, given[question.name], result.outcomes)
                results[question.name] = replace(result, outcomes=told)
        except Exception as error:  # a fault of ours in one submission stops nobody else's
            what = str(error) if isinstance(error, SandboxError) else f"{type(error).__name__} in the grader"
            notes = (what,)
            failure = Failure(Verdict.UNGRADED, "ungraded", what)
            for question in pending:
                results.setdefault(question.name, result_of(question, _all(question, failure)))
        finally:
            runner.close()
        if oracle is not None:
            loaded = {
                name: found
                for name, found in given.items()
                if runner.load_failure is None or any(r.failure != runner.load_failure for r in found.values())
            }
            results.update(Carrier(key, submission, launcher, limits, oracle, dict(results)).carry(loaded))
    ordered = [results[q.name] for q in key.questions]
    notes = (*dict.fromkeys(note for r in ordered for note in r.notes), *notes)
    return report(key, submission, ordered, launcher.isolation, notes)


def _all(question: FrozenQuestion, failure: Failure) -> dict[str, Response]:
    return {case.name: Response(failure=failure) for case in question.cases}


# -- a cohort ------------------------------------------------------------------------------------------------


@functools.cache
def code_digest() -> str:
    """SHA-256 of what runs and judges: our code, Python and NumPy. A verdict depends on it."""
    digest = hashlib.sha256(f"{__version__} {sys.version} {metadata.version('numpy')}".encode())
    here = Path(__file__).parent
    for path in sorted(
        [*here.glob("*.py"), *(p for room in ("sandbox", "judge") for p in (here / room).rglob("*.py"))]
    ):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def content_keys(
    key: AnswerKey, submission: Submission, limits: Limits, isolation: str, carries: bool = False
) -> dict[str, str]:
    """The content key of each question's result for this submission. `carries`: whether the reference is at hand
    for errors that are carried forward; then a result depends on the questions below it and on the reference."""
    digest = hashlib.sha256()
    for part in (
        submission.main,
        *(x for file in submission.files for x in (file.name, hashlib.sha256(file.data).hexdigest())),
        repr(astuple(limits)),
        isolation,
        key.library,
        key.fixtures,
        code_digest(),
    ):
        digest.update(hashlib.sha256(part.encode("utf-8", "surrogateescape")).digest())
    base = digest.hexdigest()
    digests, keys = _digests(key), {}
    for q in key.questions:
        parts = [base, digests[q.name]]
        if q.calls:
            parts += [digests[other.name] for other in key.below(q)]
            parts += [key.provenance.get("sources", ""), "reference" if carries else "no reference"]
        keys[q.name] = hashlib.sha256("".join(parts).encode()).hexdigest()
    return keys


def _digests(key: AnswerKey) -> dict[str, str]:
    found = _digest_cache.get(id(key))
    if found is None or found[0] is not key:
        found = (key, {q.name: question_digest(q) for q in key.questions})
        _digest_cache.clear()
        _digest_cache[id(key)] = found
    return found[1]


_digest_cache: dict[int, tuple[AnswerKey, dict[str, str]]] = {}


@dataclass
class Launchers:
    """One launcher per thread, made on first use; `close` ends them all."""

    make: Callable[[], Launcher]
    _local: threading.local = field(default_factory=threading.local)
    _all: list[Launcher] = field(default_factory=list)

    def get(self) -> Launcher:
        launcher: Launcher | None = getattr(self._local, "launcher", None)
        if launcher is None:
            launcher = self._local.launcher = self.make()
            self._all.append(launcher)
        return launcher

    def close(self) -> None:
        for launcher in self._all:
            launcher.close()


def grade_all(
    key: AnswerKey | Callable[[str], AnswerKey],
    submissions: Iterable[Submission],
    executor: futures.Executor,
    launchers: Launchers,
    limits: Limits,
    isolation: str,
    store: Store,
    window: int = 16,
    oracle: Oracle | None = None,
) -> Generator[Report, None, None]:
    """Reports as they are done, in no order. Results are stored in batches; stored ones are not run again.

    `key` is one for all, or gives each student's own, which is held while it is used. At most `window` submissions
    are under way. Closing the generator stores what is done."""
    todo = iter(submissions)
    running: dict[futures.Future[Report], tuple[Submission, dict[str, str], set[str]]] = {}
    rows: list[tuple[str, str, QuestionResult]] = []
    carries = oracle is not None and oracle.available

    def one(own: AnswerKey, submission: Submission, known: dict[str, QuestionResult]) -> Report:
        return grade(own, submission, launchers.get(), limits, known, oracle)

    def submit() -> None:
        for submission in todo:
            own = key if isinstance(key, AnswerKey) else key(submission.student)
            keys = {} if submission.problem else content_keys(own, submission, limits, isolation, carries)
            known = store.get(keys) if keys else {}
            running[executor.submit(one, own, submission, known)] = (submission, keys, set(known))
            return

    try:
        for _ in range(window):
            submit()
        while running:
            done, _ = futures.wait(running, return_when=futures.FIRST_COMPLETED)
            for future in done:
                submission, keys, known = running.pop(future)
                graded = future.result()
                rows += [
                    (keys[r.question], submission.student, r)
                    for r in graded.questions
                    if r.score is not None and r.question in keys and r.question not in known
                ]
                submit()
                if len(rows) >= BATCH * len(graded.questions):
                    store.put(rows)
                    rows = []
                yield graded
    finally:
        store.put(rows)
        for future in running:
            future.cancel()
