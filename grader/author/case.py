"""One call of the student's code: a case, the parts of a loss, the steps of a class, and where an author wrote it."""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from ..errors import AuthorError
from ..model import Step, Value
from ..wire import decode, encode

Function = Callable[..., Any]
CASE_WORDS = ("hidden", "raises", "kink")


@dataclass(frozen=True)
class Where:
    """A place in an author's file."""

    file: str
    line: int

    @classmethod
    def of(cls, function: Function) -> Where:
        code = getattr(function, "__code__", None)
        return cls(code.co_filename, code.co_firstlineno) if code else cls("?", 0)

    @classmethod
    def frame(cls, frame: FrameType) -> Where:
        return cls(frame.f_code.co_filename, frame.f_lineno)

    def refuse(self, what: str, mend: str) -> AuthorError:
        return AuthorError(what, mend, self.file, self.line)


class Terms:
    """The named parts of a loss; the loss is their sum. A missing or rescaled part can then be named.

    `Terms(data=..., penalty=...)`; each part is a torch scalar or array of one shape."""

    def __init__(self, **parts: Any) -> None:
        if not parts:
            raise Where.frame(sys._getframe(1)).refuse("Terms() without a part", "Write Terms(data=..., ...)")
        self.parts = parts

    def total(self) -> Any:
        return sum(self.parts.values())


class Case:
    """One call of the student's code: a name, its inputs by parameter, and whether students may see it.

    `raises=ValueError`: the call must raise that built-in exception. `kink=True`: the reference is not
    differentiable here, so gradients are graded by value against the reference's declared subgradient."""

    def __init__(
        self,
        name: str,
        /,
        *,
        hidden: bool = False,
        raises: type[BaseException] | None = None,
        kink: bool = False,
        **inputs: Value,
    ) -> None:
        self.where = Where.frame(sys._getframe(1))
        if not isinstance(name, str) or not name.strip() or not name.isprintable():
            raise self.where.refuse(f"a case named {name!r}", "Give it a short printable name")
        if not isinstance(hidden, bool) or not isinstance(kink, bool):
            raise self.where.refuse(f"case {name!r}: hidden and kink are True or False", "Write hidden=True")
        if raises is not None and not (
            isinstance(raises, type)
            and issubclass(raises, Exception)
            and getattr(builtins, raises.__name__, None) is raises
        ):
            raise self.where.refuse(
                f"case {name!r}: raises={raises!r} is no built-in exception class", "Write raises=ValueError"
            )
        self.inputs = {key: sent(value, f"case {name!r}: {key}", self.where) for key, value in inputs.items()}
        self.name, self.hidden, self.raises, self.kink = name, hidden, raises, kink


def sent(value: Value, what: str, where: Where) -> Value:
    """A value just as the student's code will get it, and safe from what the author's code does to it later."""
    buffers: list[bytes] = []
    try:
        return decode(encode(value, buffers), buffers)
    except ValueError as error:
        raise where.refuse(
            f"{what} holds {error}, which cannot be sent",
            "Use NumPy arrays, numbers, strings, None, or lists and dicts of them, or a Fixture",
        ) from error


def new(*takes: str) -> Step:
    """Step: construct the student's class (named like the question) from these inputs."""
    return Step("new", "", takes)


def call(method: str, *takes: str, gives: str | tuple[str, ...] = ()) -> Step:
    """Step: call a method of the object with these inputs; what it returns is the output(s) `gives`."""
    return Step("call", method, takes, (gives,) if isinstance(gives, str) else tuple(gives))


def get(attribute: str, gives: str | None = None) -> Step:
    """Step: read an attribute of the object as an output (of the same name unless `gives` says otherwise)."""
    return Step("get", attribute, (), (gives or attribute,))


def run(harness: str, *takes: str, gives: str | tuple[str, ...] = ()) -> Step:
    """Step: call a function of the public fixtures.py with the student's module and then these inputs; what it
    returns is the output(s) `gives`, or all outputs in order.

    The harness finds what the student wrote by name (`student.train_step`), uses it, and returns what is left."""
    return Step("function", "", takes, (gives,) if isinstance(gives, str) else tuple(gives), harness)
