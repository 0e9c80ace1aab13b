"""pytest in a handout's folder: an item for each question and public case, which fails with our message.

pytest finds this by its entry point. Where no public.key lies it costs a look at each file's ending, so whatever is
needed behind that is imported there. (PYTEST_DONT_REWRITE: no assert of a test is in here.)"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .checking import Check, QuestionCheck
    from .model import AnswerKey, FrozenQuestion
    from .sandbox.spawn import Spawner

NOTE = "note"  # the property of an item's report that is told at the end
NOT_THE_GRADE = "public cases only: the grade comes from hidden cases too, with other sizes and values"


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """A handout is collected by its public key, or by its notebook where that is named."""
    if file_path.suffix == ".key":
        return _handout(file_path, parent)
    if file_path.suffix == ".ipynb" and parent.session.isinitpath(file_path):
        return _handout(file_path, parent)
    return None


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> Any:
    """The file to hand in, where it is named, is checked like `grader check FILE`; pytest would import it."""
    return _handout(module_path, parent) if parent.session.isinitpath(module_path) else None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was noted while a student's file was loaded, once."""
    notes = dict[str, None]()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, ()):
            notes.update({str(value): None for name, value in report.user_properties if name == NOTE})
    for note in sorted(notes, key=NOT_THE_GRADE.__eq__):
        terminalreporter.write_line(f"note  {note}")


def _handout(path: Path, parent: pytest.Collector) -> Handout | None:
    """The handout that this file stands for; None where it is of no handout."""
    from .model import PUBLIC_KEY

    key = path.with_name(PUBLIC_KEY)
    if path.name != PUBLIC_KEY:
        from .checking import open_key
        from .collect.disk import main_names
        from .errors import GraderError

        with contextlib.suppress(GraderError):
            if key.is_file() and path.name in main_names(open_key(key).file):
                return Handout.from_parent(parent, path=path)
        return None
    try:
        with key.open("rb") as file:
            ours = file.read(12) == b"DLGRADER KEY"  # others keep keys of other kinds under this name
    except OSError:
        return None
    return Handout.from_parent(parent, path=path) if ours else None


class Handout(pytest.File):
    """A handout with the student's work in it. One worker answers for all its items, from the first one that runs."""

    key: AnswerKey
    check: Check | None = None
    spawner: Spawner | None = None
    failure = ""  # why nothing can be checked
    told = False  # whether the notes were given to an item

    def collect(self) -> Iterator[pytest.Collector]:
        from .checking import open_key
        from .errors import GraderError
        from .model import PUBLIC_KEY

        try:
            self.key = open_key(self.path.with_name(PUBLIC_KEY))
        except GraderError as error:
            raise self.CollectError(str(error)) from error
        for question, name in zip(self.key.questions, names(q.name for q in self.key.questions), strict=True):
            yield Question.from_parent(self, name=name, question=question)

    def checked(self, question: str) -> QuestionCheck | None:
        """A question put to the worker; None where the student's work does not load (`failure`)."""
        from .errors import GraderError

        found = None
        if not self.failure:
            try:
                self.check = self.check or self._open()
                found = self.check.one(question)
                if self.check.failure is not None:
                    self.failure, found = self.check.failure.message or self.check.failure.kind, None
            except GraderError as error:
                self.failure = str(error)
        return found

    def _open(self) -> Check:
        from .model import PUBLIC_KEY
        from .sandbox.spawn import Spawner

        self.spawner = Spawner()
        self.spawner.warm()
        from .checking import Check, own_work

        path = self.path.parent if self.path.name == PUBLIC_KEY else self.path
        return Check(self.key, own_work(path, self.key), self.spawner)

    def notes(self) -> list[str]:
        """What there is to say of the handout as a whole, for one item to bear."""
        if self.told:
            return []
        self.told = True
        here = self.path.parent == self.config.invocation_params.dir
        of = "" if here else f"{self.path.parent.name}: "
        notes = [] if self.check is None else [n for n in self.check.notes if n != self.failure]
        return [*(of + note for note in notes), NOT_THE_GRADE]

    def place(self, message: str) -> tuple[str, int]:
        """The student's file and the line of it that a message names, for who wants to jump there."""
        main = self.check.submission.main if self.check is not None else ""
        found = re.search(rf"\({re.escape(main)} line (\d{{1,6}})\b", message) if main else None
        return str(self.path.parent / (main or self.path.name)), int(found[1]) if found else 1

    def teardown(self) -> None:
        """pytest calls it behind the last item, and when it is stopped."""
        check, spawner, self.check, self.spawner = self.check, self.spawner, None, None
        try:
            if check is not None:
                check.runner.close()
        finally:
            if spawner is not None:
                spawner.close()


class Question(pytest.Collector):
    """A question of a handout; it is run when the first of its cases is."""

    parent: Handout

    def __init__(self, *, question: FrozenQuestion, **more: Any) -> None:
        super().__init__(**more)
        self.question = question
        self.found: QuestionCheck | None = None

    def collect(self) -> Iterator[pytest.Item]:
        for case, name in zip(self.question.cases, names(c.name for c in self.question.cases), strict=True):
            yield Case.from_parent(self, name=name, case=case.name)

    def checked(self) -> QuestionCheck | None:
        if self.found is None:
            self.found = self.parent.checked(self.question.name)
        return self.found


class Case(pytest.Item):
    """A public case of a question."""

    parent: Question

    def __init__(self, *, case: str, **more: Any) -> None:
        super().__init__(**more)
        self.case = case

    def runtest(self) -> None:
        handout = self.parent.parent
        check = self.parent.checked()
        self.user_properties += [(NOTE, note) for note in handout.notes()]
        if check is None:
            pytest.fail(_clean(handout.failure), pytrace=False)
        from .report.student import told

        said = told(check, self.case)
        if said.status == "ok":
            if printed := check.responses[self.case].printed:
                self.add_report_section("call", "stdout", printed)  # for -rP and JUnit
            return
        text = "\n".join(said.details) if said.status == "FAIL" else "\n".join(["not written yet", *said.details])
        pytest.fail(_clean(text), pytrace=False)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Our message alone, also in the short summary and in JUnit's attribute; a fault of ours as pytest has it."""
        shown = super().repr_failure(excinfo, style)
        crash = getattr(shown, "reprcrash", None)
        if isinstance(excinfo.value, pytest.fail.Exception) and crash is not None:
            crash.message = str(excinfo.value)
            crash.path, crash.lineno = self.parent.parent.place(crash.message)
        return shown

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, f"{self.parent.question.name}: {self.case}"


def names(said: Iterator[str] | list[str]) -> list[str]:
    """Names that a shell, `-k` and XML bear as they are, each different: letters, digits and `_ . + -`."""
    out = list[str]()
    for text in said:
        name = base = re.sub(r"[^\w.+-]+", "_", text).strip("_") or "case"
        number = 1
        while name in out:
            number += 1
            name = f"{base}_{number}"
        out.append(name)
    return out


def _clean(text: str) -> str:
    from .text import clean_text

    return "\n".join(clean_text(line, lines=False) for line in text.splitlines())
