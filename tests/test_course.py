"""A course on disk: what is missing is said; the secret is kept; each case has a stream of its own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from coursekit import CASES, SQUARE, line_of, write_course

from grader.author.source import read_source
from grader.course import Course
from grader.errors import AuthorError, UsageError

GOOD = SQUARE + CASES.format(name="square")
posix = pytest.mark.skipif(os.name != "posix", reason="NOT RUN: file modes are POSIX")


def refusal(course: Course) -> AuthorError:
    with pytest.raises(AuthorError) as caught:
        read_source(course, "demo")
    return caught.value


# -- the assignment and the stub -----------------------------------------------------------------------------


def test_unlisted_question(tmp_path: Path) -> None:
    other = '\n\n@question(out=1)  # here\ndef other(x):\n    """Other."""\n    return x\n'
    error = refusal(write_course(tmp_path, GOOD + other, names="square"))
    assert "question other is not in ASSIGNMENT" in error.what and "questions=[...]" in error.mend
    assert error.line == line_of((tmp_path / "reference/demo/q.py").read_text())


INITS = {
    "no ASSIGNMENT": ("from .q import square\n# here\n", "no ASSIGNMENT", "Write ASSIGNMENT"),
    "title": ("Assignment(' ', file='demo.py', questions=[square])  # here", "without a title", "Write Assignment"),
    "file": ("Assignment('Demo', file='demo.txt', questions=[square])  # here", "file='demo.txt'", "Name the Python"),
    "path": ("Assignment('Demo', file='../demo.py', questions=[square])  # here", "file='../demo.py'", "Name the"),
    "library": ("Assignment('Demo', file='demo.py', questions=[square], library='jax')  # here", "'jax'", "'torch'"),
    "questions": ("Assignment('Demo', file='demo.py', questions=[])  # here", "not a list of questions", "List what"),
    "not questions": ("Assignment('Demo', file='demo.py', questions=[print])  # here", "not a list", "List what"),
    "twice": ("Assignment('Demo', file='demo.py', questions=[square, square])  # here", "two questions", "Rename"),
}


@pytest.mark.parametrize("name", INITS)
def test_assignment_refused(name: str, tmp_path: Path) -> None:
    text, what, mend = INITS[name]
    init = text if name == "no ASSIGNMENT" else f"from grader import Assignment\nfrom .q import square\n\n{text}\n"
    error = refusal(write_course(tmp_path, GOOD, init=init))
    assert Path(error.file).name == "__init__.py"
    assert error.line == (1 if name == "no ASSIGNMENT" else line_of(init))
    assert what in error.what and mend in error.mend


STUBS = {
    "lacks a function": ("def cube(x):\n    pass\n", 0, "lacks square", "Add it"),
    "other parameters": ("import math\n\ndef square(x, y):  # here\n    pass\n", 3, "square(x, y) differs", "same"),
    "other order": ("def square():  # here\n    pass\n", 1, "square() differs from the reference's (x)", "same"),
    "a class": ("class square:  # here\n    pass\n", 1, "square is a class", "steps="),
    "syntax": ("def square(x)  # here\n    pass\n", 1, "does not parse", "Mend"),
    "not UTF-8": ("", 0, "does not parse", "Mend"),
}


@pytest.mark.parametrize("name", STUBS)
def test_stub_refused(name: str, tmp_path: Path) -> None:
    stub, line, what, mend = STUBS[name]
    course = write_course(tmp_path, GOOD, stub=stub)
    if name == "not UTF-8":
        (course.handout("demo") / "demo.py").write_bytes(b"# \xe9\ndef square(x): pass\n")
    error = refusal(course)
    assert (Path(error.file).name, error.line) == ("demo.py", line)
    assert what in error.what and mend in error.mend


def test_stub_of_a_class_that_is_a_function(tmp_path: Path) -> None:
    source = '''
@question(out=1, steps=[new("W"), call("forward", "X", gives="out")])
def Layer(X, W):
    """A layer."""
    return X @ W
'''
    error = refusal(write_course(tmp_path, source, stub="def Layer(X, W):\n    pass\n"))
    assert (Path(error.file).name, error.line) == ("demo.py", 1)
    assert "Layer is a function" in error.what and "class Layer" in error.mend


def test_stub_missing(tmp_path: Path) -> None:
    course = write_course(tmp_path, GOOD)
    (course.handout("demo") / "demo.py").unlink()
    error = refusal(course)
    assert "demo.py is missing" in error.what and Path(error.file).name == "__init__.py" and error.line == 3


def test_broken_fixtures(tmp_path: Path) -> None:
    error = refusal(write_course(tmp_path, GOOD, fixtures="import math\nmath.sqrt(-1)  # here\n"))
    assert (Path(error.file).name, error.line) == ("fixtures.py", 2) and "ValueError" in error.what


def test_unknown_assignment_names_the_known(tmp_path: Path) -> None:
    course = write_course(tmp_path, GOOD)
    with pytest.raises(UsageError, match=r"no assignment 'other'.*demo"):
        course.reference("other")
    with pytest.raises(UsageError, match="none"):
        Course(tmp_path / "nowhere").reference("demo")
    assert course.assignments() == ["demo"] and Course(tmp_path / "nowhere").assignments() == []


def test_handout_folder_missing(tmp_path: Path) -> None:
    course = write_course(tmp_path, GOOD)
    os.rename(course.handout("demo"), tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="stub and README"):
        read_source(course, "demo")


def test_reading_leaves_no_bytecode(tmp_path: Path) -> None:
    read_source(write_course(tmp_path, GOOD, fixtures="def f():\n    return 1\n"), "demo")
    assert not list(tmp_path.rglob("__pycache__"))


def test_an_edit_is_seen_at_once(tmp_path: Path) -> None:
    course = write_course(tmp_path, GOOD)
    read_source(course, "demo")
    write_course(tmp_path, GOOD.replace("size=3", "size=5"))
    assert read_source(course, "demo").cases["square"][1].inputs["x"].shape == (5,)


# -- streams -------------------------------------------------------------------------------------------------

STREAMS = SQUARE + (
    """
@square.cases
def _(rng):
    {first}
    yield Case("seen", x=rng.normal(size=4))
    {middle}
    yield Case("unseen", hidden=True, x=rng.normal(size=4))
    yield Case("unseen too", hidden=True, x=rng.normal(size=4))
"""
)


def draws(tmp_path: Path, first: str = "", middle: str = "", **options: str) -> dict[str, np.ndarray]:
    course = write_course(tmp_path, STREAMS.format(first=first or "pass", middle=middle or "pass"), **options)
    return {case.name: case.inputs["x"] for case in read_source(course, "demo").cases["square"]}


def test_another_case_changes_no_other(tmp_path: Path) -> None:
    before = draws(tmp_path)
    new = "yield Case('new', hidden=True, x=rng.normal(size=rng.integers(1, 9)))"
    for after in (draws(tmp_path, first=new), draws(tmp_path, middle=new), draws(tmp_path, middle="rng.normal()")):
        names = [n for n in before if "rng.normal()" not in after]
        for name in names:
            if name == "unseen" and "new" not in after:
                continue  # the one whose own draws were moved
            np.testing.assert_array_equal(after[name], before[name])


def test_secret_draws_the_hidden_cases_and_no_public_one(tmp_path: Path) -> None:
    one, other = draws(tmp_path), draws(tmp_path, secret="another secret, long enough\n")
    np.testing.assert_array_equal(one["seen"], other["seen"])
    assert not np.isclose(one["unseen"], other["unseen"]).any()
    assert not np.isclose(one["unseen"], one["unseen too"]).any()


def test_hidden_numbers_do_not_follow_from_public_ones(tmp_path: Path) -> None:
    """Turned public, the same case draws other numbers: no stream is shared between the two."""
    hidden = draws(tmp_path)["unseen"]
    source = STREAMS.format(first="pass", middle="pass").replace('"unseen", hidden=True', '"unseen"')
    course = write_course(tmp_path, source)
    shown = {case.name: case.inputs["x"] for case in read_source(course, "demo").cases["square"]}["unseen"]
    assert not np.isclose(hidden, shown).any()


def test_streams_differ_by_question_and_purpose(tmp_path: Path) -> None:
    source = read_source(write_course(tmp_path, GOOD), "demo")
    case = source.cases["square"][1]
    drawn = {source.stream(q, case, why).normal() for q in ("square", "cube") for why in ("case", "direction")}
    assert len(drawn) == 4


# -- the secret ----------------------------------------------------------------------------------------------


@posix
def test_secret_is_made_once_and_private(tmp_path: Path) -> None:
    course = Course(tmp_path)
    secret = course.secret()
    path = tmp_path / ".grader" / "secret"
    assert course.secret() == secret == path.read_bytes().strip() and len(secret) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(p.name for p in path.parent.iterdir()) == [".gitignore", "secret"]


def test_secrets_of_two_courses_differ(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
    assert Course(tmp_path / "a").secret() != Course(tmp_path / "b").secret()


def test_git_ignores_the_secret(tmp_path: Path) -> None:
    Course(tmp_path).secret()
    git = ["git", "-C", str(tmp_path)]
    if subprocess.run([*git, "init", "-q"], capture_output=True).returncode:
        pytest.skip("NOT RUN: no git here")
    subprocess.run([*git, "add", "-A"], check=True)
    listed = subprocess.run([*git, "ls-files"], check=True, capture_output=True, text=True).stdout
    assert listed == ""


def test_first_use_by_many_at_once_agrees_on_one_secret(tmp_path: Path) -> None:
    for trial in range(5):
        root, gate = tmp_path / str(trial), threading.Barrier(8)
        root.mkdir()

        def first(root: Path = root, gate: threading.Barrier = gate) -> bytes:
            gate.wait()
            return Course(root).secret()

        with ThreadPoolExecutor(8) as pool:
            found = [task.result() for task in [pool.submit(first) for _ in range(8)]]
        assert len(set(found)) == 1


def test_short_secret_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    with pytest.raises(UsageError, match="at least 16 bytes"):
        Course(tmp_path, tmp_path / "secret").secret()


def test_named_secret_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such secret file"):
        Course(tmp_path, tmp_path / "secret").secret()
    assert not (tmp_path / "secret").exists() and not (tmp_path / ".grader").exists()


def test_a_course_that_cannot_hold_a_secret_says_so(tmp_path: Path) -> None:
    (tmp_path / ".grader").write_text("a file, not a folder")
    with pytest.raises(UsageError, match="secret"):
        Course(tmp_path).secret()


# -- the frozen key's name -----------------------------------------------------------------------------------


def test_key_name_follows_all_that_a_key_depends_on(tmp_path: Path) -> None:
    course = write_course(tmp_path, GOOD)
    reference, handout = course.reference("demo"), course.handout("demo")
    seen = {course.key_path("demo", "cpu")}

    def changed() -> bool:
        before = len(seen)
        seen.add(course.key_path("demo", "cpu"))
        return len(seen) > before

    (reference / "q.py").write_text((reference / "q.py").read_text() + "\n# more\n")
    assert changed(), "the reference"
    (reference / "table.csv").write_text("1,2\n")
    assert changed(), "data that the reference may read"
    (handout / "fixtures.py").write_text("def f(): ...\n")
    assert changed(), "the fixtures"
    (tmp_path / "secret").write_text("yet another secret, long enough\n")
    assert changed(), "the secret"
    assert course.key_path("demo", "cuda") not in seen
    (reference / "solutions" / "model.py").write_text("# a solution\n")
    (handout / "demo.py").write_text("# the stub\n")
    (handout / "README.md").write_text("# words\n")
    assert not changed(), "a key does not depend on solutions, stub or README"


@posix
def test_private_files_are_whole_and_private(tmp_path: Path) -> None:
    course = write_course(tmp_path, GOOD)
    path = course.key_path("demo", "cpu")
    course.write_private(path, b"key")
    assert path.read_bytes() == b"key" and stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(TypeError):
        course.write_private(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"key" and [p.name for p in path.parent.iterdir()] == [path.name]


def test_reading_a_course_imports_no_torch(tmp_path: Path) -> None:
    """The reference may import torch; the grader's own reading does not."""
    write_course(tmp_path, GOOD)
    (tmp_path / "reference/demo/q.py").write_text(
        (tmp_path / "reference/demo/q.py").read_text().replace("import torch\n", "")
    )
    code = (
        "import sys; from pathlib import Path; from grader.course import Course\n"
        "from grader.author.source import read_source\n"
        "root = Path(sys.argv[1]); read_source(Course(root, root / 'secret'), 'demo')\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_hidden_numbers_from_a_public_stream_are_refused(tmp_path: Path) -> None:
    """Drawn before the first yield they come from the public case's seed, which every student can use."""
    source = SQUARE + (
        "@square.cases\ndef _(rng):\n    shared = rng.normal(size=3)\n"
        '    yield Case("seen", x=shared)\n    yield Case("unseen", hidden=True, x=2 * shared)  # here\n'
    )
    error = refusal(write_course(tmp_path, source))
    assert error.file.endswith("q.py")
    assert error.line == line_of((tmp_path / "reference" / "demo" / "q.py").read_text())
    assert "'unseen' holds numbers from the stream of a public case" in str(error)


@pytest.mark.parametrize("draw", ["np.random.normal(size=3)", "np.random.default_rng().normal(size=3)"])
def test_numbers_from_another_generator_are_refused(tmp_path: Path, draw: str) -> None:
    source = SQUARE + (
        f'@square.cases\ndef _(rng):\n    yield Case("seen", x=np.ones(2))\n'
        f'    yield Case("unseen", hidden=True, x={draw})  # here\n'
    )
    error = refusal(write_course(tmp_path, source))
    assert error.line == line_of((tmp_path / "reference" / "demo" / "q.py").read_text())
    assert "'unseen' differs between two runs from one seed" in str(error)
