"""`@prop`: a predicate over what the student's own functions answer becomes a Property, or is refused with file,
line and mend."""

from __future__ import annotations

import ast
import copy
import inspect
import symtable
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np

from ..predicate import BUILTINS, HELPERS
from .case import CASE_WORDS, Case, Function, Where
from .question import Called, Cased, Question


@dataclass
class Property(Cased):
    """A property under construction. Made by `@prop`; filled by `.cases`."""

    name: str
    function: Function
    points: float
    calls: Mapping[str, Called]  # response -> the call that gives it
    source: str  # of the predicate: no decorator, docstring, annotation or comment
    where: Where
    doc: str
    seconds: float | None = None
    keeps: tuple[str, ...] = ()  # inputs of a case that the predicate alone sees
    case_source: Callable[[np.random.Generator], Iterator[Case]] | None = None

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that a case must give: all that its calls take, and what is kept."""
        return (*self.sent, *self.keeps)

    @property
    def sent(self) -> tuple[str, ...]:
        """The inputs that the calls take."""
        return tuple(dict.fromkeys(name for called in self.calls.values() for name in called.takes.values()))

    @property
    def asks(self) -> Sequence[Question]:
        return tuple(called.question for called in self.calls.values())

    def mistake(self, *_: object, **__: object) -> NoReturn:
        raise Where.frame(sys._getframe(1)).refuse(
            f"{self.name} is a property and has no mistakes", "Declare the mistake on the question that it calls"
        )

    def accept(self, *_: object, **__: object) -> NoReturn:
        raise Where.frame(sys._getframe(1)).refuse(
            f"{self.name} is a property and accepts no conventions", "Let the predicate hold for both"
        )


def prop(
    points: float, *, seconds: float | None = None, keeps: Sequence[str] = (), **calls: Called
) -> Callable[[Function], Property]:
    """Make a question of a predicate over responses: `@prop(4, H=cross_entropy.called("p", "q"), h=...)`.

    Each keyword names a response: what a question's function gives for inputs of the case. The decorated
    function takes responses, and inputs of the case if it wants them, by name, as NumPy arrays (float64, or
    integers and booleans where the reference's are). A call with several outputs is seen as an object:
    `L.loss`, `L.dS`. It returns a bool, or an array of bools that must all hold, and sees nothing but np,
    math, close, at_most and plain builtins: it runs in the grader, without torch. The docstring's first line is
    the student's hint. `keeps=("labels",)` names inputs of the case that no call takes: they never reach a student's
    process.

    Raises AuthorError, with file and line, for all that does not fit together."""
    where = Where.frame(sys._getframe(1))
    if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 < points < 1e6:
        raise where.refuse(f"a property worth {points!r}", "Write @prop(4, ...): a positive number of points")
    if seconds is not None and not (isinstance(seconds, (int, float)) and 0 < seconds <= 3600):
        raise where.refuse(f"seconds={seconds!r}", "Give a time limit between 0 and 3600 seconds")
    if not calls:
        raise where.refuse("a property without a response", 'Write @prop(4, L=loss.called("S", "y"))')
    for name, called in calls.items():
        if not isinstance(called, Called):
            raise where.refuse(f"{name}={called!r} is no call", f'Write {name}=question.called("x")')
        if name in (*HELPERS, *CASE_WORDS) or name.startswith("_"):
            raise where.refuse(f"a response is named {name!r}", "Rename it: the word is taken")
        for other, call in calls.items():
            if name in call.takes.values():
                raise where.refuse(f"{name!r} is a response and an input of {other}", "Rename one of them")

    if isinstance(keeps, str) or not all(isinstance(k, str) and k.isidentifier() for k in keeps):
        raise where.refuse(f"keeps={keeps!r}", 'Name inputs of the case, as keeps=("labels",)')
    taken = {*calls, *HELPERS, *CASE_WORDS, *(name for called in calls.values() for name in called.takes.values())}
    if clash := [k for k in keeps if k in taken]:
        raise where.refuse(f"keeps= names {clash[0]!r}, which is taken or sent to a call", "Rename it, or take it out")

    def make(function: Function) -> Property:
        at = Where.of(function)
        name, doc = getattr(function, "__name__", "?"), inspect.getdoc(function) or ""
        if not doc:
            raise at.refuse(f"{name} has no docstring", "Say what holds; students read its first line as a hint")
        made = Property(name, function, float(points), dict(calls), "", at, doc, seconds, tuple(keeps))
        if name in (*HELPERS, *BUILTINS) or name.startswith("_"):
            raise at.refuse(f"a property is named {name!r}", "Rename it: the word is taken")
        params = tuple(inspect.signature(function).parameters)
        for unknown in [p for p in params if p not in calls and p not in made.inputs]:
            raise at.refuse(
                f"{name} takes {unknown!r}, which is neither a response nor an input of one",
                f"There are {', '.join([*calls, *made.inputs])}",
            )
        for unused in [c for c in calls if c not in params]:
            raise at.refuse(f"{name} does not take its response {unused!r}", "Use it, or take the call out")
        for unused in [k for k in keeps if k not in params]:
            raise at.refuse(f"{name} does not take {unused!r}, which is kept for it", "Use it, or take it out")
        made.source = _source(function, at)
        return made

    return make


def _source(function: Function, at: Where) -> str:
    """The predicate alone: what travels in the key. Read when it is defined, so that it is what was defined."""
    try:
        tree = ast.parse(Path(at.file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        raise at.refuse("the source of this property cannot be read", "Define it in a Python file") from None
    found = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and min([node.lineno, *(d.lineno for d in node.decorator_list)]) == at.line
        and node.name == getattr(function, "__name__", "")
    ]
    if not found:
        raise at.refuse("a property is no plain function", "Write @prop(...) above def name(responses): ...")
    node = copy.deepcopy(found[0])
    node.decorator_list, node.returns = [], None
    _check_plain(node, at)
    for argument in node.args.args:
        argument.annotation = None
    _check_cost(node, node.name, at)
    node.body = node.body[1:] or [ast.Pass()]  # the docstring
    source = ast.unparse(node) + "\n"
    _check_names(source, node, at)
    return source


def _check_plain(node: ast.FunctionDef, at: Where) -> None:
    a = node.args
    if a.posonlyargs or a.kwonlyargs or a.vararg or a.kwarg or a.defaults:
        raise at.refuse(f"a parameter of {node.name} is not a plain one", "Use positional parameters without defaults")
    for inner in ast.walk(node):
        line = Where(at.file, getattr(inner, "lineno", at.line))
        if isinstance(inner, (ast.Import, ast.ImportFrom)):
            raise line.refuse(f"{node.name} imports", "A property has np and math, and nothing else")
        if isinstance(inner, (ast.Raise, ast.Assert, ast.Try, ast.Yield, ast.YieldFrom)):
            raise line.refuse(f"{node.name} does more than say True or False", "Return a bool, or an array of bools")
        if isinstance(inner, ast.Attribute) and ast.unparse(inner) == "np.random":
            raise line.refuse(f"{node.name} draws random numbers", "Draw them in the case")


# What takes as long, or as much memory, as an answer says, cannot be asked where answers are judged.
NUMPY_NAMES = (
    "abs absolute add all any append argmax argmin argsort array array_equal asarray atleast_1d atleast_2d "
    "average bool_ cbrt ceil clip concatenate cos cosh count_nonzero cumprod cumsum diag diagonal diff divide "
    "dot e einsum equal exp exp2 expand_dims expm1 fabs fill_diagonal flip float32 float64 floor floor_divide "
    "fmax fmin full_like greater greater_equal hstack hypot inf inner int64 isclose isfinite isin isinf isnan "
    "less less_equal linalg log log10 log1p log2 logaddexp logical_and logical_not logical_or logical_xor "
    "matmul max maximum mean median min minimum mod ndarray moveaxis multiply nan negative newaxis nonzero not_equal "
    "ones_like outer pi power prod ptp ravel real reciprocal remainder reshape rint roll round shape sign "
    "signbit sin sinh size sort sqrt square squeeze stack std subtract sum swapaxes take take_along_axis tan "
    "tanh tensordot trace transpose tril triu trunc unique var vdot vstack where zeros_like "
)
NUMPY = frozenset(NUMPY_NAMES.split())
MAKERS = frozenset({"arange", "eye", "full", "linspace", "ones", "zeros"})  # of a size that no answer chooses
METHODS = frozenset({"repeat", "resize", "factorial", "comb", "perm"})


def _check_cost(node: ast.AST, name: str, at: Where) -> None:
    """No work whose size an answer chooses."""
    made = {
        id(call.func)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and all(map(_sized, [*call.args, *(k.value for k in call.keywords)]))
    }
    for inner in ast.walk(node):
        what = ""
        if isinstance(inner, ast.While):
            what = "loops as long as a condition holds"
        elif isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) and inner.value.id == "np":
            known = inner.attr in NUMPY or (inner.attr in MAKERS and id(inner) in made)
            what = "" if known else f"uses np.{inner.attr}"
        elif isinstance(inner, ast.Attribute) and inner.attr in METHODS:
            what = f"uses .{inner.attr}"
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name) and inner.func.id == "range":
            what = "" if all(map(_sized, inner.args)) else "counts with range() up to what an answer says"
        elif isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Pow):
            what = "" if _sized(inner.right) else "raises to a power that is no constant (np.power does it in floats)"
        elif isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Mult):
            text = any(isinstance(s, ast.Constant) and isinstance(s.value, str) for s in (inner.left, inner.right))
            rows = any(isinstance(s, (ast.List, ast.Tuple, ast.ListComp)) for s in (inner.left, inner.right))
            what = "repeats a list or a text" if text or rows else ""
        if what:
            raise Where(at.file, getattr(inner, "lineno", at.line)).refuse(
                f"{name} {what}, which may take for ever where answers are judged",
                "Say it of whole arrays; what has to be made, make in the case",
            )


def _sized(node: ast.expr) -> bool:
    """A number that no answer's value chooses: constants, lengths and shapes, and sums and products of these."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Name) and node.func.id == "len"
    if isinstance(node, ast.Subscript):
        return _sized(node.value)
    if isinstance(node, ast.Attribute):
        return node.attr in ("shape", "ndim", "size")
    if isinstance(node, ast.UnaryOp):
        return _sized(node.operand)
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(map(_sized, node.elts))
    return isinstance(node, ast.BinOp) and _sized(node.left) and _sized(node.right)


def _check_names(source: str, node: ast.FunctionDef, at: Where) -> None:
    """No name from outside but those that the grader gives, on any path: what fails at grading is found here."""
    allowed = {*HELPERS, *BUILTINS, node.name}
    for name in sorted(_globals_of(symtable.symtable(source, node.name, "exec")) - allowed):
        lines = [n.lineno for n in ast.walk(node) if isinstance(n, ast.Name) and n.id == name]
        raise Where(at.file, min(lines, default=at.line)).refuse(
            f"{node.name} uses {name!r}, which is not there where it runs",
            f"Use {', '.join(HELPERS)} and plain builtins; write helpers inside the function",
        )


def _globals_of(table: symtable.SymbolTable) -> set[str]:
    inner = set().union(*(_globals_of(child) for child in table.get_children()))
    own = {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
    return inner | (own if table.get_type() != "module" else set())
