"""The gradient check finds wrong gradients, and never calls a right one wrong."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.gradcheck import (
    ALL,
    FIRST,
    SECOND,
    Slopes,
    check_direction,
    complex_slope,
    conclude,
    direction,
    estimate,
    measure,
    points,
)

Array = np.ndarray
Forward = Callable[[Array], float]


def check(forward: Forward, x: Array, gradient: Array, seed: int = 0, careful: bool = False) -> Slopes:
    v = direction(np.random.default_rng(seed), np.shape(x))
    return check_direction(forward, x, gradient, v, careful)


def calls(forward: Forward, x: Array, gradient: Array, seed: int = 0) -> tuple[int, Slopes]:
    """How often the forward is called, and what is found."""
    seen = []

    def counted(at: Array) -> float:
        seen.append(1)
        return forward(at)

    found = check(counted, x, gradient, seed)
    return len(seen), found


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
        found = check(forward, np.zeros(shape), np.full(shape, claimed))
        assert found.agree or not found.conclusive
        # by symmetry, a subgradient may be the mean of both sides; a careful look sees the kink all the same
        assert not check(forward, np.zeros(shape), np.full(shape, claimed), careful=True).conclusive


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


# -- cost, and the split form ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", SMOOTH)
def test_a_right_gradient_takes_two_calls(make: Callable[..., tuple[Forward, Array, Array]]) -> None:
    for seed in range(40):
        count, found = calls(*make(np.random.default_rng(seed), 7, 4, 3, 1.0), seed)
        assert found.agree and found.conclusive and count == FIRST == 2


@pytest.mark.parametrize("distance", [1e-8, 1e-7, 3e-6])
def test_a_kink_near_x_takes_more_calls(distance: float) -> None:
    count, found = calls(lambda x: float(np.maximum(x - distance, 0).sum()), np.zeros(1), np.zeros(1))
    assert found.agree and found.conclusive and FIRST < count <= ALL
    assert (count == SECOND) == (distance == 3e-6)


def test_a_wrong_gradient_takes_all_calls_and_no_more() -> None:
    forward, x, gradient = softmax_loss(np.random.default_rng(0), 7, 4, 3, 1.0)
    count, found = calls(forward, x, -gradient)
    assert found.conclusive and not found.agree and count == ALL


@pytest.mark.parametrize("name", ["right", *sorted(WRONG)])
def test_the_split_form_says_the_same(name: str) -> None:
    for seed in range(10):
        forward, x, right = softmax_loss(np.random.default_rng(seed), 7, 4, 3, 1.0)
        gradient = WRONG[name](right) if name in WRONG else right
        v = direction(np.random.default_rng(seed), x.shape)
        asked = points(x, v)
        assert len(asked) == ALL and all(p.shape == x.shape and p.dtype == np.float64 for p in asked)
        assert np.array_equal(asked[2], x) and asked[0] is not asked[1]
        values = [forward(p) for p in asked]
        whole, lazy = conclude(values, x, gradient, v), check_direction(forward, x, gradient, v)
        assert (whole.conclusive, whole.agree) == (lazy.conclusive, lazy.agree) == (True, name == "right")
        first = conclude(values[:FIRST], x, gradient, v)
        assert first.agree == first.conclusive == (name == "right")


# -- kinks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exponent", np.arange(-16, -3.9, 0.25))
def test_a_kink_at_any_distance_is_never_called_wrong(exponent: float) -> None:
    for sign in (-1, 1):
        for seed in range(5):
            at = sign * 10**exponent
            forward: Forward = lambda x, at=at: float(np.maximum(x - at, 0).sum() + np.sin(x).sum())  # noqa: E731
            x = np.array([0.0, 1.0, -1.0])
            found = check(forward, x, (x > at) + np.cos(x), seed)
            assert found.agree or not found.conclusive
            assert found.conclusive or exponent < -8  # only what is at x, for a narrow step, stays open


def relu_net(rng: np.random.Generator, n: int, d: int, h: int, integer: bool = False) -> tuple[Forward, Array, Array]:
    """Mean of a two-layer ReLU network; integer: integer weights and half of the inputs exactly 0."""
    X, b1, w2 = rng.normal(size=(n, d)), rng.normal(size=h), rng.normal(size=h)
    if integer:
        X[rng.random((n, d)) < 0.5] = 0
        b1, w2 = np.zeros(h), rng.integers(-3, 4, h).astype(float)
    W1 = rng.integers(-3, 4, (d, h)).astype(float) if integer else rng.normal(size=(d, h))

    def forward(theta: Array) -> float:
        return float((np.maximum(X @ theta[:-1] + theta[-1], 0) @ w2).mean())

    theta = np.vstack([W1, b1])
    mask = (X @ W1 + b1 > 0) * w2
    gradient = np.vstack([X.T @ mask, mask.sum(0)]) / n
    return forward, theta, gradient


def test_relus_at_exactly_zero_raise_no_false_alarm() -> None:
    conclusive = 0
    for seed in range(400):
        rng = np.random.default_rng(seed)
        n, d, h = (int(k) for k in rng.integers(1, 8, size=3))
        forward, theta, gradient = relu_net(rng, n, d, h, integer=True)
        found = check(forward, theta, gradient, seed)
        assert found.agree or not found.conclusive, (seed, found)
        conclusive += found.conclusive
    assert 40 < conclusive < 360  # there are kinks, and cases without


@pytest.mark.parametrize("crowding", [1.0, 1e-2, 1e-3])
def test_a_wrong_gradient_is_found_among_very_many_kinks(crowding: float) -> None:
    """20,000 kinks, crowded around x: about 0.2, 20 and 200 of them inside the first step."""
    found = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        A, c, w = rng.normal(size=(20_000, 4)), rng.normal(size=20_000) * crowding, rng.normal(size=20_000)
        forward: Forward = lambda x, A=A, c=c, w=w: float((np.maximum(A @ x + c, 0) * w).mean())  # noqa: E731
        x = np.zeros(4)
        gradient = ((A @ x + c > 0) * w) @ A / len(w)
        right, wrong = check(forward, x, gradient, seed), check(forward, x, gradient * [1, 1.1, 1, 1], seed)
        assert right.agree or not right.conclusive, (seed, right)
        assert not wrong.agree, (seed, wrong)
        found += wrong.conclusive
    # of the most crowded, some lie within the narrowest step, which is as good as at x
    assert found == 20 if crowding > 1e-3 else found >= 10


def test_two_kinks_that_make_a_line_are_beyond_the_method() -> None:
    """relu(z) - relu(-z) is z, and backprop with relu'(0) = 0 says 0: the forward really has another slope."""
    forward: Forward = lambda x: float((np.maximum(x, 0) - np.maximum(-x, 0)).sum())  # noqa: E731
    found = check(forward, np.zeros(1), np.zeros(1))
    assert found.conclusive and not found.agree


def test_a_jump_of_the_forward_is_not_called_wrong() -> None:
    for at in (0.0, 1e-9, 1e-7, 1e-6):
        found = check(lambda x, at=at: float(np.sum(x > at)) + float(np.sum(x)), np.zeros(1), np.ones(1))
        assert found.agree or not found.conclusive


# -- scales and noise --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [1e-150, 1e-9, 1e-3, 1e4, 1e9, 1e150])
def test_a_loss_of_any_scale(scale: float) -> None:
    for seed in range(10):
        forward, x, gradient = softmax_loss(np.random.default_rng(seed), 7, 4, 3, 1.0)
        scaled: Forward = lambda x, f=forward: scale * f(x)  # noqa: E731
        assert check(scaled, x, scale * gradient, seed).agree
        if scale > 1e-4:  # below, a loss may owe its rounding to numbers near 1
            found = check(scaled, x, scale * one_entry(gradient), seed)
            assert found.conclusive and not found.agree


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e-3, 1e3, 1e6, 1e12])
def test_arguments_of_any_scale(scale: float) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        x, a = rng.normal(size=20) * scale, rng.normal(size=20)
        assert check(lambda x, a=a: float(a @ np.sin(x / scale)) * scale, x, a * np.cos(x / scale), seed).agree or (
            scale < 1e-3 or scale > 1e3  # the steps do not follow x so far
        )
        found = check(lambda x, a=a: float(a @ np.sin(x / scale)) * scale, x, a * np.cos(x / scale), seed)
        assert found.agree or not found.conclusive


@pytest.mark.parametrize("base", [1e4, 1e6, 1e8, 1e10])
def test_noise_from_cancellation_is_never_called_wrong(base: float) -> None:
    for seed in range(60):
        rng = np.random.default_rng(seed)
        x, a = rng.normal(size=5), rng.normal(size=5)
        found = check(lambda x, a=a: float((base + a @ np.sin(x)) - base), x, a * np.cos(x), seed)
        assert found.agree or not found.conclusive, (seed, found)


def test_a_forward_that_draws_random_numbers_is_never_called_wrong() -> None:
    for seed in range(100):
        noise, x = np.random.default_rng(seed), np.ones(5)
        for size in (1e-12, 1e-9, 1e-6, 1e-3):
            found = check(lambda x, s=size, r=noise: float(x.sum() + s * r.normal()), x, np.ones(5), seed)
            assert found.agree or not found.conclusive, (seed, size, found)


# -- float32 -----------------------------------------------------------------------------------------------


def float32_loss(seed: int) -> tuple[Forward, Array, Array]:
    rng = np.random.default_rng(seed)
    X, W, y = rng.normal(size=(9, 6)).astype(np.float32), rng.normal(size=(4, 6)).astype(np.float32), np.arange(9) % 4

    def forward(W: Array) -> float:
        assert W.dtype == np.float32
        S = X @ W.T
        top = S.max(1, keepdims=True)
        return float((np.log(np.exp(S - top).sum(1)) + top[:, 0] - S[np.arange(9), y]).mean())

    P = np.exp(X @ W.T)
    P /= P.sum(1, keepdims=True)
    P[np.arange(9), y] -= 1
    return forward, W, P.T @ X / 9


def test_float32_forwards_are_checked_with_a_coarser_tolerance() -> None:
    found_wrong = missed = 0
    for seed in range(60):
        forward, W, gradient = float32_loss(seed)
        count, found = calls(forward, W, gradient, seed)
        assert found.agree and found.conclusive and count <= SECOND, (seed, found)
        for wrong in (-gradient, gradient * 9, gradient[:, ::-1], np.zeros_like(gradient)):
            found = check(forward, W, wrong, seed)
            found_wrong += found.conclusive and not found.agree
            missed += found.agree
    assert found_wrong > 0.75 * 240 and missed <= 0.01 * 240, (found_wrong, missed)  # rounding blurs the rest


# -- slopes with their errors ------------------------------------------------------------------------------


@pytest.mark.parametrize("make", SMOOTH)
def test_the_error_of_a_measured_slope_is_a_limit(make: Callable[..., tuple[Forward, Array, Array]]) -> None:
    for seed in range(40):
        forward, x, gradient = make(np.random.default_rng(seed), 5, 4, 3, 1.0)
        v = direction(np.random.default_rng(seed), x.shape)
        found = measure(forward, x, v)
        assert abs(found.value - float((gradient * v).sum())) <= found.error < 1e-4 * np.linalg.norm(gradient)
        assert estimate([forward(p) for p in points(x, v)], x).error < 1e-4 * np.linalg.norm(gradient)


def test_a_slope_at_a_kink_has_no_useful_limit() -> None:
    assert measure(lambda x: float(np.maximum(x, 0).sum()), np.zeros(3), np.ones(3)).error > 1e3
    assert measure(lambda _: float("nan"), np.zeros(3), np.ones(3)).error == np.inf


# -- complex step ------------------------------------------------------------------------------------------


def test_the_complex_step_is_exact_for_analytic_functions() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, W = rng.normal(size=(5, 4)), rng.normal(size=(4, 3))
        v = direction(rng, W.shape)
        slope = complex_slope(lambda W, X=X: np.log(np.exp(X @ W).sum(1)).sum(), W, v)
        P = np.exp(X @ W)
        right = float(((X.T @ (P / P.sum(1, keepdims=True))) * v).sum())
        assert slope is not None and abs(slope - right) <= 1e-13 * max(1, abs(right))


LOST = {
    "abs": (lambda x: np.abs(x).sum() + 0j, np.sign),
    "norm": (lambda x: np.linalg.norm(x) + 0 * x[0], lambda x: x / np.linalg.norm(x)),
    "var": (lambda x: x.var() + 0 * x[0], lambda x: 2 * (x - x.mean()) / x.size),
    "sign": (lambda x: (x * np.sign(x.real + 0 * x.imag) + np.abs(x)).sum(), lambda x: 2 * np.sign(x)),
}


@pytest.mark.parametrize("name", sorted(LOST))
def test_the_complex_step_is_silently_wrong_where_the_imaginary_part_is_lost(name: str) -> None:
    """So it never decides alone: central differences find the right gradient right, the complex step does not."""
    forward, gradient = LOST[name]
    x = np.random.default_rng(0).normal(size=6)
    v = direction(np.random.default_rng(1), x.shape)
    assert check_direction(lambda x: float(np.real(forward(x))), x, gradient(x), v).agree
    slope = complex_slope(forward, x, v)
    assert slope is not None and abs(slope - float(gradient(x) @ v)) > 0.1


def test_no_complex_step_where_the_forward_cannot_take_it() -> None:
    import math

    def buffered(x: Array) -> float:
        out = np.zeros(x.shape)
        out[:] = x
        return float(out.sum())

    forwards = [buffered, lambda x: math.exp(x[0]), lambda x: float(x.sum()), lambda x: np.abs(x).sum(), lambda x: x]
    for forward in [*forwards, lambda x: x.sum() * np.inf, lambda x: x.no_such_thing]:
        assert complex_slope(forward, np.ones(3), np.ones(3)) is None
