"""Tolerances from measured noise: right answers by other formulas pass, flips loosen nothing, bad cases are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from coursekit import write_course

from grader.errors import AuthorError
from grader.freeze import freeze
from grader.judge import judge
from grader.model import FrozenQuestion, Response, Value, Verdict


def frozen(root: Path, source: str) -> FrozenQuestion:
    return freeze(write_course(root, source), "demo").questions[0]


def passes(question: FrozenQuestion, case: str, output: str, answer: Value) -> bool:
    """Whether an answer to one output of one case passes, the rest being right."""
    answers = {c.name: Response(c.expected) for c in question.cases}
    answers[case] = Response({**answers[case].values, output: answer})
    outcomes = {(o.case, o.output): o.verdict for o in judge(question, answers)[0]}
    return outcomes[case, output] is Verdict.PASS


def expected(question: FrozenQuestion, case: str, output: str) -> Any:
    return next(c for c in question.cases if c.name == case).expected[output]


CONFIDENT = '''
@question(loss=1, dz=1)
def logistic(z, t):
    """Mean logistic loss. z (N,), t (N,) of -1 and 1; loss (), dz (N,)."""
    return torch.nn.functional.softplus(-t * z).mean()


@logistic.cases
def _(rng):
    yield Case("seen", z=np.array([0.5, -1.0]), t=np.array([1.0, -1.0]))
    yield Case("confident", hidden=True, z=np.array([40.0, -50.0]), t=np.array([1.0, -1.0]))
    yield Case("thirty", hidden=True, z=np.array([30.0, -30.0]), t=np.array([1.0, -1.0]))
'''


@pytest.mark.parametrize("case", ["confident", "thirty"])
def test_a_formula_that_cancels_near_one_is_right_too(case: str, tmp_path: Path) -> None:
    """(sigma(z) - t) / N is the lecture's own formula; where sigma is 1 to the last bit it gives 0."""
    question = frozen(tmp_path, CONFIDENT)
    inputs = next(c for c in question.cases if c.name == case).inputs
    z, t = inputs["z"], (inputs["t"] + 1) / 2
    assert passes(question, case, "dz", (1 / (1 + np.exp(-z)) - t) / len(z))
    assert passes(question, case, "loss", np.mean(np.log1p(np.exp(-inputs["t"] * z))))
    assert not passes(question, case, "dz", np.array([1e-12, 0.0]))


def test_each_part_of_a_list_has_its_own_tolerance(tmp_path: Path) -> None:
    """The gradient of the first layers of a deep sigmoid net is small, and zero is still wrong."""
    source = '''
@question(grads=1)
def parts(x):
    """A list. x (N,)."""
    return [1e-9 * x, x, {"b": 1e9 * x}]


@parts.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''
    question = frozen(tmp_path, source)
    first, second, third = expected(question, "unseen", "grads")
    assert passes(question, "unseen", "grads", [first, second, third])
    assert not passes(question, "unseen", "grads", [0 * first, second, third])
    assert not passes(question, "unseen", "grads", [first, 0 * second, third])
    assert passes(question, "unseen", "grads", [first * (1 + 1e-8), second, third])


def test_a_count_that_flips_by_rounding_is_not_loosened(tmp_path: Path) -> None:
    """One of ten thousand rows lies on the threshold: right answers may still not be off by one."""
    source = '''
@question(share=1)
def above(x):
    """Share of x above a tenth. x (N,); share ()."""
    return (x >= 0.1).to(x.dtype).mean()


@above.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, -1.0]))
    yield Case("many", hidden=True, x=np.concatenate([[0.1, 0.1], rng.normal(size=9998)]))
'''
    question = frozen(tmp_path, source)
    right = float(expected(question, "many", "share"))
    assert passes(question, "many", "share", right)
    assert not passes(question, "many", "share", right + 1e-4) and not passes(question, "many", "share", right - 1e-4)


def test_an_ill_conditioned_case_is_refused(tmp_path: Path) -> None:
    source = '''
@question(w=1)
def fit(X, t):
    """Least squares. X (N, D), t (N,); w (D,)."""
    return torch.linalg.solve(X.T @ X, X.T @ t)


@fit.cases
def _(rng):
    yield Case("seen", X=np.eye(2), t=np.ones(2))
    yield Case("powers", hidden=True, X=np.linspace(0, 1, 30)[:, None] ** np.arange(14), t=rng.normal(size=30))
'''
    with pytest.raises(AuthorError, match=r"case 'powers' of fit: rounding moves w by .* better conditioned"):
        frozen(tmp_path, source)


def test_collinear_columns_are_no_noise(tmp_path: Path) -> None:
    """The least-norm solution jumps where the rank does, which is a flip; lstsq and pinv agree on it."""
    source = '''
@question(w=1)
def fit(X, t):
    """Least squares of least norm. X (N, D), t (N,); w (D,)."""
    return torch.linalg.pinv(X, rtol=1e-10) @ t


@fit.cases
def _(rng):
    yield Case("seen", X=np.eye(2), t=np.ones(2))
    A = rng.normal(size=(6, 2))
    yield Case("collinear", hidden=True, X=np.column_stack([A, A[:, 0]]), t=rng.normal(size=6))
'''
    question = frozen(tmp_path, source)
    case = next(c for c in question.cases if c.name == "collinear")
    w = np.linalg.lstsq(case.inputs["X"], case.inputs["t"], rcond=None)[0]
    assert passes(question, "collinear", "w", w) and not passes(question, "collinear", "w", w * (1 + 1e-5))


def test_a_reference_that_computes_in_float32_is_refused(tmp_path: Path) -> None:
    source = '''
@question(out=1)
def scaled(x):
    """Twice x. x (N,); out (N,)."""
    out = torch.zeros(len(x))
    for i in range(len(x)):
        out[i] = 2 * x[i]
    return out


@scaled.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=3))
'''
    with pytest.raises(AuthorError, match=r"out is float32 in case 'seen'.*dtype=X\.dtype"):
        frozen(tmp_path, source)


BACKWARD = '''
class Wrong(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return 3 * torch.relu(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return {gradient}


@question(loss=1, dx=1)
def hinge(x):
    """Three times relu, summed. x (N,); loss (), dx (N,)."""
    return (Wrong.apply(x) * torch.tensor({scale}, dtype=x.dtype)).sum()


@hinge.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 2.0, -1.0]){kink})
    yield Case("unseen", hidden=True, x=rng.normal(size=3) + 3)
'''


def test_a_wrong_backward_is_refused_at_a_declared_kink_too(tmp_path: Path) -> None:
    at_zero = BACKWARD.replace("np.array([1.0, 2.0, -1.0])", "np.array([0.0, 2.0, 1.0])")
    right = at_zero.format(gradient="3 * g * (x > 0)", scale="1.0", kink=", kink=True")
    assert frozen(tmp_path / "right", right).cases[0].kink
    wrong = at_zero.format(gradient="-3 * g * (x > 0)", scale="1.0", kink=", kink=True")
    with pytest.raises(AuthorError, match=r"case 'seen': autograd's dx is .* where the one-sided slopes are"):
        frozen(tmp_path / "wrong", wrong)


def test_a_wrong_entry_a_million_times_smaller_than_the_rest_is_seen(tmp_path: Path) -> None:
    scale = "[1.0, 1e-7, 1.0]"
    assert frozen(tmp_path / "right", BACKWARD.format(gradient="3 * g * (x > 0)", scale=scale, kink=""))
    double = BACKWARD.format(gradient="3 * g * (x > 0) * torch.tensor([1.0, 2.0, 1.0])", scale=scale, kink="")
    with pytest.raises(AuthorError, match="disagrees with central differences"):
        frozen(tmp_path / "wrong", double)


def test_rounding_that_hides_a_slope_is_not_called_a_kink_for_sure(tmp_path: Path) -> None:
    source = '''
@question(loss=1, dw=1)
def noisy(w):
    """Squares behind a large constant. w (D,); loss (), dw (D,)."""
    return ((w * w).sum() + 1e7) - 1e7


@noisy.cases
def _(rng):
    yield Case("seen", w=np.array([1e-3, 2e-3]))
    yield Case("unseen", hidden=True, w=rng.normal(size=3))
'''
    with pytest.raises(AuthorError, match=r"or rounding makes it look so.*where there is no kink"):
        frozen(tmp_path, source)
