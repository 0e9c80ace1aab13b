"""The frozen answers of neural_networks, public and hidden, against computations of their own: fractions for the
perceptron, mpmath with 50 digits and central differences for the networks, torch's own losses, scikit-learn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import mpmath
import numpy as np
import pytest
import torch
from conftest import ROOT
from mpmath import mpf
from sklearn.linear_model import Perceptron
from sklearn.metrics import accuracy_score
from sklearn.preprocessing import label_binarize

from grader.course import Course
from grader.freeze import freeze
from grader.model import AnswerKey, FrozenCase

NAME = "neural_networks"
mpmath.mp.dps = 50


@pytest.fixture(scope="module")
def key(secret_file: Path) -> AnswerKey:
    return freeze(Course(ROOT, secret_file), NAME)


def cases(key: AnswerKey, name: str) -> Iterator[tuple[FrozenCase, dict[str, Any], dict[str, Any]]]:
    """Cases that return something, their inputs and what is frozen for them. There are hidden ones."""
    (question,) = [q for q in key.questions if q.name == name]
    found = [case for case in question.cases if case.raises is None]
    assert any(case.hidden for case in found)
    for case in found:
        yield case, dict(case.inputs), dict(case.expected)


def same(frozen: Any, own: Any, case: FrozenCase) -> None:
    own = np.array([[float(v) for v in row] for row in own] if np.ndim(own) == 2 else [*map(float, np.ravel(own))])
    np.testing.assert_allclose(
        np.asarray(frozen), own.reshape(np.shape(frozen)), rtol=1e-12, atol=1e-13, err_msg=case.name
    )


def exact(a: Any) -> Any:
    """An array as nested lists of numbers with 50 digits."""
    return [exact(row) for row in a] if np.ndim(a) else mpf(float(a))


def g(z: Any) -> Any:
    return 1 / (1 + mpmath.exp(-z))


def exps(z: list[Any]) -> list[Any]:
    total = mpmath.fsum(mpmath.exp(v) for v in z)
    return [mpmath.exp(v) / total for v in z]


def dot(a: list[Any], b: list[Any]) -> Any:
    return mpmath.fsum(x * y for x, y in zip(a, b, strict=True))


def activations(x: list[Any], thetas: list[Any]) -> list[list[Any]]:
    found = [x]
    for theta in thetas:
        found.append([g(dot(row, [mpf(1), *found[-1]])) for row in theta])
    return found


def cost(thetas: list[Any], X: list[Any], Y: list[Any], lam: Any) -> Any:
    """The definition, term by term; -log h is log(1 + exp(-z)), which stays right where h is 1 in 50 digits."""
    total = mpf(0)
    for x, targets in zip(X, Y, strict=True):
        a = activations(x, thetas[:-1])[-1]
        for row, t in zip(thetas[-1], targets, strict=True):
            z = dot(row, [mpf(1), *a])
            total += t * mpmath.log(1 + mpmath.exp(-z)) + (1 - t) * mpmath.log(1 + mpmath.exp(z))
    squares = mpmath.fsum(w**2 for theta in thetas for row in theta for w in row[1:])
    return total / len(X) + lam / (2 * len(X)) * squares


def loss(X: list[Any], y: Any, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
    """-log softmax of the two-layer network, mean."""
    total = mpf(0)
    for x, label in zip(X, y, strict=True):
        a = [g(dot(row, x) + b) for row, b in zip(W1, b1, strict=True)]
        z = [dot(row, a) + b for row, b in zip(W2, b2, strict=True)]
        total += mpmath.log(mpmath.fsum(mpmath.exp(v) for v in z)) - z[int(label)]
    return total / len(X)


def slope(f: Callable[[], Any], row: list[Any], j: int) -> Any:
    """The central difference of f in one number, at 50 digits."""
    h, kept = mpf(10) ** -18, row[j]
    row[j] = kept + h
    up = f()
    row[j] = kept - h
    down = f()
    row[j] = kept
    return (up - down) / (2 * h)


def gradient(f: Callable[[], Any], array: Any) -> Any:
    if isinstance(array[0], list):
        return [gradient(f, row) for row in array]
    return [slope(f, array, j) for j in range(len(array))]


def test_the_points_add_up_to_a_hundred(key: AnswerKey) -> None:
    assert sum(q.points for q in key.questions) == 100


def test_perceptron_in_fractions(key: AnswerKey) -> None:
    for case, i, out in cases(key, "batch_perceptron"):
        X, y = [[Fraction(float(v)) for v in row] for row in i["X"]], [int(v) for v in i["y"]]
        theta, lr, done = [Fraction(0)] * len(X[0]), Fraction(i["lr"]), 0
        while done < i["max_epochs"]:
            wrong = [k for k in range(len(X)) if y[k] * sum(a * b for a, b in zip(X[k], theta, strict=True)) <= 0]
            delta = [sum((y[k] * X[k][j] for k in wrong), Fraction(0)) / len(X) for j in range(len(theta))]
            theta, done = [t + lr * d for t, d in zip(theta, delta, strict=True)], done + 1
            if sum(d * d for d in delta) < Fraction(i["tol"]) ** 2:
                break
        same(out["theta"], theta, case)
        assert out["epochs"] == done, case.name


def test_the_perceptron_separates_what_can_be_separated_and_stops_on_the_rest(key: AnswerKey) -> None:
    found = {case.name: (i, out) for case, i, out in cases(key, "batch_perceptron")}
    i, out = found["separable"]
    assert (i["y"] * (i["X"] @ out["theta"]) > 0).all()
    assert Perceptron(fit_intercept=False, tol=None, max_iter=1000).fit(i["X"], i["y"]).score(i["X"], i["y"]) == 1
    for name in ("not separable", "exclusive or"):
        i, out = found[name]
        assert out["epochs"] == i["max_epochs"]
    assert found["two that cancel"][1]["epochs"] == 1 and not found["two that cancel"][1]["theta"].any()


def test_gates_by_their_truth_tables(key: AnswerKey) -> None:
    truth = {
        "AND": lambda a, b: a and b, "OR": lambda a, b: a or b, "NOT": lambda a: not a, "XNOR": lambda a, b: a == b,
        "NOR": lambda a, b: not (a or b), "AND NOT": lambda a, b: a and not b,
    }  # fmt: skip
    seen = set()
    for name in ("gates_of_one_unit", "gate_of_two_layers"):
        for case, i, out in cases(key, name):
            seen.add(i["gate"])
            for x, wanted in zip(case.kept["X"], case.kept["truth"], strict=True):
                assert bool(truth[i["gate"]](*map(bool, x))) == bool(wanted)
                h = activations(exact(x), [exact(theta) for theta in out["thetas"]])[-1]
                assert len(h) == 1 and abs(h[0] - int(wanted)) < 1e-4
    assert seen == set(truth)


def test_encoding(key: AnswerKey) -> None:
    for _, i, out in cases(key, "one_hot"):
        if i["K"] > 2:
            assert np.array_equal(out["Y"], label_binarize(i["y"], classes=range(i["K"])))
    (q,) = [q for q in key.questions if q.name == "one_hot"]
    refused = [case.inputs for case in q.cases if case.raises == "ValueError"]
    assert {bool((i["y"] < 0).any()) for i in refused} == {True, False}
    assert any(i["y"].max() == i["K"] for i in refused)
    for _, i, out in cases(key, "one_vs_rest_predict"):
        assert out["y"].tolist() == [[*row].index(max(row)) for row in i["H"]]


def test_activation_functions(key: AnswerKey) -> None:
    for case, i, out in cases(key, "sigmoid"):
        same(out["g"], [g(mpf(float(z))) for z in i["z"].ravel()], case)
    for case, i, out in cases(key, "softmax"):
        same(out["A"], [exps(row) for row in exact(i["Z"])], case)


def test_forward(key: AnswerKey) -> None:
    depths = set()
    for case, i, out in cases(key, "forward"):
        own = activations(exact(i["x"]), [exact(theta) for theta in i["thetas"]])
        depths.add(len(i["thetas"]))
        assert len(own) == len(out["activations"])
        for frozen, mine in zip(out["activations"], own, strict=True):
            same(frozen, mine, case)
    assert depths >= {1, 2, 3, 4}


def test_cost(key: AnswerKey) -> None:
    for case, i, out in cases(key, "cost"):
        thetas = [exact(theta) for theta in i["thetas"]]
        same(out["J"], cost(thetas, exact(i["X"]), exact(i["Y"]), mpf(i["lam"])), case)
        A = torch.from_numpy(np.array(i["X"], dtype=np.float64))
        for level, theta in enumerate(i["thetas"]):
            Z = torch.nn.functional.linear(A, *(torch.tensor(np.float64(part)) for part in (theta[:, 1:], theta[:, 0])))
            A = torch.sigmoid(Z) if level + 1 < len(i["thetas"]) else Z
        data = torch.nn.functional.binary_cross_entropy_with_logits(
            A, torch.tensor(np.float64(i["Y"])), reduction="sum"
        ) / len(i["X"])
        penalty = i["lam"] / 2 / len(i["X"]) * sum((np.float64(theta[:, 1:]) ** 2).sum() for theta in i["thetas"])
        same(out["J"], float(data) + penalty, case)


def test_backprop_against_differences_of_the_cost(key: AnswerKey) -> None:
    depths = set()
    for case, i, out in cases(key, "backprop"):
        thetas, X, Y, lam = [exact(theta) for theta in i["thetas"]], exact(i["X"]), exact(i["Y"]), mpf(i["lam"])
        depths.add(len(thetas))
        for frozen, theta in zip(out["dthetas"], thetas, strict=True):
            same(frozen, gradient(lambda: cost(thetas, X, Y, lam), theta), case)  # noqa: B023
    assert depths >= {1, 2, 3, 4}


def test_local_gradients(key: AnswerKey) -> None:
    for case, i, out in cases(key, "dL_da"):
        a = exact(i["a"])
        h = min(a) * mpf(10) ** -12
        own = [(mpmath.log(a[k] - h) - mpmath.log(a[k] + h)) / (2 * h) if k == i["y"] else 0 for k in range(len(a))]
        same(out["dL_da"], own, case)
    for case, i, out in cases(key, "da_dz"):
        a = exact(i["a"])
        same(out["da_dz"], [[a[j] * (int(j == k) - a[k]) for k in range(len(a))] for j in range(len(a))], case)
        if i["a"].dtype == np.float64:  # float32 numbers do not add up to 1 closely enough
            z = [mpmath.log(v) for v in a]
            same(out["da_dz"], [gradient(lambda k=k: exps(z)[k], z) for k in range(len(z))], case)  # noqa: B023
    for case, i, out in cases(key, "dz_dW"):
        same(out["dz_dW"], [exact(i["x"]) for _ in range(i["c"])], case)
    for case, i, out in cases(key, "dz_db"):
        same(out["dz_db"], [[int(j == k) for j in range(i["c"])] for k in range(i["c"])], case)


def test_chain_rule(key: AnswerKey) -> None:
    for case, i, out in cases(key, "chain_rule"):
        x, W, b = exact(i["x"]), exact(i["W"]), exact(i["b"])

        def f(x: Any = x, W: Any = W, b: Any = b, y: int = i["y"]) -> Any:
            return -mpmath.log(exps([dot(row, x) + bias for row, bias in zip(W, b, strict=True)])[y])

        same(out["dW"], gradient(f, W), case)
        same(out["db"], gradient(f, b), case)


def test_two_layers(key: AnswerKey) -> None:
    for case, i, out in cases(key, "two_layer_forward"):
        X, W1, b1, W2, b2 = (exact(i[name]) for name in ("X", "W1", "b1", "W2", "b2"))
        A1 = [[g(dot(row, x) + b) for row, b in zip(W1, b1, strict=True)] for x in X]
        same(out["A1"], A1, case)
        same(out["A2"], [exps([dot(row, a) + b for row, b in zip(W2, b2, strict=True)]) for a in A1], case)
    for case, i, out in cases(key, "two_layer_loss"):
        X, W1, b1, W2, b2 = (torch.tensor(np.float64(i[name])) for name in ("X", "W1", "b1", "W2", "b2"))
        linear = torch.nn.functional.linear
        Z = linear(linear(X, W1, b1).sigmoid(), W2, b2)
        same(out["loss"], float(torch.nn.functional.cross_entropy(Z, torch.tensor(i["y"].copy()))), case)
        same(out["loss"], loss(exact(i["X"]), i["y"], *(exact(i[name]) for name in ("W1", "b1", "W2", "b2"))), case)
    for case, i, out in cases(key, "two_layer_gradients"):
        X, params = exact(i["X"]), {name: exact(i[name]) for name in ("W1", "b1", "W2", "b2")}
        for name, param in params.items():
            same(out["d" + name], gradient(lambda: loss(X, i["y"], *params.values()), param), case)  # noqa: B023
    for case, i, out in cases(key, "dL_da1"):
        dz, W2 = exact(i["dL_dz2"]), exact(i["W2"])
        a1 = [mpf(0)] * len(W2[0])
        same(out["dL_da1"], gradient(lambda: dot(dz, [dot(row, a1) for row in W2]), a1), case)  # noqa: B023


def test_sgd_against_torchs_own_optimizer(key: AnswerKey) -> None:
    for case, i, out in cases(key, "sgd"):
        W1, b1, W2, b2 = (torch.tensor(np.float64(p), requires_grad=True) for p in i["params"])
        X, y = torch.tensor(np.float64(i["X"])), torch.tensor(i["y"].copy())
        optimizer, losses = torch.optim.SGD([W1, b1, W2, b2], lr=i["lr"]), []

        def f(rows: Any, X: Any = X, y: Any = y, p: Any = (W1, b1, W2, b2)) -> Any:
            return torch.nn.functional.cross_entropy((X[rows] @ p[0].T + p[1]).sigmoid() @ p[2].T + p[3], y[rows])

        for _ in range(i["epochs"]):
            for row in i["order"]:
                optimizer.zero_grad()
                f([int(row)]).backward()
                optimizer.step()
            losses.append(f(slice(None)).item())
        same(out["losses"], losses, case)
        for frozen, own in zip(out["trained"], (W1, b1, W2, b2), strict=True):
            same(frozen, own.detach().numpy(), case)


def test_accuracy(key: AnswerKey) -> None:
    for case, i, out in cases(key, "accuracy"):
        X, (W1, b1, W2, b2) = exact(i["X"]), map(exact, i["params"])
        guesses = []
        for x in X:
            a = [g(dot(row, x) + b) for row, b in zip(W1, b1, strict=True)]
            z = [dot(row, a) + b for row, b in zip(W2, b2, strict=True)]
            guesses.append(z.index(max(z)))
        same(out["share"], accuracy_score(i["y"], guesses), case)


def test_a_start_is_random_where_it_has_to_be(key: AnswerKey) -> None:
    for _, i, out in cases(key, "random_start"):
        shapes = [(above, below + 1) for below, above in zip(i["sizes"], i["sizes"][1:], strict=False)]
        assert [theta.shape for theta in out["thetas"]] == shapes
        assert all(len(np.unique(theta)) == theta.size for theta in out["thetas"])
