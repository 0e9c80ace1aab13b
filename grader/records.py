"""Results and reports as JSON objects, and back. `SCHEMA` changes whenever a reader would notice."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .model import Outcome, Override, QuestionResult, Report, Verdict

SCHEMA = 2


def outcome_to_json(o: Outcome) -> dict[str, Any]:
    """An infinite distance is the string "inf": JSON has no infinity."""
    distance = "inf" if o.distance is not None and math.isinf(o.distance) else o.distance
    answer = {} if o.answer is None else {"answer": dict(o.answer)}
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
        **answer,
    }


def result_to_json(r: QuestionResult) -> dict[str, Any]:
    return {
        "question": r.question,
        "score": r.score,
        "max_score": r.max_score,
        "convention": list(r.convention),
        "notes": list(r.notes),
        "outcomes": [outcome_to_json(o) for o in r.outcomes],
        **({"override": dict(vars(r.override))} if r.override else {}),
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
            answer=o.get("answer"),
        )
        for o in data["outcomes"]
    )
    override = Override(**data["override"]) if data.get("override") else None
    shown = tuple(data["convention"]), tuple(data["notes"])
    return QuestionResult(data["question"], data["score"], data["max_score"], outcomes, *shown, override)


def report_to_json(r: Report) -> dict[str, Any]:
    return {
        **head_to_json(r),
        "questions": [{k: v for k, v in result_to_json(q).items() if k != "notes"} for q in r.questions],
    }


def report_from_json(data: Mapping[str, Any]) -> Report:
    """A report as it was written by us; the notes of single questions are among its own. Raises LookupError, TypeError
    or ValueError where it is none."""
    if data["schema"] != SCHEMA:
        raise ValueError("a report of another version")
    questions = tuple(result_from_json({**q, "notes": []}) for q in data["questions"])
    names = ("assignment", "student", "score", "max_score", "status", "isolation", "provenance")
    return Report(**{name: data[name] for name in names}, questions=questions, notes=tuple(data["notes"]))


def head_to_json(r: Report) -> dict[str, Any]:
    """All of a report but its questions."""
    return {
        "schema": SCHEMA,
        "assignment": r.assignment,
        "student": r.student,
        "score": r.score,
        "max_score": r.max_score,
        "status": r.status,
        "isolation": r.isolation,
        "notes": list(r.notes),
        "provenance": dict(r.provenance),
    }


# -- a cohort's reports, in the pieces that a store keeps -----------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One student's line in a table: the score of the whole and of each question, None where ungraded."""

    student: str
    score: float | None
    max_score: float
    status: str
    scores: Mapping[str, float | None]  # by question
    remark: str = ""  # what cost points, in a few words
    notes: tuple[str, ...] = ()
    overridden: tuple[str, ...] = ()  # questions whose points a person gave
    seconds: Mapping[str, float] = field(default_factory=dict, compare=False)  # by question, where it was run: no grade


@dataclass(frozen=True)
class Part:
    """One question's result as it is stored: its JSON text without notes, and the notes."""

    question: str
    score: float | None
    text: str
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, r: QuestionResult) -> Part:
        """A result of the grader's: overrides are kept elsewhere."""
        head = {"question": r.question, "score": r.score, "max_score": r.max_score, "convention": list(r.convention)}
        outcomes = ", ".join(map(_outcome_text, r.outcomes))
        return cls(r.question, r.score, f'{json_text(head)[:-1]}, "outcomes": [{outcomes}]}}', r.notes)


def _outcome_text(o: Outcome) -> str:
    """An outcome as JSON. Of most nothing is told but the distance."""
    told = o.kind or o.message or o.hint or o.carried or o.mistake or o.answer is not None
    if told or o.verdict is not Verdict.PASS or type(o.distance) is not float or not math.isfinite(o.distance):
        return json_text(outcome_to_json(o))
    before, after = _around_distance(o.case, o.hidden, o.output)
    return f"{before}{o.distance!r}{after}"


@functools.lru_cache(maxsize=4096)
def _around_distance(case: str, hidden: bool, output: str) -> tuple[str, str]:
    mark = 0.1234567890123456
    text = json_text(outcome_to_json(Outcome("", case, hidden, output, Verdict.PASS, "", mark)))
    before, _, after = text.rpartition(json_text(mark))
    return before, after


_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def json_text(data: Any) -> str:
    """Strict JSON on one line, as it is read by people; a lone surrogate, which is no text, is escaped."""
    text = _encoder.encode(data)
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def report_line(head: str, parts: Iterable[str]) -> str:
    """A report as one line of JSON, from the text of its head and those of its questions."""
    return f'{head[:-1]}, "questions": [{", ".join(parts)}]}}\n'
