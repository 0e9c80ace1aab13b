"""What is printed while a check runs: lines that any console can show, one coloured word, and a word while one waits.

click is not imported: a check should answer before it would be there."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import TextIO

SLOW_SECONDS = 2.0
COLOURS = {"ok": "32", "FAIL": "31", "todo": "33"}  # green, red, yellow (ECMA-48, SGR)
ASCII = str.maketrans({"…": "...", "–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "×": "x", "−": "-"})


def coloured(stream: TextIO, environment: Mapping[str, str] = os.environ, windows: bool = os.name == "nt") -> bool:
    """Whether colours are wanted: never with NO_COLOR, always with FORCE_COLOR, else on a terminal that knows them."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    if environment.get("TERM") == "dumb" or not is_terminal(stream):
        return False
    return not windows or any(environment.get(name) for name in ("WT_SESSION", "ANSICON", "ConEmuANSI", "TERM"))


def is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # closed, or something in its place
        return False


def painted(word: str) -> str:
    """A status in its colour; other words as they are."""
    return f"\x1b[{COLOURS[word]}m{word}\x1b[0m" if word in COLOURS else word


def shown_in(text: str, encoding: str | None) -> str:
    """The text with a stand-in for each character that the encoding lacks; a console of Windows may know few."""
    try:
        text.encode(encoding or "ascii")
        return text
    except UnicodeEncodeError:
        return text.translate(ASCII).encode(encoding or "ascii", "replace").decode(encoding or "ascii")


class Console:
    """Lines on `out`, and on `err` what is being waited for where it takes long: rewritten and erased on a terminal,
    a plain line once for each thing elsewhere. Use as a context manager.

    doing: what one waits for now, "" for nothing; asked now and then from another thread."""

    def __init__(self, out: TextIO, err: TextIO, slow: float = SLOW_SECONDS) -> None:
        self.out, self.err, self.slow = out, err, slow
        self.doing: Callable[[], str] = str
        self.paint: Callable[[str], str] = painted if coloured(out) else str
        self._rewrites = is_terminal(err)
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._width = 0

    def __enter__(self) -> Console:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closed.set()
        with self._lock:
            self._erase()

    def say(self, line: str) -> None:
        """Print a line at once. Raises OSError, as where nobody reads any more."""
        with self._lock:
            self._erase()
            self.out.write(shown_in(line, self.out.encoding) + "\n")
            self.out.flush()

    def _watch(self) -> None:
        last, since, told = "", time.monotonic(), False
        while not self._closed.wait(self.slow / 4):
            doing, now = self.doing(), time.monotonic()
            if doing != last:
                last, since, told = doing, now, False
            with self._lock:
                if doing != self.doing() or self._closed.is_set():
                    continue
                if doing and now - since >= self.slow * 0.75 and (self._rewrites or not told):
                    told = True
                    self._show(f"... {doing}, {now - since + self.slow / 4:.0f} s")
                elif not doing:
                    self._erase()

    def _show(self, text: str) -> None:
        text = shown_in(text, self.err.encoding)
        with contextlib.suppress(OSError, ValueError):
            self.err.write(f"\r{text:<{self._width}}" if self._rewrites else f"{text}\n")
            self.err.flush()
            self._width = len(text) if self._rewrites else 0

    def _erase(self) -> None:
        if self._width:
            with contextlib.suppress(OSError, ValueError):
                self.err.write(f"\r{' ' * self._width}\r")
                self.err.flush()
            self._width = 0
