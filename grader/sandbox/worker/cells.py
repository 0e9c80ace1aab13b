"""A student's file as cells of text, to be shown. Nothing of it is run: a notebook's own cells, or of a script each
function and class, with what stands between them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from .book import read_book
from .notebook import body_of, parsed
from .reading import decode_source

MOST_CELLS = 1000
CELL, TOTAL = 60_000, 1 << 20  # characters of one cell; bytes of all, of which the trusted side takes no more
DEFINITION = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+(\w+)", re.MULTILINE)
COMPOUND = ("body", "orelse", "finalbody", "handlers")

# Kind, text, its first line, and what it defines in which line; None: it is no Python.
Part = tuple[str, str, int, dict[str, int] | None]


def hand_out(main: str, data: bytes, targets: list[str]) -> tuple[dict[str, Any], list[bytes]]:
    """A header that tells of the texts, and the texts: their kinds, their first lines, which of them are cut, how many
    there are in all, and in which of them and in which line of the file (of the cell, in a notebook) each target is
    defined last. Raises SyntaxError where it cannot be read."""
    notebook = main.lower().endswith(".ipynb")
    parts = list(_of_notebook(data) if notebook else _of_script(decode_source(data)[0]))
    texts, cut, room = list[bytes](), list[int](), TOTAL
    for index, (_, text, _, _) in enumerate(parts[:MOST_CELLS]):
        encoded = text[:CELL].encode("utf-8", "replace")
        if len(encoded) > room:
            break
        room -= len(encoded)
        texts.append(encoded)
        cut += [index] if len(text) > CELL else []
    places = {t: at for t in targets if (at := _place(t, parts)) is not None and at < len(texts)}
    kinds = "".join("c" if kind == "code" else "t" for kind, _, _, _ in parts[: len(texts)])
    starts = [start for _, _, start, _ in parts[: len(texts)]]
    lines = {t: _line(t, parts[at]) for t, at in places.items()}
    return {"kinds": kinds, "starts": starts, "cut": cut, "count": len(parts), "places": places, "lines": lines}, texts


def _place(target: str, parts: list[Part]) -> int | None:
    """The last cell that defines it; else the last that would, were it Python."""
    sure = [i for i, part in enumerate(parts) if part[3] is not None and target in part[3]]
    maybe = [i for i, part in enumerate(parts) if part[3] is None and target in DEFINITION.findall(part[1])]
    return (sure or maybe)[-1] if sure or maybe else None


def _line(target: str, part: Part) -> int:
    """The line of the file in which the part defines it."""
    _, text, first, defined = part
    if defined is not None:
        return defined[target]
    begins = [found.start() for found in DEFINITION.finditer(text) if found[1] == target]
    return first + text.count("\n", 0, begins[-1])


def _of_notebook(data: bytes) -> Iterator[Part]:
    for kind, source in read_book(data)[0]:
        text = (source or "").replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")
        yield kind, text, 1, (_defined_in(text) if kind == "code" else {})


def _defined_in(text: str) -> dict[str, int] | None:
    body = body_of(text)
    if body is None:
        return {}
    try:
        return dict(pair for statement in parsed(body, "cell")[0].body for pair in _names(statement))
    except Exception:
        return None


def _names(statement: ast.stmt) -> Iterator[tuple[str, int]]:
    """What a statement at the top defines, also behind an `if` or in a `try`, and in which line."""
    line = statement.lineno
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name, line
        return
    if isinstance(statement, ast.Assign):
        yield from ((target.id, line) for target in statement.targets if isinstance(target, ast.Name))
    if isinstance(statement, ast.ImportFrom):
        yield from ((alias.asname or alias.name, line) for alias in statement.names)
    for field in COMPOUND:
        for inner in getattr(statement, field, ()):
            yield from _names(inner)


def _of_script(source: str) -> Iterator[Part]:
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        tree = ast.parse("\n".join(lines))
    except Exception:  # where it is no Python: at what looks like a function
        begins = [0, *(i for i, line in enumerate(lines) if i and DEFINITION.match(line))]
        for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
            yield from _lines(lines, begin, end, None)
        return
    begin, end, names, single = 0, 0, dict[str, int](), False
    for statement in tree.body:
        definition = isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        if (single or definition) and end > begin and statement.lineno > end:
            yield from _lines(lines, begin, end, names)
            begin, names = end, {}
        single = definition
        names |= dict(_names(statement))
        end = statement.end_lineno or statement.lineno
    yield from _lines(lines, begin, len(lines), names)


def _lines(lines: list[str], begin: int, end: int, names: dict[str, int] | None) -> Iterator[Part]:
    """A part without the empty lines around it; none where nothing else is there."""
    while begin < end and not lines[begin].strip():
        begin += 1
    while end > begin and not lines[end - 1].strip():
        end -= 1
    if begin < end:
        yield "code", "\n".join(lines[begin:end]), begin + 1, names
