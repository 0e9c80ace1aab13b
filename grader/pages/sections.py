"""What the instructor's page tells of the whole cohort: scores, questions, mistakes, overrides. Markup, in pieces."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator

from ..report.escape import html
from ..report.files import points
from ..text import clean_text, plural
from .plots import histogram, shares
from .shell import heads
from .tally import BINS, SLOW, QuestionTally, Tally

MISTAKES = 20  # that are listed


def distribution(tally: Tally) -> Iterator[str]:
    """How many students have which score, as a plot and as a table."""
    counts = tally.bins()
    edges = [points(round(tally.full * i / BINS, 2)) for i in range(BINS + 1)]
    labels = [f"{low}–{high}" for low, high in itertools.pairwise(edges)]
    most = max(range(BINS), key=counts.__getitem__)
    desc = f"{plural(len(tally.scores), 'score')} in {BINS} ranges; most, {counts[most]}, lie in {labels[most]}."
    pairs = zip(labels, counts, strict=True)
    rows = "".join(f'<tr><th scope="row">{a}</th><td class="number">{n}</td></tr>' for a, n in pairs)
    yield '<section id="scores"><h2>Scores</h2><figure>'
    yield histogram(counts, labels, "Distribution of scores", desc)
    yield (
        f"<figcaption>Students by score, of {points(tally.full)} points; a score on an edge counts above it."
        '<details><summary>The same as a table</summary><table class="plain narrow">'
        f"{heads('points', 'students>')}<tbody>{rows}</tbody></table></details></figcaption></figure></section>"
    )


def questions(tally: Tally) -> Iterator[str]:
    """Each question: who has how much of it, how many answers are right, and what was slow."""
    timed = any(q.runs for q in tally.questions.values())
    yield '<section id="questions"><h2>Questions</h2>'
    yield '<div class="wide" tabindex="0" role="region" aria-label="Questions"><table class="plain questions">'
    yield f"<caption>Students with {_key('full', 'solid')} all, {_key('part', 'hatched')} some, "
    yield f"{_key('none', 'empty')} no points. “Right” is the share of single answers that are right.</caption>"
    plot, times = '<span class="unseen">plot</span>', [f"over {SLOW:g} s>", "longest s>"] * timed
    yield heads("question", "points>", plot, "all>", "right>", "mean>", *times) + "<tbody>"
    yield from (_question(q, timed) for q in tally.questions.values())
    yield "</tbody></table></div>"
    if timed:
        yield (
            '<p class="also">Times are of the wall clock, while several submissions run, as each was last run. Answers '
            "that come within 0.3 s travel together, so that shorter times are not told apart by question. A whole "
            f"submission took {statistics.median(tally.seconds):.2f} s (median of {len(tally.seconds)}), at most "
            f"{max(tally.seconds):.2f} s.</p>"
        )
    else:
        yield '<p class="also">No times are kept: nothing was run for these results by this version of the grader.</p>'
    yield "</section>"


def _key(tone: str, told: str) -> str:
    shape = f'<rect class="{tone}" width="10" height="10"/>'
    return f'<svg class="key" role="img" viewBox="0 0 10 10"><title>{told}</title>{shape}</svg>'


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


def mistakes(tally: Tally) -> Iterator[str]:
    """Mistakes that have a name, the commonest first; each with a button that shows who made it."""
    found = tally.commonest()
    yield '<section id="mistakes"><h2>Commonest mistakes</h2>'
    if not found:
        yield "<p>No mistake was recognised by its name.</p></section>"
        return
    yield '<table class="plain mistakes">' + heads("mistake", "hint that it gets", "students>") + "<tbody>"
    for one, count in found[:MISTAKES]:
        question, name = html(one.question), html(one.mistake.replace("_", " "))
        yield (
            f'<tr><th scope="row"><code>{question}</code> {name}</th><td>{html(one.hint)}</td>'
            f'<td class="number"><button type="button" class="pick" data-mistake="{one.number}" aria-pressed="false" '
            f'data-name="{question}: {name}" aria-label="Show the {plural(count, "student")} who made it">{count}'
            "</button></td></tr>"
        )
    yield "</tbody></table>"
    if len(found) > MISTAKES:
        yield f'<p class="also">And {len(found) - MISTAKES} more that fewer students made.</p>'
    yield "</section>"


def overrides(tally: Tally) -> Iterator[str]:
    """Points that a person gave, and why."""
    if not tally.given:
        return
    yield '<section id="overrides"><h2>Points given by a person</h2>'
    yield '<div class="wide" tabindex="0" role="region" aria-label="Overrides"><table class="plain overrides">'
    yield heads("student", "question", "points>", "by the grader>", "reason", "when") + "<tbody>"
    for one in tally.given:
        graded = "ungraded" if one.override.graded is None else points(one.override.graded)
        student = clean_text(one.student, 200, lines=False)
        yield (
            f'<tr><th scope="row" dir="auto">{html(student)}</th><td><code>{html(one.question)}</code></td>'
            f'<td class="number">{points(one.override.points)}</td><td class="number">{graded}</td>'
            f"<td>{html(one.override.reason)}</td><td>{html(one.override.when[:16].replace('T', ' '))}</td></tr>"
        )
    yield "</tbody></table></div></section>"


def _percent(part: int, whole: int) -> str:
    """Never rounded up to all, nor down to none."""
    if not whole:
        return ""
    share = 100 * part / whole
    return f"{min(99.0, max(1.0, share)) if 0 < part < whole else share:.0f}%"
