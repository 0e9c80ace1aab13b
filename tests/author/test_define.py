"""A plain function whose output is no scalar, torch models as fixtures, and slips that are told where they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from coursekit import line_of, write_course

from grader.errors import AuthorError
from grader.freeze import freeze

SIGMOID = '''
@question(a=2, dz=3)
def sigmoid(z, da):
    """Sigmoid. z (N,), da (N,); a (N,), dz (N,)."""
    return torch.sigmoid(z)


@sigmoid.cases
def _(rng):
    yield Case("two", z=np.array([0.0, 1.0]))
    yield Case("given", z=np.array([0.5]), da=np.array([2.0]))
    yield Case("five", hidden=True, z=rng.normal(size=5))
'''


def test_the_cotangent_of_a_plain_function_is_drawn_or_given(tmp_path: Path) -> None:
    (question,) = freeze(write_course(tmp_path, SIGMOID), "demo").questions
    for case in question.cases:
        weights, a = case.inputs["da"], case.expected["a"]
        assert weights.shape == a.shape
        np.testing.assert_allclose(case.expected["dz"], weights * a * (1 - a), rtol=1e-12)
    assert len({float(case.inputs["da"][0]) for case in question.cases}) == 3
    assert question.cases[1].inputs["da"] == [2.0]


MODEL = '''
@question(out=1, dx=2)
def net(model, x, dout):
    """model(x). x (N, 3), dout (N, 2); out (N, 2), dx (N, 3)."""
    return model(x)


@net.cases
def _(rng):
    yield Case("two", model=Fixture("mlp", {"W": np.ones((2, 3))}), x=np.ones((2, 3)))
    yield Case("five", hidden=True, model=Fixture("mlp", {"W": rng.normal(size=(2, 3))}), x=rng.normal(size=(4, 3)))
'''
MLP = """
import torch


def mlp(W):
    net = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.Tanh()).double()
    with torch.no_grad():
        net[0].weight.copy_(torch.as_tensor(W))
        net[0].bias.zero_()
    return net
"""


def test_a_float64_torch_model_as_a_fixture(tmp_path: Path) -> None:
    (question,) = freeze(write_course(tmp_path, MODEL, fixtures=MLP, library="torch"), "demo").questions
    case = question.cases[1]
    out = np.tanh(case.inputs["x"] @ case.inputs["model"].args["W"].T)
    np.testing.assert_allclose(case.expected["out"], out, rtol=1e-12)
    dx = (case.inputs["dout"] * (1 - out**2)) @ case.inputs["model"].args["W"]
    np.testing.assert_allclose(case.expected["dx"], dx, rtol=1e-12)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (SIGMOID.replace("@question(a=2, dz=3)", "@question(a=2, dz=3, secnds=5)  # here"), "the keyword seconds="),
        (SIGMOID.replace("@question(a=2, dz=3)", "@question(a=2, dZ=3)  # here"), "dZ looks like a gradient"),
        (SIGMOID.replace("z=np.array([0.0, 1.0]))", "z=np.array([0, 1]))  # here"), "z holds integers"),
        (SIGMOID.replace("return torch.sigmoid(z)", "return torch.sigmoid(z) @ z[0]  # here"), "in case 'two'"),
        (SIGMOID.replace("@question(a=2, dz=3)", "@question  # here"), "@question without its outputs"),
    ],
    ids=["misspelt", "case of the gradient's letter", "integers", "a line inside the reference", "bare decorator"],
)  # fmt: skip
def test_slips_are_told_where_they_are(tmp_path: Path, source: str, said: str) -> None:
    course = write_course(tmp_path, source, names="sigmoid")
    with pytest.raises(AuthorError) as caught:
        freeze(course, "demo")
    text = (tmp_path / "reference" / "demo" / "q.py").read_text()
    assert said in str(caught.value)
    assert abs(caught.value.line - line_of(text)) <= (1 if "gradient" in said else 0), str(caught.value)
