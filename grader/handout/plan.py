"""Which part of the README belongs to which function. The rule, as docs/authoring.md tells it:

- A function belongs to the section whose heading has its number in the table ("## 4–5. How wrong?"), else to the
  first section below the table that names it in backticks. One that none names, or that would break the order of
  the stub, goes with the function above it.
- In a section of several functions, each begins at the first paragraph that names it; one that none names shares
  the text of the function above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .readme import Block, Section


@dataclass(frozen=True)
class Part:
    """Text of a section, and the functions that it stands above: perhaps none."""

    section: Section
    blocks: tuple[Block, ...]
    functions: tuple[str, ...] = ()


def parts(sections: Sequence[Section], functions: Sequence[str]) -> list[Part]:
    """The README in its order with the functions in theirs: every block once, every function once."""
    placed = _places(sections, functions)
    found = list[Part]()
    for index, section in enumerate(sections):
        own = [f for f, at in zip(functions, placed, strict=True) if at == index]
        found += _cut(section, own) if own else [Part(section, section.blocks)]
    if not sections and functions:
        found.append(Part(Section("", ()), (), tuple(functions)))
    return found


def _places(sections: Sequence[Section], functions: Sequence[str]) -> list[int]:
    """The section of each function, by its number, never going down."""
    rows = {name: number for section in sections for number, name in section.rows().items()}
    counts = [len(section.listed() & {*functions}) for section in sections]
    table = counts.index(max(counts)) if any(counts) else -1
    wanted = list[int | None]()
    for name in functions:
        numbered = [i for i, s in enumerate(sections) if i != table and rows.get(name) in s.numbers]
        named = [i for i, s in enumerate(sections) if i > table and s.names(name)]
        found = numbered or named
        wanted.append(found[0] if found else None)
    kept = _in_order(wanted)
    first = next((at for at in kept if at is not None), len(sections) - 1)
    out = list[int]()
    for at in kept:
        out.append(at if at is not None else out[-1] if out else first)
    return out


def _in_order(wanted: Sequence[int | None]) -> list[int | None]:
    """As many of the wanted places as never go down; None for the others."""
    best = list[tuple[int, int | None]]()  # length of the longest run that ends here, and where it comes from
    for j, at in enumerate(wanted):
        before = [(best[i][0], i) for i in range(j) if at is not None and (was := wanted[i]) is not None and was <= at]
        length, source = max(before, key=lambda b: b[0], default=(0, None))
        best.append((0 if at is None else length + 1, source))
    index: int | None = max(range(len(best)), key=lambda i: best[i][0], default=None)
    kept = set[int]()
    while index is not None and best[index][0]:
        kept.add(index)
        index = best[index][1]
    return [at if i in kept else None for i, at in enumerate(wanted)]


def _cut(section: Section, functions: Sequence[str]) -> list[Part]:
    """A section between its functions: each takes what begins with the first paragraph that names it."""
    starts, blocks = [0], section.blocks
    for name in functions[1:]:
        last = starts[-1]
        at = next((i for i, b in enumerate(blocks) if i >= last and b.opens and b.names(name)), last)
        told = any(not b.text.startswith("#") for b in blocks[last:at])  # else the one above would have a heading alone
        starts.append(at if told else last)
    found = list[Part]()
    for start in dict.fromkeys(starts):
        end = min((s for s in starts if s > start), default=len(blocks))
        group = tuple(f for f, s in zip(functions, starts, strict=True) if s == start)
        found.append(Part(section, blocks[start:end], group))
    return found
