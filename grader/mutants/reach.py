"""The functions of an author's package that a forward reaches by name."""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import Any, TypeGuard

from ..author import Question
from .build import inside, is_authors, wrapped
from .code import Tree, Written, written
from .scope import Scope


def reached(base: object, package: str) -> list[Written]:
    """Every author's function with a source that `base` leads to, itself first.

    Followed are names of functions, of sibling modules and of other questions, closures, decorators that keep
    `__wrapped__`, and lists, dicts and partials of functions. Methods of classes are not."""
    found: list[Written] = []
    seen: set[int] = set()
    waiting = [base]
    while waiting:
        value = waiting.pop(0)
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, FunctionType) and inside(package, value.__globals__.get("__name__")):
            source = written(value)
            if source is not None:
                found.append(source)
                waiting += _named(value, source.tree, package)
            waiting += [cell.cell_contents for cell in value.__closure__ or () if _filled(cell)]
        elif is_authors(value, package):
            waiting.append(wrapped(value))
        elif isinstance(value, Question):
            waiting.append(value.base)
        elif isinstance(value, functools.partial):
            waiting.append(value.func)
        elif type(value) in (list, tuple):
            waiting += value  # type: ignore[arg-type]
        elif type(value) is dict:
            waiting += value.values()
    return found


def _is_read(node: ast.AST) -> TypeGuard[ast.Name]:
    """Not the target of a comprehension: `for _ in range(n)` beside the cases, which are named `_` too."""
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)


def _named(function: FunctionType, tree: Tree, package: str) -> Iterator[Any]:
    """The values of a function's globals that its body reads, and the attributes of sibling modules."""
    local = _locals(function)
    for node in ast.walk(tree):
        if _is_read(node) and node.id not in local and node.id in function.__globals__:
            value = function.__globals__[node.id]
            if isinstance(value, Question):
                continue  # only what is called of it, below
            if not isinstance(value, ModuleType):
                yield value
        elif isinstance(node, ast.Attribute):
            owner = _value(node.value, function, package)
            if isinstance(owner, ModuleType):
                value = getattr(owner, node.attr, None)
                if not isinstance(value, (Question, ModuleType)):
                    yield value
            elif isinstance(owner, Question) and node.attr in ("forward", "base"):
                yield owner.base
            elif isinstance(owner, Question) and node.attr == "function":
                yield owner.function


def _value(node: ast.expr, function: FunctionType, package: str) -> object:
    """The sibling module or question that `name` or `name.name` stands for; None for anything else."""
    value: object = None
    if isinstance(node, ast.Name) and node.id not in _locals(function):
        value = function.__globals__.get(node.id)
    elif isinstance(node, ast.Attribute):
        owner = _value(node.value, function, package)
        value = getattr(owner, node.attr, None) if isinstance(owner, ModuleType) else None
    kept = isinstance(value, Question) or (isinstance(value, ModuleType) and inside(package, value.__name__))
    return value if kept else None


def _locals(function: FunctionType) -> set[str]:
    code = function.__code__
    return {*code.co_varnames, *code.co_cellvars, *code.co_freevars}


def _filled(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return False
    return True


def scope_of(source: Written, package: str, plain: frozenset[str]) -> Scope:
    """What the names in a function stand for; `plain` are parameters that carry no gradient."""
    function, tree = source.function, source.tree
    local, values = _locals(function), function.__globals__
    inner = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    inner |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    local |= inner
    shared = {name: value for name, value in values.items() if name not in local}
    modules = {name: value for name, value in shared.items() if isinstance(value, ModuleType)}
    ours = {name for name, module in modules.items() if inside(package, module.__name__)}
    authors = {name for name, value in shared.items() if is_authors(value, package)}
    free = set(function.__code__.co_freevars)
    return Scope(
        libraries=frozenset(modules.keys() - ours),
        authors=frozenset(authors | local),
        siblings=frozenset(ours | {name for name, value in shared.items() if isinstance(value, Question)}),
        plain=frozenset(plain | shared.keys() | free | set(dir(builtins))),
    )
