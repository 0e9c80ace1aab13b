"""Pages for a graded cohort: each from the graded report of exactly the files that are shown, and a run on public
cases."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .. import overrides
from ..cohort.desk import Setting
from ..cohort.exact import Exact
from ..cohort.public import PUBLIC, PublicRun
from ..cohort.results import STORE
from ..collect.found import Found
from ..errors import SandboxError, UsageError
from ..model import AnswerKey, Submission
from ..records import report_from_json
from ..report.files import write_whole
from ..report.names import file_name
from ..report.view import student_view
from ..sandbox.cells import Cells, cells_of
from ..sandbox.spawn import Launcher
from ..sandbox.zygote import launcher
from ..store import Store
from ..text import clean_text
from .page import page

GRADED, FOLDER = STORE, "feedback"


@dataclass(frozen=True)
class Told:
    """What came of one student: a page, or `why` there is none, or what it lacks."""

    student: str
    path: Path | None = None
    why: str = ""


@dataclass
class Feedback:
    """Makes pages in `results`, the folder of a `grader grade`. `own` gives a student's own key where draws are per
    student. Iterate once; `ran` then counts the submissions that were run on public cases, and not taken from the
    store."""

    setting: Setting
    own: Callable[[str], AnswerKey] | None
    found: Sequence[Found]
    results: Path
    workers: int
    ran: int = 0
    _targets: set[str] = field(default_factory=set)

    def __iter__(self) -> Iterator[Told]:
        """Raises UsageError where a page or a store cannot be written, SandboxError."""
        folder = self.results / FOLDER
        folder.mkdir(mode=0o700, exist_ok=True)
        key = self.setting.key
        self._targets = {target for q in key.questions for target in q.targets}
        with contextlib.ExitStack() as stack:
            graded, public = (stack.enter_context(Store(self.results / name)) for name in (GRADED, PUBLIC))
            exact = Exact(graded, overrides.read(self.results), self.setting, self.own)
            whys = [exact.report(one.read())[1] for one in self.found]
            able = [one for one, why in zip(self.found, whys, strict=True) if not why]
            if whys and not able:  # rather the wrong command than all of them
                raise UsageError(f"no page is made or taken away: {whys[0]}")
            for one, why in zip(self.found, whys, strict=True):
                if why:
                    with contextlib.suppress(FileNotFoundError):  # a page of older files is no page of these
                        (folder / file_name(one.student)).unlink()
                    yield Told(one.student, why=why)
            self._run(public, able)
            worker = launcher("numpy")  # nothing of theirs is run
            stack.callback(worker.close)
            for one in able:
                yield self._page(exact, public, one.read(), folder, worker)

    def _run(self, public: Store, able: Sequence[Found]) -> None:
        """Put the submissions to the public cases alone."""
        if able:
            run = PublicRun(self.setting, public, min(self.workers, len(able)), self.own)
            for _ in run.grade(one.read() for one in able):
                pass
            self.ran = run.ran

    def _page(self, exact: Exact, public: Store, submission: Submission, folder: Path, worker: Launcher) -> Told:
        report, why = exact.report(submission)  # once more: the file may have changed meanwhile
        if report is None:
            return Told(submission.student, why=why)
        last = public.last(submission.student)
        shown = report_from_json(json.loads(last[0])) if last else None
        if shown is None or shown.status != "graded":
            why = "it could not be run on the public cases, so that its page lacks words: "
            why += "; ".join(shown.notes) if shown and shown.notes else "run the same command again"
        try:
            cells = cells_of(submission, self._targets, worker, self.setting.limits)
        except SandboxError as error:
            cells = Cells(failure=f"the sandbox failed: {error}")
            why = why or f"its cells are not on the page: {error}"
        key = self.setting.key
        places = {q.name: (q.targets[0] if q.targets and not q.predicate else None) for q in key.questions}
        path = folder / file_name(submission.student)
        view = student_view(report, key, shown)
        write_whole(path, [page(view, cells, places, clean_text(submission.main, 120, lines=False) or "no file")])
        return Told(submission.student, path, clean_text(why, 300, lines=False))
