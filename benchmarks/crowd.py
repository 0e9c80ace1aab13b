"""A cohort of 2,000, a fifth of which means harm: `python benchmarks/crowd.py [--size N] [--seed S]`.

10 % attacks, 5 % endless loops, 5 % memory bombs, the rest right or wrong in known ways (workload/crowd.py); each
submission has a comment of its own, so that no result is taken from another's. Graded by one `grader grade` with two
workers and --timeout 2, so that loops end. Then: all are graded; each loses points in the functions that its kind says
and in no other; the row of every one equals the row of its kind when that is graded alone, by a command of its own into
a folder of its own, and a random sample of individuals is graded alone too; no process, temporary file or mark of an
attack is left; the course and the submissions are untouched. The exit status is 1 if any of this fails."""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

from measure import Sampler, Watch, show_conditions
from watched import Workbench
from workload import ours
from workload.crowd import MARK, Kind, draw
from workload.functions import FUNCTIONS

NAMES = [function.name for function in FUNCTIONS]
PLACES = [Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path.home(), Path()]
RESULTS = {"grades.csv", "reports.jsonl", "grades.sqlite"}
Row = tuple[str, ...]  # the score, the status and the points of each function


class Crowd:
    """The cohort on disk, and grading all of it or one."""

    def __init__(self, bench: Workbench, options: argparse.Namespace) -> None:
        self.bench, self.options = bench, options
        self.course = ours.write_course(bench.folder / "course", "numpy")
        self.kinds = {f"s{i:05}": kind for i, kind in enumerate(draw(options.size, options.seed))}
        self.submissions = bench.folder / "in"
        self.submissions.mkdir()
        for student, kind in self.kinds.items():
            (self.submissions / f"{student}.py").write_bytes(unique(kind, student))
        self.alone_count = 0

    def grade(self, where: Path, out: Path, workers: int, watch: Watch | None = None) -> tuple[int, float]:
        """Exit code and seconds."""
        options = ["--course", self.course, "--out", out, "--workers", workers, "--timeout", self.options.timeout]
        options.append("--no-pages")
        log = self.bench.folder / f"{out.name}.log"
        started = time.perf_counter()
        process = self.bench.start(["grade", ours.NAME, where, *options], log)
        with Sampler(watch, lambda: [process.pid], every=0.1):
            code = process.wait()
        return code, time.perf_counter() - started

    def alone(self, data: bytes) -> Row:
        """The row of one submission by a command of its own."""
        self.alone_count += 1
        place = self.bench.folder / f"alone-{self.alone_count}"
        (place / "in").mkdir(parents=True)
        (place / "in" / "alone.py").write_bytes(data)
        code, _ = self.grade(place / "in", place / f"out-{self.alone_count}", 1)
        found = rows(place / f"out-{self.alone_count}") if code in (0, 3) else {}
        return found.get("alone", (f"exit code {code}",))


def unique(kind: Kind, student: str) -> bytes:
    return kind.source + f"\n# {student}\n".encode()


def rows(out: Path) -> dict[str, Row]:
    with open(out / "grades.csv", newline="") as file:
        return {r["student"]: (r["score"], r["status"], *(r[n] for n in NAMES)) for r in csv.DictReader(file)}


def lost(row: Row) -> frozenset[str]:
    return frozenset(name for name, points in zip(NAMES, row[2:], strict=False) if points != str(ours.POINTS))


def digest(folder: Path) -> str:
    """Names, bytes and kinds of all files under a folder; the course's own folder of keys is left out."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if ".grader" not in path.parts and "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(folder)}\0{path.lstat().st_mode}\0".encode())
            found.update(path.read_bytes() if path.is_file() else b"")
    return found.hexdigest()


def marks() -> list[str]:
    """Files that attacks left, in the places where they try."""
    return [str(path) for place in PLACES if place.is_dir() for path in place.glob(f"*{MARK}*")]


def check(crowd: Crowd, found: dict[str, Row]) -> list[str]:
    """What is wrong with the verdicts, by the labels alone."""
    wrong = []
    for student, kind in crowd.kinds.items():
        row = found.get(student)
        if row is None or row[1] != "graded":
            wrong.append(f"{student} ({kind.name}): {'no row' if row is None else row[1]}")
        elif lost(row) != kind.wrong:
            wrong.append(f"{student} ({kind.name}): lost {sorted(lost(row))}, expected {sorted(kind.wrong)}")
    return wrong


def compare_alone(crowd: Crowd, found: dict[str, Row], rng: random.Random) -> tuple[list[str], int]:
    """Each kind alone, and some individuals alone; where a row differs, and how many commands that took."""
    members: dict[str, list[str]] = {}
    for student, kind in crowd.kinds.items():
        members.setdefault(kind.name, []).append(student)
    names = sorted(members) if crowd.options.kinds is None else rng.sample(sorted(members), crowd.options.kinds)
    wrong = []
    for number, name in enumerate(names, 1):
        print(f"alone: kind {number} of {len(names)}: {name}", file=sys.stderr, flush=True)
        row = crowd.alone(crowd.kinds[members[name][0]].source)
        wrong += [f"{s} ({name}): {found.get(s)}, alone {row}" for s in members[name] if found.get(s) != row]
    chosen = rng.sample(sorted(crowd.kinds), min(crowd.options.sample, len(crowd.kinds)))
    for number, student in enumerate(chosen, 1):
        print(f"alone: individual {number} of {len(chosen)}", file=sys.stderr, flush=True)
        kind = crowd.kinds[student]
        row = crowd.alone(unique(kind, student))
        if found.get(student) != row:
            wrong.append(f"{student} ({kind.name}): {found.get(student)}, alone {row}")
    return wrong, len(names) + len(chosen)


def main() -> int:
    parser = argparse.ArgumentParser(description="A large and hostile cohort.")
    parser.add_argument("--size", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--timeout", type=float, default=2.0, help="seconds per question")
    parser.add_argument("--kinds", type=int, help="grade so many kinds alone (default: all)")
    parser.add_argument("--sample", type=int, default=20, help="grade so many individuals alone")
    parser.add_argument("--scratch", type=Path, help="folder for the files of this run (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="write all figures here too")
    options = parser.parse_args()
    about = show_conditions()
    before = set(marks())
    with Workbench("crowd", options.scratch) as bench:
        crowd, watch, out = Crowd(bench, options), Watch(), bench.folder / "out"
        groups: dict[str, int] = {}
        for kind in crowd.kinds.values():
            groups[kind.group] = groups.get(kind.group, 0) + 1
        print(f"{options.size} submissions: " + ", ".join(f"{n} {g}" for g, n in sorted(groups.items())), flush=True)
        bench.run(["freeze", ours.NAME, "--course", crowd.course], bench.folder / "freeze.log")
        places = [crowd.course, crowd.submissions]
        untouched = [digest(place) for place in places]
        code, seconds = crowd.grade(crowd.submissions, out, options.workers, watch)
        found = rows(out) if (out / "grades.csv").exists() else {}
        problems = [] if code == 0 else [f"exit code {code}: {(bench.folder / 'out.log').read_text()[-400:]}"]
        problems += check(crowd, found)
        problems += [f"left behind: {what}" for what in [*bench.left(), *sorted(set(marks()) - before)]]
        now = [digest(place) for place in places]
        problems += [f"changed: {p}" for p, a, b in zip(places, untouched, now, strict=True) if a != b]
        extra = {p.name.removesuffix("-wal").removesuffix("-shm") for p in out.iterdir()} if out.exists() else set()
        problems += [
            f"unexpected in the results: {n}" for n in extra - {"grades.csv", "reports.jsonl", "grades.sqlite"}
        ]
        print(
            f"graded {sum(row[1] == 'graded' for row in found.values())} in {seconds:.1f} s by {options.workers} "
            f"workers, {seconds / options.size * 1e3:.1f} ms each; peak memory: tree {watch.tree / 1024:.0f} MiB "
            f"(PSS), trusted processes {watch.trusted / 1024:.0f} MiB, largest process {watch.largest / 1024:.0f} MiB",
            flush=True,
        )
        differ, commands = compare_alone(crowd, found, random.Random(options.seed))
        problems += differ
        problems += [f"left behind: {what}" for what in [*bench.left(), *sorted(set(marks()) - before)]]
    for line in problems[:40]:
        print(f"WRONG: {line}")
    verdict = f"{len(problems)} problems" if problems else "every score is the labelled one and the one alone"
    print(f"{verdict}; {commands} commands graded one alone")
    figures: dict[str, Any] = {"conditions": about, "size": options.size, "seed": options.seed, "groups": groups}
    figures |= {"workers": options.workers, "timeout": options.timeout, "seconds": seconds, "alone": commands}
    figures |= {"peak_kib": {"tree_pss": watch.tree, "trusted_rss": watch.trusted, "largest_rss": watch.largest}}
    if options.json:
        options.json.write_text(json.dumps({**figures, "problems": problems}, indent=1) + "\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
