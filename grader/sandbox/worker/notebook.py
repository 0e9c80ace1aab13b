"""A notebook's code cells as Python, read where the student's code runs. Only the text of code cells counts: outputs,
metadata, points and ids are ignored. Cells are named by their place among the code cells: "code cell 3".

What is no Python but IPython's own (magics, shell lines, help) is left out and told; a cell that cannot be read costs
itself alone."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from .reading import remember

MESSAGE_CAP = 120
SHOWN = 4  # things left out that are told one by one
RUNS = {"time", "capture", "prun", "grade"}  # cell magics that run the cell as Python in the notebook itself
# What changes nothing that is graded, getting the grader among it.
SILENT = re.compile(r"%(matplotlib|config|load_ext|reload_ext|autoreload|grade)\b|[%!].*\bpip3?\s.*\bdlgrader\b")
# A line that Python cannot begin with, an assignment of one, or a name with a question mark behind it.
MAGIC = re.compile(r"""\s*([%!?]|[^=#'"()!%]*=\s*[%!]|[\w.*%]+\?\??\s*;?\s*$)""")
EXPORTED = re.compile(r"^[ \t]*[%!]|\bget_ipython\(\)", re.MULTILINE)
WRITEFILE = re.compile(r"%%(?:writefile|file)\s+(?:-a\s+|--append\s+)?(.*\.py)\s*$")


def code_of(data: bytes) -> tuple[list[tuple[str, ast.Module]], list[str]]:
    """The code cells of a notebook as (name, parsed cell), in order, and notes on what was left out.

    Raises SyntaxError where it is no notebook."""
    parts, notes, left = list[tuple[str, ast.Module]](), list[str](), list[str]()
    for number, source in enumerate(sources(data), 1):
        place = f"code cell {number}"
        if source is None:
            notes.append(f"{place} holds no text and was left out")
            continue
        text = source.replace("\r\n", "\n").replace("\r", "\n")
        body = _body(text)
        if body is None:
            first = text.split("\n", 1)[0].strip()
            if found := WRITEFILE.match(first):
                file = found.group(1)[:MESSAGE_CAP]
                notes.append(f"{place} writes {file} and was left out: take its first line away to have it graded")
            else:
                left.append(f"{first[:40]} ({place})")
            continue
        remember(place, text)
        try:
            tree, lines = _parsed(body, place)
        except Exception as error:
            line = f" line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            what = str(error.msg) if isinstance(error, SyntaxError) else type(error).__name__
            notes.append(f"{place}{line} is no Python ({what[:MESSAGE_CAP]}); the other cells were still read")
            continue
        parts.append((place, tree))
        left += [f"{text[:40]} ({place} line {line})" for line, text in lines if not SILENT.match(text)]
    return parts, [*notes, *_told(left)]


def _told(left: list[str]) -> list[str]:
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    return [f"left out, since only Python is run: {', '.join(left[:SHOWN])}{more}"] if left else []


def exported(source: str, file: str) -> tuple[ast.Module, list[str]] | None:
    """A file that was saved from a notebook, without what is IPython's own in it, and notes. None where there is
    nothing of that kind, or where the rest is no Python either."""
    if not EXPORTED.search(source):
        return None
    try:
        tree, lines = _parsed(source, file)
        body = [statement for each in tree.body for statement in _without_magic(each, lines)]
    except Exception:
        return None
    if body == tree.body and not lines:
        return None
    tree.body = body
    return tree, _told([f"{text[:40]} (line {line})" for line, text in lines if not SILENT.match(text)])


def _without_magic(statement: ast.stmt, left: list[tuple[int, str]]) -> list[ast.stmt]:
    """The statement, unless it is a magic as nbconvert writes it: get_ipython().run_line_magic('grade', 'f')."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return [statement]
    of, texts = (
        call.func.value,
        [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)],
    )
    if not (isinstance(of, ast.Call) and isinstance(of.func, ast.Name) and of.func.id == "get_ipython"):
        return [statement]
    if call.func.attr == "run_cell_magic" and len(texts) == 3 and texts[0] in RUNS:
        return ast.parse(texts[2]).body
    mark = {"run_line_magic": "%", "run_cell_magic": "%%"}.get(call.func.attr, "!")
    left.append((statement.lineno, mark + " ".join(texts[:2])))
    return []


def sources(data: bytes) -> list[str | None]:
    """The text of each code cell, None where it has none. Raises SyntaxError where this is no notebook."""
    try:
        book = json.loads(data)
    except (ValueError, RecursionError) as error:
        what = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)[:MESSAGE_CAP]
        raise SyntaxError(f"this is no notebook ({what}); save it again in Jupyter") from None
    cells = _cells(book)
    if cells is None:
        raise SyntaxError("this is no notebook (it has no cells); save it again in Jupyter")
    return [_text(cell) for cell in cells if isinstance(cell, dict) and cell.get("cell_type") == "code"]


def _cells(book: Any) -> list[Any] | None:
    """The cells of a notebook of format 4, or of format 3 with its worksheets."""
    if not isinstance(book, dict):
        return None
    if isinstance(book.get("cells"), list):
        return list(book["cells"])
    if isinstance(book.get("worksheets"), list):
        sheets = [s.get("cells") for s in book["worksheets"] if isinstance(s, dict)]
        return [cell for cells in sheets if isinstance(cells, list) for cell in cells]
    return None


def _text(cell: dict[str, Any]) -> str | None:
    source = cell.get("source", cell.get("input"))  # format 3 calls it input
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return None


def _body(text: str) -> str | None:
    """The cell without the magics that run it as Python, on the same lines; None where its magic makes it no Python."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line.strip():
            if not line.startswith("%%"):
                break
            if re.split(r"\W", line[2:], maxsplit=1)[0] not in RUNS:
                return None
            lines[number] = ""
    return "\n".join(lines)


def _parsed(text: str, place: str) -> tuple[ast.Module, list[tuple[int, str]]]:
    """The cell as a tree, and the lines of it that are IPython's own. A cell that is Python as it stands has none."""
    try:
        return ast.parse(text, place), []
    except SyntaxError:
        python, left = _python_only(text)
        if not left:
            raise
    return ast.parse(python, place), left


def _python_only(text: str) -> tuple[str, list[tuple[int, str]]]:
    """`pass` in the place of each line that is IPython's own and does not stand in a string or a bracket."""
    out, left = list[str](), list[tuple[int, str]]()
    quote, depth, joined, skipping = "", 0, False, False
    for number, line in enumerate(text.split("\n"), 1):
        fresh = not (quote or depth or joined)
        if skipping or (fresh and MAGIC.match(line)):
            if not skipping:
                left.append((number, line.strip()))
            out.append("" if skipping else line[: len(line) - len(line.lstrip())] + "pass")
            skipping = line.endswith("\\")
        else:
            quote, depth, joined = _after(line, quote, depth)
            out.append(line)
    return "\n".join(out), left


def _after(line: str, quote: str, depth: int) -> tuple[str, int, bool]:
    """What is open at the end of a line: a string, brackets, a backslash."""
    at = 0
    while at < len(line):
        c = line[at]
        if quote:
            if c == "\\":
                at += 1
            elif line.startswith(quote, at):
                at += len(quote) - 1
                quote = ""
        elif c == "#":
            return "", depth, False
        elif c in "'\"":
            quote = c * 3 if line.startswith(c * 3, at) else c
            at += len(quote) - 1
        else:
            depth = max(0, depth + (c in "([{") - (c in ")]}"))
        at += 1
    ended = line.endswith("\\")
    return (quote if len(quote) == 3 or ended else ""), depth, ended


def display(*things: Any, **_: Any) -> None:
    """Notebooks have it without an import."""
    print(*things)
