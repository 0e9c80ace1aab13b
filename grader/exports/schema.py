"""The JSON Schema (draft 2020-12) of a line of reports.jsonl, `docs/report.schema.json`. A reader of schema N reads all
that is written with `"schema": N`: fields may be added under the same number, none is renamed, removed or retyped."""

from __future__ import annotations

from typing import Any

from ..model import Verdict
from ..records import SCHEMA

STRING, POINTS, TEXTS = (
    {"type": "string"},
    {"type": "number", "minimum": 0},
    {"type": "array", "items": {"type": "string"}},
)
SCORE = {"type": ["number", "null"], "minimum": 0, "description": "null where it is ungraded: a fault of the grader"}


def _object(properties: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    """`optional` came later under the same number, or is not in every report."""
    return {"type": "object", "required": list(properties), "properties": {**properties, **(optional or {})}}


def report_schema() -> dict[str, Any]:
    """The schema as a JSON value."""
    outcome = _object(
        {
            "case": STRING,
            "hidden": {"type": "boolean"},
            "output": STRING,
            "verdict": {"enum": [verdict.value for verdict in Verdict]},
            "kind": STRING,
            "distance": {
                "anyOf": [{"type": "number", "minimum": 0}, {"const": "inf"}, {"type": "null"}],
                "description": "largest error in units of the tolerance",
            },
            "message": {**STRING, "description": "of a hidden case it is for the instructor alone"},
            "hint": STRING,
            "mistake": {**STRING, "description": "the misconception that was named"},
            "carried": {**STRING, "description": "own functions that the reference answered for"},
        }
    )
    override = _object(
        {
            "points": POINTS,
            "reason": STRING,
            "when": {**STRING, "description": "UTC, ISO 8601"},
            "graded": {**SCORE, "description": "what the grader gives; null: ungraded"},
        }
    )
    override["description"] = "points that a person gave; then `score` is these"
    question = _object(
        {
            "question": STRING,
            "score": SCORE,
            "max_score": POINTS,
            "convention": TEXTS,
            "outcomes": {"type": "array", "items": outcome},
        },
        {"override": override},
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A report of one student, a line of reports.jsonl",
        **_object(
            {
                "schema": {"const": SCHEMA},
                "assignment": STRING,
                "student": STRING,
                "score": SCORE,
                "max_score": POINTS,
                "status": {"enum": ["graded", "ungraded"]},
                "isolation": {**STRING, "description": "how student code was kept in"},
                "notes": TEXTS,
                "provenance": {"type": "object", "additionalProperties": STRING},
                "questions": {"type": "array", "items": question},
            }
        ),
    }
