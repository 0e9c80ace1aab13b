"""Everything wrong in a question is refused with the author's file and line, and with a mend."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coursekit import CASES, HEAD, SQUARE, line_of, write_course

from grader import question
from grader.author import Case, Fixture
from grader.author.source import read_source
from grader.errors import AuthorError

ONE_CASE = '''
@question(loss=1)
def f(x):
    """The sum."""
    return x.sum()


@f.cases
def _(rng):
    yield Case("unseen", hidden=True, x=np.ones(2))
    {case}  # here
'''


def layer(steps: str, outputs: str = "out=1, dX=1") -> str:
    return f'''
@question({outputs}, steps={steps})  # here
def Layer(X, W):
    """A layer."""
    return X @ W
'''


# name: (source of the question file, what the message must say, what the mend must say)
REFUSED = {
    "no outputs": (
        "@question()  # here\ndef f(x):\n    'Doc.'\n",
        "question without outputs",
        "@question(loss=4, dW=6)",
    ),
    "zero points": (
        "@question(loss=0)  # here\ndef f(x):\n    'Doc.'\n",
        "f is worth nothing",
        "the properties that mark it",
    ),
    "some points": ("@question(loss=0, dx=1)  # here\ndef f(x):\n    'Doc.'\n", "loss is worth 0", "positive number"),
    "negative points": ("@question(loss=-1)  # here\ndef f(x):\n    'Doc.'\n", "loss is worth -1", "positive"),
    "infinite points": ("@question(loss=float('inf'))  # here\ndef f(x):\n    'Doc.'\n", "worth inf", "positive"),
    "points as text": ("@question(loss='4')  # here\ndef f(x):\n    'Doc.'\n", "worth '4'", "positive"),
    "points are a bool": ("@question(loss=True)  # here\ndef f(x):\n    'Doc.'\n", "worth True", "positive"),
    "seconds": ("@question(loss=1, seconds=0)  # here\ndef f(x):\n    'Doc.'\n", "seconds=0", "between 0 and 3600"),
    "name": ("@question(loss=1, name='a-b')  # here\ndef f(x):\n    'Doc.'\n", "name='a-b'", "Python name"),
    "no docstring": ("@question(loss=1)  # here\ndef f(x):\n    return x\n", "f has no docstring", "with shapes"),
    "default": (
        "@question(loss=1)  # here\ndef f(x, reg=0.1):\n    'Doc.'\n",
        "parameter reg of f",
        "without defaults",
    ),
    "star": ("@question(loss=1)  # here\ndef f(*xs):\n    'Doc.'\n", "parameter xs of f", "positional"),
    "keyword only": ("@question(loss=1)  # here\ndef f(*, x):\n    'Doc.'\n", "parameter x of f", "positional"),
    "taken word": ("@question(loss=1)  # here\ndef f(hidden):\n    'Doc.'\n", "named 'hidden'", "Rename"),
    "taken out": ("@question(loss=1)  # here\ndef f(out):\n    'Doc.'\n", "named 'out'", "Rename"),
    "no parameters": ("@question(loss=1)  # here\ndef f():\n    'Doc.'\n", "without parameters", "at least one"),
    "output is a parameter": ("@question(x=1)  # here\ndef f(x):\n    'Doc.'\n", "'x' is a parameter and an", "Rename"),
    "gradient of several outputs": (
        "@question(a=1, b=1, dx=1)  # here\ndef f(x):\n    'Doc.'\n",
        "gradients and 2 forward outputs",
        "make two questions",
    ),
    "forward lacks a parameter": (
        "def g(x, w):\n    return x\n\n@question(dx=1, forward=g)  # here\ndef f(x, dout):\n    'Doc.'\n",
        "needs 'w', which f does not take",
        "Add it to def f",
    ),
    "forward does not use a parameter": (
        "def g(x):\n    return x\n\n@question(dx=1, forward=g)  # here\ndef f(x, dy):\n    'Doc.'\n",
        "does not use 'dy'",
        "cotangent dout",
    ),
    "forward is no function": (
        "@question(dx=1, forward=3)  # here\ndef f(x):\n    'Doc.'\n",
        "forward=3",
        "question.given",
    ),
    "forward and an output that is no gradient": (
        "def g(x):\n    return x\n\n@question(loss=1, forward=g)  # here\ndef f(x, dout):\n    'Doc.'\n",
        "'loss' is no gradient",
        "Name it d<parameter>",
    ),
    "given an unknown parameter": (
        SQUARE + "square.given(y=1)  # here\n",
        "square has no parameter 'y'",
        "It has x",
    ),
    "given what cannot travel": (SQUARE + "square.given(x=print)  # here\n", "builtin_function", "NumPy arrays"),
    "steps take an unknown input": (
        layer("[new('W'), call('forward', 'Z', gives='out'), get('dX')]"),
        "takes 'Z'",
        "Known: W, X, dout",
    ),
    "steps give too little": (layer("[new('W'), call('forward', 'X', gives='out')]"), "steps give out", "exactly one"),
    "steps give too much": (
        layer("[new('W'), call('forward', 'X', gives='out'), get('dX'), get('dW')]"),
        "give out, dX, dW",
        "exactly one step",
    ),
    "steps give one twice": (
        layer("[new('W'), call('forward', 'X', gives='out'), get('dX'), get('dX')]"),
        "give out, dX, dX",
        "exactly one step",
    ),
    "steps without new": (layer("[call('forward', 'X', gives='out'), get('dX')]"), "without one new", "Start with new"),
    "steps that start late": (
        layer("[call('forward', 'X', gives='out'), new('W'), get('dX')]"),
        "starts with call",
        "new(...) first",
    ),
    "mistake without a hint": (
        SQUARE + "@square.mistake('no')  # here\ndef m(out):\n    ...\n",
        "hint",
        "question that",
    ),
    "mistake that was not called": (
        SQUARE + "@square.mistake  # here\ndef m(out):\n    ...\n",
        "hint",
        "question that",
    ),
    "convention without a label": (SQUARE + "@square.accept('')  # here\ndef m(out):\n    ...\n", "label", "@q.accept"),
    "variant of a wrong signature": (
        SQUARE + "@square.mistake('Is that so, really?')  # here\ndef m(x, y):\n    ...\n",
        "m(x, y) fits neither form",
        "m(out, x)",
    ),
    "variant with an unknown input": (
        SQUARE + "@square.mistake('Is that so, really?')  # here\ndef m(out, z):\n    ...\n",
        "m(out, z) fits neither form",
        "m(x) as another forward",
    ),
    "two variants of one name": (
        SQUARE
        + "@square.mistake('Is that so, really?')\ndef m(out):\n    ...\n"
        + "@square.mistake('Is that so, really?')  # here\ndef m(x):\n    ...\n",
        "two variants named 'm'",
        "Rename one",
    ),
    "cases twice": (
        SQUARE + CASES.format(name="square") + "@square.cases  # here\ndef _(rng):\n    yield 1\n",
        "has cases already",
        "one function",
    ),
    "cases are no generator": (
        SQUARE + "@square.cases  # here\ndef _(rng):\n    return []\n",
        "no generator of one argument",
        "yield Case(...)",
    ),
    "cases take nothing": (SQUARE + "@square.cases  # here\ndef _():\n    yield 1\n", "no generator", "def _(rng)"),
    "no cases": (SQUARE.replace("2)", "2)  # here"), "square has no cases", "@square.cases"),
    "yields no Case": (
        SQUARE + "@square.cases  # here\ndef _(rng):\n    yield {'x': 1}\n",
        "yields a dict",
        "Yield Case(...)",
    ),
    "no public case": (
        SQUARE + "@square.cases  # here\ndef _(rng):\n    yield Case('a', hidden=True, x=np.ones(2))\n",
        "no public case",
        "at least one public",
    ),
    "no hidden case": (
        SQUARE + "@square.cases  # here\ndef _(rng):\n    yield Case('a', x=np.ones(2))\n",
        "no hidden case",
        "at least one hidden",
    ),
    "duplicate case": (ONE_CASE.format(case="yield Case('unseen', x=np.ones(2))"), "two cases are named", "Rename"),
    "empty case name": (ONE_CASE.format(case="yield Case(' ', x=np.ones(2))"), "a case named ' '", "printable"),
    "unprintable case name": (ONE_CASE.format(case=r"yield Case('a\nb', x=np.ones(2))"), "a case named", "printable"),
    "hidden is no bool": (ONE_CASE.format(case="yield Case('a', hidden=1, x=1.0)"), "True or False", "hidden=True"),
    "input missing": (ONE_CASE.format(case="yield Case('a')"), "'a' lacks x", "Give it a value"),
    "input extra": (ONE_CASE.format(case="yield Case('a', x=1.0, y=2)"), "'a' gives y", "f takes x"),
    "unsendable object": (ONE_CASE.format(case="yield Case('a', x=object())"), "x holds a object", "NumPy arrays"),
    "unsendable tensor": (ONE_CASE.format(case="yield Case('a', x=torch.ones(2))"), "x holds a Tensor", "NumPy arrays"),
    "unsendable complex": (ONE_CASE.format(case="yield Case('a', x=np.ones(2) * 1j)"), "complex128", "NumPy arrays"),
    "unsendable set": (ONE_CASE.format(case="yield Case('a', x=[{1}])"), "x holds a set", "lists and dicts"),
    "raises a word": (ONE_CASE.format(case="yield Case('a', raises='ValueError', x=1.0)"), "raises='V", "ValueError"),
    "raises an own class": (
        "class Oops(Exception):\n    pass\n" + ONE_CASE.format(case="yield Case('a', raises=Oops, x=1.0)"),
        "no built-in exception",
        "raises=ValueError",
    ),
    "raises SystemExit": (ONE_CASE.format(case="yield Case('a', raises=SystemExit, x=1.0)"), "no built-in", "Value"),
    "unknown fixture": (
        ONE_CASE.format(case="yield Case('a', x=[Fixture('cubic', {'a': 1.0})])"),
        "uses the fixture 'cubic'",
        "Define cubic(...) in ",
    ),
    "exception in the cases": (
        ONE_CASE.format(case="yield Case('a', x=np.ones(2) @ np.ones(3))"),
        "ValueError",
        "Mend",
    ),
    "names by chance": (
        SQUARE
        + "@square.cases  # here\ndef _(rng):\n    yield Case(f'{rng.normal()}', x=np.ones(1))\n"
        + "    yield Case('b', hidden=True, x=np.ones(1))\n",
        "names of the cases depend on random numbers",
        "same cases at every run",
    ),
    "count by chance": (
        SQUARE
        + "@square.cases  # here\ndef _(rng):\n    yield Case('a', x=np.ones(1))\n"
        + "    for i in range(int(rng.integers(1, 10**6) % 7919)):\n"
        + "        yield Case(f'{i}', hidden=True, x=np.ones(1))\n",
        "names of the cases depend on random numbers",
        "same cases at every run",
    ),
    "empty Terms": ("Terms()  # here\n", "Terms() without a part", "Terms(data=..."),
    "error at load": ("x = 1 / 0  # here\n", "ZeroDivisionError", "must load"),
    "syntax error": ("def f(:  # here\n    pass\n", "invalid syntax", "Mend the syntax"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_file_line_and_mend(name: str, tmp_path: Path) -> None:
    source, what, mend = REFUSED[name]
    course = write_course(tmp_path, source)
    with pytest.raises(AuthorError) as caught:
        read_source(course, "demo")
    error = caught.value
    assert (Path(error.file).name, error.line) == ("q.py", line_of(HEAD + source)), str(error)
    assert what in error.what
    assert mend in error.mend
    assert str(error).startswith(f"{error.file}:{error.line}: ") and "\n" not in str(error)


def test_a_good_question_is_taken(tmp_path: Path) -> None:
    """Guards the table above: what it starts from is not refused."""
    source = read_source(write_course(tmp_path, SQUARE + CASES.format(name="square")), "demo")
    (q,) = source.assignment.questions
    assert (q.name, q.params, q.gradients, q.forward_outputs) == ("square", ("x",), {"dx": "x"}, ("loss",))
    assert [case.name for case in source.cases["square"]] == ["seen", "unseen"]


def test_a_layer_names_its_cotangent_and_gradients() -> None:
    from grader.author import call, get, new

    steps = [new("W"), call("forward", "X", gives="out"), call("backward", "dout", gives="dX"), get("dW")]

    @question(out=1, dX=2, dW=3, steps=steps)
    def Layer(X, W):
        """A layer."""
        return X @ W

    assert Layer.inputs == ("X", "W") and Layer.cotangents == {"dout": "out"}
    assert Layer.gradients == {"dX": "X", "dW": "W"}
    assert [(s.kind, s.target) for s in Layer.steps] == [
        ("new", "Layer"),
        ("call", "forward"),
        ("call", "backward"),
        ("get", "dW"),
    ]


def test_given_fixes_parameters_in_any_position() -> None:
    @question(loss=1)
    def full(X, kind, reg):
        """All in one."""
        return (X, kind, reg)

    @question(dX=1, forward=full.given(kind="svm"))
    def svm_gradient(X, reg):
        """Its gradient."""

    assert svm_gradient.forward_params == ("X", "reg") and svm_gradient.forward_outputs == ("loss",)
    assert svm_gradient.forward("data", 0.5) == ("data", "svm", 0.5)


def test_a_case_keeps_what_it_was_given() -> None:
    """A generator may go on to use its arrays; a case that was yielded does not change with them."""
    X = np.zeros(3)
    case = Case("a", X=X, nested=[X], callable=Fixture("f", {"w": X}))
    X += 1
    assert case.inputs["X"].sum() == 0 and case.inputs["nested"][0].sum() == 0
    assert case.inputs["callable"].args["w"].sum() == 0


def test_a_case_holds_what_students_will_get() -> None:
    """Strides, order, read-only and dtype stay; NumPy scalars and tuples become what the wire makes of them."""
    X = np.arange(12.0).reshape(3, 4)
    frozen = np.ones(2, dtype=np.float32)
    frozen.flags.writeable = False
    got = Case("a", strided=X[:, ::2], turned=X.T, frozen=frozen, y=np.int64(3), pair=(1, 2.5)).inputs
    assert not got["strided"].flags.c_contiguous and not got["strided"].flags.f_contiguous
    assert got["turned"].flags.f_contiguous and not got["turned"].flags.c_contiguous
    assert got["frozen"].dtype == np.float32 and not got["frozen"].flags.writeable
    assert type(got["y"]) is int and got["pair"] == [1, 2.5]
    np.testing.assert_array_equal(got["strided"], X[:, ::2])
