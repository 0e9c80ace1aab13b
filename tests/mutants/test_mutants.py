"""Mutants of whole questions: helpers wherever they stand, forwards made of others, live modules left alone."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np
import pytest
import torch
from coursekit import CASES, HEAD, SQUARE, line_of, write_course

from grader.author import Question, Where
from grader.author.source import Source, read_source
from grader.errors import AuthorError
from grader.freeze.forward import Reference
from grader.mutants import Mutant, mutants

PACKAGE = "_reference_demo"


def source_of(tmp_path: Path, text: str, **files: str) -> Source:
    """A course whose questions are in q.py, beside which stand other modules of the author's."""
    course = write_course(tmp_path, text)
    for name, content in files.items():
        (tmp_path / "reference" / "demo" / f"{name}.py").write_text(content)
    return read_source(course, "demo")


def made(source: Source, question: int = -1) -> list[Mutant]:
    return mutants(source.assignment.questions[question], PACKAGE)


def value(forward: Any, *inputs: Any) -> float:
    return float(forward(*(torch.tensor(x) if isinstance(x, list) else x for x in inputs)))


def labelled(found: list[Mutant], label: str) -> Mutant:
    (mutant,) = [m for m in found if m.label == label]
    return mutant


def test_a_mutant_computes_what_its_label_says(tmp_path: Path) -> None:
    source = source_of(tmp_path, SQUARE + CASES.format(name="square"))
    found = made(source)
    assert value(labelled(found, "x * x  ->  x").forward, [1.0, 2.0]) == 3
    assert value(labelled(found, "x * x  ->  x / x").forward, [1.0, 2.0]) == 2
    assert value(labelled(found, "(x * x).sum()  ->  (x * x).mean()").forward, [1.0, 2.0]) == 2.5
    case = source.cases["square"][0]
    reference = Reference(source, source.assignment.questions[0], "cpu")
    half = labelled(found, "x * x  ->  x * x.detach()")
    answer = reference.compute(case, half.forward, Where(half.file, half.line), torch.float64).values()
    np.testing.assert_allclose(answer["loss"], 5.0)
    np.testing.assert_allclose(answer["dx"], [1.0, 2.0])
    line = line_of((tmp_path / "reference" / "demo" / "q.py").read_text(), "return (x * x)")
    assert {(m.file, m.line) for m in found} == {(str(tmp_path / "reference" / "demo" / "q.py"), line)}
    assert len({m.label for m in found}) == len(found)
    assert all(len(m.label) <= 70 for m in found)


def test_without_gradients_nothing_is_detached(tmp_path: Path) -> None:
    source = source_of(tmp_path, SQUARE.replace(", dx=2", "") + CASES.format(name="square"))
    assert made(source) and "detach" not in {m.kind for m in made(source)}


HELPERS = """
import contextlib
import functools

import torch

from .deeper import twice


def centred(x):
    return twice(x) - 1  # centred


@functools.lru_cache
def offset(n):
    return n + 5  # cached


@contextlib.contextmanager
def scaled(x):
    yield x * 4  # managed


def factory(k):
    def inner(x):
        return x + k  # closure

    return inner


def logged(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@logged
def wrapped(x):
    return x + 20  # wrapped


shifted = factory(30)
add_ten = lambda x: x + 10  # a lambda
TABLE = {"ten": add_ten, "many": [centred, functools.partial(shifted)]}


def unused(x):
    return x + 99
"""
DEEPER = """
def twice(x):
    return 2 * x  # deeper


def away(x):
    return x + 98
"""
REACHING = '''
from . import deeper
from .helpers import TABLE, centred, offset, scaled, wrapped


@question(loss=1, dx=1)
def first(x):
    """First. x (N,); loss (), dx (N,)."""
    return (x + 3).sum()  # first


@first.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))


@question(loss=1, dx=1)
def second(x):
    """Second. x (N,); loss (), dx (N,)."""
    with scaled(x) as y:
        z = centred(y) + deeper.twice(x)
    for step in TABLE["many"]:
        z = step(z)
    return one(z + TABLE["ten"](x) + wrapped(x) + offset(3), x)


def one(z, x):
    return z.sum() + first.forward(x)


@second.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''


def snapshot() -> dict[str, Any]:
    """Every name in the author's modules, with the code of what is a function."""
    return {
        f"{module}.{name}": (id(held), id(held.__code__) if isinstance(held, FunctionType) else None)
        for module in sys.modules
        if module.split(".")[0] == PACKAGE
        for name, held in vars(sys.modules[module]).items()
    }


def test_helpers_are_mutated_wherever_they_stand(tmp_path: Path) -> None:
    source = source_of(tmp_path, REACHING, helpers=HELPERS, deeper=DEEPER)
    question = source.assignment.questions[1]
    before, right = snapshot(), value(question.forward, [1.0, 2.0])
    found = made(source)
    folder = tmp_path / "reference" / "demo"
    for file, markers in [
        ("q", ["# first"]),
        ("deeper", ["# deeper"]),
        ("helpers", ["# centred", "# cached", "# managed", "# closure", "# wrapped", "# a lambda"]),
    ]:
        text = (folder / f"{file}.py").read_text()
        for marker in markers:
            here = [m for m in found if m.file.endswith(f"{file}.py") and m.line == line_of(text, marker)]
            assert {"operator", "dropped operand", "detach"} <= {m.kind for m in here}, marker
            for mutant in here:
                if mutant.kind == "operator":
                    assert value(mutant.forward, [1.0, 2.0]) != right and mutant.reached, mutant
    everything = "".join(m.label for m in found)
    assert "99" not in everything and "98" not in everything
    assert snapshot() == before
    assert value(question.forward, [1.0, 2.0]) == right


GIVEN = '''
@question(out=1, dx=1)
def scale(x, k, dout):
    """x times k. x (N,), dout (N,); out (N,), dx (N,)."""
    return x * k  # here


@scale.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), k=2.0)
    yield Case("unseen", hidden=True, x=rng.normal(size=3), k=3.0)


@question(dx=1, forward=scale.given(k=5.0))
def scale_backward(x, dout):
    """The gradient of scale with k = 5."""


@scale_backward.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), dout=np.array([1.0, 1.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))


@question(dx=1, forward=scale_backward)
def again(x, dout):
    """The same once more."""


@again.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), dout=np.array([1.0, 1.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))


def cube(x):
    return x**3  # of a plain function


@question(dx=1, forward=cube)
def cube_backward(x, dout):
    """The gradient of the cube."""


@cube_backward.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]), dout=np.array([1.0, 1.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))


@question(dx=1, forward=torch.sigmoid)
def sigmoid_backward(input, dout):
    """The gradient of the sigmoid."""
'''


def test_forwards_made_of_other_questions_and_functions(tmp_path: Path) -> None:
    text = GIVEN[: GIVEN.index("@question(dx=1, forward=torch")]
    scale, backward, again, cube = source_of(tmp_path, text).assignment.questions
    line = line_of(HEAD + text)
    x = torch.tensor([1.0, 2.0])
    assert backward.base is again.base is scale.function and cube.base is cube.forward
    for question, rest in [(scale, (5.0,)), (backward, ()), (again, ())]:
        assert torch.equal(question.around(question.base)(x, *rest), question.forward(x, *rest))
        found = mutants(question, PACKAGE)
        assert {m.line for m in found} == {line}
        assert labelled(found, "x * k  ->  x / k").forward(x, *rest).tolist() == pytest.approx([0.2, 0.4])
        detached = [m for m in found if m.kind == "detach"]
        assert [m.label for m in detached] == ["x * k  ->  x.detach() * k"]  # k carries none
    assert [(m.kind, m.forward(x).tolist()) for m in mutants(cube, PACKAGE)] == [
        ("constant", [1.0, 16.0]),
        ("detach", [1.0, 8.0]),
    ]


def test_a_librarys_function_has_no_mutants() -> None:
    where = Where("q.py", 1)
    bare = Question("q", torch.sigmoid, {"dx": 1.0}, ("x",), (), where, "", base=torch.nn.functional.relu)
    assert mutants(bare, PACKAGE) == []


BRANCH = '''
@question(loss=1, dx=1)
def square(x):
    """Sum. x (N,); loss (), dx (N,)."""
    n = x.detach().sum() * 1.0
    if len(x) > 5:
        return (x * 7).sum()
    return helper(x).sum() + 0 * n


def helper(x):
    k = torch.ones(1) / 3
    return x / k
'''


def test_the_cases_are_no_part_of_a_forward_that_counts_with_their_name(tmp_path: Path) -> None:
    text = (
        HEAD
        + '''
@question(y=1)
def thrice(x):
    """Three times x.  x (N,); y (N,)."""
    return sum(x * 2 for _ in range(3)) / 2


@thrice.cases
def _(rng):
    yield Case("seen", x=np.ones(2) * 5)
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''
    )
    found = made(source_of(tmp_path, text))
    assert found and all("x * 2" in m.label or "/ 2" in m.label for m in found)


def test_what_was_not_reached_and_what_blocked_nothing(tmp_path: Path) -> None:
    source = source_of(tmp_path, BRANCH + CASES.format(name="square"))
    found = made(source)
    reference = Reference(source, source.assignment.questions[0], "cpu")
    assert not any(m.reached or m.inert for m in found)
    for mutant in found:
        for case in source.cases["square"]:
            reference.compute(case, mutant.forward, Where(mutant.file, mutant.line), torch.float64)
    unreached = {m.label for m in found if not m.reached}
    assert unreached and all("x * 7" in label for label in unreached)
    assert {m.label for m in found if m.inert} == {
        "x.detach().sum() * 1.0  ->  (x.detach().sum() * 1.0).detach()",
        "0 * n  ->  (0 * n).detach()",
        "x / k  ->  x / k.detach()",
    }
    assert not labelled(found, "x / k  ->  x.detach() / k").inert


def test_an_error_in_a_mutant_is_told_at_the_authors_line(tmp_path: Path) -> None:
    text = '''
@question(loss=1, dx=1)
def square(x):
    """Sum. x (N,); loss (), dx (N,)."""
    # a comment
    return outer(x,
                 x + 1)


def outer(x, y):

    return (x * y.new_ones((len(x), 2)).T).sum()  # here
'''
    source = source_of(tmp_path, text + CASES.format(name="square"))
    reference = Reference(source, source.assignment.questions[0], "cpu")
    (mutant,) = [m for m in made(source) if m.kind == "transpose dropped"]
    case = source.cases["square"][1]
    with pytest.raises(AuthorError) as caught:
        reference.compute(case, mutant.forward, Where(mutant.file, mutant.line), torch.float64)
    assert (caught.value.file, caught.value.line) == (mutant.file, line_of(HEAD + text)) == (mutant.file, mutant.line)


def test_a_file_that_changed_since_it_was_imported_is_refused(tmp_path: Path) -> None:
    source = source_of(tmp_path, SQUARE + CASES.format(name="square"))
    path = tmp_path / "reference" / "demo" / "q.py"
    path.write_text(path.read_text().replace("(x * x)", "(x - x)"))
    with pytest.raises(AuthorError, match="square is not what was imported"):
        made(source)


ODD = '''
ITSELF = []
ITSELF.append(ITSELF)


@question(loss=1, dx=1)
def square(x):
    """Sum. x (N,); loss (), dx (N,)."""
    first, second = (lambda t: t * 4), (lambda t: t * 5)
    return (first(x) + second(x)).sum() + doubled(x, 2).sum() + len(ITSELF)


def doubled(x, n):
    if n == 0:
        return x
    return doubled(x * 3, n - 1)  # again
'''


def test_functions_that_call_themselves_and_lists_that_hold_themselves(tmp_path: Path) -> None:
    source = source_of(tmp_path, ODD + CASES.format(name="square"))
    found = made(source)
    assert value(labelled(found, "t * 4  ->  t").forward, [1.0]) == 1 + 5 + 9 + 1
    assert value(labelled(found, "t * 5  ->  t").forward, [1.0]) == 4 + 1 + 9 + 1
    assert value(labelled(found, "x * 3  ->  x").forward, [1.0]) == 9 + 1 + 1
    assert value(labelled(found, "n - 1  ->  n - 2").forward, [1.0]) == 9 + 3 + 1
    with pytest.raises(RecursionError):
        labelled(found, "n - 1  ->  n + 1").forward(torch.tensor([1.0]))


NEWTON = '''
@question(loss=1, dx=1)
def root(x):
    """Sum of the roots of x. x (N,), positive; loss (), dx (N,)."""
    return newton(x * x).sum()


def newton(x):
    y, gap = x / 2 + 1, torch.ones(())
    while gap > 1e-9:
        new = (y + x / y) / 2  # step
        gap = (new - y).abs().max()
        y = new
    return y
'''


def test_a_loop_that_no_longer_ends_raises(tmp_path: Path) -> None:
    source = source_of(tmp_path, NEWTON + CASES.format(name="root"))
    right, ended, endless = value(source.assignment.questions[0].forward, [1.0, 2.0]), 0, 0
    for mutant in made(source):
        try:
            wrong = value(mutant.forward, [1.0, 2.0])
            ended += abs(wrong - right) > 1e-6
        except RuntimeError as error:
            endless += "more than 10,000 turns" in str(error)
    assert abs(right - 3) < 1e-6 and ended and endless
