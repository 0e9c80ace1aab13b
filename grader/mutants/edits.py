"""Single edits of a function's syntax tree, each a slip that a student could make.

Left alone: docstrings, annotations, defaults, `raise`, `assert`, f-strings, what a subscript computes, shapes, and
whatever could keep a loop from ending (the test of a `while`, what it reads, `range`, an `if` that breaks)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .naive import TIES, UNSTABLE
from .rewrite import copied, stand_in, unsliced
from .scope import Scope
from .walker import Walker
from .words import (
    AXIS_KEYWORDS,
    AXIS_SECOND,
    AXIS_THIRD,
    DROPPED,
    EXCHANGED,
    EXCHANGED_BUILTINS,
    LEFT_ALONE,
    NO_GRADIENT_ATTRIBUTES,
    PAIRS,
    SHAPES,
    STRUCTURE,
    TRANSPOSED,
    TRANSPOSES,
)

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
AXES = {0: 1, 1: 0, -1: 0, 2: 1, -2: -1}
STEPS: dict[int | float, list[int | float]] = {0: [1], 1: [0, 2], 2: [1, 3]}  # any other number is raised by one
SMALL = 1e-2  # below it a constant is there for safety, as an epsilon, or sets a strength


@dataclass(frozen=True)
class Edit:
    """One node of a tree exchanged for another. `shown` is the new node as people read it, where that differs."""

    old: ast.AST
    new: ast.AST
    kind: str
    shown: ast.AST | None = None


def edits(tree: ast.AST, scope: Scope) -> list[Edit]:
    """All edits of the body of a function or lambda, in the order of its text."""
    finder = _Finder(scope)
    finder.visit(tree)
    return finder.found


def applied(tree: ast.AST, edit: Edit) -> ast.AST:
    """A copy of the tree with one node exchanged; the tree itself stays as it is. Lines are kept."""
    if isinstance(edit.old, (ast.expr, ast.stmt)):
        ast.copy_location(edit.new, edit.old)
    return ast.fix_missing_locations(copied(tree, {id(edit.old): edit.new}))


class _Finder(Walker):
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.found: list[Edit] = []
        self.loops = 0  # `while` loops around
        self.frozen: set[str] = set()  # names that decide when they end

    def add(self, kind: str, old: ast.AST, *new: ast.AST) -> None:
        self.found += [Edit(old, node, kind) for node in new]

    # -- statements ------------------------------------------------------------------------------------

    def visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Constant):
            return  # a docstring
        if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            self.add("statement dropped", node, ast.Pass())  # x.clamp_(0), optimizer.zero_grad()
        self.visit(node.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        target = node.targets[0]
        if self.frozen & {name for t in node.targets for name in _names(t)}:
            return
        if len(node.targets) == 1 and isinstance(target, ast.Name) and target.id in _names(node.value):
            self.add("statement dropped", node, ast.Pass())
        self.visit(node.value)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        if self.frozen & set(_names(node.target)):
            return
        if type(node.op) in OPERATORS:
            self.add("operator", node, ast.AugAssign(node.target, OPERATORS[type(node.op)](), node.value))
        self.add("assignment", node, ast.Assign([node.target], node.value))
        self.add("statement dropped", node, ast.Pass())
        self.visit(node.value)

    def visit_While(self, node: ast.While) -> None:
        before = set(self.frozen)
        leaving = [n.test for n in ast.walk(node) if isinstance(n, ast.If) and _leaves(n)]
        self.frozen |= {name for test in [node.test, *leaving] for name in _names(test)}
        self.loops += 1
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)
        self.loops -= 1
        self.frozen = before

    def visit_If(self, node: ast.If) -> None:
        if not (self.loops and _leaves(node)):
            self._condition(node.test)
            self.visit(node.test)
        for statement in [*node.body, *node.orelse]:
            self.visit(statement)

    # -- conditions ------------------------------------------------------------------------------------

    def _condition(self, test: ast.expr) -> None:
        if not isinstance(test, (ast.Compare, ast.BoolOp, ast.UnaryOp)):
            self.add("condition", test, ast.UnaryOp(ast.Not(), test))

    def visit_IfExp(self, node: ast.IfExp) -> None:
        self._condition(node.test)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        for i, op in enumerate(node.ops):
            if type(op) in COMPARISONS:
                ops = [*node.ops[:i], COMPARISONS[type(op)](), *node.ops[i + 1 :]]
                self.add("comparison", node, ast.Compare(node.left, ops, node.comparators))
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        self.add("condition", node, ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values))
        self.generic_visit(node)

    # -- arithmetic ------------------------------------------------------------------------------------

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if not any(isinstance(side, ast.JoinedStr) or _is_text(side) for side in (node.left, node.right)):
            if type(node.op) in OPERATORS:
                self.add("operator", node, ast.BinOp(node.left, OPERATORS[type(node.op)](), node.right))
            if isinstance(node.op, (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr)):
                self.add("dropped operand", node, node.left, node.right)
            elif isinstance(node.op, (ast.Sub, ast.Div)) or (
                isinstance(node.op, ast.Pow) and not isinstance(node.right, ast.Constant)
            ):
                self.add("dropped operand", node, node.left)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        if isinstance(node.op, (ast.USub, ast.Not)):
            kind = "sign dropped" if isinstance(node.op, ast.USub) else "condition"
            self.add(kind, node, node.operand)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return
        if isinstance(value, float) and 0 < value < SMALL:
            others: list[int | float] = [0.0, float(f"{value * 10:.12g}")]
        else:
            kind = type(value)
            others = [kind(n) for n in STEPS.get(value, [value + 1])]
        self.add("constant", node, *(ast.Constant(other) for other in others))

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if not (isinstance(node.value, ast.Attribute) and node.value.attr in NO_GRADIENT_ATTRIBUTES):
            self.add("slice dropped", node, *unsliced(node))
        self.visit(node.value)

    # -- calls -----------------------------------------------------------------------------------------

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in TRANSPOSED:
            self.add("transpose dropped", node, node.value)
        self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        name, operands = self.scope.called(node)
        if name == "range":
            return
        self._exchange(node, name)
        if operands and name in UNSTABLE | TIES:
            made, shown = stand_in(node, name, operands)
            self.found.append(Edit(node, made, "unstable" if name in UNSTABLE else "ties", shown))
        if operands and name in DROPPED:
            self.add("function dropped", node, operands[0])
        elif operands and name in TRANSPOSES:
            self.add("transpose dropped", node, operands[0])
        elif len(operands) == 2 and name in PAIRS and _axis_of(operands[1]) is None:
            self.add("function dropped", node, *operands)
        elif len(operands) == 3 and name == "where":
            self.add("function dropped", node, *operands[1:])
        if name == "Terms":
            self._terms(node)
        if name in SHAPES:
            if isinstance(node.func, ast.Attribute):
                self.visit(node.func.value)
            return
        place = 1 if name in AXIS_SECOND else 2 if name in AXIS_THIRD else 0
        for i, operand in enumerate(operands):
            if place and i == place and _axis_of(operand) is not None:
                self._axis(operand)
            elif i == 0 or name not in STRUCTURE:
                self.visit(operand)
        for keyword in node.keywords:
            self._keyword(keyword, name)

    def _exchange(self, node: ast.Call, name: str) -> None:
        if isinstance(node.func, ast.Attribute) and name in EXCHANGED:
            function: ast.expr = ast.Attribute(node.func.value, EXCHANGED[name], ast.Load())
        elif isinstance(node.func, ast.Name) and name in EXCHANGED_BUILTINS:
            function = ast.Name(EXCHANGED_BUILTINS[name], ast.Load())
        else:
            return
        self.add("reduction", node, ast.Call(ast.copy_location(function, node.func), node.args, node.keywords))

    def _keyword(self, keyword: ast.keyword, name: str) -> None:
        value = keyword.value
        if keyword.arg in LEFT_ALONE or name in STRUCTURE:
            return
        if keyword.arg in AXIS_KEYWORDS and _axis_of(value) is not None:
            self._axis(value)
        elif keyword.arg == "reduction" and isinstance(value, ast.Constant) and value.value in ("sum", "mean"):
            self.add("reduction", value, ast.Constant("mean" if value.value == "sum" else "sum"))
        elif isinstance(value, ast.Constant) and isinstance(value.value, bool):
            self.add("constant", value, ast.Constant(not value.value))  # unbiased=False
        else:
            self.visit(value)

    def _axis(self, node: ast.expr) -> None:
        """Another axis, or one axis fewer of several."""
        if isinstance(node, (ast.Tuple, ast.List)):
            if len(node.elts) > 1:
                rests = [[e for e in node.elts if e is not out] for out in node.elts]
                self.add("axis", node, *(ast.Tuple(rest, ast.Load()) for rest in rests))
        elif (axis := _axis_of(node)) in AXES:
            self.add("axis", node, ast.Constant(AXES[axis]))

    def _terms(self, node: ast.Call) -> None:
        for keyword in node.keywords:
            nothing = ast.BinOp(ast.Constant(0), ast.Mult(), keyword.value)
            self.found.append(Edit(keyword.value, nothing, "term dropped"))


def _axis_of(node: ast.expr) -> int | None:
    """The axis that a node writes out; -99 for several in a tuple; None if it is no literal."""
    if isinstance(node, (ast.Tuple, ast.List)) and node.elts:
        return -99 if all(_axis_of(e) not in (None, -99) for e in node.elts) else None
    sign = -1 if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else 1
    inner = node.operand if isinstance(node, ast.UnaryOp) and sign < 0 else node
    if isinstance(inner, ast.Constant) and type(inner.value) is int:
        return sign * inner.value
    return None


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _names(node: ast.AST) -> Iterator[str]:
    return (n.id for n in ast.walk(node) if isinstance(n, ast.Name))


def _leaves(node: ast.If) -> bool:
    """Whether a loop around may end here."""
    return any(isinstance(n, (ast.Break, ast.Return, ast.Continue)) for n in ast.walk(node))
