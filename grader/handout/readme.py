"""A README cut into sections and paragraphs, and its mathematics as Jupyter writes it.

GitHub takes a displayed formula from a fence named math, and inline ones also as $`...`$; Jupyter, VS Code and Colab
know $$...$$ and $...$ alone."""

from __future__ import annotations

import re
from dataclasses import dataclass

FENCE = re.compile(r"^([ ]*)(`{3,}|~{3,})\s*([\w+-]*)")
HEADING = re.compile(r"^##[ \t]+(.*?)[ \t#]*$")
NUMBERS = re.compile(r"^(\d+)(?:\s*[-–—]\s*(\d+))?\b")
ROW = re.compile(r"^\|\s*(\d+)\s*\|\s*`([A-Za-z_]\w*)")
LISTED = re.compile(r"^\|[^`|]*\|?\s*`([A-Za-z_]\w*)")
SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
INLINE = re.compile(r"\$`([^`\n]+)`\$")


@dataclass(frozen=True)
class Block:
    """What stands between two blank lines, a fence being one. `fenced`: it holds no prose."""

    text: str
    fenced: bool

    @property
    def opens(self) -> bool:
        """Whether a cell may begin with it: a fence, a table, or what is indented, goes on with something."""
        return not self.fenced and not self.text.startswith((" ", "\t", "|"))

    def names(self, name: str) -> bool:
        """Whether it has `name` in backticks, alone or called."""
        if self.fenced:
            return False
        spans = [found.group(2).strip() for found in SPAN.finditer(self.text)]
        return any(s == name or re.search(rf"(?<![\w.]){re.escape(name)}\(", s) for s in spans)


@dataclass(frozen=True)
class Section:
    """What a heading of the second level stands over, the heading included. The first has none."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def numbers(self) -> range:
        """What its heading says: "4–5. The loss" is of questions 4 and 5."""
        if not (found := NUMBERS.match(self.title)):
            return range(0)
        first = int(found.group(1))
        return range(first, int(found.group(2) or first) + 1)

    def names(self, name: str) -> bool:
        return any(block.names(name) for block in self.blocks)

    def rows(self) -> dict[int, str]:
        """Number and name of each row of a table that begins with both."""
        lines = [line for block in self.blocks if not block.fenced for line in block.text.split("\n")]
        return {int(m.group(1)): m.group(2) for line in lines if (m := ROW.match(line))}

    def listed(self) -> set[str]:
        """The names that rows of its tables begin with, numbered or not."""
        lines = [line for block in self.blocks if not block.fenced for line in block.text.split("\n")]
        return {m.group(1) for line in lines if (m := LISTED.match(line))}


def sections(text: str) -> list[Section]:
    """A README in its order: what stands above the first heading of level 2, then each such heading."""
    found, title, blocks = list[Section](), "", list[Block]()
    for block in _blocks(text):
        heading = None if block.fenced else HEADING.match(block.text.split("\n", 1)[0])
        if heading:
            if blocks or title:
                found.append(Section(title, tuple(blocks)))
            title, blocks = heading.group(1), []
        blocks.append(block)
    return [*found, Section(title, tuple(blocks))] if blocks else found


def _blocks(text: str) -> list[Block]:
    found, lines, fence, fenced = list[Block](), list[str](), "", False

    def close() -> None:
        nonlocal fenced
        if lines:
            found.append(Block("\n".join(lines), fenced))
        lines.clear()
        fenced = False

    for line in text.replace("\r\n", "\n").split("\n"):
        mark = FENCE.match(line)
        if fence:
            lines.append(line)
            if mark and mark.group(2).startswith(fence) and not line.strip(" `~"):
                fence = ""
                close()
        elif mark:
            close()
            fence, fenced = mark.group(2), True
            lines.append(line)
        elif not line.strip():
            close()
        else:
            if HEADING.match(line):
                close()
            lines.append(line.rstrip() if not line.endswith("  ") else line)
    close()
    return found


def as_markdown(blocks: tuple[Block, ...] | list[Block]) -> str:
    """Blocks as one Markdown cell."""
    return "\n\n".join(_math(block.text) if block.fenced else _inline(block.text) for block in blocks)


def _math(text: str) -> str:
    """A fence named math as $$...$$, without blank lines, at which Jupyter would take it for no formula; any other as
    it is."""
    lines = text.split("\n")
    mark = FENCE.match(lines[0])
    if not mark or mark.group(3) != "math":
        return text
    body = [line for line in lines[1:-1] if line.strip()]
    return "\n".join([f"{mark.group(1)}$$", *body, f"{mark.group(1)}$$"])


def _inline(text: str) -> str:
    return INLINE.sub(r"$\1$", text)
