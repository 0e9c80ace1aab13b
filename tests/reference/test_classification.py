"""The frozen answers of `classification` against other ways to compute them: 50 digits, scikit-learn, and NumPy with
the gradients by hand."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from conftest import ROOT
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import log_loss

from grader.author.source import read_questions
from grader.course import Course
from grader.freeze import freeze
from grader.model import AnswerKey, Fixture, FrozenCase

Array = np.ndarray
FIXTURES = ROOT / "assignments" / "classification" / "fixtures.py"
mpmath.mp.dps = 50


@pytest.fixture(scope="module")
def key(secret_file: Path) -> AnswerKey:
    return freeze(Course(ROOT, secret_file), "classification")


def cases(key: AnswerKey, name: str) -> list[FrozenCase]:
    (question,) = [q for q in key.questions if q.name == name]
    found = [case for case in question.cases if case.raises is None]
    assert any(case.hidden for case in found)
    return found


def near(case: FrozenCase, output: str, value: Any, rtol: float = 1e-11) -> None:
    """The key was computed in float64 of what a float32 case holds exactly: no room for its dtype is needed."""
    expected = np.asarray(case.expected[output], dtype=float)
    found = np.array(value.tolist() if isinstance(value, mpmath.matrix) else value, dtype=float).reshape(expected.shape)
    size = np.abs(expected[np.isfinite(expected)]).max(initial=1e-300)
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * size, err_msg=case.name)


def many(x: Any) -> list[Any]:
    """Exact numbers of 50 digits, in nested lists."""
    return [many(row) for row in x] if np.ndim(x) else mpmath.mpf(float(x))  # type: ignore[return-value]


def with_one(X: Any) -> list[list[Any]]:
    return [[mpmath.mpf(1), *row] for row in many(X)]


def test_points_add_up_to_100(key: AnswerKey) -> None:
    assert sum(question.points for question in key.questions) == 100


def test_every_function_of_the_curriculum_is_asked_for() -> None:
    asked = {q.name for q in read_questions(Course(ROOT, None), "classification")[0].asked}
    assert asked == {
        *("finite_difference", "central_difference", "design_matrix", "linear_model", "closed_form"),
        *("sum_squared_error", "layer", "layer_gradient", "l1_normalize", "softmax", "softmax_jacobian"),
        *("kl_divergence", "cross_entropy", "loss", "conditional", "train_step", "train", "digits_classifier"),
    }


# -- differences ------------------------------------------------------------------------------------------------------


def function(fixture: Fixture) -> Callable[[list[Any]], Any]:
    """What a fixture stands for, written anew from what its docstring says."""
    a = {name: many(value) for name, value in fixture.args.items()}
    if fixture.name == "polynomial":
        return lambda x: sum(c * x[0] ** k for k, c in enumerate(a["a"]))
    if fixture.name == "wave":
        return lambda x: mpmath.sin(sum(w * v for w, v in zip(a["w"], x, strict=True)) + a["phase"])
    assert fixture.name == "quadratic"

    def quadratic(x: list[Any]) -> Any:
        n = range(len(x))
        curved = sum(a["A"][i][j] * x[i] * x[j] for i in n for j in n)
        return curved + sum(a["b"][i] * x[i] + a["third"] * x[i] ** 3 for i in n)

    return quadratic


@pytest.mark.parametrize(("name", "back"), [("finite_difference", 0), ("central_difference", 1)])
def test_differences(key: AnswerKey, name: str, back: int) -> None:
    for case in cases(key, name):
        f, x, h = function(case.inputs["f"]), many(np.ravel(case.inputs["x"])), mpmath.mpf(case.inputs["h"])
        slope = []
        for i in range(len(x)):
            ahead, behind = list(x), list(x)
            ahead[i] += h
            behind[i] -= back * h
            slope.append((f(ahead) - f(behind)) / ((1 + back) * h))
        near(case, "slope", slope)


# -- the linear model -------------------------------------------------------------------------------------------------


def model(X: Any, theta: Any) -> list[list[Any]]:
    columns = list(zip(*many(theta), strict=True))
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in with_one(X)]


def test_design_matrix_and_linear_model(key: AnswerKey) -> None:
    for case in cases(key, "design_matrix"):
        near(case, "X_D", np.insert(case.inputs["X"], 0, 1, axis=1), rtol=0)
    for case in cases(key, "linear_model"):
        near(case, "F", model(case.inputs["X"], case.inputs["theta"]))


def test_closed_form(key: AnswerKey) -> None:
    for case in cases(key, "closed_form"):
        fitted = LinearRegression().fit(case.inputs["X"], case.inputs["Y"])
        near(case, "theta", np.vstack([np.ravel(fitted.intercept_), fitted.coef_.T]), rtol=1e-9)


def test_sum_squared_error(key: AnswerKey) -> None:
    for case in cases(key, "sum_squared_error"):
        X, Y, theta = (case.inputs[name] for name in ("X", "Y", "theta"))

        def error(theta: list[list[Any]], X: Any = X, Y: Any = Y) -> Any:
            F, T = model_of(X, theta), many(Y)
            return sum((f - t) ** 2 for a, b in zip(F, T, strict=True) for f, t in zip(a, b, strict=True))

        near(case, "loss", [error(many(theta))])
        gradient = np.zeros(theta.shape)
        for index in np.ndindex(*theta.shape):
            step, sides = mpmath.mpf(10) ** -15, []
            for sign in (1, -1):
                moved = many(theta)
                moved[index[0]][index[1]] += sign * step
                sides.append(error(moved))
            gradient[index] = float((sides[0] - sides[1]) / (2 * step))
        near(case, "dtheta", gradient)


def model_of(X: Any, theta: list[list[Any]]) -> list[list[Any]]:
    columns = list(zip(*theta, strict=True))
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in columns] for row in with_one(X)]


# -- a layer ----------------------------------------------------------------------------------------------------------


def sigmoid(z: Any) -> Any:
    return 1 / (1 + mpmath.exp(-z))


def test_layer(key: AnswerKey) -> None:
    for case in cases(key, "layer"):
        near(case, "out", [sigmoid(z) for z in model([case.inputs["x"]], case.inputs["xi"])[0]])


def test_layer_gradient(key: AnswerKey) -> None:
    for case in cases(key, "layer_gradient"):
        x, xi = case.inputs["x"], many(case.inputs["xi"])
        J = np.zeros((len(xi[0]), len(xi)))
        for j in range(len(xi[0])):
            column = [row[j] for row in xi]
            for d in range(len(xi)):

                def output(w: Any, column: list[Any] = column, d: int = d, x: Any = x) -> Any:
                    weights = [*column[:d], w, *column[d + 1 :]]
                    return sigmoid(sum(a * b for a, b in zip(weights, with_one([x])[0], strict=True)))

                J[j, d] = float(mpmath.diff(output, column[d]))
        near(case, "J", J)


# -- distributions ----------------------------------------------------------------------------------------------------


def soft(z: list[Any]) -> list[Any]:
    total = sum(mpmath.exp(v) for v in z)
    return [mpmath.exp(v) / total for v in z]


def test_l1_normalize_and_softmax(key: AnswerKey) -> None:
    for case in cases(key, "l1_normalize"):
        near(case, "P", [[v / sum(row) for v in row] for row in many(case.inputs["x"])])
    for case in cases(key, "softmax"):
        near(case, "P", [soft(row) for row in many(case.inputs["Z"])])


def test_softmax_jacobian(key: AnswerKey) -> None:
    for case in cases(key, "softmax_jacobian"):
        z = many(case.inputs["z"])
        J = np.zeros((len(z), len(z)))
        for j in range(len(z)):
            step = mpmath.mpf(10) ** -15
            ahead, behind = (soft([*z[:j], z[j] + s, *z[j + 1 :]]) for s in (step, -step))
            J[:, j] = [float((a - b) / (2 * step)) for a, b in zip(ahead, behind, strict=True)]
        near(case, "J", J)
        assert np.abs(case.expected["J"].sum(axis=0)).max() < 1e-12


def minus_log(p: Any, q: Any) -> Any:
    return mpmath.mpf(0) if p == 0 else mpmath.inf if q == 0 else -p * mpmath.log(q)


def test_divergences(key: AnswerKey) -> None:
    for case in cases(key, "kl_divergence"):
        P, Q = many(case.inputs["P"]), many(case.inputs["Q"])
        near(case, "kl", [sum(minus_log(p, q) - minus_log(p, p) for p, q in zip(P, Q, strict=True))])
    for case in cases(key, "cross_entropy"):
        P, Q = many(case.inputs["P_true"]), many(case.inputs["P_model"])
        near(case, "H", [sum(minus_log(p, q) for p, q in zip(P, Q, strict=True))])
    lecture = next(case for case in cases(key, "cross_entropy") if case.name == "shirt or bag")
    assert round(float(lecture.expected["H"]), 2) == 0.51


def test_loss(key: AnswerKey) -> None:
    for case in cases(key, "loss"):
        X, Y, theta = (case.inputs[name] for name in ("X", "Y", "theta"))
        P = [soft(row) for row in model(X, theta)]
        terms = [minus_log(y, p) for a, b in zip(many(Y), P, strict=True) for y, p in zip(a, b, strict=True)]
        near(case, "total", [sum(terms)])
        if not ((Y != 0) & (Y != 1)).any() and case.name == "seven examples":
            near(case, "total", log_loss(Y, np.array(P, dtype=float), normalize=False), rtol=1e-9)


def test_conditional(key: AnswerKey) -> None:
    for case in cases(key, "conditional"):
        cells = [
            (mpmath.mpf(float(p)), bool(e), bool(g))
            for p, e, g in zip(*(np.ravel(case.inputs[name]) for name in ("joint", "event", "given")), strict=True)
        ]
        near(case, "p", [sum(p for p, e, g in cells if e and g) / sum(p for p, _, g in cells if g)])
    rain = next(case for case in cases(key, "conditional") if case.name == "rain, given cloud")
    assert float(rain.expected["p"]) == pytest.approx(0.5)
    for case in cases(key, "conditional"):
        assert float(np.sum(case.inputs["joint"])) == pytest.approx(1, abs=1e-6)  # a table that adds up


# -- training ---------------------------------------------------------------------------------------------------------


def gradients(weights: list[Array], masks: Array, kept: float, X: Array, y: Array) -> tuple[float, list[Array]]:
    """Mean cross-entropy of the network in training mode, and its gradient in each weight, by hand."""
    inputs, a, layers = [], X, len(weights) // 2
    for i in range(layers):
        inputs.append(a)
        z = a @ weights[2 * i].T + weights[2 * i + 1]
        a = z if i == layers - 1 else np.tanh(z)
        if i == 0:
            bent = a
            a = a * masks[: len(X)] / kept
    top = a.max(axis=1, keepdims=True)
    log_p = a - top - np.log(np.exp(a - top).sum(axis=1, keepdims=True))
    loss = -log_p[np.arange(len(y)), y].mean()
    dz = (np.exp(log_p) - np.eye(a.shape[1])[y]) / len(y)
    found: list[Array] = []
    for i in reversed(range(layers)):
        found[:0] = [dz.T @ inputs[i], dz.sum(axis=0)]
        da = dz @ weights[2 * i]
        if i == 1:
            da = da * masks[: len(X)] / kept
        dz = da * (1 - (bent if i == 1 else inputs[i]) ** 2)
    return float(loss), found


def run(case: FrozenCase, batches: list[tuple[Array, Array]], momentum: float) -> tuple[list[float], list[Array]]:
    weights = [w.copy() for w in case.inputs["weights"]]
    speed, losses = [np.zeros_like(w) for w in weights], []
    for X, y in batches:
        loss, found = gradients(weights, case.inputs["masks"], case.inputs["kept"], X, y)
        losses.append(loss)
        speed = [momentum * v + g for v, g in zip(speed, found, strict=True)]
        weights = [w - case.inputs["lr"] * v for w, v in zip(weights, speed, strict=True)]
    return losses, weights


@pytest.mark.parametrize("name", ["train_step", "train"])
def test_training(key: AnswerKey, name: str) -> None:
    for case in cases(key, name):
        given = case.inputs
        if name == "train_step":
            batches, momentum = list(zip(given["Xs"], given["Ys"], strict=True)), given["momentum"]
        else:
            batches, momentum = [(given["X"], given["Y"])] * given["steps"], 0.9
        losses, weights = run(case, batches, momentum)
        near(case, "losses", losses, rtol=1e-9)
        assert len(case.expected["left"]) == len(weights)
        for expected, found in zip(case.expected["left"], weights, strict=True):
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * np.abs(expected).max())
        dropout = given["masks"][:1] / given["kept"] if name == "train_step" else np.ones((1, given["masks"].shape[1]))
        near(case, "mode", dropout)


def test_the_cases_of_training_are_worth_it(key: AnswerKey) -> None:
    step = {case.name: case.inputs for case in cases(key, "train_step")}
    assert any(len(given["Xs"][-1]) < len(given["Xs"][0]) for given in step.values())  # a smaller last batch
    assert any(given["stale"] is not None for given in step.values())
    assert any(given["training"] is False for given in step.values())
    assert all((0 < given["masks"].mean() < 1) for given in step.values())


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (np.array([1.0, 2.0]), [1.0, 2.0]),
        (torch.tensor([1.0, 2.0], requires_grad=True), [1.0, 2.0]),
        ([np.array(1.0), torch.tensor([2.0])], [1.0, 2.0]),
        ((np.float32(1), 2), [1.0, 2.0]),
        (torch.tensor(3.0), 3.0),  # the shape () is what the student is told
        (np.array(3.0), 3.0),
        ([1.0, torch.ones(2)], [1.0, math.nan]),
        (["a", None], [math.nan, math.nan]),
        (None, []),
        ([], []),
    ],
)
def test_losses_are_taken_in_any_form(answer: Any, found: Any) -> None:
    spec = importlib.util.spec_from_file_location("fixtures_of_classification", FIXTURES)
    assert spec is not None and spec.loader is not None
    fixtures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fixtures)
    expected = torch.tensor(found, dtype=torch.float64)
    torch.testing.assert_close(
        fixtures._numbers(answer, torch.zeros((), dtype=torch.float64)), expected, equal_nan=True
    )


# -- real data --------------------------------------------------------------------------------------------------------


def test_digits_can_be_told_apart_and_only_by_what_is_learnt(key: AnswerKey) -> None:
    found = cases(key, "held_out_accuracy")
    assert len({case.inputs["X"].tobytes() for case in found}) == len(found) == 2
    (question,) = [q for q in key.questions if q.name == "held_out_accuracy"]
    assert question.seconds is not None and question.seconds > 10 * len(found)  # ten are promised for each
    for case in found:
        X, y, new, answers = (
            case.inputs["X"],
            case.inputs["y"],
            case.inputs["X_new"],
            case.kept["y_new"],
        )
        assert X.dtype == new.dtype == np.uint8 and len(X) == 700 and len(new) == len(answers) == 400
        assert sorted(set(y.tolist())) == list(range(10))
        learnt = LogisticRegression(C=1.0, max_iter=300).fit(X / 255, y)
        assert learnt.score(new / 255, answers) >= 0.92  # softmax regression has room
        assert np.mean(case.expected["found"] == answers) >= 0.91
        most = np.bincount(y).argmax()
        assert np.mean(answers == most) < 0.2
        assert "y_new" not in case.inputs
