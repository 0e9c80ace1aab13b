"""What a runner of GitHub Actions reads: workflow commands on stdout, and lines in files of its own.

A runner obeys any line that begins with two colons, or holds `##[`, whoever printed it. So all that is not a command of
ours stands between `stop-commands` and a random token, and what stands in a command is escaped as the runner
unescapes it (actions/toolkit, command.ts)."""

from __future__ import annotations

import contextlib
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import UsageError
from ..text import clean_text

MOST = 10  # annotations of one kind that a step may make; the runner drops the rest
MESSAGE, TITLE = 1500, 200  # characters


def on_github(environ: Mapping[str, str]) -> bool:
    return environ.get("GITHUB_ACTIONS") == "true"


@contextlib.contextmanager
def quoted(active: bool) -> Iterator[None]:
    """What is printed inside is text for the runner, and goes to stdout in one order; no command among it counts."""
    if not active:
        yield
        return
    token = secrets.token_hex(16)
    print(f"::stop-commands::{token}", flush=True)
    try:
        with contextlib.redirect_stderr(sys.stdout):
            yield
    finally:
        print(f"\n::{token}::", flush=True)


@dataclass(frozen=True)
class Annotation:
    """A remark on a line of a file, or on none; `kind` is error, warning or notice."""

    kind: str
    title: str
    message: str
    file: str = ""  # from the root of the checkout, with slashes
    line: int = 0  # 0: of the whole file

    @property
    def command(self) -> str:
        """One line, whatever the texts hold."""
        file, title = (clean_text(text, TITLE, lines=False) for text in (self.file, self.title))
        fields = {"file": file, "line": self.line, "endLine": self.line, "title": title}
        told = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items() if value)
        return f"::{self.kind} {told}::{_data(clean_text(self.message, MESSAGE))}"


def bounded(found: Sequence[Annotation]) -> list[Annotation]:
    """At most MOST of a kind; the last one says how many more there are."""
    out = list[Annotation]()
    for kind in dict.fromkeys(one.kind for one in found):
        mine = [one for one in found if one.kind == kind]
        more = len(mine) - MOST + 1
        if more > 1:
            mine = [*mine[: MOST - 1], Annotation(kind, f"{more} more", f"{more} more: see the job's summary")]
        out += mine
    return out


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def write_outputs(environ: Mapping[str, str], outputs: Mapping[str, str]) -> None:
    """Append to $GITHUB_OUTPUT, each value between random delimiters, so that none can end early or add another."""
    lines = list[str]()
    for name, value in outputs.items():
        mark = f"end-{secrets.token_hex(16)}"
        lines += [f"{name}<<{mark}", value, mark]
    append(environ, "GITHUB_OUTPUT", "".join(f"{line}\n" for line in lines))


def append(environ: Mapping[str, str], name: str, text: str) -> None:
    """Append to the file that a variable names, where it names one. Raises UsageError: a lost result is no result."""
    path = environ.get(name, "")
    if not path:
        return
    try:
        with open(path, "a", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(f"{name}: {path}: {error.strerror}") from error


def size_of(environ: Mapping[str, str], name: str) -> int:
    """Bytes in the file that a variable names; 0 where there is none."""
    try:
        return os.stat(environ.get(name) or os.devnull).st_size
    except OSError:
        return 0


def in_workspace(environ: Mapping[str, str], path: Path) -> str:
    """The path from the root of the checkout, as annotations name files; "" where it lies elsewhere."""
    root = environ.get("GITHUB_WORKSPACE", "")
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(Path(root).resolve()).as_posix() if root else ""
    return ""
