"""`grader feedback` as it is typed: a hostile cohort is graded once, and a page of each student is looked into."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, Run
from coursekit import CASES, SQUARE, course_per_student, write_course

from grader.keyfile import load
from grader.model import AnswerKey
from grader.sandbox.worker import confine

pytest.importorskip("nbconvert", reason="NOT RUN: nbconvert is not installed")
pytestmark = pytest.mark.skipif(
    bool(confine.missing()), reason=f"NOT RUN: this machine lacks layers of the sandbox: {confine.missing()}"
)
SOURCE = f'''{SQUARE}{CASES.format(name="square")}
@question(y=2)
def double(x):
    """Twice x. x (N,); y (N,)."""
    return 2 * x
{CASES.format(name="double")}
@prop(1, L=square.called("x"))
def never_negative(L, x):
    """It is never negative."""
    return L.loss >= 0
{CASES.format(name="never_negative")}'''
RIGHT = "def square(x):\n    return float((x * x).sum()), 2 * x\n\n\ndef double(x):\n    return 2 * x\n"
WRONG = "def double(x):\n    return 3 * x\n"
# Keeps what it is given and says it in later calls, of a public case as well.
TELLS = """import numpy as np
seen = []
def square(x):
    seen.append(" ".join("%.6f" % abs(v) for v in x))
    raise ValueError("told " + "; ".join(seen))
def double(x):
    seen.append(" ".join("%.6f" % abs(v) for v in x))
    raise ValueError("told " + "; ".join(seen))
"""
SCRIPT = "</code></pre></script><script>document.title='owned'</script><img src=x onerror=alert(1)>"
EVIL = f"# {SCRIPT}\ns = '''{SCRIPT}'''\nt = '\x1b[31m \u202e {{{{ 7*7 }}}} {{% raw %}} &lt;b&gt;'\n"
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "header", "article", "section", "h1", "h2", "h3", "p",
    "small", "div", "span", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "a", "b", "code", "pre",
}  # fmt: skip
ATTRIBUTES = {"lang", "charset", "http-equiv", "content", "name", "id", "class", "href", "tabindex", "style"}
ATTRIBUTES |= {"aria-hidden", "aria-label"}


def cell(source: Any, kind: str = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def book(*cells: Any, **more: Any) -> str:
    made = [cell(c) if isinstance(c, str) else c for c in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": made, **more})


EVIL_OUTPUT = [{"output_type": "display_data", "data": {"text/html": SCRIPT, "image/svg+xml": SCRIPT}, "metadata": {}}]
SUBMISSIONS = {
    "right/demo.py": RIGHT,
    "half/demo.py": "# mine\nimport numpy as np\n\n\ndef square(x):\n    raise NotImplementedError\n\n\n" + WRONG,
    "book/demo.ipynb": book(RIGHT, cell("# *Notes* <b>bold</b> [x](javascript:alert(1))", "markdown"), WRONG, "K = 1"),
    "hostile/demo.ipynb": book(
        cell(SCRIPT, "markdown"), cell(SCRIPT, "raw"), cell(EVIL, outputs=EVIL_OUTPUT, id=SCRIPT[:60]), RIGHT,
        cell("x = 1\n# " + "y" * 10_000_000), f"def square(x):\n    raise ValueError({SCRIPT!r})\n",
        metadata={"title": SCRIPT, "kernelspec": {"name": SCRIPT, "language": SCRIPT}},
    ),
    "tells/demo.py": TELLS,
    "broken/demo.ipynb": "{not json",
    "no-python/demo.py": "def square(x:\n    pass\n\ndef double(x):\n    return 2 * x\n",
    "<script>alert(1)<script>/demo.py": RIGHT,
    "nothing/notes.md": "none",
}  # fmt: skip


class Reader(HTMLParser):
    """The elements of a page, and its text with the ids where it stands."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.links = list[tuple[str, dict[str, str | None]]](), list[str]()
        self.text, self.order, self.inside = list[str](), list[str](), ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.inside = tag
        if tag in ("article", "section") and (name := dict(attrs).get("id")):
            self.order.append(name)

    def handle_data(self, data: str) -> None:
        if self.inside != "style":
            self.text.append(data)


@dataclass
class Desk:
    folder: Path
    run: Run
    secret: Path
    done: list[subprocess.CompletedProcess[str]] = field(default_factory=list)

    def type(self, command: str, *more: object, all: Path | None = None) -> subprocess.CompletedProcess[str]:
        where = {"grade": "--out", "feedback": "--results"}[command]
        arguments = ["--course", self.folder / "course", "--secret-file", self.secret, "--workers", 2, *more]
        arguments += ["--no-pages"] * (command == "grade")
        return self.run(command, "demo", all or self.folder / "all", where, self.folder / "out", *arguments)

    def page(self, student: str) -> str:
        return (self.folder / "out" / "feedback" / f"{student}.html").read_text()

    def key(self) -> AnswerKey:
        (path,) = (p for p in (self.folder / "course" / ".grader" / "keys").glob("*.key") if p.stem.count("-") == 1)
        return load(path.read_bytes(), str(path))


def put(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, grader: Run) -> Desk:
    folder = tmp_path_factory.mktemp("feedback")
    course = write_course(folder / "course", SOURCE, names="square, double, never_negative")
    put(folder / "all", SUBMISSIONS)
    assert course.secret_file is not None
    made = Desk(folder, grader, course.secret_file)
    for command in ("grade", "feedback"):
        made.done.append(made.type(command))
        assert made.done[-1].returncode == 0, made.done[-1].stderr
    return made


def students(desk: Desk) -> list[str]:
    return [p.stem for p in (desk.folder / "out" / "feedback").iterdir()]


def place(page: str, text: str) -> int:
    assert text in page, text
    return page.index(text)


def test_every_student_has_a_page(desk: Desk) -> None:
    assert "9 pages in " in desk.done[1].stdout
    assert "; 7 run on public cases, 2 from the store" in desk.done[1].stdout, "one is empty, two are the same"
    names = {s for s in students(desk) if not s.startswith("script")}
    assert names == {name.split("/")[0] for name in SUBMISSIONS} - {"<script>alert(1)<script>"}
    assert len(students(desk)) == 9
    for path in (desk.folder / "out" / "feedback").iterdir():
        assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_size < 200_000


def test_outcomes_stand_below_the_last_definition(desk: Desk) -> None:
    page = desk.page("book")
    order = Reader(page).order
    assert order == ["cell-1", "question-1", "cell-2", "cell-3", "question-2", "cell-4", "question-3"]
    assert "<h2>Questions that belong to no cell above</h2>" in page
    assert "double is defined again in code cell 2 line 1: the last one counts" in page
    assert "<small>points; 2 of 3 questions are right</small>" in page and "4 of 6" in page
    assert "# *Notes* &lt;b&gt;bold&lt;/b&gt; [x](javascript:alert(1))" in page, "not rendered"
    assert place(page, "expected 4") < place(page, 'id="cell-4"')
    assert "hidden case 1" in page and "wrong value" in page


def test_a_file_is_shown_by_its_functions(desk: Desk) -> None:
    page = desk.page("half")
    assert Reader(page).order == ["cell-1", "cell-2", "question-1", "cell-3", "question-2", "question-3"]
    labels = re.findall(r'<div class="label">(.*?)</div>', page)
    assert labels == ["lines 1 to 2", "lines 5 to 6", "lines 9 to 10"]
    assert '<span class="linenos"> 9</span>' in page
    first, _, rest = page.partition('id="question-2"')
    assert "not written yet" in first and "not right" in rest


def test_a_file_that_is_no_python_is_shown_all_the_same(desk: Desk) -> None:
    page = desk.page("no-python")
    assert Reader(page).order == ["cell-1", "question-1", "cell-2", "question-2", "question-3"]
    assert page.count("the file does not load") == 1 and "0 of 6" in page


@pytest.mark.parametrize("student", ["broken", "nothing"])
def test_without_cells_there_still_are_outcomes(desk: Desk, student: str) -> None:
    page = desk.page(student)
    assert Reader(page).order == ["question-1", "question-2", "question-3"]
    assert "Your file cannot be shown here" in page and "0 of 6" in page


def test_nothing_of_theirs_is_markup(desk: Desk) -> None:
    for student in students(desk):
        page = desk.page(student)
        read = Reader(page)
        assert {tag for tag, _ in read.tags} <= ALLOWED, student
        for tag, attributes in read.tags:
            assert attributes.keys() <= ATTRIBUTES, (student, tag, attributes)
            assert not attributes.get("href") or re.fullmatch(r"#question-\d+", attributes["href"] or "")
            assert not attributes.get("style") or re.fullmatch(r"width: [\d.]+%", attributes["style"] or "")
        assert not re.search(r"url\(|@import|https?:", page.split("</style>")[0])
        policies = [a["content"] for t, a in read.tags if t == "meta" and "http-equiv" in a]
        assert len(policies) == 1 and str(policies[0]).startswith("default-src 'none'; style-src 'unsafe-inline'")
        assert not [c for c in page if (ord(c) < 32 and c not in "\n\t") or c in "\x7f\x9b\u202e\u2066"]


def test_a_hostile_notebook_is_told_as_text(desk: Desk) -> None:
    page = desk.page("hostile")
    text = "".join(Reader(page).text)
    assert text.count(SCRIPT) >= 5, "Markdown, raw, comment, string, message"
    assert "{{ 7*7 }} {% raw %} &lt;b&gt;" in text
    assert "y" * 50_000 in text and "y" * 60_001 not in text and "This cell goes on" in text


def test_no_page_tells_a_hidden_number(desk: Desk) -> None:
    cases = [c for q in desk.key().questions for c in q.cases if c.hidden]
    values = [v for c in cases for v in (*c.inputs.values(), *c.expected.values())]
    numbers = {f"{abs(x):.6f}" for v in values for x in np.ravel(np.asarray(v)).tolist()} - {"0.000000", "1.000000"}
    assert len(numbers) > 15
    theirs = (desk.folder / "out" / "reports.jsonl").read_text()
    assert sum(number in theirs for number in numbers) > 3, "the control: the instructor's report does hold some"
    for student in students(desk):
        page = desk.page(student)
        assert not [n for n in numbers if n in page or n[:-2] in page], student
        assert "unseen" not in page, "the name of a hidden case"
    assert "told 1.000000 2.000000" in desk.page("tells"), "public inputs may be told"
    public = (desk.folder / "out" / "public.sqlite").read_bytes()
    assert b"seen" in public and not [n for n in numbers if n.encode() in public]


def test_a_second_time_nothing_is_run_and_a_page_is_of_the_files_that_were_graded(desk: Desk, tmp_path: Path) -> None:
    """Newer files, and who was never graded, have one line each; an older page goes, the others are made again."""
    copy = Desk(tmp_path, desk.run, desk.secret)
    for name in ("course", "out", "all"):
        shutil.copytree(desk.folder / name, tmp_path / name)
    put(tmp_path / "all", {"right/demo.py": RIGHT + "\n", "late/demo.py": RIGHT})
    done = copy.type("feedback")
    assert done.returncode == 3 and "8 pages in " in done.stdout
    assert "; 0 run on public cases, 8 from the store" in done.stdout
    late, right = done.stderr.splitlines()
    assert late.startswith("late: no graded report in ") and right.startswith("right: graded from other files")
    assert {s: copy.page(s) for s in students(copy)} == {s: desk.page(s) for s in students(desk) if s != "right"}


def test_the_folder_of_a_handout_and_a_call_that_fits_nobody(desk: Desk, tmp_path: Path) -> None:
    """The untouched stub lies beside the notebook that counts; what was typed wrongly takes no page away."""
    copy = Desk(tmp_path, desk.run, desk.secret)
    for name in ("course", "out"):
        shutil.copytree(desk.folder / name, tmp_path / name)
    put(tmp_path / "ida", {"demo.ipynb": book(cell(RIGHT))})
    shutil.copy(tmp_path / "course" / "assignments" / "demo" / "demo.py", tmp_path / "ida")
    for command in ("grade", "feedback"):
        done = copy.type(command, all=tmp_path / "ida")
        assert done.returncode == 0, done.stderr
    assert "demo.py is as it was handed out: demo.ipynb counts" in copy.page("ida")
    pages = {s: copy.page(s) for s in students(copy)}
    done = copy.type("feedback", "--timeout", 5, all=tmp_path / "ida")
    assert done.returncode == 2 and "no page is made or taken away: graded from other files" in done.stderr
    assert {s: copy.page(s) for s in students(copy)} == pages


def test_without_results(desk: Desk, tmp_path: Path) -> None:
    done = Desk(tmp_path, desk.run, desk.secret).type("feedback", all=desk.folder / "all")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {tmp_path / 'out'}: no results there; grade first, with grader grade")


def test_without_nbconvert(desk: Desk) -> None:
    for name in ("nbconvert", "nbformat"):
        code = f"import sys; sys.modules[{name!r}] = None; from grader.cli import main; main()"
        command = [sys.executable, "-c", code, "feedback", "demo", str(desk.folder), "--results", str(desk.folder)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (
            2,
            f"error: pages need {name}: pip install 'dlgrader[notebooks]'\n",
        )


def test_draws_per_student(tmp_path: Path, grader: Run) -> None:
    course = course_per_student(tmp_path / "course", SQUARE + CASES.format(name="square"))
    put(tmp_path / "all", {"ann/demo.py": RIGHT, "bob/demo.py": TELLS})
    assert course.secret_file is not None
    made = Desk(tmp_path, grader, course.secret_file)
    assert made.type("grade").returncode == 0
    done = made.type("feedback")
    assert done.returncode == 0, done.stderr
    assert "3 of 3" in made.page("ann") and "told 1.000000 2.000000" in made.page("bob")
    keys = [load(p.read_bytes(), str(p)) for p in (course.root / ".grader" / "keys").glob("*.key")]
    values = [v for k in keys for q in k.questions for c in q.cases if c.hidden for v in c.inputs.values()]
    numbers = [f"{abs(x):.4f}" for v in values for x in np.ravel(np.asarray(v)).tolist()]
    assert len(keys) == 3 and not [n for n in numbers if n in made.page("bob")]


CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.mark.skipif(CHROMIUM is None, reason="NOT RUN: there is no Chromium here")
def test_a_browser_runs_nothing_of_it(desk: Desk) -> None:
    path = desk.folder / "out" / "feedback" / "hostile.html"
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "<title>Demo: hostile</title>" in done.stdout and "<script" not in done.stdout
