"""A course on disk: `assignments/`, `reference/`, and `.grader/` with the secret and the frozen keys."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib.util
import os
import secrets
import sys
import tempfile
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from types import ModuleType

import numpy as np

from .author import Assignment, Case, Question, Where
from .errors import AuthorError, UsageError
from .model import Fixture
from .wire import encode

PUBLIC_SEED = b"public cases"
SECRET_BYTES = 32


@dataclass(frozen=True)
class Course:
    """A folder with `assignments/` and `reference/`. `secret_file` is where hidden cases are drawn from."""

    root: Path
    secret_file: Path | None = None

    @property
    def state(self) -> Path:
        return self.root / ".grader"

    def assignments(self) -> list[str]:
        folder = self.root / "reference"
        return sorted(p.name for p in folder.iterdir() if (p / "__init__.py").is_file()) if folder.is_dir() else []

    def handout(self, name: str) -> Path:
        return self.root / "assignments" / name

    def reference(self, name: str) -> Path:
        """The folder of an assignment's reference. Raises UsageError when there is none."""
        folder = self.root / "reference" / name
        if not (folder / "__init__.py").is_file():
            known = ", ".join(self.assignments()) or "none"
            raise UsageError(f"no assignment {name!r} in {self.root / 'reference'} (there: {known})")
        if not self.handout(name).is_dir():
            raise UsageError(f"{self.handout(name)} is missing: the folder with the student's stub and README")
        return folder

    def secret(self) -> bytes:
        """The course's secret, made on first use and readable by its owner alone. Raises UsageError."""
        path = self.secret_file or self.state / "secret"
        try:
            data = path.read_bytes().strip()
        except FileNotFoundError:
            if self.secret_file is not None:
                raise UsageError(f"{path}: no such secret file") from None
            data = self._make_secret(path)
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error
        if len(data) < 16:
            raise UsageError(f"{path}: a secret needs at least 16 bytes; delete the file to have one made")
        return data

    def _make_secret(self, path: Path) -> bytes:
        """Write a new secret, whole at once; where another process was first, its secret counts."""
        try:
            self._make_state()
            fd, temporary = tempfile.mkstemp(dir=self.state)  # 0600
            try:
                with os.fdopen(fd, "wb") as file:
                    file.write(secrets.token_hex(SECRET_BYTES).encode() + b"\n")
                    file.flush()
                    os.fsync(file.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(temporary, path)
            finally:
                os.unlink(temporary)
            return path.read_bytes().strip()
        except OSError as error:
            raise UsageError(f"{path}: {error.strerror}") from error

    def _make_state(self) -> None:
        self.state.mkdir(mode=0o700, exist_ok=True)
        (self.state / ".gitignore").write_text("*\n")

    def key_path(self, name: str, device: str) -> Path:
        """Where the frozen key of the present sources lies; another name as soon as a source changes."""
        return self.state / "keys" / f"{name}-{self.source_digest(name, device)[:24]}.key"

    def source_digest(self, name: str, device: str) -> str:
        """SHA-256 over all that a frozen key depends on: sources, secret, device, our code and libraries."""
        digest = hashlib.sha256()
        reference = self.reference(name)
        skipped = {"solutions", "__pycache__"}
        files = [
            p for p in sorted(reference.rglob("*")) if p.is_file() and not skipped & {*p.relative_to(reference).parts}
        ]
        files += [p for p in [self.handout(name) / "fixtures.py"] if p.exists()]
        files += sorted(Path(__file__).parent.glob("*.py"))
        for path in files:
            digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
        for text in (self.secret(), device.encode(), torch_version().encode(), np.__version__.encode()):
            digest.update(hashlib.sha256(text).digest())
        return digest.hexdigest()

    def write_private(self, path: Path, data: bytes) -> None:
        """Write a file that only its owner can read, whole or not at all."""
        self._make_state()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fd, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(fd, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise


def torch_version() -> str:
    """The installed torch, without importing it; raises UsageError when there is none."""
    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        raise UsageError(
            "freezing an answer key needs torch: pip install 'dlgrader[torch]' -c constraints.txt"
        ) from None


@dataclass(frozen=True)
class Source:
    """An assignment as its author wrote it, checked, with its cases drawn."""

    name: str
    assignment: Assignment
    cases: dict[str, tuple[Case, ...]]  # by question
    fixtures: str
    fixtures_module: ModuleType | None
    secret: bytes

    def stream(self, question: str, case: Case, purpose: str) -> np.random.Generator:
        """The random stream of one case: from the secret if it is hidden, from a fixed seed if public."""
        return np.random.Generator(np.random.PCG64(_seed(self.secret, self.name, question, case, purpose)))


def _seed(secret: bytes, assignment: str, question: str, case: Case, purpose: str) -> int:
    material = [secret if case.hidden else PUBLIC_SEED, assignment.encode(), question.encode(), case.name.encode()]
    material.append(purpose.encode())
    return int.from_bytes(hashlib.sha256(b"".join(hashlib.sha256(m).digest() for m in material)).digest()[:16])


def read_source(course: Course, name: str) -> Source:
    """Import an assignment's reference and draw its cases.

    Raises AuthorError, with file and line, for everything that is wrong in it; UsageError when it is not there
    or torch is not installed."""
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
    _check_stub(assignment, course.handout(name))
    path, fixtures, built = course.handout(name) / "fixtures.py", "", None
    if path.exists():
        fixtures = path.read_text(encoding="utf-8")
        built = _import(f"_fixtures_{name}", path, path.parent)
    secret = course.secret()
    cases = {q.name: _draw(q, name, secret, built, path) for q in assignment.questions}
    return Source(name, assignment, cases, fixtures, built, secret)


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
    except Exception as error:
        file, line = _last_line_in(error, folder, path)
        raise AuthorError(f"{type(error).__name__}: {error}", "The file must load without error", file, line) from error
    return module


@contextlib.contextmanager
def _no_bytecode() -> Iterator[None]:
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _last_line_in(error: BaseException, folder: Path, default: Path) -> tuple[str, int]:
    """Where in the author's own files an error came from."""
    found = (str(default), 0)
    for frame in traceback.extract_tb(error.__traceback__):
        if str(folder) in frame.filename:
            found = (frame.filename, frame.lineno or 0)
    return found


def _all_listed(assignment: Assignment, folder: Path) -> None:
    listed = {id(q) for q in assignment.questions}
    package = f"_reference_{folder.name}"
    for module in [m for n, m in list(sys.modules.items()) if n == package or n.startswith(package + ".")]:
        for value in vars(module).values():
            if isinstance(value, Question) and id(value) not in listed:
                raise value.where.refuse(
                    f"question {value.name} is not in ASSIGNMENT", "Add it to questions=[...], or take it out"
                )


def _check_stub(assignment: Assignment, handout: Path) -> None:
    """The student's stub must define what the questions ask for, with the same parameters."""
    path = handout / assignment.file
    if not path.is_file():
        raise assignment.where.refuse(f"{path} is missing", "Write the stub that students fill in")
    try:
        tree = ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 0
        raise AuthorError(f"the stub does not parse: {error}", "Mend the syntax", str(path), line) from error
    defined = {n.name: n for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    for q in assignment.questions:
        node = defined.get(q.name)
        if node is None:
            raise AuthorError(f"the stub lacks {q.name}", "Add it, with a docstring to work from", str(path), 0)
        if isinstance(node, ast.FunctionDef):
            params = tuple(a.arg for a in node.args.args)
            if q.steps[0].kind == "new":
                raise AuthorError(
                    f"the stub's {q.name} is a function, its question calls a class in steps",
                    f"Write class {q.name}: in the stub, or take steps= out of the question",
                    str(path),
                    node.lineno,
                )
            if params != q.params:
                raise AuthorError(
                    f"the stub's {q.name}({', '.join(params)}) differs from the reference's ({', '.join(q.params)})",
                    "Give both the same parameters in the same order",
                    str(path),
                    node.lineno,
                )
        elif q.steps[0].kind != "new":
            raise AuthorError(f"the stub's {q.name} is a class", "Add steps= to the question", str(path), node.lineno)


def _draw(
    q: Question, assignment: str, secret: bytes, fixtures: ModuleType | None, fixtures_path: Path
) -> tuple[Case, ...]:
    """Run the author's generator twice: once to learn the names, once with a stream for each name."""
    if q.case_source is None:
        raise q.where.refuse(f"{q.name} has no cases", f"Write @{q.name}.cases def _(rng): yield Case(...)")
    where = Where.of(q.case_source)
    names = [case for case, _ in _run_cases(q, None, where)]
    seeds = [_seed(secret, assignment, q.name, case, "case") for case in names]
    drawn = [case for case, _ in _run_cases(q, seeds, where)]
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
    _check_streams(q, where, seeds, drawn)
    return tuple(drawn)


def _check_streams(q: Question, where: Where, seeds: list[int], drawn: list[Case]) -> None:
    """The same seeds give the same cases, and no hidden case holds numbers from a public case's stream, which
    students could draw too."""
    again = [case for case, _ in _run_cases(q, seeds, where)]
    moved_seeds = [seed if case.hidden else seed ^ 1 for seed, case in zip(seeds, drawn, strict=True)]
    moved = [case for case, _ in _run_cases(q, moved_seeds, where)]
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


def _run_cases(q: Question, seeds: list[int] | None, where: Where) -> Iterator[tuple[Case, int]]:
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
            file, line = _last_line_in(error, Path(where.file), Path(where.file))
            raise AuthorError(f"{type(error).__name__}: {error}", "Mend this case", file, line) from error
        if not isinstance(case, Case):
            raise where.refuse(f"{q.name} yields a {type(case).__name__}", "Yield Case(...)")
        yield case, index
        index += 1
