"""From a platform's download to its gradebook, on the command line, with a tiny course."""

from __future__ import annotations

import contextlib
import csv
import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from conftest import Run
from coursekit import CASES, SQUARE, write_course

from grader.cli.gradebook import gradebook
from grader.cohort.results import Results
from grader.collect.intake import take_in
from grader.errors import UsageError
from grader.store import Store

RIGHT = "def square(x):\n    return (x * x).sum(), 2 * x\n"
HALF = "def square(x):\n    return (x * x).sum(), x\n"
ZERO = "def square(x):\n    return 0.0, x\n"
Done = subprocess.CompletedProcess[str]
Grade = Callable[..., Done]

CANVAS = {
    "doejane_101_5001_demo.py": RIGHT,
    "doejane_101_5009_demo-1.py": HALF,
    "müllerjosé_LATE_102_5002_demo.py": RIGHT,
    "doejane_103_5003_demo.py": ZERO,
    "roeann_105_text.html": "<p>",
    "ghost_106_5006_demo.py": HALF,
    "kim_107_5007_demo.py": HALF,
    "kim_107_5020_demo-1.py": "x" * (2 << 20),
    "liu_108_5008_demo.py": RIGHT,
    "liu_108_5021_demo-1.py": "x" * (2 << 20),
}
BOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (12),Final Score
    Points Possible,,,,,3.00,(read only)
"Doe, Jane",101,s101,j,A,,
"Doe, Jane",103,s103,j2,A,,
"Müller, José",102,s102,m,A,,
"Roe, Ann",105,s105,r,A,,
"Kim, X",107,s107,k,A,,
"Liu, X",108,s108,l,A,,
"Gone, Ann",110,s110,g,A,1.00,
"""


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def typed(*arguments: object) -> None:
    """`grader gradebook` in this process; errors are raised."""
    with contextlib.suppress(SystemExit):
        gradebook.main([*map(str, arguments)], standalone_mode=False)


def zipped(path: Path, files: Mapping[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    write_course(root, SQUARE + CASES.format(name="square"))
    return root


@pytest.fixture(scope="module")
def grade(root: Path, grader: Run) -> Grade:
    def run(out: Path, *arguments: object) -> Done:
        where = ("--course", root, "--secret-file", root / "secret", "--workers", 2, "--allow-weak-isolation")
        return grader("grade", "demo", *arguments, "--out", out, *where)

    return run


@pytest.fixture(scope="module")
def canvas(grade: Grade, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Done]:
    folder = tmp_path_factory.mktemp("canvas")
    (folder / "book.csv").write_text(BOOK)
    zipped(folder / "submissions.zip", CANVAS)
    return folder, grade(folder / "out", folder / "submissions.zip", "--attempts", "best")


def scores(out: Path) -> dict[str, str]:
    return {row["student"]: row["score"] for row in table(out / "grades.csv")}


def test_a_canvas_zip_is_recognised_and_the_best_attempt_counts(canvas: tuple[Path, Done]) -> None:
    folder, done = canvas
    assert done.returncode == 3
    assert "from Canvas, 7 students, 1 marked late, 3 with several attempts, 1 without a file" in done.stderr
    assert "ungraded: roeann 105: handed in a text that was typed in" in done.stderr
    assert scores(folder / "out") == {
        "doejane 101": "3", "doejane 103": "0", "ghost 106": "1", "kim 107": "", "liu 108": "3",
        "müllerjosé 102": "3", "roeann 105": "",
    }  # fmt: skip
    reports = {r["student"]: r for r in map(json.loads, (folder / "out" / "reports.jsonl").read_text().splitlines())}
    assert reports["doejane 101"]["notes"] == ["attempt 1 of 2 counts: the best of 3, 1"]
    assert not any("[attempt" in student for student in reports)


def test_canvas_back_again(canvas: tuple[Path, Done], grader: Run) -> None:
    folder, _ = canvas
    more = ("--gradebook", folder / "book.csv", "--out", folder / "up.csv")
    late = ("--due", "2026-11-20T23:59", "--zone", "Europe/Amsterdam", "--late-per-day", "10%", "--late-flat", "20%")
    done = grader("gradebook", "canvas", folder / "out", *more, *late)
    assert done.returncode == 3
    assert (folder / "up.csv").read_text() == (
        "Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (12)\n    Points Possible,,,,,3.00\n"
        '"Doe, Jane",101,s101,j,A,3.00\n"Doe, Jane",103,s103,j2,A,0.00\n"Müller, José",102,s102,m,A,2.40\n'
        '"Liu, X",108,s108,l,A,3.00\n'
    )
    assert [line for line in done.stderr.splitlines() if "kim" not in line] == [
        "no row: ghost 106: no row with the id 106",
        "not written: roeann 105: ungraded: handed in a text that was typed in and no file; look at it on Canvas",
        "no result: Gone, Ann: nothing of theirs was graded",
    ]
    assert (
        "4 grades written, 1 of them less for being late, 2 not written, 1 without a row, 1 row without" in done.stdout
    )
    (row,) = [row for row in table(folder / "up.list.csv") if row["student"] == "müllerjosé 102"]
    assert (row["earned"], row["taken off"], row["points"]) == ("3", "20%", "2.40")


def test_taken_in_again_the_attempt_that_counted_counts(canvas: tuple[Path, Done]) -> None:
    """For feedback and pages, which are of what was graded."""
    folder, _ = canvas
    intake = take_in([folder / "submissions.zip"], "demo.py")
    with Results(folder / "out") as results:
        found = {f.student: f.read() for f in intake.counting(results.hands()).found}
    assert found["doejane 101"].files[0].data == RIGHT.encode()
    assert found["doejane 101"].notes == ("attempt 1 of 2 counts: the best of 3, 1",)


def test_an_ungraded_attempt_may_be_the_best(canvas: tuple[Path, Done]) -> None:
    """A person looks at it: neither the other attempt nor a zero counts, but full marks do."""
    folder, done = canvas
    assert (scores(folder / "out")["kim 107"], scores(folder / "out")["liu 108"]) == ("", "3")
    assert "ungraded: kim 107: attempt 2 is ungraded, so the best is not known" in done.stderr
    assert "the best so far is attempt 1 with 1" in done.stderr


def test_moodle_and_nbgrader_there_and_back(tmp_path: Path, grade: Grade, grader: Run) -> None:
    files = {"Jane Doe_7_assignsubmission_file/demo.py": RIGHT, "José_8_assignsubmission_file/demo.py": HALF}
    for student, code, when in (("ann", RIGHT, "2026-11-20 22:59:00"), ("bo", RIGHT, "2026-11-20 22:59:01 UTC")):
        folder = tmp_path / "submitted" / student / "demo"
        folder.mkdir(parents=True)
        (folder / "demo.py").write_text(code)
        (folder / "timestamp.txt").write_text(when)
    book = (
        "Identifier,Nome completo,Email,Stato,Valutazione,Valutazione massima,Modificabile,Ultima modifica (consegna)\n"
        'Partecipante 7,Jane Doe,j@x,Consegnato,,"10,00",Sì,"sabato, 21 novembre 2026, 00:00"\n'
        'Partecipante 8,José,k@x,Consegnato,,"10,00",Sì,"venerdì, 20 novembre 2026, 23:59"\n'
    )
    (tmp_path / "book.csv").write_text(book)
    done = grade(tmp_path / "out", zipped(tmp_path / "all.zip", files), tmp_path / "submitted")
    assert done.returncode == 0
    assert "from Moodle, 2 students" in done.stderr and "from nbgrader, 2 students" in done.stderr
    more = ("--gradebook", tmp_path / "book.csv", "--out", tmp_path / "up.csv", "--due", "2026-11-20T23:59")
    done = grader("gradebook", "moodle", tmp_path / "out", *more, "--zone", "Europe/Rome", "--late-per-hour", "1%")
    assert done.returncode == 3 and done.stderr.splitlines() == [
        "no row: ann: no row with its ids or its name", "no row: bo: no row with its ids or its name",
    ]  # fmt: skip
    expected = book.replace("7,Jane Doe,j@x,Consegnato,,", '7,Jane Doe,j@x,Consegnato,"9,90",')
    assert (tmp_path / "up.csv").read_text() == expected.replace("k@x,Consegnato,,", 'k@x,Consegnato,"3,33",')
    more = ("--out", tmp_path / "nb.csv", "--due", "2026-11-20T22:59", "--zone", "UTC", "--late-per-day", "50%")
    assert grader("gradebook", "nbgrader", tmp_path / "out", *more).returncode == 3
    rows = [(row["student_id"], row["raw_score"], row["score"]) for row in table(tmp_path / "nb.csv")]
    assert rows == [("Jane Doe 7", "3", ""), ("José 8", "1", ""), ("ann", "3", "3"), ("bo", "3", "1.5")]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--gradebook FILE"),
        (("--late-cap", "50%"), "--late-cap needs --due"),
        (("--due", "2026-11-20T23:59", "--late-per-day", "10%"), "--zone"),
        (("--due", "2026-11-20T23:59", "--zone", "UTC"), "takes nothing off"),
        (("--due", "x", "--zone", "UTC", "--late-per-day", "10%"), "--due x"),
        (("--due", "2026-11-20", "--zone", "Mars/Base", "--late-per-day", "10%"), "Mars/Base"),
        (("--out-of", "0"), "--out-of"),
        (("--times", "nowhere.csv"), "--times needs --due"),
        (("--due", "2026-11-20", "--zone", "UTC", "--late-per-day", "1%", "--times", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_wrong_use_is_told(canvas: tuple[Path, Done], arguments: tuple[str, ...], told: str) -> None:
    folder, _ = canvas
    book = () if not arguments else ("--gradebook", folder / "book.csv")
    with pytest.raises(UsageError) as raised:
        typed("canvas", folder / "out", "--out", folder / "no.csv", *book, *arguments)
    assert told in str(raised.value) and "\n" not in str(raised.value)
    assert not (folder / "no.csv").exists()


def test_the_gradebook_itself_is_never_overwritten(canvas: tuple[Path, Done]) -> None:
    folder, _ = canvas
    with pytest.raises(UsageError, match="the gradebook itself"):
        typed("canvas", folder / "out", "--gradebook", folder / "book.csv", "--out", folder / "book.csv")
    assert (folder / "book.csv").read_text() == BOOK


def test_times_that_the_course_knows_stand_before_the_platforms(
    canvas: tuple[Path, Done], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, _ = canvas
    (folder / "times.csv").write_text("student,time\nmüllerjosé 102,2026-11-22 00:00\n")
    late = ("--due", "2026-11-20T23:59", "--zone", "UTC", "--late-per-day", "10%", "--times", folder / "times.csv")
    typed("canvas", folder / "out", "--gradebook", folder / "book.csv", "--out", folder / "timed.csv", *late)
    assert '"Müller, José",102,s102,m,A,2.40\n' in (folder / "timed.csv").read_text()
    (folder / "times.csv").write_text("student,time\nnobody,2026-11-22 00:00\n")
    typed("canvas", folder / "out", "--gradebook", folder / "book.csv", "--out", folder / "no.csv", *late)
    assert "no result: nobody: named by --times" in capsys.readouterr().err
    assert "nobody" in (folder / "no.list.csv").read_text()


def test_nbgraders_table_has_its_list_too(canvas: tuple[Path, Done], capsys: pytest.CaptureFixture[str]) -> None:
    folder, _ = canvas
    typed("nbgrader", folder / "out", "--out", folder / "export.csv")
    assert "not written: roeann 105: ungraded" in capsys.readouterr().err
    rows = (folder / "export.list.csv").read_text().splitlines()
    assert len(rows) == len((folder / "export.csv").read_text().splitlines())


def test_a_folder_that_is_not_there_is_named(canvas: tuple[Path, Done]) -> None:
    folder, _ = canvas
    with pytest.raises(UsageError, match="there is no folder"):
        typed("nbgrader", folder / "out", "--out", folder / "nowhere" / "export.csv")


def test_results_of_a_run_that_did_not_end_are_refused(canvas: tuple[Path, Done], tmp_path: Path) -> None:
    folder, _ = canvas
    shutil.copyfile(folder / "out" / "grades.sqlite", tmp_path / "grades.sqlite")
    with Store(tmp_path / "grades.sqlite") as store:
        store.keep("hands", '{"run": "another", "hands": []}')
    with pytest.raises(UsageError, match="run the same grader grade again"):
        typed("canvas", tmp_path, "--gradebook", folder / "book.csv", "--out", tmp_path / "up.csv")


def test_an_override_is_kept_through_a_regrade_that_runs_nothing_twice(
    canvas: tuple[Path, Done], grade: Grade, grader: Run
) -> None:
    folder, _ = canvas
    done = grader("override", folder / "out", "ghost 106", "square", "2.5", "--reason", "right but for a typing error")
    assert (done.returncode, done.stdout) == (0, "ghost 106, square: 2.5 points; 2.5 of 3 in all\n"), done.stderr
    done = grade(folder / "out", folder / "submissions.zip", "--attempts", "best")
    assert "what changed" not in done.stdout
    assert re.search(r"^ghost 106 +2\.5 +2\.5\*", done.stdout, re.M)
    assert re.search(r"^overridden: ghost 106, square: 2\.5, .*typing error \(the grader gives 1\)$", done.stdout, re.M)
    (row,) = [row for row in table(folder / "out" / "grades.csv") if row["student"] == "ghost 106"]
    assert (row["score"], row["square"], row["overridden"]) == ("2.5", "2.5", "square")
    assert scores(folder / "out")["doejane 101"] == "3"
