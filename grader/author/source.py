"""An assignment as its author wrote it: imported, checked against the stub, its cases drawn.

Everything that is wrong in it is refused here with file, line and mend; nothing of the reference is run yet."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import importlib.util
import sys
import traceback
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from ..course import Course, torch_version
from ..errors import AuthorError
from ..model import Fixture
from ..wire import encode
from .case import Case, Where
from .property import Property
from .question import Assignment, Cased, Question
from .stub import check_stub

PUBLIC_SEED = b"public cases"


@dataclass(frozen=True)
class Source:
    """An assignment as its author wrote it, checked, with its cases drawn."""

    name: str
    assignment: Assignment
    cases: dict[str, tuple[Case, ...]]  # by question
    fixtures: str
    fixtures_module: ModuleType | None
    secret: bytes
    fixtures_path: Path

    def stream(self, question: str, case: Case, purpose: str) -> np.random.Generator:
        """The random stream of one case: from the secret if it is hidden, from a fixed seed if public."""
        return np.random.Generator(np.random.PCG64(_seed(self.secret, self.name, question, case, purpose)))


def _seed(secret: bytes, assignment: str, question: str, case: Case, purpose: str) -> int:
    material = [secret if case.hidden else PUBLIC_SEED, assignment.encode(), question.encode(), case.name.encode()]
    material.append(purpose.encode())
    return int.from_bytes(hashlib.sha256(b"".join(hashlib.sha256(m).digest() for m in material)).digest()[:16])


def student_seed(secret: bytes, student: str, again: int = 0) -> bytes:
    """What a student's hidden cases are drawn from in place of the course's secret: HMAC-SHA256 (RFC 2104) of the
    student's name in one Unicode form. `again` counts draws that were thrown away."""
    seed = hmac.digest(secret, unicodedata.normalize("NFC", student).encode("utf-8", "surrogateescape"), "sha256")
    return hmac.digest(seed, f"again {again}".encode(), "sha256") if again else seed


def draw_from(source: Source, q: Cased, secret: bytes) -> tuple[Case, ...]:
    """The cases of a question whose own draw has been checked, with the hidden ones drawn from another secret."""
    assert q.case_source is not None
    where, names = Where.of(q.case_source), source.cases[q.name]
    drawn = list(_run_cases(q, [_seed(secret, source.name, q.name, case, "case") for case in names], where))
    _check_cases(q, where, list(names), drawn, source.fixtures_module, source.fixtures_path)
    return tuple(drawn)


def read_source(course: Course, name: str) -> Source:
    """Import an assignment's reference and draw its cases.

    Raises AuthorError, with file and line, for everything that is wrong in it; UsageError when it is not there
    or torch is not installed."""
    assignment, fixtures, built = read_questions(course, name)
    secret, path = course.secret(), course.handout(name) / "fixtures.py"
    cases = {q.name: _draw(q, name, secret, built, path) for q in assignment.questions}
    _check_called(assignment, cases)
    return Source(name, assignment, cases, fixtures, built, secret, path)


def read_questions(course: Course, name: str) -> tuple[Assignment, str, ModuleType | None]:
    """Import an assignment's reference, without its cases and so without the secret; the source of its fixtures,
    and those as a module. Raises what read_source does."""
    folder = course.reference(name)
    torch_version()
    module = _import(f"_reference_{name}", folder / "__init__.py", folder)
    assignment = getattr(module, "ASSIGNMENT", None)
    if not isinstance(assignment, Assignment):
        raise AuthorError(
            "no ASSIGNMENT in this file",
            "Write ASSIGNMENT = Assignment('Title', file='student.py', questions=[...])",
            str(folder / "__init__.py"),
            1,
        )
    _all_listed(assignment, folder)
    check_stub(assignment, course.handout(name))
    path, fixtures, built = course.handout(name) / "fixtures.py", "", None
    if path.exists():
        try:
            fixtures = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise AuthorError(
                f"the fixtures are not UTF-8 ({error})", "Save the file as UTF-8", str(path), 0
            ) from error
        built = _import(f"_fixtures_{name}", path, path.parent)
    _find_harnesses(assignment, built, path)
    return assignment, fixtures, built


def _find_harnesses(assignment: Assignment, fixtures: ModuleType | None, path: Path) -> None:
    for q in assignment.asked:
        for harness in [step.by for step in q.steps if step.by]:
            found = getattr(fixtures, harness, None)
            if not callable(found):
                raise q.where.refuse(
                    f"{q.name} is asked through {harness!r}, which is not there",
                    f"Define {harness}(student, ...) in {path}",
                )
            q.harness[harness] = found


def _check_called(assignment: Assignment, cases: Mapping[str, Sequence[Case]]) -> None:
    """What the reference is to answer in a student's place must be data in, and one derivative out."""
    for q in assignment.questions:
        for called in q.builds_on:
            for case in cases[called.name]:
                if next(_fixtures_in(case.inputs), None) is not None:
                    raise q.where.refuse(
                        f"{q.name} has calls=[{called.name}], which takes a Fixture (case {case.name!r})",
                        "A Fixture cannot be sent back to the reference; take it out of calls=",
                    )
                if case.kink:
                    raise q.where.refuse(
                        f"{q.name} has calls=[{called.name}], which is graded at a kink (case {case.name!r})",
                        "Its derivative there is a matter of convention; take it out of calls=",
                    )


def _import(name: str, path: Path, folder: Path) -> ModuleType:
    for old in [n for n in sys.modules if n == name or n.startswith(name + ".")]:
        del sys.modules[old]
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=[str(folder)])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _no_bytecode():
            spec.loader.exec_module(module)
    except AuthorError:
        raise
    except SyntaxError as error:
        raise AuthorError(error.msg, "Mend the syntax", str(error.filename or path), error.lineno or 0) from error
    except (Exception, SystemExit) as error:
        file, line = last_line_in(error, folder, path)
        raise AuthorError(f"{type(error).__name__}: {error}", "The file must load without error", file, line) from error
    return module


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def last_line_in(error: BaseException, folder: Path, default: Path) -> tuple[str, int]:
    """Where in the author's own files an error came from."""
    found = (str(default), 0)
    for frame in traceback.extract_tb(error.__traceback__):
        if str(folder) in frame.filename:
            found = (frame.filename, frame.lineno or 0)
    return found


def _all_listed(assignment: Assignment, folder: Path) -> None:
    listed = {id(q) for q in (*assignment.questions, *assignment.asked)}
    package = f"_reference_{folder.name}"
    for module in [m for n, m in list(sys.modules.items()) if n == package or n.startswith(package + ".")]:
        for value in vars(module).values():
            if isinstance(value, Cased) and id(value) not in listed:
                what = "property" if isinstance(value, Property) else "question"
                mend = "Add it to questions=[...], or take it out"
                if isinstance(value, Question) and value.unmarked:
                    mend = "It is worth nothing: write a @prop that calls it, and list that"
                raise value.where.refuse(f"{what} {value.name} is not in ASSIGNMENT", mend)


def _draw(
    q: Cased, assignment: str, secret: bytes, fixtures: ModuleType | None, fixtures_path: Path
) -> tuple[Case, ...]:
    """Run the author's generator twice: once to learn the names, once with a stream for each name."""
    if q.case_source is None:
        raise q.where.refuse(f"{q.name} has no cases", f"Write @{q.name}.cases def _(rng): yield Case(...)")
    where = Where.of(q.case_source)
    names = list(_run_cases(q, None, where))
    seeds = [_seed(secret, assignment, q.name, case, "case") for case in names]
    drawn = list(_run_cases(q, seeds, where))
    _check_cases(q, where, names, drawn, fixtures, fixtures_path)
    _check_streams(q, where, seeds, drawn)
    return tuple(drawn)


def _check_cases(
    q: Cased, where: Where, names: list[Case], drawn: list[Case], fixtures: ModuleType | None, fixtures_path: Path
) -> None:
    if [(c.name, c.hidden) for c in drawn] != [(c.name, c.hidden) for c in names]:
        raise where.refuse("the names of the cases depend on random numbers", "Yield the same cases at every run")
    for index, case in enumerate(drawn):
        if any(other.name == case.name for other in drawn[:index]):
            raise case.where.refuse(f"two cases are named {case.name!r}", "Rename one")
        wanted, given = set(q.inputs), set(case.inputs)
        if missing := wanted - given:
            raise case.where.refuse(f"case {case.name!r} lacks {', '.join(sorted(missing))}", "Give it a value")
        if extra := given - wanted - set(q.cotangents):
            raise case.where.refuse(
                f"case {case.name!r} gives {', '.join(sorted(extra))}", f"{q.name} takes {', '.join(q.inputs)}"
            )
        for fixture in _fixtures_in(case.inputs):
            if not callable(getattr(fixtures, fixture, None)):
                raise case.where.refuse(
                    f"case {case.name!r} uses the fixture {fixture!r}", f"Define {fixture}(...) in {fixtures_path}"
                )
    for hidden in (False, True):
        if not any(case.hidden == hidden for case in drawn):
            word = "hidden" if hidden else "public"
            raise where.refuse(f"{q.name} has no {word} case", f"Yield at least one {word} case")


def _check_streams(q: Cased, where: Where, seeds: list[int], drawn: list[Case]) -> None:
    """The same seeds give the same cases, and no hidden case holds numbers from a public case's stream, which
    students could draw too."""
    again = list(_run_cases(q, seeds, where))
    moved_seeds = [seed if case.hidden else seed ^ 1 for seed, case in zip(seeds, drawn, strict=True)]
    moved = list(_run_cases(q, moved_seeds, where))
    for case, same, other in zip(drawn, again, moved, strict=True):
        if _content(case) != _content(same):
            raise case.where.refuse(
                f"case {case.name!r} differs between two runs from one seed", "Draw from the rng that is given, alone"
            )
        if case.hidden and _content(case) != _content(other):
            raise case.where.refuse(
                f"hidden case {case.name!r} holds numbers from the stream of a public case, which is no secret",
                "Draw its numbers after the yield of the case before it",
            )


def _content(case: Case) -> tuple[str, bytes]:
    buffers: list[bytes] = []
    return repr(encode(dict(case.inputs), buffers)), b"".join(buffers)


def _fixtures_in(value: object) -> Iterator[str]:
    if isinstance(value, Fixture):
        yield value.name
        value = value.args
    items = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    for item in items:
        yield from _fixtures_in(item)


def _run_cases(q: Cased, seeds: list[int] | None, where: Where) -> Iterator[Case]:
    """Step the generator, seeding its stream anew before each case."""
    assert q.case_source is not None
    rng = np.random.Generator(np.random.PCG64(0))
    generator, index = q.case_source(rng), 0
    while True:
        if seeds is not None and index < len(seeds):
            rng.bit_generator.state = np.random.PCG64(seeds[index]).state
        try:
            case = next(generator)
        except StopIteration:
            return
        except AuthorError:
            raise
        except Exception as error:
            file, line = last_line_in(error, Path(where.file), Path(where.file))
            raise AuthorError(f"{type(error).__name__}: {error}", "Mend this case", file, line) from error
        if not isinstance(case, Case):
            raise where.refuse(f"{q.name} yields a {type(case).__name__}", "Yield Case(...)")
        yield case
        index += 1
