"""The sample cohorts, from the command line: every outcome of every submission against its label.

labels.json: `points` of each output by question, `carry` the share that a question earns where it is right but for
another, and for each student `outcomes` by question. A label is a verdict, or verdicts by output and then by case;
"*" stands for all that are not named. `carried` lists cases by question and output; `mistakes` names the misconception
that a question's wrong values must get; `score` is the total, worked out by hand; `steady` lists students whose labels
hold for every draw of the hidden cases."""

from __future__ import annotations

import csv
import functools
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import COHORT, ROOT, Run

COHORTS = sorted(path.parent.name for path in (ROOT / "tests" / "cohorts").glob("*/labels.json"))


@dataclass
class Cohort:
    """A cohort graded: its labels, the folder of results, and what the command printed."""

    name: str
    labels: dict[str, Any]
    out: Path
    done: subprocess.CompletedProcess[str]

    @property
    def students(self) -> dict[str, Any]:
        return dict(self.labels["students"])

    def reports(self) -> dict[str, dict[str, Any]]:
        return reports(self.out)

    def label(self, student: str, question: str, output: str, case: str) -> str:
        label = _named(self.students[student]["outcomes"], question)
        if isinstance(label, dict):
            label = _named(label, output)
        if isinstance(label, dict):
            label = _named(label, case)
        return str(label)

    def carried(self, student: str, question: str, output: str) -> list[str]:
        cases: list[str] = self.students[student].get("carried", {}).get(question, {}).get(output, [])
        return cases

    def outcomes(self) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        for student, report in self.reports().items():
            for q in report["questions"]:
                for o in q["outcomes"]:
                    yield student, q, o


def _named(labels: dict[str, Any], name: str) -> Any:
    return labels[name] if name in labels else labels["*"]


def reports(out: Path) -> dict[str, dict[str, Any]]:
    return {r["student"]: r for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    return lambda name: tmp_path_factory.mktemp(name)


@pytest.fixture(scope="module", params=COHORTS)
def cohort(request: pytest.FixtureRequest, grader: Run, secret_file: Path, new_folder: Callable[[str], Path]) -> Cohort:
    return graded_cohort(request.param, grader, secret_file, new_folder)


@functools.cache
def graded_cohort(name: str, grader: Run, secret: Path, folder_of: Callable[[str], Path]) -> Cohort:
    folder, out = ROOT / "tests" / "cohorts" / name, folder_of(name)
    done = _grade(grader, name, folder / "submissions", out, secret, "--workers", 2)
    return Cohort(name, json.loads((folder / "labels.json").read_text()), out, done)


def _grade(
    grader: Run, name: str, submissions: Path, out: Path, secret: Path, *more: object
) -> subprocess.CompletedProcess[str]:
    arguments = ["--out", out, "--timeout", 2, "--secret-file", secret, "--no-pages", *more]
    return grader("grade", name, submissions, *arguments)


def test_every_assignment_has_a_cohort() -> None:
    assert sorted(p.name for p in (ROOT / "reference").iterdir() if (p / "__init__.py").exists()) == COHORTS


def test_the_cohort_is_worth_grading(cohort: Cohort) -> None:
    folder = ROOT / "tests" / "cohorts" / cohort.name / "submissions"
    assert {p.name.removesuffix(".py") for p in folder.iterdir()} == set(cohort.students)
    assert len(cohort.students) >= 20
    assert sum(sum(outputs.values()) for outputs in cohort.labels["points"].values()) == 100
    known = {"*", *cohort.labels["points"]}
    for student, about in cohort.students.items():
        named = {*about["outcomes"], *about.get("carried", {}), *about.get("mistakes", {})}
        assert about["about"] and named <= known, student
    assert 30 <= cohort.students["typical-student"]["score"] <= 75


def test_every_outcome_is_the_labelled_one(cohort: Cohort) -> None:
    assert cohort.done.returncode == 0, cohort.done.stderr
    assert set(cohort.reports()) == set(cohort.students)
    seen = {(q["question"], o["output"]) for _, q, o in cohort.outcomes()}
    assert seen == {(q, output) for q, outputs in cohort.labels["points"].items() for output in outputs}
    wrong = [
        f"{student}: {q['question']}, {o['case']}, {o['output']}: {o['verdict']}, labelled {label} ({o['message']})"
        for student, q, o in cohort.outcomes()
        if o["verdict"] != (label := cohort.label(student, q["question"], o["output"], o["case"]))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_case_that_a_label_names_is_there(cohort: Cohort) -> None:
    """A misspelt case would leave its label unread."""
    cases: dict[str, set[str]] = {}
    for _, q, o in cohort.outcomes():
        cases.setdefault(q["question"], set()).add(o["case"])
    for student, about in cohort.students.items():
        for question, label in about["outcomes"].items():
            for output, verdicts in label.items() if isinstance(label, dict) else ():
                assert output == "*" or output in cohort.labels["points"][question], (student, question, output)
                if isinstance(verdicts, dict):
                    assert set(verdicts) <= {"*", *cases[question]}, (student, question, output)


def test_scores_follow_from_the_labels(cohort: Cohort) -> None:
    """The total is recomputed here from the labels alone: points times the share of passed cases, and a part of that
    for those that are labelled as carried forward."""
    for student, report in cohort.reports().items():
        total = 0.0
        for q in report["questions"]:
            cases = list(dict.fromkeys(o["case"] for o in q["outcomes"]))
            for output, worth in cohort.labels["points"][q["question"]].items():
                passed = sum(cohort.label(student, q["question"], output, case) == "PASS" for case in cases)
                carried = len(cohort.carried(student, q["question"], output))
                share = cohort.labels["carry"].get(q["question"], 0.0)
                total += worth * (passed + carried * share) / len(cases)
        assert report["score"] == pytest.approx(total, abs=1e-5), student
        if "score" in cohort.students[student]:
            assert report["score"] == pytest.approx(cohort.students[student]["score"], abs=0.01), student


def test_errors_are_carried_forward_where_the_labels_say_so_and_nowhere_else(cohort: Cohort) -> None:
    for student, report in cohort.reports().items():
        for q in report["questions"]:
            for output in {o["output"] for o in q["outcomes"]}:
                found = {o["case"] for o in q["outcomes"] if o["output"] == output and o["carried"]}
                assert found == set(cohort.carried(student, q["question"], output)), (student, q["question"], output)
            for o in q["outcomes"]:
                if o["carried"]:
                    assert o["verdict"] != "PASS"
                    assert re.match(f"right once {o['carried']} (is|are) answered", o["message"]), o["message"]


def test_the_misconception_is_named(cohort: Cohort) -> None:
    named = [(s, q, m) for s, about in cohort.students.items() for q, m in about.get("mistakes", {}).items()]
    assert len(named) >= 6
    found = cohort.reports()
    for student, question, mistake in named:
        (q,) = [q for q in found[student]["questions"] if q["question"] == question]
        wrong = [o for o in q["outcomes"] if o["verdict"] == "FAIL"]
        assert {o["mistake"] for o in wrong} - {""} == {mistake}, (student, question)
        assert all(o["hint"] for o in wrong if o["mistake"])
        assert not any(o["hint"] or o["mistake"] for o in q["outcomes"] if o["verdict"] == "PASS")


@pytest.mark.parametrize("cohort", ["linear_classifiers", "neural_networks"], indirect=True)
def test_another_secret_gives_the_same_verdicts(cohort: Cohort, grader: Run, tmp_path: Path) -> None:
    """Labels hold for other draws of the hidden cases too: a sample of students, of two of the assignments."""
    (tmp_path / "secret").write_text("another secret for the tests alone\n")
    right = [s for s, about in cohort.students.items() if about["outcomes"] == {"*": "PASS"}]
    chosen = [*right[:3], "typical-student", *cohort.labels.get("steady", ())]
    for path in (ROOT / "tests" / "cohorts" / cohort.name / "submissions").iterdir():
        if path.name.removesuffix(".py") in chosen:
            target = tmp_path / "submissions" / path.name
            (shutil.copytree if path.is_dir() else _copied)(path, target)
    one = ("--workers", 1)  # reference and libraries are loaded once
    done = _grade(grader, cohort.name, tmp_path / "submissions", tmp_path / "out", tmp_path / "secret", *one)
    assert done.returncode == 0, done.stderr
    again = Cohort(cohort.name, cohort.labels, tmp_path / "out", done)
    assert sorted(again.reports()) == sorted(chosen)
    for student, q, o in again.outcomes():
        assert o["verdict"] == cohort.label(student, q["question"], o["output"], o["case"]), (student, q["question"], o)


def _copied(path: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    shutil.copy(path, target)


# -- what the command writes, on the first cohort ------------------------------------------------------------


@pytest.fixture(scope="module")
def linear(grader: Run, secret_file: Path, new_folder: Callable[[str], Path]) -> Cohort:
    return graded_cohort("linear_classifiers", grader, secret_file, new_folder)


def test_the_readme_shows_these_lines(linear: Cohort) -> None:
    """`python3 dev.py demo` grades this cohort. The lines of the README hold for every draw of the hidden cases."""
    readme = (ROOT / "README.md").read_text()
    table = next(b for b in re.findall(r"```text\n(.*?)```", readme, flags=re.DOTALL) if b.startswith("student"))
    printed = linear.done.stdout.splitlines()
    *lines, last = table.splitlines()
    for line in lines:
        assert line in printed
    said, _, level = last.partition("; isolation ")
    assert [line for line in printed if line.startswith(f"{said}; isolation ")] and level.startswith("strong: ")
    assert "of 97 submissions" in readme
    assert len(list((COHORT / "submissions").iterdir())) == 97


def test_carried_points_are_told(linear: Cohort) -> None:
    assert sum("carried" in about for about in linear.students.values()) == 6
    assert "; carried: full_loss" in linear.done.stdout


def test_the_csv_holds_the_same_scores(linear: Cohort) -> None:
    out = linear.out
    rows = list(csv.DictReader((out / "grades.csv").read_text().splitlines()))
    assert list(rows[0]) == ["student", "score", "max_score", "status", *linear.labels["points"], "overridden"]
    found = reports(out)
    assert [row["student"] for row in rows] == sorted(linear.students)
    for row in rows:
        report = found[row["student"]]
        assert row["status"] == "graded"
        assert float(row["score"]) == pytest.approx(report["score"])
        assert float(row["max_score"]) == 100
        for q in report["questions"]:
            assert float(row[q["question"]]) == pytest.approx(q["score"], abs=1e-6)


def test_reports_tell_what_they_rest_on(linear: Cohort) -> None:
    out = linear.out
    for report in reports(out).values():
        assert report["schema"] == 2
        assert report["isolation"].startswith("strong")
        assert {"grader", "torch", "numpy", "python", "device", "seed", "sources"} <= set(report["provenance"])
    assert "isolation strong" in linear.done.stdout


def test_one_worker_and_a_zip_give_the_same_grades(
    linear: Cohort, grader: Run, secret_file: Path, tmp_path: Path
) -> None:
    """A quarter of the cohort, zipped as a platform would, gets byte for byte the same rows."""
    chosen = sorted(p for p in (COHORT / "submissions").iterdir())[1::4]  # none of those that never end
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for path in chosen:
            for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
                archive.write(file, f"export/{file.relative_to(COHORT / 'submissions')}")
    done = _grade(grader, "linear_classifiers", tmp_path / "export.zip", tmp_path / "out", secret_file, "--workers", 1)
    assert done.returncode == 0, done.stderr
    all_rows = (linear.out / "grades.csv").read_text().splitlines()
    names = {p.name.removesuffix(".py") for p in chosen}
    wanted = [row for row in all_rows if row.split(",")[0] in {*names, "student"}]
    assert (tmp_path / "out" / "grades.csv").read_text().splitlines() == wanted
