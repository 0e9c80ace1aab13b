"""What a file is made of, so that `grader check --watch` asks again only what a change can touch. Nothing is run."""

from __future__ import annotations

import ast
from typing import Any

from . import notebook
from .reading import decode_source

ANY = {"globals", "locals", "vars", "getattr", "eval", "exec", "__import__", "import_module"}  # may reach all names
MOST = 300  # definitions

Definition = ast.FunctionDef | ast.ClassDef


def outline(header: dict[str, Any], buffers: list[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """For each function or class that the main file defines at its top: a digest of its code, and which others it
    names; and the same of all that runs when the file is loaded, and of the files beside it. Comments, empty lines and
    places do not count. `error` where it cannot be told."""
    import hashlib  # who is never asked need not wait for it

    try:
        files = dict(zip(header["files"], buffers, strict=True))
        statements = _statements(files.pop(header["main"]), header["main"])
        defined = dict[str, Definition]()
        for statement in statements:
            if isinstance(statement, Definition):
                defined.setdefault(statement.name, statement)
        if len(defined) > MOST:
            raise ValueError("too many definitions")
        names = defined.keys()
        running = [part for statement in statements for part in _running(statement, defined)]
        loading = _named(running, names)
        rest = hashlib.sha256()
        for file, data in sorted(files.items()):
            rest.update(f"{file} {len(data)} ".encode() + data)
        for statement in statements:
            if isinstance(statement, Definition) and statement.name in loading:  # what runs may need it to be there
                rest.update(f"{statement.name} ".encode())
            rest.update("".join(map(ast.dump, _running(statement, defined))).encode())
        found = {name: [_digest(node), sorted(_named([node], names) - {name})] for name, node in defined.items()}
        return {"defined": found, "rest": [rest.hexdigest(), sorted(loading)]}, []
    except Exception as error:
        return {"error": type(error).__name__}, []


def _statements(data: bytes, main: str) -> list[ast.stmt]:
    if main.lower().endswith(".ipynb"):
        parts, notes = notebook.code_of(data)
        said = [ast.parse(repr(note)) for note in notes]  # a cell that cannot be read counts by what is said of it
        return [statement for tree in (*(tree for _, tree in parts), *said) for statement in tree.body]
    return ast.parse(decode_source(data)[0]).body


def _digest(node: ast.AST) -> str:
    import hashlib

    return hashlib.sha256(ast.dump(node).encode()).hexdigest()


def _named(nodes: list[ast.AST], names: Any) -> set[str]:
    """Which of the names these speak of: as a name, an attribute, or a word in a string."""
    found = set[str]()
    for node in (node for top in nodes for node in ast.walk(top)):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return set(names) if found & ANY else found & set(names)


def _running(statement: ast.stmt, defined: dict[str, Definition]) -> list[ast.AST]:
    """What of a statement runs when the file is loaded: all of it, but of the first definition of a name only the
    decorators and defaults, and of a class its bases and all but its methods."""
    if isinstance(statement, ast.Pass):  # in the place of a line of IPython's
        return []
    if not isinstance(statement, Definition) or defined[statement.name] is not statement:
        return [statement]
    if isinstance(statement, ast.FunctionDef):
        given = [*statement.args.defaults, *(d for d in statement.args.kw_defaults if d is not None)]
        return [*statement.decorator_list, *given]
    own = [s for s in statement.body if not isinstance(s, ast.FunctionDef)]
    return [*statement.decorator_list, *statement.bases, *own]
