"""What an instructor writes: `@question` on a torch forward function, its cases, mistakes and conventions.

Nothing here runs a reference or imports torch. Every argument is checked where it is given; what is wrong is
refused as an AuthorError that names the author's file and line and says how to mend it.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

import numpy as np

from ..model import Step, Value
from ..text import plural
from .case import CASE_WORDS, Case, Function, Where, sent


@dataclass(frozen=True)
class Variant:
    """Another answer, declared beside the reference: a mistake or an accepted convention.

    `patch` takes `out` and inputs by name and returns the outputs that differ; `forward` is another forward
    function, whose outputs and gradients replace the reference's."""

    name: str
    where: Where
    patch: Function | None = None
    forward: Function | None = None
    hint: str = ""
    code: str = ""


@dataclass(frozen=True)
class Given:
    """A question's forward with some of its parameters fixed, as `forward=full_loss.given(kind="svm")`."""

    question: Question
    fixed: Mapping[str, Value]


def itself(function: Function) -> Function:
    return function


class Cased:
    """What an assignment lists, with cases: a question or a property."""

    name: str
    where: Where
    doc: str
    case_source: Callable[[np.random.Generator], Iterator[Case]] | None

    @property
    def builds_on(self) -> Sequence[Question]:
        """Functions of the student's own that the reference may answer in their place."""
        return ()

    @property
    def asks(self) -> Sequence[Question]:
        """The questions whose functions are called."""
        raise NotImplementedError

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that a case must give."""
        raise NotImplementedError

    @property
    def cotangents(self) -> dict[str, str]:
        """Names of inputs that a case may give and that are drawn where it does not."""
        return {}

    def cases(self, function: Function) -> Function:
        """Decorator of a generator function of one argument, a NumPy Generator, that yields Cases.

        The generator is seeded anew for each case from its name: public cases from a fixed seed, hidden
        ones from the course's secret. Adding a case never changes another."""
        where = Where.of(function)
        if self.case_source is not None:
            raise where.refuse(f"{self.name} has cases already", "Write all cases in one function")
        if not inspect.isgeneratorfunction(function) or len(inspect.signature(function).parameters) != 1:
            raise where.refuse(
                f"the cases of {self.name} are no generator of one argument",
                "Write def _(rng): yield Case(...)",
            )
        self.case_source = function
        return function


@dataclass(frozen=True)
class Called:
    """A call of a question's function on inputs of a property's case."""

    question: Question
    takes: Mapping[str, str]  # parameter -> input of the case
    fixed: Mapping[str, Value]


@dataclass
class Question(Cased):
    """A question under construction. Made by `@question`; filled by `.cases`, `.mistake` and `.accept`."""

    name: str
    function: Function
    points: Mapping[str, float]
    params: tuple[str, ...]
    steps: tuple[Step, ...]
    where: Where
    doc: str
    seconds: float | None = None
    calls: tuple[Question, ...] = ()  # what the student's function may call of their own
    carry: float = 0.0  # share of the points that it earns where it is right but for one of those
    signature: tuple[str, ...] = ()  # what the student's function takes, where a harness takes other inputs
    harness: dict[str, Function] = field(default_factory=dict)  # the public fixtures, once they are read
    own: Given | None = None  # the student's own forward, where a gradient is a function of its own
    forward: Function = field(default=lambda: None)  # always around(base)
    base: Function = field(default=lambda: None)  # the innermost function that the author wrote
    around: Callable[[Function], Function] = field(default=itself)  # fixes parameters, drops cotangents
    forward_params: tuple[str, ...] = ()
    forward_outputs: tuple[str, ...] = ()
    case_source: Callable[[np.random.Generator], Iterator[Case]] | None = None
    mistakes: list[Variant] = field(default_factory=list)
    conventions: list[Variant] = field(default_factory=list)
    excuses: dict[str, tuple[str, Where]] = field(default_factory=dict)

    @property
    def builds_on(self) -> Sequence[Question]:
        return self.calls

    @property
    def asks(self) -> Sequence[Question]:
        return (self,)

    def cases(self, function: Function) -> Function:
        if self.unmarked:
            raise Where.of(function).refuse(
                f"{self.name} is worth nothing, so no case marks it", "Give the cases to a property that calls it"
            )
        return super().cases(function)

    @property
    def unmarked(self) -> bool:
        """Whether there is no single right answer, so that properties alone mark it."""
        return not any(self.points.values())

    @property
    def gradients(self) -> dict[str, str]:
        """Gradient outputs and the argument of each: {"dW": "W"}."""
        return {n: n[1:] for n in self.points if n not in self.forward_outputs and n[:1] == "d"}

    @property
    def cotangents(self) -> dict[str, str]:
        """Names that stand for the cotangent of a forward output: {"dout": "out"}."""
        return {"d" + name: name for name in self.forward_outputs}

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs that a case must give: the parameters, less the cotangents, which are drawn."""
        return tuple(name for name in self.params if name not in self.cotangents)

    def __call__(self, *_: object, **__: object) -> NoReturn:
        how = f"base({', '.join(self.signature)})" if self.signature else f"forward({', '.join(self.forward_params)})"
        raise Where.frame(sys._getframe(1)).refuse(
            f"{self.name} is a question, and is called here", f"Write {self.name}.{how}"
        )

    def given(self, **fixed: Value) -> Given:
        """This question's forward with some parameters fixed, for another question's `forward=`."""
        where = Where.frame(sys._getframe(1))
        for name in fixed:
            if name not in self.params:
                raise where.refuse(f"{self.name} has no parameter {name!r}", f"It has {', '.join(self.params)}")
        return Given(self, {key: sent(value, f"given {key}", where) for key, value in fixed.items()})

    def called(self, *inputs: str, **fixed: Value) -> Called:
        """A call of the student's function, for a property: names of the case's inputs for its parameters, in
        order, but for those that are fixed by keyword."""
        where = Where.frame(sys._getframe(1))
        if any(step.kind != "function" for step in self.steps):
            raise where.refuse(f"{self.name} is a class in steps, which no property calls", "Call a function")
        if self.gradients and self.unmarked:
            raise where.refuse(f"{self.name} has gradients, and no points", "Give its outputs points")
        for name in fixed:
            if name not in self.params:
                raise where.refuse(f"{self.name} has no parameter {name!r}", f"It has {', '.join(self.params)}")
        params = [name for name in self.params if name not in fixed]
        if len(inputs) != len(params) or not all(isinstance(i, str) and i.isidentifier() for i in inputs):
            names = ", ".join(f'"{name}"' for name in params)
            raise where.refuse(
                f"{self.name}.called({', '.join(map(repr, inputs))}) does not name {plural(len(params), 'input')}",
                f"Write .called({names}), each with the name of an input of the case",
            )
        if taken := [name for name in inputs if name in CASE_WORDS]:
            raise where.refuse(f"an input is named {taken[0]!r}", "Rename it: the word is taken")
        given = {key: sent(value, f"called {key}", where) for key, value in fixed.items()}
        return Called(self, dict(zip(params, inputs, strict=True)), given)

    def mistake(self, hint: str, *, code: str = "") -> Callable[[Function], Function]:
        """Decorator: a wrong answer that students really give, the hint that it earns, its taxonomy row.

        Of `(out, ...)`, with any of the inputs by name: returns a dict of the outputs that differ. Of the
        forward's own parameters: a wrong forward, whose gradients autograd derives."""
        where = Where.frame(sys._getframe(1))
        if not isinstance(hint, str) or len(hint.strip()) < 10:
            raise where.refuse("a mistake without a hint", "Write @q.mistake('a question that leads the student')")

        def add(function: Function) -> Function:
            self._add(self.mistakes, function, hint=hint, code=code)
            return function

        return add

    def accept(self, label: str) -> Callable[[Function], Function]:
        """Decorator: another convention that is also right, written like a mistake. It counts only where
        a student follows it in every output that it changes. Conventions that change one output are
        alternatives; where students may follow two at once, declare the two together as one more."""
        where = Where.frame(sys._getframe(1))
        if not isinstance(label, str) or not label.strip() or not label.isprintable():
            raise where.refuse("a convention without a label", "Write @q.accept('penalty halved: ...')")

        def add(function: Function) -> Function:
            self._add(self.conventions, function, label=label)
            return function

        return add

    def excuse(self, what: str, *, because: str) -> None:
        """Let the audit pass over one finding on this question, for a reason that it prints: the name of a wrong
        answer that survives (as the audit names it), "room of OUTPUT" for the tolerance of its float64 answers, or
        "float32 room of OUTPUT" for that of its float32 answers."""
        where = Where.frame(sys._getframe(1))
        if not isinstance(because, str) or len(because.strip()) < 10:
            raise where.refuse(f"{what!r} is excused without a reason", "Say why in because='...'")
        self.excuses[what] = (because, where)

    def _add(self, to: list[Variant], function: Function, label: str = "", hint: str = "", code: str = "") -> None:
        where, name = Where.of(function), label or getattr(function, "__name__", "?")
        if self.unmarked:
            raise where.refuse(f"{self.name} is worth nothing, so no answer of it is compared", "Take this out")
        if any(v.name == name for v in [*self.mistakes, *self.conventions]):
            raise where.refuse(f"{self.name} has two variants named {name!r}", "Rename one")
        params = tuple(inspect.signature(function).parameters)
        if params[:1] == ("out",) and set(params[1:]) <= {*self.params, *self.cotangents}:
            to.append(Variant(name, where, patch=function, hint=hint, code=code))
        elif params == (self.signature or self.forward_params):
            forward = self.around(function) if self.signature else function
            to.append(Variant(name, where, forward=forward, hint=hint, code=code))
        else:
            raise where.refuse(
                f"{name}({', '.join(params)}) fits neither form of a variant",
                f"Write {name}(out, {', '.join(self.params)}) to change outputs, "
                f"or {name}({', '.join(self.signature or self.forward_params)}) as another forward",
            )


@dataclass(frozen=True)
class Assignment:
    """What `reference/<name>/__init__.py` calls ASSIGNMENT: a title, the student's file, the questions in
    the student's order, and the library that students write in ("numpy" or "torch").

    With `per_student` each student's hidden cases are drawn from a seed of their own."""

    title: str
    file: str
    questions: tuple[Cased, ...]
    library: str = "numpy"
    per_student: bool = False
    asked: tuple[Question, ...] = ()  # whose functions are called: the questions, and those that properties mark
    where: Where = field(default_factory=lambda: Where("?", 0))

    def __init__(
        self,
        title: str,
        *,
        file: str,
        questions: Sequence[Cased],
        library: str = "numpy",
        per_student: bool = False,
    ) -> None:
        where = Where.frame(sys._getframe(1))
        if not isinstance(title, str) or not title.strip():
            raise where.refuse("an assignment without a title", "Write Assignment('Linear classifiers', ...)")
        if not isinstance(file, str) or not file.endswith(".py") or not file[:-3].isidentifier():
            raise where.refuse(f"file={file!r}", "Name the Python file that students hand in, as 'svm.py'")
        if library not in ("numpy", "torch"):
            raise where.refuse(f"library={library!r}", "Write 'numpy' or 'torch'")
        if not isinstance(per_student, bool):
            raise where.refuse(f"per_student={per_student!r}", "Write True or False")
        if not questions or not all(isinstance(q, Cased) for q in questions):
            raise where.refuse("questions= is not a list of questions", "List what @question and @prop made, in order")
        for q in questions:
            if isinstance(q, Question) and q.unmarked:
                raise q.where.refuse(
                    f"{q.name} is worth nothing, yet {title!r} lists it", "List the properties that mark it instead"
                )
        names = [q.name for q in questions]
        for twice in {n for n in names if names.count(n) > 1}:
            raise where.refuse(f"two questions are named {twice}", "Rename one")
        for q in questions:
            for called in q.builds_on:
                if not any(called is listed for listed in questions):
                    raise q.where.refuse(
                        f"{q.name} has calls=[{called.name}], which {title!r} does not list",
                        f"Add {called.name} to questions=[...], or take it out of calls=",
                    )
        for key, value in [("title", title), ("file", file), ("questions", tuple(questions))]:
            object.__setattr__(self, key, value)
        object.__setattr__(self, "library", library)
        asked = {id(q): q for listed in questions for q in listed.asks}
        object.__setattr__(self, "asked", tuple(asked.values()))
        object.__setattr__(self, "per_student", per_student)
        object.__setattr__(self, "where", where)
