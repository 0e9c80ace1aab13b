"""What a student reads after `grader check`: each question, what came back, what to try next. Public cases only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..model import FrozenQuestion, Outcome, QuestionResult, Report, Response, Value, Verdict
from ..selfcheck import OwnGradient
from ..text import plural


def question_lines(
    question: FrozenQuestion,
    result: QuestionResult,
    own: Sequence[OwnGradient],
    responses: dict[str, Response],
) -> list[str]:
    """The lines on one question: a verdict, and for the first wrong case of each output what happened."""
    wrong = [o for o in result.outcomes if o.verdict is not Verdict.PASS]
    if not wrong:
        extra = f"  (follows: {'; '.join(result.convention)})" if result.convention else ""
        return [f"  ok    {question.name}{extra}"]
    if all(o.kind == "NotImplementedError" for o in wrong) and len(wrong) == len(result.outcomes):
        return [f"  todo  {question.name}: not written yet"]
    lines = [f"  FAIL  {question.name}"]
    shown = set[str]()
    for o in wrong:
        if o.output in shown or (shown and o.verdict is not Verdict.FAIL):
            continue
        shown.add(o.output)
        lines.append(f"        {o.case}: {o.message or o.kind}")
        if o.verdict is Verdict.FAIL and (called := _called(question, o)):
            lines.append(f"          called with {called}")
        if o.hint:
            lines.append(f"          hint: {o.hint}")
    lines += [f"        {line}" for line in _own_lines(own, result)]
    text = next((r.printed for r in responses.values() if r.printed.strip()), "")
    lines += [f"          | {line}" for line in text.strip().splitlines()[-5:]]
    return lines


def _own_lines(own: Sequence[OwnGradient], result: QuestionResult) -> list[str]:
    bad = {o.output for o in result.outcomes if o.verdict is Verdict.FAIL}
    lines = []
    for check in own:
        if check.agrees and check.output in bad:
            lines.append(
                f"{check.output} is the gradient of your own {check.forward}: look for the error in {check.forward}, "
                f"or in what both of them share"
            )
        elif not check.agrees:
            lines.append(
                f"{check.output} is not the gradient of your own {check.forward} ({check.case}): along a random "
                f"direction it says {check.claimed:.6g}, nudging says {check.numeric:.6g}"
            )
    return lines


def _called(question: FrozenQuestion, outcome: Outcome) -> str:
    """The public inputs of a case, where they fit on a line."""
    case = next(c for c in question.cases if c.name == outcome.case)
    parts = [f"{name}={_show(value)}" for name, value in case.inputs.items()]
    text = ", ".join(parts)
    return text if len(text) <= 160 else ", ".join(f"{n}={_brief(v)}" for n, v in case.inputs.items())


def _show(value: Value) -> str:
    if isinstance(value, np.ndarray):
        return np.array2string(value, separator=", ", precision=4, max_line_width=10_000).replace("\n", "")
    return repr(value)


def _brief(value: Value) -> str:
    return f"{value.shape} array" if isinstance(value, np.ndarray) else repr(value)


def summary(report: Report, whole: bool) -> str:
    """The last line of a check."""
    passed = sum(all(o.verdict is Verdict.PASS for o in q.outcomes) for q in report.questions)
    total = len(report.questions)
    said = f"Public cases passed: {passed} of {plural(total, 'question')}."
    hint = " The grade comes from hidden cases too, with other sizes and values." if passed == total and whole else ""
    return said + hint
