"""The gradient check finds wrong gradients, and never calls a right one wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.gradcheck import Slopes, check_direction, direction

Array = np.ndarray
Forward = Callable[[Array], float]


def check(forward: Forward, x: Array, gradient: Array, seed: int = 0) -> Slopes:
    return check_direction(forward, x, gradient, direction(np.random.default_rng(seed), np.shape(x)))


def softmax_loss(rng: np.random.Generator, n: int, d: int, k: int, scale: float) -> tuple[Forward, Array, Array]:
    X, W, y = rng.normal(size=(n, d)) * scale, rng.normal(size=(k, d)), rng.integers(0, k, n)

    def forward(W: Array) -> float:
        S = X @ W.T
        top = S.max(1, keepdims=True)
        return float((np.log(np.exp(S - top).sum(1)) + top[:, 0] - S[np.arange(n), y]).mean())

    S = X @ W.T
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    P[np.arange(n), y] -= 1
    return forward, W, P.T @ X / n


def quadratic(rng: np.random.Generator, n: int, d: int, k: int, scale: float) -> tuple[Forward, Array, Array]:
    X, W, T = rng.normal(size=(n, d)), rng.normal(size=(k, d)) * scale, rng.normal(size=(n, k)) * scale
    return lambda W: float(((X @ W.T - T) ** 2).sum() / n), W, 2 * (X @ W.T - T).T @ X / n


def exponential(rng: np.random.Generator, n: int, d: int, _: int, scale: float) -> tuple[Forward, Array, Array]:
    x, a = rng.normal(size=(n, d)), rng.normal(size=(n, d))
    return lambda x: float((a * np.exp(x / 2)).sum() * scale), x, a * np.exp(x / 2) / 2 * scale


def linear(rng: np.random.Generator, n: int, d: int, _: int, scale: float) -> tuple[Forward, Array, Array]:
    a = rng.normal(size=(n, d)) * scale
    return lambda x: float((a * x).sum()), rng.normal(size=(n, d)) * scale, a


SMOOTH = [softmax_loss, quadratic, exponential, linear]
sizes = st.integers(1, 6)


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(SMOOTH), sizes, sizes, sizes, st.sampled_from([1e-2, 1.0, 30.0, 1000.0]), st.integers(0, 10**6))
def test_a_right_gradient_of_a_smooth_function_is_never_called_wrong(
    make: Callable[..., tuple[Forward, Array, Array]], n: int, d: int, k: int, scale: float, seed: int
) -> None:
    forward, x, gradient = make(np.random.default_rng(seed), n, d, k, scale)
    found = check(forward, x, gradient, seed)
    assert found.agree or not found.conclusive, found


@pytest.mark.parametrize("make", SMOOTH)
@pytest.mark.parametrize("scale", [0.1, 1.0, 10.0])
def test_smooth_functions_are_nearly_always_conclusive(
    make: Callable[..., tuple[Forward, Array, Array]], scale: float
) -> None:
    found = [check(*make(np.random.default_rng(s), 5, 4, 3, scale), s) for s in range(60)]
    assert sum(f.conclusive and f.agree for f in found) >= 57


def one_entry(g: Array) -> Array:
    out = g.copy()
    out.flat[np.abs(g).argmax()] *= 1.1
    return out


def cancelling(g: Array) -> Array:
    """Two errors of one size and opposite sign: directions of pure signs miss half of these."""
    out = g.copy()
    out.flat[0] += 0.1
    out.flat[1] -= 0.1
    return out


WRONG = {
    "one entry by 10 %": one_entry,
    "sign": lambda g: -g,
    "missing 1/N": lambda g: g * 7,
    "swapped columns": lambda g: g[:, ::-1],
    "two that cancel": cancelling,
    "0.1 % everywhere": lambda g: g * 1.001,
    "zeros": np.zeros_like,
}


@pytest.mark.parametrize("name", sorted(WRONG))
@pytest.mark.parametrize("make", [softmax_loss, quadratic])
def test_wrong_gradients_are_found(make: Callable[..., tuple[Forward, Array, Array]], name: str) -> None:
    for seed in range(40):
        forward, x, gradient = make(np.random.default_rng(seed), 7, 4, 3, 1.0)
        found = check(forward, x, WRONG[name](gradient), seed)
        assert found.conclusive and not found.agree, (seed, found)


@pytest.mark.parametrize("claimed", [-1.0, 0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("forward", [lambda x: float(np.abs(x).sum()), lambda x: float(np.maximum(x, 0).sum())])
def test_a_kink_is_inconclusive_rather_than_wrong(forward: Forward, claimed: float) -> None:
    for shape in ((), (1,)):
        assert not check(forward, np.zeros(shape), np.full(shape, claimed)).conclusive


@pytest.mark.parametrize("count", [10, 300, 3000])
def test_one_kink_among_many_smooth_rows_is_never_called_wrong(count: int) -> None:
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X, w, c = rng.normal(size=(count, 3)), rng.normal(size=3), rng.normal(size=count)
        c[0] = -(X @ w)[0]

        def forward(w: Array, X: Array = X, c: Array = c) -> float:
            return float(np.maximum(X @ w + c, 0).mean())

        gradient = ((X @ w + c > 1e-12)[:, None] * X).mean(0)
        found = check(forward, w, gradient, seed)
        assert found.agree or not found.conclusive, (seed, found)


def test_right_random_relu_nets_raise_no_false_alarm() -> None:
    conclusive = 0
    for seed in range(300):
        rng = np.random.default_rng(seed)
        n, d, h = rng.integers(1, 12, size=3)
        X, W1, w2 = rng.normal(size=(n, d)), rng.normal(size=(h, d)), rng.normal(size=h)

        def forward(W1: Array, X: Array = X, w2: Array = w2) -> float:
            return float((np.maximum(X @ W1.T, 0) @ w2).mean())

        gradient = ((X @ W1.T > 0) * w2).T @ X / n
        found = check(forward, W1, gradient, seed)
        conclusive += found.conclusive
        assert found.agree or not found.conclusive, (seed, found)
    assert conclusive > 280


def test_a_loss_that_vanished_is_no_false_alarm() -> None:
    """log(1 + 1e-17) is 0 in floating point, its gradient is not."""
    for gap in (30.0, 36.0, 40.0, 300.0):
        x = np.array([gap, 0.0])
        p = 1 / (1 + np.exp(gap))
        found = check(lambda x: float(np.log(1 + np.exp(x[1] - x[0]))), x, np.array([-p, p]))
        assert found.agree or not found.conclusive, (gap, found)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nothing_is_concluded_from_numbers_that_are_not_finite(bad: float) -> None:
    x = np.ones(3)
    assert not check(lambda _: bad, x, np.ones(3)).conclusive
    assert not check(lambda x: float(x.sum()), x, np.array([1.0, bad, 1.0])).conclusive


def test_the_direction_is_no_pure_sign_and_never_near_zero() -> None:
    v = direction(np.random.default_rng(0), (50, 4))
    assert v.shape == (50, 4) and np.abs(v).min() >= 0.5 and np.abs(v).max() <= 1.5
    assert (v > 0).any() and (v < 0).any() and len(np.unique(np.abs(v))) == 200


def test_a_huge_row_does_not_hide_the_others() -> None:
    x = np.array([1e6, 0.5, 0.3, 0.2, 0.1])
    forward: Forward = lambda x: float(np.sin(x[1:]).sum())  # noqa: E731
    right = np.concatenate([[0.0], np.cos(x[1:])])
    assert check(forward, x, right).agree
    assert not check(forward, x, right * [1, 1, 1, 1.05, 1]).agree
