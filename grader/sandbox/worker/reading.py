"""Reading a submission: its bytes as text, what it may import, and what an exception in it says."""

from __future__ import annotations

import ast
import builtins
import codecs
import linecache
import re
import sys
import traceback
import types
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from typing import Any, cast

TEXT_CAP = 600
ENCODINGS = {"utf-8", "utf-8-sig", "ascii", "iso8859-1", "iso8859-15", "cp1252"}  # as codecs.lookup names them
COOKIE = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


def decode_source(data: bytes) -> tuple[str, str]:
    """Source bytes as text, and a note where they are not plain UTF-8.

    A file saved as Latin-1 by an old editor is still graded. Raises SyntaxError for odd encodings."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16"), "saved as UTF-16; please save it as UTF-8"
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:].decode("utf-8"), ""
    for line in data.splitlines()[:2]:
        if found := COOKIE.match(line):
            name = found.group(1).decode("ascii")
            if _encoding(name) not in ENCODINGS:
                raise SyntaxError(f"the encoding {name[:40]!r} is not taken; save the file as UTF-8")
            return data.decode(_encoding(name)), ""
        if line.strip() and not line.lstrip().startswith(b"#"):
            break  # PEP 263: the second line counts after a blank one or a comment alone
    try:
        return data.decode("utf-8"), ""
    except UnicodeDecodeError:
        return data.decode("latin-1"), "not saved as UTF-8; it was read as Latin-1"


def _encoding(name: str) -> str:
    """The standard name of an encoding, with Emacs' endings off, as Python reads a cookie; "" if unknown."""
    plain = re.sub(r"^(utf-8|latin-1|iso-8859-1)-.*", r"\1", name.lower().replace("_", "-"))
    try:
        return codecs.lookup(plain).name
    except LookupError:
        return ""


def describe(error: BaseException, files: set[str]) -> dict[str, Any]:
    """An exception as plain data: built-in class names, message, and the last line of the student's own."""
    if isinstance(error, MemoryError):
        traceback.clear_frames(error.__traceback__)  # what they hold is the memory that we now need
    kinds = [c.__name__ for c in type(error).__mro__ if getattr(builtins, c.__name__, None) is c]
    try:
        message = str(error)[:TEXT_CAP]
    except BaseException:
        message = ""
    line, file, text = 0, "", ""
    if isinstance(error, SyntaxError):
        line, file, text = error.lineno or 0, str(error.filename or ""), str(error.text or "")
        message = str(error.msg)[:TEXT_CAP]
    else:
        for frame in traceback.extract_tb(error.__traceback__):
            if frame.filename in files:
                line, file, text = frame.lineno or 0, frame.filename, frame.line or ""
    return {
        "type": type(error).__name__[:80],
        "kinds": kinds[:10],
        "message": message,
        "line": line,
        "file": file[:120],
        "text": text.strip()[:200],
    }


# Notebooks load the grader and call it, for its checks. Where they are graded it is this, which does nothing.
GRADER = "<grader>"
STAND_IN = """
def check(*args, **kwargs):
    return None

def load_ipython_extension(ipython):
    pass
"""


class Imports:
    """What student code may import: the submission's other files, from memory, the standard library and NumPy
    (everything where the assignment is for torch). The same on every machine, whatever is installed there."""

    def __init__(self, sources: dict[str, bytes], everything: bool, after: Callable[[dict[str, Any]], None]) -> None:
        self.sources, self.everything, self.after = sources, everything, after

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        stem, loader = name.replace(".", "/"), cast(Any, self)  # importlib.abc would import much that nobody uses
        for file, package in ((f"{stem}.py", False), (f"{stem}/__init__.py", True)):
            if file in self.sources:
                return ModuleSpec(name, loader, origin=file, is_package=package)
        if any(file.startswith(stem + "/") for file in self.sources):  # a folder without __init__.py
            return ModuleSpec(name, loader, origin="", is_package=True)
        top = name.partition(".")[0]
        if name == "grader":  # not the one that may be installed here
            return ModuleSpec(name, loader, origin=GRADER)
        if self.everything or top in sys.stdlib_module_names or top == "numpy" or top.startswith("_sysconfigdata_"):
            return None
        raise ModuleNotFoundError(f"{top} is not there where this is graded: NumPy and the standard library alone")

    def create_module(self, spec: Any) -> None:
        return None

    def exec_module(self, module: types.ModuleType) -> None:
        assert module.__spec__ is not None
        file = str(module.__spec__.origin)
        if file == GRADER:
            exec(STAND_IN, module.__dict__)
        elif file:
            source, _ = decode_source(self.sources[file])
            remember(file, source)
            exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)
            self.after(module.__dict__)


def remember(file: str, source: str) -> None:
    """Let tracebacks quote the line."""
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)


def one_by_one(body: list[ast.stmt]) -> list[ast.stmt]:
    """`import a, b` as two statements, so that a missing one does not cost the other."""
    out: list[ast.stmt] = []
    for statement in body:
        if isinstance(statement, ast.Import):
            out += [ast.copy_location(ast.Import([alias]), statement) for alias in statement.names]
        else:
            out.append(statement)
    return out
