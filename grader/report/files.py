"""`grades.csv` and `reports.jsonl`: text from Reports, and writing it whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import UsageError
from ..model import Report
from ..records import report_to_json


def points(score: float | None) -> str:
    """A score without superfluous digits; empty where it is ungraded."""
    return "" if score is None else f"{score:.6f}".rstrip("0").rstrip(".") or "0"


def safe_cell(text: str) -> str:
    """Text that a spreadsheet will not run as a formula, on lines that every reader sees alike."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + text if text[:1] in tuple("=+-@\t\n\uff1d\uff0b\uff0d\uff20") else text


def grades_csv(reports: Iterable[Report], questions: Sequence[str]) -> str:
    """student,score,max_score,status and a column per question; an ungraded cell is empty, never 0."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["student", "score", "max_score", "status", *questions])
    for r in reports:
        cells = {q.question: points(q.score) for q in r.questions}
        row = [safe_cell(r.student), points(r.score), points(r.max_score), r.status]
        writer.writerow([*row, *(cells.get(name, "") for name in questions)])
    return out.getvalue()


def reports_jsonl(reports: Iterable[Report]) -> str:
    """One JSON object per line, with every outcome. For instructors: it tells hidden cases."""
    return "".join(json.dumps(report_to_json(r), ensure_ascii=False, allow_nan=False) + "\n" for r in reports)


def write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone. Raises UsageError with the reason."""
    temporary = ""
    try:
        fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = ""
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; the results are in the store, run the same command again"
        ) from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
