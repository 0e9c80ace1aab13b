"""Wrong entries, rows and columns of a gradient are named, at a cost counted in slopes."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.gradcheck import Slope, measure
from grader.locate import Located, budget, locate

Array = np.ndarray


def search(true: Array, gradient: Array, seed: int = 0, most: int = 8, error: float = 1e-9) -> Located:
    """Slopes of a forward with the gradient `true`, with an error of the stated size."""
    noise = np.random.default_rng(seed + 1)

    def slope(v: Array) -> Slope:
        assert v.shape == true.shape
        return Slope(float((true * v).sum()) + noise.uniform(-error, error), error)

    found = locate(slope, gradient, np.random.default_rng(seed), most)
    assert found.slopes <= budget(true.shape, most) and found.finished
    return found


def planted(shape: tuple[int, ...], count: int, seed: int) -> tuple[Array, Array, list[tuple[int, ...]]]:
    """A gradient, the same with `count` wrong entries, and where these are."""
    rng = np.random.default_rng(seed)
    true = rng.normal(size=shape)
    wrong = true.copy()
    at = np.sort(rng.choice(true.size, size=count, replace=False))
    wrong.flat[at] += rng.choice([-1, 1], size=count) * rng.uniform(0.1, 1, size=count)
    return true, wrong, [tuple(int(i) for i in np.unravel_index(a, shape)) for a in at]


shapes = st.one_of(
    st.tuples(st.integers(1, 300)),
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.tuples(st.integers(1, 5), st.integers(1, 5), st.integers(1, 5)),
)


@settings(max_examples=150, deadline=None)
@given(shapes, st.integers(1, 8), st.integers(0, 10**6))
def test_planted_entries_are_found_within_the_stated_cost(shape: tuple[int, ...], k: int, seed: int) -> None:
    n = int(np.prod(shape))
    k = min(k, n)
    true, wrong, at = planted(shape, k, seed)
    found = search(true, wrong, seed)
    assert list(found.entries) == at and not found.many
    # splitting rows and columns apart rounds up twice, and single entries are measured once more
    assert found.slopes <= 2 * k * (log2(max(n / k, 1)) + 3) + k + 1
    if len(shape) == 2:
        assert found.rows == tuple(sorted({r for r, _ in at})) and found.columns == tuple(sorted({c for _, c in at}))


def test_one_entry_of_200_000_takes_two_logarithms() -> None:
    used = []
    for seed in range(20):
        true, wrong, at = planted((500, 400), 1, seed)
        found = search(true, wrong, seed)
        assert list(found.entries) == at
        used.append(found.slopes)
    assert max(used) <= 2 * 18 + 2 and np.mean(used) <= 1.5 * 18 + 3


@pytest.mark.parametrize(("rows", "columns"), [(500, 400), (2000, 100)])
def test_a_wrong_row_or_column_of_200_000_is_named(rows: int, columns: int) -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(size=(rows, columns))
    for seed in range(5):
        wrong, row = true.copy(), int(rng.integers(rows))
        wrong[row] *= -1
        found = search(true, wrong, seed)
        assert found.many and found.rows == (row,) and found.columns == found.entries == ()
        # the row, and that more than 8 blocks of it are wrong
        assert found.slopes <= 2 * ceil(log2(rows)) + 2 + 2 + 4 + 8 + 16
        wrong, column = true.copy(), int(rng.integers(columns))
        wrong[:, column] = 0
        found = search(true, wrong, seed)
        assert found.many and found.columns == (column,) and found.rows == found.entries == ()
        assert found.slopes <= 2 * ceil(log2(columns)) + 2 + 2 + 4 + 8 + 16


def test_swapped_columns_of_a_flat_matrix_are_named() -> None:
    true = np.random.default_rng(0).normal(size=(6, 50))
    wrong = true.copy()
    wrong[:, [3, 40]] = true[:, [40, 3]]
    found = search(true, wrong)
    assert found.many and found.columns == (3, 40) and found.rows == ()


def test_a_matrix_that_is_wrong_everywhere_is_said_to_be_so_at_once() -> None:
    true = np.random.default_rng(0).normal(size=(500, 400))
    found = search(true, -true)
    assert found.many and found.entries == found.rows == found.columns == () and found.slopes <= 61


def test_a_right_gradient_takes_one_slope() -> None:
    true = np.random.default_rng(0).normal(size=(50, 40))
    assert search(true, true) == Located((), (), (), False, 1)
    assert locate(lambda _: Slope(0.0, 0.0), np.zeros((0, 3)), np.random.default_rng(0)).slopes == 0


def test_errors_that_cancel_are_found() -> None:
    for seed in range(40):
        true = np.random.default_rng(seed).normal(size=(30, 20))
        wrong = true.copy()
        wrong[4, 5] += 0.3
        wrong[4, 6] -= 0.3
        assert search(true, wrong, seed).entries == ((4, 5), (4, 6))


def test_what_rounding_hides_is_not_reported() -> None:
    for seed in range(40):
        true = np.random.default_rng(seed).normal(size=(30, 20))
        wrong = true.copy()
        wrong[4, 5] += 0.3
        wrong[20, 6] += 1e-4
        assert search(true, wrong, seed, error=1e-3).entries == ((4, 5),)


def test_slopes_that_say_nothing_name_no_entry() -> None:
    """At a kink a slope has no limit of its error; the other half must not be blamed for it."""
    true, wrong, at = planted((30, 20), 1, 0)
    (row, column), used = at[0], []

    def slope(v: Array) -> Slope:
        used.append(v)
        kink = v[row, column] and np.count_nonzero(v) < 100
        return Slope(float((true * v).sum()), np.inf if kink else 1e-9)

    found = locate(slope, wrong, np.random.default_rng(0))
    assert found.entries == () and found.slopes == len(used) > 3
    assert locate(lambda _: Slope(np.nan, np.inf), wrong, np.random.default_rng(0)).entries == ()


def test_the_limit_ends_the_search() -> None:
    true, wrong, _ = planted((500, 400), 3, 0)
    calls = []

    def slope(v: Array) -> Slope:
        calls.append(v)
        return Slope(float((true * v).sum()), 1e-9)

    found = locate(slope, wrong, np.random.default_rng(0), limit=10)
    assert not found.finished and found.slopes == len(calls) == 10 and found.entries == ()


def relu_net(seed: int, sizes: tuple[int, int, int, int]) -> tuple[Callable[[Array], float], Array, Array]:
    n, d, h, c = sizes
    rng = np.random.default_rng(seed)
    X, W1, W2, y = rng.normal(size=(n, d)), rng.normal(size=(d, h)), rng.normal(size=(h, c)), rng.integers(0, c, n)

    def forward(W1: Array) -> float:
        S = np.maximum(X @ W1, 0) @ W2
        S = S - S.max(1, keepdims=True)
        return float((np.log(np.exp(S).sum(1)) - S[np.arange(n), y]).mean())

    Z = X @ W1
    S = np.maximum(Z, 0) @ W2
    P = np.exp(S - S.max(1, keepdims=True))
    P /= P.sum(1, keepdims=True)
    P[np.arange(n), y] -= 1
    return forward, W1, X.T @ ((P @ W2.T / n) * (Z > 0))


def test_real_slopes_of_a_relu_network_name_the_wrong_entries() -> None:
    for seed in range(20):
        forward, W1, gradient = relu_net(seed, (32, 30, 20, 5))
        rng = np.random.default_rng(seed)
        large = np.flatnonzero(np.abs(gradient) >= np.median(np.abs(gradient)))
        at = np.sort(rng.choice(large, 2, replace=False))
        wrong = gradient.copy()
        wrong.flat[at] *= 1.1
        found = locate(lambda v, f=forward, x=W1: measure(f, x, v), wrong, rng)
        assert [r * 20 + c for r, c in found.entries] == list(at), (seed, found)
        right = locate(lambda v, f=forward, x=W1: measure(f, x, v), gradient, rng)
        assert right.entries == () and not right.many
