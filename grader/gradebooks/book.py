"""A gradebook as it is filled in: the people in it, the column that grades go to, and what it becomes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..errors import UsageError
from ..text import clean_text


@dataclass(frozen=True)
class Person:
    """One row. `ids` hold id, sis, login and email as far as the gradebook has them; `names` all spellings by which
    they are found, normalised (names_of). `locked` says why the grade there is not touched."""

    row: int
    shown: str  # as a person reads it
    ids: Mapping[str, str]
    names: frozenset[str] = frozenset()
    now: str = ""  # the grade that is there
    full: Fraction | None = None  # what it is out of there
    when: str = ""  # when they handed in, as the gradebook tells it
    locked: str = ""
    words: frozenset[str] = frozenset()  # all texts of the row, squeezed, where no column is known to be the name
    nobody: bool = False  # a row that is no student, like Canvas's test student


@dataclass(frozen=True)
class Book:
    """`write` makes the file from the texts of grades and of comments by row."""

    platform: str
    column: str
    people: Sequence[Person]
    write: Callable[[Mapping[int, str], Mapping[int, str]], str]
    mark: str = "."  # the decimal mark
    full_by: str = ""  # what the gradebook calls what a grade is out of
    lines: tuple[str, ...] = ()
    comments: str = ""  # the column of comments


def name_keys(name: str) -> frozenset[str]:
    """A name as it is compared: "Doe, Jane", "Jane Doe" and "jane_doe" are one; accents and letters count."""
    text = unicodedata.normalize("NFKC", name).casefold().replace("_", " ")
    last, comma, first = text.partition(",")
    found = [f"{first} {last}", f"{last} {first}"] if comma else [text]
    return frozenset(key for one in found if (key := " ".join(one.split())))


def squeezed(name: str) -> str:
    """Letters and digits alone."""
    return "".join(c for c in unicodedata.normalize("NFKC", name).casefold() if c.isalnum())


def canvas_name(sortable: str) -> str:
    """A sortable name as Canvas writes it into file names: in lower case, without what is no word character."""
    merged = re.sub(r"_(\d+)_", r"\1", sortable).lower()
    return "".join(
        c for c in merged if c == "_" or unicodedata.category(c)[0] in "LMN" or unicodedata.category(c) == "Pc"
    )


def one_column(wanted: str, columns: Mapping[int, str], where: str) -> int:
    """The column that is meant: by its header, its number in parentheses, or its title alone; the only one where none
    is named. Raises UsageError with those that there are."""
    listed = "; ".join(clean_text(name, 80, lines=False) for name in list(columns.values())[:12])
    if not columns:
        raise UsageError(f"{where}: no column that grades could go to")
    if not wanted:
        if len(columns) == 1:
            return next(iter(columns))
        raise UsageError(f'{where}: which column? Name it: --column "TITLE"; there are: {listed}')
    tests: list[Callable[[str], bool]] = [
        lambda name: name.strip() == wanted.strip(),
        lambda name: name.rpartition(" (")[2].rstrip(")") == wanted.strip("() "),
        lambda name: name.rpartition(" (")[0].strip() == wanted.strip(),
    ]
    for test in tests:
        found = [column for column, name in columns.items() if test(name)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{where}: {len(found)} columns are called {wanted}; name it with its number: {listed}")
    raise UsageError(
        f"{where}: no column {clean_text(wanted, 80, lines=False)}, or it is read only; there are: {listed}"
    )
