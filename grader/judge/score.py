"""Outcomes into points. An output's points are shared equally by its cases; PASS earns its share in full,
and an error carried forward the part of it that the question declares.

Sums are exact fractions, rounded once at the end, so that all right is exactly the maximum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..model import AnswerKey, FrozenQuestion, Outcome, QuestionResult, Report, Response, Submission, Verdict
from .diagnose import diagnose
from .judge import judge

DIGITS = 6  # of a total; a question keeps three more, so that thirds still add up


def result_of(question: FrozenQuestion, responses: Mapping[str, Response]) -> QuestionResult:
    """Judge, diagnose and score the responses of one question; a property has a judge of its own."""
    if question.predicate:
        from .properties import AUTHORS_FAULT, judge_property  # no other question needs it

        told = judge_property(question, responses)
        faults = dict.fromkeys(o.message for o in told if o.kind == AUTHORS_FAULT)
        return replace(score_question(question, told), notes=tuple(faults))
    outcomes, taken = judge(question, responses)
    return score_question(question, diagnose(question, responses, outcomes, taken), taken)


def score_question(
    question: FrozenQuestion, outcomes: Sequence[Outcome], convention: tuple[str, ...] = ()
) -> QuestionResult:
    """Points of one question; None where any outcome is UNGRADED, since a fault of ours is never a zero."""
    top = round(question.points, DIGITS + 3)
    verdicts = {o.verdict for o in outcomes}
    if not outcomes or Verdict.UNGRADED in verdicts:
        return QuestionResult(question.name, None, top, tuple(outcomes), convention)
    if verdicts == {Verdict.PASS}:
        return QuestionResult(question.name, top, top, tuple(outcomes), convention)
    from fractions import Fraction  # not before it is used: `grader check` starts sooner

    earned = Fraction(0)
    for output in question.outputs:
        found = [o for o in outcomes if o.output == output.name]
        passed = sum(o.verdict is Verdict.PASS for o in found)
        carried = sum(o.verdict is not Verdict.PASS and bool(o.carried) for o in found)
        if found:
            share = passed + Fraction(question.carry) * carried
            earned += Fraction(output.points) * share / len(found)
    return QuestionResult(question.name, round(float(earned), DIGITS + 3), top, tuple(outcomes), convention)


def report(
    key: AnswerKey,
    submission: Submission,
    results: Sequence[QuestionResult],
    isolation: str,
    notes: Sequence[str] = (),
) -> Report:
    """The report of one student; ungraded as a whole where one question is."""
    ungraded = any(r.score is None for r in results)
    top = round(key.points, DIGITS)
    full = len(results) == len(key.questions) and all(r.score == r.max_score for r in results)
    total = None if ungraded else top if full else round(sum(r.score or 0.0 for r in results), DIGITS)
    return Report(
        assignment=key.assignment,
        student=submission.student,
        score=total,
        max_score=top,
        status="ungraded" if ungraded else "graded",
        questions=tuple(results),
        isolation=isolation,
        provenance=key.provenance,
        notes=(*submission.notes, *notes),
    )
