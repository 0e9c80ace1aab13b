"""Edits that block the gradient at one intermediate: it is taken for a constant where it depends on the inputs."""

from __future__ import annotations

import ast

from .edits import Edit
from .scope import Scope
from .walker import Walker
from .words import LEFT_ALONE, NO_GRADIENT, NO_GRADIENT_ATTRIBUTES

HELPER = "__detached__"  # the name in the mutant's globals


def detachments(tree: ast.AST, scope: Scope) -> list[Edit]:
    """`.detach()` on assigned values, operands, arguments and receivers.

    Of a chain of calls with one varying input each, as `f(x).sum().mean()`, only the outermost is taken: blocking
    the gradient anywhere in it is the same."""
    finder = _Finder(scope)
    finder.visit(tree)
    return finder.found


class _Finder(Walker):
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found: list[Edit] = []
        self.covered: set[int] = set()  # the only input of what is blocked already

    def offer(self, node: ast.expr) -> None:
        if self.plain(node):
            return
        if id(node) not in self.covered:
            new = ast.Call(ast.Name(HELPER, ast.Load()), [node], [])
            shown = ast.Call(ast.Attribute(node, "detach", ast.Load()), [], [])
            self.found.append(Edit(node, new, "detach", shown))
        inputs = [n for n in self.inputs(node) if not self.plain(n)]
        if len(inputs) == 1:
            self.covered.add(id(inputs[0]))

    def plain(self, node: ast.expr) -> bool:
        """Whether a value surely carries no gradient, or is no single value."""
        if isinstance(node, ast.Name):
            return node.id in self.scope.plain
        if isinstance(node, ast.Attribute):
            return node.attr in NO_GRADIENT_ATTRIBUTES or self.plain(node.value)
        if isinstance(node, ast.Call):
            return self.scope.called(node)[0] in NO_GRADIENT
        if isinstance(node, ast.BinOp):
            return self.plain(node.left) and self.plain(node.right)
        if isinstance(node, ast.UnaryOp):
            return isinstance(node.op, ast.Not) or self.plain(node.operand)
        if isinstance(node, ast.Subscript):
            return self.plain(node.value)
        return not isinstance(node, (ast.IfExp, ast.NamedExpr))

    def inputs(self, node: ast.expr) -> list[ast.expr]:
        """What an expression computes from, through signs, attributes and subscripts."""
        while True:
            if isinstance(node, ast.UnaryOp):
                node = node.operand
            elif isinstance(node, (ast.Attribute, ast.Subscript)):
                node = node.value
            else:
                break
        if isinstance(node, ast.BinOp):
            return [node.left, node.right]
        if isinstance(node, ast.Call):
            found = [*self.scope.called(node)[1], *(k.value for k in node.keywords)]
            return found if not any(isinstance(n, (ast.List, ast.Tuple, ast.Starred)) for n in found) else []
        return []

    # -- where an intermediate stands ------------------------------------------------------------------

    def visit_Assign(self, node: ast.Assign) -> None:
        self.offer(node.value)
        self.visit(node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.offer(node.value)
            self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        self.offer(node.value)
        self.visit(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        for side in (node.left, node.right):
            self.offer(side)
            self.visit(side)

    def visit_Call(self, node: ast.Call) -> None:
        name, operands = self.scope.called(node)
        if name in NO_GRADIENT:
            return
        kept = [k.value for k in node.keywords if k.arg not in LEFT_ALONE]
        for value in [*operands, *kept]:
            if isinstance(value, (ast.List, ast.Tuple)):
                for item in value.elts:
                    self.offer(item)
            self.offer(value)
            self.visit(value)

    def visit_Compare(self, node: ast.Compare) -> None:
        pass  # what is compared passes no gradient on
