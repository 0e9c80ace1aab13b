"""A property on its way into the key: what the reference answers, and the refusal of every property that lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coursekit import line_of, write_course

from grader.errors import AuthorError
from grader.freeze import freeze
from grader.keyfile import dump, load, public_view
from grader.model import FrozenQuestion, Output, Step

SOURCE = '''
from grader import close, prop

@question(loss=1, dW=2)
def ridge(X, W, reg):
    """A loss and its gradient. X (N, D), W (D,), reg; loss (), dW (D,)."""
    return ((X @ W) ** 2).mean() + reg * (W * W).sum()

@ridge.cases
def _(rng):
    yield Case("seen", X=np.ones((2, 2)), W=np.ones(2), reg=0.5)
    yield Case("unseen", hidden=True, X=rng.normal(size=(4, 3)), W=rng.normal(size=3), reg=0.1)

@question(out=1)
def relu(z):
    """ReLU. z (N,); out (N,)."""
    return torch.relu(z)

@relu.cases
def _(rng):
    yield Case("seen", z=np.array([1.0, -1.0]))
    yield Case("unseen", hidden=True, z=rng.normal(size=3))

@question(dz=1, forward=relu)
def relu_backward(z, dout):
    """Its gradient. z, dout (N,)"""

@relu_backward.cases
def _(rng):
    yield Case("seen", z=np.array([1.0, -1.0]), dout=np.ones(2))
    yield Case("unseen", hidden=True, z=rng.normal(size=3))

@question(parts=1)
def pieces(z):
    """A list. z (N,)"""
    return [z, 2 * z]

@pieces.cases
def _(rng):
    yield Case("seen", z=np.array([1.0, -1.0]))
    yield Case("unseen", hidden=True, z=rng.normal(size=3))
'''
NAMES = "ridge, relu, relu_backward, pieces, thing"
PROP = '''
@prop(3, {calls})
def thing({params}):
    """A thing that holds."""
    {body}

@thing.cases
def _(rng):
    yield Case("seen", {seen})
    yield Case("unseen", hidden=True, {unseen})
'''
BOTH = 'L=ridge.called("X", "W", reg=0.5), plain=ridge.called("X", "W", reg=0.0)'
DRAW = "X=rng.normal(size=(4, 3)), W=rng.normal(size=3)"
HOLDS = "return close(L.loss, plain.loss + 0.5 * (W * W).sum()) & close(L.dW - plain.dW, W)"


def prop(
    body: str = HOLDS,
    calls: str = BOTH,
    params: str = "L, plain, W",
    seen: str = "X=np.ones((2, 2)), W=np.ones(2)",
    unseen: str = DRAW,
) -> str:
    return PROP.format(calls=calls, params=params, body=body, seen=seen, unseen=unseen)


def frozen(root: Path, text: str) -> FrozenQuestion:
    return freeze(write_course(root, SOURCE + text, names=NAMES), "demo").questions[-1]


def refused(root: Path, text: str, marker: str = "# here") -> AuthorError:
    """The error, whose line must be the marked one."""
    course = write_course(root, SOURCE + text, names=NAMES)
    with pytest.raises(AuthorError) as caught:
        freeze(course, "demo")
    assert caught.value.file.endswith("q.py")
    source = (root / "reference" / "demo" / "q.py").read_text()
    assert caught.value.line == line_of(source, marker), caught.value
    return caught.value


def test_what_a_property_becomes(tmp_path: Path) -> None:
    q = frozen(tmp_path, prop())
    assert (q.name, q.title, q.params) == ("thing", "A thing that holds.", ("X", "W"))
    assert q.outputs == (Output("holds", 3.0),) and q.points == 3
    assert q.steps == (
        Step("function", "ridge", ("X", "W", "L.reg"), ("L.loss", "L.dW")),
        Step("function", "ridge", ("X", "W", "plain.reg"), ("plain.loss", "plain.dW")),
    )
    assert [part.name for part in q.parts] == ["L.loss", "L.dW", "plain.loss", "plain.dW"]
    assert q.returned == q.parts and q.targets == ("ridge",)
    assert q.predicate.startswith("def thing(L, plain, W):\n    return close(")
    for case in q.cases:
        X, W = case.inputs["X"], case.inputs["W"]
        assert case.inputs["L.reg"] == 0.5 and case.inputs["plain.reg"] == 0.0
        assert np.allclose(case.expected["plain.loss"], ((X @ W) ** 2).mean())
        assert np.allclose(case.expected["L.dW"], 2 * X.T @ X @ W / len(X) + W)
        assert set(case.bounds) == set(case.expected) == {part.name for part in q.parts}
        assert case.bounds["L.loss"]["float64"].rtol == 1e-7


def test_a_cotangent_is_given_by_the_case(tmp_path: Path) -> None:
    text = prop(
        "return close(g, np.where(z > 0, dout, 0)) & (two == 2 * g)",
        'g=relu_backward.called("z", "dout"), two=relu_backward.called("z", "double")',
        "g, two, z, dout",
        "z=np.array([1.0, -1.0]), dout=np.array([3.0, 4.0]), double=np.array([6.0, 8.0])",
        "z=rng.normal(size=2), dout=np.array([3.0, 4.0]), double=np.array([6.0, 8.0])",
    )
    q = frozen(tmp_path, text)
    assert q.steps[1] == Step("function", "relu_backward", ("z", "double"), ("two",))
    assert q.cases[0].expected["two"].tolist() == [6.0, 0.0]


def test_kinks_are_refused_unless_declared(tmp_path: Path) -> None:
    text = prop(
        "return g == 0",
        'g=relu_backward.called("z", "dout")',
        "g",
        "z=np.zeros(2), dout=np.ones(2)",
        "z=-np.ones(2), dout=np.ones(2)",
    )
    error = refused(tmp_path, text, 'yield Case("seen", z=np.zeros(2), dout')
    assert "not differentiable in z there" in error.what
    q = frozen(tmp_path, text.replace("dout=np.ones(2))", "dout=np.ones(2), kink=True)", 1))
    assert q.cases[0].kink


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return close(L.dW, np.ones(5))  # here", "raised ValueError: close: shapes"),
        ("return L.dw > 0  # here", "raised AttributeError: no output 'dw'; there are loss, dW"),
        ("x = L.loss\n    return x[3] > 0  # here", "raised IndexError"),
        ("if L.dW > 0:  # here\n        return True\n    return False", "raised ValueError: The truth value"),
    ],
)
def test_a_predicate_that_raises_is_refused_on_its_line(tmp_path: Path, body: str, said: str) -> None:
    assert said in refused(tmp_path, prop(body)).what


@pytest.mark.parametrize("body", ["return L.loss", "return 'yes'", "pass", "return [True]", "return L.dW[:0] > 0"])
def test_a_predicate_that_tells_no_bool_is_refused(tmp_path: Path, body: str) -> None:
    assert "thing returned " in refused(tmp_path, prop(body), "@prop(3").what


def test_a_property_that_the_reference_breaks_is_refused_at_the_case(tmp_path: Path) -> None:
    error = refused(
        tmp_path, prop("return close(L.loss, plain.loss)"), 'yield Case("seen", X=np.ones((2, 2)), W=np.ones(2))'
    )
    assert "thing does not hold in case 'seen'" in error.what and "q.py" in error.mend
    text = prop("return close(L.dW, W + [[4], [2]][len(W) - 2] * np.ones(len(W)))", unseen=DRAW)
    error = refused(tmp_path / "b", text, "hidden=True, X=rng.normal(size=(4, 3)), W=rng.normal(size=3))")
    assert "in case 'unseen' in 3 of 3 elements" in error.what


def test_a_property_that_float32_breaks_is_refused(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        prop("return (abs(L.loss - plain.loss - 0.5 * (W * W).sum()) < 1e-12)"),
        "hidden=True, X=rng.normal(size=(4, 3)), W=rng.normal(size=3))",
    )
    assert "for the reference in float32, as students may answer" in error.what


def test_a_property_that_an_accepted_convention_breaks_is_refused(tmp_path: Path) -> None:
    """Who follows the convention would lose the property's points for it."""
    accepted = """
@ridge.accept("half the penalty")
def half(X, W, reg):
    return ridge.forward(X, W, reg / 2)
"""
    error = refused(tmp_path, accepted + prop(), 'yield Case("seen", X=np.ones((2, 2)), W=np.ones(2))')
    assert "in the convention 'half the penalty', which ridge accepts" in error.what
    row = accepted.replace("reg):\n    return ridge.forward(X, W, reg / 2)", "out):\n    return {'dW': out.dW[None]}")
    row = row.replace("half(X, W, out)", "half(out)")
    error = refused(tmp_path / "b", row + prop(), 'yield Case("seen", X=np.ones((2, 2)), W=np.ones(2))')
    assert "has shape (1, 2), expected (2,)" in error.what
    assert frozen(tmp_path / "c", accepted + prop("return (L.loss >= plain.loss) & (abs(W) > -1)")).name == "thing"


def test_a_list_of_arrays_is_taken_and_one_of_texts_refused(tmp_path: Path) -> None:
    made = "z=np.ones(2)", "z=rng.normal(size=2)"
    text = prop("return bool((P[0] == P[0]).all())", 'P=pieces.called("z")', "P", *made)
    assert frozen(tmp_path / "taken", text).parts[0].kind == "list"
    named = '''
@question(said=1)
def words(z):
    """A word for each number. z (N,); said, a list."""
    return ["one" for _ in z]


@words.cases
def _(rng):
    yield Case("seen", z=np.ones(2))
    yield Case("unseen", hidden=True, z=rng.normal(size=2))
'''
    text = named + prop("return len(P) > 0", 'P=words.called("z")', "P", *made)
    (tmp_path / "texts").mkdir()
    with pytest.raises(AuthorError, match="P holds more than numbers"):
        freeze(write_course(tmp_path / "texts", SOURCE + text, names=NAMES + ", words"), "demo")


def test_a_case_that_raises_is_refused(tmp_path: Path) -> None:
    text = prop(seen="X=np.ones((2, 2)), W=np.ones(2), raises=ValueError")
    assert "a property asks for answers" in refused(tmp_path, text, "raises=ValueError").what


def test_a_case_that_the_reference_does_not_answer_is_refused(tmp_path: Path) -> None:
    course = write_course(tmp_path, SOURCE + prop(seen="X=np.ones((2, 5)), W=np.ones(2)"), names=NAMES)
    with pytest.raises(AuthorError, match="RuntimeError in case 'seen'"):
        freeze(course, "demo")


def test_the_key_is_the_same_twice_and_its_public_view_holds_no_hidden_case(tmp_path: Path) -> None:
    course = write_course(tmp_path, SOURCE + prop("# the hidden case has reg 0.5\n    " + HOLDS), names=NAMES)
    data = dump(freeze(course, "demo"))
    assert data == dump(freeze(course, "demo"))
    public = load(dump(public_view(load(data))))
    assert [case.name for case in public.questions[-1].cases] == ["seen"]
    assert public.questions[-1].predicate and b"the hidden case" not in data
