"""results.json from a report: the student's view alone, one test for each question, or two where public and hidden
cases are shown at different times. `exports/platforms.py` writes the tests; here are numbers, visibility and tags.

A question that has no result yet is a test without a score: nothing is a zero that was not run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from ..exports.platforms import gradescope
from ..exports.told import heading
from ..model import AnswerKey, FrozenQuestion, QuestionResult, Report, Verdict
from ..report.view import QuestionView, student_view
from ..text import clean_text
from .settings import Settings

DIGITS = 9  # as in judge/score.py: thirds still add up
PENDING = "not graded yet: if this stays, the platform stopped the grader here. It is no zero; tell your instructor."
NOT_FINISHED = "NOT FINISHED. The platform stopped the grader: {done} of {all} questions were graded, and the score is "
NOT_FINISHED += "theirs alone. It is not your grade; tell your instructor, who can run it again."


@dataclass(frozen=True)
class Part:
    """A test: a question, or its public or hidden cases."""

    number: str
    view: QuestionView
    visibility: str
    tag: str


def finished(report: Report, key: AnswerKey, settings: Settings, public: Report | None) -> dict[str, Any]:
    """The results of a graded report; `public` is of a run on public cases alone, for words. Raises Ungraded."""
    return {**_results(report, key, settings, public), **_extra(report, True)}


def so_far(report: Report, key: AnswerKey, settings: Settings) -> dict[str, Any] | None:
    """What is known while a submission is graded, of a report that holds some of the questions; None where none of
    them has a score. It says that it is not the grade."""
    known = tuple(q for q in report.questions if q.score is not None)
    if not known:
        return None
    score = round(sum(q.score or 0.0 for q in known), 6)
    out = _results(replace(report, questions=known, score=score, status="graded"), key, settings, None)
    done = {q.question for q in known}
    pending = [_pending(n, q, settings) for n, q in enumerate(key.questions, 1) if q.name not in done]
    out["tests"] = sorted([*out["tests"], *pending], key=lambda test: int(test["number"].partition(".")[0]))
    text = NOT_FINISHED.format(done=len(known), all=len(key.questions))
    return {**out, "output": f"{text}\n\n{out['output']}", **_extra(report, False)}


def not_taken_in(problem: str, key: AnswerKey, settings: Settings) -> dict[str, Any]:
    """What a student is told whose files were not graded: the platform shows it only beside a score, which is 0."""
    text = f"NOT GRADED: {clean_text(problem, 400, lines=False)}. Mend it and hand in again: the 0 is no mark."
    tests = [_pending(n, q, settings, "not graded") for n, q in enumerate(key.questions, 1)]
    return {"score": 0.0, "output": text, "output_format": "text", "stdout_visibility": "hidden", "tests": tests}


def _results(report: Report, key: AnswerKey, settings: Settings, public: Report | None) -> dict[str, Any]:
    """Without the time that it took: code can wait for as long as a hidden input says."""
    view = student_view(report, key, public)
    asked = {q.name: (n, q) for n, q in enumerate(key.questions, 1)}
    parts = [
        part
        for shown, result in zip(view.questions, report.questions, strict=True)
        for part in _parts(*asked[result.question], result, shown, settings)
    ]
    out = gradescope(replace(view, questions=tuple(part.view for part in parts)))
    for test, part in zip(out["tests"], parts, strict=True):
        test.update(number=part.number, visibility=part.visibility, tags=[part.tag, *settings.tags])
    return out


def _parts(
    number: int, question: FrozenQuestion, result: QuestionResult, shown: QuestionView, settings: Settings
) -> list[Part]:
    """One test, or two where the cases of a question are shown at different times."""
    hides = {case.hidden for case in shown.cases}
    if len(hides) == 1 or settings.public == settings.hidden:
        only = hides == {True}
        when, tag = (settings.hidden, "hidden cases") if only else (settings.public, "public cases")
        return [Part(str(number), shown, when, tag if len(hides) == 1 else "public and hidden cases")]
    scores, tops = _of_public(question, result)
    kinds = ((False, settings.public, "public cases"), (True, settings.hidden, "hidden cases"))
    parts = []
    for place, (hidden, when, tag) in enumerate(kinds, 1):
        score = round((shown.score or 0.0) - scores, DIGITS) if hidden else scores
        top = round(shown.max_score - tops, DIGITS) if hidden else tops
        some = any(o.carried for o in result.outcomes if o.hidden is hidden)
        view = replace(
            shown,
            title=f"{shown.title or shown.question} ({tag})",
            score=max(0.0, score),
            max_score=top,
            cases=tuple(case for case in shown.cases if case.hidden is hidden),
            carried=some,
        )
        parts.append(Part(f"{number}.{place}", view, when, tag))
    return parts


def _of_public(question: FrozenQuestion, result: QuestionResult) -> tuple[float, float]:
    """The points of the public cases, and the most that they can earn: an output's points are shared equally by its
    cases, as in judge/score.py."""
    earned, most = Fraction(0), Fraction(0)
    for output in question.outputs:
        found = [o for o in result.outcomes if o.output == output.name]
        shown = [o for o in found if not o.hidden]
        passed = sum(o.verdict is Verdict.PASS for o in shown)
        carried = sum(o.verdict is not Verdict.PASS and bool(o.carried) for o in shown)
        if found:
            earned += Fraction(output.points) * (passed + Fraction(question.carry) * carried) / len(found)
            most += Fraction(output.points) * len(shown) / len(found)
    return round(float(earned), DIGITS), round(float(most), DIGITS)


def _pending(number: int, question: FrozenQuestion, settings: Settings, why: str = PENDING) -> dict[str, Any]:
    """A test without a score, shown whenever anything is."""
    empty = QuestionView(question.name, question.title, None, round(question.points, DIGITS), ())
    return {
        "number": str(number),
        "name": f"{heading(empty)} (not graded)",
        "name_format": "text",
        "max_score": empty.max_score,
        "output": why,
        "output_format": "text",
        "visibility": settings.public,
        "tags": ["not graded", *settings.tags],
    }


def _extra(report: Report, done: bool) -> dict[str, Any]:
    """For programs that read the platform's export."""
    about = {name: report.provenance[name] for name in ("grader", "numpy", "torch") if name in report.provenance}
    return {"extra_data": {"finished": done, "isolation": report.isolation, **about}}
