"""The same cohort, graded by ours, by other graders and by a bare fork: `python benchmarks/throughput.py`.

Eight functions, 22 cases, 20 submissions: 5 right, 13 with one planted bug, a stub and a syntax error; in NumPy and in
PyTorch (workload/). All contenders take turns in each round, so that a busy moment falls on all of them:
fork only          a warm process forks, and the fork ends: for information
floor              the fork runs the file, calls the cases, sends raw answers to a process that only reads them
ours               `grader grade --no-pages`, sandbox, its self-test, judging, store, reports and table, new submissions
otter run          a command per notebook                 nbgrader --student  a command per notebook
nbgrader batch     one command for all twenty             pytest, gradescope-utils  a process per file
Peers are installed by pip into environments of their own (--cache). Their tests, generated from the same table, hold
the expected values; those called torch import torch and use its autograd. Otter and nbgrader get notebooks.

Ours and nbgrader's batch are run with two sizes of cohort. `whole` is the larger one's whole command, start-up
included, per submission; `slope` is what each further submission costs. Ratios are medians over rounds; where a peer
has a slope too, the smaller figure of it is the one compared. The environments, keys and notebooks that are made once
per course are not timed. If a grader's verdicts are not the planted ones the run is void and the exit status is 1.
Memory is looked at in a round of its own, which is not timed."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from contenders import Bare, Contender, Ours, cohort_of, contenders
from measure import Cost, Watch, show_conditions
from peers.environments import REQUIREMENTS, default_cache, environment, versions
from workload.students import Student, students

GOALS = [  # ours, whom it is compared with, the goal; at most for floors, at least for peers
    ("ours, numpy", "floor, numpy", 2),
    ("ours, torch", "floor, torch", 2),
    ("ours, numpy", "otter run", 300),
    ("ours, numpy", "nbgrader --student", 300),
    ("ours, numpy", "nbgrader batch", 130),
    ("ours, numpy", "pytest, numpy", 25),
    ("ours, torch", "pytest, torch", 85),
    ("ours, numpy", "gradescope-utils", 10),
]
FLAT = 2.0  # KiB per submission that the trusted processes may grow by: what a name and a score take
BARE = 120  # submissions for a floor in a round


class Void(Exception):
    """A grader's verdicts are not the planted ones."""


class Bench:
    """The contenders, and what each of them took in each round, by size of the cohort (20 for slices of it)."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        self.options = options
        self.makers = {
            name: made
            for name, made in contenders(folder, options.cache, options.workers).items()
            if not options.only or any(word in name for word in options.only)
        }
        self.found: dict[str, Contender] = {}
        self.costs: dict[str, dict[int, list[Cost]]] = {name: {} for name in self.makers}
        self.memory: dict[str, Watch] = {}
        self.skipped: dict[str, str] = {}

    def make(self) -> None:
        for name, (_, maker) in self.makers.items():
            say(f"preparing {name}")
            try:
                self.found[name] = maker()
            except (RuntimeError, OSError) as error:
                self.skipped[name] = " ".join(str(error).split())[:300]
                print(f"NOT RUN: {name}: {self.skipped[name]}", flush=True)

    def close(self) -> None:
        for contender in self.found.values():
            if isinstance(contender, Bare):
                contender.floor.close()

    def sizes(self, name: str) -> tuple[int, ...]:
        if name.startswith(("floor", "fork")):
            return (BARE,)
        return (self.options.small, self.options.large) if name.startswith("ours") else (5, 20)

    def round(self, number: int) -> None:
        for name, contender in self.found.items():
            library = self.makers[name][0]
            if name.startswith(("floor", "fork", "ours")):
                for size in self.sizes(name):
                    self.measure(name, contender, cohort_of(library, size, f"{number}"), size)
            elif name == "nbgrader batch":
                for size in self.sizes(name):
                    self.measure(name, contender, students(library)[-size:], size)
            else:
                step = min(self.options.rounds, 20)  # a slice of the twenty in each round
                self.measure(name, contender, students(library)[number % step :: step], 20)

    def measure(self, name: str, contender: Contender, cohort: list[Student], size: int) -> None:
        say(f"  {name}, {size}")
        cost, wrong = contender.grade(cohort, self.options.workers)
        verify(name, contender, cohort, wrong)
        self.costs[name].setdefault(size, []).append(cost)

    def look(self) -> None:
        """A round for memory alone."""
        for name, contender in self.found.items():
            library, watch = self.makers[name][0], Watch()
            cohort = cohort_of(library, 40, "m") if name.startswith(("o", "f")) else students(library)[:2]
            if name == "otter run":
                cohort = cohort[:2]
            say(f"  {name}")
            contender.grade(cohort, self.options.workers, watch)
            self.memory[name] = watch

    def growth(self, sizes: list[int]) -> dict[int, int]:
        """Peak of the trusted processes of ours, summed, in KiB, by size of the cohort."""
        ours, peaks = self.found["ours, numpy"], dict[int, int]()
        assert isinstance(ours, Ours)
        for size in sizes:
            say(f"  {size} submissions")
            watch, cohort = Watch(), cohort_of("numpy", size, "g")
            _, wrong = ours.grade(cohort, self.options.workers, watch, pss=False)
            verify("ours, numpy", ours, cohort, wrong)
            peaks[size] = watch.trusted
        return peaks

    # -- figures ---------------------------------------------------------------------------------------------

    def whole(self, name: str) -> list[float]:
        """Seconds per submission in each round, of the largest cohort."""
        return [cost.each for cost in self.costs[name][max(self.costs[name])]]

    def slope(self, name: str) -> list[float]:
        """Seconds of each further submission; the whole where there is one size only."""
        sizes = sorted(self.costs[name])
        if len(sizes) == 1 or name not in ("ours, numpy", "ours, torch", "nbgrader batch"):
            return self.whole(name)
        few, many = (self.costs[name][size] for size in (sizes[0], sizes[-1]))
        return [(b.seconds - a.seconds) / (b.count - a.count) for a, b in zip(few, many, strict=True)]

    def cpu(self, name: str) -> float:
        return statistics.median(c.cpu / c.count for c in self.costs[name][max(self.costs[name])])

    def ratio(self, mine: str, other: str, by_slope: bool) -> float | None:
        """How many times as long as ours the peer takes; for a floor, how many times as long as it ours takes. None
        where the machine was too busy for a slope."""
        ours = self.slope(mine) if by_slope else self.whole(mine)
        theirs = [min(pair) for pair in zip(self.whole(other), self.slope(other), strict=True)]
        pairs = list(zip(ours, theirs, strict=True))
        if any(a <= 0 or b <= 0 for a, b in pairs):
            return None
        return statistics.median(a / b if other.startswith("floor") else b / a for a, b in pairs)


def verify(name: str, contender: Contender, cohort: list[Student], wrong: dict[str, frozenset[str]]) -> None:
    """Raises Void where a verdict is not the planted one."""
    if name.startswith(("floor", "fork")):
        return
    for student in cohort:
        expected = student.wrong_in(contender.notebook)
        if wrong.get(student.name) != expected:
            got = sorted(wrong.get(student.name, {"no result"}))
            raise Void(f"{name}: {student.name}: lost {got or 'nothing'}, planted {sorted(expected) or 'nothing'}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def report(bench: Bench) -> dict[str, Any]:
    """Print the tables; the same as data."""
    rows: dict[str, Any] = {}
    rounds, workers = bench.options.rounds, bench.options.workers
    print(f"\nms per submission, median of {rounds} rounds (least to most), {workers} worker(s)")
    print(f"{'':20}{'whole':>9}{'':22}{'slope':>9}{'cpu':>9}   peak memory: tree (PSS)  largest  trusted, MiB")
    for name in bench.found:
        whole, slope = bench.whole(name), statistics.median(bench.slope(name))
        watch = bench.memory.get(name, Watch())
        memory = [f"{kib / 1024:.0f}" if kib else "n/a" for kib in (watch.tree, watch.largest)]
        trusted = f"{watch.trusted / 1024:.0f}" if name.startswith("ours") and watch.trusted else ""
        middle, span = statistics.median(whole) * 1e3, f"({min(whole) * 1e3:.2f} to {max(whole) * 1e3:.2f})"
        print(
            f"{name:20}{middle:9.2f} {span:21}{slope * 1e3:9.2f}{bench.cpu(name) * 1e3:9.2f}"
            f"{memory[0]:>20}{memory[1]:>13}{trusted:>9}"
        )
        rows[name] = {
            "seconds": whole,
            "slope": bench.slope(name),
            "cpu": bench.cpu(name),
            "rounds": {size: [vars(c) for c in costs] for size, costs in bench.costs[name].items()},
            "peak_kib": {"tree_pss": watch.tree, "largest_rss": watch.largest, "trusted_rss": watch.trusted},
        }
    print(f"\nRatios, medians; ours with cohorts of {bench.options.large}")
    print(f"{'':44}{'goal':>8}{'whole':>9}{'':9}{'slope':>9}")
    ratios = []
    for mine, other, goal in GOALS:
        if mine not in bench.found or other not in bench.found:
            print(f"{f'{mine} against {other}':44}{goal:>7}x   NOT RUN")
            continue
        most = other.startswith("floor")
        values = [bench.ratio(mine, other, by_slope) for by_slope in (False, True)]
        digits, cells = 2 if most else 0, ""
        for value in values:
            if value is None:
                cells += " no measurement: too busy"
                continue
            reached = value <= goal if most else value >= goal
            cells += f"{value:>9.{digits}f} {'reached' if reached else 'MISSED':8}"
        print(f"{f'{mine} against {other}':44}{'<=' if most else '>='}{goal:>5}x{cells}")
        ratios.append({"ours": mine, "other": other, "goal": goal, "whole": values[0], "slope": values[1]})
    return {"contenders": rows, "ratios": ratios, "not_run": bench.skipped}


def report_growth(peaks: dict[int, int]) -> dict[str, Any]:
    sizes = sorted(peaks)
    slope = (peaks[sizes[-1]] - peaks[sizes[0]]) / (sizes[-1] - sizes[0])
    told = ", ".join(f"{size}: {peaks[size] / 1024:.1f} MiB" for size in sizes)
    print(f"\nTrusted processes of ours, peak resident memory by submissions: {told}")
    print(f"growth {slope:.2f} KiB per submission: {'flat' if slope <= FLAT else 'NOT FLAT'} (goal: at most {FLAT:g})")
    return {"peaks_kib": peaks, "kib_per_submission": slope}


def main() -> int:
    parser = argparse.ArgumentParser(description="Ours, other graders and a bare fork on the same cohort.")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=1, help="processes at a time, for everybody")
    parser.add_argument("--small", type=int, default=40, help="submissions of the smaller cohort of ours")
    parser.add_argument("--large", type=int, default=240, help="and of the larger one")
    parser.add_argument("--only", nargs="*", default=[], help="contenders whose name holds one of these words")
    parser.add_argument(
        "--growth", type=int, nargs="*", default=[100, 400, 1600], help="cohorts for memory; none: skip"
    )
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for the peers' environments")
    parser.add_argument("--scratch", type=Path, help="folder for the files of this run (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="write all figures here too")
    options = parser.parse_args()
    found: dict[str, Any] = {"conditions": show_conditions(), "workers": options.workers}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix="throughput-") as folder:
        bench = Bench(options, Path(folder))
        bench.make()
        try:
            for number in range(options.rounds):
                say(f"round {number + 1} of {options.rounds}")
                bench.round(number)
            say("memory")
            bench.look()
            found |= report(bench)
            if options.growth and "ours, numpy" in bench.found:
                say("memory by the number of submissions")
                found["growth"] = report_growth(bench.growth(sorted(options.growth)))
        except (Void, RuntimeError) as error:
            print(f"VOID: {error}")
            return 1
        finally:
            bench.close()
    used = {name for name in REQUIREMENTS if (options.cache / name / "stamp").exists()}
    found["peers"] = {name: versions(environment(name, options.cache), name) for name in sorted(used)}
    found["seconds"] = time.perf_counter() - started
    print("\npeers: " + "; ".join(found["peers"].values()))
    print(f"all verdicts are the planted ones; {found['seconds']:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
