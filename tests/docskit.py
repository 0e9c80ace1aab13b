"""The pages of docs/, typed in: each block of commands is run, in order, and what it prints beside what the page shows.

What a page may hold, each mark on a line of its own above the fence that it is about:

```sh                                  commands, run by bash in the page's folder; a ```text below shows what they print
```text, ```console                    where its first line begins with "$ ", commands and what they print in turns
**`a/file.py`**[, at the end]          the block below is written to this file, or added to it
<!-- not run: why -->                  the commands below are not run; the built site shows why
<!-- exit 1 -->                        the last of the commands below ends with this code (a block without it: with 0)
<!-- before: commands -->              run, and not shown: what a reader has that the page does not make

`…` in what is shown stands for any lines where it is alone, else for any part of a line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT

DOCS = ROOT / "docs"
SHELLS = {"sh", "bash", "shell", "zsh"}
SCREENS = {"text", "console"}
SECONDS = 300  # for a block
MACHINES = {"CI", "BUILD_NUMBER", "FORCE_COLOR", "PY_COLORS", "NO_COLOR"}  # with these programs print otherwise
TOKEN = re.compile(
    r"^<!-- (?P<mark>.*?) -->$|^(?P<fence>`{3,})(?P<language>[\w-]*)\n(?P<text>.*?)^(?P=fence)$", re.M | re.S
)
FILE = re.compile(r"\*\*`([^`]+)`\*\*(, at the end)?\n\n\Z")


@dataclass
class Block:
    """A fenced block, with the marks above it; `hidden` where it comes from a comment."""

    language: str
    text: str
    line: int = 0
    path: str = ""
    added: bool = False  # to the end of the file
    why_not: str = ""  # it is not run
    code: int = 0  # with which its last command ends
    hidden: bool = False

    @property
    def commands(self) -> bool:
        return self.language in SHELLS or self.transcript

    @property
    def transcript(self) -> bool:
        return self.language in SCREENS and self.text.startswith("$ ")


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of the page, in order, and the commands of its comments. A fence of four backticks may hold one
    of three. Raises ValueError for a mark that is about no block."""
    marks: dict[str, str] = {}
    end = 0
    for found in TOKEN.finditer(page):
        line = page.count("\n", 0, found.start()) + 1
        if marks and page[end : found.start()].strip() and not FILE.search(page[end : found.start()]):
            raise ValueError(f"line {line}: {', '.join(marks)} stands above no block")
        between, end = page[end : found.start()], found.end()
        if found["mark"] is not None:
            word, _, rest = found["mark"].strip().partition(":" if ":" in found["mark"] else " ")
            if word == "before":
                yield Block("sh", rest.strip() + "\n", line, hidden=True)
            elif word in ("not run", "exit"):
                marks[word] = rest.strip()
            continue
        path, added = (FILE.search(between) or re.match("()()", "")).groups()  # type: ignore[union-attr]
        code, why_not = int(marks.pop("exit", "0")), marks.pop("not run", "")
        yield Block(found["language"], found["text"], line, path or "", bool(added), why_not, code)
    if marks:
        raise ValueError(f"{', '.join(marks)} stands above no block")


@dataclass
class Told:
    """What some commands printed, beside what the page shows of it."""

    commands: str
    line: int
    printed: str = ""
    errors: str = ""
    code: int | None = None  # None: it was not run
    shown: str | None = None
    hidden: bool = False

    def differs(self) -> str:
        """What the page shows and what came, where one is not the other. Errors may be shown or not."""
        if self.shown is None or self.code is None:
            return ""
        if any(follows(self.shown, came) for came in (self.printed, self.printed + self.errors)):
            return ""
        return f"line {self.line}:\n{self.commands}shown:\n{self.shown}\nprinted:\n{self.printed}{self.errors}"


def programs(folder: Path) -> dict[str, str]:
    """An environment in which `grader` and `pytest` are those of this checkout, and the home is an empty folder."""
    for name, call in (("grader", "-m grader"), ("pytest", "-m pytest -p grader.pytest_plugin -p xdist")):
        (folder / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" -P {call} "$@"\n')
        (folder / name).chmod(0o755)
    (folder / "python").symlink_to(sys.executable)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "GRADER")) and k not in MACHINES}
    return {
        **kept,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "HOME": str(folder),
        "TERM": "dumb",
        "COLUMNS": "80",
    }


def walk(page: str, desk: Path, environment: dict[str, str]) -> list[Told]:
    """The page from its first block to its last, as typed in one terminal that starts in the folder. Raises
    AssertionError where commands end with another code than the page says: what stands below them would fail too."""
    told: list[Told] = []
    place = desk  # where a `cd` leads, as for somebody who types all in one terminal
    for block in blocks(page):
        if told and told[-1].code is not None:
            place = Path(Path(environment["HOME"], ".where").read_text().strip())
        if block.path:
            file = desk / block.path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(file.read_text() + block.text if block.added else block.text)
        elif block.commands and block.why_not:
            told.append(Told(block.text, block.line))
        elif block.transcript:
            for part in re.split(r"^\$ ", block.text, flags=re.M)[1:]:
                command, _, shown = part.partition("\n")
                told.append(typed(f"{command}\n", block, place, environment))
                told[-1].shown = shown
        elif block.commands:
            told.append(typed(block.text, block, place, environment))
            told[-1].hidden = block.hidden
        elif block.language in SCREENS and told and told[-1].shown is None and not told[-1].hidden:
            told[-1].shown = block.text
    return told


def typed(commands: str, block: Block, place: Path, environment: dict[str, str]) -> Told:
    """Run it. The standard input is empty."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"trap 'pwd > ~/.where' EXIT\n{commands}"], cwd=place, env=environment,
        timeout=SECONDS, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != block.code:
        said = f"line {block.line}: exit code {done.returncode}, not {block.code}"
        raise AssertionError(f"{said}\n{commands}{done.stdout}{done.stderr}")
    return Told(commands, block.line, done.stdout, done.stderr, done.returncode)


def follows(shown: str, printed: str) -> bool:
    """Whether the lines shown are the lines printed; `…` stands for any lines, or for any part of one."""
    wanted, found = ([even(line) for line in text.splitlines()] for text in (shown, printed))
    wanted, found = ([line for line in lines if line != "NOT RUN"] for lines in (wanted, found))
    pattern = "".join("(?:.*\n)*" if w == "…" else re.escape(w).replace("…", ".*") + "\n" for w in wanted)
    return re.fullmatch(pattern, "".join(line + "\n" for line in found)) is not None


def even(line: str) -> str:
    """A line without what another secret or device changes: the noise, the distances, and the nearest in an audit."""
    line = re.sub(r"^NOT RUN .*", "NOT RUN", " ".join(line.split()))
    return re.sub(r" (0|0\.\d+|\de-\d\d) (-|[\d.e+]+) (-|[\d.e+]+) .*: \w+$", "", line)
