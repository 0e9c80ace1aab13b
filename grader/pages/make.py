"""The pages of a folder of results: `report/index.html` for the instructor, and three files for each student.

Reports pass by one at a time. Words and answers are taken from a run on public cases (cohort/public.py), which is made
for those alone who lost points there, and only where the files are exactly those that were graded."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from ..cohort.desk import Setting
from ..cohort.exact import Exact
from ..cohort.public import PUBLIC, PublicRun, public_setting, shown_key
from ..cohort.results import Results
from ..collect.found import Found
from ..content import report_digest
from ..errors import UsageError
from ..model import AnswerKey, Report, Submission, Verdict
from ..records import report_from_json
from ..report.files import write_whole
from ..report.names import file_name
from ..report.view import student_view
from ..store import Store
from ..text import clean_text
from .cohort import STUDENTS, cohort_html, row_json
from .content import Public, content
from .plain import student_markdown, student_text
from .student import student_html
from .tally import Tally

FOLDER, INDEX = "report", "index.html"
NAMED = 5  # students whose page lacks words that are told by name for each reason, and reasons
UNRUN = "this page was made without running your files once more"  # on a student's page: no path, no advice for you
WRITERS = {".html": student_html, ".md": student_markdown, ".txt": student_text}


@dataclass(frozen=True)
class Sources:
    """The course and the submissions that the results are of, as they are now. `setting` names the isolation of a run
    here."""

    setting: Setting
    found: Sequence[Found]
    own: Callable[[str], AnswerKey] | None = None
    workers: int = 1


@dataclass
class Pages:
    """Makes the pages of `results`. Without `sources` (and `why`), or for files that have changed since, they hold no
    words and no answers. `said` is called with what is done and how many of how many. `ran` counts the submissions that
    were run on public cases, `written` the students, `lacking` those whose page lacks words, each with the reason."""

    results: Results
    sources: Sources | None = None
    why: str = ""
    said: Callable[[str, int, int], None] = lambda *_: None
    ran: int = 0
    written: int = 0
    lacking: dict[str, str] = field(default_factory=dict)
    _digests: dict[str, str] = field(default_factory=dict)  # by student, of the report that holds their words
    _whys: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.results.folder / FOLDER

    def make(self, student: str = "") -> None:
        """Write all pages, or those of one student alone. Each file is whole or as it was before.

        Raises UsageError where the student is not there or a file cannot be written, SandboxError."""
        for folder in (self.folder, self.folder / STUDENTS):
            folder.mkdir(mode=0o700, exist_ok=True)
        with contextlib.ExitStack() as stack:
            public = stack.enter_context(Store(self.results.folder / PUBLIC)) if self.sources else None
            if self.sources and public:
                self._run(self.sources, public, student)
            if student:
                report = self.results.report(student)
                if report is None:
                    raise UsageError(f"{self.results.folder}: no report of a student {student!r}")
                self._student(report, public, self._public(report))
                return
            rows = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8"))
            self._all(rows, public)

    def _run(self, sources: Sources, public: Store, student: str) -> None:
        """Put the submissions that lost points on a public case, and are exactly those graded, to these cases alone."""
        graded = Exact(self.results.store, self.results.overrides, sources.setting, sources.own)
        alone, able = public_setting(sources.setting), list[Found]()
        for done, one in enumerate(sources.found):
            self.said("comparing files", done, len(sources.found))
            if student and one.student != student:
                continue
            report, why = graded.report(submission := one.read())
            if report is None or submission.problem:
                self._whys[one.student] = why or submission.problem
            elif _lost(report):
                key = shown_key(sources.own(one.student)) if sources.own else alone.key
                self._digests[one.student] = _digest(alone, key, submission)
                able.append(one)
        if able:
            run = PublicRun(sources.setting, public, min(sources.workers, len(able)), sources.own)
            for done, _ in enumerate(run.grade(one.read() for one in able), 1):
                self.said("run on public cases", done, len(able))
            self.ran = run.ran

    def _all(self, rows: TextIO, public: Store | None) -> None:
        graded, kept = self.results.graded, set[str]()
        tally, title, shown = Tally.of(graded.questions, graded.points), graded.assignment, None
        if self.sources:
            title = self.sources.setting.key.title
        total = sum(1 for _ in self.results.rows())
        for row, report in zip(self.results.rows(), self.results.reports(), strict=True):
            if shown is None or (self.sources and self.sources.own):
                shown = self._public(report)
            self._student(report, public, shown if self._same(report) else None)
            rows.write(row_json(row, tally.add(report, row), graded.questions) + "\n")
            kept.add(file_name(report.student, ""))
            self.said("pages written", len(kept), total)
        rows.seek(0)
        lines = (line.rstrip("\n") for line in rows)
        write_whole(self.folder / INDEX, cohort_html(graded, title, tally, lines, self.lacks), sync=False)
        for path in (self.folder / STUDENTS).iterdir():  # of students that are there no longer
            ours = path.suffix in WRITERS and path.stem not in kept
            if (ours or path.name.endswith(".part")) and path.is_file():
                path.unlink(missing_ok=True)

    @property
    def lacks(self) -> str:
        """Whose pages lack words, and why, in a line; "" where none does."""
        reasons = dict[str, list[str]]()
        for student, why in self.lacking.items():
            reasons.setdefault(why, []).append(student)
        told = [f"{why}: {_some(names)}" for why, names in reasons.items()][:NAMED]
        return f"{len(self.lacking)} of {self.written}, " + "; ".join(told) if told else ""

    def _same(self, report: Report) -> bool:
        """Whether the key that is at hand is the one that the report was made with."""
        if self.sources is None:
            return False
        own = self.sources.own(report.student) if self.sources.own else self.sources.setting.key
        return dict(own.provenance) == dict(report.provenance)

    def _public(self, report: Report) -> Public | None:
        if self.sources is None or not self._same(report):
            return None
        return Public(shown_key(self.sources.own(report.student) if self.sources.own else self.sources.setting.key))

    def _student(self, report: Report, public: Store | None, shown: Public | None) -> None:
        told, lacks = None, ""
        if _lost(report) and not all(_unrun(report)):
            told, lacks = self._told(report, public)
            if lacks:
                self.lacking[report.student] = lacks
        key = self.sources.setting.key if self.sources and shown else None
        made = content(student_view(report, key, told), shown, UNRUN if lacks else "")
        for ending, write in WRITERS.items():
            _write(self.folder / STUDENTS / file_name(report.student, ending), "".join(write(made)))
        self.written += 1

    def _told(self, report: Report, public: Store | None) -> tuple[Report | None, str]:
        """The report of the run on public cases of exactly the files that were graded; or why there is none."""
        digest = self._digests.get(report.student)
        if public is None or digest is None:
            return None, self.why or self._whys.get(report.student, "the files were not found")
        last = public.last(report.student)
        if last is None or last[1] != digest:
            return None, "the run on public cases alone did not end well"
        return report_from_json(json.loads(last[0])), ""


def _write(path: Path, text: str) -> None:
    """Write a file whole, unless that is what it holds: to replace one takes longer than to make its text."""
    with contextlib.suppress(OSError):
        if path.read_bytes() == text.encode("utf-8", "backslashreplace"):
            return
    write_whole(path, [text], sync=False)


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(clean_text(name, 80, lines=False) for name in names[:NAMED]) + (f" and {more} more" * (more > 0))


def _lost(report: Report) -> bool:
    """Whether something on a public case is not right, and there is more to say of it than that it is not written."""
    lost = (o for q in report.questions for o in q.outcomes if not o.hidden and o.verdict is not Verdict.PASS)
    return any(o.kind != "NotImplementedError" for o in lost)


def _unrun(report: Report) -> Iterator[bool]:
    """For each outcome, whether there was nothing that could be run."""
    return (o.verdict in (Verdict.UNGRADED, Verdict.MISSING) for q in report.questions for o in q.outcomes)


def _digest(setting: Setting, key: AnswerKey, submission: Submission) -> str:
    return report_digest(key, submission, setting.keys(key, submission), setting.isolation)
