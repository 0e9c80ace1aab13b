"""From a live function to its syntax tree, and from an edited tree back to code."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import CodeType, FunctionType

from ..author import Where

Tree = ast.FunctionDef | ast.Lambda
TURN = "__turn__"  # a name in the globals of a mutant


@dataclass(frozen=True)
class Written:
    """A live function as it was written. The tree lacks decorators, defaults and annotations, which are no part of
    the function's code; `imports` are the file's own, on which the compiler's choice of instructions depends."""

    function: FunctionType
    tree: Tree
    imports: tuple[ast.stmt, ...]

    @property
    def params(self) -> tuple[str, ...]:
        return self.function.__code__.co_varnames[: self.function.__code__.co_argcount]

    def compiled(self, tree: ast.AST) -> CodeType:
        """The code of an edited tree, with the free variables that the live function has. Each turn of a `while`
        loop in it calls TURN first.

        Raises SyntaxError or ValueError where the edit makes no Python."""
        return self._compiled(_counted(tree) if self.loops else tree)

    @property
    def loops(self) -> bool:
        return any(isinstance(node, ast.While) for node in ast.walk(self.tree))

    def is_of(self, function: FunctionType) -> bool:
        """Whether the tree is what the live function was made from."""
        return self._compiled(self.tree).co_code == function.__code__.co_code

    def _compiled(self, tree: ast.AST) -> CodeType:
        assert isinstance(tree, (ast.FunctionDef, ast.Lambda))
        inside: ast.stmt = tree if isinstance(tree, ast.FunctionDef) else ast.Expr(tree)
        outer = ast.parse(f"def outer({', '.join(self.function.__code__.co_freevars)}): pass").body[0]
        assert isinstance(outer, ast.FunctionDef)
        outer.body = [inside, ast.Return(ast.Constant(None))]
        if isinstance(tree, ast.FunctionDef) and tree.name not in self.function.__code__.co_freevars:
            outer.body.insert(0, ast.Global([tree.name]))  # a function that calls itself finds itself there
        module = ast.fix_missing_locations(ast.Module([*self.imports, outer], []))
        compiled = compile(module, self.function.__code__.co_filename, "exec", dont_inherit=True)
        return next(_codes(next(_codes(compiled))))


def written(function: FunctionType) -> Written | None:
    """Find a function or lambda in its file; None if it came from no file.

    Raises AuthorError where the file is not what was imported."""
    path = Path(function.__code__.co_filename)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    functions, imports = _parsed(str(path), text)
    # the code's name is that of the `def`, whatever a decorator made of the function's
    name, line = function.__code__.co_name, function.__code__.co_firstlineno
    for node in functions:
        if _first_line(node) == line and getattr(node, "name", "<lambda>") == name:
            found = Written(function, _bare(node), imports)
            if found.is_of(function):
                return found
    raise Where.of(function).refuse(f"the source of {name} is not what was imported", "Run the command again")


@lru_cache(maxsize=64)
def _parsed(path: str, text: str) -> tuple[tuple[Tree, ...], tuple[ast.stmt, ...]]:
    """Every function and lambda of a file, and its imports; each file is parsed once."""
    try:
        tree = ast.parse(text, path)
    except SyntaxError:
        return (), ()
    functions = tuple(n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.Lambda)))
    return functions, tuple(_imports(tree))


def _imports(node: ast.AST) -> Iterator[ast.stmt]:
    """Imports at the level of the module, under `if` and `try` too."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            yield child
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.expr)):
            yield from _imports(child)


def _first_line(node: Tree) -> int:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return min([node.lineno, *(d.lineno for d in decorators)])


def _bare(node: Tree) -> Tree:
    bare = copy.deepcopy(node)
    bare.args.defaults, bare.args.kw_defaults = [], [None] * len(bare.args.kwonlyargs)
    for arg in ast.walk(bare.args):
        if isinstance(arg, ast.arg):
            arg.annotation = None
    if isinstance(bare, ast.FunctionDef):
        bare.decorator_list, bare.returns = [], None
        if hasattr(bare, "type_params"):  # of Python 3.12
            bare.type_params = []
    return bare


def _counted(tree: ast.AST) -> ast.AST:
    counted = copy.deepcopy(tree)
    for node in ast.walk(counted):
        if isinstance(node, ast.While):
            node.body.insert(0, ast.Expr(ast.Call(ast.Name(TURN, ast.Load()), [], [])))
    return counted


def _codes(code: CodeType) -> Iterator[CodeType]:
    return (const for const in code.co_consts if isinstance(const, CodeType))
