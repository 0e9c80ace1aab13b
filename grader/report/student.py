"""What a student reads after `grader check`: each question, what came back, what to try next. Public cases only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..checking import Check, QuestionCheck
from ..locate import Located
from ..model import Fixture, FrozenQuestion, Outcome, QuestionResult, Response, Value, Verdict
from ..selfcheck import OwnGradient, own_forward_broken
from ..text import clean_text, plural


@dataclass(frozen=True)
class Told:
    """What a student is told of one question: `status` is "ok", "todo" or "FAIL"; `details` are lines, those that
    belong to the line before them indented by two."""

    name: str
    status: str
    remark: str = ""
    details: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        return f"{self.status:<6}{self.name}{self.remark}"


def told(check: QuestionCheck, case: str = "") -> Told:
    """What to say of a question: for the first wrong case of each output what happened; or of one case alone.

    A gradient that contradicts the forward beside it is told of the case where that was seen, also where all values
    are right."""
    question, result = check.question, check.result
    wrong = [o for o in result.outcomes if o.verdict is not Verdict.PASS and case in ("", o.case)]
    own = [c for c in check.own if not case or wrong or (c.case == case and own_forward_broken([c]))]
    against = _own_lines(own, result)
    if not wrong and not against:
        extra = f"  (follows: {'; '.join(result.convention)})" if result.convention else ""
        return Told(question.name, "ok", extra, tuple(_printed(check.responses, case)))
    if wrong and check.unwritten:
        return Told(question.name, "todo", ": not written yet", tuple(_printed(check.responses, case)))
    lines, said = list[str](), set[str]()
    for o in wrong:
        if o.output in said or o.message in said or (said and o.verdict is not Verdict.FAIL):
            continue
        said |= {o.output, o.message}
        lines.append(f"{o.case}: {o.message or o.kind}")
        called = called_with(question, o)
        if called and called not in said:
            lines.append(f"  called with {called}")
        said.add(called)
        if (next_step := f"hint: {o.hint}" if o.hint else _try(check, o)) not in ("", *said):
            lines.append(f"  {next_step}")
        said.add(next_step)
    for other in check.below if wrong else ():
        if any(o.verdict is not Verdict.PASS for o in other.outcomes):
            lines.append(f"{other.question}, which it may call, is wrong too: mend that one first")
    printed = _printed(check.responses, wrong[0].case if wrong else case)
    return Told(question.name, "FAIL", "", (*lines, *against, *printed))


def _try(check: QuestionCheck, outcome: Outcome) -> str:
    from .advice import advice  # who has all right need not wait for it

    case = next(c for c in check.question.cases if c.name == outcome.case)
    text = advice(check.question, case, outcome, check.responses.get(case.name))
    return f"try: {text}" if text else ""


def check_lines(check: Check, paint: Callable[[str], str] = str) -> Iterator[str]:
    """The whole check as text, line by line as the questions are done; `paint` puts colour on a status."""
    yield f"{check.key.title}: {clean_text(check.submission.main, 120, lines=False)}, public cases"
    yield from body_lines(check, paint)
    yield summary(check)


def body_lines(check: Check, paint: Callable[[str], str] = str) -> Iterator[str]:
    """The check without its first and its last line."""
    for one in check:
        said = told(one)
        yield f"  {paint(said.status)}{said.line.removeprefix(said.status)}"
        yield from (f"        {line}" for line in said.details)
    if check.failure is not None:
        from .advice import of_failure

        yield f"  {paint('FAIL')}  {check.failure.message or check.failure.kind}"
        if text := of_failure(check.failure):
            yield f"        try: {text}"
        return
    yield from (f"  note  {note}" for note in check.notes)


def _printed(responses: Mapping[str, Response], case: str) -> list[str]:
    """The last lines that the code printed in this case, or in the first case where it printed any."""
    found = [n for n in ([case] if case else responses) if n in responses and responses[n].printed.strip()]
    if not found:
        return []
    text = [line if len(line) <= 120 else line[:119] + "…" for line in responses[found[0]].printed.strip().splitlines()]
    return [f"printed in {found[0]}:", *(f"  | {line}" for line in text[-5:])]


def _own_lines(own: Sequence[OwnGradient], result: QuestionResult) -> list[str]:
    bad = {o.output for o in result.outcomes if o.verdict is Verdict.FAIL}
    lines, flat = list[str](), list[str]()
    for check in own:
        slopes = f"along a random direction it says {check.claimed:.6g}, nudging says {check.numeric:.6g}"
        if check.flat and not check.right and check.output in bad:
            flat.append(check.output[1:])
        elif check.agrees and check.output in bad and not check.right:
            lines.append(
                f"{check.output} is the gradient of your own {check.forward}: the derivative is right, so compare "
                f"what {check.forward} computes with what this question asks for"
            )
        elif not check.agrees and check.output in bad:
            too = "" if check.right else f"; your {check.forward} is wrong too, begin there"
            lines.append(
                f"{check.output} is not the gradient of your own {check.forward} ({check.case}): {slopes}"
                f"{_place(check.located)}{too}"
            )
        elif not check.agrees and check.same:
            lines.append(
                f"{check.output} is right here, but your {check.forward} is not what it is the gradient of "
                f"({check.case}): {slopes}"
            )
    if flat:
        lines.append(f"your own {own[0].forward} does not change at all when {', '.join(flat)} is nudged")
    return lines


def _place(located: Located | None) -> str:
    """Where a gradient contradicts the student's own forward, if the search found it."""
    if located is None:
        return ""
    if located.entries:
        return f"; they differ at {', '.join(str(list(map(int, index))) for index in located.entries)}"
    for word, places in (("row", located.rows), ("column", located.columns)):
        if places:
            return f"; they differ in {word}{'s' if len(places) > 1 else ''} {', '.join(map(str, places))}"
    return "; they differ in many entries" if located.many else ""


def called_with(question: FrozenQuestion, outcome: Outcome) -> str:
    """The public inputs of a case, where they fit on a line."""
    case = next(c for c in question.cases if c.name == outcome.case)
    parts = [f"{name}={_show(value)}" for name, value in case.inputs.items()]
    text = ", ".join(parts)
    return text if len(text) <= 160 else ", ".join(f"{n}={_brief(v)}" for n, v in case.inputs.items())


def _show(value: Value) -> str:
    if isinstance(value, np.ndarray):
        return np.array2string(value, separator=", ", precision=4, max_line_width=10_000).replace("\n", "")
    if isinstance(value, list):
        return f"[{', '.join(map(_show, value))}]"
    if isinstance(value, Fixture):
        return f"{value.name}({', '.join(f'{name}={_show(item)}' for name, item in value.args.items())})"
    return repr(value)


def _brief(value: Value) -> str:
    if isinstance(value, list) and any(isinstance(item, (np.ndarray, list, dict)) for item in value):
        return f"[{', '.join(map(_brief, value[:4]))}{', …' * (len(value) > 4)}]"
    if isinstance(value, Fixture):
        return f"{value.name}({', '.join(f'{name}={_brief(item)}' for name, item in value.args.items())})"
    return f"{value.shape} array" if isinstance(value, np.ndarray) and value.size > 6 else _show(value)


def summary(check: Check) -> str:
    """The last line of a check."""
    return f"{score(check)} {caveat(check.launcher.isolation)}"


def score(check: Check) -> str:
    passed = sum(all(o.verdict is Verdict.PASS for o in c.result.outcomes) for c in check.done)
    return counted(passed, len(check.questions))


def counted(passed: int, total: int) -> str:
    return f"Public cases passed: {passed} of {plural(total, 'question')}."


def caveat(isolation: str) -> str:
    """What a check is not."""
    ran = " Your code ran as any program of yours, without a sandbox." if isolation == "none" else ""
    return f"Not the grade: hidden cases count too.{ran}"
