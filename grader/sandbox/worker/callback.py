"""Functions of the student's own that the grader answers while a call is open: error carried forward.

A stand-in takes the place of such a function as soon as the file has defined it, so that a table of functions or a
helper module that is written below holds it too. Outside of an open call it is the function that it stands for."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any

from .values import Encoder, Pipe


class StandIns:
    """The stand-ins of one loaded file. `convert(header, buffers)` makes a Python value of an answer."""

    def __init__(
        self, pipe: Pipe, names: dict[str, list[str]], convert: Callable[[dict[str, Any], list[bytes]], Any]
    ) -> None:
        self.pipe, self.names, self.convert = pipe, names, convert
        self.made: list[Any] = []
        self.active: list[Any] = []
        self.lock = threading.Lock()  # one question at a time, whatever thread asks
        self.seq: Any = None
        self.cap = 0  # bytes of arguments; 0 while no call is open

    def put_into(self, namespace: dict[str, Any]) -> None:
        """Replace what a namespace holds under these names by now."""
        for name in self.names:
            value = namespace.get(name)
            if callable(value) and not any(value is made for made in self.made):
                namespace[name] = self._make(name, value)

    def loaded(self, namespace: dict[str, Any]) -> None:
        """The main file has been read: what it holds under these names counts, and what is missing is added."""
        self.put_into(namespace)
        for name in self.names:
            if not callable(namespace.get(name)):
                namespace[name] = self._make(name, None)
        self.active = [namespace[name] for name in self.names]

    def open(self, seq: Any, cap: int) -> None:
        self.seq, self.cap = seq, cap

    def close(self) -> None:
        with self.lock:  # a thread may still wait for its answer
            self.cap = 0

    def _make(self, name: str, original: Any) -> Any:
        def stand_in(*args: Any, **named: Any) -> Any:
            if self.cap and any(stand_in is one for one in self.active):
                return self._ask(name, bind(name, self.names[name], args, named))
            if original is None:
                raise NameError(f"name {name!r} is not defined")
            return original(*args, **named)

        if original is not None:
            functools.update_wrapper(stand_in, original)
        self.made.append(stand_in)
        return stand_in

    def _ask(self, name: str, args: list[Any]) -> Any:
        with self.lock:
            encoder = Encoder(self.cap)
            nodes = [encoder.node(arg, "") for arg in args]
            self.pipe.send({"ask": name, "args": nodes, "seq": self.seq}, encoder.buffers)
            header, buffers = self.pipe.receive()
        if "answer" not in header:
            raise RuntimeError(f"the reference, which stands in for {name} here, does not answer this call")
        return self.convert(header, buffers)


def bind(name: str, params: list[str], args: tuple[Any, ...], named: dict[str, Any]) -> list[Any]:
    """Arguments in the order of the parameters. Raises TypeError, as a call of the function would."""
    given = dict(zip(params, args, strict=False))
    if len(args) > len(params) or given.keys() & named.keys() or {*given, *named} != set(params):
        raise TypeError(f"{name} takes {', '.join(params)}, and each of them once")
    return [named[param] if param in named else given[param] for param in params]
