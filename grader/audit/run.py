"""Is this assignment safe to grade with? Right solutions get full marks and the untouched stub none; every wrong
answer that we can think of is failed by a hidden case; and the tolerance has room on both sides."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import torch

from ..author import Question, Where
from ..author.source import Source, read_source
from ..course import Course
from ..errors import UsageError
from ..judge import judge
from ..judge.diagnose import rows_of
from ..model import AnswerKey, FrozenQuestion, Limits, Report, Response, SourceFile, Submission, Verdict
from ..mutants import mutants
from ..pipeline import grade
from ..sandbox.spawn import Launcher
from .noise import cuda_there, measure
from .probes import weak_probes
from .records import ACCEPTED, CAUGHT, DEAD, EQUAL, MISTAKE_ROOM, NOISE_ROOM, SURVIVES, Audit, Room, Wrong
from .trials import REDRAWN, axes_of, disagreements
from .vacuity import vacuous, wrong_answers
from .variants import Bench, Values
from .wrong import FLOAT16, ITEM, RULES, Fare, by_rule, fare, generic, right

MODEL = "model.py"
Say = Callable[[str], None]


def audit(
    course: Course, key: AnswerKey, launcher: Launcher, limits: Limits, device: str = "cpu", say: Say = lambda _: None
) -> Audit:
    """Audit a frozen assignment. Raises SandboxError for a fault of ours, AuthorError for one of the author's."""
    torch.set_num_threads(1)  # on tensors this small, threads cost more than they save
    found = Audit(key.assignment)
    source = read_source(course, key.assignment)
    if not cuda_there():
        found.not_run.append("CPU against CUDA: no CUDA device here")
    for number, question in enumerate(key.questions, 1):
        say(f"auditing {question.name} ({number} of {len(key.questions)})")
        hidden = sum(case.hidden for case in question.cases)
        found.cases[question.name] = (len(question.cases) - hidden, hidden)
        written = next(q for q in source.assignment.questions if q.name == question.name)
        if isinstance(written, Question):
            _question(found, source, written, question, device)
        else:
            _property(found, question)
    say("running the solutions")
    _solutions(found, course, key, launcher, limits)
    return found


def _question(found: Audit, source: Source, written: Question, frozen: FrozenQuestion, device: str) -> None:
    bench = Bench(source, written, frozen, device)
    excuses = _Excuses(written)
    wrongs = [excuses.on(wrong) for wrong in _wrong_answers(bench)]
    found.wrong += wrongs
    found.problems += [
        f"{w.question}: {w.name}{f' ({w.where})' if w.where else ''} survives every hidden case; {_remedy(w.kill)}"
        for w in wrongs
        if w.status == SURVIVES and not w.excuse
    ]
    for how, count in bench.proofs().items():
        found.proofs[how] = found.proofs.get(how, 0) + count
    noise = measure(source, written, frozen, device)
    rooms = [
        replace(
            room,
            excuse=excuses.reason(f"room of {room.output}", not room.enough64),
            excuse32=excuses.reason(f"float32 room of {room.output}", not room.enough32),
        )
        for room in _rooms(frozen, noise, wrongs)
    ]
    found.rooms += rooms
    for room in rooms:
        found.problems += [f"{room.question}.{room.output}: {text}" for text in _no_room(room)]
    found.weak += [f"{frozen.name}: {phrase}" for phrase in weak_probes(frozen, axes_of(written), bench.calls())]
    found.problems += disagreements(source, written, frozen)
    found.problems += [
        f"{frozen.name}: the accepted convention {name!r} never differs from the reference; take it out, or add a case"
        for name in frozen.conventions
        if not _differs(frozen, name)
    ]
    found.problems += excuses.unused()


def _remedy(kill: str) -> str:
    """What to do about a survivor; `kill` is the input that tells it apart, in words."""
    if not kill:
        return "add a hidden case that fails it, or take it out"
    if kill.endswith(REDRAWN):
        return f"{kill.removesuffix(REDRAWN)} fails it in other draws: fix the numbers there that matter"
    return f"add a hidden case such as {kill}"


def _property(found: Audit, frozen: FrozenQuestion) -> None:
    """A property that asks for nothing gives points away."""
    found.problems += vacuous(frozen)
    for w in wrong_answers(frozen):
        status = CAUGHT if w.rejected else ACCEPTED if w.accepted else EQUAL
        name = f"{w.way}: {w.part or 'every call'}"
        found.wrong.append(
            Wrong(frozen.name, name, "property", status, hidden=len(w.rejected), public=len(w.public), output=w.part)
        )


class _Excuses:
    """The author's reasons to pass over findings; one that nothing needs is a problem itself."""

    def __init__(self, question: Question) -> None:
        self.question, self.used = question, set[str]()

    def reason(self, what: str, needed: bool) -> str:
        if not needed or what not in self.question.excuses:
            return ""
        self.used.add(what)
        return self.question.excuses[what][0]

    def on(self, wrong: Wrong) -> Wrong:
        return replace(wrong, excuse=self.reason(wrong.name, wrong.status == SURVIVES))

    def unused(self) -> list[str]:
        return [
            f"{_at(where)}: {self.question.name} needs no excuse for {what!r}; take it out"
            for what, (_, where) in self.question.excuses.items()
            if what not in self.used
        ]


def _at(where: Where) -> str:
    return f"{where.file}:{where.line}"


# -- wrong answers -------------------------------------------------------------------------------------------


def _wrong_answers(bench: Bench) -> Iterator[Wrong]:
    frozen = bench.frozen
    for variant in bench.question.mistakes:
        answers = right(frozen)
        for case in frozen.cases:
            if case.raises is None or variant.name in case.mistakes:
                answers[case.name] = Response({**case.expected, **case.mistakes.get(variant.name, {})})
        raising = bench.raising(variant.forward) if variant.forward is not None else None
        wrong = Wrong(frozen.name, variant.name, "declared", "", variant.code)
        yield _judged(bench, wrong, answers, bench.of_variant(variant), raising)
    for g in generic(frozen):
        name = f"{g.name}: {g.output}" if g.output else g.name
        compare = _rule(g.name, g.output) if g.name in (*RULES, ITEM) else None
        yield _judged(bench, Wrong(frozen.name, name, "generic", "", g.code, output=g.output), g.answers, compare)
    for index, word in ((-1, "last"), (0, "first")):
        if (alone := bench.one_example(index)) is not None:
            name = f"{word} example alone"
            compare = lambda case, values, index=index: bench.one_row(case, values, index) or {}  # noqa: E731
            yield _judged(bench, Wrong(frozen.name, name, "generic", "", "M13"), alone, compare)
    for mutant in mutants(bench.question, bench.package):
        where = f"{Path(mutant.file).name}:{mutant.line}"
        wrong = Wrong(frozen.name, mutant.label, "mutant", "", "M15" if mutant.kind == "detach" else "M16", where)
        answers = bench.answers(mutant.forward)
        judged = _judged(bench, wrong, answers, bench.of_forward(mutant.forward), bench.raising(mutant.forward))
        if judged.status in (SURVIVES, EQUAL) and not judged.kill and (mutant.inert or not mutant.reached):
            judged = replace(judged, status=DEAD)
        yield judged


def _rule(name: str, output: str) -> Callable[..., Values | None]:
    return lambda case, values: {output: by_rule(name, values[output], rows_of(case.inputs))}


def _judged(
    bench: Bench,
    wrong: Wrong,
    answers: Mapping[str, Response],
    compare: Callable[..., Values | None] | None,
    raising: Callable[..., object] | None = None,
) -> Wrong:
    f: Fare = fare(bench.frozen, answers)
    if f.hidden:
        return replace(
            wrong,
            status=CAUGHT,
            hidden=f.hidden,
            public=f.public,
            output=wrong.output or f.output,
            distance=f.distance,
            distance32=f.distance32,
        )
    other = (0, "one that returns other values than the first case")
    tried, kill = bench.tell_apart(compare, raising) if compare else other
    equal = not kill and wrong.kind != "declared"
    return replace(wrong, status=EQUAL if equal else SURVIVES, public=f.public, tried=tried, kill=kill)


# -- room ----------------------------------------------------------------------------------------------------


def _rooms(frozen: FrozenQuestion, noise: dict[str, dict[str, float]], wrongs: list[Wrong]) -> Iterator[Room]:
    for output in frozen.outputs:
        if not noise[output.name]:
            continue
        near = [w for w in wrongs if w.status == CAUGHT and w.output == output.name]
        half = f"{FLOAT16}: {output.name}"
        single = any(c.bounds[output.name]["float64"].rtol > 1e-5 for c in frozen.cases if output.name in c.bounds)
        first = min((w for w in near if not (single and w.name == half)), key=lambda w: w.distance, default=None)
        second = min((w for w in near if w.name != half), key=lambda w: w.distance32, default=None)
        yield Room(
            frozen.name,
            output.name,
            noise[output.name],
            first.distance if first else math.inf,
            first.name if first else "",
            second.distance32 if second else math.inf,
            second.name if second else "",
        )


def _no_room(room: Room) -> Iterator[str]:
    """What is too little, in either dtype, and not excused."""
    for near, name, dtype, excuse in (
        (room.nearest, room.nearest_name, "float64", room.excuse),
        (room.nearest32, room.nearest32_name, "float32", room.excuse32),
    ):
        noise = room.noise_of(dtype == "float32")
        worst = max(noise, key=lambda kind: noise[kind], default="")
        if worst and noise[worst] > NOISE_ROOM and not excuse:
            yield (
                f"right answers stray to {noise[worst]:.2g} of the tolerance ({worst}), more than {NOISE_ROOM:g}; "
                "choose inputs that are better conditioned"
            )
        if near < MISTAKE_ROOM and not excuse:
            yield (
                f"the nearest wrong answer in {dtype} ({name}) is {near:.2g} tolerances away, less than "
                f"{MISTAKE_ROOM:g}; choose a hidden case that shows it better"
            )


# -- solutions -----------------------------------------------------------------------------------------------


def _solutions(found: Audit, course: Course, key: AnswerKey, launcher: Launcher, limits: Limits) -> None:
    folder = course.reference(key.assignment) / "solutions"
    files = sorted(folder.glob("*.py"))
    if not any(path.name == MODEL for path in files):
        found.problems.append(f"{folder / MODEL} is missing: a solution that must get full marks")
    for path in files:
        result = _grade(key, path, launcher, limits)
        found.solutions.append(result)
        if result.score != result.max_score:
            found.problems.append(f"{path} gets {_points(result.score)} of {_points(result.max_score)}: {_why(result)}")
    stub = course.handout(key.assignment) / key.file
    found.stub = _grade(key, stub, launcher, limits)
    if found.stub.score != 0:
        found.problems.append(f"{stub}, untouched, gets {_points(found.stub.score)} points; it must get 0")


def _differs(question: FrozenQuestion, convention: str) -> bool:
    """Whether an answer in this convention would fail without it, in some case."""
    strict = replace(question, conventions=())
    answers = {c.name: Response({**c.expected, **c.conventions.get(convention, {})}) for c in question.cases}
    raising = {case.name for case in question.cases if case.raises is not None}
    return any(o.verdict is Verdict.FAIL for o in judge(strict, answers, told=False)[0] if o.case not in raising)


def _grade(key: AnswerKey, path: Path, launcher: Launcher, limits: Limits) -> Report:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return grade(key, Submission(path.stem, (SourceFile(key.file, data),), key.file), launcher, limits)


def _points(score: float | None) -> str:
    return "nothing" if score is None else f"{score:g}"


def _why(report: Report) -> str:
    for question in report.questions:
        for o in question.outcomes:
            if o.verdict is not Verdict.PASS:
                return f"{o.question}, case {o.case!r}: {o.message or o.kind}"
    return "no outcome"
