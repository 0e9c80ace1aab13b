"""The cells of a notebook file, of whatever format and however damaged. Only the type and the text of a cell count:
outputs, metadata, points and ids are ignored."""

from __future__ import annotations

import json
import re
from typing import Any

MESSAGE_CAP = 120
MEND = "save it again in Jupyter"
CUT = ("unexpected end of data", "truncated data")  # how Python says that an encoding ends in the middle of a character
PYTHON = {"python", "python3", "ipython", "ipython3", ""}
PYTHON_2 = {"python2", "ipython2"}

Cell = tuple[str, str | None]  # "code" or "text", and the text; None where it holds none


def read_book(data: bytes) -> tuple[list[Cell], list[str]]:
    """The cells in order, and notes on what is odd. Raises SyntaxError where this is no notebook."""
    text, notes = _decoded(data)
    try:
        book = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:MESSAGE_CAP]
        book = _before_the_damage(text)
        if not book["cells"]:
            raise _none(what) from None
        before = f"{len(book['cells'])} cell{'s' * (len(book['cells']) > 1)}"
        notes.append(f"the notebook is damaged or cut off behind its first {before} ({what}): only those were read")
    cells = _cells(book)
    if cells is None:
        raise _none("it has no cells")
    notes += _language(book)
    out = list[Cell]()
    for number, cell in enumerate(cells, 1):
        if isinstance(cell, dict):
            out.append((_kind(cell), _text(cell)))
            if not isinstance(cell.get("cell_type"), str) and out[-1][0] != "code" and out[-1][1]:
                notes.append(f"cell {number} says of no type and was left out")
    return out, notes


def _none(what: str) -> SyntaxError:
    return SyntaxError(f"this is no notebook ({what}); {MEND}")


def _decoded(data: bytes) -> tuple[str, list[str]]:
    """The text of the file. JSON is UTF-8, -16 or -32, with or without a mark; an old editor's Latin-1 is taken too."""
    encoding = json.detect_encoding(data)
    try:
        text, notes = data.decode(encoding, "surrogatepass"), list[str]()
    except UnicodeDecodeError as error:
        if error.reason in CUT:
            text, notes = data.decode(encoding, "ignore"), []
        elif encoding.startswith("utf-8"):
            text, notes = data.decode("latin-1"), ["not saved as UTF-8; it was read as Latin-1"]
        else:
            raise _none(str(error)[:MESSAGE_CAP]) from None
    text = text.removeprefix("\ufeff")
    first = text[:1000].lstrip()[:1]
    if not first and not text.strip():
        raise _none("the file is empty")
    if first == "<":
        raise SyntaxError("this is no notebook (it is a web page); download the notebook itself, not its page")
    return text, notes


def _before_the_damage(text: str) -> dict[str, Any]:
    """The members and cells that stand whole before the place where the text stops being JSON."""
    decoder, book = json.JSONDecoder(), dict[str, Any]({"cells": []})
    space = re.compile(r"[\s,]*")
    try:
        at = _behind(text, 0, "{")
        while True:
            name, at = decoder.raw_decode(text, space.match(text, at).end())  # type: ignore[union-attr]
            at = _behind(text, at, ":")
            if name == "cells":
                break
            book[name], at = decoder.raw_decode(text, space.match(text, at).end())  # type: ignore[union-attr]
        at = _behind(text, at, "[")
        while True:
            cell, at = decoder.raw_decode(text, space.match(text, at).end())  # type: ignore[union-attr]
            book["cells"].append(cell)
    except (ValueError, RecursionError, TypeError):  # TypeError: a name that is no text
        return book


def _behind(text: str, at: int, mark: str) -> int:
    found = re.compile(r"\s*" + re.escape(mark)).match(text, at)
    if not found:
        raise ValueError(mark)
    return found.end()


def _cells(book: Any) -> list[Any] | None:
    """The cells of a notebook of format 4 or 1, or of format 3 or 2 with its worksheets."""
    if not isinstance(book, dict):
        return None
    if isinstance(book.get("worksheets"), list) and not book.get("cells"):
        sheets = [s.get("cells") for s in book["worksheets"] if isinstance(s, dict)]
        return [cell for cells in sheets if isinstance(cells, list) for cell in cells]
    return list(book["cells"]) if isinstance(book.get("cells"), list) else None


def _kind(cell: dict[str, Any]) -> str:
    kind = cell.get("cell_type")
    if isinstance(kind, str):
        return "code" if kind == "code" else "text"
    return "code" if {"outputs", "execution_count", "prompt_number"} & cell.keys() else "text"


def _text(cell: dict[str, Any]) -> str | None:
    for key in ("source", "input", "code"):  # formats 2 and 3 say input, format 1 said code
        source = cell.get(key)
        if isinstance(source, str):
            return source
        if isinstance(source, list) and all(isinstance(line, str) for line in source):
            return "".join(source)
    return None


def _language(book: dict[str, Any]) -> list[str]:
    """A note where the notebook says that it is not of Python 3."""
    about = book.get("metadata")
    parts = [about.get(key) for key in ("language_info", "kernelspec")] if isinstance(about, dict) else []
    info, spec = (part if isinstance(part, dict) else {} for part in (parts or [{}, {}]))
    version, names = info.get("version"), [info.get("name"), spec.get("language"), spec.get("name")]
    named = [name.strip().lower() for name in names[:2] if isinstance(name, str)]
    if (isinstance(version, str) and version.startswith("2.") and set(named) <= PYTHON) or names[2] in PYTHON_2:
        return ["the notebook is of Python 2; it is run as Python 3, where print is a function and 1/2 is 0.5"]
    other = [name for name in named if name not in PYTHON | PYTHON_2]
    return [f"the notebook says that its language is {other[0][:40]}; it is read as Python"] if other else []
