"""The nouns of the project, as frozen records. Everything else is a function from some of these to others."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]
else:
    Array = Any  # NumPy is not imported for a name

# What may travel on the wire and stand in a key: arrays, numbers, strings, None, Fixtures,
# and lists and dicts of these.
Value = Any

PUBLIC_KEY = "public.key"  # the file that travels with a handout


class Verdict(StrEnum):
    """What became of one output in one case. Only PASS earns points; UNGRADED: no mark, a person must look."""

    PASS = "PASS"
    FAIL = "FAIL"  # an answer came and it is wrong
    ERROR = "ERROR"  # the student's code raised, crashed or did not load
    TIMEOUT = "TIMEOUT"
    MEMORY = "MEMORY"
    MISSING = "MISSING"  # the function is not there
    UNGRADED = "UNGRADED"  # our machine failed, or the files could not be taken in


@dataclass(frozen=True)
class Fixture:
    """A value that is no data (a callable, a model), built by `name(**args)` from the public fixtures.py."""

    name: str
    args: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Output:
    """One thing that a question asks for."""

    name: str
    points: float
    wrt: str | None = None  # the argument that it is the gradient with respect to, if it is a gradient
    kind: str = "array"  # "array" (numbers count as arrays), "text", "none", "list" or "dict"


@dataclass(frozen=True)
class Step:
    """One action on the student's code: a function, or a class in steps.

    kind: "function" | "new" | "call" | "get"; target: the function, class, method or attribute;
    takes: names of inputs, in order; gives: names of outputs, in order; by: a harness of the public fixtures.py,
    called in the target's place with the student's module and these inputs."""

    kind: str
    target: str
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    by: str = ""

    @property
    def row(self) -> tuple[str, str, tuple[str, ...], tuple[str, ...], str]:
        """As it travels: on the wire and in a key."""
        return self.kind, self.target, self.takes, self.gives, self.by


@dataclass(frozen=True)
class Bound:
    """How far an answer may lie from the expected value e: |a - e| <= atol + rtol * |e|."""

    rtol: float
    atol: float


@dataclass(frozen=True)
class FrozenCase:
    """One call with its answer, after the reference has run."""

    name: str
    hidden: bool
    inputs: Mapping[str, Value]
    expected: Mapping[str, Value]  # output -> value; empty where `raises` is set
    bounds: Mapping[str, Mapping[str, Bound]]  # output -> dtype of the answer -> tolerance
    raises: str | None = None  # name of a built-in exception
    kink: bool = False  # not differentiable here: graded by value, the direction check skips it
    cotangent: Mapping[str, Value] = field(default_factory=dict)  # forward output -> weights, for d<name>
    anchor: Value = None  # what the forward gives, where only its gradient is asked for
    conventions: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # accepted -> output -> value
    mistakes: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # private key only
    terms: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)  # term -> output -> part; private
    kept: Mapping[str, Value] = field(default_factory=dict)  # what a predicate alone sees: never sent to a worker


@dataclass(frozen=True)
class MistakeNote:
    """A declared mistake: its name, the hint that it earns, and its row in the taxonomy."""

    name: str
    hint: str
    code: str = ""


@dataclass(frozen=True)
class OwnForward:
    """Which question holds the forward of a gradient that is a function of its own, and what it fixes."""

    question: str
    fixed: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class FrozenQuestion:
    """A question as it is graded: what to call, what must come back, and what it is worth."""

    name: str
    title: str
    params: tuple[str, ...]
    outputs: tuple[Output, ...]
    steps: tuple[Step, ...]
    cases: tuple[FrozenCase, ...]
    seconds: float | None = None  # the author's own time limit
    forward: OwnForward | None = None
    conventions: tuple[str, ...] = ()
    mistakes: tuple[MistakeNote, ...] = ()
    calls: tuple[str, ...] = ()  # functions of the student's own that this one builds on
    carry: float = 0.0  # share of its points that it earns where it is right but for a wrong one of those
    predicate: str = ""  # source of the function that marks `parts`, where this is a property
    parts: tuple[Output, ...] = ()  # what the steps give, where a predicate marks it

    @property
    def points(self) -> float:
        return sum(output.points for output in self.outputs)

    @property
    def returned(self) -> tuple[Output, ...]:
        """What the steps give: the outputs, or the parts that a predicate marks."""
        return self.parts or self.outputs

    @property
    def targets(self) -> tuple[str, ...]:
        """The student's functions and classes that the steps call."""
        return tuple(dict.fromkeys(s.target for s in self.steps if s.kind in ("function", "new")))


@dataclass(frozen=True)
class AnswerKey:
    """All that is needed to grade an assignment. `public` keys hold no hidden case and no mistake."""

    assignment: str
    title: str
    file: str  # the file that the student hands in
    library: str  # "numpy" or "torch"
    questions: tuple[FrozenQuestion, ...]
    provenance: Mapping[str, str]
    fixtures: str = ""  # source of the public fixtures.py
    public: bool = False
    per_student: bool = False  # whether each student's hidden cases are drawn from a seed of their own
    student: str = ""  # whose key this is, if so
    handed: tuple[str, ...] = ()  # digests of what was handed out (collect/handed.py), in a public key

    @property
    def points(self) -> float:
        return sum(question.points for question in self.questions)

    def below(self, question: FrozenQuestion) -> tuple[FrozenQuestion, ...]:
        """The questions that a question may call, directly or through others, in the key's order."""
        named, found, todo = {q.name: q for q in self.questions}, set[str](), list(question.calls)
        while todo:
            name = todo.pop()
            if name in named and name not in found:
                found.add(name)
                todo += named[name].calls
        return tuple(q for q in self.questions if q.name in found)


@dataclass(frozen=True)
class SourceFile:
    """One file of a submission: a name relative to it, and its bytes, never looked into on this side."""

    name: str
    data: bytes

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Submission:
    """What one student handed in.

    `problem` says why it was not run: UNGRADED, for a person to look at; or, where the student handed in no
    program at all (`empty`), MISSING."""

    student: str
    files: tuple[SourceFile, ...] = ()
    main: str = ""
    problem: str = ""
    empty: bool = False
    notes: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(len(file.data) for file in self.files)


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Seconds are wall-clock; `question` may be overridden by an author."""

    question: float = 10.0
    submission: float = 60.0
    memory: int = 2 << 30  # bytes of address space; torch assignments get twice as much
    output: int = 64 << 10  # bytes of printed text that are kept
    restarts: int = 5  # fresh processes per question after crashes

    def __post_init__(self) -> None:
        if not (self.question > 0 and self.submission > 0):
            raise ValueError("limits must be positive")


@dataclass(frozen=True)
class Failure:
    """Why no value came back. `kind` is from a fixed vocabulary and is safe to show for a hidden case."""

    verdict: Verdict
    kind: str
    message: str = ""  # may hold student text, cleaned; shown for public cases only
    file: str = ""  # the student's file that raised, by its own account; of public cases only
    line: int = 0  # and its line; 0 where it is not known


@dataclass(frozen=True)
class Response:
    """What the student's code gave for one case: values by output, and for the rest one failure."""

    values: Mapping[str, Value] = field(default_factory=dict)
    failure: Failure | None = None
    raised: tuple[str, ...] = ()  # built-in exceptions that the raised one is an instance of
    modified: tuple[str, ...] = ()  # inputs that were changed in place
    printed: str = ""
    again: Mapping[str, Value] | None = None  # values of the same call made once more, after the other cases


@dataclass(frozen=True)
class Outcome:
    """The verdict on one output in one case. `kind` and `hint` alone may be shown for a hidden case."""

    question: str
    case: str
    hidden: bool
    output: str
    verdict: Verdict
    kind: str = ""  # fixed vocabulary: "wrong value", "wrong shape", "property does not hold", "time limit", …
    distance: float | None = None  # largest error in units of the tolerance
    message: str = ""
    hint: str = ""
    mistake: str = ""
    carried: str = ""  # own functions that the reference answered; then right: earns the question's share
    answer: Mapping[str, Any] | None = None  # what came (excerpt.py); only of a run on public cases alone


@dataclass(frozen=True)
class Override:
    """Points that a person gave a question in place of the grader's, and why."""

    points: float
    reason: str
    when: str  # UTC, ISO 8601
    graded: float | None = None  # what the grader gives; None: ungraded


@dataclass(frozen=True)
class QuestionResult:
    """All outcomes of one question and what they earn. `score` is None where something is UNGRADED."""

    question: str
    score: float | None
    max_score: float
    outcomes: tuple[Outcome, ...]
    convention: tuple[str, ...] = ()  # accepted conventions that the answers follow
    notes: tuple[str, ...] = ()  # what was said while the student's file was loaded
    override: Override | None = None  # then `score` is that of a person


@dataclass(frozen=True)
class Report:
    """The grade of one student, with all that it rests on."""

    assignment: str
    student: str
    score: float | None
    max_score: float
    status: str  # "graded" or "ungraded"
    questions: tuple[QuestionResult, ...]
    isolation: str
    provenance: Mapping[str, str]
    notes: tuple[str, ...] = ()
