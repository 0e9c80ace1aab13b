"""Results and reports as JSON objects, and back. `SCHEMA` changes whenever a reader would notice."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from .model import Outcome, QuestionResult, Report, Verdict

SCHEMA = 2


def outcome_to_json(o: Outcome) -> dict[str, Any]:
    """An infinite distance is the string "inf": JSON has no infinity."""
    distance = "inf" if o.distance is not None and math.isinf(o.distance) else o.distance
    return {
        "case": o.case,
        "hidden": o.hidden,
        "output": o.output,
        "verdict": o.verdict.value,
        "kind": o.kind,
        "distance": distance,
        "message": o.message,
        "hint": o.hint,
        "mistake": o.mistake,
        "carried": o.carried,
    }


def result_to_json(r: QuestionResult) -> dict[str, Any]:
    return {
        "question": r.question,
        "score": r.score,
        "max_score": r.max_score,
        "convention": list(r.convention),
        "notes": list(r.notes),
        "outcomes": [outcome_to_json(o) for o in r.outcomes],
    }


def result_from_json(data: Mapping[str, Any]) -> QuestionResult:
    outcomes = tuple(
        Outcome(
            question=data["question"],
            case=o["case"],
            hidden=o["hidden"],
            output=o["output"],
            verdict=Verdict(o["verdict"]),
            kind=o["kind"],
            distance=math.inf if o["distance"] == "inf" else o["distance"],
            message=o["message"],
            hint=o["hint"],
            mistake=o["mistake"],
            carried=o["carried"],
        )
        for o in data["outcomes"]
    )
    return QuestionResult(
        data["question"], data["score"], data["max_score"], outcomes, tuple(data["convention"]), tuple(data["notes"])
    )


def report_to_json(r: Report) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "assignment": r.assignment,
        "student": r.student,
        "score": r.score,
        "max_score": r.max_score,
        "status": r.status,
        "isolation": r.isolation,
        "notes": list(r.notes),
        "questions": [{k: v for k, v in result_to_json(q).items() if k != "notes"} for q in r.questions],
        "provenance": dict(r.provenance),
    }
