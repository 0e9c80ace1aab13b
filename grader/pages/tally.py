"""What is counted over a cohort while its reports pass by, one at a time: only numbers and names are kept."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..model import Outcome, Override, QuestionResult, Report, Verdict
from ..records import Row
from ..text import clean_text

BINS = 10
WHY = 300  # characters of a reason
SLOW = 1.0  # seconds


@dataclass
class QuestionTally:
    """One question. `passed` of `outcomes` are right; `runs` are the submissions whose seconds are kept."""

    question: str
    points: float
    full: int = 0
    part: int = 0
    none: int = 0
    ungraded: int = 0
    passed: int = 0
    outcomes: int = 0
    scores: float = 0.0
    runs: int = 0
    slow: int = 0  # of them took longer than SLOW
    longest: float = 0.0

    @property
    def graded(self) -> int:
        return self.full + self.part + self.none

    def add(self, q: QuestionResult) -> None:
        if q.score is None:
            self.ungraded += 1
            return
        self.full += q.score >= q.max_score
        self.none += q.score <= 0 < q.max_score
        self.part = self.part + (0 < q.score < q.max_score)
        self.scores += q.score
        self.passed += sum(o.verdict is Verdict.PASS for o in q.outcomes)
        self.outcomes += len(q.outcomes)

    def time(self, seconds: float | None) -> None:
        if seconds is not None:
            self.runs += 1
            self.slow += seconds > SLOW
            self.longest = max(self.longest, seconds)


@dataclass(frozen=True)
class Named:
    """A mistake that has a name, and how many students made it. `number` is how a row of the table refers to it."""

    number: int
    question: str
    mistake: str
    hint: str


@dataclass(frozen=True)
class Given:
    """Points that a person gave."""

    student: str
    question: str
    override: Override


@dataclass
class Tally:
    """A cohort in numbers."""

    questions: dict[str, QuestionTally]
    scores: array[float] = field(default_factory=lambda: array("d"))
    seconds: array[float] = field(default_factory=lambda: array("d"))  # of each submission that was run
    full: float = 0.0  # points
    students: int = 0
    ungraded: list[tuple[str, str]] = field(default_factory=list)  # student and why
    named: dict[tuple[str, str], Named] = field(default_factory=dict)
    made: Counter[int] = field(default_factory=Counter)  # students by number of a mistake
    given: list[Given] = field(default_factory=list)
    isolations: Counter[str] = field(default_factory=Counter)
    provenances: Counter[tuple[tuple[str, str], ...]] = field(default_factory=Counter)

    @classmethod
    def of(cls, questions: Sequence[str], points: Sequence[float]) -> Tally:
        return cls({name: QuestionTally(name, most) for name, most in zip(questions, points, strict=True)})

    def add(self, report: Report, row: Row) -> list[int]:
        """Count a report and its row; the numbers of the mistakes that the student made."""
        self.students += 1
        self.full = report.max_score
        if report.score is None:
            why = "; ".join(report.notes) or "see reports.jsonl"
            self.ungraded.append((report.student, clean_text(why, WHY, lines=False)))
        else:
            self.scores.append(report.score)
        if row.seconds:
            self.seconds.append(sum(row.seconds.values()))
        self.isolations[report.isolation] += 1
        self.provenances[tuple(sorted(report.provenance.items()))] += 1
        mistakes = dict[int, None]()
        for q in report.questions:
            if q.override:
                self.given.append(Given(report.student, q.question, q.override))
            if (found := self.questions.get(q.question)) is not None:
                found.add(q)
                found.time(row.seconds.get(q.question))
            mistakes.update((self._number(q.question, o), None) for o in q.outcomes if o.mistake)
        self.made.update(list(mistakes))
        return list(mistakes)

    def _number(self, question: str, outcome: Outcome) -> int:
        at = (question, outcome.mistake)
        if at not in self.named:
            self.named[at] = Named(len(self.named), question, outcome.mistake, outcome.hint)
        return self.named[at].number

    def commonest(self) -> list[tuple[Named, int]]:
        """Mistakes by the number of students, the commonest first."""
        found = [(one, self.made[one.number]) for one in self.named.values()]
        return sorted(found, key=lambda pair: (-pair[1], pair[0].number))

    def bins(self) -> list[int]:
        """How many scores lie in each tenth of the points; full marks are in the last."""
        counts = [0] * BINS
        for score in self.scores:
            counts[min(BINS - 1, int(BINS * max(score, 0.0) / self.full)) if self.full > 0 else 0] += 1
        return counts
