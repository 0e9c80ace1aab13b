"""A check of one's own work: the student's code against the public key, on any system, without layers or torch.

The terminal, pytest and Jupyter all show what is found here, question by question; it is not the grade."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .collect.files import own_files
from .collect.handed import handed_of
from .errors import UsageError
from .judge.score import report, result_of
from .keyfile import load
from .model import (
    PUBLIC_KEY,
    AnswerKey,
    Failure,
    FrozenQuestion,
    Limits,
    QuestionResult,
    Report,
    Response,
    Submission,
    Verdict,
)
from .sandbox.run import Runner
from .sandbox.spawn import Launcher
from .selfcheck import OwnGradient, check_own, own_forward_broken


def find_key(path: Path) -> Path:
    """The public key of the handout that `path` (a file or a folder) lies in. Raises UsageError."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    folder = path if path.is_dir() else path.resolve().parent
    if not (folder / PUBLIC_KEY).is_file():
        raise UsageError(f"no {PUBLIC_KEY} in {folder}; run this in the handout's folder, or get the handout again")
    return folder / PUBLIC_KEY


def open_key(path: Path) -> AnswerKey:
    """Raises UsageError or KeyFileError."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return load(data, str(path))


def own_work(path: Path, key: AnswerKey) -> Submission:
    """The student's work in a handout's folder, or the file that is named, as it is taken where it is graded."""
    return own_files(path, key.file, handed_of(key))


@dataclass(frozen=True)
class QuestionCheck:
    """What was found of one question. `below` are the results of the functions that it may call, as far as they were
    checked before it; `own` says how its gradients compare with the student's own forward."""

    question: FrozenQuestion
    result: QuestionResult
    own: tuple[OwnGradient, ...]
    responses: Mapping[str, Response]
    below: tuple[QuestionResult, ...] = ()

    @property
    def passed(self) -> bool:
        """Every public case is right, and no gradient contradicts the forward that comes back with it."""
        return all(o.verdict is Verdict.PASS for o in self.result.outcomes) and not own_forward_broken(self.own)

    @property
    def unwritten(self) -> bool:
        """The stub as it was handed out, or gone."""
        outcomes = self.result.outcomes
        return bool(outcomes) and all(o.kind == "NotImplementedError" for o in outcomes)


class Check:
    """A submission put to the public cases of a key. Iterate once, or ask for `one` question after another; use as a
    context manager.

    `failure` says why the file did not load: then no question comes. `notes` are complete at the end. Raises
    UsageError for a question that is not there (`only`) and for a submission that cannot be read; iterating raises
    SandboxError for a fault of ours."""

    def __init__(self, key: AnswerKey, submission: Submission, launcher: Launcher, only: Collection[str] = ()) -> None:
        self.key, self.submission, self.launcher = key, submission, launcher
        self.questions = [q for q in key.questions if not only or q.name in only]
        for name in only:
            if all(q.name != name for q in key.questions):
                raise UsageError(_no_question(name, [q.name for q in key.questions]))
        if submission.problem:
            raise UsageError(submission.problem)
        self.runner = Runner(key, submission, launcher, Limits())
        self.done: list[QuestionCheck] = []

    def __enter__(self) -> Check:
        return self

    def __exit__(self, *_: object) -> None:
        self.runner.close()

    def __iter__(self) -> Iterator[QuestionCheck]:
        return self._checked(self.questions)

    def one(self, name: str) -> QuestionCheck | None:
        """One question out of turn, in the same worker; None where the file did not load (see `failure`)."""
        return next(self._checked([q for q in self.questions if q.name == name]), None)

    def _checked(self, questions: Sequence[FrozenQuestion]) -> Iterator[QuestionCheck]:
        for question, responses in self.runner.responses(questions):
            if self.runner.load_failure is not None:
                return
            again = self.runner.once_more([(question, responses)])
            result = result_of(question, again[0][1] if again else responses)
            own = tuple(check_own(self.runner, question, responses, find=True))
            named = {q.name for q in self.key.below(question)}
            below = tuple(c.result for c in self.done if c.question.name in named)
            self.done.append(QuestionCheck(question, result, own, responses, below))
            yield self.done[-1]

    @property
    def failure(self) -> Failure | None:
        return self.runner.load_failure

    @property
    def notes(self) -> tuple[str, ...]:
        return (*self.submission.notes, *self.runner.notes)

    @property
    def passed(self) -> bool:
        """Whether every question that was asked for has been checked, and all are right."""
        return len(self.done) == len(self.questions) and all(c.passed for c in self.done)

    @property
    def report(self) -> Report:
        """The questions checked so far as a Report: of public cases, and not a grade."""
        return report(self.key, self.submission, [c.result for c in self.done], self.launcher.isolation, self.notes)


def _no_question(name: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, 1)
    return f"no question {name!r}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}")
