"""What is frozen for linear_models, against computations that share nothing with the reference: 50 digits, exact
fractions, finite differences in mpmath, scikit-learn, and torch's own losses."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from conftest import ROOT
from linear_models_by_hand import (
    INDEPENDENT,
    Numbers,
    exact,
    logistic,
    logistic_cross_entropy,
    multiclass,
    rounded,
    sigmoid,
    softmax_cross_entropy,
    validation_cost,
    validation_residuals,
)
from mpmath import mpf
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import OneHotEncoder, PolynomialFeatures
from torch.nn import functional as F  # noqa: N812

from grader.course import Course
from grader.freeze import freeze
from grader.model import AnswerKey, FrozenCase, FrozenQuestion

NAME = "linear_models"


@pytest.fixture(scope="module")
def key(secret_file: Path) -> AnswerKey:
    return freeze(Course(ROOT, secret_file), NAME)


@pytest.fixture(autouse=True)
def _fifty_digits() -> Any:
    with mpmath.workdps(50):
        yield


def question(key: AnswerKey, name: str) -> FrozenQuestion:
    return next(q for q in key.questions if q.name == name)


def ordinary(key: AnswerKey, name: str) -> list[FrozenCase]:
    return [case for case in question(key, name).cases if case.raises is None]


@pytest.mark.parametrize("compute", INDEPENDENT, ids=lambda f: f.__name__)
def test_fifty_digits_agree_with_every_frozen_case(key: AnswerKey, compute: Callable[..., Numbers]) -> None:
    cases = ordinary(key, compute.__name__)
    assert sum(case.hidden for case in cases) >= 5
    for case in cases:
        found = compute(**{name: exact(value) for name, value in case.inputs.items()})
        assert set(found) == set(case.expected)
        for output, value in found.items():
            wanted = rounded(value)
            allowed = 1e-12 * np.abs(wanted).max() + 1e-15
            np.testing.assert_allclose(case.expected[output], wanted, 0, allowed, err_msg=f"{case.name}: {output}")


def test_large_and_small_logits_are_right_to_the_last_digits(key: AnswerKey) -> None:
    """Element by element, not only beside the largest."""
    for compute, output in ((sigmoid, "y"), (logistic_cross_entropy, "loss"), (softmax_cross_entropy, "loss")):
        for case in ordinary(key, compute.__name__):
            wanted = rounded(compute(**{name: exact(value) for name, value in case.inputs.items()})[output])
            large = wanted > 1e-6
            np.testing.assert_allclose(np.asarray(case.expected[output])[large], wanted[large], 1e-9)
    assert max(np.abs(case.inputs["z"]).max() for case in ordinary(key, "sigmoid")) == 1e4


def test_torch_says_the_same_of_the_cross_entropies(key: AnswerKey) -> None:
    for case in ordinary(key, "logistic_cross_entropy"):
        z, t = (torch.tensor(case.inputs[name], dtype=torch.float64) for name in "zt")
        losses = F.binary_cross_entropy_with_logits(z, t, reduction="none")
        np.testing.assert_allclose(case.expected["loss"], losses.numpy(), 1e-9, 1e-15)
    for case in ordinary(key, "softmax_gradient_logits"):
        Z = torch.tensor(case.inputs["Z"], dtype=torch.float64, requires_grad=True)
        F.cross_entropy(Z, torch.tensor(case.inputs["T"]).argmax(1), reduction="sum").backward()
        np.testing.assert_allclose(case.expected["dZ"], Z.grad.numpy(), 1e-9, 1e-12)


def test_scikit_learn_finds_the_same_lines(key: AnswerKey) -> None:
    for case in ordinary(key, "least_squares"):
        X, t = (np.asarray(case.inputs[name], dtype=np.float64) for name in "Xt")
        line = LinearRegression().fit(X, t)
        np.testing.assert_allclose(case.expected["w"], line.coef_, 1e-9, 1e-12)
        assert float(case.expected["b"]) == pytest.approx(line.intercept_, rel=1e-9)


def test_least_squares_has_one_right_answer_in_each_of_its_cases(key: AnswerKey) -> None:
    """Else marking it by value would be wrong; the others are the property's."""
    for case in ordinary(key, "least_squares"):
        A = np.column_stack([case.inputs["X"], np.ones(len(case.inputs["t"]))]).astype(np.float64)
        singular = np.linalg.svd(A, compute_uv=False)
        assert len(A) >= A.shape[1] and singular[-1] > 0.02 * singular[0], case.name


def test_where_many_lines_are_best_the_reference_is_one_of_them(key: AnswerKey) -> None:
    collinear = 0
    for case in question(key, "no_better_line").cases:
        X, t = case.inputs["X"], case.inputs["t"]
        A = np.column_stack([X, np.ones(len(t))])
        collinear += np.linalg.matrix_rank(A) < A.shape[1]
        ours = X @ case.expected["S.w"] + case.expected["S.b"]
        best = LinearRegression().fit(X, t).predict(X)
        np.testing.assert_allclose(ours, best, 0, 1e-11)
    assert collinear >= 6


def test_small_steps_are_below_the_limit_of_descent(key: AnswerKey) -> None:
    """The cost falls for every lr below 2 / (largest eigenvalue of A^T A / N): so the property is true."""
    for case in question(key, "small_steps_go_down").cases:
        A = np.column_stack([case.inputs["X"], np.ones(len(case.inputs["t"]))])
        assert case.inputs["lr"] < 2 / np.linalg.eigvalsh(A.T @ A / len(A)).max()
        fell = -np.diff(case.expected["G.costs"]) / case.expected["G.costs"][0]
        assert fell.min() > 1e-6, case.name  # by far more than rounding


def test_powers_are_exact_fractions_and_those_of_scikit_learn(key: AnswerKey) -> None:
    for case in ordinary(key, "polynomial_features"):
        x, degree = case.inputs["x"].astype(np.float64), case.inputs["degree"]
        by_hand = [[float(Fraction(float(v)) ** k) for k in range(degree + 1)] for v in x]
        np.testing.assert_allclose(case.expected["Phi"], by_hand, 1e-13)
        np.testing.assert_allclose(case.expected["Phi"], PolynomialFeatures(degree).fit_transform(x[:, None]), 1e-13)


def test_the_chosen_degree_is_the_best_in_exact_fractions(key: AnswerKey) -> None:
    ties = 0
    for case in ordinary(key, "select_degree"):
        train, valid, degrees = case.inputs["train"], case.inputs["valid"], sorted(case.inputs["degrees"])
        costs = [validation_cost(train, valid, degree) for degree in degrees]
        assert int(case.expected["degree"]) == degrees[costs.index(min(costs))], case.name
        ties += costs.count(min(costs)) > 1
        rest = [c for c in costs if c != min(costs)]
        assert not rest or min(rest) > 1.1 * min(costs)  # no rounding chooses another
    assert ties == 1


def test_two_cases_tell_the_squared_cost_from_other_errors(key: AnswerKey) -> None:
    """There the least absolute error and the least largest error are of other degrees, by more than rounding."""
    told = 0
    for case in ordinary(key, "select_degree"):
        degrees = sorted(case.inputs["degrees"])
        rows = [validation_residuals(case.inputs["train"], case.inputs["valid"], degree) for degree in degrees]
        sizes = [[sum(abs(r) for r in row) for row in rows], [max(abs(r) for r in row) for row in rows]]
        chosen = {degrees[size.index(min(size))] for size in sizes} - {int(case.expected["degree"])}
        if len(chosen) == 2:
            told += all(sorted(size)[1] > 1.05 * min(size) for size in sizes)
    assert told >= 2


@pytest.mark.parametrize("line_from", [6, 8, 10])
def test_a_loss_that_is_a_line_too_soon_is_seen(key: AnswerKey, line_from: float) -> None:
    """In float64; what float32 is allowed hides it."""
    off = []
    for case in ordinary(key, "logistic_cross_entropy"):
        if case.inputs["z"].dtype == np.float64:
            wrong_by = np.where(case.inputs["t"] == 1, -case.inputs["z"], case.inputs["z"])
            answer = np.where(wrong_by > line_from, wrong_by, case.expected["loss"])
            loss = case.expected["loss"]
            off.append((np.abs(answer - loss) / (1e-7 * (np.abs(loss) + np.abs(loss).max()))).max())
    assert max(off) > 10


def test_small_losses_are_seen_beside_the_others_of_their_case(key: AnswerKey) -> None:
    """Where all are sure and right, e^-14 is well above what may be off."""
    case = next(c for c in ordinary(key, "logistic_cross_entropy") if c.name == "sure of the right label")
    loss = case.expected["loss"]
    assert loss.min() > 1e3 * 1e-7 * loss.max() and 5 < -np.log(loss.max()) < 7 < 13 < -np.log(loss.min())


@pytest.mark.parametrize("solve", [lambda G, h: np.linalg.inv(G) @ h, np.linalg.solve], ids=["inv", "solve"])
@pytest.mark.parametrize("ones_first", [False, True])
def test_an_inverse_does_not_survive_most_cases_of_the_best_line(
    key: AnswerKey, solve: Callable[..., Any], ones_first: bool
) -> None:
    survived = []
    for case in question(key, "no_better_line").cases:
        X, t = case.inputs["X"], case.inputs["t"]
        A = np.column_stack([np.ones(len(t)), X] if ones_first else [X, np.ones(len(t))])
        try:
            gradient = A.T @ (A @ solve(A.T @ A, A.T @ t) - t)
        except np.linalg.LinAlgError:
            continue
        if np.abs(gradient).max() < 1e-6 * (np.abs(A).T @ np.abs(t)).max():
            survived.append(case.name)
    assert "nothing collinear" in survived and len(survived) <= 2


def test_classes_are_right_in_exact_fractions_and_none_hangs_on_rounding(key: AnswerKey) -> None:
    zeros = 0
    for case in ordinary(key, "classify"):
        X, w, b = (np.asarray(case.inputs[name], dtype=np.float64) for name in "Xwb")
        z = [
            sum(Fraction(float(a)) * Fraction(float(c)) for a, c in zip(x, w, strict=True)) + Fraction(float(b))
            for x in X
        ]
        assert case.expected["labels"].tolist() == [int(value >= 0) for value in z]
        assert all(value == 0 or abs(value) > Fraction(1, 1000) for value in z), case.name
        zeros += z.count(0)
    assert zeros >= 3


def test_scikit_learn_encodes_the_same(key: AnswerKey) -> None:
    for case in ordinary(key, "one_hot"):
        y, K = case.inputs["y"], case.inputs["K"]
        encoder = OneHotEncoder(categories=[list(range(K))], sparse_output=False)
        np.testing.assert_array_equal(case.expected["T"], encoder.fit_transform(y[:, None]))
    refused = [case for case in question(key, "one_hot").cases if case.raises]
    assert {case.raises for case in refused} == {"ValueError"} and len(refused) == 3
    assert all(case.inputs["y"].min() < 0 or case.inputs["y"].max() >= case.inputs["K"] for case in refused)


def test_two_classes_are_logistic_in_fifty_digits(key: AnswerKey) -> None:
    for case in question(key, "two_classes_are_logistic").cases:
        Z, T = exact(case.inputs["Z"]), case.inputs["T"]
        np.testing.assert_array_equal(case.inputs["z"], case.inputs["Z"][:, 1] - case.inputs["Z"][:, 0])
        for i, label in enumerate(case.inputs["t"]):
            assert T[i, label] == 1
            assert abs(multiclass(Z[i], T[i]) - logistic(Z[i, 1] - Z[i, 0], label)) < mpf("1e-40")


def test_the_worked_numbers_of_the_handout(key: AnswerKey) -> None:
    """By hand, from the lecture's matrix with w = (1, -1, 2, 1/2), b = -3 and t = (8, 17, -7.5)."""

    def public(name: str) -> Any:
        return next(c for c in question(key, name).cases if c.name == "the lecture's matrix").expected

    X = next(c for c in question(key, "predict").cases if not c.hidden).inputs["X"]
    assert X.tolist() == [[8, 0, 3, 0], [6, -1, 5, 3], [2, 5, -2, 8]]
    assert public("predict")["y"].tolist() == [11, 15.5, -6]
    assert float(public("squared_error_cost")["cost"]) == 2.25
    assert public("squared_error_gradient")["dw"] == pytest.approx([6, 3, -0.5, 2.5])
    assert float(public("squared_error_gradient")["db"]) == pytest.approx(1)


def test_the_table_of_degrees_in_the_handout(key: AnswerKey) -> None:
    public = next(case for case in question(key, "select_degree").cases if not case.hidden)
    train, valid = public.inputs["train"], public.inputs["valid"]
    readme = (ROOT / "assignments" / NAME / "README.md").read_text()
    for degree in (0, 1, 3, 9):
        on_train, on_valid = (float(validation_cost(train, other, degree)) for other in (train, valid))
        mark = "**" if degree == 3 else ""
        assert f"| {degree} | {on_train:.4f} | {mark}{on_valid:.4f}{mark} |" in readme


def test_the_examples_of_the_stub_hold_for_a_solution() -> None:
    solution: dict[str, Any] = {}
    exec((ROOT / "reference" / NAME / "solutions" / "model.py").read_text(), solution)
    stub = ast.parse((ROOT / "assignments" / NAME / f"{NAME}.py").read_text())
    tried = 0
    for node in stub.body:
        if isinstance(node, ast.FunctionDef):
            examples = doctest.DocTestParser().get_doctest(ast.get_docstring(node) or "", solution, node.name, NAME, 0)
            failed, count = doctest.DocTestRunner(verbose=False).run(examples)
            assert not failed, node.name
            tried += count
    assert tried >= 11
    step, descend, one = solution["gradient_descent_step"], solution["gradient_descent"], np.ones((1, 1))
    w, b = step(one, np.zeros(1), 0.0, np.array([3.0]), 0.5)
    assert w.tolist() == [1.5] and b == 1.5
    assert descend(one, np.array([3.0]), 0.5, 1)[2].tolist() == [4.5, 0]


def test_points_add_up_to_a_hundred(key: AnswerKey) -> None:
    assert sum(output.points for q in key.questions for output in q.outputs) == 100
