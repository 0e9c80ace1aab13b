"""A stub cut into pieces, one for each function or class that is asked for and one for what stands between two."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """Whole lines of the stub. `name` is the function or class that they define; "" for all else."""

    name: str
    source: str


def pieces(source: str, asked: Collection[str]) -> list[Piece]:
    """The stub from top to bottom: imports and helpers together, each of `asked` by itself with the comments and
    decorators above it. No line is lost but blank ones at the ends of a piece. Raises SyntaxError."""
    lines, found, end = source.splitlines(), list[Piece](), 0
    for node in ast.parse(source).body:
        stop = node.end_lineno or node.lineno
        defines = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name in asked
        name, text = node.name if defines else "", lines[end:stop]  # type: ignore[attr-defined]
        if stop == end:  # several statements on a line
            continue
        if found and not name and not found[-1].name:
            found[-1] = Piece("", "\n".join([found[-1].source, *text]))
        else:
            found.append(Piece(name, "\n".join(text)))
        end = stop
    if "".join(lines[end:]).strip():
        found.append(Piece("", "\n".join(lines[end:])))
    return [Piece(p.name, _bare(p.source)) for p in found]


def _bare(text: str) -> str:
    """Without blank lines at either end."""
    lines = text.split("\n")
    while lines and not lines[0].strip():
        del lines[0]
    return "\n".join(lines).rstrip()
