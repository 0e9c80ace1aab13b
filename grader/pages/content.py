"""What stands on a student's page, whatever it is written in: the student's view of a report, and of public cases the
inputs, the answer, what was expected, and where they differ.

It is made of a StudentView and a public key, so that no hidden case can come in here."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from ..excerpt import Excerpt, excerpt
from ..exports.told import honest
from ..feedback.outcome import MISSING, RIGHT, UNWRITTEN, state
from ..judge.judge import wanted
from ..model import AnswerKey, Failure, FrozenCase, FrozenQuestion, Outcome, Response, Verdict
from ..report.advice import BY_ERROR, BY_KIND, advice
from ..report.view import NAME, CaseView, QuestionView, StudentView
from ..text import clean_text
from .values import Heat, about, heat, text, two_texts, value_of

NEXT = 3  # questions that are told of under "what to try next"
UNSEEN = (
    "the public cases agree, so think of inputs that they leave out: one row, large or negative numbers, ties, "
    "other shapes"
)


@dataclass(frozen=True)
class Shown:
    """A named value as text; `about` tells its shape."""

    name: str
    text: str
    about: str = ""


@dataclass(frozen=True)
class OutputShown:
    """One output in one public case."""

    view: CaseView
    answer: Shown | None = None
    expected: Shown | None = None
    heat: Heat | None = None
    tip: str = ""  # the hint, or what to try

    @property
    def right(self) -> bool:
        return self.view.verdict is Verdict.PASS


@dataclass(frozen=True)
class CaseShown:
    """One public case. `raises`: the exception that is asked for."""

    name: str
    inputs: tuple[Shown, ...]
    outputs: tuple[OutputShown, ...]
    raises: str = ""

    @functools.cached_property
    def right(self) -> bool:
        return all(output.right for output in self.outputs)


@dataclass(frozen=True)
class QuestionShown:
    view: QuestionView
    public: tuple[CaseShown, ...]
    hidden: tuple[CaseView, ...]  # one for each case and output
    tip: str = ""  # the first thing to try
    known: bool = True  # whether inputs and expected values are at hand

    @functools.cached_property
    def state(self) -> tuple[str, str, str]:
        """What became of it: a word, a sign and a class."""
        return state(self.view)

    @property
    def bare(self) -> bool:
        """Whether there is no code of which more could be told."""
        return self.state in (UNWRITTEN, MISSING)


@dataclass(frozen=True)
class Content:
    """A student's page. `lacks`: why there are no words and answers on it, where there should be."""

    view: StudentView
    questions: tuple[QuestionShown, ...]
    honest: str
    lacks: str = ""

    @property
    def next(self) -> list[QuestionShown]:
        """The first questions to go on with."""
        return self.open[:NEXT]

    @property
    def open(self) -> list[QuestionShown]:
        """All that there is something to try for."""
        return [q for q in self.questions if q.tip and q.state != RIGHT]


class Public:
    """The public cases of a key, ready to be shown: one for all students, or for each with a key of their own.
    Raises ValueError for a key that is not public."""

    def __init__(self, key: AnswerKey) -> None:
        if not key.public:
            raise ValueError("only a public key may be shown")
        self.questions = {_name(q.name): q for q in key.questions}
        self.cases = {(_name(q.name), _name(c.name)): c for q in key.questions for c in q.cases}
        self.inputs = {at: tuple(_inputs(case)) for at, case in self.cases.items()}
        self._expected = dict[tuple[str, ...], Excerpt | None]()

    def expected(self, case: FrozenCase, question: str, output: str, taken: tuple[str, ...]) -> Excerpt | None:
        """An excerpt of what was expected, under the conventions that were taken."""
        at = (question, case.name, output, *taken)
        if at not in self._expected:
            there = output in case.expected and not self.questions[question].predicate
            self._expected[at] = excerpt(wanted(case, output, taken)) if there else None
        return self._expected[at]


def content(view: StudentView, public: Public | None, lacks: str = "") -> Content:
    """A student's page from the view of their report and the public cases that they may look at."""
    lost = any(c.verdict is not Verdict.PASS and not c.hidden for q in view.questions for c in q.cases)
    questions = tuple(_question(q, public) for q in view.questions)
    return Content(view, questions, honest(view), clean_text(lacks, 300, lines=False) if lost else "")


def _question(q: QuestionView, public: Public | None) -> QuestionShown:
    frozen = public.questions.get(q.question) if public else None
    names = dict.fromkeys(c.case for c in q.cases if not c.hidden)
    cases = []
    for name in names:
        outputs = [c for c in q.cases if c.case == name and not c.hidden]
        case = public.cases.get((q.question, name)) if public else None
        if public is None or frozen is None or case is None:
            cases.append(CaseShown(name, (), tuple(OutputShown(c, tip=c.hint) for c in outputs)))
            continue
        made = tuple(_output(c, frozen, case, public, q) for c in outputs)
        cases.append(CaseShown(name, public.inputs[q.question, name], made, case.raises or ""))
    hidden = tuple(c for c in q.cases if c.hidden)
    tip = _tip(cases, hidden)
    return QuestionShown(q, tuple(cases), hidden, tip[:1].upper() + tip[1:], frozen is not None)


def _output(c: CaseView, frozen: FrozenQuestion, case: FrozenCase, public: Public, q: QuestionView) -> OutputShown:
    expected = public.expected(case, q.question, c.output, q.convention)
    if c.answer is None:
        right = Shown(c.output, text(expected), about(expected)) if expected else None
        return OutputShown(c, None, right, None, _advice(c, frozen, case))
    texts = two_texts(c.answer, expected)
    answer = Shown(c.output, texts[0], about(c.answer))
    right = Shown(c.output, texts[1], about(expected)) if expected else None
    found = heat(c.answer, expected, case.bounds.get(c.output, {})) if c.kind in ("wrong value", "not finite") else None
    return OutputShown(c, answer, right, found, _advice(c, frozen, case))


def _advice(c: CaseView, frozen: FrozenQuestion, case: FrozenCase) -> str:
    if c.verdict is Verdict.PASS or c.hint:
        return c.hint
    outcome = Outcome(frozen.name, case.name, False, c.output, c.verdict, c.kind, c.distance, c.message)
    if c.answer is not None:
        return advice(frozen, case, outcome, Response({c.output: value_of(c.answer)}))
    if c.kind == "not written yet" or not c.message:  # no words, so no advice that rests on them
        return ""
    return advice(frozen, case, outcome, Response(failure=Failure(c.verdict, c.kind, c.message)))


def _tip(cases: list[CaseShown], hidden: tuple[CaseView, ...]) -> str:
    """The first thing to try: a hint, else advice on a public case, else on the kind of a hidden one."""
    wrong = [o for case in cases for o in case.outputs if not o.right]
    missed = [c for c in hidden if c.verdict is not Verdict.PASS]
    if any(c.kind == "not written yet" for c in [*(o.view for o in wrong), *missed]):
        return "write it: it still raises NotImplementedError"
    tips = [c.hint for c in [*(o.view for o in wrong), *missed] if c.hint] + [o.tip for o in wrong if o.tip]
    if tips:
        return tips[0]
    kinds = [c.kind for c in [*(o.view for o in wrong), *missed] if c.verdict is not Verdict.UNGRADED]
    known = [BY_KIND.get(kind) or BY_ERROR.get(kind) or "" for kind in kinds]
    return next(filter(None, known), UNSEEN if missed and kinds and not wrong else "")


def _inputs(case: FrozenCase) -> list[Shown]:
    found = []
    for name, value in case.inputs.items():
        part = excerpt(value)
        found.append(Shown(_name(name), text(part), about(part)))
    return found


def _name(name: str) -> str:
    """As the student's view has it."""
    return clean_text(name, NAME, lines=False)
