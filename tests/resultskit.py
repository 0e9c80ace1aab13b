"""A folder of results, written without grading anything: two questions, `a` of 6 points and `b` of 4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from grader.cohort.results import STORE, Graded, attempts_run, keep_run
from grader.collect.handin import Attempt, HandIn, attempt_name
from grader.model import QuestionResult, Report
from grader.records import Part, head_to_json, json_text
from grader.report.table import row_of
from grader.store import Made, Store

POINTS = {"a": 6.0, "b": 4.0}
Scores = tuple[float | None, float | None]


def canvas(name: str, number: str, late: bool = False, **more: object) -> HandIn:
    return HandIn(f"{name} {number}", "canvas", name, {"id": number}, (Attempt(late=late),), **more)  # type: ignore[arg-type]


def moodle(name: str, number: str) -> HandIn:
    return HandIn(f"{name} {number}", "moodle", name, {"id": number})


def made(student: str, scores: Scores) -> Made:
    questions = tuple(QuestionResult(n, s, POINTS[n], ()) for n, s in zip(POINTS, scores, strict=True))
    known = [s for s in scores if s is not None]
    whole = len(known) == len(scores)
    notes = () if whole else ("the sandbox failed",)
    status = "graded" if whole else "ungraded"
    report = Report("demo", student, sum(known) if whole else None, 10.0, status, questions, "full", {}, notes)
    parts = tuple(Part.of(q) for q in questions)
    return Made(row_of(report), json_text(head_to_json(report)), parts, {})


def write_results(
    folder: Path,
    graded: Iterable[tuple[HandIn | str, Scores]],
    attempts: Mapping[str, list[Scores]] | None = None,
) -> Path:
    """`graded`: hand-ins, or names of plain folders; `attempts` by student, where the best one counts."""
    folder.mkdir(parents=True, exist_ok=True)
    hands = [(one if isinstance(one, HandIn) else HandIn(one, "plain", one), s) for one, s in graded]
    with Store(folder / STORE) as store:
        for student, several in (attempts or {}).items():
            store.put(attempts_run("run"), [made(attempt_name(student, n), s) for n, s in enumerate(several, 1)])
        store.put("run", [made(hand.student, scores) for hand, scores in hands])
        how = "best" if attempts else "last"
        about = Graded(
            "run", "demo", "/course", None, "cpu", ("/in",), 10.0, "full", tuple(POINTS), tuple(POINTS.values()),
            "2026-11-21T12:00:00+00:00", "", how,
        )  # fmt: skip
        keep_run(store, about, (hand for hand, _ in hands))
    return folder
