"""Kill -9, Ctrl-C, a full disk, a read-only folder: is anything lost? `python benchmarks/kills.py [--kills 50]`.

A cohort is graded once without a break; then, each time into a folder of its own:
kill -9    of the whole batch at a random moment (its process group and every trusted process; each fifth time the first
           process alone), then the same command again: exit 0, grades.csv and reports.jsonl byte for byte those of the
           unbroken run; all rows that the store held after the kill are there unchanged; within three seconds of the
           kill no process and no temporary file is left; the second run says that it took from the store as many
           submissions as had a report there
clocks     the same with submissions that answer the microsecond at which they run: what was acknowledged before the
           kill stands in the final report, so it was not graded again
Ctrl-C     at a random moment, to the process group as a terminal sends it: exit 130 within a second or so, a line that
           says how to go on; then as after a kill
full disk  the results lie on a small file system (as root; else under RLIMIT_FSIZE): one `error:` line, exit 2; with
           more room the same command completes, as after a kill
read-only  the same for a folder that cannot be written to, from the start and in the middle

The exit status is 1 if any of this fails. Moments are drawn from a seed, and uniform over the unbroken run's time."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from disks import SmallDisk
from measure import show_conditions
from watched import GRACE, Row, Workbench, acknowledged, kill_all, one_error_line, whole_students
from workload import ours
from workload.functions import NAMES
from workload.students import students

SHARES = [0.05, 0.2, 0.5, 0.8, 0.95]  # of the room that the results of the unbroken run take
FILES = ("grades.csv", "reports.jsonl")
STOP_SECONDS = 1.5  # that Ctrl-C may take: a second, and the time a busy machine takes to notice
PYTHON_STARTS = 0.2  # seconds in which no line of ours may have run
CLOCK = "def sigmoid(z):\n    import time\n    return z * 0 + 100000 + time.time_ns() // 1000 % 899999\n"


class Kills:
    """The cohort, the unbroken run, and what went wrong since."""

    def __init__(self, bench: Workbench, options: argparse.Namespace) -> None:
        self.bench, self.options, self.rng = bench, options, random.Random(options.seed)
        self.course = ours.write_course(bench.folder / "course", "numpy")
        self.problems: list[str] = []
        self.count = 0
        twenty = students("numpy")
        self.plain, self.clocks = bench.folder / "plain", bench.folder / "clocks"
        for folder in (self.plain, self.clocks):
            folder.mkdir()
        for i in range(options.size):
            student = twenty[i % 20]
            (self.plain / f"s{i:04}.py").write_text(student.source(f"{i}"))
        cells = [CLOCK if n == "sigmoid" else c for n, c in zip(["", *NAMES], twenty[0].cells, strict=True)]
        for i in range(options.size):
            (self.clocks / f"s{i:04}.py").write_text(f"# {i}\n" + "\n\n".join(cells))
        bench.run(["freeze", ours.NAME, "--course", self.course], bench.folder / "freeze.log")
        started = time.monotonic()
        out, code = self.grade(self.plain, bench.folder / "whole")
        self.seconds = time.monotonic() - started
        if code:
            raise SystemExit(f"the unbroken run ended with exit code {code}: {self.log(out).read_text()[-400:]}")
        self.whole = {name: (out / name).read_bytes() for name in FILES}

    def command(self, where: Path, out: Path) -> list[object]:
        options = ["--course", self.course, "--workers", self.options.workers, "--timeout", 5, "--no-pages"]
        return ["grade", ours.NAME, where, "--out", out, *options]

    def log(self, out: Path) -> Path:
        return self.bench.folder / f"{out.name}.log"

    def grade(self, where: Path, out: Path) -> tuple[Path, int]:
        return out, self.bench.run(self.command(where, out), self.log(out))

    def start(self, where: Path, out: Path) -> subprocess.Popen[bytes]:
        return self.bench.start(self.command(where, out), self.log(out))

    def fresh(self) -> Path:
        self.count += 1
        return self.bench.folder / f"out-{self.count}"

    def rows(self, out: Path) -> set[Row]:
        return acknowledged(out, self.bench.folder / "copy")

    def wrong(self, what: str) -> None:
        self.problems.append(what)
        print(f"WRONG: {what}", flush=True)

    def after(self, what: str, out: Path, before: set[Row], where: Path) -> None:
        """Nothing is left; then the same command again: all is there, nothing acknowledged has changed, and for the
        plain cohort all bytes are those of the unbroken run."""
        for left in self.bench.left():
            self.wrong(f"{what}: left behind after {GRACE:g} s: {left}")
        known = whole_students(out, self.bench.folder / "copy")
        _, code = self.grade(where, out)
        taken = re.search(r"\((\d+) of them from the store\)", self.log(out).read_text())
        if not code and int(taken[1] if taken else 0) != known:
            self.wrong(
                f"{what}: {known} submissions were acknowledged, {taken[1] if taken else 0} taken from the store"
            )
        if code:
            self.wrong(f"{what}: run again, exit code {code}: {self.log(out).read_text()[-300:]}")
            return
        for name in FILES if where == self.plain else FILES[:1]:
            if where == self.plain and (out / name).read_bytes() != self.whole[name]:
                self.wrong(f"{what}: {name} differs from the unbroken run's")
        if gone := before - self.rows(out):
            self.wrong(f"{what}: {len(gone)} of {len(before)} acknowledged rows are gone or were graded again")
        if where == self.clocks:
            self.same_clocks(what, out, before)
        for left in self.bench.left():
            self.wrong(f"{what}: left behind by the second run: {left}")
        shutil.rmtree(out, ignore_errors=True)

    def same_clocks(self, what: str, out: Path, before: set[Row]) -> None:
        """What a row says of the time at which it was graded, the final report says too."""
        final = {r["student"]: json.dumps(r) for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}
        seen = 0
        for row in before:
            told = re.findall(r"got (\d{6})\b", " ".join(map(str, row)))
            (student,) = {str(cell) for cell in row if str(cell) in final}
            seen += bool(told)
            if any(clock not in final[student] for clock in told):
                self.wrong(f"{what}: {student} was acknowledged with another answer than the final report's")
        if before and not seen:
            self.wrong(f"{what}: no acknowledged row tells the time at which it was graded")

    # -- stops -----------------------------------------------------------------------------------------------

    def kill(self, number: int, where: Path) -> dict[str, Any]:
        """At a random moment; a cohort of clocks is killed a moment after the first rows are in the store."""
        out, moment = self.fresh(), self.rng.uniform(0, self.seconds * 1.02)
        process, alone, started = self.start(where, out), number % 5 == 4, time.monotonic()
        if where == self.clocks:
            while process.poll() is None and not self.rows(out):
                time.sleep(0.01)
            moment = self.rng.uniform(0, 0.1 * self.seconds)
        time.sleep(moment)
        moment = time.monotonic() - started
        finished = process.poll() is not None
        kill_all(process, whole=not alone)
        what = f"{where.name} kill {number + 1} at {moment:.2f} s{', first process alone' if alone else ''}"
        before = self.rows(out)
        self.after(what, out, before, where)
        tell(f"{what}: {len(before)} rows were acknowledged{', it had finished' if finished else ''}")
        if finished:
            self.seconds = min(self.seconds, moment)
        return {"moment": moment, "rows": len(before), "finished": finished, "first_alone": alone}

    def kill_often(self, count: int, where: Path) -> list[dict[str, Any]]:
        """So many kills before the end; those that came too late are made up for."""
        done: list[dict[str, Any]] = []
        while sum(not k["finished"] for k in done) < count and len(done) < 3 * count:
            done.append(self.kill(len(done), where))
        return done

    def interrupt(self, number: int) -> dict[str, Any]:
        out, moment = self.fresh(), self.rng.uniform(0, self.seconds)
        process = self.start(self.plain, out)
        time.sleep(moment)
        sent = time.monotonic()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        code, took = process.wait(), time.monotonic() - sent
        what, said = f"Ctrl-C {number + 1} at {moment:.2f} s", self.log(out).read_text()
        if code != 0:  # 0: it was done by then
            if code != 130 and not (code == -signal.SIGINT and moment < PYTHON_STARTS and not said):
                self.wrong(f"{what}: exit code {code}: {said.strip()[-200:]}")
            if "Traceback" in said:
                self.wrong(f"{what}: a traceback")
            if out.exists() and self.rows(out) and "same command" not in said:
                self.wrong(f"{what}: it does not say how to go on: {said[-200:]!r}")
            if took > STOP_SECONDS:
                self.wrong(f"{what}: it took {took:.1f} s to stop")
        before = self.rows(out)
        self.after(what, out, before, self.plain)
        tell(f"{what}: exit code {code} after {took:.2f} s, {len(before)} rows were acknowledged")
        return {"moment": moment, "code": code, "seconds": took, "rows": len(before)}

    # -- disks -----------------------------------------------------------------------------------------------

    def refused(self, what: str, disk: SmallDisk) -> set[Row]:
        """A run that must fail with one clear line; the rows that it acknowledged."""
        out = disk.folder / "out"
        code = disk.run(self.bench, self.command(self.plain, out), self.log(out))
        if code != 2:
            self.wrong(f"{what}: exit code {code}: {self.log(out).read_text()[-300:]}")
        elif fault := one_error_line(self.log(out)):
            self.wrong(f"{what}: {fault}")
        return self.rows(out) if out.exists() else set()

    def full_disk(self, share: float) -> dict[str, Any]:
        """`share` of the room that the whole run's results took."""
        needed = sum(f.stat().st_size for f in (self.bench.folder / "whole").iterdir())
        what = f"full disk at {share:.0%}"
        with SmallDisk(self.bench.folder / "disk", max(int(needed * share), 16384)) as disk:
            before = self.refused(what, disk)
            disk.grow()
            self.after(what, disk.folder / "out", before, self.plain)
        tell(f"{what} ({disk.how}): {len(before)} rows were acknowledged")
        return {"share": share, "how": disk.how, "rows": len(before)}

    def read_only(self, midway: bool) -> dict[str, Any]:
        what = f"read-only {'after a kill' if midway else 'from the start'}"
        with SmallDisk(self.bench.folder / "disk", 1 << 30) as disk:
            out = disk.folder / "out"
            out.mkdir()
            kept: set[Row] = set()
            if midway:
                process = self.start(self.plain, out)
                time.sleep(self.seconds * 0.8)
                kill_all(process)
                kept = self.rows(out)
            if not disk.freeze():
                print(f"NOT RUN: {what}: as root, nothing stops writing but a file system of its own", flush=True)
                return {"midway": midway, "rows": None}
            before = self.refused(what, disk)
            if kept - before:
                self.wrong(f"{what}: {len(kept - before)} acknowledged rows are gone")
            disk.thaw()
            self.after(what, out, kept, self.plain)
        tell(f"{what}: {len(kept)} rows were acknowledged before")
        return {"midway": midway, "rows": len(kept)}


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Stops of every kind, and whether anything is lost.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--clocks", type=int, default=10, help="kills of a cohort that tells the time")
    parser.add_argument("--interrupts", type=int, default=20)
    parser.add_argument(
        "--disks", type=float, nargs="*", default=[0.05, 0.2, 0.5, 0.8, 0.95], help="shares of the room"
    )
    parser.add_argument("--read-only", choices=("start", "midway"), nargs="*", default=["start", "midway"])
    parser.add_argument("--size", type=int, default=400, help="submissions")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scratch", type=Path, help="folder for the files of this run (default: a temporary one)")
    parser.add_argument("--json", type=Path, help="write all figures here too")
    options = parser.parse_args()
    found: dict[str, Any] = {"conditions": show_conditions(), "size": options.size, "workers": options.workers}
    with Workbench("kills", options.scratch) as bench:
        kills = Kills(bench, options)
        found["unbroken_seconds"] = kills.seconds
        print(f"{options.size} submissions of {len(NAMES)} functions, unbroken in {kills.seconds:.1f} s", flush=True)
        found["kills"] = kills.kill_often(options.kills, kills.plain)
        found["clocks"] = kills.kill_often(options.clocks, kills.clocks)
        found["interrupts"] = [kills.interrupt(i) for i in range(options.interrupts)]
        found["full_disks"] = [kills.full_disk(share) for share in options.disks]
        found["read_only"] = [kills.read_only(how == "midway") for how in options.read_only]
        found["problems"] = kills.problems
    stopped = [k for k in (*found["kills"], *found["clocks"]) if not k["finished"]]
    some = [k["rows"] for k in stopped if k["rows"]]
    middle = f", {statistics.median(some):g} rows in the middle" if some else ""
    print(f"{len(stopped)} kills before the end, {len(some)} with something acknowledged{middle}")
    took = [i["seconds"] for i in found["interrupts"] if i["code"]]
    if took:
        print(f"{len(took)} Ctrl-C: {statistics.median(took):.2f} s in the middle, at most {max(took):.2f} s")
    print(f"{len(kills.problems)} problems" if kills.problems else "nothing was lost, nothing was graded twice")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 1 if kills.problems else 0


if __name__ == "__main__":
    sys.exit(main())
