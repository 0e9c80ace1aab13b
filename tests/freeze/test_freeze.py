"""What a reference becomes: expected values equal to autograd by hand, and a refusal of every reference that lies."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from coursekit import CASES, HEAD, SQUARE, line_of, write_course

from grader import __version__
from grader.errors import AuthorError, UsageError
from grader.freeze import freeze
from grader.keyfile import dump, load, public_view
from grader.model import AnswerKey, Fixture, FrozenCase

FIXTURES = '''
def cubic(a):
    """x -> a x**3, for NumPy and torch."""
    return lambda x: a * x**3
'''
ALL = '''
@question(loss=4, dW=6, dreg=1)
def ridge(X, W, t, reg):
    """Half the mean squared error
    plus a penalty.

    X (N, D), W (D,), t (N,), reg; loss (), dW (D,), dreg ()."""
    return Terms(data=((X @ W - t) ** 2).mean() / 2, penalty=reg * (W * W).sum())


@ridge.cases
def _(rng):
    for name, hidden in [("seen", False), ("unseen", True)]:
        yield Case(name, hidden=hidden, X=rng.normal(size=(5, 3)), W=rng.normal(size=3), t=rng.normal(size=5), reg=0.3)


@ridge.mistake("Duplicate every row of the batch. What happens?", code="M01")
def summed(X, W, t, reg):
    return ((X @ W - t) ** 2).sum() / 2 + reg * (W * W).sum()


@ridge.accept("half the penalty")
def half(X, W, t, reg):
    return ((X @ W - t) ** 2).mean() / 2 + reg / 2 * (W * W).sum()


@ridge.mistake("Which sign has the step downhill?", code="M05")
def minus(out, W):
    assert not out.dW.requires_grad and not W.requires_grad
    return {"dW": -out.dW}


@question(out=2)
def relu(X):
    """ReLU. X any shape; out of the same."""
    return torch.relu(X)


@relu.cases
def _(rng):
    yield Case("seen", X=np.array([[1.0, -2.0]]))
    yield Case("unseen", hidden=True, X=rng.normal(size=(3, 4)))


@question(dX=3, forward=relu)
def relu_backward(X, dout):
    """The gradient of ReLU from that of its output."""


@relu_backward.cases
def _(rng):
    yield Case("given", X=np.array([[1.0, -2.0], [3.0, 4.0]]), dout=np.array([[5.0, 6.0], [7.0, 8.0]]))
    yield Case("drawn", hidden=True, X=rng.normal(size=(3, 4)))
    yield Case("at zero", hidden=True, kink=True, X=np.array([[0.0, 1.0]]), dout=np.array([[5.0, 6.0]]))


@question(
    out=1,
    dX=1,
    dW=1,
    steps=[new("W"), call("forward", "X", gives="out"), call("backward", "dout", gives="dX"), get("dW")],
)
def Layer(X, W):
    """A layer."""
    return X @ W


@Layer.cases
def _(rng):
    yield Case("seen", X=np.ones((2, 3)), W=np.ones((3, 4)), dout=np.arange(8.0).reshape(2, 4))
    yield Case("unseen", hidden=True, X=rng.normal(size=(2, 3)), W=rng.normal(size=(3, 1)))


@question(slope=2)
def finite_difference(f, x, h):
    """Central difference of a callable."""
    return (f(x + h) - f(x - h)) / (2 * h)


@finite_difference.cases
def _(rng):
    yield Case("seen", f=Fixture("cubic", {"a": 2.0}), x=1.0, h=0.5)
    yield Case("unseen", hidden=True, f=Fixture("cubic", {"a": rng.normal()}), x=rng.normal(), h=0.1)
    yield Case("no step", hidden=True, raises=ZeroDivisionError, f=Fixture("cubic", {"a": 1.0}), x=1.0, h=0.0)


@question(count=1, label=1, nothing=1, several=1, table=1)
def bag(x):
    """Values of every kind."""
    return int(x.argmax()), f"class {int(x.argmax())}", None, [x * 2, "b", 3], {"mean": x.mean(), "size": len(x)}


@bag.cases
def _(rng):
    yield Case("seen", x=np.array([1.0, 5.0, 2.0]))
    yield Case("unseen", hidden=True, x=rng.normal(size=4))
'''


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> AnswerKey:
    return freeze(write_course(tmp_path_factory.mktemp("course"), ALL, fixtures=FIXTURES), "demo")


def cases(key: AnswerKey, question: str) -> dict[str, FrozenCase]:
    return {case.name: case for q in key.questions if q.name == question for case in q.cases}


def tensor(value: object, grad: bool = False) -> torch.Tensor:
    return torch.tensor(np.asarray(value), dtype=torch.float64, requires_grad=grad)


def close(actual: object, wanted: object) -> None:
    np.testing.assert_allclose(np.asarray(actual), np.asarray(wanted), rtol=1e-12, atol=1e-14)


# -- expected values -----------------------------------------------------------------------------------------


def test_loss_gradients_and_terms_by_hand(key: AnswerKey) -> None:
    for case in cases(key, "ridge").values():
        X, t = tensor(case.inputs["X"]), tensor(case.inputs["t"])
        W, reg = tensor(case.inputs["W"], True), tensor(case.inputs["reg"], True)
        data, penalty = ((X @ W - t) ** 2).mean() / 2, reg * (W * W).sum()
        (data + penalty).backward()
        assert set(case.expected) == {"loss", "dW", "dreg"}
        close(case.expected["loss"], (data + penalty).detach())
        close(case.expected["dW"], W.grad)
        close(case.expected["dreg"], reg.grad)
        close(case.terms["data"]["loss"], data.detach())
        close(case.terms["penalty"]["loss"], penalty.detach())
        close(case.terms["data"]["dW"] + case.terms["penalty"]["dW"], W.grad)
        close(case.terms["penalty"]["dW"], 2 * 0.3 * W.detach())
        assert not case.cotangent


def test_variants_by_hand(key: AnswerKey) -> None:
    for case in cases(key, "ridge").values():
        X, W, t = case.inputs["X"], case.inputs["W"], case.inputs["t"]
        close(case.mistakes["summed"]["loss"], ((X @ W - t) ** 2).sum() / 2 + 0.3 * (W * W).sum())
        close(case.mistakes["summed"]["dW"], X.T @ (X @ W - t) + 0.6 * W)
        assert list(case.mistakes["minus"]) == ["dW"]
        close(case.mistakes["minus"]["dW"], -case.expected["dW"])
        close(case.conventions["half the penalty"]["dW"], case.expected["dW"] - 0.3 * W)


def test_gradient_question_with_its_cotangent(key: AnswerKey) -> None:
    found = cases(key, "relu_backward")
    close(found["given"].expected["dX"], [[5.0, 0.0], [7.0, 8.0]])
    drawn = found["drawn"]
    assert drawn.inputs["dout"].shape == (3, 4) and len(np.unique(drawn.inputs["dout"])) == 12
    close(drawn.inputs["dout"], drawn.cotangent["out"])
    close(drawn.expected["dX"], drawn.inputs["dout"] * (drawn.inputs["X"] > 0))
    assert found["at zero"].kink
    close(found["at zero"].expected["dX"], [[0.0, 6.0]])  # torch's subgradient, graded by value


def test_layer_in_steps(key: AnswerKey) -> None:
    found = cases(key, "Layer")
    for case in found.values():
        X, W, dout = case.inputs["X"], case.inputs["W"], case.inputs["dout"]
        close(case.expected["out"], X @ W)
        close(case.expected["dX"], dout @ W.T)
        close(case.expected["dW"], X.T @ dout)
    close(found["seen"].inputs["dout"], np.arange(8.0).reshape(2, 4))  # the case's own, not drawn


def test_fixture_and_exception(key: AnswerKey) -> None:
    found = cases(key, "finite_difference")
    assert found["seen"].inputs["f"] == Fixture("cubic", {"a": 2.0})
    close(found["seen"].expected["slope"], 2 * (1.5**3 - 0.5**3))
    assert key.fixtures == FIXTURES
    assert found["no step"].raises == "ZeroDivisionError" and not found["no step"].expected


def test_values_of_every_kind(key: AnswerKey) -> None:
    (question,) = [q for q in key.questions if q.name == "bag"]
    assert {o.name: o.kind for o in question.outputs} == {
        "count": "array",
        "label": "text",
        "nothing": "none",
        "several": "list",
        "table": "dict",
    }
    expected = question.cases[0].expected
    assert (expected["count"], expected["label"], expected["nothing"]) == (1, "class 1", None)
    close(expected["several"][0], [2.0, 10.0, 4.0])
    assert expected["several"][1:] == ["b", 3] and expected["table"]["size"] == 3
    close(expected["table"]["mean"], 8 / 3)
    assert "label" not in question.cases[0].bounds and question.cases[0].bounds["count"]["float64"].atol == 0.0


def test_the_rest_of_the_record(key: AnswerKey) -> None:
    ridge = key.questions[0]
    assert ridge.title == "Half the mean squared error plus a penalty."
    assert [(o.name, o.points, o.wrt) for o in ridge.outputs] == [("loss", 4, None), ("dW", 6, "W"), ("dreg", 1, "reg")]
    assert [(m.name, m.code) for m in ridge.mistakes] == [("summed", "M01"), ("minus", "M05")]
    assert ridge.conventions == ("half the penalty",)
    backward = next(q for q in key.questions if q.name == "relu_backward")
    assert backward.forward is not None and backward.forward.question == "relu"


def test_tolerances_leave_room_for_float32_and_none_for_mistakes(key: AnswerKey) -> None:
    for case in cases(key, "ridge").values():
        rows, wrong = case.bounds["dW"], np.abs(case.mistakes["summed"]["dW"] - case.expected["dW"]).max()
        rounding = np.abs(case.expected["dW"].astype(np.float32) - case.expected["dW"]).max()
        assert rounding < rows["float32"].atol < wrong / 100 and 0 < rows["float64"].atol < rows["float32"].atol


def test_provenance_says_what_made_the_key(key: AnswerKey) -> None:
    about = dict(key.provenance)
    assert about["grader"] == __version__ and about["torch"] == torch.__version__
    assert about["numpy"] == np.__version__ and about["device"] == "cpu" and about["python"].startswith("3.")
    assert len(about["sources"]) == 64 and len(about["seed"]) == 12
    assert not {k: v for k, v in public_view(key).provenance.items() if k in ("seed", "sources")}


def test_the_same_secret_gives_the_same_bytes(tmp_path: Path, key: AnswerKey) -> None:
    again = freeze(write_course(tmp_path, ALL, fixtures=FIXTURES), "demo")
    assert dump(again) == dump(key) and dump(load(dump(key))) == dump(key)
    other = freeze(write_course(tmp_path, ALL, fixtures=FIXTURES, secret="quite another secret\n"), "demo")
    assert other.provenance["seed"] != key.provenance["seed"]
    for mine, theirs in zip(key.questions, other.questions, strict=True):
        for a, b in zip(mine.cases, theirs.cases, strict=True):
            same = dump_case(key, mine.name, a) == dump_case(key, mine.name, b)
            fixed = not a.hidden or a.name in ("at zero", "no step")
            assert same == fixed, (mine.name, a.name)


def dump_case(key: AnswerKey, question: str, case: FrozenCase) -> bytes:
    from dataclasses import replace

    (q,) = [q for q in key.questions if q.name == question]
    return dump(replace(key, questions=(replace(q, cases=(case,)),)))


def test_float32_inputs_loosen_every_row(tmp_path: Path) -> None:
    source = SQUARE + CASES.format(name="square").replace("rng.normal(size=3)", "rng.normal(size=3).astype(np.float32)")
    seen, unseen = freeze(write_course(tmp_path, source), "demo").questions[0].cases
    assert unseen.inputs["x"].dtype == np.float32 and unseen.expected["dx"].dtype == np.float64
    assert unseen.bounds["dx"]["float64"] == unseen.bounds["dx"]["float32"] != seen.bounds["dx"]["float64"]


# -- refusals ------------------------------------------------------------------------------------------------


def question(body: str, head: str = "loss=1, dx=1", case: str = "x=np.array([1.0, 2.0])") -> str:
    return f'''
@question({head})  # reference
def f(x):
    """Doc."""
    {body}


@f.cases
def _(rng):
    yield Case("unseen", hidden=True, x=np.array([1.0, 3.0]))
    yield Case("seen", {case})  # case
'''


# name: (source, where, what, mend)
REFUSED = {
    "kink": (
        question("return torch.relu(x).sum()", case="x=np.array([0.0, 1.0])"),
        "# case",
        "not differentiable in x",
        "kink=True",
    ),
    "detach": (question("return (x * x.detach()).sum()"), "# reference", "", ""),
    "no gradient at all": (question("return (x.detach() ** 2).sum()"), "", "autograd's dx disagrees", "detach()"),
    "NaN": (
        question("return (x - 1.5).sqrt().sum()", head="loss=1", case="x=np.array([1.0, 3.0])"),
        "# reference",
        "loss is NaN in case",
        "stable",
    ),
    "infinite gradient": (
        question("return x.sqrt().sum()", case="x=np.array([0.0, 1.0]), kink=True"),
        "# reference",
        "dx is infinite in case 'seen'",
        "another case",
    ),
    "exception": (
        question("return x @ torch.ones(2, dtype=x.dtype)  # raised", case="x=np.ones(3)"),
        "# raised",
        "RuntimeError in case 'seen'",
        "answer every case",
    ),
    "numbers in a list": (
        question("return (x * x).sum()  # raised", head="loss=1", case="x=[1.0, 2.0]"),
        "# raised",
        "TypeError in case 'seen'",
        "x came as a list, np.array(...) makes a tensor of it",
    ),
    "integers beside floats": (
        SQUARE.replace("(x)", "(x, A)").replace("(x * x).sum()", "(A @ x).sum()  # raised")
        + CASES.format(name="square").replace("))", "), A=np.array([[1, 2]]))").replace("size=3", "size=2"),
        "# raised",
        "RuntimeError in case 'seen'",
        "A came as integers, write amounts as 1.0",
    ),
    "a question called like a function": (
        SQUARE + CASES.format(name="square") + question("return square(x)  # called", head="loss=1"),
        "# called",
        "square is a question",
        "Write square.forward(x)",
    ),
    "vector without a cotangent": (
        question("return x * x", head="out=1, dx=1"),
        "# reference",
        "gradients of an output of shape (2,)",
        "Add a parameter dout",
    ),
    "integer input": (
        question("return (x * x).sum()", case="x=np.array([1, 2])"),
        "# case",
        "x holds integers, so dx does not exist",
        "floats",
    ),
    "one output of two": (question("return x.sum()", head="a=1, b=1"), "# reference", "its 2 outputs", "Return a, b"),
    "no tensor": (question("return 3.0"), "# reference", "returned no tensor", "Return a torch tensor"),
    "unsendable": (question("return object()", head="loss=1"), "# reference", "returned a object", "Return tensors"),
    "two kinds": (
        question("return 'one' if x[1] == 2 else x", head="out=1"),
        "# reference",
        "array in one case and text in another",
        "one kind",
    ),
    "too many parts": (
        question("return [x] * 1500", head="out=1"),
        "# reference",
        "too many parts to be sent back",
        "Return an array",
    ),
    "raises nothing": (
        question("return x.sum()", case="raises=ValueError, x=np.ones(2)"),
        "# case",
        "the reference raised nothing",
        "refuse this input",
    ),
    "raises nothing, of integers": (
        question("return x.sum()", case="raises=ValueError, x=np.array([1, 2])"),
        "# case",
        "the reference raised nothing",
        "refuse this input",
    ),
    "raises something else": (
        question("return x.sum() if len(x) == 2 else {}['x']", head="loss=1", case="raises=ValueError, x=np.ones(3)"),
        "# case",
        "the reference raised KeyError",
        "Mend the reference or the case",
    ),
    "mistake that raises": (
        SQUARE + CASES.format(name="square") + "\n@square.mistake('Is that so, really?')  # here\n"
        "def m(out):\n    return {'dx': out.dy}\n",
        "# here",
        "m raised AttributeError in case 'seen'",
        "Mend it",
    ),
    "mistake of an unknown output": (
        SQUARE + CASES.format(name="square") + "\n@square.mistake('Is that so, really?')  # here\n"
        "def m(out):\n    return {'dy': 1.0}\n",
        "# here",
        "m returned no dict of the outputs loss, dx",
        "Return dict(loss=...)",
    ),
    "convention that returns no dict": (
        SQUARE + CASES.format(name="square") + "\n@square.accept('twice')  # here\ndef m(out):\n    return out.dx\n",
        "# here",
        "twice returned no dict",
        "Return dict(loss=...)",
    ),
    "mistake that cannot be sent": (
        SQUARE + CASES.format(name="square") + "\n@square.mistake('Is that so, really?')  # here\n"
        "def m(out):\n    return {'dx': out}\n",
        "# here",
        "dx is a SimpleNamespace",
        "tensors or numbers",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    source, marker, what, mend = REFUSED[name]
    with pytest.raises(AuthorError) as caught:
        freeze(write_course(tmp_path, source), "demo")
    error = caught.value
    assert what in error.what and mend in error.mend, str(error)
    assert Path(error.file).name == "q.py"
    if name == "detach":
        assert "autograd's dx disagrees" in error.what and "in-place" in error.mend
        marker = "hidden=True"  # the first case that shows it
    if marker:
        assert error.line == line_of(HEAD + source, marker), str(error)


def test_cotangent_of_a_wrong_shape(tmp_path: Path) -> None:
    source = ALL.replace("dout=np.array([[5.0, 6.0], [7.0, 8.0]])", "dout=np.ones(2)")
    with pytest.raises(AuthorError, match=r"dout has shape \(2,\), out \(2, 2\)"):
        freeze(write_course(tmp_path, source, fixtures=FIXTURES), "demo")


def test_declared_kink_is_taken(tmp_path: Path) -> None:
    source = question("return torch.relu(x).sum()", case="kink=True, x=np.array([0.0, 1.0])")
    (_, seen) = freeze(write_course(tmp_path, source), "demo").questions[0].cases
    assert seen.kink
    close(seen.expected["dx"], [0.0, 1.0])


def test_infinite_loss_is_taken_where_it_is_meant(tmp_path: Path) -> None:
    source = question("return x.log().sum()", head="loss=1", case="x=np.array([0.0, 1.0])")
    (_, seen) = freeze(write_course(tmp_path, source), "demo").questions[0].cases
    assert seen.expected["loss"] == -math.inf and math.isfinite(seen.bounds["loss"]["float64"].atol)


# -- devices -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["cuda:99", "gpu"])
def test_device_that_is_not_there(device: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"device '{device}' is not available"):
        freeze(write_course(tmp_path, SQUARE + CASES.format(name="square")), "demo", device)


def test_another_name_of_the_same_device(tmp_path: Path) -> None:
    key = freeze(write_course(tmp_path, SQUARE + CASES.format(name="square")), "demo", "cpu:0")
    assert key.provenance["device"] == "cpu:0"


@pytest.mark.skipif(
    not torch.cuda.is_available(), reason="NOT RUN: there is no CUDA device, freezing on one is untested"
)
def test_cuda_agrees_with_the_processor(tmp_path: Path, key: AnswerKey) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = freeze(write_course(tmp_path, ALL, fixtures=FIXTURES), "demo", "cuda")
    assert "cuda (" in other.provenance["device"]
    for name in ("ridge", "relu_backward", "Layer"):
        for mine, theirs in zip(cases(key, name).values(), cases(other, name).values(), strict=True):
            for output, value in mine.expected.items():
                np.testing.assert_allclose(theirs.expected[output], value, rtol=1e-9, atol=1e-12)
