"""Trees copied, and parts of them written otherwise: a subscript without its slices, a call of a stand-in for a
library's function."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeVar, cast

from .naive import NAIVE, UNSTABLE

T = TypeVar("T", bound=ast.AST)


def copied(tree: T, instead: Mapping[int, ast.AST] = MappingProxyType({})) -> T:
    """A deep copy of a tree; a node whose id is in `instead` is exchanged for that one, which is not copied. As
    copy.deepcopy with that memo, in a fraction of its time."""

    def copy(value: object) -> object:
        if isinstance(value, ast.AST):
            if (other := instead.get(id(value))) is not None:
                return other
            made = type(value).__new__(type(value))
            vars(made).update({name: copy(part) for name, part in vars(value).items()})
            return made
        return [copy(part) for part in value] if isinstance(value, list) else value

    return cast(T, copy(tree))


def unsliced(node: ast.Subscript) -> Iterator[ast.expr]:
    """`a` for `a[1:]` and `a[:, 1:]`; with one slice fewer where there are several."""
    places = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    for i, place in enumerate(places):
        if not (isinstance(place, ast.Slice) and (place.lower or place.upper or place.step)):
            continue
        rest = [ast.Slice() if n == i else other for n, other in enumerate(places)]
        if all(isinstance(p, ast.Slice) and not (p.lower or p.upper or p.step) for p in rest):
            yield node.value
        else:
            yield ast.Subscript(node.value, ast.Tuple(rest, ast.Load()), ast.Load())


def stand_in(node: ast.Call, name: str, operands: list[ast.expr]) -> tuple[ast.Call, ast.Call]:
    """A call of what stands for a library's function (see naive.py), and the same as people read it."""
    made, shown = (
        ast.Call(ast.Attribute(ast.Name(module, ast.Load()), name, ast.Load()), operands, node.keywords)
        for module in (NAIVE, "naive" if name in UNSTABLE else "last")
    )
    return made, shown
