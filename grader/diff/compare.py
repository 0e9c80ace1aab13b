"""Reports before and after, as a Comparison: students, questions and outcomes that changed. Pure functions.

Distances and messages are not compared: a right answer may come a rounding error nearer, and a message may hold an
address. Everything that earns points or is told with a hint is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import UsageError
from ..model import Outcome, QuestionResult, Verdict
from .reading import Entry, ReportFile

Label = str  # of an outcome: its verdict, its kind, and what was carried; empty where there is none


@dataclass(frozen=True)
class OutcomeChange:
    """One output in one case. Where both labels are equal, another mistake or hint was told."""

    output: str
    case: str
    hidden: bool
    before: Label
    after: Label
    told_before: str = ""
    told_after: str = ""


@dataclass(frozen=True)
class QuestionChange:
    """One question of one student; a maximum of None: it was not, or is no longer, in the assignment."""

    question: str
    before: float | None
    after: float | None
    max_before: float | None
    max_after: float | None
    outcomes: tuple[OutcomeChange, ...]
    given_before: str | None = None  # why a person gave the points; None: they are the grader's
    given_after: str | None = None

    @property
    def moved(self) -> bool:
        return (self.before, self.max_before) != (self.after, self.max_after)


@dataclass(frozen=True)
class Change:
    """One student with a report in both runs. A score of None is ungraded; `notes` are those of the second run."""

    student: str
    before: float | None
    after: float | None
    max_before: float
    max_after: float
    isolation_before: str
    isolation_after: str
    questions: tuple[QuestionChange, ...]
    notes: tuple[str, ...] = ()

    @property
    def direction(self) -> str:
        """up, down, graded (it was ungraded), ungraded (it was graded), or same."""
        if self.before is None or self.after is None:
            return "same" if self.before is self.after else "graded" if self.before is None else "ungraded"
        return "up" if self.after > self.before else "down" if self.after < self.before else "same"

    @property
    def moved(self) -> bool:
        """Whether the score changed, or what it is out of."""
        return self.direction != "same" or self.max_before != self.max_after

    @property
    def isolated_otherwise(self) -> bool:
        return self.isolation_before != self.isolation_after

    @property
    def changed(self) -> bool:
        return self.moved or bool(self.questions) or self.isolated_otherwise


@dataclass(frozen=True)
class Comparison:
    """Two runs. `changes` are the students that differ in anything, sorted; `same` counts the others."""

    assignment: str
    changes: tuple[Change, ...]
    same: int
    only_old: tuple[tuple[str, float | None], ...] = ()  # student and score
    only_new: tuple[tuple[str, float | None], ...] = ()

    @property
    def differs(self) -> bool:
        return bool(self.changes or self.only_old or self.only_new)

    def count(self, direction: str) -> int:
        """Students whose score went up, went down, is `graded` or `ungraded` now."""
        return sum(change.direction == direction for change in self.changes)


def compare(old: ReportFile, new: ReportFile) -> Comparison:
    """What changed from one run to the other. Raises UsageError for two assignments or a damaged question."""
    if old.assignment and new.assignment and old.assignment != new.assignment:
        raise UsageError(f"{old.path} and {new.path} hold reports of two assignments")
    both = sorted(old.entries.keys() & new.entries.keys())
    changes = [_student(old, new, old.entries[name], new.entries[name]) for name in both]
    found = tuple(change for change in changes if change.changed)
    return Comparison(
        new.assignment or old.assignment,
        found,
        len(both) - len(found),
        _alone(old, new),
        _alone(new, old),
    )


def _alone(one: ReportFile, other: ReportFile) -> tuple[tuple[str, float | None], ...]:
    return tuple((name, one.entries[name].score) for name in sorted(one.entries.keys() - other.entries.keys()))


def _student(old: ReportFile, new: ReportFile, a: Entry, b: Entry) -> Change:
    known = set(a.questions) & set(b.questions)  # the same text: nothing changed there
    before = {q.question: q for q in (old.question(a, text) for text in a.questions if text not in known)}
    after = {q.question: q for q in (new.question(b, text) for text in b.questions if text not in known)}
    names = dict.fromkeys([*after, *before])
    questions = tuple(c for name in names if (c := _question(name, before.get(name), after.get(name))))
    return Change(a.student, a.score, b.score, a.max_score, b.max_score, a.isolation, b.isolation, questions, b.notes)


def _question(name: str, a: QuestionResult | None, b: QuestionResult | None) -> QuestionChange | None:
    """None where nothing changed but distances and messages."""
    rows = tuple(_outcomes(a.outcomes if a else (), b.outcomes if b else ()))
    change = QuestionChange(
        name,
        a.score if a else None,
        b.score if b else None,
        a.max_score if a else None,
        b.max_score if b else None,
        rows,
        a.override.reason if a and a.override else None,
        b.override.reason if b and b.override else None,
    )
    return change if rows or change.moved or change.given_before != change.given_after else None


def _outcomes(old: Iterable[Outcome], new: Iterable[Outcome]) -> Iterable[OutcomeChange]:
    before, after = ({(o.output, o.case): o for o in outcomes} for outcomes in (old, new))
    for place in sorted(before.keys() | after.keys()):
        a, b = before.get(place), after.get(place)
        either = b or a
        assert either is not None
        row = OutcomeChange(*place, either.hidden, label(a), label(b), _told(a), _told(b))
        if row.before != row.after or (a and b and row.told_before != row.told_after):
            yield row


def label(outcome: Outcome | None) -> Label:
    """An outcome in a few words: what it earns its points, or loses them, by."""
    if outcome is None:
        return ""
    words = [outcome.verdict.value]
    if outcome.verdict is not Verdict.PASS and outcome.kind:
        words.append(outcome.kind)
    if outcome.carried:
        words.append(f"(carried: {outcome.carried})")
    return " ".join(words)


def _told(outcome: Outcome | None) -> str:
    return "" if outcome is None else ": ".join(part for part in (outcome.mistake, outcome.hint) if part)


def to_json(found: Comparison) -> dict[str, Any]:
    """The comparison as a JSON object."""
    return {
        "assignment": found.assignment,
        "up": found.count("up"),
        "down": found.count("down"),
        "graded": found.count("graded"),
        "ungraded": found.count("ungraded"),
        "unchanged": found.same,
        "only_old": [{"student": name, "score": score} for name, score in found.only_old],
        "only_new": [{"student": name, "score": score} for name, score in found.only_new],
        "changes": [{**asdict(change), "direction": change.direction} for change in found.changes],
    }
