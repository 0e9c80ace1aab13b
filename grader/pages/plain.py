"""A student's page as Markdown, and as plain text to mail. Text in a fenced block is left as it is; all else of it that
could be markup is escaped, and no line of the plain text holds a control character."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from ..feedback.outcome import RIGHT, earned
from ..model import Verdict
from ..report.escape import markdown, markdown_code, terminal
from ..report.files import points
from ..report.view import CaseView
from ..text import clean_text
from .content import CaseShown, Content, QuestionShown, Shown
from .student import off

WIDTH = 78
LEGEND = ". right; 1 up to ten times what is allowed, 2 up to a hundred, and so on; ! not finite or out of place"


def student_markdown(content: Content) -> Iterator[str]:
    """The page as Markdown (CommonMark with GitHub's tables), in pieces."""
    view = content.view
    yield f"# {markdown(view.title)}: {markdown(view.student)}\n\n**{markdown(_score(content))}**\n"
    if view.notes:
        yield "\n## When your files were read\n\n" + "".join(f"- {markdown(note)}\n" for note in view.notes)
    if content.next:
        tips = (f"1. **{markdown(q.view.question)}**: {markdown(q.tip)}\n" for q in content.next)
        yield "\n## What to try next\n\n" + "".join(tips)
    yield "\n| question | outcome | points |\n|---|---|---:|\n"
    for q in content.questions:
        cells = markdown(q.view.question), markdown(_outcome(q)), earned(q.view.score, q.view.max_score)
        yield f"| {' | '.join(cells)} |\n"
    if content.lacks:
        yield f"\nYour own answers are not shown: {markdown(content.lacks)}.\n"
    for q in content.questions:
        head = f"{markdown(q.view.question)} — {_outcome(q)}, {earned(q.view.score, q.view.max_score)}"
        yield f"\n## {head}\n"
        yield from (f"\n{markdown(line)}\n" for line in _about(q))
        for case in q.public:
            if case.right:
                yield f"\n{markdown(_agrees(case))}\n"
                continue
            yield f"\n### {markdown(_case_head(case))}\n"
            for kind, text in _case_lines(case, q):
                yield f"\n{markdown_code(text) if kind == 'block' else markdown(text)}\n"
        if q.hidden:
            yield "\n### Hidden cases\n\n" + "".join(f"- {markdown(line)}\n" for line in hidden_lines(q.hidden))
    yield f"\n---\n\n{markdown(_foot(content))}\n"


def student_text(content: Content) -> Iterator[str]:
    """The page as plain text, in pieces."""
    view = content.view
    title = terminal(f"{view.title}: {view.student}", 300)
    yield f"{title}\n{'=' * min(len(title), WIDTH)}\n{_wrapped(_score(content))}"
    if view.notes:
        yield "\nWhen your files were read\n" + "".join(_wrapped(note, "  - ") for note in view.notes)
    if content.next:
        yield "\nWhat to try next\n"
        for number, q in enumerate(content.next, 1):
            yield _wrapped(f"{q.view.question}: {q.tip}", f"  {number}. ")
    wide = max((len(q.view.question) for q in content.questions), default=0)
    yield "\nQuestions\n"
    for q in content.questions:
        row = f"  {q.view.question:<{wide}}  {earned(q.view.score, q.view.max_score):<16} {_outcome(q)}"
        yield f"{terminal(row)}\n"
    if content.lacks:
        yield "\n" + _wrapped(f"Your own answers are not shown: {content.lacks}.")
    for q in content.questions:
        head = terminal(f"{q.view.question}: {_outcome(q)}, {earned(q.view.score, q.view.max_score)}")
        yield f"\n\n{head}\n{'-' * min(len(head), WIDTH)}\n"
        yield from map(_wrapped, _about(q))
        for case in q.public:
            if case.right:
                yield _wrapped(_agrees(case))
                continue
            yield f"\n{terminal(_case_head(case))}\n"
            for kind, text in _case_lines(case, q):
                yield _block(text) if kind == "block" else _wrapped(text, "  ")
        if q.hidden:
            yield "Hidden cases\n" + "".join(_wrapped(line, "  - ") for line in hidden_lines(q.hidden))
    yield "\n\n" + _wrapped(_foot(content))


def _score(content: Content) -> str:
    view = content.view
    if view.score is None:
        return "Not graded yet. This is no zero; your instructor is told."
    right = sum(q.state == RIGHT for q in content.questions)
    return f"{earned(view.score, view.max_score)} points, {right} of {len(view.questions)} questions right"


def _outcome(q: QuestionShown) -> str:
    return f"{q.state[1]} {q.state[0]}" + (" (points given by a person)" if q.view.override else "")


def _about(q: QuestionShown) -> Iterator[str]:
    view = q.view
    if view.title and view.title != view.question:
        yield view.title
    if view.override:
        graded = "ungraded" if view.override.graded is None else points(view.override.graded)
        yield f"Points given by a person: {points(view.override.points)} (the grader: {graded}): {view.override.reason}"
    yield from (f"Your answer follows a convention that is taken too: {name}." for name in view.convention)
    if view.carried:
        yield "A part of the points is given although a function that it calls is wrong."
    if q.tip and q.state != RIGHT:
        yield f"Try: {q.tip}"


def _case_head(case: CaseShown) -> str:
    ungraded = any(o.view.verdict is Verdict.UNGRADED for o in case.outputs)
    return f"{'?' if ungraded else '✓' if case.right else '✗'} public case: {case.name}"


def _agrees(case: CaseShown) -> str:
    """All that is told of a case that is right."""
    return f"{_case_head(case)}: your answer agrees ({', '.join(o.view.output for o in case.outputs)})"


def _case_lines(case: CaseShown, q: QuestionShown) -> Iterator[tuple[str, str]]:
    """Lines ("line") and values as they are ("block") of a case that is not right."""
    if case.inputs and not q.bare:
        yield "line", "Inputs:"
        yield "block", "\n".join(_assigned(shown) for shown in case.inputs)
    if case.raises:
        yield "line", f"It must raise {case.raises} for these."
    said = set[str]()
    for o in case.outputs:
        told = "agrees" if o.right else o.view.kind
        message = o.view.message if o.view.message not in said else ""
        said.add(message)
        yield "line", f"{o.view.output}: {told}" + (f". {message}" if message else "")
        if o.right or q.bare:
            continue
        if o.view.distance is not None:
            yield "line", off(o.view.distance)
        for label, shown in (("Your answer", o.answer), ("Expected", o.expected)):
            if shown:
                yield "line", f"{label}{f' {shown.about}' if shown.about else ''}:"
                yield "block", shown.text
        if o.heat:
            yield "line", f"{o.heat.told} ({LEGEND}):"
            yield "block", "\n".join(o.heat.rows)
        if o.tip and o.tip.lower() != q.tip.lower() and o.tip not in said:
            said.add(o.tip)
            yield "line", f"Try: {o.tip}"


def _assigned(shown: Shown) -> str:
    head = f"{shown.name} = "
    about = f"  # {shown.about}" if shown.about else ""
    return head + shown.text.replace("\n", "\n" + " " * len(head)) + about


def hidden_lines(cases: tuple[CaseView, ...]) -> list[str]:
    """A line for each hidden case, or one for all where all are right; and each hint once."""
    lines, wrong = list[str](), [c for c in cases if c.verdict is not Verdict.PASS]
    if not wrong:
        return [f"all {len({c.case for c in cases})} are right"]
    for name in dict.fromkeys(c.case for c in cases):
        mine = [f"{c.output} {c.kind or c.verdict.value.lower()}" for c in wrong if c.case == name]
        lines.append(f"{name}: {'; '.join(mine) or 'right'}")
    return lines + [f"hint: {hint}" for hint in dict.fromkeys(c.hint for c in wrong if c.hint)]


def _foot(content: Content) -> str:
    hidden = any(q.hidden for q in content.questions)
    return f"Graded on {content.honest}." + (
        " Of a hidden case only the verdict and a hint are told." if hidden else ""
    )


def _wrapped(text: str, first: str = "") -> str:
    line = terminal(text, 3000)
    if len(first) + len(line) <= WIDTH:
        return f"{first}{line}\n"
    return textwrap.fill(line, WIDTH, initial_indent=first, subsequent_indent=" " * len(first)) + "\n"


def _block(text: str) -> str:
    return textwrap.indent(clean_text(text, 20_000), "    ") + "\n"
