"""Who gets credit that is not theirs: `python benchmarks/detect.py`. Detection, not time; takes half an hour.

**Wrong answers.** The labelled cohorts of tests/cohorts (`linear_models`, `maximum_likelihood`; labels are by
reasoning, not by running a grader): each function of each student is right or wrong. Ours grades them, and so do tests
written in ways that are usual (styles.py), run by gradescope-utils, a method per function, and the first of them by
`otter run` too, on the first --otter students. A wrong function with all of its points is *missed*; a right one without
is a *false alarm*. Functions that call others count as wrong where those make them so. Properties are left out: those
tests have no such thing. So are submissions of more files than one.

**Attacks.** The files of tests/hostile/attacks that only lie (no file outside, no process, no flood; ATTACKS below), as
they are: none was adapted to a peer. Each answers nonsense for one of five functions; it *wins* where this one gets its
points. Peers run as their users run them on a machine of their own, without a container, in an empty home.

Peers are those of throughput.py, in the same environments. Every process is ended after --seconds."""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from measure import GRADER, ROOT, our_environment, show_conditions
from peers.environments import default_cache, environment, versions
from peers.judged import Gradescope, Otter, Peer, Pytest
from styles import STYLES

from grader.course import Course
from grader.freeze import freeze
from grader.model import AnswerKey

HOSTILE = ROOT / "tests" / "hostile"
SECRET = "a secret of the detection benchmark\n"
ATTACKS = [
    "S2_numpy_agrees", "S3_math_agrees", "S4_test_tools_agree", "S5_code_replaced", "S6_leaves_at_import",
    "S7_dies_at_import", "S7_dies_in_a_call", "S8_skips", "S9_agrees_with_everything", "S10_array_of_its_own",
    "S11_copies_what_it_meets", "S12_another_array_each_time", "S13_strange_types", "S14_zeroes_its_input",
    "S15_changes_it_later", "S16_not_a_number", "S17_masked", "S18_empty", "S19_constant_forward",
    "S20_another_function", "S21_random_is_zero", "S22_callers_frames", "S24_edits_the_verdict",
    "S25_tolerance_in_memory", "S26_freed_memory", "S28_patches_again", "S36_known_inputs", "S37_first_call",
    "S37_four_calls", "S37_when_tested", "C1_says_all_passed", "C3_serialisers_hijacked", "C9_other_types",
    "T3_searches_memory",
]  # fmt: skip


# -- wrong answers -----------------------------------------------------------------------------------------------


@dataclass
class Count:
    """What a way of testing did with functions that are wrong, and that are right."""

    wrong: int = 0
    missed: int = 0
    right: int = 0
    alarms: int = 0

    def add(self, is_right: bool, passed: bool) -> None:
        self.right += is_right
        self.wrong += not is_right
        self.alarms += is_right and not passed
        self.missed += passed and not is_right

    def row(self) -> str:
        return f"{self.missed:>5} of {self.wrong:<5}{self.alarms:>7} of {self.right}"


def leaves(label: Any) -> Iterator[str]:
    if isinstance(label, dict):
        for each in label.values():
            yield from leaves(each)
    else:
        yield str(label)


def cohort(name: str) -> tuple[Path, dict[str, Any]]:
    folder = ROOT / "tests" / "cohorts" / name
    return folder / "submissions", json.loads((folder / "labels.json").read_text())


def truth(labels: dict[str, Any], student: str, question: str) -> bool:
    outcomes = labels["students"][student]["outcomes"]
    return set(leaves(outcomes.get(question, outcomes["*"]))) == {"PASS"}


def source_of(path: Path, file: str) -> str | None:
    """The one file of a submission; None where it has more, which these peers' tests would not find."""
    if path.is_file():
        return path.read_text(errors="surrogateescape") if path.suffix == ".py" else None
    return (path / file).read_text(errors="surrogateescape") if len(list(path.iterdir())) == 1 else None


def graded(arguments: Sequence[object], out: Path) -> list[dict[str, str]]:
    command = [*GRADER, "grade", *map(str, arguments), "--out", str(out), "--timeout", "2", "--no-pages"]
    done = subprocess.run(command, env=our_environment(), capture_output=True, text=True, check=False)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"grader grade: {done.stdout}{done.stderr}")
    with open(out / "grades.csv", newline="") as file:
        return list(csv.DictReader(file))


def wrong_answers(
    name: str, key: AnswerKey, peers: Mapping[str, Peer], limit: int, otter: int, folder: Path
) -> dict[str, Count]:
    submissions, labels = cohort(name)
    secret = folder / "secret"
    works = {p.name.removesuffix(".py"): source_of(p, key.file) for p in sorted(submissions.iterdir())}
    sources = {student: text for student, text in works.items() if text is not None}
    sources = dict(list(sources.items())[: limit or None])
    rows = graded([name, submissions, "--course", ROOT, "--secret-file", secret], folder / name)
    functions = STYLES[0].tests(key)
    counts = {"ours": Count()}
    for row in rows:
        for function in functions if row["student"] in sources else ():
            worth = sum(labels["points"][function].values())
            counts["ours"].add(truth(labels, row["student"], function), float(row[function] or -1) == worth)
    for style in STYLES:
        tests = style.tests(key)
        for peer in ["gradescope-utils"] if style is not STYLES[0] else ["gradescope-utils", "otter run"]:
            if not tests or peer not in peers:
                continue
            print(f"  {name}: {style.name}, {peer}", file=sys.stderr, flush=True)
            count = counts[f"{style.name}, {peer}"] = Count()
            for student, text in list(sources.items())[: otter if peer == "otter run" else None]:
                passed = peers[peer].right(text, tests)
                for function in tests:
                    count.add(truth(labels, student, function), function in passed)
    return counts


# -- attacks -----------------------------------------------------------------------------------------------------


def one_file(name: str) -> str:
    """An attack with the helpers that it imports, in one file, as a student would hand it in."""
    helpers = {n: (HOSTILE / f"{n}.py").read_text() for n in ("honest", "world")}
    return (
        f"import sys, types\nfor _name, _text in {helpers!r}.items():\n"
        "    _made = types.ModuleType(_name)\n    exec(_text, _made.__dict__)\n    sys.modules[_name] = _made\n"
        + (HOSTILE / "attacks" / f"{name}.py").read_text()
    )


def attacks(peers: Mapping[str, Peer], names: Sequence[str], folder: Path) -> dict[str, list[str]]:
    """By grader, the attacks that got the points of what they attack. Raises RuntimeError where a control fails."""
    sys.path += [str(ROOT / "tests"), str(HOSTILE)]
    from coursekit import write_course
    from rows import BY_NAME

    course = write_course(folder / "course", (HOSTILE / "course.txt").read_text(), secret=SECRET)
    key = freeze(course, "demo")
    tests = STYLES[4].tests(key)
    honest = (HOSTILE / "honest.py").read_text()
    lying = f"{honest}\n\ndef softmax(z):\n    return np.full(z.shape, 777.0)\n"
    won: dict[str, list[str]] = {}
    for peer, runs in peers.items():
        print(f"  attacks: {peer}", file=sys.stderr, flush=True)
        if runs.right(honest, tests) != set(tests) or runs.right(lying, tests) != set(tests) - {"softmax"}:
            raise RuntimeError(f"{peer}: an honest student does not get full marks, or a wrong one does")
        won[peer] = [name for name in names if BY_NAME[name].target in runs.right(one_file(name), tests)]
    works = folder / "submissions"
    works.mkdir()
    for name in names:
        (works / f"{name}.py").write_text(one_file(name))
    rows = graded(["demo", works, "--course", course.root, "--secret-file", course.root / "secret"], folder / "out")
    if len(rows) != len(names):
        raise RuntimeError(f"{len(rows)} of {len(names)} attacks were graded")
    won["ours"] = [r["student"] for r in rows if float(r[BY_NAME[r["student"]].target] or 0) == 2.0]
    return won


def main() -> int:
    parser = argparse.ArgumentParser(description="Credit that is not deserved: ours, and other graders.")
    parser.add_argument("--cohorts", nargs="*", default=["linear_models", "maximum_likelihood"])
    parser.add_argument("--limit", type=int, default=0, help="students of a cohort (0: all)")
    parser.add_argument("--otter", type=int, default=10, help="students of a cohort whom otter grades too")
    parser.add_argument("--attacks", nargs="*", default=ATTACKS, help="names of files in tests/hostile/attacks")
    parser.add_argument("--peers", nargs="*", default=["gradescope-utils", "pytest", "otter run"])
    parser.add_argument("--seconds", type=float, default=60, help="for a peer's process")
    parser.add_argument("--cache", type=Path, default=default_cache(), help="folder for the peers' environments")
    parser.add_argument("--json", type=Path, help="write all figures here too")
    options = parser.parse_args()
    found: dict[str, Any] = {"conditions": show_conditions()}
    known = {
        "gradescope-utils": ("gradescope", Gradescope),
        "pytest": ("pytest", Pytest),
        "otter run": ("otter", Otter),
    }
    with tempfile.TemporaryDirectory(prefix="detect-") as temporary:
        folder = Path(temporary)
        (folder / "secret").write_text(SECRET)
        peers: dict[str, Any] = {}
        for name in options.peers:
            home, kind = known[name]
            peers[name] = kind(environment(home, options.cache), folder / home, options.seconds)
            found.setdefault("peers", []).append(versions(environment(home, options.cache), home))
        for name in options.cohorts:
            key = freeze(Course(ROOT, folder / "secret"), name)
            counts = wrong_answers(name, key, peers, options.limit, options.otter, folder)
            print(f"\n{name}\n{'':36}missed           false alarms")
            for way, count in counts.items():
                print(f"{way:34}{count.row()}")
            found[name] = {way: vars(count) for way, count in counts.items()}
        if options.attacks:
            won = attacks(peers, options.attacks, folder / "hostile")
            print(f"\n{len(options.attacks)} attacks; how many got the points of what they attacked")
            for name, names in won.items():
                print(f"{name:20}{len(names):4}  {' '.join(n.partition('_')[0] for n in names)}")
            found["attacks"] = {"tried": options.attacks, "won": won}
        found["ended"] = {name: place.ended for name, place in peers.items()}
    print(f"\nended after {options.seconds:g} s: {found['ended']}\npeers: " + "; ".join(found.get("peers", [])))
    for style in STYLES:
        print(f"{style.name}: {style.about}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
