"""`grader check --watch`: check again, on every save, what the change can touch. Ends with Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from ..checking import Check, own_work
from ..collect.disk import main_names
from ..errors import SandboxError, UsageError
from ..model import AnswerKey, Limits, Verdict
from ..report.student import body_lines, caveat, counted
from ..sandbox.ready import Ready
from ..sandbox.spawn import Launcher, Spawner
from ..text import clean_text, plural
from ..watching import Outline, changes, marks_of, outline_of, touched
from .console import Console
from .run_check import followed


class Watch:
    """What is known of the questions that are watched, from one check to the next."""

    def __init__(self, key: AnswerKey, path: Path, only: Sequence[str], launcher: Launcher, console: Console) -> None:
        self.key, self.path, self.only, self.launcher, self.console = key, path, tuple(only), launcher, console
        self.outline: Outline | None = None  # of the files at the last check that loaded
        self.passed = dict[str, bool]()
        self.files = [path.name] if path.is_file() else list(main_names(key.file))  # one of them has to be there

    def first(self) -> None:
        """Check everything that is watched. Raises UsageError for what another save would not mend."""
        with Check(self.key, own_work(self.path, self.key), self.launcher, self.only) as check:
            self.console.say(f"{self.key.title}: {clean_text(check.submission.main, 120, lines=False)}, public cases")
            self._check(check, outline_of(check.runner, check.submission))

    def again(self) -> None:
        """Check what the files as they are now can have changed. A fault is said, and the next save is waited for."""
        try:
            with Check(self.key, own_work(self.path, self.key), self.launcher, self.only) as check:
                before, now = self.outline, outline_of(check.runner, check.submission)
                watched, reached = check.questions, {q.name for q in touched(self.key, before, now)}
                check.questions = [q for q in watched if q.name in reached]
                every = len(check.questions) == len(watched)
                what = plural(len(watched), "question") if every else ", ".join(q.name for q in check.questions)
                self.console.say(f"{_clock()}  {f'checking {what}' if what else 'no question is touched'}")
                self._check(check, now)
        except (UsageError, SandboxError) as error:
            self.outline = None
            self.console.say(f"{_clock()}  {self.console.paint('FAIL')}  {error}")

    def _check(self, check: Check, outline: Outline | None) -> None:
        if self.path.is_dir() and check.submission.main in main_names(self.key.file):
            self.files[:] = [check.submission.main]  # while an editor saves it, the notebook beside it is not meant
        self.outline = None  # until it has loaded
        if check.questions:
            for line in followed(body_lines(check, self.console.paint), check, self.console):
                self.console.say(line)
        if check.failure is None:
            self.outline = outline
            for one in check.done:
                self.passed[one.question.name] = all(o.verdict is Verdict.PASS for o in one.result.outcomes)
        else:
            self.passed.clear()
        total = len([q for q in self.key.questions if not self.only or q.name in self.only])
        self.console.say(f"{counted(sum(self.passed.values()), total)} {caveat(self.launcher.isolation)}")


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def watch(key: AnswerKey, path: Path, only: Sequence[str], spawner: Spawner, console: Console) -> NoReturn:
    """Check once, and again after every save, until KeyboardInterrupt, which is raised on."""
    ready = Ready()
    ready.spawner = spawner
    watched = Watch(key, path, only, ready, console)
    folder = path.resolve() if path.is_dir() else path.resolve().parent
    marks = marks_of(folder)

    def shown() -> str:
        return clean_text(watched.files[0], 120, lines=False)

    def gone() -> None:
        console.say(f"{shown()} is gone; waiting for it")

    try:
        watched.first()
        console.say(f"Watching {shown()}: save it to check again, Ctrl-C ends.")
        ready.warm(key.library, key.fixtures, Limits())  # for the next time
        for _ in changes(folder, watched.files, marks, gone, time.sleep):
            watched.again()
            ready.warm(key.library, key.fixtures, Limits())
    finally:
        ready.close()
    raise AssertionError  # files change for ever
