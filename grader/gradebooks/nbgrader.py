"""nbgrader: the table that `nbgrader export` writes, made of results alone. Its gradebook.db is left alone."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from ..report.files import safe_cell
from .amounts import plain
from .grade import Grade

WHO = "assignment,duedate,timestamp,student_id,last_name,first_name,email"
HEAD = f"{WHO},raw_score,late_submission_penalty,score,max_score"


def export(assignment: str, due: str, grades: Iterable[Grade]) -> list[str]:
    """Lines of CSV; the points of who is ungraded are empty. due: as it is to stand there."""
    out = [HEAD + "\n"]
    for grade in grades:
        student = grade.hand.ids.get("id", grade.student) if grade.hand.platform == "nbgrader" else grade.student
        raw, points = grade.raw, grade.points
        lost = "" if raw is None or points is None else plain(raw - points)
        shown = ["" if value is None else plain(value) for value in (raw, points)]
        cells = [assignment, due, grade.when, student, "", "", grade.hand.ids.get("email", "")]
        text = io.StringIO()
        row = [*map(safe_cell, cells), shown[0], lost, shown[1], plain(grade.full)]
        csv.writer(text, lineterminator="\n").writerow(row)
        out.append(text.getvalue())
    return out
