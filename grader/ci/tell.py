"""What a CI job is told of a submission: its log, annotations, summary, outputs and files."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..exports.junit import junit
from ..exports.platforms import classroom50, github_classroom, github_classroom_error, step_output
from ..exports.told import heading, lines, right
from ..report.files import points, write_whole
from ..report.view import StudentView
from .actions import Annotation, append, size_of, write_outputs
from .basis import Basis
from .mark import Marked
from .stamp import stamped, submitted
from .summary import LIMIT, summary

UNGRADED = "it could not be graded, which is no zero: "


@dataclass(frozen=True)
class Wanted:
    """Files to write beside what the runner asks for, and whether `result` is the retired classroom's."""

    junit: Path | None = None
    classroom50: Path | None = None
    github_classroom: bool = False


def result_of(view: StudentView) -> str:
    """`pass` where all is right, `fail`, or `ungraded`."""
    if view.score is None:
        return "ungraded"
    return "pass" if all(map(right, view.questions)) else "fail"


def log(view: StudentView, basis: Basis) -> Iterator[str]:
    """The result as plain lines."""
    score = "not graded" if view.score is None else f"{points(view.score)} of {points(view.max_score)} points"
    yield f"{view.title}: {score}"
    yield from (f"  {line}" for line in basis.told)
    yield from (f"  note: {note}" for note in view.notes if note not in basis.told)
    for q in view.questions:
        word = "?" if q.score is None else "ok" if right(q) else "FAIL"
        yield f"  {word:<5} {heading(q)}: {points(q.score) or 'not graded'} of {points(q.max_score)}"
        if not right(q) or q.override or q.convention:
            yield from (f"        {line}" for text in lines(q) for line in text.splitlines())


def remarks(marked: Marked, basis: Basis, file: str) -> list[Annotation]:
    """A warning for each caveat, and an error for each question that is not right, on its line of `file`."""
    view, python = marked.view, file.endswith(".py")
    found = [Annotation("warning", "Grader", text) for text in basis.caveats]
    if view.score is None:
        return [*found, Annotation("error", f"{view.title}: not graded", UNGRADED + _why(view, basis))]
    if marked.failure is not None:
        line = marked.failure.line if python and file.endswith(marked.failure.file) else 0
        return [*found, Annotation("error", "The file does not load", marked.failure.message, file, line)]
    for q in view.questions:
        if not right(q):
            title = f"{heading(q)}: {points(q.score)} of {points(q.max_score)} points"
            line = marked.lines.get(q.question, 0) if python else 0
            found.append(Annotation("error", title, "\n".join(lines(q)), file, line))
    return found


def _why(view: StudentView, basis: Basis) -> str:
    """Why there is no score: what was said of it, or at least of which questions."""
    notes = [note for note in view.notes if note not in basis.caveats]
    return "; ".join(notes) or ", ".join(q.question for q in view.questions if q.score is None)


def write(marked: Marked, basis: Basis, wanted: Wanted, environ: Mapping[str, str]) -> list[str]:
    """Write the summary, the outputs and the files that are wanted; what there is to say of it. Raises UsageError."""
    view, said = marked.view, list[str]()
    room = LIMIT - size_of(environ, "GITHUB_STEP_SUMMARY")
    append(environ, "GITHUB_STEP_SUMMARY", summary(view, basis.told, room))
    outputs = {"score": points(view.score), "max-score": points(view.max_score), "result": result_of(view)}
    outputs["is-grade"] = "true" if basis.is_grade and view.score is not None else "false"
    if wanted.github_classroom:
        ungraded = view.score is None
        why = UNGRADED + _why(view, basis)
        payload = github_classroom_error(why) if ungraded else github_classroom(view, basis.caveats)
        outputs["result"] = step_output(payload).removeprefix("result=").strip()
    write_outputs(environ, outputs)
    if wanted.junit is not None:
        write_whole(wanted.junit, [junit([view])])
    if wanted.classroom50 is not None:
        said += _classroom50(view, basis, wanted.classroom50, environ)
    return said


def _classroom50(view: StudentView, basis: Basis, path: Path, environ: Mapping[str, str]) -> list[str]:
    """None is written where there is no score, and an older one is taken away: its runner notes an error then."""
    if view.score is None:
        with contextlib.suppress(FileNotFoundError):
            path.unlink()
        return [f"{path} is not written: there is no score, and it must not be a zero"]
    when, known = submitted(environ)
    result, missing = stamped(classroom50(view, basis.caveats), environ, when)
    write_whole(path, [json.dumps(result, indent=1, allow_nan=False) + "\n"])
    said = [f"{path}: {', '.join(missing)} not set, so that Classroom 50 will not take it"] if missing else []
    return said if known else [*said, f"{path}: the time is that of this run; the event tells none of a commit"]
