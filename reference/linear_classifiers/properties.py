"""What must hold of the losses, whatever else: three of the lecture's six questions about them."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader import Case, close, prop

from .hinge import svm_loss
from .softmax import softmax_loss


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


@prop(2, L=svm_loss.called("S", "y"), twice=svm_loss.called("S_twice", "y"), tenth=svm_loss.called("S_tenth", "y"))
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
