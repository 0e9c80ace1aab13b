"""What must hold of the losses, whatever else: the lecture's six questions about them, and two more."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader import Case, close, prop

from .hinge import ANIMALS, svm_loss, svm_loss_i
from .softmax import softmax_loss
from .variants import svm_loss_variant


def undecided(rng: np.random.Generator) -> Iterator[Case]:
    """Images of which every class has the same score, as on the first day of training."""
    yield Case("four classes", S=np.zeros((2, 4)), y=np.array([0, 3]))
    yield Case("ten classes", hidden=True, S=np.zeros((5, 10)), y=rng.integers(10, size=5))
    S, y = np.repeat(rng.normal(size=(3, 1)), 6, axis=1), rng.integers(6, size=3)
    yield Case("equal scores", hidden=True, S=S, y=y)


@prop(1, L=svm_loss.called("S", "y"))
def hinge_at_initialisation(L: NDArray[Any], S: NDArray[Any]) -> Any:
    """Where all K scores of an image are equal, every wrong class pays 1: svm_loss is K - 1.

    [CS 7643, linear classifiers]"""
    return close(L, S.shape[1] - 1)


hinge_at_initialisation.cases(undecided)


@prop(1, L=softmax_loss.called("S", "y"))
def softmax_at_initialisation(L: Any, S: NDArray[Any]) -> Any:
    """Where all K scores of an image are equal, every class has probability 1/K: the loss of softmax_loss is log K.

    [CS 7643, linear classifiers]"""
    return close(L.loss, np.log(S.shape[1]))


softmax_at_initialisation.cases(undecided)


@prop(1, L=svm_loss.called("S", "y"), twice=svm_loss.called("S_twice", "y"), tenth=svm_loss.called("S_tenth", "y"))
def twice_the_weights(L: NDArray[Any], twice: NDArray[Any], tenth: NDArray[Any]) -> Any:
    """A hinge loss of 0 stays 0 when all weights, and so all scores, are doubled; at a tenth of them it is not 0.

    [CS 7643, linear classifiers]"""
    return close(L, 0) & close(twice, 0) & (tenth > 0)


@twice_the_weights.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    S = np.array([[3.0, 1.0, 0.0], [0.0, 5.0, 2.0]])
    yield Case("two images", S=S, S_twice=2 * S, S_tenth=S / 10, y=np.array([0, 1]))
    S, y = rng.normal(size=(5, 7)), rng.integers(7, size=5)
    S[np.arange(5), y] = S.max(axis=1) + rng.uniform(1.1, 3, size=5)  # every margin is kept
    yield Case("many classes", hidden=True, S=S, S_twice=2 * S, S_tenth=S / 10, y=y)
    S, y = rng.normal(size=(4, 2)), rng.integers(2, size=4)
    S[np.arange(4), y] = S.max(axis=1) + rng.uniform(1.1, 3, size=4)
    yield Case("two classes", hidden=True, S=S, S_twice=2 * S, S_tenth=S / 10, y=y)


@prop(
    1,
    kept=svm_loss_i.called("s", "y"),
    still=svm_loss_i.called("s_jiggled", "y"),
    broken=svm_loss_i.called("r", "z"),
    moved=svm_loss_i.called("r_jiggled", "z"),
)
def scores_jiggled(
    kept: NDArray[Any],
    still: NDArray[Any],
    broken: NDArray[Any],
    moved: NDArray[Any],
    r: NDArray[Any],
    r_jiggled: NDArray[Any],
    z: NDArray[Any],
) -> Any:
    """Where every margin is kept, a small change of the scores leaves svm_loss_i at 0; where all are broken, it moves.

    [CS 7643, linear classifiers]"""
    change = r_jiggled - r
    return close(kept, 0) & close(still, 0) & close(moved - broken, change.sum() - len(change) * change[z])


@scores_jiggled.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    car, frog = ANIMALS[1], ANIMALS[2]
    little = np.array([0.1, -0.1, 0.1])
    yield Case("car and frog", s=car, s_jiggled=car + little, y=1, r=frog, r_jiggled=frog + little, z=2)
    s, r = rng.normal(size=5), rng.normal(size=6)
    y, z = int(rng.integers(5)), int(rng.integers(6))
    s[y] = s.max() + rng.uniform(2, 3)  # kept by a margin of 2 or more, whatever moves by at most a quarter
    r[z] = r.min() - rng.uniform(0, 1)
    s_jiggled, r_jiggled = s + rng.uniform(-0.25, 0.25, size=5), r + rng.uniform(-0.25, 0.25, size=6)
    yield Case("more classes", hidden=True, s=s, s_jiggled=s_jiggled, y=y, r=r, r_jiggled=r_jiggled, z=z)


@prop(1, won=svm_loss.called("S_won", "y"), lost=svm_loss.called("S", "y"), far=svm_loss.called("S_far", "y"))
def zero_to_infinity(
    won: NDArray[Any], lost: NDArray[Any], far: NDArray[Any], S: NDArray[Any], S_far: NDArray[Any]
) -> Any:
    """The least svm_loss is 0, where every margin is kept; there is no greatest: worse scores cost ever more.

    [CS 7643, linear classifiers]"""
    return close(won, 0) & (lost > 0) & close(far - lost, (S_far - S).sum(1).mean())


@zero_to_infinity.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    S, y = np.array([[2.0, 1.0, 3.0], [4.0, 3.0, 3.0]]), np.array([1, 2])
    yield Case("two images", S_won=np.array([[0.0, 4, 1], [1, 0, 3]]), S=S, S_far=S + 1000 * apart(y, 3), y=y)
    y = rng.integers(5, size=4)
    S = rng.uniform(0, 0.9, size=(4, 5))  # so near to each other that every wrong class pays
    S_won = S + rng.uniform(2, 3, size=(4, 1)) * (1 - apart(y, 5))
    yield Case("five classes", hidden=True, S_won=S_won, S=S, S_far=S + 1e6 * apart(y, 5), y=y)


def apart(y: NDArray[Any], K: int) -> NDArray[Any]:
    """1 in the columns of the wrong classes, 0 in that of the true one: (N, K)."""
    return np.asarray(1 - np.eye(K)[y])


def some_pay(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three images", S=ANIMALS, y=np.array([0, 1, 2]))
    S = rng.normal(size=(4, 6))
    yield Case("six classes", hidden=True, S=S, y=S.argsort()[:, 2])


@prop(1, A=svm_loss_variant.called("S", "y", kind="all"), L=svm_loss.called("S", "y"))
def all_classes_add_one(A: NDArray[Any], L: NDArray[Any]) -> Any:
    """Summed over all classes, the true one too, the hinge loss is 1 more than svm_loss says: nothing to learn from.

    [CS 7643, linear classifiers]"""
    return close(A, L + 1)


all_classes_add_one.cases(some_pay)


@prop(1, M=svm_loss_variant.called("S", "y", kind="mean"), L=svm_loss.called("S", "y"))
def mean_only_rescales(M: NDArray[Any], L: NDArray[Any], S: NDArray[Any]) -> Any:
    """With the mean over the wrong classes in place of the sum, the loss is svm_loss / (K - 1), whatever the scores.

    [CS 7643, linear classifiers]"""
    return close(M * (S.shape[1] - 1), L) & (L > 0)


mean_only_rescales.cases(some_pay)


@prop(
    1,
    one=svm_loss.called("S_one", "y"),
    many=svm_loss.called("S_many", "y"),
    one_squared=svm_loss_variant.called("S_one", "y", kind="squared"),
    many_squared=svm_loss_variant.called("S_many", "y", kind="squared"),
)
def squares_differ(one: NDArray[Any], many: NDArray[Any], one_squared: NDArray[Any], many_squared: NDArray[Any]) -> Any:
    """One class that breaks the margin by 4 costs what two by 2 each cost; squared, the one costs twice as much.

    [CS 7643, linear classifiers]"""
    return close(one, many) & close(one_squared, 2 * many_squared) & (many_squared > 0)


@squares_differ.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    S_one, S_many = np.array([[0.0, 3.0, -5.0]]), np.array([[0.0, 1.0, 1.0]])
    yield Case("four, or twice two", S_one=S_one, S_many=S_many, y=np.array([0]))
    lift, up = rng.normal(size=(3, 1)), rng.uniform(1, 3, size=(3, 1))
    S_many = lift + np.hstack([np.zeros((3, 1)), up - 1, up - 1, np.full((3, 2), -4.0)])
    S_one = lift + np.hstack([np.zeros((3, 1)), 2 * up - 1, np.full((3, 3), -4.0)])
    yield Case("three such pairs", hidden=True, S_one=S_one, S_many=S_many, y=np.array([0, 0, 0]))
