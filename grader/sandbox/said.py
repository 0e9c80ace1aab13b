"""What a worker says, as records: what it loaded, how it failed, how it died. Nothing that it sends is trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import WireError
from ..model import Failure, FrozenQuestion, Value, Verdict
from ..text import clean_text, plural
from ..wire import encode
from .spawn import OUT_OF_MEMORY

COUNT = "wrong number of outputs"


@dataclass(frozen=True)
class Nudge:
    """A question to the student's forward: its `output` with the input `wrt` at x + t v, for each t of `ts`.

    v: an array of x's shape, or a number."""

    forward: FrozenQuestion
    inputs: Mapping[str, Value]
    output: str
    wrt: str
    v: Value
    ts: Sequence[float]

    def header(self, buffers: list[bytes]) -> dict[str, Any]:
        return {
            "steps": [s.row for s in self.forward.steps],
            "inputs": {name: encode(value, buffers) for name, value in self.inputs.items()},
            "kinds": {o.name: o.kind for o in self.forward.outputs if o.name == self.output},
            "output": self.output,
            "wrt": self.wrt,
            "v": encode(self.v, buffers),
            "ts": list(self.ts),
        }


@dataclass
class Loaded:
    """What loading the student's file gave."""

    found: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    failure: Failure | None = None

    @property
    def told(self) -> tuple[str, ...]:
        """The notes, and why it did not load."""
        return (*self.notes, self.failure.message) if self.failure else self.notes


def loaded_of(got: Mapping[str, Any]) -> Loaded:
    """What a worker says of the file that it loaded. Raises WireError where it breaks the rules."""
    notes = tuple(words(n, 400) for n in listed(got.get("notes"))[:10])
    if got.get("error") is not None:
        return Loaded(notes=notes, failure=failure_of(got["error"], "the file does not load: "))
    found, present = (frozenset(n for n in listed(got.get(k)) if isinstance(n, str)) for k in ("found", "present"))
    return Loaded(found, present, notes)


def death(cause: str, when: str) -> Failure:
    if cause == OUT_OF_MEMORY:
        return Failure(Verdict.MEMORY, "memory limit", f"the process ran out of memory {when}")
    return Failure(Verdict.ERROR, "crashed", f"the process died {when}: {cause}")


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def words(value: Any, limit: int) -> str:
    return clean_text(value, limit, lines=False) if isinstance(value, str) else ""


def kinds_of(error: Any) -> list[str]:
    found = listed(error.get("kinds")) if isinstance(error, dict) else []
    return [kind for kind in found if isinstance(kind, str) and kind in BUILTIN]


def size_of(value: Value) -> int:
    """Bytes of a value, nearly."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(map(size_of, value.values()))
    if isinstance(value, (list, tuple)):
        return sum(map(size_of, value))
    return 64


def _builtin_exceptions() -> frozenset[str]:
    import builtins

    return frozenset(n for n, v in vars(builtins).items() if isinstance(v, type) and issubclass(v, BaseException))


BUILTIN = _builtin_exceptions()


def failure_of(error: Any, prefix: str = "") -> Failure:
    """An error as the worker described it. Only names of built-in exceptions become its `kind`."""
    if not isinstance(error, dict):
        raise WireError("malformed error")
    count, wanted = error.get("count"), error.get("wanted")
    if type(count) is int and type(wanted) is int and 0 <= count < 1 << 63 and 0 <= wanted < 1 << 63:
        return Failure(Verdict.FAIL, COUNT, f"returned {plural(count, 'value')}, expected {wanted}")
    known = kinds_of(error)
    kind = known[0] if known else "an exception"
    name, message = words(error.get("type"), 80), words(error.get("message"), 600)
    file, text, line = words(error.get("file"), 120), words(error.get("text"), 200), error.get("line")
    known_line = line if type(line) is int and 0 < line < 10**7 and file else 0
    place = (file, known_line) if known_line else ("", 0)
    at = f" ({file} line {line}: {text})" if known_line else ""
    if "MemoryError" in known:
        return Failure(Verdict.MEMORY, "memory limit", f"{prefix}{name}: {message}{at}", *place)
    if kind == "NotImplementedError":
        return Failure(Verdict.ERROR, kind, f"{prefix}not written yet{at}", *place)
    return Failure(Verdict.ERROR, kind, f"{prefix}{name}: {message}{at}", *place)
