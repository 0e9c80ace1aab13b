"""The stub that students fill in must ask for what the questions grade."""

from __future__ import annotations

import ast
from pathlib import Path

from ..errors import AuthorError
from .property import Property
from .question import Assignment


def check_stub(assignment: Assignment, handout: Path) -> None:
    """The student's stub must define what the questions ask for, with the same parameters."""
    path = handout / assignment.file
    if not path.is_file():
        raise assignment.where.refuse(f"{path} is missing", "Write the stub that students fill in")
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        raise AuthorError(f"the stub does not parse: {error}", "Mend the syntax", str(path), line) from error
    defined = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    for q in assignment.questions:
        if isinstance(q, Property):
            _check_calls(q, assignment)
    for q in assignment.asked:
        node = defined.get(q.name)
        if node is None:
            raise AuthorError(f"the stub lacks {q.name}", "Add it, with a docstring to work from", str(path), 0)
        if isinstance(node, ast.FunctionDef):
            params = tuple(a.arg for a in node.args.args)
            if q.steps[0].kind == "new":
                raise AuthorError(
                    f"the stub's {q.name} is a function, its question calls a class in steps",
                    f"Write class {q.name}: in the stub, or take steps= out of the question",
                    str(path),
                    node.lineno,
                )
            wanted = q.signature or q.params
            if q.steps[0].by and not q.signature:
                wanted = params  # the harness alone knows how it is called
            if params != wanted:
                raise AuthorError(
                    f"the stub's {q.name}({', '.join(params)}) differs from the reference's ({', '.join(wanted)})",
                    "Give both the same parameters in the same order",
                    str(path),
                    node.lineno,
                )
        elif q.steps[0].kind == "new":
            methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            for step in q.steps:
                if step.kind == "call" and step.target not in methods:
                    raise AuthorError(
                        f"the stub's {q.name} lacks the method {step.target}", "Add it", str(path), node.lineno
                    )
        elif not q.steps[0].by:
            raise AuthorError(f"the stub's {q.name} is a class", "Add steps= to the question", str(path), node.lineno)


def _check_calls(prop: Property, assignment: Assignment) -> None:
    """A property calls questions of its own assignment alone: those are checked against the stub."""
    for called in prop.calls.values():
        if not any(called.question is q for q in assignment.questions) and not called.question.unmarked:
            raise prop.where.refuse(
                f"{prop.name} calls {called.question.name}, which is not in ASSIGNMENT", "Add it to questions=[...]"
            )
