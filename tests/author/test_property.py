"""What an author may write with @prop, and the refusal, with file and line, of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest
from coursekit import CASES, line_of, write_course

from grader import Assignment, Case, prop
from grader.author.property import Property
from grader.author.source import read_source
from grader.errors import AuthorError

QUESTIONS = (
    '''
from grader import at_most, close, prop

@question(loss=1, dx=2)
def square(x):
    """Sum of squares. x (N,); loss (), dx (N,)."""
    return (x * x).sum()

@question(out=1)
def scaled(x, a, da=None):
    """a x"""
    return a * x
'''.replace(", da=None", "")
    + CASES.format(name="square")
    + '''

@scaled.cases
def _(rng):
    yield Case("seen", x=np.ones(2), a=2.0)
    yield Case("unseen", hidden=True, x=rng.normal(size=3), a=rng.normal())

@question(out=1, steps=[new("x"), call("forward", gives="out")])
def Layer(x):
    """A class."""
    return x
'''
    + CASES.format(name="Layer")
)
DOC = '''    """It holds.

    Words for the author alone."""
'''
GOOD = '''
@prop(2, L=square.called("x"), y=scaled.called("x", a=2.0))
def holds_so(L, y, x):
    """It holds.

    Words for the author alone."""
    return close(y, 2 * x) & (L.loss >= 0)  # a comment for the author alone

@holds_so.cases
def _(rng):
    yield Case("seen", x=np.ones(2))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''


def refused(root: Path, source: str, *, names: str = "square, scaled, Layer, holds_so") -> AuthorError:
    course = write_course(root, QUESTIONS + source, names=names)
    with pytest.raises(AuthorError) as caught:
        read_source(course, "demo")
    assert "q.py" in caught.value.file
    return caught.value


def test_a_property_becomes_a_question_with_its_source(tmp_path: Path) -> None:
    course = write_course(tmp_path, QUESTIONS + GOOD, names="square, scaled, Layer, holds_so")
    source = read_source(course, "demo")
    made = source.assignment.questions[-1]
    assert isinstance(made, Property)
    assert (made.name, made.points, made.inputs) == ("holds_so", 2.0, ("x",))
    assert made.source == "def holds_so(L, y, x):\n    return close(y, 2 * x) & (L.loss >= 0)\n"
    assert dict(made.calls["y"].takes) == {"x": "x"} and dict(made.calls["y"].fixed) == {"a": 2.0}
    assert [case.name for case in source.cases["holds_so"]] == ["seen", "unseen"]


def test_annotations_stay_with_the_author(tmp_path: Path) -> None:
    text = GOOD.replace("def holds_so(L, y, x):", "def holds_so(L: Case, y: np.ndarray, x: dict[str, Case]) -> Case:")
    made = read_source(
        write_course(tmp_path, QUESTIONS + text, names="square, scaled, Layer, holds_so"), "demo"
    ).assignment.questions[-1]
    assert isinstance(made, Property) and made.source.startswith("def holds_so(L, y, x):\n")


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("@prop(2,", "@prop(0,", "a property worth 0"),
        ("@prop(2,", "@prop(True,", "a property worth True"),
        ("@prop(2,", "@prop(2, seconds=-1,", "seconds=-1"),
        ('L=square.called("x")', "L=square", "is no call"),
        ('L=square.called("x")', 'x=square.called("x")', "'x' is a response and an input"),
        ('L=square.called("x")', 'close=square.called("x")', "a response is named 'close'"),
        ('L=square.called("x")', 'L=square.called()', "square.called() does not name 1 input. Write .called(\"x\")"),
        ('L=square.called("x")', 'L=square.called("x", "x")', "does not name 1 input"),
        ('L=square.called("x")', 'L=square.called("2x")', "does not name 1 input"),
        ('L=square.called("x")', 'L=square.called("hidden")', "an input is named 'hidden'"),
        ("a=2.0)", "b=2.0)", "scaled has no parameter 'b'"),
        ("a=2.0)", "a=object())", "called a holds a object, which cannot be sent"),
        ('L=square.called("x")', 'L=Layer.called("x")', "Layer is a class in steps"),
        ("def holds_so(L, y, x):", "def holds_so(L, y, x, z):  # here", "takes 'z', which is neither"),
        ("def holds_so(L, y, x):", "def holds_so(L, x):  # here", "does not take its response 'y'"),
        ("def holds_so(L, y, x):", "def holds_so(L, y, *x):  # here", "a parameter of holds_so is not a plain one"),
        ("def holds_so(L, y, x):", "def holds_so(L, y, x=1):  # here", "a parameter of holds_so is not a plain one"),
        (DOC, "", "holds_so has no docstring"),
        ("    return close", "    while y.any(): y = y - 1  # here\n    return close", "loops as long as"),
        ("    return close", "    n = len(range(int(y[0])))  # here\n    return close", "counts with range"),
        ("    return close", "    n = np.arange(int(y[0]))  # here\n    return close", "uses np.arange"),
        ("    return close", "    n = 10 ** int(y[0])  # here\n    return close", "a power that is no constant"),
        ("    return close", "    n = [0] * int(y[0])  # here\n    return close", "repeats a list"),
        ("    return close", "    n = y.repeat(int(y[0]))  # here\n    return close", "uses .repeat"),
        ("    return close", "    n = math.factorial(int(y[0]))  # here\n    return close", "uses .factorial"),
        ("    return close", "    import os  # here\n    return close", "holds_so imports"),
        ("    return close", "    assert y.any()  # here\n    return close", "does more than say True or False"),
        ("    return close", "    try: x += 1  # here\n    except: pass\n    return close", "does more than say"),
        ("def holds_so", "def _holds_so", "a property is named '_holds_so'"),
        ("    return close", "    np.random.normal()  # here\n    return close", "draws random numbers"),
        ("    return close", "    torch.zeros(1)  # here\n    return close", "uses 'torch', which is not there"),
        ("    return close", "    if 0: helper()  # here\n    return close", "uses 'helper', which is not there"),
        ("    return close", "    f = lambda: open('x')  # here\n    return close", "uses 'open', which is not there"),
        ("@holds_so.cases", "@holds_so.mistake('what then?')  # here", "is a property and has no mistakes"),
        ("@holds_so.cases", "@holds_so.accept('half')  # here", "is a property and accepts no conventions"),
        ("x=np.ones(2))", "z=np.ones(2))  # here", "case 'seen' lacks x"),
        ("x=np.ones(2))", "x=np.ones(2), z=1)  # here", "case 'seen' gives z"),
        (", hidden=True", "", "holds_so has no hidden case"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_file_and_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in GOOD
    text = GOOD.replace(before, after)
    error = refused(tmp_path, text)
    assert said in str(error)
    source = (tmp_path / "reference" / "demo" / "q.py").read_text()
    if "# here" in source:  # a decorated function starts at its decorator
        assert error.line in (line_of(source), line_of(source, "@prop(2,"))
    else:
        assert error.line > line_of(source, "from grader import at_most")


def test_a_closure_is_refused(tmp_path: Path) -> None:
    text = '''
def maker(limit):
    @prop(2, L=square.called("x"))
    def holds_so(L):
        """It holds."""
        return L.loss < limit  # here
    return holds_so

holds_so = maker(3)
'''
    error = refused(tmp_path, text)
    assert "uses 'limit'" in error.what
    assert error.line == line_of((tmp_path / "reference" / "demo" / "q.py").read_text())


def test_a_property_may_call_only_questions_of_its_assignment(tmp_path: Path) -> None:
    text = '''
def elsewhere():
    @question(loss=1, n=1)
    def apart(x):
        """X."""
        return x, x
    return apart

@prop(2, L=elsewhere().called("x"))
def holds_so(L):  # here
    """It holds."""
    return close(L.loss, 1)
''' + GOOD[GOOD.index("@holds_so.cases") :]
    error = refused(tmp_path, text)
    assert "holds_so calls apart, which is not in ASSIGNMENT" in str(error)


def test_a_property_that_is_not_listed_is_refused(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD, names="square, scaled, Layer")
    assert "property holds_so is not in ASSIGNMENT" in str(error)


def test_the_stub_must_define_what_a_property_calls(tmp_path: Path) -> None:
    course = write_course(
        tmp_path, QUESTIONS + GOOD, names="square, scaled, Layer, holds_so", stub="def square(x):\n    pass\n"
    )
    with pytest.raises(AuthorError, match="the stub lacks scaled"):
        read_source(course, "demo")


def test_no_call_and_no_file() -> None:
    with pytest.raises(AuthorError, match="a property without a response"):
        prop(2)
    with pytest.raises(AuthorError, match="is no call"):
        prop(2, L=Case)  # type: ignore[arg-type]
    with pytest.raises(AuthorError, match="not a list of questions"):
        Assignment("Demo", file="demo.py", questions=[1])  # type: ignore[list-item]


def test_what_a_shape_bounds_may_be_counted_and_made(tmp_path: Path) -> None:
    body = "    rows = [np.ones(x.shape[0]) for _ in range(len(x) - 1)]\n    return (y ** 2 >= 0) & close(y, 2 * x)"
    text = GOOD.replace("    return close(y, 2 * x) & (L.loss >= 0)", "    ok = L.loss >= 0\n" + body)
    course = write_course(tmp_path, QUESTIONS + text, names="square, scaled, Layer, holds_so")
    assert isinstance(read_source(course, "demo").assignment.questions[-1], Property)
