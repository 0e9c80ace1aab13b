"""A key with hidden cases, made without torch, and a cohort graded with it: as `grader grade` leaves its folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import deskkit
import numpy as np
from coursekit import graded_batch

from grader.cohort.desk import Setting
from grader.cohort.results import STORE, Results, graded_of, keep_run
from grader.course import Course
from grader.model import AnswerKey, Limits, SourceFile, Submission
from grader.sandbox.spawn import Spawner
from grader.store import Store

HIDDEN = np.array([0.73512, -8.40217, 3.19384])


def private_key() -> AnswerKey:
    """deskkit's key with a hidden case of `square`: `double` 1 point, `square` 2."""
    public = deskkit.key()
    double, square = public.questions
    hidden = replace(deskkit._case("unseen", HIDDEN, loss=np.float64(HIDDEN @ HIDDEN), dx=2 * HIDDEN), hidden=True)
    questions = (double, replace(square, cases=(*square.cases, hidden)))
    return replace(public, questions=questions, public=False, provenance={"grader": "test", "secret": "digest"})


def submission(student: str, source: str, name: str = "demo.py") -> Submission:
    return Submission(student, (SourceFile(name, source.encode()),), name)


def setting(folder: Path, key: AnswerKey | None = None) -> Setting:
    return Setting(key or private_key(), Limits(question=5.0), "tested", Course(folder))


def graded(folder: Path, works: Mapping[str, str], more: Sequence[Submission] = ()) -> Path:
    """The folder of results of these files by student, and of `more` submissions."""
    out, about = folder / "out", setting(folder)
    out.mkdir()
    found = [*(submission(student, source) for student, source in works.items()), *more]
    graded_batch(about, found, 1, Spawner, out / STORE)
    told = {"run": "run", "course": str(folder), "secret_file": None, "device": "cpu", "submissions": ()}
    with Store(out / STORE) as store:
        keep_run(store, graded_of(about.key, timeout=5.0, isolation="tested", when="2026-11-21T15:00:00", **told))
    with Results(out) as results:
        results.write()
    return out
