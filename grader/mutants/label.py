"""An edit in words, short enough for a line of a table."""

from __future__ import annotations

import ast
import copy

from .edits import Edit

WIDTH = 70
ARROW = "  ->  "


def label(tree: ast.AST, edit: Edit) -> str:
    """`old  ->  new` of at most 70 characters: the smallest expression that says what changed; the arguments of
    calls, and then what both sides share, give way to an ellipsis."""
    if isinstance(edit.new, ast.Pass):
        return _cut(_text(edit.old), WIDTH - len(ARROW) - 9) + ARROW + "(deleted)"
    around = _around(tree, edit.old)
    shown = edit.shown or edit.new
    changed = copy.deepcopy(around, {id(edit.old): shown})
    for size in (None, 12, 0):
        old, new = (
            _text(node if size is None else _Short(size).visit(copy.deepcopy(node))) for node in (around, changed)
        )
        if old != new and len(old + ARROW + new) <= WIDTH:
            return old + ARROW + new
    if isinstance(around, ast.Call) and isinstance(changed, ast.Call):
        old, new = _calls(around, changed)
        if old != new and len(old + ARROW + new) <= WIDTH:
            return old + ARROW + new
    return _window(_text(around), _text(changed))


def _around(tree: ast.AST, node: ast.AST) -> ast.AST:
    """The nearest expression around a small one that says where it stands."""
    parents = {id(child): parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    small = (ast.Constant, ast.Name, ast.UnaryOp, ast.keyword, ast.Tuple, ast.List, ast.Starred, ast.Attribute)
    while isinstance(node, small) and isinstance(
        up := parents.get(id(node)), (ast.expr, ast.keyword, ast.Assign, ast.AugAssign)
    ):
        node = up
    return node


def _text(node: ast.AST) -> str:
    return " ".join(ast.unparse(ast.fix_missing_locations(node)).split())


class _Short(ast.NodeTransformer):
    """Arguments of calls longer than `size` become an ellipsis, innermost first."""

    def __init__(self, size: int) -> None:
        self.size = size

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        inside = [*node.args, *(k.value for k in node.keywords)]
        if inside and sum(len(_text(n)) for n in inside) > self.size:
            node.args, node.keywords = [ast.Name("...", ast.Load())], []
        return node


def _calls(old: ast.Call, new: ast.Call) -> tuple[str, str]:
    """Two calls that differ in an argument, the others given as an ellipsis."""
    texts = []
    for call, other in ((old, new), (new, old)):
        same = {_text(n) for n in [*other.args, *other.keywords]}
        inside: list[str] = []
        for part in (_text(n) for n in [*call.args, *call.keywords]):
            if part not in same:
                inside.append(part)
            elif inside[-1:] != ["…"]:
                inside.append("…")
        name = call.func.attr if isinstance(call.func, ast.Attribute) else _text(call.func)
        texts.append(f"{name}({', '.join(inside)})")
    return texts[0], texts[1]


def _window(old: str, new: str) -> str:
    """What differs, with as much around it as there is room for."""
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    half = (WIDTH - len(ARROW)) // 2
    room = max(0, half - max(len(old), len(new)) + start + end - 2)
    before, after = min(start, room - room // 3), min(end, room // 3)
    parts = []
    for text in (old, new):
        left, right = start - before, len(text) - end + after
        middle = _cut(text[left:right], half - 2)
        parts.append(("…" if left else "") + middle + ("…" if right < len(text) else ""))
    return ARROW.join(parts)


def _cut(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - size // 3 - 1] + "…" + text[len(text) - size // 3 :]
