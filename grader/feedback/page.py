"""A student's page: their cells as a new notebook, made of clean text alone, that nbconvert turns into HTML.

Scripts and markup in a cell stay text: code is highlighted and escaped by Pygments, or escaped alone; what is no code
(Markdown, raw) is shown as it was typed and never rendered. Outputs, metadata and ids of theirs are not taken. The page
holds no script, loads nothing and forbids both to the browser by its own policy."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..report.escape import html
from ..report.view import QuestionView, StudentView
from ..sandbox.cells import Cells
from ..sandbox.worker.cells import CELL
from .outcome import RIGHT, earned, mark, outcome, state

HERE = Path(__file__).parent
# Characters that are highlighted of one cell and of all: Pygments takes the square of the length of odd text.
HIGHLIGHTED, HIGHLIGHTED_IN_ALL, LINES = 6_000, 120_000, 250


def page(view: StudentView, cells: Cells, places: Mapping[str, str | None], file: str) -> str:
    """The page as HTML. `places` tells for each question which function of the student's stands for it, None for one
    that belongs beside no cell; `file` is the name of the student's file.

    Raises UsageError where nbconvert is missing."""
    beside, end = dict[int, list[str]](), list[str]()
    for number, q in enumerate(view.questions, 1):
        at = cells.places.get(places.get(q.question) or "")
        (end if at is None else beside.setdefault(at, [])).append(outcome(q, f"question-{number}", view.notes))
    left = HIGHLIGHTED_IN_ALL
    book, codes, notebook = _nbformat().v4.new_notebook(), 0, file.lower().endswith(".ipynb")
    for index, cell in enumerate(cells.cells):
        codes += cell.code
        label = _label(cell.code, codes, cell.first, cell.text.count("\n") + 1, notebook)
        made = _nbformat().v4.new_code_cell if cell.code else _nbformat().v4.new_raw_cell
        plain = len(cell.text) > min(HIGHLIGHTED, left) or cell.text.count("\n") > LINES
        left -= 0 if plain else len(cell.text)
        about = {"label": label, "first": cell.first, "plain": plain, "cut": cell.cut}
        about["outcomes"] = "\n".join(beside.get(index, []))
        book.cells.append(made(cell.text, id=f"cell-{index + 1}", metadata={"grader": about}))
    ours = {
        "title": f"{view.title}: {view.student}",
        "style": (HERE / "page.css").read_text(encoding="utf-8"),
        "head": _head(view, file),
        "foot": _foot(view, cells, end),
    }
    text, _ = _exporter().from_notebook_node(book, resources={"grader": ours})
    return f"{text.strip()}\n"


def _label(code: bool, number: int, first: int, lines: int, notebook: bool) -> str:
    """As messages name it: a notebook's code cells are counted, a file has lines."""
    if not code:
        return "text"
    if notebook:
        return f"code cell {number}"
    return f"line {first}" if lines == 1 else f"lines {first} to {first + lines - 1}"


def _head(view: StudentView, file: str) -> str:
    share = 0.0 if view.score is None or view.max_score <= 0 else max(0.0, min(1.0, view.score / view.max_score))
    right = sum(state(q) == RIGHT for q in view.questions)
    lines = [
        f"<h1>{html(view.title)}</h1>",
        f'<p class="who">{html(view.student)} \u00b7 {html(file)}</p>',
        f'<p class="score">{earned(view.score, view.max_score)} '
        f"<small>points; {right} of {len(view.questions)} questions are right</small></p>",
        f'<div class="bar" aria-hidden="true"><span style="width: {int(1000 * share) / 10:g}%"></span></div>',
        "<table><thead><tr><th>question</th><th></th><th>points</th></tr></thead><tbody>",
        *(_row(q, number) for number, q in enumerate(view.questions, 1)),
        "</tbody></table>",
    ]
    if view.notes:
        notes = [f"<li>{html(note)}</li>" for note in view.notes]
        lines += ['<section class="notes"><h2>When your file was read</h2><ul>', *notes, "</ul></section>"]
    return "\n".join(lines)


def _row(q: QuestionView, number: int) -> str:
    link = f'<a href="#question-{number}"><code>{html(q.question)}</code></a>'
    return f'<tr class="{state(q)[2]}"><td>{link}</td><td>{mark(q)}</td><td>{earned(q.score, q.max_score)}</td></tr>'


def _foot(view: StudentView, cells: Cells, end: Sequence[str]) -> str:
    lines = []
    if cells.failure:
        lines.append(f'<p class="cut">Your file cannot be shown here: {html(cells.failure)}</p>')
    if cells.more:
        lines.append(f'<p class="cut">{cells.more} more of your cells are not shown: there is too much of them.</p>')
    if end:
        title = "Questions that belong to no cell above" if len(end) < len(view.questions) else "Questions"
        lines += [f"<h2>{title}</h2>", *end]
    hidden = any(c.hidden for q in view.questions for c in q.cases)
    said = " Of hidden cases only the kind of outcome is told." if hidden else ""
    lines.append(f'<p class="foot">Outcomes are those of the graded run.{said}</p>')
    return "\n".join(lines)


def _code(source: str, about: Mapping[str, Any]) -> str:
    """A cell's code as HTML with numbers of lines."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer, TextLexer

    lexer = (TextLexer if about["plain"] else PythonLexer)(stripnl=False, ensurenl=False)
    made = str(highlight(source, lexer, HtmlFormatter(nowrap=True)))
    lines = made.removesuffix("\n").split("\n")  # no tag spans two of them
    width = len(str(about["first"] + len(lines) - 1))
    return "\n".join(
        f'<span class="linenos">{number:{width}}</span>{line}' for number, line in enumerate(lines, about["first"])
    )


def _text(text: str) -> str:
    return html(text, CELL)


@functools.cache
def _exporter() -> Any:
    """nbconvert with our template alone: nothing of its own templates, which name scripts elsewhere, of the user's
    settings, or of the folder in which it is called."""
    try:
        from nbconvert import TemplateExporter
    except ImportError as error:
        raise missing("nbconvert") from error
    return TemplateExporter(
        raw_template=(HERE / "page.html.j2").read_text(encoding="utf-8"),
        template_paths=[],
        default_preprocessors=[],
        filters={"code": _code, "text": _text},
        file_extension=".html",
    )


@functools.cache
def _nbformat() -> Any:
    try:
        import nbformat
    except ImportError as error:
        raise missing("nbformat") from error
    return nbformat


def require() -> None:
    """Raises UsageError where a library that pages need is missing."""
    _nbformat()
    _exporter()


def missing(name: str) -> UsageError:
    """What to do about a library that only this needs."""
    return UsageError(f"pages need {name}: pip install 'dlgrader[notebooks]'")
