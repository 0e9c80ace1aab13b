"""Running a student's file: a statement that raises is noted, and those behind it still run. A demo call at the foot of
the file, or one broken constant, must not cost the functions that stand beside it."""

from __future__ import annotations
import __future__

import ast
import re
import traceback
import types
from collections.abc import Callable, Iterable
from typing import Any

from .reading import describe, one_by_one

DEFINITION = re.compile(r"^(?:def|class)[ \t]+(\w+)", re.MULTILINE)

Space = dict[str, Any]
After = Callable[[Space], None]


def run_script(source: str, file: str, space: Space, after: After | None) -> list[str]:
    """Run a whole file at once, and statement by statement only from where it raised; notes. `after` is called behind
    each statement. Raises SyntaxError, and whatever else the parser does."""
    whole = _compiled(source, file) if after is None else None
    if whole is None:
        return run_parts([(file, ast.parse(source, file))], {file}, space, after)
    names = DEFINITION.findall(source)
    notes = _defined_again([(file, ast.parse(source, file))], {file}) if len(set(names)) < len(names) else []
    if error := _attempt(whole, space):
        tree = ast.parse(source, file)
        at = _place(error, whole)
        index = max((i for i, s in enumerate(tree.body) if _start(s) <= at), default=0)
        failed = tree.body[index]
        if at == NOWHERE or (isinstance(failed, ast.Import) and len(failed.names) > 1):  # of which one may be missing
            rest = tree.body[index:]
        else:
            notes.append(_raised(error, failed, file, {file}, ""))
            rest = tree.body[index + 1 :]
        notes += _one_by_one([(file, s) for s in one_by_one(rest)], {file}, space, after, _flags(tree))
    return notes


def run_parts(
    parts: list[tuple[str, ast.Module]], plain: Iterable[str], space: Space, after: After | None
) -> list[str]:
    """Run parsed files or cells, statement by statement; notes. Those named in `plain` are files."""
    statements, flags = [(file, s) for file, tree in parts for s in one_by_one(tree.body)], 0
    for _, tree in parts:
        flags |= _flags(tree)
    return [*_defined_again(parts, plain), *_one_by_one(statements, plain, space, after, flags)]


def _attempt(code: types.CodeType | ast.Module, space: Space, file: str = "", flags: int = 0) -> BaseException | None:
    """Run it; what it raised. Kept this small on purpose: where no memory is left, CPython 3.11 loops for ever in the
    handler of a long function, because it cannot make the integer that tells where the exception came from."""
    try:
        tree = isinstance(code, ast.Module)
        exec(compile(code, file, "exec", flags=flags, dont_inherit=True) if tree else code, space)  # type: ignore[arg-type]
    except BaseException as error:
        if isinstance(error, MemoryError):
            traceback.clear_frames(error.__traceback__)  # what they hold is the memory that we now need
        return error
    return None


def _compiled(source: str, file: str) -> types.CodeType | None:
    """The whole file, if it compiles; a statement that does not may yet cost itself alone."""
    try:
        return compile(source, file, "exec", dont_inherit=True)
    except BaseException:
        return None


NOWHERE = (0, 0)


def _place(error: BaseException, code: types.CodeType) -> tuple[int, int]:
    """Line and column of the file at which it raised."""
    trace = vars(BaseException)["__traceback__"].__get__(error)  # whatever a class of the student's says
    while trace is not None and trace.tb_frame.f_code is not code:
        trace = trace.tb_next
    if trace is None:
        return NOWHERE
    line, _, column, _ = list(code.co_positions())[trace.tb_lasti // 2]
    return (line or trace.tb_lineno, 1 << 30 if column is None else column)


def _start(statement: ast.stmt) -> tuple[int, int]:
    decorators = getattr(statement, "decorator_list", [])
    return min((node.lineno, node.col_offset) for node in [statement, *decorators])


def _flags(tree: ast.Module) -> int:
    flags = 0
    for statement in tree.body:
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            for alias in statement.names:
                flags |= getattr(getattr(__future__, alias.name, None), "compiler_flag", 0)
    return flags


def _one_by_one(
    statements: list[tuple[str, ast.stmt]], plain: Iterable[str], space: Space, after: After | None, flags: int
) -> list[str]:
    notes, files = [], {file for file, _ in statements}
    for file, statement in statements:
        if error := _attempt(ast.Module([statement], []), space, file, flags):
            notes.append(_raised(error, statement, file, files, "" if file in plain else f"{file} "))
        if after is not None:
            after(space)
    return notes


def _raised(error: BaseException, statement: ast.stmt, file: str, files: set[str], cell: str) -> str:
    about = describe(error, files)
    cell, what = (f"{about['file'] or file} ", "notebook") if cell else ("", "file")
    return (
        f"{cell}line {about['line'] or statement.lineno} raised {about['type']} while the {what} was "
        f"loaded ({about['message'][:120]}); the rest of the {what} was still read"
    )


def _defined_again(parts: list[tuple[str, ast.Module]], plain: Iterable[str]) -> list[str]:
    notes, seen = [], set[str]()
    for file, statement in [(file, s) for file, tree in parts for s in tree.body]:
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            if statement.name in seen:
                place = f"on line {statement.lineno}" if file in plain else f"in {file} line {statement.lineno}"
                notes.append(f"{statement.name} is defined again {place}: the last one counts")
            seen.add(statement.name)
    return notes
