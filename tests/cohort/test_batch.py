"""A batch: a bounded number under way, what is done stored, and a fault of ours that costs nobody a grade."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.cohort import batch
from grader.cohort.batch import BATCH, TRIES, Batch
from grader.cohort.desk import Setting, made_of
from grader.cohort.processes import Processes
from grader.course import Course
from grader.judge.score import report, result_of
from grader.model import (
    AnswerKey,
    FrozenCase,
    FrozenQuestion,
    Limits,
    Output,
    QuestionResult,
    Response,
    SourceFile,
    Step,
    Submission,
)
from grader.sandbox.worker import confine
from grader.store import Made, Store
from grader.tolerance import bounds

Known = Mapping[str, QuestionResult]
confined = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)


def key(*names: str) -> AnswerKey:
    """Each function is to give twice its argument."""
    two = np.array(2.0)
    case = FrozenCase("seen", False, {"x": 1.0}, {"out": two}, {"out": bounds(two, 0.0, 0.0, False)})
    questions = [
        FrozenQuestion(n, "", ("x",), (Output("out", 1.0),), (Step("function", n, ("x",), ("out",)),), (case,))
        for n in names
    ]
    return AnswerKey("demo", "Demo", "demo.py", "numpy", tuple(questions), {})


def work(student: str, source: str = "def f(x): return 2 * x\n") -> Submission:
    return Submission(student, (SourceFile("demo.py", f"{source}# {student}\n".encode()),), "demo.py")


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    return Setting(key("f"), Limits(question=6.0), "strong", Course(tmp_path))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as store:
        yield store


def right(setting: Setting, submission: Submission) -> Made:
    answers = {"seen": Response({"out": np.array(2.0)})}
    results = [result_of(q, answers) for q in setting.key.questions]
    return made_of(report(setting.key, submission, results, setting.isolation), setting, setting.key, submission)


class Desks:
    """Answers at once, but for what `fault` says of a student and the how manieth try it is."""

    def __init__(self, setting: Setting, fault: Callable[[str, int], BaseException | None] = lambda *_: None) -> None:
        self.setting, self.fault = setting, fault
        self.tries: dict[str, int] = {}
        self.known: dict[str, set[str]] = {}

    def submit(self, own: AnswerKey | None, submission: Submission, known: Known) -> Future[Made]:
        self.known[submission.student] = set(known)
        tries = self.tries[submission.student] = self.tries.get(submission.student, 0) + 1
        future: Future[Made] = Future()
        if error := self.fault(submission.student, tries):
            future.set_exception(error)
        else:
            future.set_result(right(replace(self.setting, key=own or self.setting.key), submission))
        return future


def test_no_more_than_the_window_are_read_ahead(setting: Setting, store: Store) -> None:
    taken = list[str]()

    def reading() -> Iterator[Submission]:
        for i in range(30):
            taken.append(f"s{i}")
            yield work(f"s{i}")

    stream = Batch(setting, store, "run", Desks(setting).submit, window=4).grade(reading())
    next(stream)
    assert len(taken) <= 5, taken
    assert len(list(stream)) == 29


def test_no_more_bytes_are_read_ahead_than_fit(setting: Setting, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cohort of large notebooks does not fill the memory; each of them is graded all the same."""
    monkeypatch.setattr(batch, "BYTES", 250)
    read, most = 0, 0

    def reading() -> Iterator[Submission]:
        nonlocal read
        for i in range(12):
            read += 1
            yield work(f"s{i}", "#" * (100 if i % 2 else 1000))

    for done, _ in enumerate(Batch(setting, store, "run", Desks(setting).submit, window=8).grade(reading())):
        most = max(most, read - done)
    assert read == 12 and done == 11 and 1 <= most <= 3


def test_what_is_done_is_on_disk_soon_and_all_of_it_when_the_batch_is_stopped(setting: Setting, store: Store) -> None:
    desks = Desks(setting)
    stream = Batch(setting, store, "run", desks.submit, window=2).grade(work(f"s{i:03}") for i in range(100))
    seen = [next(stream).student for _ in range(70)]
    assert len(list(store.rows("run"))) >= 70 - BATCH - 2
    stream.close()
    assert {row.student for row in store.rows("run")} >= set(seen)
    before = dict(desks.tries)
    again = Batch(setting, store, "again", desks.submit, window=2)
    assert len(list(again.grade(work(f"s{i:03}") for i in range(100)))) == 100
    assert all(desks.tries[name] == 1 for name in seen), "nothing that was acknowledged is graded twice"
    assert again.ran == 100 - len(before)


def test_the_files_are_the_same_bytes_however_often_it_was_stopped(setting: Setting, store: Store) -> None:
    cohort = [work(f"s{i}") for i in range(9)]
    list(Batch(setting, store, "whole", Desks(setting).submit).grade(cohort))
    whole = list(store.lines("whole"))
    for done in (1, 4, 7):
        with Store(store.path.with_name(f"stopped{done}")) as other:
            stream = Batch(setting, other, "a", Desks(setting).submit, window=1).grade(reversed(cohort))
            for _ in range(done):
                next(stream)
            stream.close()
            list(Batch(setting, other, "b", Desks(setting).submit).grade(cohort))
            assert list(other.lines("b")) == whole


def test_only_the_question_that_changed_is_run_again(setting: Setting, store: Store) -> None:
    two = replace(setting, key=key("f", "g"))
    list(Batch(two, store, "one", Desks(two).submit).grade([work("ada")]))
    changed = replace(two.key.questions[1], title="changed")
    moved = replace(two, key=replace(two.key, questions=(two.key.questions[0], changed)))
    desks = Desks(moved)
    list(Batch(moved, store, "two", desks.submit).grade([work("ada")]))
    assert desks.known == {"ada": {"f"}}


@pytest.mark.parametrize("error", [BrokenProcessPool("died"), BrokenExecutor("died")])
def test_who_dies_is_replaced_and_the_submission_graded(setting: Setting, store: Store, error: Exception) -> None:
    desks = Desks(setting, lambda student, tries: error if student == "bob" and tries < TRIES else None)
    rows = list(Batch(setting, store, "run", desks.submit).grade([work("ada"), work("bob"), work("cid")]))
    assert {row.student: row.score for row in rows} == {"ada": 1.0, "bob": 1.0, "cid": 1.0}
    assert desks.tries == {"ada": 1, "bob": TRIES, "cid": 1}


@pytest.mark.parametrize("error", [BrokenProcessPool("died"), KeyError("x")])
def test_a_fault_of_ours_is_ungraded_for_that_student_and_tried_again_by_the_next_run(
    setting: Setting, store: Store, error: Exception
) -> None:
    desks = Desks(setting, lambda student, _: error if student == "bob" else None)
    rows = {row.student: row for row in Batch(setting, store, "run", desks.submit).grade([work("ada"), work("bob")])}
    assert rows["ada"].score == 1.0
    assert (
        rows["bob"].status == "ungraded" and rows["bob"].score is None and type(error).__name__ in rows["bob"].notes[0]
    )
    later = {
        row.student: row for row in Batch(setting, store, "b", Desks(setting).submit).grade([work("ada"), work("bob")])
    }
    assert later["bob"].score == 1.0


def test_the_same_files_are_graded_once_and_both_reports_say_the_same(setting: Setting, store: Store) -> None:
    """However a run of one of them ends: nobody's line tells another's result."""
    same = replace(work("ada"), student="bob")
    desks = Desks(setting)
    batch = Batch(setting, store, "run", desks.submit)
    rows = list(batch.grade([work("ada"), same, work("cid"), *[replace(same, student=f"t{i}") for i in range(40)]]))
    assert len(rows) == 43 and {row.score for row in rows} == {1.0}
    assert batch.ran == 2 and desks.known["bob"] == {"f"}


def test_who_ends_the_processes_costs_the_others_nothing(setting: Setting, store: Store) -> None:
    """Whatever is under way when a process dies fails; then they are tried one by one."""
    broken: list[str] = []

    class Pool(Desks):
        def submit(self, own: AnswerKey | None, submission: Submission, known: Known) -> Future[Made]:
            future = super().submit(own, submission, known)
            if submission.student == "bad" or ("bad" in broken and self.tries["bad"] == 1):
                future = Future()
                future.set_exception(BrokenProcessPool("died"))
            broken.append(submission.student)
            return future

    cohort = [work(name) for name in ("ada", "bad", "bob", "cid", "dan", "eve")]
    rows = {
        row.student: row.status for row in Batch(setting, store, "run", Pool(setting).submit, window=6).grade(cohort)
    }
    assert rows.pop("bad") == "ungraded" and set(rows.values()) == {"graded"} and len(rows) == 5


# -- real processes ------------------------------------------------------------------------------------------


@confined
def test_a_slow_submission_holds_nobody_up(setting: Setting, store: Store) -> None:
    """One worker: the sleeper is given up on after a second, the others are graded meanwhile."""
    cohort = [work("a-sleeper", "import time\ndef f(x):\n    time.sleep(4)\n    return 2 * x\n")]
    cohort += [work(f"s{i}") for i in range(6)]
    processes = Processes(setting, 1)
    try:
        rows = list(Batch(setting, store, "run", processes.submit, window=4).grade(cohort))
    finally:
        processes.close()
    assert [row.student for row in rows][-1] == "a-sleeper"
    assert {row.score for row in rows} == {1.0}
    assert not multiprocessing.active_children()


@confined
def test_a_grading_process_that_is_killed_costs_nobody_a_grade(setting: Setting, store: Store) -> None:
    source = "import time\ndef f(x):\n    time.sleep(0.2)\n    return 2 * x\n"
    processes = Processes(setting, 2)
    try:
        stream = Batch(setting, store, "run", processes.submit, window=4).grade(
            work(f"s{i}", source) for i in range(16)
        )
        rows = [next(stream), next(stream)]
        children = multiprocessing.active_children()
        assert children[0].pid
        children[0].kill()
        rows += stream
    finally:
        processes.close()
    assert sorted(row.student for row in rows) == sorted(f"s{i}" for i in range(16))
    assert {row.score for row in rows} == {1.0}


@confined
def test_stop_ends_all_processes_at_once(setting: Setting, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some are at work, some wait for a process. No thread of the pool's says anything of it: it does, now and then,
    of futures that somebody cancelled before."""
    said, asked = list[object](), list[Future[Made]]()
    monkeypatch.setattr("threading.excepthook", said.append)
    loops = [work(f"b{i}", f"def f(x):\n    while True: {i}\n") for i in range(14)]
    processes = Processes(setting, 2)

    def submit(own: AnswerKey | None, submission: Submission, known: Known) -> Future[Made]:
        asked.append(processes.submit(own, submission, known))
        return asked[-1]

    stream = Batch(setting, store, "run", submit, window=12).grade([work("a"), *loops])
    assert next(stream).student == "a"
    started = time.monotonic()
    stream.close()
    assert not any(future.cancelled() for future in asked)
    processes.stop()
    assert time.monotonic() - started < 3.0 and not multiprocessing.active_children()
    assert [row.student for row in store.rows("run")] == ["a"] and not said


@confined
def test_grading_processes_leave_the_interrupt_to_us(setting: Setting) -> None:
    processes = Processes(setting, 1)
    try:
        assert processes.submit(None, work("ada"), {}).result(60).row.score == 1.0
        for child in multiprocessing.active_children():
            assert child.pid
            ignored = int(Path(f"/proc/{child.pid}/status").read_text().partition("SigIgn:")[2].split()[0], 16)
            assert ignored >> (signal.SIGINT - 1) & 1
    finally:
        processes.close()
