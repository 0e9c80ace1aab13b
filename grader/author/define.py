"""`@question`: a torch forward function becomes a Question, or is refused with file, line and mend."""

from __future__ import annotations

import difflib
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from ..model import Step, Value
from .case import CASE_WORDS, Function, Where
from .question import Given, Question, itself

KEYWORDS = ("name", "forward", "steps", "through", "seconds", "calls", "carry")


def question(
    *bare: object,
    name: str | None = None,
    forward: Function | Question | Given | None = None,
    steps: list[Step] | None = None,
    through: Step | None = None,
    seconds: float | None = None,
    calls: Sequence[Question] | None = None,
    carry: float | None = None,
    **points: float,
) -> Callable[[Function], Question]:
    """Make a question of a torch forward function; keywords are its outputs and the points of each.

    `d<param>` is the gradient with respect to that parameter, filled in by autograd. With `forward=` (a
    function, a question, or `question.given(...)`) the decorated function is only the signature and the
    docstring of what the student writes. `steps=` calls a class instead of a function. A forward that
    returns no scalar needs its cotangent as an input: `dout` for the output `out`.

    `through=run("five_steps", "weights", "batches")` asks the student's function, and at freeze the decorated one,
    through a harness of the public fixtures.py: its inputs are those of the case, and what it returns are the outputs.
    Outputs that are all worth 0 have no single right answer: properties call the function, and no ASSIGNMENT lists it.

    `calls=[svm_loss]` lists questions, made before, whose functions this one may build on; where it is wrong
    only because one of those is, it earns the share `carry` (0 to 1) of its points.

    Raises AuthorError, with file and line, for all that does not fit together."""
    where = Where.frame(sys._getframe(1))
    if bare:
        raise where.refuse("@question without its outputs", "Write @question(loss=4, dW=6)")
    if not points:
        raise where.refuse("a question without outputs", "Write @question(loss=4, dW=6)")
    for key in points:
        near = difflib.get_close_matches(key, KEYWORDS, 1, 0.7)
        if near and len(key) > 3:
            raise where.refuse(f"output {key!r} looks like the keyword {near[0]}=", f"Write {near[0]}=, or rename it")
    for key, value in points.items():
        nothing = value == 0 and not any(points.values())
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not (0 < value < 1e6 or nothing):
            raise where.refuse(
                f"output {key} is worth {value!r}",
                "Give a positive number of points" + ", or 0 to all and write a @prop" * (value == 0),
            )
    if seconds is not None and not (isinstance(seconds, (int, float)) and 0 < seconds <= 3600):
        raise where.refuse(f"seconds={seconds!r}", "Give a time limit between 0 and 3600 seconds")
    if name is not None and not name.isidentifier():
        raise where.refuse(f"name={name!r}", "Use a Python name, the one that the student defines")

    _check_calls(calls, carry, where)

    def make(function: Function) -> Question:
        at = Where.of(function)
        doc = inspect.getdoc(function) or ""
        if not doc:
            raise at.refuse(f"{function.__name__} has no docstring", "Say what it returns, with shapes")
        params = _parameters(function, at)
        made = Question(name or function.__name__, function, dict(points), params, (), at, doc, seconds=seconds)
        made.calls, made.carry = tuple(calls or ()), float(carry or 0.0)
        if through is not None:
            _set_through(made, through, [k for k, v in (("forward", forward), ("steps", steps)) if v is not None])
        else:
            _set_forward(made, forward)
        _check_outputs(made)
        made.steps = _steps(made, steps) if through is None else (_run(made, through),)
        return made

    return make


def _check_calls(calls: Sequence[Question] | None, carry: float | None, where: Where) -> None:
    """What may be called are questions made before, so no circle can be declared."""
    if calls is None:
        if carry is not None:
            raise where.refuse("carry= without calls=", "List what this question may call, as calls=[svm_loss]")
        return
    if not isinstance(calls, (list, tuple)) or not calls or not all(isinstance(q, Question) for q in calls):
        raise where.refuse(f"calls={calls!r}", "List questions that were made before, as calls=[svm_loss]")
    for called in calls:
        if [(step.kind, step.by) for step in called.steps] != [("function", "")]:
            how = "asked through a harness" if called.signature else "a class in steps"
            raise where.refuse(
                f"calls=[{called.name}], which is {how}",
                "Only a function can be answered by the reference",
            )
        if called.unmarked:
            raise where.refuse(
                f"calls=[{called.name}], which is worth nothing", "What has no single right answer cannot be answered"
            )
        if sum(called is other for other in calls) > 1:
            raise where.refuse(f"calls= lists {called.name} twice", "Take one out")
    if carry is None:
        raise where.refuse("calls= without carry=", "Say which share of its points is carried forward, as carry=0.5")
    if isinstance(carry, bool) or not isinstance(carry, (int, float)) or not 0 < carry <= 1:
        raise where.refuse(f"carry={carry!r}", "Give a share above 0, up to 1")


def _parameters(function: Function, where: Where) -> tuple[str, ...]:
    found = inspect.signature(function).parameters.values()
    for p in found:
        if p.kind is not p.POSITIONAL_OR_KEYWORD or p.default is not p.empty:
            raise where.refuse(
                f"parameter {p.name} of {getattr(function, '__name__', '?')} is not a plain one",
                "Use positional parameters without defaults; a case gives every value",
            )
        if p.name in CASE_WORDS or p.name == "out":
            raise where.refuse(f"a parameter is named {p.name!r}", "Rename it: the word is taken")
    if not found:
        raise where.refuse("a question without parameters", "Give it at least one")
    return tuple(p.name for p in found)


def _set_forward(made: Question, forward: Function | Question | Given | None) -> None:
    """Fill in the forward function, its parameters and the names of what it returns."""
    at = made.where
    if forward is None:
        made.forward_outputs = tuple(n for n in made.points if not (n[:1] == "d" and n[1:] in made.params))
        weights = dict.fromkeys(name for name in made.params if name in made.cotangents)
        made.forward_params = tuple(name for name in made.params if name not in weights)
        made.base = made.function  # its cotangent is for autograd, not for the forward
        made.around = _fixing(itself, made.params, weights)
        made.forward = made.around(made.base)
        return
    given = forward if isinstance(forward, Given) else None
    source = given.question if given else forward
    fixed = dict(given.fixed) if given else {}
    if isinstance(source, Question):
        made.own = given or Given(source, {})
        made.forward_outputs = source.forward_outputs
        made.base, inner, inner_params = source.base, source.around, source.forward_params
    elif callable(source):
        made.forward_outputs = ("out",)
        made.base, inner, inner_params = source, itself, _parameters(source, Where.of(source))
    else:
        raise at.refuse(f"forward={forward!r}", "Give a function, a question, or question.given(...)")
    made.forward_params = tuple(p for p in inner_params if p not in fixed)
    made.around = _fixing(inner, inner_params, fixed)
    made.forward = made.around(made.base)
    for name in made.forward_params:
        if name not in made.params:
            raise at.refuse(
                f"the forward of {made.name} needs {name!r}, which {made.name} does not take",
                f"Add it to def {made.name}(...), or fix it with .given({name}=...)",
            )
    for name in made.points:
        if not (name[:1] == "d" and name[1:] in made.forward_params):
            raise at.refuse(
                f"output {name!r} is no gradient, yet {made.name} has forward=",
                f"Name it d<parameter>, with one of {', '.join(made.forward_params)}",
            )


def _set_through(made: Question, through: Step, others: list[str]) -> None:
    """The harness's inputs in the place of the function's own; around a function stands the harness."""
    at, harness = made.where, made.harness
    if not isinstance(through, Step) or not through.by:
        raise at.refuse(f"through={through!r}", 'Write through=run("name in fixtures.py", "its", "inputs")')
    if others:
        raise at.refuse(f"through= with {others[0]}=", "Use one of the two")
    made.signature, made.params = made.params, through.takes
    if taken := [name for name in through.takes if name in CASE_WORDS or name == "out" or not name.isidentifier()]:
        raise at.refuse(f"an input of the harness is named {taken[0]!r}", "Rename it: the word is taken")

    def around(base: Function) -> Function:
        return lambda *inputs: harness[through.by](SimpleNamespace(**{made.name: base}), *inputs)

    made.forward_outputs = tuple(n for n in made.points if not (n[:1] == "d" and n[1:] in made.params))
    made.forward_params = tuple(name for name in made.params if name not in made.cotangents)
    made.base, made.around, made.forward = made.function, around, around(made.function)
    if through.gives and through.gives != tuple(made.points):
        raise at.refuse(
            f"{made.name}: its harness gives {', '.join(through.gives)}, its outputs are {', '.join(made.points)}",
            "Name the same outputs in the same order, or leave gives= out",
        )


def _run(made: Question, step: Step) -> Step:
    """A step through a harness, with what only the question knows: whose it is, and what it gives."""
    return replace(step, target=made.name, gives=step.gives or tuple(made.points))


def _fixing(
    inner: Callable[[Function], Function], params: tuple[str, ...], fixed: Mapping[str, Value]
) -> Callable[[Function], Function]:
    """What makes a forward of a base: `inner`, and then some of its parameters fixed."""
    if not fixed:
        return inner

    def around(base: Function) -> Function:
        function = inner(base)
        return lambda *args: _call_with(function, params, fixed, args)

    return around


def _call_with(function: Function, params: tuple[str, ...], fixed: Mapping[str, Value], args: tuple[Any, ...]) -> Any:
    rest = iter(args)
    return function(*(fixed[p] if p in fixed else next(rest) for p in params))


def _check_outputs(made: Question) -> None:
    at = made.where
    for name in made.points:
        near = [p for p in made.params if p != name[1:] and p.lower() == name[1:].lower()]
        if name[:1] == "d" and name[1:] not in made.params and near:
            raise at.refuse(
                f"{made.name}: {name} looks like a gradient, but the parameter is {near[0]}", f"Write d{near[0]}"
            )
    for name in made.forward_outputs:
        if name in made.params:
            raise at.refuse(f"{made.name}: {name!r} is a parameter and an output", "Rename one of them")
    if made.gradients and len(made.forward_outputs) != 1:
        raise at.refuse(
            f"{made.name} has gradients and {len(made.forward_outputs)} forward outputs",
            "A gradient needs a forward with exactly one output; make two questions",
        )
    for name in made.params:
        if name not in made.forward_params and name not in made.cotangents:
            raise at.refuse(
                f"{made.name}: its forward does not use {name!r}",
                f"Take it out, or name the cotangent {' or '.join(made.cotangents)}",
            )


def _steps(made: Question, steps: list[Step] | None) -> tuple[Step, ...]:
    at, outputs = made.where, tuple(made.points)
    if steps is None:
        return (Step("function", made.name, made.params, outputs),)
    if steps and isinstance(steps, (list, tuple)) and any(isinstance(s, Step) and s.by for s in steps):
        if len(steps) > 1:
            raise at.refuse(f"{made.name}: run(...) among other steps", "Let the harness do them all")
        steps = [_run(made, steps[0])]
    elif not steps or not all(isinstance(s, Step) for s in steps) or [s.kind for s in steps].count("new") != 1:
        raise at.refuse(f"{made.name}: steps= without one new(...)", "Start with new(...), then call(...), get(...)")
    if steps[0].kind != "new" and not steps[0].by:
        raise at.refuse(f"{made.name}: steps= starts with {steps[0].kind}", "Put new(...) first")
    known = {*made.params, *made.cotangents}
    for step in steps:
        for name in step.takes:
            if name not in known:
                raise at.refuse(
                    f"{made.name}: step {step.kind}({step.target!r}) takes {name!r}",
                    f"Known: {', '.join(sorted(known))}",
                )
    given = [name for step in steps for name in step.gives]
    if sorted(given) != sorted(outputs):
        raise at.refuse(
            f"{made.name}: its steps give {', '.join(given) or 'nothing'}, its outputs are {', '.join(outputs)}",
            "Each output comes from exactly one step",
        )
    first = replace(steps[0], target=made.name)
    return (first, *steps[1:])
