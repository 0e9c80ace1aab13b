"""How far one distribution is from another: KL divergence, cross-entropy, and what lies between the two."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from grader import Case, close, prop, question

# The lecture's shirt or bag: what is true, and what the model says.
TRUE, MODEL = np.array([1.0, 0.0]), np.array([0.6, 0.4])


@question(kl=4)
def kl_divergence(P: Tensor, Q: Tensor) -> Tensor:
    """Sum of P log(P / Q), natural log. Where P is 0 it adds 0, whatever Q; where Q alone is 0 it is infinite.

    P (K,), Q (K,); kl ().  [CISC 7026, classification: define loss]"""
    # log(P / Q) would underflow where log P - log Q does not
    terms = torch.where(P > 0, P * (torch.log(P) - torch.log(Q)), torch.zeros_like(P))
    return terms.sum()


@question(H=4)
def cross_entropy(P_true: Tensor, P_model: Tensor) -> Tensor:
    """Minus the sum of P_true log(P_model), natural log. Where P_true is 0 it adds 0; where P_model alone is 0 it is
    infinite.

    P_true (K,), P_model (K,); H ().  [CISC 7026, classification: define loss]"""
    return -torch.where(P_true > 0, P_true * torch.log(P_model), torch.zeros_like(P_true)).sum()


def distribution(rng: np.random.Generator, K: int, zeros: int = 0) -> NDArray[Any]:
    """Probabilities (K,) of which the first are zero, none of the others small."""
    p = rng.uniform(0.2, 1, size=K)
    p[:zeros] = 0
    return np.asarray(p / p.sum())


def pairs(rng: np.random.Generator) -> Iterator[tuple[str, bool, NDArray[Any], NDArray[Any]]]:
    """Two distributions for each case, and its name."""
    yield "shirt or bag", False, TRUE, MODEL
    yield "a class that neither has", False, np.array([0.5, 0.5, 0.0]), np.array([0.25, 0.75, 0.0])
    yield "five classes", True, distribution(rng, 5), distribution(rng, 5)
    yield "truth has zeros", True, distribution(rng, 4, zeros=2), distribution(rng, 4)
    yield "both have a zero", True, distribution(rng, 6, zeros=2), distribution(rng, 6, zeros=1)
    yield "the model rules it out", True, distribution(rng, 3), distribution(rng, 3, zeros=1)
    q = distribution(rng, 3)
    yield "nearly ruled out", True, distribution(rng, 3), np.array([1e-30, q[1], 1 - q[1]])
    p = distribution(rng, 7)
    yield "the same", True, p, p.copy()
    yield "one class", True, np.ones(1), np.ones(1)
    yield "strided", True, np.repeat(distribution(rng, 4), 2)[::2], np.repeat(distribution(rng, 4), 2)[::2]
    yield "float32", True, distribution(rng, 4).astype(np.float32), distribution(rng, 4).astype(np.float32)


@kl_divergence.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    for name, hidden, P, Q in pairs(rng):
        yield Case(name, hidden=hidden, P=P, Q=Q)


@cross_entropy.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    for name, hidden, P, Q in pairs(rng):
        yield Case(name, hidden=hidden, P_true=P, P_model=Q)


@kl_divergence.mistake("Which of the two is the truth: the one that you weigh with, or the other?")
def exchanged(P: Tensor, Q: Tensor) -> Tensor:
    """As the slide says it: P = f and Q = y."""
    return kl_divergence.forward(Q, P)


@kl_divergence.mistake("A divergence is never negative. Is yours?", code="M05")
def below_zero(out: Any, P: Tensor, Q: Tensor) -> dict[str, Tensor]:
    return {"kl": -out.kl}


@kl_divergence.mistake("What should the distance of a distribution from itself be?")
def cross_entropy_for_kl(P: Tensor, Q: Tensor) -> Tensor:
    return -torch.special.xlogy(P, Q).sum()


@kl_divergence.mistake("The model rules out what happens. How surprised may it be?", code="M23")
def small_number_in_the_log(P: Tensor, Q: Tensor) -> Tensor:
    return (P * torch.log((P + 1e-12) / (Q + 1e-12))).sum()


@kl_divergence.mistake("The model rules out what happens. Do you leave that class out of the sum?")
def where_both_are_positive(P: Tensor, Q: Tensor) -> Tensor:
    both = (P > 0) & (Q > 0)
    return (P[both] * torch.log(P[both] / Q[both])).sum()


@kl_divergence.mistake("A class of probability 0: what does it add to an average?")
def zero_times_infinity(P: Tensor, Q: Tensor) -> Tensor:
    return (P * torch.log(P / Q)).sum()


@kl_divergence.mistake("Which logarithm does this course use?")
def bits(out: Any, P: Tensor, Q: Tensor) -> dict[str, Tensor]:
    return {"kl": out.kl / math.log(2)}


@kl_divergence.mistake("Is a sum that is weighted with probabilities in need of another average?", code="M03")
def averaged_over_classes(out: Any, P: Tensor, Q: Tensor) -> dict[str, Tensor]:
    return {"kl": out.kl / len(P)}


@cross_entropy.mistake("Which of the two is inside the logarithm: the truth or the model?")
def truth_in_the_logarithm(P_true: Tensor, P_model: Tensor) -> Tensor:
    return cross_entropy.forward(P_model, P_true)


@cross_entropy.mistake("The logarithm of a probability is never positive. Is a loss?", code="M05")
def minus_forgotten(out: Any, P_true: Tensor, P_model: Tensor) -> dict[str, Tensor]:
    return {"H": -out.H}


@cross_entropy.mistake("What does your library's function expect: logits or probabilities?", code="M37")
def probabilities_taken_for_logits(P_true: Tensor, P_model: Tensor) -> Tensor:
    return -(P_true * torch.log_softmax(P_model, 0)).sum()


@cross_entropy.mistake("The model rules out what happens. How surprised may it be?", code="M23")
def small_number_added(P_true: Tensor, P_model: Tensor) -> Tensor:
    return -(P_true * torch.log(P_model + 1e-12)).sum()


@cross_entropy.mistake("Does the loss of this lecture also subtract the truth's own entropy?")
def kl_for_cross_entropy(P_true: Tensor, P_model: Tensor) -> Tensor:
    return kl_divergence.forward(P_true, P_model)


@cross_entropy.mistake("Which logarithm does this course use?")
def log_of_base_ten(out: Any, P_true: Tensor, P_model: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / math.log(10)}


@cross_entropy.mistake("The truth may be spread over several classes. Do you ask all of them?")
def likeliest_class_only(P_true: Tensor, P_model: Tensor) -> Tensor:
    return -torch.log(P_model[P_true.argmax()])


@cross_entropy.mistake("Is a sum that is weighted with probabilities in need of another average?", code="M03")
def mean_over_classes(out: Any, P_true: Tensor, P_model: Tensor) -> dict[str, Tensor]:
    return {"H": out.H / len(P_true)}


@prop(
    2,
    H1=cross_entropy.called("P", "Q1"),
    H2=cross_entropy.called("P", "Q2"),
    D1=kl_divergence.called("P", "Q1"),
    D2=kl_divergence.called("P", "Q2"),
)
def one_minimises_the_other(
    H1: NDArray[Any], H2: NDArray[Any], D1: NDArray[Any], D2: NDArray[Any], P: NDArray[Any]
) -> Any:
    """Whichever the model, cross-entropy less KL divergence is the same number: the entropy of the truth.

    [CISC 7026, classification: define loss]"""
    entropy = -np.sum(P * np.log(np.where(P > 0, P, 1.0)))
    return close(H1 - D1, entropy, scale=1.0) & close(H2 - D2, entropy, scale=1.0)


@one_minimises_the_other.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("shirt or bag", P=np.array([0.9, 0.1]), Q1=MODEL, Q2=np.array([0.5, 0.5]))
    P, Q1, Q2 = distribution(rng, 6), distribution(rng, 6), distribution(rng, 6)
    yield Case("six classes", hidden=True, P=P, Q1=Q1, Q2=Q2)
    P, Q1, Q2 = distribution(rng, 4, zeros=2), distribution(rng, 4), distribution(rng, 4)
    yield Case("truth has zeros", hidden=True, P=P, Q1=Q1, Q2=Q2)
