"""What a student can learn of hidden cases: by what `grader check` shows, and bit by bit by what a grade tells."""

from __future__ import annotations

import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from arena import HERE, ROOT, Found, found, grade  # noqa: F401
from coursekit import course_per_student, write_course
from play_rows import confined

from grader.course import Course
from grader.keyfile import load
from grader.model import AnswerKey, FrozenCase

pytestmark = [confined]
COURSE = (HERE / "course.txt").read_text()
ONE = COURSE[COURSE.index("@question(p=2)") : COURSE.index("@question(loss=1")]  # softmax alone


def grader(*arguments: object, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-P", "-m", "grader", *map(str, arguments)],
        cwd=cwd, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def hidden_numbers(key: AnswerKey) -> set[str]:
    """Every hidden input and answer, to six decimals."""
    cases = [case for q in key.questions for case in q.cases if case.hidden]
    values = [v for case in cases for v in (*case.inputs.values(), *case.expected.values())]
    return {f"{abs(x):.6f}" for v in values for x in np.ravel(np.asarray(v)).tolist()}


def key_of(course: Path) -> AnswerKey:
    (path,) = (p for p in (course / ".grader" / "keys").glob("*.key") if p.stem.count("-") == 1)
    return load(path.read_bytes(), str(path))


@pytest.fixture(scope="module")
def handout(found: Found, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: F811
    out = tmp_path_factory.mktemp("handout") / "demo"
    course = found.arena.course
    done = grader("release", "demo", "--out", out, "--course", course, "--secret-file", course / "secret")
    assert done.returncode == 0, done.stderr
    return out


def test_a_check_on_ones_own_machine_holds_nothing_hidden(handout: Path, found: Found) -> None:  # noqa: F811
    """T8, T9: whatever the code prints and raises, there is nothing hidden to print: only public cases are called."""
    shutil.copy(HERE / "attacks" / "T8_tells_its_inputs.py", handout / "demo.py")
    shutil.copy(HERE / "honest.py", handout / "honest.py")
    done = grader("check", cwd=handout)
    assert "told_1.000000_2.000000_0.500000" in done.stdout, "the control: public inputs may be printed"
    key = key_of(found.arena.course)
    numbers, names = hidden_numbers(key), {c.name for q in key.questions for c in q.cases if c.hidden}
    assert len(numbers) > 50 and len(names) == 3
    shipped = done.stdout + done.stderr
    assert not [n for n in numbers if n in shipped] and not [n for n in names if n in shipped]
    assert done.stdout.count("told_") == done.stdout.count("told_1.000000_2.000000_0.500000")


def test_a_check_believes_no_forged_verdict(handout: Path) -> None:
    """On the student's own machine as well it is values that are compared."""
    shutil.copy(HERE / "attacks" / "C2_true_tags.py", handout / "demo.py")
    for name in ("honest.py", "wire.py"):
        shutil.copy(HERE / name, handout / name)
    done = grader("check", "-q", "softmax", cwd=handout)
    assert done.returncode == 1 and "FAIL  softmax" in done.stdout


def test_a_check_tells_no_control_character(handout: Path) -> None:
    """F1: the terminal of whoever runs it is left alone."""
    text = (HERE / "attacks" / "F1_text_for_every_sink.py").read_text().replace("TEXTS.pop(0)", "TEXTS[1]")
    (handout / "demo.py").write_text(text.replace("raise", "print(TEXTS[1], TEXTS[2])\n    raise"))
    shutil.copy(HERE / "honest.py", handout / "honest.py")
    done = grader("check", "-q", "softmax", cwd=handout)
    assert "777" in done.stdout
    assert not [c for c in done.stdout + done.stderr if (ord(c) < 32 and c != "\n") or c in "\x7f\x9b\u202e\u2066"]


# -- the student's view of what the hostile cohort got -----------------------------------------------------------


@pytest.mark.skipif(
    importlib.util.find_spec("grader.report.view") is None, reason="NOT RUN: this version makes no student's view"
)
def test_the_students_view_tells_no_hidden_number_of_anybody(found: Found) -> None:  # noqa: F811
    """T8, F1: not by a message, a kind, a name or a hint, nor in the public case of a later function."""
    from grader.model import Report
    from grader.records import result_from_json

    view = importlib.import_module("grader.report.view")
    key = key_of(found.arena.course)
    numbers, names = hidden_numbers(key), {c.name for q in key.questions for c in q.cases if c.hidden}
    told = 0
    for student, row in found.run.reports.items():
        questions = tuple(result_from_json(q | {"notes": []}) for q in row["questions"])
        texts = {k: row[k] for k in ("assignment", "student", "score", "max_score", "status", "isolation")}
        report = Report(**texts, questions=questions, notes=tuple(row["notes"]), provenance={})
        shown = repr(view.student_view(report, key))
        told += sum(number in repr(report) for number in numbers)
        assert not [n for n in (*numbers, *names, "told_") if n in shown], student
    assert told > 10, "the control: the instructor's report does hold some"


# -- T10: one bit for each submission --------------------------------------------------------------------------

ORACLE = """
from honest import center, half_square, relu, scores
from honest import softmax as right


def softmax(z):
    if z.size == 4 and z[0] {sign} 0.0:
        raise ValueError
    return right(z)
"""


def drawn(key: AnswerKey) -> list[FrozenCase]:
    (question,) = [q for q in key.questions if q.name == "softmax"]
    return [case for case in question.cases if case.hidden]


def submit(folder: Path, student: str, sign: str) -> None:
    (folder / student).mkdir(parents=True)
    (folder / student / "demo.py").write_text(ORACLE.format(sign=sign))
    shutil.copy(HERE / "honest.py", folder / student / "honest.py")


def test_a_grade_tells_a_bit_and_no_time(found: Found, tmp_path: Path) -> None:  # noqa: F811
    """T10 as it is: a function that fails where a hidden input is negative learns its sign from its points. Nothing in
    the grader prevents that; a course that shows points after each try should limit the tries, or draw per student.
    The time that a call took is in no report: one that waits has the bytes of one that does not."""
    for sign in "<>":
        submit(tmp_path / "all", {"<": "fails-below", ">": "fails-above"}[sign], sign)
    submit(tmp_path / "all", "quick", "== 0 and 0 <")
    submit(tmp_path / "all", "waits", "== 0 and 0 <")
    with (tmp_path / "all" / "waits" / "honest.py").open("a") as file:
        file.write(
            "\n\nat_once = softmax\n\n\ndef softmax(z):\n    import time\n\n    time.sleep(0.1)\n"
            "    return at_once(z)\n"
        )
    run = grade(found.arena, tmp_path / "out", [tmp_path / "all"], [], workers=1)
    signs = [float(np.asarray(case.inputs["z"])[0]) < 0 for case in drawn(key_of(found.arena.course))]
    lost = {s: 10.0 - r["score"] for s, r in run.reports.items() if s.startswith("fails")}
    assert run.lines["waits"].replace("waits", "quick") == run.lines["quick"]
    assert lost == {"fails-below": 0.5 * sum(signs), "fails-above": 0.5 * (3 - sum(signs))}


def test_draws_per_student_are_of_no_use_to_another(tmp_path: Path) -> None:
    """With `per_student` what one student learns is about numbers that nobody else is graded on; and the same student
    gets the same draw again, so that a grade can be repeated."""
    course = course_per_student(tmp_path / "course", ONE)
    submit(tmp_path / "all", "ann", "<")
    submit(tmp_path / "all", "bob", "<")
    arguments = ["--course", course.root, "--secret-file", course.secret_file, "--workers", 1]
    done = grader("grade", "demo", tmp_path / "all", "--out", tmp_path / "out", *arguments)
    assert done.returncode == 0, done.stderr
    (base,) = (p for p in (course.root / ".grader" / "keys").glob("*.key") if p.stem.count("-") == 1)
    keys = {s: load((p := Course.student_path(base, s)).read_bytes(), str(p)) for s in ("ann", "bob")}
    values = {s: np.concatenate([np.asarray(c.inputs["z"]) for c in drawn(key)]) for s, key in keys.items()}
    assert not np.isin(values["ann"], values["bob"]).any()
    again = {p.name: p.read_bytes() for p in base.parent.iterdir()}
    assert grader("grade", "demo", tmp_path / "all", "--out", tmp_path / "out 2", *arguments).returncode == 0
    assert {p.name: p.read_bytes() for p in base.parent.iterdir()} == again


def test_another_secret_draws_other_cases(found: Found, tmp_path: Path) -> None:  # noqa: F811
    """S36: who knows the cases of last year knows nothing of this year's."""
    course = write_course(tmp_path / "course", ONE, secret="last year's secret, long enough\n")
    done = grader("freeze", "demo", "--course", course.root, "--secret-file", course.secret_file)
    assert done.returncode == 0, done.stderr
    years = [drawn(key_of(root)) for root in (course.root, found.arena.course)]
    numbers = [np.concatenate([np.asarray(c.inputs["z"]) for c in cases]) for cases in years]
    assert numbers[0].size == numbers[1].size == 12 and not np.isin(*numbers).any()
