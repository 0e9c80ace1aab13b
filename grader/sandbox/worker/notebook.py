"""A notebook's code cells as Python, read where the student's code runs. Cells are named by their place among the code
cells: "code cell 3".

What is no Python but IPython's own (magics, shell lines, help) is left out and told; a cell that cannot be read costs
itself alone."""

from __future__ import annotations

import ast
import re
from typing import Any

from .book import MESSAGE_CAP, read_book
from .exported import GET_IPYTHON, get_ipython, without_ipython
from .reading import remember

SHOWN = 4  # things left out that are told one by one
RUNS = {"time", "capture", "prun", "grade"}  # cell magics that run the cell as Python in the notebook itself
# What changes nothing that is graded, getting the grader among it.
SILENT = re.compile(r"%(matplotlib|config|load_ext|reload_ext|autoreload|python|grade)\b|[%!].*\bpip3?\s.*\bdlgrader\b")
# A line that Python cannot begin with, an assignment of one, or a name with a question mark behind it.
MAGIC = re.compile(r"""\s*([%!?]|[^=#'"()!%]*=\s*[%!]|[\w.*%]+\?\??\s*;?\s*$)""")
EXPORTED = re.compile(r"^[ \t]*[%!]|\bget_ipython\b", re.MULTILINE)  # what a script may hold that was a notebook
ONLY_DATABRICKS = re.compile(r"\s*%(md|md-sandbox|sql|sh|fs|scala|r)\b.*")  # there one sign speaks for the whole cell
WRITEFILE = re.compile(r"%%(?:writefile|file)\s+(?:-a\s+|--append\s+)?(.*\.py)\s*$")


def code_of(data: bytes) -> tuple[list[tuple[str, ast.Module]], list[str]]:
    """The code cells of a notebook as (name, parsed cell), in order, and notes on what was left out.

    Raises SyntaxError where it is no notebook."""
    cells, notes = read_book(data)
    parts, left = list[tuple[str, ast.Module]](), list[str]()
    for number, source in enumerate((text for kind, text in cells if kind == "code"), 1):
        place = f"code cell {number}"
        if source is None:
            notes.append(f"{place} holds no text and was left out")
            continue
        text = source.replace("\r\n", "\n").replace("\r", "\n")
        body = body_of(text)
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
            tree, lines = parsed(body, place)
        except Exception as error:
            if found := ONLY_DATABRICKS.match(body):
                left.append(f"{found.group().strip()[:40]} ({place})")
                continue
            line = f" line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            what = str(error.msg) if isinstance(error, SyntaxError) else type(error).__name__
            notes.append(f"{place}{line} is no Python ({what[:MESSAGE_CAP]}); the other cells were still read")
            continue
        parts.append((place, tree))
        left += [f"{text[:40]} ({place} line {line})" for line, text in lines if not SILENT.match(text)]
    return parts, [*notes, *_left_out(left)]


def script_of(source: str, file: str) -> tuple[ast.Module, list[str]] | None:
    """A script that was saved from a notebook, without what is IPython's own, and a note on what was left out. None
    where nothing of that kind is in it, or where the rest is no Python."""
    if not EXPORTED.search(source):
        return None
    try:
        tree, lines = parsed(source, file)
    except Exception:
        return None
    if not lines and GET_IPYTHON not in source:
        return None
    left = [f"{text[:40]} (line {line})" for line, text in sorted(lines) if not SILENT.match(text)]
    return tree, _left_out(left)


def _left_out(left: list[str]) -> list[str]:
    more = f" and {len(left) - SHOWN} more" if len(left) > SHOWN else ""
    return [f"left out, since only Python is run: {', '.join(left[:SHOWN])}{more}"] if left else []


def body_of(text: str) -> str | None:
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


def parsed(text: str, place: str) -> tuple[ast.Module, list[tuple[int, str]]]:
    """The cell as a tree, and the lines of it that are IPython's own. A cell that is Python as it stands has none."""
    try:
        tree, left = ast.parse(text, place), list[tuple[int, str]]()
    except SyntaxError:
        python, left = _python_only(text)
        if not left:
            raise
        tree = ast.parse(python, place)
    if GET_IPYTHON in text:
        tree, more = without_ipython(tree, RUNS)
        left += more
    return tree, left


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


AT_HAND = {"display": display, GET_IPYTHON: get_ipython}  # names that a notebook has without an import
