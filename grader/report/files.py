"""`grades.csv` and `reports.jsonl`: text from Reports, and writing it whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ..errors import UsageError
from ..records import Row


def points(score: float | None) -> str:
    """A score without superfluous digits; empty where it is ungraded."""
    return "" if score is None else f"{score:.6f}".rstrip("0").rstrip(".") or "0"


def short(score: float, full: float) -> str:
    """Two digits, never rounded up to full marks."""
    text = f"{score:.2f}" if score >= full or round(score, 2) < full else f"{full - 0.01:.2f}"
    return text.rstrip("0").rstrip(".")


def safe_cell(text: str) -> str:
    """Text that a spreadsheet will not run as a formula, on lines that every reader sees alike."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + text if text[:1] in tuple("=+-@\t\n\uff1d\uff0b\uff0d\uff20") else text


def grades_csv(rows: Iterable[Row], questions: Sequence[str]) -> Iterator[str]:
    """student,score,max_score,status, a column per question, and the questions whose points a person gave, line by
    line; an ungraded cell is empty, never 0."""
    yield _csv_line(["student", "score", "max_score", "status", *questions, "overridden"])
    for r in rows:
        cells = [points(r.scores.get(name)) for name in questions]
        head = [safe_cell(r.student), points(r.score), points(r.max_score), r.status]
        yield _csv_line([*head, *cells, " ".join(r.overridden)])


def _csv_line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(cells)
    return out.getvalue()


def write_whole(path: Path, lines: Iterable[str], sync: bool = True) -> None:
    """Replace a file in one step, readable by its owner alone. Raises UsageError with the reason.

    What a run that was killed left behind is overwritten by the next one. Without `sync` a power cut may lose it: for
    what can be made anew."""
    part = path.with_name(f".{path.name}.part")
    try:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
        fd = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(lines)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if not isinstance(error, OSError):
            raise
        raise UsageError(
            f"{path}: {error.strerror}; the results are in the store, run the same command again"
        ) from error
