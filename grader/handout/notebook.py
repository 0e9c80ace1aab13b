"""The notebook of a handout, made from its stub and README: for each function its text, its stub and its check."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..model import AnswerKey
from .first import first_cell
from .pieces import Piece, pieces
from .plan import Part, parts
from .readme import as_markdown, sections

PICTURE = re.compile(r"(!\[[^\]]*\]\()([^()\s]+)(\))")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python", "file_extension": ".py", "mimetype": "text/x-python"},
}
MISSING = "writing the notebook needs nbformat: pip install 'dlgrader[notebooks]' (or go without: --no-notebook)"


@dataclass(frozen=True)
class Cell:
    """One cell: `kind` is "code" or "markdown", `pictures` are its attachments, base64 by name and type."""

    id: str
    kind: str
    source: str
    pictures: dict[str, dict[str, str]] = field(default_factory=dict)


def notebook_name(file: str) -> str:
    """What the notebook of a stub is called; "" where the stub is no Python file."""
    return f"{file[:-3]}.ipynb" if file.endswith(".py") else ""


def made_notebook(folder: Path, key: AnswerKey) -> bytes:
    """The notebook, nbformat 4.5, of the handout in `folder`; the same handout gives the same bytes.

    Raises UsageError where nbformat is not installed, or where the stub is missing or no Python."""
    try:
        import nbformat
    except ImportError:
        raise UsageError(MISSING) from None
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
    cells = list[Any]()
    for cell in handout_cells(folder, key):
        more = {"attachments": cell.pictures} if cell.pictures else {}
        cells.append(make[cell.kind](cell.source, id=cell.id, **more))
    book = nbformat.v4.new_notebook(cells=cells, metadata=METADATA)
    nbformat.validate(book)
    return (str(nbformat.writes(book)).rstrip("\n") + "\n").encode()


def handout_cells(folder: Path, key: AnswerKey) -> list[Cell]:
    """The cells, in order. Raises UsageError."""
    path = folder / key.file
    try:
        stub = path.read_text(encoding="utf-8-sig")
        cut = pieces(stub, {t for q in key.questions for t in q.targets})
        text = (folder / "README.md").read_text(encoding="utf-8-sig") if (folder / "README.md").is_file() else ""
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}; a notebook is made from the stub and README") from error
    except (SyntaxError, ValueError) as error:
        raise UsageError(f"{path}: no notebook can be made of it ({error})") from error
    beside = sorted(p.name for p in folder.glob("*.py") if p.name != key.file)
    first = Cell("first", "code", first_cell(key.file, beside, key.library))
    made = [first, *_body(text, cut, key)]
    return [_with_pictures(cell, folder) for cell in _named_once(made)]


def _body(text: str, cut: Sequence[Piece], key: AnswerKey) -> Iterator[Cell]:
    functions = [piece.name for piece in cut if piece.name]
    checks = _checks(key, functions)
    queue, between = list(cut), 0
    for part in parts(sections(text), functions):
        while part.functions and queue and not queue[0].name:  # what stands above a function stays above its text
            between += 1
            yield Cell(f"code-{between}", "code", queue.pop(0).source)
        if part.blocks:
            yield Cell(_id("text", part), "markdown", _text(part))
        for place, name in enumerate(part.functions):
            while not queue[0].name:
                between += 1
                yield Cell(f"code-{between}", "code", queue.pop(0).source)
            if place or not part.blocks:
                yield Cell(f"text-{name}", "markdown", _pointer(name, part))
            yield Cell(f"stub-{name}", "code", queue.pop(0).source)
            if checks[name]:
                yield Cell(f"check-{name}", "code", "\n".join(f"%grade {q}" for q in checks[name]))
    for piece in queue:
        between += 1
        yield Cell(f"code-{between}", "code", piece.source)
    rest = [q.name for q in key.questions if not any(q.name in own for own in checks.values())]
    if rest:
        yield Cell("text-properties", "markdown", PROPERTIES)
    for name in rest:
        yield Cell(f"check-{name}", "code", f"%grade {name}")
    yield Cell("text-all", "markdown", ALL.format(file=key.file, notebook=notebook_name(key.file)))
    yield Cell("check-all", "code", "%grade")


PROPERTIES = "## What must hold of your functions\n\nNothing new to write: these are asked of the functions above."
ALL = """\
## Everything

The public cases of all questions: not the grade, which comes from hidden cases too. You hand in this notebook,
`{notebook}`, or the file `{file}`, whichever you wrote in: leave the other one as you got it."""


def _checks(key: AnswerKey, functions: Sequence[str]) -> dict[str, list[str]]:
    """The questions that each function answers: the one of its name, else those that ask for it alone."""
    found = {}
    for name in functions:
        alone = [q.name for q in key.questions if q.targets == (name,)]
        found[name] = [name] if any(q.name == name for q in key.questions) else alone
    return found


def _id(kind: str, part: Part) -> str:
    return f"{kind}-{part.functions[0] if part.functions else part.section.title or 'intro'}"


def _text(part: Part) -> str:
    """The part's own text; where it does not begin with the section's heading, the function's name above it."""
    text = as_markdown(part.blocks)
    if part.functions and part.blocks[0] != part.section.blocks[0]:
        return "\n\n".join([f"### `{part.functions[0]}`", text])
    return text


def _pointer(name: str, part: Part) -> str:
    if not part.blocks:
        return f"### `{name}`"
    return f"### `{name}`\n\nIts text stands above, over `{part.functions[0]}`."


def _named_once(cells: Sequence[Cell]) -> Iterator[Cell]:
    """With ids as nbformat wants them: 1 to 64 of A-Z a-z 0-9 - _, none twice."""
    seen = set[str]()
    for cell in cells:
        plain = re.sub(r"[^A-Za-z0-9_]+", "-", cell.id).strip("-") or "cell"
        if len(plain) > 64 or plain in seen:
            plain = f"{plain[:50].strip('-')}-{hashlib.sha256(f'{cell.id} {len(seen)}'.encode()).hexdigest()[:8]}"
        seen.add(plain)
        yield Cell(plain, cell.kind, cell.source, cell.pictures)


def _with_pictures(cell: Cell, folder: Path) -> Cell:
    """Pictures of the handout's folder go into the notebook, which may be opened without it."""
    if cell.kind != "markdown":
        return cell
    pictures = dict[str, dict[str, str]]()

    def put(found: re.Match[str]) -> str:
        name = found.group(2)
        path, kind = folder / name, mimetypes.guess_type(name)[0] or ""
        if ":" in name or not kind.startswith("image/") or not path.is_file():
            return found.group(0)
        pictures[name] = {kind: base64.b64encode(path.read_bytes()).decode()}
        return f"{found.group(1)}attachment:{name}{found.group(3)}"

    return Cell(cell.id, cell.kind, PICTURE.sub(put, cell.source), pictures)
