"""Small wrong edits of a reference, made by machine: hidden cases that cannot tell one from the reference are too weak.

Each mutant is the forward of a question with one edit, in the function that its author wrote or in a helper of the
author's that it reaches. The live modules stay as they are."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType
from typing import Any

from ..author import Question
from . import naive
from .build import World
from .code import TURN, Written
from .detach import HELPER, detachments
from .edits import Edit, applied, edits
from .label import label
from .naive import NAIVE
from .reach import reached, scope_of

__all__ = ["Mutant", "Trace", "bounded", "mutants"]
MARK = "__reached__"  # a name in the mutant's globals
TURNS = 10_000


@dataclass
class Trace:
    """What the runs of a mutant have met so far."""

    turns: int = 0  # of `while` loops, in the call that runs or ran last
    reached: bool = False  # the edited place was run
    blocked: bool = False  # a detach met a value that carries a gradient


@dataclass(frozen=True)
class Mutant:
    """A forward with one edit. `forward` takes what `question.forward` takes; it may raise, or return nonsense.
    One whose `while` loops take more than 10,000 turns in a call raises RuntimeError.

    `reached` and `inert` are of the runs so far: a mutant that no case reaches cannot be told apart, whatever the
    cases hold; a detach is inert where it only met values without a gradient, so that it was no edit at all."""

    label: str  # `old  ->  new`, at most 70 characters
    file: str
    line: int
    kind: str  # operator, constant, dropped operand, comparison, reduction, axis, detach, …
    forward: Callable[..., Any]
    trace: Trace = field(default_factory=Trace, repr=False, compare=False)

    @property
    def reached(self) -> bool:
        return self.trace.reached

    @property
    def inert(self) -> bool:
        return self.kind == "detach" and self.trace.reached and not self.trace.blocked


def mutants(question: Question, package: str) -> list[Mutant]:
    """All mutants of a question's forward, by function and line. `package` is the name under which the author's
    modules were imported; nothing else is edited.

    Raises AuthorError where a source file is not what was imported."""
    found: list[Mutant] = []
    base = inspect.unwrap(question.base)
    sources = reached(question.base, package)
    loops = {source.function: source.compiled(source.tree) for source in sources if source.loops}
    for source in sources:
        constant = set(source.params) - set(question.gradients.values()) if source.function is base else set()
        scope = scope_of(source, package, frozenset(constant))
        made = edits(source.tree, scope) + (detachments(source.tree, scope) if question.gradients else [])
        made.sort(key=lambda edit: _line(edit, source))
        found += _compiled(question, package, source, made, loops)
    return found


def bounded(question: Question, package: str) -> Callable[..., Any]:
    """The forward as it is, but that RuntimeError is raised where its `while` loops take more than 10,000 turns."""
    sources = reached(inspect.unwrap(question.base), package)
    loops = {source.function: source.compiled(source.tree) for source in sources if source.loops}
    if not loops:
        return question.forward
    trace = Trace()
    world = World(package, loops, {TURN: _turner(trace)})
    return _counting(question.around(world.copy(question.base)), trace)


def _line(edit: Edit, source: Written) -> int:
    return getattr(edit.old, "lineno", source.tree.lineno)


def _compiled(
    question: Question, package: str, source: Written, made: list[Edit], loops: dict[FunctionType, CodeType]
) -> Iterator[Mutant]:
    seen = {ast.unparse(source.tree)}
    for edit in made:
        changed = applied(source.tree, edit)
        text = ast.unparse(changed)
        if text in seen:
            continue
        seen.add(text)
        try:
            code = source.compiled(applied(source.tree, _traced(edit)))
        except (SyntaxError, ValueError):
            continue
        trace = Trace()
        extra = {HELPER: _detacher(trace), MARK: _marker(trace), TURN: _turner(trace), NAIVE: naive}
        world = World(package, {**loops, source.function: code}, extra)
        forward = _counting(question.around(world.copy(question.base)), trace)
        file = source.function.__code__.co_filename
        yield Mutant(label(source.tree, edit), file, _line(edit, source), edit.kind, forward, trace)


def _traced(edit: Edit) -> Edit:
    """The edit, with a word to the trace where it is run."""
    if edit.kind == "detach":
        return edit
    mark = ast.Name(MARK, ast.Load())
    if isinstance(edit.new, ast.expr):
        return replace(edit, new=ast.Call(mark, [edit.new], []))
    if isinstance(edit.new, ast.AugAssign):
        value = ast.Call(mark, [edit.new.value], [])
        return replace(edit, new=ast.AugAssign(edit.new.target, edit.new.op, value))
    if isinstance(edit.new, ast.Assign):
        return replace(edit, new=ast.Assign(edit.new.targets, ast.Call(mark, [edit.new.value], [])))
    return replace(edit, new=ast.Expr(ast.Call(mark, [ast.Constant(None)], [])))  # a dropped statement


def _marker(trace: Trace) -> Callable[[Any], Any]:
    def mark(value: Any) -> Any:
        trace.reached = True
        return value

    return mark


def _detacher(trace: Trace) -> Callable[[Any], Any]:
    """What stands in the place of `.detach()`: it leaves alone what carries no gradient."""

    def detached(value: Any) -> Any:
        trace.reached = True
        if getattr(value, "requires_grad", False) is not True or not hasattr(value, "detach"):
            return value
        trace.blocked = True
        return value.detach()

    return detached


def _turner(trace: Trace) -> Callable[[], None]:
    def turn() -> None:
        trace.turns += 1
        if trace.turns > TURNS:
            raise RuntimeError(f"more than {TURNS:,} turns of a while loop")

    return turn


def _counting(forward: Callable[..., Any], trace: Trace) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        trace.turns = 0
        return forward(*args)

    return run
