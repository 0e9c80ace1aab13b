"""The sample cohort, from the command line: every outcome of every submission against its label."""

from __future__ import annotations

import csv
import json
import secrets
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from conftest import COHORT, Run

LABELS: dict[str, Any] = json.loads((COHORT / "labels.json").read_text())
QUESTIONS = [
    "scores",
    "append_one",
    "fold_bias",
    "svm_loss_i",
    "svm_loss",
    "svm_gradient",
    "softmax_loss",
    "full_loss",
    "Linear",
    "hinge_at_initialisation",
    "softmax_at_initialisation",
    "twice_the_weights",
]


@pytest.fixture(scope="module")
def graded(grader: Run, secret_file: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    out = tmp_path_factory.mktemp("graded")
    return out, _grade(grader, COHORT / "submissions", out, secret_file, "--workers", 2)


def _grade(grader: Run, submissions: Path, out: Path, secret: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return grader(
        "grade", "linear_classifiers", submissions, "--out", out, "--timeout", 2, "--secret-file", secret, *more
    )


def _reports(out: Path) -> dict[str, dict[str, Any]]:
    return {r["student"]: r for r in map(json.loads, (out / "reports.jsonl").read_text().splitlines())}


def _label(student: str, question: str, output: str, case: str) -> str:
    label = LABELS[student]["outcomes"][question]
    if isinstance(label, dict):
        label = label[output]
    if isinstance(label, dict):
        label = label.get(case, label.get("*"))
    return str(label)


def test_the_cohort_is_worth_grading() -> None:
    found = {p.name.removesuffix(".py") for p in (COHORT / "submissions").iterdir()}
    assert found == set(LABELS)
    assert len(LABELS) >= 30
    assert all(set(about["outcomes"]) == set(QUESTIONS) for about in LABELS.values())


def test_every_outcome_is_the_labelled_one(graded: tuple[Path, Any]) -> None:
    out, done = graded
    assert done.returncode == 0, done.stderr
    reports = _reports(out)
    assert set(reports) == set(LABELS)
    wrong = [
        f"{student}: {q['question']}, {o['case']}, {o['output']}: {o['verdict']}, labelled "
        f"{_label(student, q['question'], o['output'], o['case'])} ({o['message']})"
        for student, report in reports.items()
        for q in report["questions"]
        for o in q["outcomes"]
        if o["verdict"] != _label(student, q["question"], o["output"], o["case"])
    ]
    assert not wrong, "\n".join(wrong)


def test_scores_follow_from_the_labels(graded: tuple[Path, Any]) -> None:
    """The total is recomputed here from the labels alone: points times the share of passed cases, and half of that
    for those that are labelled as carried forward."""
    out, _ = graded
    points = {
        "scores": {"scores": 6}, "append_one": {"X1": 3}, "fold_bias": {"W1": 3}, "svm_loss_i": {"loss": 8},
        "svm_loss": {"loss": 8}, "svm_gradient": {"dW": 16}, "softmax_loss": {"loss": 6, "dS": 12},
        "full_loss": {"loss": 6, "dW": 10}, "Linear": {"out": 4, "dX": 5, "dW": 5, "db": 4},
        "hinge_at_initialisation": {"holds": 1}, "softmax_at_initialisation": {"holds": 1},
        "twice_the_weights": {"holds": 2},
    }  # fmt: skip
    for student, report in _reports(out).items():
        total = 0.0
        for q in report["questions"]:
            cases = list(dict.fromkeys(o["case"] for o in q["outcomes"]))
            for output, worth in points[q["question"]].items():
                passed = sum(_label(student, q["question"], output, case) == "PASS" for case in cases)
                carried = len(_carried(student, q["question"], output))
                total += worth * (passed + carried / 2) / len(cases)
        assert report["score"] == pytest.approx(total, abs=1e-5), student


def _carried(student: str, question: str, output: str) -> list[str]:
    cases: list[str] = LABELS[student].get("carried", {}).get(question, {}).get(output, [])
    return cases


def test_errors_are_carried_forward_where_the_labels_say_so_and_nowhere_else(graded: tuple[Path, Any]) -> None:
    for student, report in _reports(graded[0]).items():
        for q in report["questions"]:
            for output in {o["output"] for o in q["outcomes"]}:
                found = {o["case"] for o in q["outcomes"] if o["output"] == output and o["carried"]}
                assert found == set(_carried(student, q["question"], output)), (student, q["question"], output)
            for o in q["outcomes"]:
                if o["carried"]:
                    assert o["verdict"] != "PASS" and o["message"].startswith(f"right once {o['carried']} is answered")
    assert sum("carried" in about for about in LABELS.values()) == 4
    assert "; carried: full_loss" in graded[1].stdout


def test_the_csv_holds_the_same_scores(graded: tuple[Path, Any]) -> None:
    out, _ = graded
    rows = list(csv.DictReader((out / "grades.csv").read_text().splitlines()))
    assert list(rows[0]) == ["student", "score", "max_score", "status", *QUESTIONS]
    reports = _reports(out)
    assert [row["student"] for row in rows] == sorted(LABELS)
    for row in rows:
        report = reports[row["student"]]
        assert row["status"] == "graded"
        assert float(row["score"]) == pytest.approx(report["score"])
        assert float(row["max_score"]) == 100
        for q in report["questions"]:
            assert float(row[q["question"]]) == pytest.approx(q["score"], abs=1e-6)


def test_reports_tell_what_they_rest_on(graded: tuple[Path, Any]) -> None:
    out, done = graded
    for report in _reports(out).values():
        assert report["schema"] == 2
        assert report["isolation"].startswith("strong")
        assert {"grader", "torch", "numpy", "python", "device", "seed", "sources"} <= set(report["provenance"])
    assert "isolation strong" in done.stdout


@pytest.mark.parametrize(
    ("student", "question", "mistake"),
    [
        ("forgot-minus-one", "softmax_loss", "true_class_not_subtracted"),
        ("no-mean-in-svm", "svm_loss", "summed_over_images"),
        ("true-row-once", "svm_gradient", "true_row_counted_once"),
        ("log-base-ten", "softmax_loss", "log_of_base_ten"),
        ("penalty-forgotten", "svm_gradient", "no_penalty"),
        ("ones-go-first", "append_one", "ones_first"),
    ],
)
def test_the_misconception_is_named(graded: tuple[Path, Any], student: str, question: str, mistake: str) -> None:
    (q,) = [q for q in _reports(graded[0])[student]["questions"] if q["question"] == question]
    named = {o["mistake"] for o in q["outcomes"] if o["verdict"] == "FAIL"}
    assert named == {mistake}
    assert all(o["hint"] for o in q["outcomes"] if o["verdict"] == "FAIL")
    assert not any(o["hint"] or o["mistake"] for o in q["outcomes"] if o["verdict"] == "PASS")


def test_one_worker_and_a_zip_give_the_same_grades(
    graded: tuple[Path, Any], grader: Run, secret_file: Path, tmp_path: Path
) -> None:
    """A quarter of the cohort, zipped as a platform would, gets byte for byte the same rows."""
    chosen = sorted(p for p in (COHORT / "submissions").iterdir())[::4]
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for path in chosen:
            for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
                archive.write(file, f"export/{file.relative_to(COHORT / 'submissions')}")
    done = _grade(grader, tmp_path / "export.zip", tmp_path / "out", secret_file, "--workers", 1)
    assert done.returncode == 0, done.stderr
    all_rows = (graded[0] / "grades.csv").read_text().splitlines()
    names = {p.name.removesuffix(".py") for p in chosen}
    wanted = [row for row in all_rows if row.split(",")[0] in {*names, "student"}]
    assert (tmp_path / "out" / "grades.csv").read_text().splitlines() == wanted


def test_another_secret_gives_the_same_verdicts(grader: Run, tmp_path: Path) -> None:
    """Labels hold for other draws of the hidden cases too: a sample, with a secret made now."""
    (tmp_path / "secret").write_text(secrets.token_hex(16))
    for name in ("ada-vectorised", "half-penalty-row-bias", "forgot-minus-one", "loops-everywhere"):
        done = _grade(
            grader, COHORT / "submissions" / name / "linear_classifiers.py", tmp_path / name, tmp_path / "secret"
        )
        assert done.returncode == 0, done.stderr
        (report,) = _reports(tmp_path / name).values()
        for q in report["questions"]:
            for o in q["outcomes"]:
                assert o["verdict"] == _label(name, q["question"], o["output"], o["case"]), (name, o)
