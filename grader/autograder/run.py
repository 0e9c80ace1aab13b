"""One submission in the platform's container: from `/autograder` to `results.json`.

The words for public cases come from a run of their own, which sees no hidden case. It comes first, where there is time
for both: what a machine remembers of a run that saw some could be told in it. Then the points, in one run as `grader
grade` makes it; the file is written anew after each question.

A fault of ours leaves no results.json, as at our own deadline: the platform then reports a failed autograder and gives
no score. Where the platform kills us first, what is there says that it is not the grade."""

from __future__ import annotations

import contextlib
import os
import resource
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NoReturn

from .. import __version__
from ..asking import Oracle
from ..cohort.public import shown_key
from ..errors import GraderError, WeakIsolationError
from ..judge.score import report as report_of
from ..keyfile import load
from ..model import AnswerKey, Limits, QuestionResult, Report, Submission
from ..pipeline import grade
from ..sandbox.run import most_seconds
from ..sandbox.spawn import Launcher
from ..sandbox.zygote import launcher
from ..text import clean_text
from .guard import require_closed, trusted
from .place import KEY, SETTINGS, Place, about, points_elsewhere, student_of, taken
from .results import finished, not_taken_in, so_far
from .settings import Settings
from .settings import load as load_settings

FOLDER = "/autograder"
GRADED, FAILED, UNGRADED, WEAK = 0, 1, 3, 4  # exit codes, as of `grader grade`
WORDS_SECONDS = 10.0  # where less can be spared there is no run for words
OURS_SECONDS = 90.0  # beside its own time: starting workers takes half of that where all loops, by half a processor


def main(arguments: Sequence[str]) -> int:
    """Grade what lies in the folder (default: /autograder); the exit code. What is printed is for instructors."""
    place = Place(Path(arguments[0] if arguments else FOLDER).absolute())
    try:
        place.take_back()  # of a run before
        return _main(place)
    except WeakIsolationError as error:
        return _failed(place, str(error), WEAK)
    except (GraderError, OSError) as error:
        return _failed(place, str(error), FAILED)
    except Exception:
        return _failed(place, traceback.format_exc(), FAILED)


def _failed(place: Place, why: str, code: int) -> int:
    place.take_back()
    say(f"NOT GRADED: {why}")
    say("There is no results.json, so that nobody gets a zero for it. Run the autograder on this submission again.")
    return code


def say(text: str) -> None:
    print(clean_text(text, 4000), flush=True)


@dataclass
class Work:
    """One submission under way. `final`: the score that is written will not change."""

    place: Place
    settings: Settings
    key: AnswerKey
    submission: Submission
    started: float
    final: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)
    results: list[QuestionResult] = field(default_factory=list)
    isolation: str = ""

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        return self.settings.deadline - self.seconds

    def put(self, results: dict[str, Any] | None, final: bool = False) -> None:
        with self.lock:  # not while the deadline ends us
            if results is not None:
                self.place.write(results)
            self.final = self.final or final

    def came(self, result: QuestionResult) -> None:
        """A question's result, which may change yet."""
        self.results = [*(r for r in self.results if r.question != result.question), result]
        ordered = [r for q in self.key.questions for r in self.results if r.question == q.name]
        part = report_of(self.key, self.submission, ordered, self.isolation)
        self.put(so_far(part, self.key, self.settings))

    def end_now(self) -> NoReturn:
        """At the deadline: what is final stays, and what is not is taken back. Called by a thread of its own."""
        self.lock.acquire()  # for good
        if not self.final:
            _failed(self.place, f"not done within {self.settings.deadline:g} s (--deadline of the export)", FAILED)
        else:
            say("no time was left for words on public cases; the score is final")
        os._exit(GRADED if self.final else FAILED)  # the sandbox ends with us


@contextlib.contextmanager
def deadline(work: Work) -> Iterator[None]:
    timer = threading.Timer(max(0.1, work.left), work.end_now)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _main(place: Place) -> int:
    started = time.monotonic()
    place.close()
    settings = load_settings(place.read(SETTINGS))
    key = load(place.read(KEY), KEY)
    told = about(place)
    work = Work(place, settings, key, taken(place, key, student_of(told)), started)
    say(f"grader {__version__}, {key.assignment}, {work.submission.student}")
    total = points_elsewhere(told)
    if total is not None and total != round(key.points, 6):
        say(f"note: the assignment is worth {total:g} points on the platform, and {key.points:g} here")
    if settings.told and work.submission.problem and not work.submission.empty:
        place.write(not_taken_in(work.submission.problem, key, settings))
        say(f"NOT GRADED, and told with a score of 0: {work.submission.problem}")
        return UNGRADED
    with deadline(work):
        try:
            return _graded(work)
        except Exception as error:
            if not work.final:
                raise
            say(f"{type(error).__name__} in the grader when the score was final: it stays")
            return GRADED


def _graded(work: Work) -> int:
    settings, key, place = work.settings, work.key, work.place
    limits = settings.limits(key.library)
    work.isolation = trusted(limits, settings.weak)
    with contextlib.closing(launcher(key.library, fresh=True)) as box:
        box.isolation = work.isolation
        require_closed(box, key.library, limits, place.closed, [str(place.base), str(place.results.parent)])
        say(f"isolation {work.isolation}; the key is closed to student code (tried); {work.seconds:.1f} s")
        words = _words(work, box, limits)
        found = grade(key, work.submission, box, limits, oracle=Oracle(None, key), so_far=work.came)
        if found.status != "graded":
            names = [q.question for q in found.questions if q.score is None]
            return _failed(place, f"{'; '.join(found.notes)} (ungraded: {', '.join(names)})", UNGRADED)
        work.put(finished(found, key, settings, words), final=True)
        say(f"{found.score:g} of {found.max_score:g} points after {work.seconds:.1f} s")
    used = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    say(f"done after {work.seconds:.1f} s; largest processes {used[0]:.0f} and {used[1]:.0f} MiB")
    return GRADED


def _words(work: Work, box: Launcher, limits: Limits) -> Report | None:
    """A run on public cases alone, for what is said of them: in no more time than the graded run leaves."""
    if work.submission.problem or not any(not case.hidden for q in work.key.questions for case in q.cases):
        return None
    spare = work.left - most_seconds(work.key, limits) - OURS_SECONDS
    if spare < WORDS_SECONDS:
        say("no words on public cases: the deadline leaves no time for a run of their own")
        return None
    limits = replace(limits, submission=min(limits.submission, spare))
    try:
        return grade(shown_key(work.key), work.submission, box, limits)
    except Exception as error:  # words are not worth losing a score
        say(f"no words on public cases: {type(error).__name__} in the grader")
        return None
