"""The command line as students, instructors and scripts use it: messages, exit codes, files, stops."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from conftest import COHORT, ROOT, Run

SUBMISSIONS = COHORT / "submissions"
MODEL = ROOT / "reference" / "linear_classifiers" / "solutions" / "model.py"


@pytest.fixture
def desk(handout: Path, tmp_path: Path) -> Path:
    """A student's copy of the handout."""
    return Path(shutil.copytree(handout, tmp_path / "desk"))


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Four submissions: right, wrong, crashing, looping."""
    folder = tmp_path / "few"
    folder.mkdir()
    for name in ("ada-vectorised", "forgot-minus-one", "segfaults"):
        shutil.copytree(SUBMISSIONS / name, folder / name)
    return folder


def rows(out: Path) -> dict[str, dict[str, str]]:
    return {row["student"]: row for row in csv.DictReader((out / "grades.csv").read_text().splitlines())}


# -- check ---------------------------------------------------------------------------------------------------


def test_check_of_the_untouched_stub(grader: Run, desk: Path) -> None:
    done = grader("check", cwd=desk)
    assert done.returncode == 1
    assert done.stdout.count("  todo  ") == 25
    assert "Public cases passed: 0 of 25 questions." in done.stdout


def test_check_of_a_right_solution(grader: Run, desk: Path) -> None:
    shutil.copy(MODEL, desk / "linear_classifiers.py")
    for where in (["check"], ["check", desk], ["check", desk / "linear_classifiers.py"]):
        done = grader(*where, cwd=desk)
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.count("  ok    ") == 25


def test_check_explains_a_wrong_gradient(grader: Run, desk: Path) -> None:
    shutil.copy(SUBMISSIONS / "half-a-derivative" / "linear_classifiers.py", desk / "linear_classifiers.py")
    done = grader("check", "-q", "svm_gradient", cwd=desk)
    assert done.returncode == 1
    assert "  FAIL  svm_gradient" in done.stdout
    assert "with a penalty: dW is wrong in 4 of 6 elements" in done.stdout
    assert "called with X=[[3., 1.], [1., 2.]]" in done.stdout
    assert "dW is not the gradient of your own full_loss" in done.stdout
    assert "full_loss:" not in done.stdout.replace("your own full_loss", "")
    assert "Traceback" not in done.stdout + done.stderr


def test_check_tells_a_wrong_loss_from_a_wrong_gradient(grader: Run, desk: Path) -> None:
    """Loss and gradient of 3 * reg: the gradient fits the student's own loss, and the check says so."""
    text = MODEL.read_text()
    (desk / "linear_classifiers.py").write_text(text + OWN_LOSS)
    done = grader("check", "-q", "full_loss", cwd=desk)
    assert done.returncode == 1
    assert "dW is the gradient of your own loss: the derivative is right" in done.stdout


OWN_LOSS = """

_right = full_loss


def full_loss(X, W, y, reg, kind):
    return _right(X, W, y, 3 * reg, kind)
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def scores(X, W, b)\n    return 1\n", "expected ':'"),
        ("def scores(X, W, b):\n    return undefined\n", "NameError: name 'undefined' is not defined"),
        ("def scores(X, W, b):\n    return X @ W\n", "ValueError: matmul"),
        ("def scores(X, W, b):\n    return (X @ W.T + b).T\n", "scores has shape (3, 1), expected (1, 3)"),
        ("def scores(X, W, b):\n    return None\n", "scores is None, expected an array or a number"),
        ("import time\ndef scores(X, W, b):\n    while True: time.sleep(0.1)\n", "time limit"),  # 10 s, of no processor
        ("x = 1\n", "scores is not defined in linear_classifiers.py"),
    ],
)
def test_check_says_what_is_wrong(grader: Run, desk: Path, text: str, said: str) -> None:
    (desk / "linear_classifiers.py").write_text(text)
    done = grader("check", "-q", "scores", cwd=desk)
    assert done.returncode == 1
    assert said in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_check_shows_what_the_student_printed(grader: Run, desk: Path) -> None:
    (desk / "linear_classifiers.py").write_text("def scores(X, W, b):\n    print('shape', X.shape)\n    return X\n")
    assert "| shape (1, 4)" in grader("check", "-q", "scores", cwd=desk).stdout


def test_check_outside_a_handout(grader: Run, tmp_path: Path) -> None:
    done = grader("check", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("error: no public.key in ")
    assert len(done.stderr.splitlines()) == 1


def test_check_of_an_unknown_question(grader: Run, desk: Path) -> None:
    done = grader("check", "-q", "svm", cwd=desk)
    assert done.returncode == 2
    assert "no question 'svm'; there are scores, append_one" in done.stderr


def test_check_with_a_damaged_key(grader: Run, desk: Path) -> None:
    data = bytearray((desk / "public.key").read_bytes())
    data[-1] ^= 1
    (desk / "public.key").write_bytes(bytes(data))
    done = grader("check", cwd=desk)
    assert done.returncode == 2
    assert "public.key: damaged; get the handout again" in done.stderr


def test_check_beside_files_that_shadow_libraries(grader: Run, desk: Path) -> None:
    shutil.copy(MODEL, desk / "linear_classifiers.py")
    for name in ("json.py", "sitecustomize.py", "conftest.py"):
        (desk / name).write_text("raise RuntimeError('shadowed')\n")
    assert grader("check", cwd=desk).returncode == 0


# -- release -------------------------------------------------------------------------------------------------


def test_a_handout_tells_nothing_hidden(handout: Path, secret_file: Path) -> None:
    """No number of a hidden case, no hidden name, no mistake, and nothing of the reference ships."""
    import numpy as np

    from grader.course import Course
    from grader.keyfile import load

    course = Course(ROOT, secret_file)
    key = load(course.key_path("linear_classifiers", "cpu").read_bytes())
    shipped = b"".join(p.read_bytes() for p in handout.rglob("*") if p.is_file())
    public = {
        float(v).hex()
        for q in key.questions
        for c in q.cases
        if not c.hidden
        for value in (
            *c.inputs.values(),
            *c.expected.values(),
            *(x for d in c.conventions.values() for x in d.values()),
        )
        if isinstance(value, np.ndarray)
        for v in value.ravel()
    }
    searched = 0
    for q in key.questions:
        for note in q.mistakes:
            assert note.name.encode() not in shipped
            assert note.hint.encode() not in shipped
        for case in q.cases:
            if not case.hidden:
                continue
            assert f'"name": "{case.name}"'.encode() not in shipped
            for value in (*case.inputs.values(), *case.expected.values()):
                if isinstance(value, np.ndarray) and value.dtype == np.float64:
                    for number in value.ravel():
                        if float(number).hex() not in public and number != round(float(number), 2):
                            searched += 1
                            assert number.tobytes() not in shipped
                            assert repr(float(number)).encode() not in shipped
    assert searched > 200
    assert secret_file.read_bytes().strip() not in shipped
    assert key.provenance["seed"].encode() not in shipped


def test_release_refuses_a_full_folder(grader: Run, desk: Path, secret_file: Path) -> None:
    done = grader("release", "linear_classifiers", "--out", desk, "--secret-file", secret_file)
    assert done.returncode == 2
    assert "is not empty; name a new folder" in done.stderr


# -- grade ---------------------------------------------------------------------------------------------------


def test_grade_names_what_cannot_be_graded(grader: Run, few: Path, secret_file: Path, tmp_path: Path) -> None:
    (few / "notebook-only").mkdir()
    for name in ("first", "second"):
        (few / "notebook-only" / f"{name}.ipynb").write_text("{}")
    shutil.copytree(few / "ada-vectorised", few / "ADA-vectorised")
    (few / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    out = tmp_path / "out"
    arguments = ["--out", out, "--secret-file", secret_file, "--timeout", 2]
    done = grader("grade", "linear_classifiers", few, few / "broken.zip", *arguments)
    assert done.returncode == 3, done.stderr
    table = rows(out)
    assert table["forgot-minus-one"]["status"] == "graded"
    assert table["forgot-minus-one"]["score"] == "92"
    for student in ("notebook-only", "ADA-vectorised", "broken"):
        assert table[student]["status"] == "ungraded"
        assert table[student]["score"] == table[student]["scores"] == ""
        assert f"ungraded: {student}: " in done.stderr
    assert "2 submissions under this name" in done.stderr
    assert "no linear_classifiers.ipynb among 2 notebooks" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["grade", "no_such", "x.py", "--out", "o"], "no assignment 'no_such'"),
        (
            ["grade", "linear_classifiers", "missing.py", "--out", "o", "--secret-file", "SECRET"],
            "missing.py: No such file or directory",
        ),
        (["grade", "linear_classifiers", "missing.py"], "Missing option '--out'"),
        (["audit", "no_such"], "no assignment 'no_such'"),
        (["audit", "linear_classifiers", "--course", "nowhere"], "no assignment 'linear_classifiers' in"),
        (["freeze", "linear_classifiers", "--secret-file", "gone"], "gone: no such secret file"),
        (["freeze", "linear_classifiers", "--device", "abacus"], "device 'abacus' is not available"),
        (["new", "not-a-name"], "'not-a-name' is no Python name"),
        (["nonsense"], "No such command 'nonsense'"),
    ],
)
def test_usage_errors_are_one_line_and_exit_2(
    grader: Run, arguments: list[str], said: str, tmp_path: Path, secret_file: Path
) -> None:
    arguments = [str(secret_file) if text == "SECRET" else text for text in arguments]  # whose key is frozen already
    if "--course" not in arguments and arguments[0] in ("grade", "audit", "freeze"):
        arguments = [*arguments, "--course", str(ROOT)]
    done = grader(*arguments, cwd=tmp_path)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_run_runs_nothing_again(grader: Run, few: Path, secret_file: Path, tmp_path: Path) -> None:
    """Same command, same files: the store answers, and the results are the same bytes. A changed submission
    alone is graded anew."""
    out = tmp_path / "out"
    arguments = ["grade", "linear_classifiers", few, "--out", out, "--secret-file", secret_file]
    (few / "nothing").mkdir()
    begun = grader(*arguments)
    assert begun.returncode == 0 and "from the store" not in begun.stdout, begun.stderr
    first = {name: (out / name).read_bytes() for name in ("grades.csv", "reports.jsonl")}
    with sqlite3.connect(out / "grades.sqlite") as db:
        before = dict(db.execute("SELECT key, result FROM results"))
        db.execute("UPDATE results SET result = replace(result, 'wrong value', 'from the store')")
    db.close()
    assert len(before) == 3 * 25
    assert grader(*arguments).returncode == 0
    assert b"from the store" in (out / "reports.jsonl").read_bytes()
    assert (out / "grades.csv").read_bytes() == first["grades.csv"]
    shutil.copy(MODEL, few / "forgot-minus-one" / "linear_classifiers.py")
    assert grader(*arguments).returncode == 0
    assert rows(out)["forgot-minus-one"]["score"] == "100"


def kept(out: Path) -> dict[str, int]:
    """When the files of the store were last written."""
    return {path.name: path.stat().st_mtime_ns for path in out.glob("grades.sqlite*")}


def test_killed_and_run_again(grader: Run, secret_file: Path, tmp_path: Path) -> None:
    """Kill -9 in mid-batch: the same command goes on, and the results are those of an unbroken run."""
    chosen = tmp_path / "cohort"
    chosen.mkdir()
    for path in sorted(SUBMISSIONS.iterdir())[:24]:  # those that take no time: no loop, no flood
        (shutil.copytree if path.is_dir() else shutil.copy)(path, chosen / path.name)
    arguments = ["grade", "linear_classifiers", chosen, "--secret-file", secret_file, "--timeout", 2]
    assert grader(*arguments, "--out", tmp_path / "whole").returncode == 0
    command = [sys.executable, "-m", "grader", *map(str, arguments), "--out", str(tmp_path / "broken")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for number in (signal.SIGKILL, signal.SIGINT):
        before = kept(tmp_path / "broken")
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while kept(tmp_path / "broken") == before and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.2)
        process.send_signal(number)
        started = time.monotonic()
        _, stderr = process.communicate(timeout=30)
        if number == signal.SIGINT and process.returncode != 0:
            assert process.returncode == 130
            assert b"run the same command to go on" in stderr
            assert time.monotonic() - started < 10
    assert grader(*arguments, "--out", tmp_path / "broken").returncode == 0
    for name in ("grades.csv", "reports.jsonl"):
        assert (tmp_path / "broken" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_results_are_for_the_owner_alone(grader: Run, few: Path, secret_file: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert grader("grade", "linear_classifiers", few, "--out", out, "--secret-file", secret_file).returncode == 0
    for name in ("grades.csv", "reports.jsonl", "grades.sqlite"):
        assert (out / name).stat().st_mode & 0o077 == 0, name
    assert not list(out.glob(".*"))


# -- several audits --------------------------------------------------------------------------------------------


def test_audit_without_a_name_goes_on_past_one_that_it_cannot_audit(grader: Run, tmp_path: Path) -> None:
    """test_the_assignments_audit_clean gives no name either: there all are clean."""
    course = tmp_path / "course"
    for name in ("first", "second"):
        assert grader("new", name, "--course", course).returncode == 0
    stub = course / "assignments" / "first" / "first.py"
    stub.write_text("x = 1\n")
    done = grader("audit", "--course", course, "--workers", 2)
    assert done.returncode == 2 and "second: clean" in done.stderr
    ends = [line for line in done.stdout.splitlines() if line.endswith("1 right solution)")]
    assert [line.partition(":")[0] for line in ends] == ["second"]
    assert "first: could not be audited" in done.stderr and "the stub lacks" in done.stderr
    assert grader("audit", "--course", tmp_path / "empty").returncode == 2


# -- isolation -----------------------------------------------------------------------------------------------


def in_process(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    from grader import cli

    monkeypatch.setattr(sys, "argv", ["grader", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    code: Any = stop.value.code
    return int(code or 0)


def test_a_missing_layer_stops_the_grading(
    few: Path, secret_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from grader.sandbox.worker import confine

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(confine, "missing", lambda *_: {"landlock": "the kernel offers ABI 0, 3 is needed"})
    arguments = ["grade", "linear_classifiers", few / "ada-vectorised", "--out", tmp_path / "out"]
    arguments += ["--secret-file", secret_file]
    assert in_process(monkeypatch, *arguments) == 4
    said = capsys.readouterr().err
    assert "landlock       the kernel offers ABI 0, 3 is needed" in said
    assert "Nothing was graded" in said
    assert not (tmp_path / "out").exists()

    assert in_process(monkeypatch, *arguments, "--allow-weak-isolation") == 0
    said = capsys.readouterr()
    assert "Going on: --allow-weak-isolation" in said.err
    assert "isolation weak: without landlock" in said.out
    (line,) = (tmp_path / "out" / "reports.jsonl").read_text().splitlines()
    assert json.loads(line)["isolation"] == "weak: without landlock"


def test_a_layer_that_does_not_hold_stops_the_grading(
    few: Path, secret_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from grader.sandbox import probe

    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(probe, "attempts", lambda *_: {"read": True})
    arguments = ["grade", "linear_classifiers", few / "ada-vectorised", "--out", tmp_path / "out"]
    arguments += ["--secret-file", secret_file]
    assert in_process(monkeypatch, *arguments) == 4
    assert "a worker can read a file outside" in capsys.readouterr().err


# -- authors -------------------------------------------------------------------------------------------------


def test_the_assignments_audit_clean(grader: Run, secret_file: Path) -> None:
    """All five, as an instructor types it. Each declared mistake is caught, and no finding is excused."""
    done = grader("audit", "--secret-file", secret_file, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    names = sorted(p.parent.name for p in (ROOT / "reference").glob("*/__init__.py"))
    screens = re.split(r"(?<=right solutions\))\n", done.stdout)[:-1]
    assert [screen.splitlines()[-1].partition(": clean (")[0] for screen in screens] == names
    ended = [line.partition(" (")[0] for line in done.stderr.splitlines() if line.endswith(" s)")]
    assert sorted(ended) == [f"{name}: clean" for name in names]
    for screen in screens:
        assert "stub        untouched, it gets 0" in screen and "excused" not in screen
        declared = re.search(r"(\d+) of (\d+) declared", screen)
        assert declared and declared[1] == declared[2] and int(declared[1]) > 100
        assert max(map(len, screen.splitlines())) <= 170, "one line of a wide terminal"


def test_a_new_assignment_audits_clean_and_grades(grader: Run, tmp_path: Path) -> None:
    assert grader("new", "first_steps", "--course", tmp_path).returncode == 0
    done = grader("audit", "first_steps", "--course", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    solution = tmp_path / "reference" / "first_steps" / "solutions" / "model.py"
    shutil.copy(solution, tmp_path / "dana.py")
    done = grader("grade", "first_steps", tmp_path / "dana.py", "--out", tmp_path / "out", "--course", tmp_path)
    assert done.returncode == 0, done.stderr
    assert rows(tmp_path / "out")["dana"]["score"] == "10"
    assert grader("new", "first_steps", "--course", tmp_path).returncode == 2


def test_an_authors_error_is_one_line_with_file_line_and_mend(grader: Run, tmp_path: Path) -> None:
    grader("new", "first_steps", "--course", tmp_path)
    path = tmp_path / "reference" / "first_steps" / "mean_square.py"
    path.write_text(path.read_text().replace("loss=4, dw=6", "loss=4, dw=-6"))
    done = grader("audit", "first_steps", "--course", tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"{path}:8: output dw is worth -6. Give a positive number of points.")
    assert "Traceback" not in done.stderr


@pytest.mark.usefixtures("handout")
def test_freezing_is_reproducible_from_a_secret(grader: Run, secret_file: Path, tmp_path: Path) -> None:
    """Same secret, same key bytes; another secret, other hidden cases and the same public ones."""
    from grader.course import Course
    from grader.keyfile import dump, load, public_view

    kept = Course(ROOT, secret_file).key_path("linear_classifiers", "cpu").read_bytes()  # of the handout's process
    keys = []
    (tmp_path / "secret").write_text("secret number two is long")
    for secret in (secret_file, tmp_path / "secret"):
        done = grader("freeze", "linear_classifiers", "--secret-file", secret)
        assert done.returncode == 0, done.stderr
        path = Course(ROOT, secret).key_path("linear_classifiers", "cpu")
        assert path.stat().st_mode & 0o077 == 0
        keys.append(path.read_bytes())
    path.unlink()
    assert kept == keys[0] != keys[1]
    assert dump(public_view(load(keys[0]))) == dump(public_view(load(keys[1])))
