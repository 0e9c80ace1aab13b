"""What is graded, from paths that may be a platform's downloads: which platform it is, whose each file is, and which
attempt counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..errors import IntakeError, UsageError
from ..text import plural
from . import canvas, gradescope, moodle, nbgrader
from .disk import shown
from .files import collect, unique
from .found import Found
from .handed import NOTHING, Handed
from .handin import HandIn, Hands, attempt_name
from .levels import Level, level_of

TITLES = {"canvas": "Canvas", "moodle": "Moodle", "gradescope": "Gradescope", "nbgrader": "nbgrader"}
WRAPPED = 3  # folders around a download that are looked through
Taken = tuple[HandIn, list[Found]]


@dataclass(frozen=True)
class Intake:
    """`found` is what counts, each student once. Of `several`, students with more than one attempt, all attempts are
    there in order, the one that counts by the last rule among them. `lines` tell what was recognised and left out."""

    found: tuple[Found, ...]
    hands: Hands
    several: Mapping[str, tuple[Found, ...]] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    plain: tuple[Path, ...] = ()  # paths that are of no platform

    def attempts(self) -> list[Found]:
        """All that has to be graded to find the best: each attempt under a name of its own. Raises UsageError where a
        student is called as one of them."""
        made = [f for f in self.found if f.student not in self.several]
        if same := sorted({f.student for f in made} & set(self.student_of())):
            raise UsageError(f"a student is called {shown(same[0])}, as an attempt of another is; name them otherwise")
        for student, attempts in self.several.items():
            made += [replace(f, student=attempt_name(student, n)) for n, f in enumerate(attempts, 1)]
        return made

    def student_of(self) -> dict[str, str]:
        """The student of each attempt's name."""
        return {attempt_name(s, n): s for s, several in self.several.items() for n in range(1, len(several) + 1)}

    def counting(self, hands: Mapping[str, HandIn]) -> Intake:
        """With the attempts that count as `hands` says."""
        found, kept = [], Hands(self.hands)
        for one in self.found:
            hand, attempts = hands.get(one.student), self.several.get(one.student)
            if hand and attempts and len(hand.attempts) == len(attempts):
                kept[one.student] = replace(kept[one.student], counted=hand.counted, why=hand.why)
                one = _noted(attempts[hand.counted], kept[one.student])
            found.append(one)
        return replace(self, found=tuple(found), hands=kept)


def take_in(
    paths: Iterable[Path],
    main: str,
    targets: Iterable[str] = (),
    handed: Handed = NOTHING,
    source: str = "",
    assignment: str = "",
) -> Intake:
    """The submissions under the paths, as `files.collect` takes them, or as the platform whose download a path is.

    source: a platform that is taken for certain, "plain" for none; empty: each path is looked at.
    Raises UsageError for a path that holds no submission, or is not of the platform."""
    plain, taken, lines, names = list[Path](), list[Taken](), list[str](), tuple(targets)
    for path in paths:
        platform, level = _recognised(path, source)
        if level is None:
            plain.append(path)
            continue
        made, told = _platform(platform, level, main, assignment, path)
        taken += made
        lines += [_summary(platform, path, made), *told]
    hands, several, found = Hands(), dict[str, tuple[Found, ...]](), list[Found]()
    by_student = dict[str, list[Taken]]()
    for part in taken:
        by_student.setdefault(part[0].student, []).append(part)
    for student, parts in by_student.items():
        hand, attempts, problem = _joined(parts)
        attempts = [replace(f, handed=handed) for f in attempts]
        hands[student] = hand
        if len(attempts) > 1:
            several[student] = tuple(attempts)
        found.append(Found(student, problem=problem) if problem else _noted(attempts[hand.counted], hand))
    found += collect(plain, main, names, handed) if plain else ()
    made_unique = unique(sorted(found, key=lambda f: f.student))
    kept = {f.student for f in made_unique if not f.problem}
    several = {name: all_of for name, all_of in several.items() if name in kept}
    return Intake(tuple(made_unique), hands, several, tuple(lines), tuple(plain))


def _noted(found: Found, hand: HandIn) -> Found:
    if len(hand.attempts) < 2:
        return found
    why = hand.why or "the last"
    return replace(found, notes=(f"attempt {hand.number} of {len(hand.attempts)} counts: {why}",))


def _joined(parts: list[Taken]) -> tuple[HandIn, list[Found], str]:
    """One student's, from several downloads: attempts in the order of the platform's ids, each once."""
    if len(parts) == 1:
        return parts[0][0], parts[0][1], ""
    pairs = {a.mark: (a, f) for hand, founds in parts for a, f in zip(hand.attempts, founds, strict=True)}
    if not all(mark.isdecimal() for mark in pairs):
        told = f"{len(parts)} submissions under this name, and nothing tells which came last; leave one and run again"
        return parts[0][0], [], told
    ordered = [pairs[mark] for mark in sorted(pairs, key=int)]
    return replace(parts[0][0], attempts=tuple(a for a, _ in ordered)), [f for _, f in ordered], ""


def _recognised(path: Path, source: str) -> tuple[str, Level | None]:
    """The platform whose download a path is, and where its students begin; no level for none."""
    able = not path.is_symlink() and (path.is_dir() or (path.suffix.lower() == ".zip" and path.is_file()))
    if source == "plain" or not able:
        if source not in ("", "plain"):
            raise UsageError(f"{path}: neither a folder nor a zip, so not of {TITLES[source]}; use --from plain")
        return "plain", None
    try:
        level = level_of(path)
    except IntakeError as error:
        if source:
            raise UsageError(str(error)) from error
        return "plain", None
    for _ in range(WRAPPED):
        for platform in [source] if source else TITLES:
            if _fits(platform, level):
                return platform, level
        if not source:
            _refuse_near(level, path)
        if level.files or len(level.folders) != 1:
            break
        level = level.sub(level.folders[0])
    if source:
        level = level_of(path)
        if source in ("canvas", "moodle") and (level.files or level.folders):
            return source, level
        raise UsageError(f"{path}: not a download of {TITLES[source]}")
    return "plain", None


def _fits(platform: str, level: Level) -> bool:
    if platform == "gradescope":
        return gradescope.fits(level)
    if platform == "nbgrader":
        return nbgrader.fits(level)
    room = canvas if platform == "canvas" else moodle
    return bool(level.files or level.folders) and not room.misfits(level)


def _refuse_near(level: Level, path: Path) -> None:
    """Raises UsageError where most names are of a platform, and some are not: taken as plain files, the attempts of one
    student would be students of their own."""
    count = len(level.files) + len(level.folders)
    for platform, room in (("canvas", canvas), ("moodle", moodle)):
        misfits = room.misfits(level)
        if count and 2 * len(misfits) < count:
            some = shown(", ".join(sorted(misfits)[:3]))
            raise UsageError(
                f"{path}: most names are of {TITLES[platform]}, but not {some}; to leave those out: --from {platform} "
                f"(or --from plain: nothing here is a download)"
            )


def _platform(platform: str, level: Level, main: str, assignment: str, path: Path) -> tuple[list[Taken], list[str]]:
    if platform == "gradescope":
        try:
            return gradescope.take(level, main)
        except IntakeError as error:
            raise UsageError(f"{path}: {error}") from error
    if platform == "nbgrader":
        return nbgrader.take(level, main, assignment)
    room = canvas if platform == "canvas" else moodle
    told = [f"not taken: {shown(name)} is not named as {TITLES[platform]} names files" for name in room.misfits(level)]
    made = room.take(level, main)
    if not made:
        raise UsageError(f"{path}: not a download of {TITLES[platform]}")
    return made, told


def _summary(platform: str, path: Path, taken: Sequence[Taken]) -> str:
    parts = [f"{path}: from {TITLES[platform]}, {plural(len(taken), 'student')}"]
    late = sum(hand.attempt.late is True for hand, _ in taken)
    again = sum(len(hand.attempts) > 1 for hand, _ in taken)
    none = sum(bool(founds and founds[-1].problem) for _, founds in taken)
    parts += [f"{late} marked late"] if late else []
    parts += [f"{again} with several attempts"] if again else []
    parts += [f"{none} without a file"] if none else []
    return ", ".join(parts)
