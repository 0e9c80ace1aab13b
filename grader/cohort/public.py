"""A run on public cases alone, beside a graded one: what a student may be told in words comes from it.

Code can keep what it was given in one call and say it in another, so that a message of a run with hidden cases may tell
them. Here the sandbox is given none; `report/view.py` says what is made of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from ..keyfile import public_view
from ..model import AnswerKey, Submission
from ..records import Row
from ..store import Store
from .batch import Batch
from .desk import Setting
from .processes import Processes

PUBLIC = "public.sqlite"  # its store, beside that of the grades


def shown_key(key: AnswerKey) -> AnswerKey:
    """The public view of a key, by which nothing is carried forward either: that asks the reference."""
    public = public_view(key)
    return replace(public, questions=tuple(replace(q, calls=(), carry=0.0) for q in public.questions))


def public_setting(setting: Setting) -> Setting:
    """A setting for the public cases alone. Only here are answers kept: nobody knew a hidden case who gave them."""
    return replace(setting, key=shown_key(setting.key), carries=False, answers=True)


class PublicRun:
    """Puts submissions to the public cases of a setting's key, by processes of its own. `store` keeps the reports, one
    for each student (Store.last), and may hold no other kind; what is in it already is not run again. `own` gives a
    student's own key where draws are per student. `ran` counts the submissions of which anything was run."""

    def __init__(
        self, setting: Setting, store: Store, workers: int, own: Callable[[str], AnswerKey] | None = None
    ) -> None:
        self.setting = public_setting(setting)
        self.processes = Processes(self.setting, workers)
        mine = None if own is None else (lambda student: shown_key(own(student)))
        run = secrets.token_hex(8)
        self.batch = Batch(self.setting, store, run, self.processes.submit, mine, self.processes.window)

    @property
    def ran(self) -> int:
        return self.batch.ran

    def grade(self, submissions: Iterable[Submission]) -> Iterator[Row]:
        """Rows as they are done; when the last has come, all is stored. Whatever ends it early ends the processes."""
        stream = self.batch.grade(submissions)
        try:
            yield from stream
        except BaseException:
            stream.close()
            self.processes.stop()
            raise
        self.processes.close()
