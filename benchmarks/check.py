"""How long a student waits for `grader check`, an import of NumPy, and `otter check`: `python benchmarks/check.py`.


Eight functions, all right, their public cases (workload/). From starting the command to its end, last verdict included:
import numpy    `python -c "import numpy"`, what no check in NumPy can do without
import click    `python -c "import click"`, for information
ours            `grader check`, own worker, gradients against own forwards
ours, wrong     the same with a bug in each of three functions, so that there is something to explain
otter, .py      `otter check eight.py`           otter, .ipynb    the same of a notebook

Ours runs as a student has it: an environment of NumPy and click, the package copied into it and compiled as pip does.
All take turns in each round; medians, and medians of each round's ratios. Goals: at most 2.5 times import numpy, and
otter takes at least 12 times as long as ours. Where a verdict is not the planted one the run is void: exit status 1."""

from __future__ import annotations

import argparse
import compileall
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from measure import GRADER, ROOT, Command, our_environment, run_all, show_conditions
from peers import checks
from peers.environments import activated, default_cache, environment, versions
from peers.notebooks import OTTER, expect
from throughput import Void, say
from workload import ours
from workload.functions import FUNCTIONS, NAMES
from workload.students import BUGS, students

MOST, LEAST = 2.5, 12.0  # goals: ours in units of import numpy, otter in units of ours
WRONG = ("other-axis", "no-minus-one", "factor-two")  # bugs, one function each

Contender = tuple[Command, Callable[[int, str], bool]]  # and whether exit code and output hold the planted verdicts


class Desk:
    """A student's folder and their Python, with our package as pip would install it."""

    def __init__(self, folder: Path, python: Path) -> None:
        self.folder, self.python, installed = folder, python, folder / "installed"
        shutil.copytree(ROOT / "grader", installed / "grader", ignore=shutil.ignore_patterns("__pycache__"))
        compileall.compile_dir(installed, quiet=2)
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        self.env = {**kept, "PYTHONPATH": str(installed)}
        course = ours.write_course(folder / "course", "numpy")
        made = Command([*GRADER, "release", ours.NAME, "--course", str(course), "--out", str(folder / "right")])
        expect(run_all([replace(made, env=our_environment())])[1], "grader release")
        right = students("numpy")[0].source()
        (folder / "right" / ours.FILE).write_text(right)
        shutil.copytree(folder / "right", folder / "wrong")
        (folder / "wrong" / ours.FILE).write_text(self.broken(right))

    @staticmethod
    def broken(source: str) -> str:
        for name in WRONG:
            _, good, bad = BUGS[name]
            source = source.replace(good, bad, 1)
        return source

    def python_does(self, code: str) -> Contender:
        return Command([str(self.python), "-c", code], self.folder, self.env), lambda code, _: code == 0

    def check(self, which: str) -> Contender:
        """As the script that pip makes runs it: without the folder that one is in on the path."""
        start = "from grader.cli import main; main()"
        command = Command([str(self.python), "-P", "-c", start, "check"], self.folder / which, self.env)
        bad = {BUGS[name][0] for name in WRONG} if which == "wrong" else set[str]()

        def as_planted(code: int, output: str) -> bool:
            told = {name: f"  {'FAIL' if name in bad else 'ok':<6}{name}" for name in NAMES}
            return code == (1 if bad else 0) and all(line in output.splitlines() for line in told.values())

        return command, as_planted


def otter(folder: Path, python: Path, name: str) -> Contender:
    """`otter check` with a test per function that holds the public cases, as ours does."""
    folder.mkdir(parents=True)
    (folder / "tests").mkdir()
    for function in FUNCTIONS:
        public = replace(function, cases=tuple(case for case in function.cases if not case.hidden))
        data, body = checks.data(public, "numpy"), checks.indented(checks.body(public, "numpy"))
        text = OTTER.format(imports=checks.imports("numpy"), name=function.name, data=data, body=body)
        (folder / "tests" / f"{function.name}.py").write_text(text)
    right = students("numpy")[0]
    (folder / name).write_text(right.notebook() if name.endswith(".ipynb") else right.source())
    run = [str(python.parent / "otter"), "check", name, "-t", "tests"]
    command = Command(run, folder, activated(python, folder / "home"))
    return command, lambda code, output: code == 0 and "All tests passed" in output


def contenders(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Callable[[], Contender]]]:
    python = Path(sys.executable) if options.here else environment("student", options.cache)
    desk = Desk(folder / "desk", python)
    yield "import numpy", lambda: desk.python_does("import numpy")
    yield "import click", lambda: desk.python_does("import click")
    yield "ours", lambda: desk.check("right")
    yield "ours, wrong", lambda: desk.check("wrong")
    for name in ("eight.py", "eight.ipynb"):
        kind = Path(name).suffix
        yield f"otter, {kind}", lambda name=name: otter(folder / name, environment("otter", options.cache), name)


def measured(options: argparse.Namespace, folder: Path) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Seconds of each contender in each round, and who was not run and why. Raises Void."""
    found, skipped = dict[str, Contender](), dict[str, str]()
    for name, make in contenders(options, folder):
        if options.only and not any(word in name for word in options.only):
            continue
        try:
            found[name] = make()
        except (RuntimeError, OSError) as error:
            skipped[name] = " ".join(str(error).split())[:300]
            print(f"NOT RUN: {name}: {skipped[name]}", flush=True)
    seconds: dict[str, list[float]] = {name: [] for name in found}
    for number in range(options.rounds + 1):
        say(f"round {number} of {options.rounds}{' (not counted)' if not number else ''}")
        for name, (command, as_planted) in found.items():
            cost, (done,) = run_all([command])
            if not as_planted(done.code, done.output):
                raise Void(f"{name}: exit code {done.code}: {done.output[-500:]}")
            if number:
                seconds[name].append(cost.seconds)
    return seconds, skipped


def ratio(seconds: dict[str, list[float]], one: str, other: str) -> float | None:
    """How many times as long as the other the one takes: the median over the rounds."""
    if one not in seconds or other not in seconds:
        return None
    return statistics.median(a / b for a, b in zip(seconds[one], seconds[other], strict=True))


def report(seconds: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Print the table; the ratios as data."""
    rounds = max(map(len, seconds.values()), default=0)
    print(f"\nms from typing to the end, median of {rounds} rounds (least to most); in units of import numpy")
    for name, found in seconds.items():
        span = f"({min(found) * 1e3:.0f} to {max(found) * 1e3:.0f})"
        times = ratio(seconds, name, "import numpy")
        shown = f"{times:8.2f}" if times is not None else ""
        print(f"{name:16}{statistics.median(found) * 1e3:8.0f} {span:18}{shown}")
    rows = []
    goals = [("ours", "import numpy", MOST, "at most"), ("ours, wrong", "import numpy", MOST, "at most")]
    goals += [(f"otter, {kind}", "ours", LEAST, "at least") for kind in (".py", ".ipynb")]
    print()
    for one, other, goal, how in goals:
        value = ratio(seconds, one, other)
        if value is None:
            print(f"NOT RUN: {one} against {other}")
            continue
        reached = value <= goal if how == "at most" else value >= goal
        print(f"{one} against {other}: {value:.2f} (goal: {how} {goal:g}) {'reached' if reached else 'MISSED'}")
        rows.append({"one": one, "other": other, "ratio": value, "goal": goal, "reached": reached})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description="`grader check` beside an import of NumPy and `otter check`.")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--only", nargs="*", default=[], help="contenders whose name holds one of these words")
    parser.add_argument("--here", action="store_true", help="this Python, not an environment of NumPy and click alone")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for the environments")
    parser.add_argument("--scratch", type=Path, help="folder for the files of this run (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="write all figures here too")
    options = parser.parse_args()
    found: dict[str, Any] = {"conditions": show_conditions()}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=options.scratch, prefix="check-") as folder:
        try:
            seconds, skipped = measured(options, Path(folder))
        except (Void, RuntimeError) as error:
            print(f"VOID: {error}")
            return 1
        found |= {"seconds": seconds, "not_run": skipped, "ratios": report(seconds)}
    names = ["otter"] * any(name.startswith("otter") for name in seconds) + ["student"] * (not options.here)
    found["environments"] = {name: versions(environment(name, options.cache), name) for name in names}
    print("\n" + "; ".join(found["environments"].values()))
    print(f"all verdicts are the planted ones; {time.perf_counter() - started:.0f} s")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
