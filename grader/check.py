"""`grader check`: the student's own code against the public key, on any system, without layers or torch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .collect.files import own_files
from .errors import UsageError
from .judge.score import report, result_of
from .keyfile import load
from .model import PUBLIC_KEY, Limits, Report, Verdict
from .report.student import own_forward_broken, question_lines, summary
from .sandbox.run import Runner
from .sandbox.spawn import Launcher
from .selfcheck import check_own
from .text import clean_text


def find_key(path: Path) -> Path:
    """The public key of the handout that `path` (a file or a folder) lies in. Raises UsageError."""
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder")
    folder = path if path.is_dir() else path.resolve().parent
    if not (folder / PUBLIC_KEY).is_file():
        raise UsageError(f"no {PUBLIC_KEY} in {folder}; run this in the handout's folder, or get the handout again")
    return folder / PUBLIC_KEY


def check(
    path: Path, key_data: bytes, key_name: str, only: str | None, launcher: Launcher, say: Callable[[str], None]
) -> bool:
    """Check the work at `path` and tell it line by line; True only if every public case passes and no gradient
    contradicts the forward beside it.

    Raises UsageError, KeyFileError or SandboxError."""
    key = load(key_data, key_name)
    questions = [q for q in key.questions if only in (None, q.name)]
    if not questions:
        raise UsageError(f"no question {only!r}; there are {', '.join(q.name for q in key.questions)}")
    submission = own_files(path, key.file)
    if submission.problem:
        raise UsageError(submission.problem)
    say(f"{key.title}: {clean_text(submission.main, 120, lines=False)}, public cases")
    runner = Runner(key, submission, launcher, Limits())
    results, contradicted = [], False
    try:
        for question, responses in runner.responses(questions):
            if runner.load_failure is not None:
                say(f"  FAIL  {runner.load_failure.message or runner.load_failure.kind}")
                return False
            again = runner.once_more([(question, responses)])
            result = result_of(question, again[0][1] if again else responses)
            results.append(result)
            own = check_own(runner, question, responses, find=True)
            contradicted |= own_forward_broken(own)
            named = {q.name for q in key.below(question)}
            below = [r for r in results if r.question in named]
            for line in question_lines(question, result, own, responses, below):
                say(line)
    finally:
        runner.close()
    for note in (*submission.notes, *runner.notes):
        say(f"  note  {note}")
    graded: Report = report(key, submission, results, launcher.isolation)
    say(summary(graded, only is None))
    return not contradicted and all(o.verdict is Verdict.PASS for q in graded.questions for o in q.outcomes)
