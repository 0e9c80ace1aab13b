"""The instructor's page of a cohort. It tells everything: hidden cases, names, reasons."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from ..cohort.results import Graded
from ..records import Row
from ..report.escape import html
from ..report.escape import json as script_json
from ..report.files import points
from ..report.names import file_name
from ..text import clean_text, plural
from .plots import PATTERNS
from .sections import distribution, mistakes, overrides, questions
from .shell import document
from .tally import Tally

STUDENTS = "students"  # the folder of their pages, beside this one


def row_json(row: Row, made: Sequence[int], names: Iterable[str]) -> str:
    """A student's line of the table as strict JSON: name, page, score, status, points by question, what cost points,
    the numbers of mistakes, whether a person gave points, seconds."""
    remark = row.remark if row.score is not None else "; ".join(row.notes) or row.remark
    cells = [
        _line(row.student),
        f"{STUDENTS}/{quote(file_name(row.student))}",
        _tidy(row.score),
        "ungraded" if row.score is None else "graded",
        [_tidy(row.scores.get(name)) for name in names],
        _line(remark),
        list(made),
        int(bool(row.overridden)),
        round(sum(row.seconds.values()), 2) if row.seconds else None,
    ]
    return script_json(cells)


def cohort_html(graded: Graded, title: str, tally: Tally, rows: Iterable[str], lacks: str) -> Iterator[str]:
    """The page, in pieces; `rows` are those of `row_json`, `lacks` is why students' pages hold no words."""
    body = _body(graded, title, tally, rows, lacks)
    return document(f"{title}: {plural(tally.students, 'student')}", body, "cohort.js")


def _body(graded: Graded, title: str, tally: Tally, rows: Iterable[str], lacks: str) -> Iterator[str]:
    yield PATTERNS
    yield f'<header><p class="over">{html(title)}</p><h1>{plural(tally.students, "student")}</h1>'
    yield (
        '<p class="warning"><b>For instructors only.</b> This page tells hidden results and the names of all students. '
        f"The pages in <code>{STUDENTS}/</code> may be handed out, each to its own student.</p>"
    )
    yield _nav(tally) + "</header>"
    yield from _figures(tally)
    if lacks:
        yield f'<p class="note">Students\' pages lack their own answers: {html(lacks)}.</p>'
    yield from _ungraded(tally)
    for part in (distribution, questions, mistakes, overrides):
        yield from part(tally)
    yield from _table(graded, rows)
    yield from _provenance(graded, tally)


def _nav(tally: Tally) -> str:
    there = [("scores", "Scores"), ("questions", "Questions"), ("mistakes", "Mistakes")]
    there += [("overrides", "Overrides")] * bool(tally.given) + [("students", "Students"), ("provenance", "Provenance")]
    links = "".join(f'<li><a href="#{anchor}">{word}</a></li>' for anchor, word in there)
    return f'<nav aria-label="On this page"><ul>{links}</ul></nav>'


def _figures(tally: Tally) -> Iterator[str]:
    full = sum(score >= tally.full for score in tally.scores)
    figures = [("graded", str(len(tally.scores))), ("ungraded", str(len(tally.ungraded)))]
    if tally.scores:
        figures += [
            (f"median, of {points(tally.full)}", f"{statistics.median(tally.scores):.4g}"),
            ("mean", f"{statistics.fmean(tally.scores):.4g}"),
            ("full marks", str(full)),
        ]
    yield '<dl class="figures">'
    yield from (f"<div><dt>{html(name)}</dt><dd>{html(value)}</dd></div>" for name, value in figures)
    yield "</dl>"


def _ungraded(tally: Tally) -> Iterator[str]:
    if not tally.ungraded:
        return
    yield '<section class="note" id="ungraded"><h2>Ungraded</h2>'
    yield (
        "<p>A fault of the grader, or files that a person must look at; never a zero. Run <code>grader grade</code> "
        "again, or give points with <code>grader override</code>.</p><ul>"
    )
    for student, why in tally.ungraded:
        yield f'<li><b dir="auto">{html(_line(student))}</b>: {html(why)}</li>'
    yield "</ul></section>"


def _table(graded: Graded, rows: Iterable[str]) -> Iterator[str]:
    options = "".join(f'<option value="{i}">{html(name)}</option>' for i, name in enumerate(graded.questions))
    yield (
        '<section id="students"><h2>Students</h2><noscript><p class="note">The table needs a script of this page; '
        "without it there are <code>grades.csv</code> and the pages in <code>students/</code>.</p></noscript>"
        '<form class="filters" id="filters" hidden><label>Find <input type="search" id="find" '
        'placeholder="name, or what cost points" autocomplete="off" spellcheck="false"></label>'
        '<label>Status <select id="status"><option value="">all</option><option>graded</option>'
        '<option>ungraded</option><option value="person">points by a person</option></select></label>'
        f'<label>Lost points in <select id="question"><option value="">any or none</option>{options}</select></label>'
        '<button type="reset">Show all</button></form>'
        '<p id="picked" class="picked" hidden></p><p id="shown" class="also" role="status"></p>'
        '<div class="wide"><table class="sortable" id="table" hidden><caption class="unseen">Students</caption>'
        "<thead><tr></tr></thead><tbody></tbody></table></div>"
        '<p><button type="button" id="more" hidden>Show more</button></p></section>'
    )
    yield f'<script type="application/json" id="data">{{"points":{script_json([_tidy(p) for p in graded.points])},'
    yield f'"questions":{script_json([_line(name) for name in graded.questions])},"rows":['
    for number, row in enumerate(rows):
        yield f",{row}" if number else row
    yield "]}</script>"


def _provenance(graded: Graded, tally: Tally) -> Iterator[str]:
    facts = [("assignment", graded.assignment), ("graded", graded.when), ("isolation", "; ".join(_counted(tally)))]
    facts += [("seconds per question, at most", f"{graded.timeout:g}"), ("reference ran on", graded.device)]
    facts += [("course", graded.course), ("submissions", "; ".join(graded.submissions)), ("run", graded.run)]
    for found, count in tally.provenances.most_common(3):
        who = f" (of {plural(count, 'student')})" if len(tally.provenances) > 1 else ""
        facts += [(f"{name}{who}", value) for name, value in found]
    if len(tally.provenances) > 3:
        facts.append(("answer keys", f"{len(tally.provenances)} in all, of which three are told here"))
    yield '<section id="provenance"><h2>Provenance</h2><dl class="facts">'
    for name, value in facts:
        yield f"<div><dt>{html(_line(name))}</dt><dd>{html(clean_text(value, 1000, lines=False))}</dd></div>"
    yield "</dl></section>"


def _counted(tally: Tally) -> list[str]:
    if len(tally.isolations) == 1:
        return list(tally.isolations)
    return [f"{level} ({plural(count, 'student')})" for level, count in tally.isolations.most_common()]


def _tidy(score: float | None) -> float | None:
    return None if score is None else round(score, 6)


def _line(text: str) -> str:
    return clean_text(text, 200, lines=False)
