"""The instructor's page of a cohort. It tells everything: hidden cases, names, reasons."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from ..cohort.results import Graded
from ..feedback.names import file_name
from ..records import Row
from ..report.escape import html
from ..report.escape import json as script_json
from ..report.files import points
from ..text import clean_text, plural
from .plots import PATTERNS, histogram, shares
from .shell import document
from .tally import BINS, SLOW, QuestionTally, Tally

STUDENTS = "students"  # the folder of their pages, beside this one
MISTAKES = 20  # that are listed


def row_json(row: Row, mistakes: list[int], questions: Iterable[str]) -> str:
    """A student's line of the table as strict JSON: name, page, score, status, points by question, what cost points,
    mistakes, whether a person gave points, seconds."""
    page = f"{STUDENTS}/{quote(file_name(row.student))}"
    status = "ungraded" if row.score is None else "graded"
    remark = row.remark if row.score is not None else "; ".join(row.notes) or row.remark
    seconds = round(sum(row.seconds.values()), 2) if row.seconds else None
    return script_json(
        [
            _line(row.student), page, _tidy(row.score), status, [_tidy(row.scores.get(name)) for name in questions],
            _line(remark), mistakes, int(bool(row.overridden)), seconds,
        ]
    )  # fmt: skip


def cohort_html(graded: Graded, title: str, tally: Tally, rows: Iterable[str], lacks: str) -> Iterator[str]:
    """The page, in pieces; `rows` are those of `row_json`, `lacks` is why students' pages hold no words."""
    return document(
        f"{title}: {plural(tally.students, 'student')}", _body(graded, title, tally, rows, lacks), "cohort.js"
    )


def _body(graded: Graded, title: str, tally: Tally, rows: Iterable[str], lacks: str) -> Iterator[str]:
    yield PATTERNS
    yield f'<header><p class="over">{html(title)}</p><h1>{plural(tally.students, "student")}</h1>'
    yield (
        '<p class="warning"><b>For instructors only.</b> This page tells hidden results, and the names of all students. '
        f"The pages in <code>{STUDENTS}/</code> may be handed out, each to its own student.</p>"
    )
    yield _nav(tally) + "</header>"
    yield from _figures(tally)
    if lacks:
        yield f'<p class="note">Students\' pages lack their own answers: {html(lacks)}.</p>'
    yield from _ungraded(tally)
    yield from _distribution(tally)
    yield from _questions(tally)
    yield from _mistakes(tally)
    yield from _overrides(tally)
    yield from _table(graded, rows)
    yield from _provenance(graded, tally)


def _nav(tally: Tally) -> str:
    there = [("scores", "Scores"), ("questions", "Questions"), ("mistakes", "Mistakes"), ("students", "Students")]
    there += [("overrides", "Overrides")] * bool(tally.given) + [("provenance", "Provenance")]
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
    yield from (f"<li><b>{html(_line(student))}</b>: {html(why)}</li>" for student, why in tally.ungraded)
    yield "</ul></section>"


def _distribution(tally: Tally) -> Iterator[str]:
    counts = tally.bins()
    edges = [points(round(tally.full * i / BINS, 2)) for i in range(BINS + 1)]
    labels = [f"{low}–{high}" for low, high in zip(edges, edges[1:], strict=False)]
    most = max(range(BINS), key=counts.__getitem__)
    desc = f"{plural(len(tally.scores), 'score')} in {BINS} ranges; most, {counts[most]}, lie in {labels[most]}."
    rows = "".join(
        f'<tr><th scope="row">{a}</th><td class="number">{n}</td></tr>' for a, n in zip(labels, counts, strict=True)
    )
    yield '<section id="scores"><h2>Scores</h2><figure>'
    yield histogram(counts, labels, "Distribution of scores", desc)
    yield (
        f"<figcaption>Students by score, of {points(tally.full)} points; a score on an edge counts above it."
        '<details><summary>The same as a table</summary><table class="plain narrow"><thead><tr><th scope="col">points</th>'
        f'<th scope="col" class="number">students</th></tr></thead><tbody>{rows}</tbody></table></details>'
        "</figcaption></figure></section>"
    )


def _questions(tally: Tally) -> Iterator[str]:
    timed = any(q.runs for q in tally.questions.values())
    yield '<section id="questions"><h2>Questions</h2><div class="wide" tabindex="0" role="region" aria-label="Questions">'
    yield '<table class="plain questions"><caption>Students with <svg class="key" role="img" viewBox="0 0 10 10">'
    yield '<title>solid</title><rect class="full" width="10" height="10"/></svg> all, '
    yield '<svg class="key" role="img" viewBox="0 0 10 10"><title>hatched</title><rect class="part" width="10" height="10"/>'
    yield '</svg> some, <svg class="key" role="img" viewBox="0 0 10 10"><title>empty</title>'
    yield '<rect class="none" width="10" height="10"/></svg> no points. “Right” is the share of single answers that are right.'
    yield "</caption><thead><tr>"
    heads = ["question", "points", "", "all", "right", "mean"] + [f"over {SLOW:g} s", "longest s"] * timed
    for head in heads:
        kind = "" if head in ("question", "") else ' class="number"'
        yield f'<th scope="col"{kind}>{head or "<span class=unseen>plot</span>"}</th>'
    yield "</tr></thead><tbody>"
    yield from (_question(q, timed) for q in tally.questions.values())
    yield "</tbody></table></div>"
    if timed:
        yield (
            f'<p class="also">Times are of the wall clock, while several submissions run, as each was last run. Answers that '
            "come within 0.3 s of each other travel together, so that shorter times are not told apart by question; a whole "
            f"submission took {statistics.median(tally.seconds):.2f} s (median of {len(tally.seconds)}), at most "
            f"{max(tally.seconds):.2f} s.</p>"
        )
    else:
        yield '<p class="also">No times are kept: nothing was run for these results by this version of the grader.</p>'
    yield "</section>"


def _question(q: QuestionTally, timed: bool) -> str:
    told = f"{q.question}: {q.full} with all points, {q.part} with some, {q.none} with none"
    told += f", {q.ungraded} ungraded" if q.ungraded else ""
    cells = [
        points(q.points),
        shares(q.full, q.part, q.none, q.ungraded, told),
        _percent(q.full, q.graded),
        _percent(q.passed, q.outcomes),
        f"{q.scores / q.graded:.3g}" if q.graded else "",
    ]
    if timed:
        cells += [str(q.slow), f"{q.longest:.2f}"] if q.runs else ["", ""]
    shown = "".join(f'<td class="{"plot" if "<svg" in cell else "number"}">{cell}</td>' for cell in cells)
    return f'<tr><th scope="row"><code>{html(q.question)}</code></th>{shown}</tr>'


def _mistakes(tally: Tally) -> Iterator[str]:
    found = tally.commonest()
    yield '<section id="mistakes"><h2>Commonest mistakes</h2>'
    if not found:
        yield "<p>No mistake was recognised by its name.</p></section>"
        return
    yield '<table class="plain mistakes"><thead><tr><th scope="col">mistake</th><th scope="col">hint that it gets</th>'
    yield '<th scope="col" class="number">students</th></tr></thead><tbody>'
    for one, count in found[:MISTAKES]:
        yield (
            f'<tr><th scope="row"><code>{html(one.question)}</code> {html(one.mistake.replace("_", " "))}</th>'
            f'<td>{html(one.hint)}</td><td class="number"><button type="button" class="pick" data-mistake="{one.number}" '
            f'data-name="{html(one.question)}: {html(one.mistake.replace("_", " "))}" '
            f'aria-label="Show the {plural(count, "student")} who made it">{count}</button></td></tr>'
        )
    yield "</tbody></table>"
    if len(found) > MISTAKES:
        yield f'<p class="also">And {len(found) - MISTAKES} more that fewer students made.</p>'
    yield "</section>"


def _overrides(tally: Tally) -> Iterator[str]:
    if not tally.given:
        return
    yield '<section id="overrides"><h2>Points given by a person</h2><div class="wide"><table class="plain"><thead><tr>'
    yield '<th scope="col">student</th><th scope="col">question</th><th scope="col" class="number">points</th>'
    yield '<th scope="col" class="number">by the grader</th><th scope="col">reason</th><th scope="col">when</th></tr></thead><tbody>'
    for one in tally.given:
        graded = "ungraded" if one.override.graded is None else points(one.override.graded)
        yield (
            f'<tr><th scope="row">{html(_line(one.student))}</th><td><code>{html(one.question)}</code></td>'
            f'<td class="number">{points(one.override.points)}</td><td class="number">{graded}</td>'
            f"<td>{html(one.override.reason)}</td><td>{html(one.override.when[:16].replace('T', ' '))}</td></tr>"
        )
    yield "</tbody></table></div></section>"


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
        '<div class="wide"><table class="sortable" id="table" hidden><thead><tr></tr></thead><tbody></tbody></table></div>'
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
    for number, (found, count) in enumerate(tally.provenances.most_common(3)):
        who = f" (of {count} students)" if len(tally.provenances) > 1 else ""
        facts += [(f"{name}{who}", value) for name, value in found]
        if number == 2 and len(tally.provenances) > 3:
            facts.append(("keys", f"{len(tally.provenances)} in all"))
    yield '<section id="provenance"><h2>Provenance</h2><dl class="facts">'
    yield from (
        f"<div><dt>{html(_line(name))}</dt><dd>{html(clean_text(value, 1000, lines=False))}</dd></div>"
        for name, value in facts
    )
    yield "</dl></section>"


def _counted(tally: Tally) -> list[str]:
    if len(tally.isolations) == 1:
        return list(tally.isolations)
    return [f"{level} ({plural(count, 'student')})" for level, count in tally.isolations.most_common()]


def _percent(part: int, whole: int) -> str:
    """Never rounded up to all, nor down to none."""
    if not whole:
        return ""
    share = 100 * part / whole
    return f"{min(99.0, max(1.0, share)) if 0 < part < whole else share:.0f}%"


def _tidy(score: float | None) -> float | None:
    return None if score is None else round(score, 6)


def _line(text: str) -> str:
    return clean_text(text, 200, lines=False)
