"""Results for Gradescope, PrairieLearn, MarkUs and the two GitHub classrooms, as their own programs read them.

Gradescope: autograder_samples, docs/specs.md. PrairieLearn: docs/externalGrading. MarkUs: markus-autotesting, testers.
Classroom 50: runner.py, schema classroom50/result/v1. GitHub Classroom (retired): autograding results, version 3."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Sequence
from typing import Any

from ..report.view import QuestionView, StudentView
from .told import heading, honest, lines, right, scored

PRAIRIELEARN_BYTES = 1 << 20
OUTPUT = 8000  # characters of one text; platforms show it whole


def gradescope(view: StudentView, seconds: float | None = None, visibility: str = "visible") -> dict[str, Any]:
    """results.json. `visibility` is that of every test. Raises Ungraded: without results.json the platform reports a
    failed autograder, which is the truth."""
    tests: list[dict[str, Any]] = [
        {
            "number": str(number),
            "name": heading(q),
            "name_format": "text",
            "score": score,
            "max_score": q.max_score,
            "status": "passed" if right(q) else "failed",
            "output": _text(q),
            "output_format": "text",
            "visibility": visibility,
            "tags": [],
        }
        for number, (q, score) in enumerate(scored(view, "Gradescope"), 1)
    ]
    out: dict[str, Any] = {
        "score": view.score,
        "output": "\n".join([*view.notes, honest(view)]),
        "output_format": "text",
        "test_output_format": "text",
        "stdout_visibility": "hidden",  # whatever was printed beside is not for students
        "tests": tests,
    }
    return out if seconds is None else {**out, "execution_time": round(seconds, 3)}


def prairielearn(view: StudentView) -> dict[str, Any]:
    """results.json, at most 1 MB; a submission that is ungraded is not gradable, which costs no attempt."""
    if view.score is None:
        return {"gradable": False, "message": "\n".join(["This could not be graded; no attempt is used.", *view.notes])}
    out: dict[str, Any] = {
        "gradable": True,
        "score": _share(view.score, view.max_score),
        "message": honest(view),
        "output": "\n".join(view.notes)[:OUTPUT],
        "tests": [
            {
                "name": q.question,
                "description": q.title,
                "points": score,
                "max_points": q.max_score,
                "output": _text(q),
            }
            for q, score in scored(view, "PrairieLearn")
        ],
    }
    while len(json.dumps(out).encode()) > PRAIRIELEARN_BYTES:
        longest = max(out["tests"], key=lambda test: len(test["output"]))
        longest["output"] = longest["output"][: len(longest["output"]) // 2]
    return out


def markus(view: StudentView) -> str:
    """A JSON object per question, one a line, and an overall comment. Raises Ungraded."""
    rows: list[dict[str, Any]] = []
    for q, score in scored(view, "MarkUs"):
        status = "pass" if right(q) else "fail" if not score else "partial"
        row = {"name": q.question, "output": _text(q), "marks_earned": score, "marks_total": q.max_score}
        rows.append({**row, "status": status, "time": None})
    rows.append({"overall_comment": "\n".join([*view.notes, honest(view)])})
    return "".join(json.dumps(row, allow_nan=False) + "\n" for row in rows)


def classroom50(view: StudentView, caveats: Sequence[str] = ()) -> dict[str, Any]:
    """result.json of Classroom 50: points are whole numbers there, so all are multiplied by the smallest power of ten
    that makes every maximum whole; a part of a point is cut, never rounded up. A person's points above the maximum are
    cut to it, since the platform refuses them. Caveats, which are shown nowhere else, are tests without points.
    Raises Ungraded."""
    questions = scored(view, "Classroom 50")
    factor = _factor([q.max_score for q, _ in questions])
    tests: list[dict[str, Any]] = [
        {
            "test-name": q.question,
            "passed": right(q),
            "score": min(_cut(score * factor), round(q.max_score * factor)),
            "max-score": round(q.max_score * factor),
            "output": _text(q),
        }
        for q, score in questions
    ]
    tests += [{"test-name": text, "passed": True, "score": 0, "max-score": 0, "output": text} for text in caveats]
    return {
        "schema": "classroom50/result/v1",
        "assignment": view.assignment,
        "score": sum(test["score"] for test in tests),
        "max-score": sum(test["max-score"] for test in tests),
        "points-per-point": factor,
        "tests": tests,
    }


def github_classroom(view: StudentView, caveats: Sequence[str] = ()) -> dict[str, Any]:
    """The payload of GitHub Classroom's autograding, version 3. Points are shared equally there: each question weighs
    the same, whatever the author wrote, unless the reporter reads `score`, as autograding-grading-reporter does.
    Caveats are tests without points. Raises Ungraded."""
    questions = scored(view, "GitHub Classroom")
    tests = [_legacy(q.question, right(q), "" if right(q) and not q.override else _text(q), s) for q, s in questions]
    return {
        "version": 3,
        "status": "pass" if all(right(q) for q, _ in questions) else "fail",
        "max_score": view.max_score,
        "tests": [*tests, *(_legacy(text, True, text, 0) for text in caveats)],
    }


def github_classroom_error(message: str) -> dict[str, Any]:
    """The same where there is no score: of a maximum of 0 the reporter notes no points, and the step fails. With the
    list of tests, which it goes through without looking whether it is there."""
    return {"version": 3, "status": "error", "message": message, "max_score": 0, "tests": []}


def _legacy(name: str, passed: bool, message: str, score: float) -> dict[str, Any]:
    return {
        "name": name,
        "status": "pass" if passed else "fail",
        "message": message,
        "test_code": "",
        "task_id": 0,
        "filename": "",
        "line_no": 0,
        "duration": 0,
        "score": score,
    }


def step_output(payload: dict[str, Any]) -> str:
    """`result=` for $GITHUB_OUTPUT: compact JSON in base64, so that no text can add a line to that file."""
    compact = json.dumps(payload, separators=(",", ":"), allow_nan=False).encode()
    return f"result={base64.b64encode(compact).decode()}\n"


def _text(q: QuestionView) -> str:
    return "\n".join(lines(q))[:OUTPUT]


def _share(score: float, full: float) -> float:
    """Between 0 and 1, and 1 only for all points."""
    return 1.0 if score >= full else min(score / full, math.nextafter(1.0, 0.0)) if full else 0.0


def _factor(points: list[float]) -> int:
    for factor in (1, 10, 100, 1000, 10**4, 10**5):
        if all(math.isclose(p * factor, round(p * factor), abs_tol=1e-9) for p in points):
            return factor
    return 10**6  # no total has more digits


def _cut(value: float) -> int:
    return math.floor(value + 1e-6)
