"""A release is the handout and the public key, and nothing of the reference."""

from __future__ import annotations

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from coursekit import write_course

from grader import __version__
from grader.collect.handed import handed_of
from grader.course import Course
from grader.errors import UsageError
from grader.freeze import freeze
from grader.keyfile import load
from grader.model import PUBLIC_KEY, AnswerKey
from grader.release import release

SOURCE = '''
@question(loss=1, dx=2)
def square(x, w):
    """Weighted squares. x (N,), w (N,); loss (), dx (N,)."""
    confidential_name_of_a_variable = x * x * w
    return Terms(confidential_term=confidential_name_of_a_variable.sum())


@square.cases
def _(rng):
    yield Case("the public case", x=np.array([1.0, 2.0]), w=np.array([3.0, 4.0]))
    yield Case("the confidential case", hidden=True, x=rng.normal(size=37), w=rng.normal(size=37))


@square.mistake("A confidential hint, is it not?", code="M77")
def confidential_mistake(out):
    return {"dx": out.dx / 2}


@square.accept("an accepted convention")
def twice(out):
    return {"loss": 2 * out.loss, "dx": 2 * out.dx}
'''
SOLUTION = "def square(x, w):\n    confidential = w * x\n    return confidential @ x, 2 * confidential\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Course, AnswerKey]:
    course = write_course(tmp_path_factory.mktemp("course"), SOURCE, solution=SOLUTION)
    handout = course.handout("demo")
    (handout / "data").mkdir()
    (handout / "data" / "table.bin").write_bytes(bytes(range(256)))
    (handout / "__pycache__").mkdir()
    (handout / "__pycache__" / "demo.pyc").write_bytes(b"stale")
    (handout / PUBLIC_KEY).write_bytes(b"an old key")
    return course, freeze(course, "demo")


@pytest.fixture
def clean(made: tuple[Course, AnswerKey]) -> Course:
    """The course, with what a test adds to the handout taken out again."""
    course = made[0]
    before = set(course.handout("demo").rglob("*"))
    yield course
    for path in set(course.handout("demo").rglob("*")) - before:
        path.unlink()


def test_handout_and_public_key_and_nothing_else(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    course, key = made
    out = tmp_path / "new" / "folder"
    names = release(course, key, out)
    found = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    assert found == sorted(names) == ["README.md", "data/table.bin", "demo.ipynb", "demo.py", PUBLIC_KEY]
    for name in ("README.md", "data/table.bin", "demo.py"):
        assert (out / name).read_bytes() == (course.handout("demo") / name).read_bytes()
    assert [p.name for p in out.parent.iterdir()] == ["folder"], "no temporary folder stays"


def test_public_key_holds_public_cases_only(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    course, key = made
    release(course, key, tmp_path / "out")
    public = load((tmp_path / "out" / PUBLIC_KEY).read_bytes())
    assert public.public
    (question,) = public.questions
    (case,) = question.cases
    assert case.name == "the public case" and not case.hidden and not question.mistakes
    assert case.expected["loss"] == 19.0 and list(case.expected["dx"]) == [6.0, 16.0]
    assert question.conventions == ("an accepted convention",)
    assert case.conventions["an accepted convention"]["loss"] == 38.0


def test_no_byte_of_the_reference(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    course, key = made
    release(course, key, tmp_path / "out")
    everything = b"".join(p.read_bytes() for p in (tmp_path / "out").rglob("*") if p.is_file())
    assert b"onfidential" not in everything and b"M77" not in everything
    assert course.secret() not in everything
    for name in ("seed", "sources"):
        assert key.provenance[name].encode() not in everything
    (hidden,) = [case for case in key.questions[0].cases if case.hidden]
    for array in (
        *hidden.inputs.values(),
        *hidden.expected.values(),
        *hidden.mistakes["confidential_mistake"].values(),
    ):
        raw = array.tobytes()
        assert not any(raw[i : i + 8] in everything for i in range(0, len(raw), 8))
    reference = (course.reference("demo") / "q.py").read_text().splitlines()
    lines = [line.strip().encode() for line in reference if len(line.strip()) > 25 and "def " not in line]
    assert not [line for line in lines if line in everything and b'"""' not in line]


def test_without_a_notebook_and_with_a_wheel(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    assert "demo.ipynb" not in release(*made, tmp_path / "plain", notebook=False)
    wheel = tmp_path / f"dlgrader-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as out:
        out.writestr("grader/__init__.py", "")
        out.writestr(f"dlgrader-{__version__}.dist-info/METADATA", f"Name: dlgrader\nVersion: {__version__}\n")
    assert {"demo.ipynb", wheel.name} <= set(release(*made, tmp_path / "both", wheel=wheel))
    assert (tmp_path / "both" / wheel.name).read_bytes() == wheel.read_bytes()
    (tmp_path / "other.whl").write_bytes(wheel.read_bytes())
    with pytest.raises(UsageError, match="no wheel of the grader"):
        release(*made, tmp_path / "none", wheel=tmp_path / "other.whl")
    assert not (tmp_path / "none").exists()


def test_a_notebook_of_the_authors_own_is_not_written_over(
    clean: Course, made: tuple[Course, AnswerKey], tmp_path: Path
) -> None:
    (clean.handout("demo") / "demo.ipynb").write_text("{}")
    with pytest.raises(UsageError, match=r"demo\.ipynb is in the way of the one that a release makes"):
        release(*made, tmp_path / "out")
    release(*made, tmp_path / "out", notebook=False)
    assert (tmp_path / "out" / "demo.ipynb").read_text() == "{}"


def test_a_stub_that_was_mended_after_the_release_is_known(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    course, key = made
    release(course, key, tmp_path / "out")
    given = load((tmp_path / "out" / PUBLIC_KEY).read_bytes()).handed
    stub = course.handout("demo") / "demo.py"
    before = stub.read_bytes()
    try:
        stub.write_bytes(b'"""A word mended."""\n' + before)
        release(course, key, tmp_path / "again")
        assert set(given) < set(course.kept_handed("demo"))
        assert handed_of(replace(key, handed=given)).script(before)
    finally:
        stub.write_bytes(before)


def test_refuses_a_folder_that_holds_something(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(UsageError, match="not empty"):
        release(*made, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(UsageError, match="not empty"):
        release(*made, tmp_path / "mine.txt")


def test_takes_an_empty_folder(made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    release(*made, tmp_path / "out")
    assert (tmp_path / "out" / PUBLIC_KEY).is_file()


@pytest.mark.skipif(os.name != "posix", reason="NOT RUN: symbolic links need POSIX")
@pytest.mark.parametrize("target", ["q.py", "solutions"])
def test_refuses_links(target: str, clean: Course, made: tuple[Course, AnswerKey], tmp_path: Path) -> None:
    (clean.handout("demo") / "linked").symlink_to(clean.reference("demo") / target)
    with pytest.raises(UsageError, match="linked is a link"):
        release(*made, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["q.py", "solutions/model.py"])
def test_refuses_a_copy_of_a_reference_file(
    name: str, clean: Course, made: tuple[Course, AnswerKey], tmp_path: Path
) -> None:
    (clean.handout("demo") / "helper.py").write_bytes((clean.reference("demo") / name).read_bytes())
    with pytest.raises(UsageError, match=r"helper\.py is a copy of a file from the reference"):
        release(*made, tmp_path / "out")
    assert not (tmp_path / "out").exists()
