"""A student's file as cells of clean text, read by a worker that runs none of its code.

What the worker says is hostile all the same: numbers are checked, texts are cut and cleaned."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import WireError
from ..model import Limits, Submission
from ..text import clean_text
from .line import Died, TimedOut
from .said import failure_of
from .spawn import Launcher
from .worker.cells import CELL, MOST_CELLS, TOTAL

MOST_LINES = 10**7


@dataclass(frozen=True)
class Cell:
    """One cell. `code`: of Python, else of text that is no program; `first`: the number of its first line; `cut`:
    whether there is more of it than `text`."""

    code: bool
    text: str
    first: int = 1
    cut: bool = False


@dataclass(frozen=True)
class Cells:
    """A file's cells in order. `places` tells in which of them a function is defined last, where it is, and `lines` in
    which line of the file (of its cell, in a notebook); `more` counts cells that are not here; `failure` says why there
    are none."""

    cells: tuple[Cell, ...] = ()
    places: Mapping[str, int] = field(default_factory=dict)
    more: int = 0
    failure: str = ""
    lines: Mapping[str, int] = field(default_factory=dict)


def cells_of(submission: Submission, targets: Collection[str], launcher: Launcher, limits: Limits) -> Cells:
    """The cells of the file that is run. Never raises for what is in it; SandboxError for a fault of ours."""
    data = next((file.data for file in submission.files if file.name == submission.main), None)
    if data is None:
        return Cells(failure=submission.problem or "no file")
    header = {"op": "cells", "main": submission.main, "targets": sorted(targets)}
    channel = launcher.start(limits)
    try:
        got, body = channel.request(header, [data], limits.question, TOTAL)
        return _checked(got, body, targets)
    except TimedOut:
        return Cells(failure=f"it could not be read within {limits.question:g} s")
    except Died:
        return Cells(failure=f"the process that read it died: {channel.end()}")
    except WireError as error:
        return Cells(failure=f"it could not be read: {error}")
    finally:
        channel.end()


def _checked(got: Mapping[str, Any], body: Sequence[memoryview], targets: Collection[str]) -> Cells:
    """Raises WireError for what is not of the right form."""
    if got.get("error") is not None:
        return Cells(failure=failure_of(got["error"]).message)
    kinds, starts, cut = got.get("kinds"), got.get("starts"), got.get("cut")
    places, count, where = got.get("places"), got.get("count"), got.get("lines")
    if not (isinstance(kinds, str) and len(kinds) == len(body) <= MOST_CELLS and set(kinds) <= {"c", "t"}):
        raise WireError("malformed cells")
    if not (isinstance(starts, list) and len(starts) == len(body) and all(_number(n, 1, MOST_LINES) for n in starts)):
        raise WireError("malformed cells")
    if not (isinstance(cut, list) and isinstance(places, dict) and type(count) is int and count >= len(body)):
        raise WireError("malformed cells")
    found = {t: places[t] for t in targets if t in places}
    if not all(_number(at, 0, len(body) - 1) and kinds[at] == "c" for at in found.values()):
        raise WireError("malformed cells")
    lines: dict[str, Any] = {t: where.get(t) for t in found} if isinstance(where, dict) else {}
    if lines.keys() != found.keys() or not all(_number(line, 1, MOST_LINES) for line in lines.values()):
        raise WireError("malformed cells")
    shortened = {n for n in cut if type(n) is int}
    cells = []
    for index, (kind, part) in enumerate(zip(kinds, body, strict=True)):
        text = str(part, "utf-8", "replace")
        short = index in shortened or len(text) > CELL
        cells.append(Cell(kind == "c", clean_text(text[:CELL], CELL), starts[index], short))
    return Cells(tuple(cells), found, min(count - len(body), MOST_LINES), lines=lines)


def _number(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
