"""`grader export FORMAT RESULTS` on a graded cohort of a small course, as an instructor types it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result
from conftest import ROOT, Run
from deskkit import RIGHT
from hiddenkit import HIDDEN, graded, setting, submission

from grader import overrides
from grader.cli.commands import cli
from grader.cohort.public import PublicRun
from grader.exports.schema import report_schema
from grader.model import Submission
from grader.store import Store

WRONG = RIGHT.replace("float(x @ x), 2 * x", "float(x @ x), x")
LEAKS = RIGHT.replace("def square", "kept = []\n\n\ndef square").replace(
    "    return float(x @ x), 2 * x", "    kept.append(x)\n    raise ValueError(f'seen {kept}')"
)  # tells a hidden case where it was given one
WORKS = {"ada": RIGHT, "bob": WRONG, "lea": LEAKS}
EACH = ["markus", "prairielearn", "classroom50", "github-classroom"]
Export = Callable[..., Result]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Graded: `ada` is right, `bob` wrong, `lea` keeps inputs and says them, `una` could not be taken in."""
    return graded(tmp_path_factory.mktemp("course"), WORKS, [Submission("una", problem="two files; leave one")])


@pytest.fixture
def export(results: Path, tmp_path: Path) -> Export:
    def run(name: str, *more: str, to: str = "out", of: Path = results) -> Result:
        out = to if to == "-" else str(tmp_path / to)
        return CliRunner().invoke(cli, ["export", name, str(of), "--out", out, *more])

    return run


def junit_of(path: Path) -> dict[str, dict[str, str]]:
    suites = ET.parse(path).getroot().iter("testsuite")
    return {s.get("name", ""): {p.get("name", ""): p.get("value", "") for p in s.iter("property")} for s in suites}


def test_all_formats_tell_the_same_points(export: Export, results: Path, tmp_path: Path) -> None:
    """The points are those of grades.csv; who is ungraded has none anywhere, and is named."""
    rows = [line.split(",") for line in (results / "grades.csv").read_text().splitlines()[1:]]
    scores = {student: float(score) if score else None for student, score, *_ in rows}
    assert scores == {"ada": 3.0, "bob": 2.0, "lea": 1.0, "una": None}
    done = export("junit", to="all.xml")
    assert done.exit_code == 3 and "ungraded: una" in done.stderr
    told = {name: p["score"] for name, p in junit_of(tmp_path / "all.xml").items()}
    assert {n: float(s) if s else None for n, s in told.items()} == scores

    def read(name: str, student: str, ending: str) -> Any:
        lines = (tmp_path / name / f"{student}{ending}").read_text().splitlines()
        return [json.loads(line) for line in lines]

    for name in EACH:
        done = export(name, to=name)
        assert done.exit_code == 3 and "una" in done.stderr, done.stderr
        assert ("una.json" in {p.name for p in (tmp_path / name).iterdir()}) is (name == "prairielearn")
    for student in ("ada", "bob", "lea"):
        whole = json.loads((tmp_path / "classroom50" / f"{student}.json").read_text())
        assert whole["score"] / whole["points-per-point"] == scores[student]
        legacy = json.loads((tmp_path / "github-classroom" / f"{student}.json").read_text())
        assert sum(t["score"] for t in legacy["tests"]) == scores[student]
        pl = json.loads((tmp_path / "prairielearn" / f"{student}.json").read_text())
        assert pl["score"] == pytest.approx(scores[student] / 3)  # type: ignore[operator]
        assert sum(row.get("marks_earned", 0) for row in read("markus", student, ".jsonl")) == scores[student]


def test_words_come_from_a_run_without_hidden_cases(results: Path, export: Export, tmp_path: Path) -> None:
    """Of `lea` nothing that was said where a hidden case was known; of `bob` the words, once there is such a run."""
    assert "is wrong" not in export("junit", "--student", "bob", to="-").stdout
    export("junit", to="before.xml")
    with Store(results / "public.sqlite") as store:
        files = [submission(name, text) for name, text in WORKS.items()]
        assert len(list(PublicRun(setting(results.parent), store, 1).grade(files))) == 3
    try:
        export("junit", to="after.xml")
        before, after = ((tmp_path / name).read_text() for name in ("before.xml", "after.xml"))
        assert "wrong in" not in before and "dx is wrong" in after
        for number in map(str, HIDDEN):
            assert number in (results / "reports.jsonl").read_text() and number not in before + after
        with Store(results / "public.sqlite") as store:  # of other files than those that were graded
            other = WRONG.replace("return float", "return 3 + float")
            list(PublicRun(setting(results.parent), store, 1).grade([submission("bob", other)]))
        export("junit", to="other.xml")
        assert "loss is" not in (tmp_path / "other.xml").read_text()
    finally:
        for path in results.glob("public.sqlite*"):
            path.unlink()


def test_json_follows_the_schema_and_says_whom_it_is_for(export: Export, tmp_path: Path) -> None:
    done = export("json", to="all.jsonl")
    assert done.exit_code == 0 and "instructor alone" in done.stderr
    lines = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    schema = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "report.schema.json").read_text()))
    assert [r["student"] for r in lines] == ["ada", "bob", "lea", "una"] and schema.schema == report_schema()
    for line in lines:
        schema.validate(line)


def test_a_persons_points(export: Export, results: Path, tmp_path: Path) -> None:
    """They reach every format, make ungraded work graded, and go when they are taken back."""
    export("markus", to="each")
    overrides.add(results, "una", "double", 0.0, "")
    overrides.add(results, "una", "square", 2.0, "read by hand; the first file counts")
    try:
        assert export("markus", to="each").exit_code == 0
        row = json.loads((tmp_path / "each" / "una.jsonl").read_text().splitlines()[1])
        assert (row["marks_earned"], row["status"]) == (2.0, "pass")
        assert row["output"].startswith("points given by a person: 2 of 2: read by hand; the first file counts")
        export("junit", to="all.xml")
        told = junit_of(tmp_path / "all.xml")["una"]
        assert (told["score"], told["override square"]) == ("2", "read by hand; the first file counts")
    finally:
        for question in ("double", "square"):
            overrides.add(results, "una", question, None, "")
    done = export("markus", to="each")  # the file of the export before is gone
    assert done.exit_code == 3 and not (tmp_path / "each" / "una.jsonl").exists()


def test_one_student_and_what_is_refused(export: Export, grader: Run, results: Path, tmp_path: Path) -> None:
    done = grader("export", "markus", results, "--student", "bob", "--out", "-")
    marks = [json.loads(line).get("marks_earned") for line in done.stdout.splitlines()]
    assert (done.returncode, marks) == (0, [1.0, 1.0, None])
    assert "did you mean bob" in str(export("junit", "--student", "bobb").exception)
    assert "--student" in str(export("markus", to="-").exception)
    assert "no results there" in str(export("junit", of=tmp_path).exception)
    done = export("prairielearn", "--student", "una", to="una.json")
    assert done.exit_code == 3 and json.loads((tmp_path / "una.json").read_text())["gradable"] is False
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "old.json").write_text("{}")
    assert "old.json is not of these results" in export("classroom50", to="c").stderr
