"""What must hold of likelihoods and losses, whatever else: four claims of the lecture."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader import Case, close, prop

from .conditional import conditional_nll
from .cross import cross_entropy
from .divergence import kl_divergence
from .entropic_logit import cross_entropy_gradient_logit
from .gaussian import gaussian_nll
from .squared_logit import squared_loss_gradient_logit
from .uncertainty import entropy


@prop(2, H_pq=cross_entropy.called("p", "q"), H_p=entropy.called("p"), D=kl_divergence.called("p", "q"))
def entropy_plus_divergence(H_pq: NDArray[Any], H_p: NDArray[Any], D: NDArray[Any]) -> Any:
    """The cross-entropy of p and q is the entropy of p plus the divergence of q from p.

    [TU Delft deep learning, ML refresh]"""
    return close(H_pq, H_p + D) & (H_pq > 0)


@entropy_plus_divergence.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("two coins", p=np.array([0.5, 0.5]), q=np.array([0.75, 0.25]))
    yield Case("five outcomes", hidden=True, p=rng.dirichlet(np.full(5, 2.0)), q=rng.dirichlet(np.full(5, 2.0)))
    p, q = np.append(rng.dirichlet(np.full(3, 2.0)), 0.0), rng.dirichlet(np.full(4, 2.0))
    yield Case("p is zero somewhere", hidden=True, p=p, q=q)
    p, q = rng.dirichlet(np.full(3, 2.0)), np.array([0.25, 0.0, 0.75])
    yield Case("q is zero where p is not", hidden=True, p=p, q=q)


@prop(
    2,
    near=gaussian_nll.called("y_near", "t", "sigma"),
    off=gaussian_nll.called("y_off", "t", "sigma"),
    far=gaussian_nll.called("y_far", "t", "sigma"),
)
def squared_error_is_gaussian(
    near: Any, off: Any, far: Any, y_near: NDArray[Any], y_off: NDArray[Any], y_far: NDArray[Any], t: NDArray[Any]
) -> Any:
    """For one sigma, the Gaussian negative log-likelihood is the mean squared error, scaled and shifted.

    [TU Delft deep learning, ML refresh]"""
    a, b, c = [np.mean((y - t) ** 2) for y in (y_near, y_off, y_far)]  # a < b < c
    size = max(abs(near), abs(off), abs(far)) * (c - a)
    return close((off - near) * (c - a), (far - near) * (b - a), scale=size) & (near < off) & (off < far)


@squared_error_is_gaussian.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    y, t = np.array([1.0, 2.0]), np.array([2.0, 4.0])
    yield Case("two points", y_near=y, y_off=y - 1, y_far=y - 3, t=t, sigma=2.0)
    for name, N, sigma in [("six points", 6, 0.5), ("one point", 1, 3.0), ("nine points", 9, 1.0)]:
        t = rng.normal(size=N)
        ys = [t + step * rng.uniform(1, 1.5, size=N) * rng.choice([-1, 1], size=N) for step in (0.5, 1, 2)]
        yield Case(name, hidden=True, y_near=ys[0], y_off=ys[1], y_far=ys[2], t=t, sigma=sigma)


@prop(
    1,
    squared=squared_loss_gradient_logit.called("z", "t"),
    squared_far=squared_loss_gradient_logit.called("z_far", "t"),
    entropic=cross_entropy_gradient_logit.called("z", "t"),
    entropic_far=cross_entropy_gradient_logit.called("z_far", "t"),
)
def very_wrong_still_learns(
    squared: NDArray[Any], squared_far: NDArray[Any], entropic: NDArray[Any], entropic_far: NDArray[Any]
) -> Any:
    """From wrong to very wrong, the squared loss's gradient in z all but vanishes; that of the cross-entropy grows.

    [TU Delft deep learning, ML refresh]"""
    vanishes = 1000 * np.abs(squared_far) < np.abs(squared)
    return vanishes & (np.abs(entropic_far) > np.abs(entropic)) & (np.abs(entropic) > 0)


@very_wrong_still_learns.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("one of each", z=np.array([-1.0, 1.0]), z_far=np.array([-50.0, 50.0]), t=np.array([1, 0]))
    for name, size in [("twenties", 20.0), ("thousands", 4000.0)]:
        t = rng.permutation([0, 1, 1, 0, 1])
        sign = 1 - 2 * t  # the wrong side of each
        z, z_far = sign * rng.uniform(0.5, 2, size=5), sign * size * rng.uniform(1, 2, size=5)
        yield Case(name, hidden=True, z=z, z_far=z_far, t=t)


@prop(
    1,
    whole=conditional_nll.called("theta", "X", "y"),
    first=conditional_nll.called("theta", "X_first", "y_first"),
    rest=conditional_nll.called("theta", "X_rest", "y_rest"),
)
def independent_examples_add(whole: Any, first: Any, rest: Any) -> Any:
    """Examples are independent: what conditional_nll says of two data sets together is the sum of what it says of each.

    [TU Delft deep learning, ML refresh]"""
    size = np.max(np.abs(first.dtheta)) + np.max(np.abs(rest.dtheta))
    adds = close(whole.nll, first.nll + rest.nll) & (whole.nll > 0)
    return adds & np.all(close(whole.dtheta, first.dtheta + rest.dtheta, scale=size))


@independent_examples_add.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    theta, X, y = np.array([[1.0, 0.0], [0.0, 2.0], [-1.0, 1.0]]), np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([1, 0])
    yield together("two examples", False, theta, X, y, 1)
    for name, K, N, D, cut in [("seven examples", 4, 7, 3, 2), ("five examples", 3, 5, 2, 4)]:
        theta, X, y = rng.normal(size=(K, D)), rng.normal(size=(N, D)), rng.integers(K, size=N)
        yield together(name, True, theta, X, y, cut)


def together(name: str, hidden: bool, theta: Any, X: Any, y: Any, cut: int) -> Case:
    """A data set, and the same in two parts."""
    parts = {"X_first": X[:cut], "y_first": y[:cut], "X_rest": X[cut:], "y_rest": y[cut:]}
    return Case(name, hidden=hidden, theta=theta, X=X, y=y, **parts)
