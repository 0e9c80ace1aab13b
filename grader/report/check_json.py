"""A check as one JSON document, for editors and scripts; docs/student.md lists its fields. Public cases only."""

from __future__ import annotations

import json
import math
from typing import Any

from ..checking import Check, QuestionCheck
from ..model import Outcome
from ..selfcheck import OwnGradient
from ..text import clean_text
from .student import called_with, summary, told

VERSION = 1  # grows when a field goes or changes its meaning; new fields may come without


def check_json(check: Check) -> str:
    """Run a check and tell it as JSON: ASCII, strict (no NaN), on one line."""
    questions = [_question(one) for one in check]
    failure = check.failure
    document = {
        "version": VERSION,
        "assignment": check.key.assignment,
        "title": check.key.title,
        "file": clean_text(check.submission.main, 120, lines=False),
        "isolation": check.launcher.isolation,
        "grade": False,
        "passed": check.passed,
        "failure": failure and {"verdict": failure.verdict, "kind": failure.kind, "message": failure.message},
        "questions": questions,
        "notes": [note for note in check.notes if failure is None or note != failure.message],
        "summary": summary(check),
    }
    return json.dumps(document, allow_nan=False)


def _question(check: QuestionCheck) -> dict[str, Any]:
    said = told(check)
    return {
        "name": said.name,
        "status": said.status,
        "passed": check.passed,
        "details": list(said.details),
        "conventions": list(check.result.convention),
        "cases": [_outcome(check, outcome) for outcome in check.result.outcomes],
        "gradients": [_gradient(own) for own in check.own],
    }


def _outcome(check: QuestionCheck, outcome: Outcome) -> dict[str, Any]:
    response = check.responses.get(outcome.case)
    return {
        "case": outcome.case,
        "output": outcome.output,
        "verdict": outcome.verdict,
        "kind": outcome.kind,
        "message": outcome.message,
        "hint": outcome.hint,
        "called": called_with(check.question, outcome),
        "distance": _finite(outcome.distance),
        "printed": response.printed if response else "",
    }


def _gradient(own: OwnGradient) -> dict[str, Any]:
    return {
        "output": own.output,
        "forward": own.forward,
        "case": own.case,
        "agrees": own.agrees,
        "claimed": _finite(own.claimed),
        "numeric": _finite(own.numeric),
    }


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
