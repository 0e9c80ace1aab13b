"""Keys for many students of an assignment whose hidden cases are drawn per student.

Each question is frozen for a group of students at once. Every draw that is written is audited: each declared mistake
is failed by one of its hidden cases, or the question is drawn again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from ..author import Cased, Question
from ..author.source import Source, draw_from, read_source, student_seed
from ..course import Course
from ..errors import AuthorError, UsageError
from ..judge import judge
from ..judge.compare import compare
from ..model import AnswerKey, FrozenCase, FrozenQuestion, Response, Verdict
from .freezer import fingerprint, freeze, frozen_question
from .together import StudentFreezer, Told, prepare

CHUNK = 128  # students at a time
REDRAWS = 4  # of a question in which a mistake survives


def surviving(question: FrozenQuestion) -> list[str]:
    """Declared mistakes that pass every hidden case, judged as if a student had answered them."""
    hidden = [case for case in question.cases if case.hidden and case.raises is None]

    def answers(name: str, cases: Sequence[FrozenCase]) -> dict[str, Response]:
        return {c.name: Response({**c.expected, **c.mistakes.get(name, {})}) for c in cases}

    def wrong_anyhow(name: str, case: FrozenCase) -> bool:
        """Whether an output is wrong by the reference and by each convention: then it is, whichever is taken."""
        for output, answer in case.mistakes.get(name, {}).items():
            right = [case.expected[output], *(c[output] for c in case.conventions.values() if output in c)]
            rows = case.bounds.get(output, {})
            if not any(compare(output, answer, value, rows, parts=case.bounds).right for value in right):
                return True
        return False

    def caught(name: str) -> bool:
        if any(wrong_anyhow(name, case) for case in hidden):
            return True
        if any(case.hidden and case.raises is not None and name in case.mistakes for case in question.cases):
            return True  # it answers where it must raise
        asked = tuple(case for case in question.cases if case.raises is None)
        outcomes, _ = judge(replace(question, cases=asked), answers(name, asked), told=False)
        return any(o.verdict is Verdict.FAIL and o.hidden for o in outcomes)

    return [note.name for note in question.mistakes if not caught(note.name)]


def freeze_students(
    course: Course,
    name: str,
    students: Sequence[str],
    device: str = "cpu",
    base: AnswerKey | None = None,
    told: Told | None = None,
    batched: bool = True,
) -> Iterator[AnswerKey]:
    """The key of each student, in order. `base` is the course's own key, frozen here where it is not given.

    Raises AuthorError where a student's draw is refused REDRAWS times over: the reference does not hold for it, or
    a declared mistake passes all of its hidden cases; UsageError where hidden cases are not drawn per student."""
    source, told = read_source(course, name), Told() if told is None else told
    if not source.assignment.per_student:
        raise UsageError(f"{name} has one draw of hidden cases for all; write Assignment(..., per_student=True)")
    if base is None or base.provenance.get("sources") != course.source_digest(name, device):
        base = freeze(course, name, device)
    for start in range(0, len(students), CHUNK):
        yield from _freeze_chunk(source, base, students[start : start + CHUNK], device, told, batched)


def _freeze_chunk(
    source: Source, base: AnswerKey, students: Sequence[str], device: str, told: Told, batched: bool
) -> Iterator[AnswerKey]:
    made: dict[str, list[FrozenQuestion]] = {student: [] for student in students}
    redrawn: dict[str, list[str]] = {student: [] for student in students}
    for q, frozen in zip(source.assignment.questions, base.questions, strict=True):
        shared = {case.name: case for case in frozen.cases}
        pending, again = list(made), 0
        while pending:
            done, refused = _freeze_question(source, q, shared, pending, again, device, told, batched)
            for student, question in done.items():
                made[student].append(question)
                redrawn[student] += [f"{q.name} {again}"] if again else []
            if refused and again == REDRAWS:
                student, error = next(iter(refused.items()))
                text = f"{error.what} ({again + 1} draws of hidden cases for student {student!r} were refused)"
                raise AuthorError(text, error.mend, error.file, error.line)
            told.redrawn.update({q.name: told.redrawn.get(q.name, 0) + len(refused)} if refused else {})
            pending, again = list(refused), again + 1
    for student in made:
        about = {"draw": fingerprint(student_seed(source.secret, student))}
        about |= {"redrawn": ", ".join(redrawn[student])} if redrawn[student] else {}
        yield replace(base, questions=tuple(made[student]), provenance={**base.provenance, **about}, student=student)


def _freeze_question(
    source: Source,
    q: Cased,
    shared: Mapping[str, FrozenCase],
    students: Sequence[str],
    again: int,
    device: str,
    told: Told,
    batched: bool,
) -> tuple[dict[str, FrozenQuestion], dict[str, AuthorError]]:
    """One question for these students: frozen and audited, or why its draw is refused."""
    done: dict[str, FrozenQuestion] = {}
    refused: dict[str, AuthorError] = {}
    freezers: dict[str, StudentFreezer] = {}
    for student in students:
        secret = student_seed(source.secret, student, again)
        try:
            own = replace(source, secret=secret, cases={q.name: draw_from(source, q, secret)})
            if isinstance(q, Question):
                freezers[student] = StudentFreezer(own, q, device, shared)
            else:
                done[student] = frozen_question(own, q, device)  # a property: one at a time
        except AuthorError as error:
            refused[student] = error
    if not isinstance(q, Question):
        return done, refused
    if batched:
        prepare(list(freezers.values()), told)
    for student, freezer in freezers.items():
        try:
            question = freezer.question()
        except AuthorError as error:
            refused[student] = error
            continue
        if lost := surviving(question):
            refused[student] = q.where.refuse(
                f"{q.name}: no hidden case fails the mistake {lost[0]}", "Add a hidden case that fails it in every draw"
            )
        else:
            done[student] = question
    return done, refused
