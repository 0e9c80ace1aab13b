"""docs/authoring.md tells the truth: its files are written, its commands run, what it shows is what is printed, and its
reference part knows every word that an author may write."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import docskit
import pytest
from conftest import ROOT
from coursekit import SECRET, write_course
from docskit import Told, blocks

import grader
from grader.audit.vacuity import vacuous
from grader.author import Assignment, Case, Question
from grader.author.source import read_source
from grader.course import Course
from grader.errors import AuthorError
from grader.freeze import freeze

PAGE = (ROOT / "docs" / "authoring.md").read_text()
LINES = 130  # of the example, to be typed: the page promises some 120


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("course")


@pytest.fixture(scope="module")
def walk(desk: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Told]:
    """The page from its first block to its last, in a folder that is empty but for the secret."""
    (desk / ".grader").mkdir()
    (desk / ".grader" / "secret").write_text(SECRET)  # else it is made by the first command
    return docskit.walk(PAGE, desk, docskit.programs(tmp_path_factory.mktemp("bin")))


# -- the walk ------------------------------------------------------------------------------------------------


def test_it_prints_what_the_page_shows(walk: list[Told]) -> None:
    assert sum(bool(told.shown) for told in walk) >= 8
    assert [told.differs() for told in walk if told.differs()] == []


def test_only_what_the_page_calls_unclean_or_failed_has_another_exit_code(walk: list[Told]) -> None:
    assert [t.code for t in walk] == [int("NOT CLEAN" in str(t.shown) or "  FAIL  " in str(t.shown)) for t in walk]
    assert sum(t.code or 0 for t in walk) == 3


def test_it_takes_a_quarter_of_an_hour() -> None:
    texts = [b.text for b in blocks(PAGE) if "quantile_regression" in b.path]
    assert sum(bool(line.strip()) for text in texts for line in text.splitlines()) <= LINES


@pytest.mark.usefixtures("walk")
def test_the_secret_and_the_reference_stay_at_home(desk: Path) -> None:
    assert sorted(p.name for p in (desk / "handout").iterdir()) == [
        "README.md",
        "public.key",
        "quantile_regression.ipynb",
        "quantile_regression.py",
    ]


# -- what it says on the way ---------------------------------------------------------------------------------


def edited(desk: Path, tmp_path: Path, file: str, old: str, new: str) -> Course:
    """The course of the walk, with one change in a file of the reference."""
    for block in blocks(PAGE):
        if "quantile_regression" in block.path:
            path = tmp_path / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text((desk / block.path).read_text())
    path = tmp_path / "reference" / "quantile_regression" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return Course(tmp_path)


@pytest.mark.usefixtures("walk")
def test_a_property_that_zeros_satisfy(desk: Path, tmp_path: Path) -> None:
    course = edited(desk, tmp_path, "sides.py", " & (middle.loss > 0)", "")
    (prop,) = (q for q in freeze(course, "quantile_regression").questions if q.predicate)
    said = re.search(r"the audit answers: `([^`]+)`", PAGE)
    assert said and vacuous(prop) == [" ".join(said[1].split())]


@pytest.mark.usefixtures("walk")
def test_a_kink_that_is_not_declared(desk: Path, tmp_path: Path) -> None:
    course = edited(desk, tmp_path, "loss.py", "kink=True, ", "")
    with pytest.raises(AuthorError, match="'on time': quantile_loss is not differentiable in w there"):
        freeze(course, "quantile_regression")


# -- the reference part --------------------------------------------------------------------------------------

REFERENCE = PAGE.partition("## All that you may write")[2].partition("## What the audit says")[0]
MESSAGES = PAGE.partition("## What the audit says")[2]


def keywords(function: object) -> list[str]:
    """Parameters that are given by name."""
    found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    return [p.name for p in found if p.kind is p.KEYWORD_ONLY]


@pytest.mark.parametrize("function", [grader.question, Case, grader.prop, Assignment, Question.mistake])
def test_every_keyword_is_told(function: object) -> None:
    assert len(keywords(function)) > 0
    for name in keywords(function):
        assert re.search(rf"\b{name}=", REFERENCE), name


def test_every_word_of_the_package_is_told() -> None:
    students = {"check", "load_ipython_extension", "unload_ipython_extension"}  # docs/student.md tells them
    authors = [name for name in grader.__all__ if name not in students]
    for name in [*authors, "cases", "mistake", "accept", "excuse", "given", "called", "base", "forward"]:
        assert re.search(rf"\b{name}\b", REFERENCE), name


def test_the_question_that_properties_mark_alone(tmp_path: Path) -> None:
    (code,) = (b.text for b in blocks(PAGE) if b.language == "python" and not b.path)
    source = f"from grader import prop\n\n\n{code}\n\n@accurate.cases\ndef _(rng):\n" + "".join(
        f'    yield Case("{hidden}", hidden={hidden}, X=rng.normal(size=(4, 2)), y=np.arange(4) % 2,\n'
        f"               X_new=np.zeros((2, 2)), truth=np.zeros(2, int))\n"
        for hidden in (False, True)
    )
    stub = "def classify(X, y, X_new):\n    raise NotImplementedError\n"
    found = read_source(write_course(tmp_path, source, names="accurate", stub=stub), "demo")
    assert [q.name for q in found.assignment.questions] == ["accurate"]


def said_by_the_grader() -> list[str]:
    """Every text in the sources; `…` stands where a value is put in."""
    texts = []
    for path in (ROOT / "grader").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                parts = [str(v.value) if isinstance(v, ast.Constant) else "…" for v in node.values]
                texts.append("".join(parts))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
    return texts


def test_the_messages_are_the_graders_own() -> None:
    texts = said_by_the_grader()
    rows = re.findall(r"^\| `([^`]+)` \|", MESSAGES, re.M)
    messages = [row for row in rows if row not in ("PROBLEM", "error:")]
    assert len(messages) > 25
    for message in messages:
        for part in re.split(r"…|; ", message):
            assert any(part.strip() in text for text in texts), (message, part)


def test_it_is_found_from_the_pages_that_people_open_first() -> None:
    for name in ("README.md", "CONTRIBUTING.md"):
        assert "(docs/authoring.md)" in (ROOT / name).read_text()
    for target in re.findall(r"\]\(([^#)][^)]*)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target
    anchors = {
        re.sub(r"[^\w -]", "", head).strip().lower().replace(" ", "-") for head in re.findall("^#+ (.*)", PAGE, re.M)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= anchors
