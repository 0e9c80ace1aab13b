"""An edit in words, short enough for a line of a table."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator

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
    for old, new in _tails(around, changed, edit):
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
            node.args, node.keywords = [ast.Name("…", ast.Load())], []
        return node


def _tails(old: ast.AST, new: ast.AST, edit: Edit) -> Iterator[tuple[str, str]]:
    """Calls by their last name alone, as `….mean()`, and without the arguments that stay as they are."""
    if isinstance(edit.old, ast.UnaryOp) and isinstance(edit.old.operand, ast.Call) and edit.new is edit.old.operand:
        sign = _text(ast.UnaryOp(edit.old.op, ast.Name("", ast.Load())))
        yield f"{sign}{_last(edit.old.operand)}(…)", f"{_last(edit.old.operand)}(…)"
    if edit.kind == "detach" and not isinstance(edit.old, ast.Call):
        yield _text(edit.old), _text(edit.shown or edit.new)
    if isinstance(old, ast.BinOp) and edit.kind in ("operator", "dropped operand") and old is edit.old:
        sides = {id(side): _side(side, 20 if edit.kind == "dropped operand" else 14) for side in (old.left, old.right)}
        texts = [_text(copy.deepcopy(node, dict(sides))) for node in (old, edit.new)]
        yield texts[0], texts[1]
    if not isinstance(old, ast.Call) or not isinstance(new, ast.Call):
        return
    whole = [_text(n) for n in [*old.args, *old.keywords]]
    if edit.kind == "detach" and old is edit.old:
        for inside in (", ".join(whole), "…"):
            yield f"{_last(old)}({inside})", f"{_last(old)}({inside}).detach()"
        return
    texts = []
    for call, other in ((old, new), (new, old)):
        same = {_text(n) for n in [*other.args, *other.keywords]}
        parts = [(part, part in same) for part in (_text(n) for n in [*call.args, *call.keywords])]
        kept = [part for i, (part, shared) in enumerate(parts) if not shared or i == 0 or not parts[i - 1][1]]
        texts.append(f"{_last(call)}({', '.join('…' if part in same else part for part in kept)})")
    yield texts[0], texts[1]


def _side(node: ast.expr, size: int) -> ast.expr:
    """An operand of at most `size` characters."""
    text = _text(node)
    if len(text) <= size:
        return node
    simple = isinstance(node, (ast.Name, ast.Call, ast.Attribute, ast.Subscript))
    return ast.Name(_cut(text, size) if simple else f"({_cut(text, size - 2)})", ast.Load())


def _last(call: ast.Call) -> str:
    """The name that is called; of a method, with an ellipsis for a long receiver."""
    name = _text(call.func)
    return name if len(name) <= 20 or not isinstance(call.func, ast.Attribute) else "…." + call.func.attr


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
