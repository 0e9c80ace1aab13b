"""A student's page as HTML: no script; nothing is told by colour alone."""

from __future__ import annotations

from collections.abc import Iterator

from ..feedback.outcome import RIGHT, earned, mark
from ..model import Verdict
from ..report.escape import html
from ..report.files import points
from ..report.view import CaseView
from .content import CaseShown, Content, OutputShown, QuestionShown, Shown
from .plots import bar, heat_map
from .shell import document, heads


def student_html(content: Content) -> Iterator[str]:
    """The page, in pieces."""
    view = content.view
    return document(f"{view.title}: {view.student}", _body(content))


def _body(content: Content) -> Iterator[str]:
    view = content.view
    yield from _head(content)
    if view.notes:
        notes = "".join(f"<li>{html(note)}</li>" for note in view.notes)
        yield f'<section class="note"><h2>When your files were read</h2><ul>{notes}</ul></section>'
    if content.next:
        yield '<section class="next"><h2>What to try next</h2><ol>'
        for q in content.next:
            link = f'<a href="#{_anchor(content, q)}"><code>{html(q.view.question)}</code></a>'
            yield f"<li>{link}<span>{html(q.tip)}</span></li>"
        more = len(content.open) - len(content.next)
        yield "</ol>" + (f'<p class="also">And {more} more below.</p>' if more else "") + "</section>"
    yield from _overview(content)
    if content.lacks:
        yield f'<p class="note">Your own answers are not shown: {html(content.lacks)}.</p>'
    for q in content.questions:
        yield from _question(q, _anchor(content, q))
    hidden = any(q.hidden for q in content.questions)
    said = " Of a hidden case only the verdict and a hint are told." if hidden else ""
    yield f"<footer>Graded on {html(content.honest)}.{said}</footer>"


def _anchor(content: Content, q: QuestionShown) -> str:
    return f"question-{content.questions.index(q) + 1}"


def _head(content: Content) -> Iterator[str]:
    view, right = content.view, sum(q.state == RIGHT for q in content.questions)
    yield f'<header><p class="over">{html(view.title)}</p><h1 dir="auto">{html(view.student)}</h1>'
    if view.score is None:
        yield '<p class="score">Not graded yet <small>this is no zero; your instructor is told</small></p>'
    else:
        share = view.score / view.max_score if view.max_score > 0 else 0.0
        score, _, most = earned(view.score, view.max_score).partition(" ")
        yield (
            f'<p class="score">{score} <small>{most} points, '
            f"{right} of {len(view.questions)} questions right</small></p>{bar(share)}"
        )
    yield "</header>"


def _overview(content: Content) -> Iterator[str]:
    yield '<section><h2>Questions</h2><table class="plain"><caption class="unseen">Points of each question</caption>'
    yield heads("question", "outcome", "points>") + "<tbody>"
    for q in content.questions:
        link = f'<a href="#{_anchor(content, q)}"><code>{html(q.view.question)}</code></a>'
        person = ' <span class="tag">given by a person</span>' if q.view.override else ""
        yield (
            f'<tr class="{q.state[2]}"><th scope="row">{link}</th><td>{mark(q.view)}{person}</td>'
            f'<td class="number">{earned(q.view.score, q.view.max_score)}</td></tr>'
        )
    yield "</tbody></table></section>"


def _question(q: QuestionShown, anchor: str) -> Iterator[str]:
    view = q.view
    yield f'<section class="question {q.state[2]}" id="{anchor}" aria-labelledby="{anchor}-name">'
    yield f'<h2 id="{anchor}-name"><code>{html(view.question)}</code> {mark(q.view)} '
    yield f'<span class="points">{earned(view.score, view.max_score)}</span></h2>'
    if view.title and view.title != view.question:
        yield f'<p class="about">{html(view.title)}</p>'
    if view.override:
        graded = "ungraded" if view.override.graded is None else points(view.override.graded)
        yield (
            f'<p class="note"><b>Points given by a person:</b> {points(view.override.points)} (the grader: {graded}): '
            f"{html(view.override.reason)}</p>"
        )
    for name in view.convention:
        yield f'<p class="also">Your answer follows a convention that is taken too: {html(name)}.</p>'
    if view.carried:
        yield '<p class="also">A part of the points is given although a function that it calls is wrong.</p>'
    if q.tip and q.state != RIGHT:
        yield f'<p class="tip"><b>Try:</b> {html(q.tip)}</p>'
    if q.public:
        right = sum(case.right for case in q.public)
        yield f"<h3>Public cases <small>{right} of {len(q.public)} right</small></h3>"
        opened = not q.bare
        for number, case in enumerate(q.public, 1):
            yield from _case(case, q, opened and not case.right, f"{anchor}-case-{number}")
    if q.hidden:
        yield from _hidden(q.hidden, q.tip)
    yield "</section>"


def _case(case: CaseShown, q: QuestionShown, opened: bool, anchor: str) -> Iterator[str]:
    sign, word, tone = ("✓", "right", "right") if case.right else ("✗", "not right", "wrong")
    if any(o.view.verdict is Verdict.UNGRADED for o in case.outputs):
        sign, word, tone = "?", "not graded", "open"
    yield f'<details class="case {tone}"{" open" * opened}><summary>'
    yield f'<span class="sign" aria-hidden="true">{sign}</span> {html(case.name)} <span class="word">{word}</span>'
    yield '</summary><div class="inside">'
    if case.inputs:
        yield "<h4>Inputs</h4>" + "".join(map(_value, case.inputs))
    elif not q.known:
        yield '<p class="also">The inputs are not at hand any more.</p>'
    if case.raises:
        yield f"<p>It must raise <code>{html(case.raises)}</code> for these.</p>"
    said = set[str]()
    for number, output in enumerate(case.outputs, 1):
        yield from _output(output, q, said, f"{anchor}-{number}")
    yield "</div></details>"


def _output(o: OutputShown, q: QuestionShown, said: set[str], anchor: str) -> Iterator[str]:
    told, tone = ("agrees", "right") if o.right else (html(o.view.kind), "wrong")
    yield f'<h4 class="{tone}"><code>{html(o.view.output)}</code> <span class="word">{told}</span></h4>'
    if o.view.message and o.view.message not in said:
        said.add(o.view.message)
        yield f'<p class="message">{html(o.view.message)}</p>'
    if o.view.distance is not None and not o.right:
        yield f'<p class="also">{html(off(o.view.distance))}</p>'
    if o.answer and o.expected:
        both = _value(o.answer, "your answer"), _value(o.expected, "expected")
        yield f'<div class="pair"><div>{both[0]}</div><div>{both[1]}</div></div>'
    elif o.answer:
        yield _value(o.answer, "your answer")
    elif o.expected:
        yield _value(o.expected, "expected, and your answer agrees" if o.right else "expected")
    if o.heat:
        yield heat_map(o.heat, o.view.output, anchor)
    if o.tip and o.tip.lower() != q.tip.lower() and o.tip not in said:
        said.add(o.tip)
        yield f'<p class="tip"><b>Try:</b> {html(o.tip)}</p>'


def _value(shown: Shown, label: str = "") -> str:
    name = f"{label}" if label else f"<code>{html(shown.name)}</code>"
    about = f' <span class="also">{html(shown.about)}</span>' if shown.about else ""
    lines = shown.text.count("\n")
    if not lines and len(shown.text) <= 60 and not label:
        return f'<p class="value">{name} <code class="data">{html(shown.text)}</code>{about}</p>'
    return f'<p class="value">{name}{about}</p><pre tabindex="0">{html(shown.text)}</pre>'


def off(distance: float) -> str:
    """A distance in units of the tolerance, in words."""
    if distance == float("inf"):
        return "Off by more than any tolerance: not finite, or in another place."
    return f"Off by {distance:.3g} times what is allowed."


def _hidden(cases: tuple[CaseView, ...], said: str) -> Iterator[str]:
    names = list(dict.fromkeys(c.case for c in cases))
    wrong = [c for c in cases if c.verdict is not Verdict.PASS]
    right = len(names) - len({c.case for c in wrong})
    yield f"<h3>Hidden cases <small>{right} of {len(names)} right</small></h3>"
    if not wrong:
        return
    yield '<ul class="hidden">'
    for name in names:
        mine = [c for c in wrong if c.case == name]
        what = "; ".join(f"<code>{html(c.output)}</code> {html(c.kind or c.verdict.value.lower())}" for c in mine)
        sign, word, tone = ("✗", what, "wrong") if mine else ("✓", "right", "right")
        yield f'<li class="{tone}"><span class="sign" aria-hidden="true">{sign}</span> {html(name)}: {word}</li>'
    yield "</ul>"
    for hint in dict.fromkeys(c.hint for c in wrong if c.hint and c.hint != said):
        yield f'<p class="tip"><b>Hint:</b> {html(hint)}</p>'
