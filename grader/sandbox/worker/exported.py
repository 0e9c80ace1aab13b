"""A script that Jupyter exported writes what is IPython's own as calls of get_ipython(): at the top of a file they are
left out and told, as the lines are in a notebook, and a cell that was only timed is taken as the Python that it was."""

from __future__ import annotations

import ast
from typing import Any

GET_IPYTHON = "get_ipython"


def without_ipython(tree: ast.Module, runs: set[str]) -> tuple[ast.Module, list[tuple[int, str]]]:
    """A file or cell without such statements, and what they said, by line; `runs` are the cell magics that run the cell
    as Python in the notebook itself."""
    body, left = list[ast.stmt](), list[tuple[int, str]]()
    for statement in tree.body:
        call = _asked(statement)
        if call is None:
            body.append(statement)
            continue
        assert isinstance(call.func, ast.Attribute)
        words = [a.value for a in call.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if call.func.attr == "run_cell_magic" and len(words) == 3 and words[0] in runs and (inner := _inner(words[2])):
            for node in (part for one in inner for part in ast.walk(one)):
                ast.copy_location(node, statement)  # it stands on one line
            body += inner
        else:
            body.append(ast.copy_location(ast.Pass(), statement))
            left.append((statement.lineno, _said(call.func.attr, words)))
    return ast.Module(body, tree.type_ignores), left


def _asked(statement: ast.stmt) -> ast.Call | None:
    """The call, where a statement is one of get_ipython() and nothing else, or takes what it gives."""
    value = statement.value if isinstance(statement, (ast.Expr, ast.Assign)) else None
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        asked = value.func.value
        if isinstance(asked, ast.Call) and isinstance(asked.func, ast.Name) and asked.func.id == GET_IPYTHON:
            return value
    return None


def _inner(text: str) -> list[ast.stmt]:
    try:
        return ast.parse(text).body
    except Exception:
        return []


def _said(name: str, words: list[str]) -> str:
    """The line as it stood in the notebook."""
    if name in ("system", "getoutput"):
        return f"!{' '.join(words)}"
    if name in ("run_line_magic", "magic", "run_cell_magic"):
        return f"{'%%' if name == 'run_cell_magic' else '%'}{' '.join(words[:2])}".strip()
    return f"{GET_IPYTHON}().{name}"


class NoIPython:
    """What get_ipython() gives where no IPython is; code may ask whether there is one."""

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "None"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NameError(f"{GET_IPYTHON}().{name} is IPython's own, and only Python is run here")


def get_ipython() -> NoIPython:
    """In the place of IPython's own."""
    return NoIPython()
