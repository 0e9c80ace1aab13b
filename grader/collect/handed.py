"""What was handed out, so that an untouched stub, or an untouched notebook, is not taken for a student's work.

A handout holds the stub twice, as a file and as a notebook. Students write in one of the two and hand in the folder.
Nothing of a student's is parsed here: a file is compared as a whole, and in a notebook the texts of the cells that
define what is asked for are found by a search for bytes."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..model import AnswerKey

# A text of a notebook from its quote on, and the comma behind it; no backtracking, whatever the bytes.
LINE = re.compile(rb'((?:[^"\\]|\\.)*+)"\s*+(,?)\s*+"?', re.DOTALL)
# Where a line of code defines one of some names, or gives it a value.
BEGINS = (
    rb'(?:"|\\n)[ \t]*(?:(?:async )?(?:def|class)[ \t]+(%s)\b|'
    rb'(?:%s)(?:\.\w{1,80}){0,3}[ \t]{0,9}(?::[^="\\]{0,80})?=(?!=))'
)
MANY = 20  # times that a name may be defined in a stub, methods among them
GOES_ON = re.compile(rb"(?<!\\)(?:\\\\)*\\n(?!\Z)")  # a line end inside of a text: it holds the whole cell


@dataclass(frozen=True)
class Handed:
    """`targets`: the functions and classes that are asked for; `digests`: of the Python files of the handout, and of
    each of these functions in the stub. Without digests nothing is known, and nothing is untouched."""

    targets: tuple[str, ...] = ()
    digests: frozenset[str] = frozenset()

    def script(self, data: bytes) -> bool:
        """Whether a file is as it was handed out, whatever an editor did to its line ends, or is blank."""
        return bool(self.digests) and _digest(_text(data)) in {"", *self.digests}

    def notebook(self, data: bytes) -> bool:
        """Whether a notebook defines each of the targets as the stub does, and nothing else under its name: to run
        cells, or to add some, changes nothing of that."""
        if not self.digests or not self.targets:
            return False
        starts: dict[str, list[int]] = {name: [] for name in self.targets}
        names = b"|".join(re.escape(name.encode()) for name in self.targets)
        for found in re.finditer(BEGINS % (names, names), data):
            if found.group(1) is None:  # given a value
                return False
            at = starts[found.group(1).decode()]
            if len(at) == MANY:
                return False
            at.append(found.start(1))
        return all(self._untouched(name, data, at) for name, at in starts.items())

    def _untouched(self, name: str, data: bytes, starts: Sequence[int]) -> bool:
        times = next((n for n in range(2, MANY + 1) if f"{name} {n}" in self.digests), 1)
        return len(starts) == times and any(_digest(_cell_from(data, at)) in self.digests for at in starts)


NOTHING = Handed()


def handed_of(key: AnswerKey) -> Handed:
    """What a key knows of the handout that it belongs to."""
    return Handed(tuple(dict.fromkeys(t for q in key.questions for t in q.targets)), frozenset(key.handed))


def handed_out(folder: Path, main: str, targets: Iterable[str]) -> tuple[str, ...]:
    """The digests of a handout's folder, in which `main` is the stub. A stub that is no Python has none of its
    functions among them."""
    found = {_digest(_text(path.read_bytes())) for path in sorted(folder.rglob("*.py")) if path.is_file()}
    try:
        source = (folder / main).read_text(encoding="utf-8-sig")
        tree, lines = ast.parse(source), source.splitlines()
    except (OSError, SyntaxError, ValueError):
        return tuple(sorted(found - {""}))
    names = set(targets)
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name in names:
            found.add(_digest("\n".join(lines[node.lineno - 1 : node.end_lineno])))
            times = len(re.findall(rf"^[ \t]*(?:async )?(?:def|class)[ \t]+{re.escape(node.name)}\b", source, re.M))
            found |= {f"{node.name} {times}"} if times > 1 else set()  # a method may be called like a function
    return tuple(sorted(found - {""}))


def _digest(text: str) -> str:
    """SHA-256 of a text, half of it, without white space at the end of a line or of the whole."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    plain = "\n".join(lines).strip("\n")
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:32] if plain else ""


def _text(data: bytes) -> str:
    """As text, in the encodings that editors save a file in."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    return data.decode("utf-8-sig", "replace")


def _cell_from(data: bytes, name: int) -> str:
    """The source of a cell from the line that holds this name to its end, be it lines in a list or one text; "" where
    it is neither."""
    at = max(data.rfind(b'"', 0, name) + 1, data.rfind(b"\\n", 0, name) + 2)
    parts, found = list[bytes](), LINE.match(data, at)
    while found:
        parts.append(found.group(1))
        found = LINE.match(data, found.end()) if found.group(2) and not GOES_ON.search(found.group(1)) else None
    try:
        return str(json.loads(b'"' + b"".join(parts) + b'"'))  # one text: there is nothing to nest
    except ValueError:
        return ""
