"""A forward in which one function of the author's is another: through fresh copies, never in the live modules."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

from ..author import Question

Globals = dict[str, Any]


def inside(package: str, name: object) -> bool:
    """Whether a module's name is that of the author's package or of a module in it."""
    return isinstance(name, str) and (name == package or name.startswith(package + "."))


def wrapped(function: object) -> object:
    """What a decorator was given, where it left that word."""
    return getattr(function, "__wrapped__", None) if callable(function) else None


def is_authors(value: object, package: str) -> bool:
    """A function that the author wrote, perhaps under a library's decorator."""
    if isinstance(value, FunctionType) and inside(package, value.__globals__.get("__name__")):
        return True
    return wrapped(value) is not None and is_authors(wrapped(value), package)


class World:
    """Copies of an author's functions that know each other, and no live one. `codes` replace those of some live
    functions; `extra` are names that they need."""

    def __init__(self, package: str, codes: Mapping[FunctionType, CodeType], extra: Mapping[str, Any]) -> None:
        self.package, self.codes, self.extra = package, codes, extra
        self.memo: dict[int, Any] = {}

    def copy(self, value: Any) -> Any:
        """A value with all functions of the author's in it copied; itself, if there are none."""
        if id(value) in self.memo:
            return self.memo[id(value)]
        if is_authors(value, self.package):
            # a decorator that is no plain function, as a cache, is left out of the copy
            return self.function(value) if isinstance(value, FunctionType) else self.copy(wrapped(value))
        if isinstance(value, Question):
            return self.question(value)
        if isinstance(value, ModuleType) and inside(self.package, value.__name__):
            made = ModuleType(value.__name__)
            self.memo[id(value)] = made
            vars(made).update(self.globals(vars(value)))
            return made
        if isinstance(value, functools.partial):
            function = self.copy(value.func)
            return value if function is value.func else functools.partial(function, *value.args, **value.keywords)
        if type(value) in (list, tuple, dict):
            self.memo[id(value)] = value  # it may hold itself
            items = value.values() if isinstance(value, dict) else value
            copies = [self.copy(item) for item in items]
            if not all(a is b for a, b in zip(copies, items, strict=True)):
                held = dict(zip(value, copies, strict=True)) if isinstance(value, dict) else type(value)(copies)
                self.memo[id(value)] = held
                return held
        return value

    def globals(self, live: Globals) -> Globals:
        if not inside(self.package, live.get("__name__")):
            return live
        if id(live) not in self.memo:
            made: Globals = {}
            self.memo[id(live)] = made
            made.update({name: value if name[:2] == "__" else self.copy(value) for name, value in live.items()})
            made.update(self.extra)
        found: Globals = self.memo[id(live)]
        return found

    def function(self, live: FunctionType) -> FunctionType:
        code = self.codes.get(live, live.__code__)
        cells = dict(zip(live.__code__.co_freevars, live.__closure__ or (), strict=True))
        fresh = {name: CellType() for name in code.co_freevars}
        closure = tuple(fresh.values())
        made = FunctionType(code, self.globals(live.__globals__), live.__name__, live.__defaults__, closure)
        self.memo[id(live)] = made
        made.__kwdefaults__ = live.__kwdefaults__
        made.__qualname__, made.__module__ = live.__qualname__, live.__module__
        for name, cell in fresh.items():
            try:
                cell.cell_contents = self.copy(cells[name].cell_contents)
            except ValueError:  # nothing is in it yet
                continue
        return made

    def question(self, live: Question) -> Question:
        made = copy.copy(live)
        self.memo[id(live)] = made
        made.function, made.base = self.copy(live.function), self.copy(live.base)
        made.forward = live.around(made.base)
        return made
