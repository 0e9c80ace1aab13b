"""What a student hands in, as one zip: the assignment's file, the own files that it imports, and nothing else.

The zip is read back by the rules of grading before it gets its name, so that what was packed is what will be graded.
No student's file is parsed here: what a file may import is told by the words in it."""

from __future__ import annotations

import contextlib
import io
import os
import re
import secrets
import stat
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from .checking import Check, own_work
from .collect.disk import is_hidden, is_notebook, is_script, main_names, shown
from .collect.files import collect
from .collect.handed import handed_of
from .errors import UsageError
from .model import PUBLIC_KEY, AnswerKey, SourceFile, Submission, Verdict

EPOCH = (1980, 1, 1, 0, 0, 0)  # the first time that a zip can tell
MOST_LISTED = 1000  # files of the folder that are looked at to say that they stay
START = rb"(?:(?<!\w)|(?<=\\[nrt]))"  # of a word; in a notebook a line may begin behind an escape
IMPORTS = re.compile(START + rb"(?:import|from)\b[^\n]*")  # and the rest of the line
# Who imports by a computed name may import any file; a NUL byte is of an encoding in which no word is found.
ANYTHING = re.compile(rb"\b(?:importlib|__import__|pkgutil|runpy)\b|\bexec\s*\(|\0")


@dataclass(frozen=True)
class Pack:
    """What goes into the zip, as a submission, and which files of the folder stay and why."""

    submission: Submission
    left: tuple[tuple[str, str], ...]


def plan(path: Path, key: AnswerKey) -> Pack:
    """What to hand in of a handout's folder, or of the file that is named in it.

    Raises UsageError where it would not be graded, or is not what the assignment asks for."""
    wanted = main_names(key.file)
    if not path.is_dir() and path.name not in wanted:
        raise UsageError(f"{path.name}: this assignment asks for {' or '.join(wanted)}; rename it")
    work = own_work(path, key)
    folder = path if path.is_dir() else path.resolve().parent
    if work.problem:
        raise UsageError(f"{work.problem}{_or_alone(path, key)}")
    if work.main not in wanted:
        asked = " or ".join(wanted)
        raise UsageError(f"no {asked} beside {PUBLIC_KEY}: is it {shown(work.main)}? rename it")
    if not os.path.lexists(folder / work.main):
        raise UsageError(f"{work.main} is not beside {PUBLIC_KEY}: move it there")
    files = {file.name: file for file in work.files}
    reasons = {name: _reason(name, work.main, key) for name in files if name != work.main}
    taken = _imported(work.main, {n: f.data for n, f in files.items() if not reasons.get(n)})
    reasons.update({n: "nothing that is packed imports it" for n, why in reasons.items() if not why and n not in taken})
    packed = replace(work, files=tuple(files[name] for name in sorted(taken)))
    return Pack(packed, (*((n, why) for n, why in reasons.items() if why), *_others(folder, files)))


def _or_alone(path: Path, key: AnswerKey) -> str:
    """What else can be done where it is the rest of the folder that cannot be taken."""
    mains = [path / name for name in main_names(key.file) if path.is_dir() and os.path.lexists(path / name)]
    if len(mains) != 1 or own_work(mains[0], key).problem:
        return ""
    return f"; or name your file alone: grader submit {mains[0]} --out FILE.zip"


def _reason(name: str, main: str, key: AnswerKey) -> str:
    """Why a program stays behind whatever imports it; "" where none."""
    last = name.rpartition("/")[2]
    if last in main_names(key.file):
        return f"{main} counts"
    if name == "fixtures.py" and key.fixtures:
        return "the grader brings its own"
    return "" if is_script(name) else "not asked for"


def _imported(main: str, files: Mapping[str, bytes]) -> set[str]:
    """The main file, and the files whose names stand in it or in one that is taken already."""
    taken, fresh = {main}, {main}
    while fresh:
        texts = [files[name] for name in taken]
        if any(map(ANYTHING.search, texts)):
            return set(files)
        fresh = {name for name in files.keys() - taken if _named(_module(name), texts)}
        taken |= fresh
    return taken


def _module(name: str) -> tuple[str, ...]:
    """The words of an import of this file: pkg/part.py is pkg.part, pkg/__init__.py is pkg."""
    parts = PurePosixPath(name).with_suffix("").parts
    return parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts


def _named(module: tuple[str, ...], texts: Sequence[bytes]) -> bool:
    """Whether one of these may import a module: its package stands behind `import` or `from` on a line, and the rest of
    its name anywhere."""
    package, *rest = module
    lines = [b"\n".join(IMPORTS.findall(re.sub(rb"\\\r?\n", b" ", text))) for text in texts]
    return _stands(package, lines) and all(_stands(word, texts) for word in rest)


def _stands(word: str, texts: Iterable[bytes]) -> bool:
    """Whether the word is in one of these. One that is not ASCII can be written in several ways: found."""
    pattern = re.compile(START + re.escape(word.encode("utf-8", "surrogateescape")) + rb"(?!\w)")
    return not word.isascii() or any(map(pattern.search, texts))


def _others(folder: Path, known: Mapping[str, SourceFile]) -> Iterator[tuple[str, str]]:
    """The files of the folder that no submission could hold; a folder of such files in one line."""
    found = dict[str, int]()
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not is_hidden(f))
        inside = Path(place).relative_to(folder).as_posix()
        for name in sorted(n for n in names if not is_hidden(n)):
            full = name if inside == "." else f"{inside}/{name}"
            shorter = full if inside == "." or is_notebook(name) else f"{inside.partition('/')[0]}/"
            if full not in known:
                found[shorter] = found.get(shorter, 0) + 1
        if sum(found.values()) > MOST_LISTED:
            break
    for name, count in found.items():
        yield f"{name} ({count} files)" if count > 1 else name, "not asked for"


def zipped(submission: Submission) -> bytes:
    """The files of a submission as a zip: the same files give the same bytes, on any system. Raises UsageError."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for file in sorted(submission.files, key=lambda f: f.name):
            info = zipfile.ZipInfo(file.name, EPOCH)
            info.create_system, info.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            try:
                archive.writestr(info, file.data)
            except UnicodeError:
                raise UsageError(f"{shown(file.name)}: rename it; a zip cannot hold this name") from None
    return out.getvalue()


class Parcel:
    """A submission's zip beside its place, until it is kept. Use as a context manager: what is not kept is removed.

    `submission` is what grading will read of it. Raises UsageError where that is not what was packed, where `out` is
    no place for it, and where another file is there and `force` is not given."""

    def __init__(self, packed: Submission, key: AnswerKey, out: Path, force: bool = False) -> None:
        if out.suffix.lower() != ".zip":
            raise UsageError(f"--out {out}: name a file that ends in .zip")
        if not out.absolute().parent.is_dir():
            raise UsageError(f"{out.absolute().parent}: no such folder")
        self.packed, self.key, self.out, self.force = packed, key, out, force
        self.data = zipped(packed)
        self.spare = out.absolute().with_name(f".{secrets.token_hex(8)}.zip")
        self.submission = packed
        self._refuse_another()

    def __enter__(self) -> Parcel:
        try:
            with open(self.spare, "xb") as file:
                file.write(self.data)
                file.flush()
                os.fsync(file.fileno())
            self.submission = self._read_back()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.spare)

    def _read_back(self) -> Submission:
        """As `grader grade` takes it in."""
        targets = {t for q in self.key.questions for t in q.targets}
        found = collect([self.spare], self.key.file, targets, handed_of(self.key))
        read = found[0].read()
        if problem := read.problem or (found[-1].problem if len(found) > 1 else ""):
            raise UsageError(f"this would not be graded: {problem.replace(self.spare.name, self.out.name)}")
        wanted, got = ({f.name: f.data for f in one.files} for one in (self.packed, read))
        if read.main != self.packed.main or got != wanted:
            other = sorted(n for n in wanted.keys() | got.keys() if wanted.get(n) != got.get(n)) or [read.main]
            raise UsageError(f"{shown(other[0])} does not come out of a zip as it went in; rename it")
        return read

    def _refuse_another(self) -> bool:
        """Whether the very same zip is there already. Raises UsageError where something else is."""
        try:
            about = os.lstat(self.out)
        except FileNotFoundError:
            return False
        regular = stat.S_ISREG(about.st_mode)
        if regular and about.st_size == len(self.data) and self.out.read_bytes() == self.data:
            return True
        if not regular:
            raise UsageError(f"{self.out} is there already and is no file; name another")
        if not self.force:
            raise UsageError(f"{self.out} is there already; --force replaces it")
        return False

    def keep(self) -> None:
        """Give the zip its name: whole or not at all."""
        if self._refuse_another():
            return
        if not self.force:
            try:
                os.link(self.spare, self.out)  # fails where a file has come in between
                return
            except FileExistsError:
                raise UsageError(f"{self.out} is there already; --force replaces it") from None
            except OSError:  # no links on this disk
                pass
        os.replace(self.spare, self.out)


def missing(check: Check) -> Iterator[str]:
    """What is not there, and what is still the stub, of a check that is done."""
    gone, stubs = dict[str, None](), dict[str, set[str]]()
    for one in check.done:
        outcomes = one.result.outcomes
        raised = {o.message for o in outcomes}
        if outcomes and all(o.verdict is Verdict.MISSING for o in outcomes):
            gone.update(dict.fromkeys(raised))
        elif one.unwritten:
            elsewhere = [stubs.get(b.question) for b in one.below]  # where it may be another one that raised
            elsewhere += stubs.values() if one.question.predicate else []
            if raised not in elsewhere:
                stubs[one.question.name] = raised
    yield from gone
    if stubs:
        yield f"{', '.join(stubs)}: not written yet"
