"""The pages of a cohort as they are made by `grader grade` and `grader report`: a hostile cohort is graded once, and
what each student would be handed is searched."""

from __future__ import annotations

import html
import itertools
import json
import math
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
from conftest import Run
from coursekit import CASES, SQUARE, write_course
from pagekit import Reader

from grader import overrides
from grader.cohort.desk import Setting
from grader.cohort.public import public_setting
from grader.cohort.results import Results
from grader.course import Course
from grader.errors import UsageError
from grader.keyfile import load
from grader.model import AnswerKey, Limits
from grader.pages.make import Pages
from grader.pipeline import grade
from grader.report.names import file_name
from grader.sandbox import layers
from grader.sandbox.worker import confine

pytestmark = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)
SOURCE = f'''{SQUARE}{CASES.format(name="square")}
@question(M=3)
def table(a, b):
    """Each of a times each of b. a (N,), b (M,); M (N, M)."""
    return a[:, None] * b[None, :]


@table.cases
def _(rng):
    yield Case("two by three", a=np.array([1.0, 2.0]), b=np.array([1.0, 10.0, 100.0]))
    yield Case("the one that nobody may know", hidden=True, a=rng.normal(size=2), b=rng.normal(size=3))


@table.mistake("Is it the rows or the columns that belong to a?")
def turned_round(a, b):
    return (a[:, None] * b[None, :]).flip(1)


@prop(1, L=square.called("x"))
def never_negative(L, x):
    """It is never negative."""
    return L.loss >= 0
{CASES.format(name="never_negative")}'''
RIGHT = "def square(x):\n    return float((x * x).sum()), 2 * x\n\n\ndef table(a, b):\n    return a[:, None] * b\n"
HALF = RIGHT.replace("a[:, None] * b", "a[:, None] * b * (b < 50)")
TURNED = RIGHT.replace("a[:, None] * b", "(a[:, None] * b)[:, ::-1].copy()")
# Keeps all that it is given, and tells it wherever a student could read it: in messages, in answers, in print.
TELLS = """import numpy as np
seen = [0.0]
def square(x):
    seen.extend(float(v) for v in x)
    print("told", seen)
    raise ValueError("told " + " ".join("%.6f" % abs(v) for v in seen))
def table(a, b):
    seen.extend(float(v) for v in [*a, *b])
    return np.resize(np.array(seen), (2, 3)) if len(seen) < 9 else np.resize(np.array(seen[::-1]), (2, 3))
"""
# Looks whether the folders that it reads are the machine's, which may remember what was looked for in them.
LOOKS = RIGHT.replace(
    "    return float",
    """    import json, os
    where = [os.stat(folder).st_dev for folder in ("/", os.path.dirname(json.__file__))]
    raise ValueError("folders: " + ("its own" if where[0] == where[1] else "the machine's"))
    return float""",
)
MARKUP = "<img src=x onerror=alert(1)> [x](javascript:alert(1)) `a` ``` *b* | # h \x1b[31m\u202e\r</script>"
SHOUTS = f"def square(x):\n    raise ValueError({MARKUP!r})\n\n\ndef table(a, b):\n    return {MARKUP!r}\n"
ODD = '<script>alert("1")<script>', "a\nb", "\u202eevil", "Zoë 李明", "[x](javascript:alert(1))"
SUBMISSIONS = {
    "right": RIGHT, "half": HALF, "turned": TURNED, "tells": TELLS, "shouts": SHOUTS, "looks": LOOKS, "broken": "def (",
    "stub": "def square(x):\n    raise NotImplementedError\n", **dict.fromkeys(ODD, HALF),
}  # fmt: skip


@dataclass
class Desk:
    folder: Path
    course: Course
    run: Run
    done: subprocess.CompletedProcess[str] | None = None

    @property
    def out(self) -> Path:
        return self.folder / "out"

    def grade(self, *more: object) -> subprocess.CompletedProcess[str]:
        arguments = [
            "--pages",
            "--course",
            self.course.root,
            "--secret-file",
            self.course.secret_file,
            "--workers",
            2,
            *more,
        ]
        return self.run("grade", "demo", self.folder / "all", "--out", self.out, *arguments)

    def report(self, *more: object) -> subprocess.CompletedProcess[str]:
        return self.run("report", self.out, "--workers", 2, *more)

    def page(self, student: str, ending: str = ".html") -> str:
        return (self.out / "report" / "students" / file_name(student, ending)).read_text()

    def index(self) -> str:
        return (self.out / "report" / "index.html").read_text()

    def rows(self) -> dict[str, list[Any]]:
        data = re.search(r'<script type="application/json" id="data">(.*?)</script>', self.index(), re.S)
        assert data
        return {row[0]: row for row in json.loads(data[1])["rows"]}

    def key(self) -> AnswerKey:
        (path,) = (self.course.root / ".grader" / "keys").glob("*.key")
        return load(path.read_bytes(), str(path))

    def copy(self, folder: Path) -> Desk:
        for name in ("out", "all"):
            shutil.copytree(self.folder / name, folder / name)
        with sqlite3.connect(folder / "out" / "grades.sqlite") as db:
            (text,) = db.execute("SELECT text FROM notes WHERE name = 'run'").fetchone()
            there = json.loads(text) | {"submissions": [str(folder / "all")]}
            db.execute("UPDATE notes SET text = ? WHERE name = 'run'", (json.dumps(there),))
        db.close()
        return Desk(folder, self.course, self.run)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, grader: Run) -> Desk:
    folder = tmp_path_factory.mktemp("pages")
    course = write_course(folder / "course", SOURCE, names="square, table, never_negative")
    for student, source in SUBMISSIONS.items():
        (folder / "all" / student.replace("/", "_")).mkdir(parents=True)
        (folder / "all" / student / "demo.py").write_text(source)
    (folder / "all" / "lost.zip").write_bytes(b"PK\x03\x04 no zip")
    made = Desk(folder, course, grader)
    made.done = made.grade()
    assert made.done.returncode == 3, made.done.stderr
    return made


def handed(desk: Desk) -> Iterator[tuple[str, str]]:
    """All that may be handed to students, by file."""
    for path in sorted((desk.out / "report" / "students").iterdir()):
        yield path.name, path.read_text()


# -- what must not be there ----------------------------------------------------------------------------------


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        yield from itertools.chain.from_iterable(map(numbers, value))
    elif value is not None and not isinstance(value, str):
        yield from map(float, np.asarray(value).ravel())


def written(value: float) -> set[str]:
    """Ways to write a number that nobody writes by chance."""
    forms = {f"{abs(value):.{d}g}" for d in range(4, 18)} | {f"{abs(value):.{d}f}" for d in range(4, 10)}
    forms |= {f"{abs(value):.{d}e}" for d in range(3, 9)} | {repr(abs(value)), f"{abs(np.float32(value))!s}"}
    return {form for form in forms if len(form.strip("0.")) > 4}


def hidden_numbers(key: AnswerKey, hidden: bool = True) -> set[float]:
    found = set[float]()
    for case in (c for q in key.questions for c in q.cases if c.hidden is hidden):
        for values in (case.inputs, case.expected, case.mistakes, case.conventions, case.terms, case.kept):
            found.update(n for n in numbers(dict(values)) if math.isfinite(n))
    return found


def test_no_hidden_number_is_on_a_students_page(desk: Desk) -> None:
    key = desk.key()
    secrets = {form for n in hidden_numbers(key) for form in written(n)}
    secrets -= {form for n in hidden_numbers(key, hidden=False) for form in written(n)}
    names = {c.name for q in key.questions for c in q.cases if c.hidden}
    assert len(secrets) > 200 and "the one that nobody may know" in names
    smuggled = (desk.out / "reports.jsonl").read_text()
    assert any(form in smuggled for form in secrets), "the attack tells nothing, so the search below proves nothing"
    pages = list(handed(desk))
    assert len(pages) == 3 * (len(SUBMISSIONS) + 1)
    for name, text in pages:
        text = html.unescape(text)
        assert not [form for form in secrets if form in text], name
        assert not [case for case in names if case in text and case != "unseen"], name


@pytest.mark.skipif("namespaces" in layers.missing(), reason="NOT RUN: this machine lacks namespaces")
def test_the_run_that_words_come_from_is_in_folders_of_its_own(desk: Desk) -> None:
    assert "folders: its own" in desk.page("looks", ".txt")
    assert "folders: the machine's" in (desk.out / "reports.jsonl").read_text()


def test_answers_are_in_the_store_of_public_runs_alone(desk: Desk) -> None:
    def dump(name: str) -> str:
        with sqlite3.connect(desk.out / name) as db:
            text = "\n".join(db.iterdump())
        db.close()
        return text

    assert '"answer": {' in dump("public.sqlite")
    assert '"answer"' not in dump("grades.sqlite") and '"answer"' not in (desk.out / "reports.jsonl").read_text()


def test_answers_are_refused_with_a_key_that_tells_hidden_cases(desk: Desk) -> None:
    key = desk.key()
    with pytest.raises(ValueError, match="only of public cases"):
        grade(key, None, None, Limits(), answers=True)  # type: ignore[arg-type]
    setting = Setting(key, Limits(), "strong", desk.course)
    assert not setting.answers and public_setting(setting).answers
    assert not any(c.hidden for q in public_setting(setting).key.questions for c in q.cases)


def test_nothing_of_theirs_is_markup(desk: Desk) -> None:
    for name, text in [*handed(desk), ("index.html", desk.index())]:
        if name.endswith(".html"):
            read = Reader(text)
            assert not read.tags & {"img", "iframe", "object", "link", "base", "form", "a href=javascript"} - (
                {"form"} if name == "index.html" else set()
            ), name
            assert read.scripts == (["application/json", ""] if name == "index.html" else []), name
            assert not read.events and not read.styles, name
            assert all(re.fullmatch(r"#[\w-]+", link) for link in read.links), name
            assert "default-src 'none'" in read.policy and "unsafe" not in read.policy
            assert "http:" not in text and "https:" not in text and "url(" not in text.replace("url(#", "")
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), name


def test_nothing_of_theirs_is_markup_in_markdown(desk: Desk) -> None:
    text = desk.page("shouts", ".md")
    outside = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.S | re.M)
    assert "alert" in outside, "the message is there"
    assert "<img" not in outside and "](" not in outside and "`" not in outside
    inside = re.findall(r"^(`{3,})text\n(.*?)^\1$", text, flags=re.S | re.M)
    assert any("``` *b*" in block and len(fence) > 3 for fence, block in inside), "its answer is fenced"


# -- what must be there --------------------------------------------------------------------------------------


def test_a_wrong_table_is_shown_with_its_error(desk: Desk) -> None:
    assert desk.done is not None and "run on public cases alone" in desk.done.stdout
    page = desk.page("half")
    assert "[[  1,  10, 100],\n [  2,  20, 200]]" in page and "[[ 1, 10,  0],\n [ 2, 20,  0]]" in page
    assert "2 of 6 numbers (2 by 3) are off, the farthest at [1, 2]" in page
    read = Reader(page)
    assert read.text_of("svg", "title") == ["Where M is off"] and read.text_of("svg", "text") == ["7", "7"]
    for ending in (".md", ".txt"):
        assert re.search(r"^ *\.\.7\n *\.\.7$", desk.page("half", ending), re.M), "the same map as signs"
    assert "hidden case 1" in desk.page("turned") and "wrong value" in desk.page("turned")


def test_what_is_right_says_so(desk: Desk) -> None:
    page = desk.page("right")
    assert page.count("and your answer agrees") == 3 and "What to try next" not in page
    assert "7 <small>of 7 points, 3 of 3 questions right" in page
    assert "all 1 are right" in desk.page("right", ".txt")


def test_hints_come_first(desk: Desk) -> None:
    for ending in (".html", ".md", ".txt"):
        text = html.unescape(desk.page("turned", ending))
        assert text.index("Is it the rows or the columns") < text.index("two by three"), ending
    assert "Write it: it still raises NotImplementedError" in desk.page("stub", ".txt")


def test_the_cohort_in_numbers(desk: Desk) -> None:
    read, rows = Reader(desk.index()), desk.rows()
    assert len(rows) == len(SUBMISSIONS) + 1
    assert rows["right"][2:5] == [7.0, "graded", [3.0, 3.0, 1.0]]
    assert rows["lost"][2:4] == [None, "ungraded"] and "For instructors only." in read.text
    assert "lost" in read.text and "A fault of the grader" in read.text
    assert "turned round" in read.text and rows["turned"][6] and not rows["right"][6]
    assert "strong" in read.text and "Provenance" in read.text
    assert all(0 <= rows[s][8] < 60 for s in ("right", "turned", "tells")), "seconds, to a hundredth"
    for row in rows.values():
        assert (desk.out / "report" / unquote(row[1])).is_file()
    assert len(read.text_of("figure", "title")) == 1 and len(read.text_of("figure", "desc")) == 1
    assert len({row[1] for row in rows.values()}) == len(rows)


def test_the_public_run_is_used_by_feedback_as_it_is(desk: Desk, tmp_path: Path) -> None:
    pytest.importorskip("nbconvert", reason="NOT RUN: nbconvert is not installed")
    copy = desk.copy(tmp_path)
    arguments = ["--course", desk.course.root, "--secret-file", desk.course.secret_file, "--results", copy.out]
    overrides.add(copy.out, "half", "table", 2, "half <b>")
    done = desk.run("feedback", "demo", copy.folder / "all" / "half", *arguments)
    assert "; 0 run on public cases, 1 from the store" in done.stdout, done.stderr
    page = (copy.out / "feedback" / "half.html").read_text()
    assert "<b>Points given by a person:</b> 2. half &lt;b&gt;" in page and "5.5 of 7" not in page and "6 of 7" in page


# -- made anew -----------------------------------------------------------------------------------------------


def test_the_same_again_and_with_an_override(desk: Desk, tmp_path: Path) -> None:
    copy = desk.copy(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in (copy.out / "report" / "students").iterdir()}
    overrides.add(copy.out, "half", "table", 2.5, "agreed in the tutorial <b>*x*</b>")
    overrides.add(copy.out, "lost", "square", 1, "seen on paper")
    done = copy.report()
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 run on public cases alone" in done.stdout
    after = {path.name: path.stat().st_mtime_ns for path in (copy.out / "report" / "students").iterdir()}
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {f"{s}{e}" for s in ("half", "lost") for e in (".html", ".md", ".txt")}
    for ending in (".html", ".md", ".txt"):
        text = re.sub(r"<[/\w]+>", "", copy.page("half", ending)) if ending == ".html" else copy.page("half", ending)
        text = " ".join(html.unescape(text).split())
        assert "Points given by a person" in text and "agreed in the tutorial <b>*x*</b>" in text
        assert "2.5 (the grader: 1.5)" in text
    assert "agreed in the tutorial" in copy.index() and copy.rows()["half"][7] == 1 and copy.rows()["half"][2] == 6.5


def test_other_files_get_no_words(desk: Desk, tmp_path: Path) -> None:
    copy = desk.copy(tmp_path)
    (tmp_path / "all" / "half" / "demo.py").write_text(TURNED)
    shutil.rmtree(tmp_path / "all" / "shouts")
    done = copy.report()
    assert done.returncode == 3
    assert done.stderr.startswith("pages without words: 2 of 14, graded from other files")
    assert ": half; " in done.stderr and done.stderr.endswith("files were not found: shouts\n")
    assert done.stderr.count("\n") == 1
    page = copy.page("half")
    assert "Your own answers are not shown: this page was made without running your files once more." in page
    assert "wrong value" in page and "[[ 1, 10,  0]" not in page and "[[  1,  10, 100]" in page
    assert "alert" not in copy.page("shouts", ".txt") and "own answers are not shown" in copy.page("shouts", ".txt")
    assert "[[100,  10,   1]" in copy.page("turned"), "the others have theirs"


def test_a_course_that_is_gone(desk: Desk, tmp_path: Path) -> None:
    copy = desk.copy(tmp_path)
    with sqlite3.connect(copy.out / "grades.sqlite") as db:
        db.execute("UPDATE notes SET text = replace(text, ?, ?)", (str(desk.course.root), str(tmp_path / "gone")))
    db.close()
    done = copy.report("--student", "half")
    assert done.returncode == 3 and done.stderr.count("\n") == 1 and "pages without words: 1 of 1, " in done.stderr
    page = copy.page("half")
    assert "wrong value" in page and "The inputs are not at hand any more" in page and "[[ 1, 10,  0]" not in page
    for ending in (".html", ".md", ".txt"):
        assert str(tmp_path) in done.stderr and tmp_path.name not in copy.page("half", ending), "our paths are ours"


def test_what_a_person_said_is_the_outcome(desk: Desk, tmp_path: Path) -> None:
    copy = desk.copy(tmp_path)
    overrides.add(copy.out, "turned", "table", 3, "all of it")
    overrides.add(copy.out, "right", "table", 0, "copied")
    assert copy.report().returncode == 0
    turned, right = copy.page("turned", ".txt"), copy.page("right", ".txt")
    assert "3 of 3 questions right" in turned and "What to try next" not in turned
    assert "2 of 3 questions right" in right and "not right (points given by a person), 0 of 3" in right


def test_an_ungraded_page_promises_nothing(desk: Desk) -> None:
    for ending in (".html", ".md", ".txt"):
        page = " ".join(html.unescape(desk.page("lost", ending)).split())
        assert "Not graded yet" in page and "this is no zero; your instructor is told" in page.lower()
        assert "a fault" not in page and "run again" not in page


def test_a_student_who_is_there_no_longer(desk: Desk, tmp_path: Path) -> None:
    copy = desk.copy(tmp_path)
    (copy.out / "report" / "students" / "gone.html").write_text("x")
    (copy.out / "report" / "students" / ".half.html.part").write_text("x")
    (copy.out / "report" / "students" / "mine.pdf").write_text("x")
    with Results(copy.out) as results:
        Pages(results).make()
        with pytest.raises(UsageError, match="no report of a student 'nobody'"):
            Pages(results).make("nobody")
    left = {path.name for path in (copy.out / "report" / "students").iterdir()}
    assert not left & {"gone.html", ".half.html.part"} and {"mine.pdf", "half.html"} <= left


def test_stopped_in_between_every_file_is_whole(desk: Desk, tmp_path: Path) -> None:
    copy = desk.copy(tmp_path)
    shutil.rmtree(copy.out / "report")

    def stop(_: str, done: int, __: int) -> None:
        if done == 4:
            raise KeyboardInterrupt

    with Results(copy.out) as results, pytest.raises(KeyboardInterrupt):
        Pages(results, None, "a test", stop).make()
    names = [path.name for path in (copy.out / "report").rglob("*.*")]
    assert len(names) == 12 and not any(name.endswith(".part") for name in names)
    for path in (copy.out / "report" / "students").glob("*.html"):
        assert path.read_text().endswith("</html>\n") and path.stat().st_mode & 0o777 == 0o600


def test_grades_are_whole_where_pages_fail(desk: Desk, tmp_path: Path) -> None:
    copy = desk.copy(tmp_path)
    shutil.rmtree(copy.out / "report")
    (copy.out / "report").write_text("in the way")
    grades = (copy.out / "grades.csv").read_bytes()
    done = copy.grade()
    assert done.returncode == 3 and (copy.out / "grades.csv").read_bytes() == grades
    assert "the pages are not made (" in done.stderr and f"grader report {copy.out}" in done.stderr
