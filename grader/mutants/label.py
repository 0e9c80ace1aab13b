"""An edit in words, short enough for a line of a table."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .edits import Edit
from .rewrite import copied

WIDTH = 70
ARROW = "  ->  "


def label(tree: ast.AST, edit: Edit) -> str:
    """`old  ->  new` of at most 70 characters: the smallest expression that says what changed; the arguments of
    calls, and then what both sides share, give way to an ellipsis."""
    if isinstance(edit.new, ast.Pass):
        return _cut(_text(edit.old), WIDTH - len(ARROW) - 9) + ARROW + "(deleted)"
    around = _around(tree, edit.old)
    changed = copied(around, {id(edit.old): edit.shown or edit.new})
    pairs = [*(_shortened(around, edit, size) for size in (10**6, 12, 0)), *_tails(around, changed, edit)]
    for old, new in pairs:
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


def _shortened(around: ast.AST, edit: Edit, size: int) -> tuple[str, str]:
    """Old and new where arguments of more than `size` characters are an ellipsis, unless the edit is in them."""
    short: dict[int, ast.AST] = {}
    for node in reversed(list(ast.walk(around))):  # the innermost first
        if isinstance(node, ast.Call) and not any(inner is edit.old for inner in ast.walk(node)):
            inside = [*node.args, *(k.value for k in node.keywords)]
            if sum(len(_text(n)) for n in inside) > size:
                short[id(node)] = ast.Call(copied(node.func, short), [ast.Name("…", ast.Load())], [])
    shown = copied(edit.shown or edit.new, short)
    return _text(copied(around, short)), _text(copied(around, {**short, id(edit.old): shown}))


def _tails(old: ast.AST, new: ast.AST, edit: Edit) -> Iterator[tuple[str, str]]:
    """Calls by their last name alone, as `….mean()`, and without the arguments that stay as they are."""
    if isinstance(edit.old, ast.UnaryOp) and isinstance(edit.old.operand, ast.Call) and edit.new is edit.old.operand:
        sign = _text(ast.UnaryOp(edit.old.op, ast.Name("", ast.Load())))
        yield f"{sign}{_last(edit.old.operand)}(…)", f"{_last(edit.old.operand)}(…)"
    if isinstance(old, ast.BinOp) and edit.kind in ("operator", "dropped operand") and old is edit.old:
        sides = {id(side): _side(side, 20 if edit.kind == "dropped operand" else 14) for side in (old.left, old.right)}
        texts = [_text(copied(node, sides)) for node in (old, edit.new)]
        yield texts[0], texts[1]
    if isinstance(old, ast.Call) and isinstance(new, ast.Call):
        yield _calls(old, new, edit)
    if edit.kind == "detach" and not isinstance(edit.old, ast.Call):
        yield _text(edit.old), _text(edit.shown or edit.new)
        if isinstance(edit.old, ast.expr):
            side = _side(edit.old, 26)
            yield _text(side), _text(side) + ".detach()"


def _calls(old: ast.Call, new: ast.Call, edit: Edit) -> tuple[str, str]:
    """Two calls without the arguments that they share."""
    if edit.kind == "detach" and old is edit.old:
        inside = ", ".join(_text(n) for n in [*old.args, *old.keywords])
        text = f"{_last(old)}({inside if len(inside) <= 16 else '…'})"
        return text, text + ".detach()"
    texts = []
    for call, other in ((old, new), (new, old)):
        same = {_text(n) for n in [*other.args, *other.keywords]}
        parts = ["…" if (part := _text(n)) in same else part for n in [*call.args, *call.keywords]]
        kept = [part for i, part in enumerate(parts) if part != "…" or i == 0 or parts[i - 1] != "…"]
        texts.append(f"{_last(call)}({', '.join(kept)})")
    return texts[0], texts[1]


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
