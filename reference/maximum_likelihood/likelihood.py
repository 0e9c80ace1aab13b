"""The likelihood of i.i.d. samples, and the parameters that make it largest."""
# Every mistake takes all inputs of its question, used or not.
# ruff: noqa: ARG001

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from torch import Tensor

from grader import Case, question

from .checks import check_binary


@question(ll=6)
def log_likelihood(p_of_samples: Tensor) -> Tensor:
    """Log-likelihood of i.i.d. samples: the sum of the natural logs of what the model says of each.

    p_of_samples (N,) >= 0, probabilities or densities; ll (), -inf where one of them is 0. A negative one raises
    ValueError.  [TU Delft deep learning, ML refresh]"""
    if (p_of_samples < 0).any():
        raise ValueError("a probability is negative")
    return p_of_samples.log().sum()


@log_likelihood.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("three samples", p_of_samples=np.array([0.5, 0.25, 0.1]))
    yield Case("four hundred unlikely samples", p_of_samples=np.full(400, 0.1))
    yield Case("an impossible sample", p_of_samples=np.array([0.5, 0.0, 0.25]))
    yield Case("a negative probability", raises=ValueError, p_of_samples=np.array([0.5, -0.25]))
    yield Case("ten thousand samples", hidden=True, p_of_samples=rng.uniform(0.001, 0.9, size=10_000))
    yield Case("a few", hidden=True, p_of_samples=rng.uniform(0.05, 0.95, size=7))
    yield Case("one sample", hidden=True, p_of_samples=rng.uniform(0.1, 0.4, size=1))
    yield Case("densities above one", hidden=True, p_of_samples=rng.uniform(0.2, 9.0, size=5))
    yield Case("one is impossible", hidden=True, p_of_samples=np.append(rng.uniform(0.1, 1, size=4), 0.0))
    # Of these even ten have a product of 0, while float32 still holds each of them.
    yield Case("tiny", hidden=True, p_of_samples=10.0 ** rng.uniform(-37, -33, size=20))
    single = rng.uniform(0.1, 0.9, size=(6, 2)).astype(np.float32)[:, 0]
    single.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, p_of_samples=single)
    p = rng.uniform(0.1, 0.9, size=5)
    p[int(rng.integers(5))] *= -1
    yield Case("one is negative", hidden=True, raises=ValueError, p_of_samples=p)


@log_likelihood.mistake("What is 0.1 multiplied by itself 400 times, to a computer? What is its log?")
def product_first(p_of_samples: Tensor) -> Tensor:
    return p_of_samples.prod().log()


@log_likelihood.mistake("Your answer is right but for one factor, always the same. Which logarithm is it?", code="M04")
def log_of_base_ten(out: Any, p_of_samples: Tensor) -> dict[str, Tensor]:
    return {"ll": out.ll / math.log(10)}


@log_likelihood.mistake("Your answer is in bits. What does the docstring ask for?", code="M04")
def log_of_base_two(out: Any, p_of_samples: Tensor) -> dict[str, Tensor]:
    return {"ll": out.ll / math.log(2)}


@log_likelihood.mistake("The log of a product of N numbers: by what do you divide it?", code="M02")
def averaged(out: Any, p_of_samples: Tensor) -> dict[str, Tensor]:
    return {"ll": out.ll / len(p_of_samples)}


@log_likelihood.mistake(
    "Is a likelihood of one half larger or smaller than one? And its log, above or below 0?", code="M05"
)
def negative(out: Any, p_of_samples: Tensor) -> dict[str, Tensor]:
    return {"ll": -out.ll}


@log_likelihood.mistake("A product becomes a sum when you take logs. In which order did you do the two?")
def log_of_sum(p_of_samples: Tensor) -> Tensor:
    return p_of_samples.sum().log()


@log_likelihood.mistake("A sample cannot happen under the model. How likely are all samples together?", code="M23")
def small_number_in_log(p_of_samples: Tensor) -> Tensor:
    return (p_of_samples + 1e-12).log().sum()


@question(phi=3)
def bernoulli_mle(samples: Tensor) -> Tensor:
    """The probability of a 1 that makes the samples most likely: the share of ones.

    samples (N,) of 0 and 1; phi (). No sample, or one that is neither 0 nor 1, raises ValueError.
    [TU Delft deep learning, ML refresh]"""
    if len(samples) == 0:
        raise ValueError("no samples")
    check_binary(samples)
    return (samples if samples.is_floating_point() else samples.double()).mean()


@bernoulli_mle.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("four tosses", samples=np.array([1, 1, 0, 1]))
    yield Case("no samples", raises=ValueError, samples=np.zeros(0, dtype=np.int64))
    for name, ones, N in [
        ("mostly zeros", 3, 11),
        ("mostly ones", 8, 9),
        ("never a one", 0, 4),
        ("nothing but ones", 3, 3),
    ]:
        yield Case(name, hidden=True, samples=rng.permutation(np.arange(N) < ones).astype(np.int64))
    yield Case("one toss", hidden=True, samples=np.array([1]))
    samples = np.repeat(rng.permutation([1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]).astype(np.float32), 2)[::2]
    samples.flags.writeable = False
    # Rounding a float 1 would leave the domain: kink=True measures no noise.
    yield Case("floats, strided and read-only", hidden=True, kink=True, samples=samples)
    yield Case("no samples, again", hidden=True, raises=ValueError, samples=np.zeros(0))
    yield Case("a two", hidden=True, raises=ValueError, samples=rng.permutation([0, 1, 1, 2]))
    yield Case("a half", hidden=True, raises=ValueError, samples=rng.permutation([0.0, 1.0, 0.5]))
    yield Case("a minus one", hidden=True, raises=ValueError, samples=rng.permutation([-1, 1, 1]))


@bernoulli_mle.mistake("Toss the coin twice as often, with the same luck. Does its bias double?", code="M01")
def counted(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"phi": out.phi * len(samples)}


@bernoulli_mle.mistake("All samples are ones. What is the probability of a one?")
def share_of_zeros(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"phi": 1 - out.phi}


@bernoulli_mle.mistake("Of four tosses all four are ones. What is the largest share that there can be?")
def one_less_in_denominator(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"phi": out.phi * len(samples) / (len(samples) - 1)}


@bernoulli_mle.mistake("You never saw a one, yet you expect some. Do the samples say so, or do you?")
def smoothed(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"phi": (out.phi * len(samples) + 1) / (len(samples) + 2)}


@bernoulli_mle.mistake("Is phi a sample, or how often samples are ones?")
def the_commoner(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"phi": (out.phi > 0.5).double()}


@question(mu=2, var=4)
def gaussian_mle(samples: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of the Gaussian that makes the samples most likely.

    samples (N,); mu (), var () (the square of the standard deviation, over N). No sample raises ValueError.
    [TU Delft deep learning, ML refresh]"""
    if len(samples) == 0:
        raise ValueError("no samples")
    mu = samples.mean()
    return mu, ((samples - mu) ** 2).mean()


@gaussian_mle.cases
def _(rng: np.random.Generator) -> Iterator[Case]:
    yield Case("eight samples", samples=np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]))
    yield Case("no samples", raises=ValueError, samples=np.zeros(0))
    yield Case("seven samples", hidden=True, samples=rng.normal(loc=-3, scale=2, size=7))
    yield Case("two samples", hidden=True, samples=rng.normal(loc=1, scale=5, size=2))
    yield Case("one sample", hidden=True, samples=rng.normal(loc=4, size=1))
    yield Case("all the same", hidden=True, samples=np.full(5, rng.integers(-8, 8) + 0.5))
    # Their sum and their mean are exact in float32 too, their squares are not even in float64.
    far = float(2**20 + rng.integers(1000)) + rng.permutation([-3, -1, 0, 2, 2])
    yield Case("far from zero", hidden=True, samples=far)
    samples = rng.normal(loc=2, scale=3, size=(6, 2)).astype(np.float32)[:, 1]
    samples.flags.writeable = False
    yield Case("float32, strided and read-only", hidden=True, samples=samples)
    yield Case("no samples, again", hidden=True, raises=ValueError, samples=np.zeros(0, dtype=np.float32))


@gaussian_mle.mistake("Which variance makes these samples likeliest: the one to report, or the unbiased one?")
def one_less_than_samples(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"var": out.var * len(samples) / (len(samples) - 1)}


@gaussian_mle.mistake("Measure in centimetres instead of metres. Does your spread grow 100 or 10,000 times?")
def standard_deviation(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"var": out.var**0.5}


@gaussian_mle.mistake("Twice as many samples of the same kind. Is the Gaussian twice as wide?", code="M01")
def summed(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"var": out.var * len(samples)}


@gaussian_mle.mistake("Move all samples by ten. Should the variance notice?")
def mean_not_taken_away(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"var": (samples**2).mean()}


@gaussian_mle.mistake("Half of the deviations are negative. What do they do to the others?")
def deviations_not_squared(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"var": (samples - out.mu).abs().mean()}


@gaussian_mle.mistake("In which order does the docstring want its two numbers?")
def exchanged(out: Any, samples: Tensor) -> dict[str, Tensor]:
    return {"mu": out.var, "var": out.mu}


@gaussian_mle.mistake("Put one sample far out. Does the likeliest mean stay where it was?")
def median(out: Any, samples: Tensor) -> dict[str, Tensor]:
    middle = samples.sort().values[[(len(samples) - 1) // 2, len(samples) // 2]].mean()
    return {"mu": middle}
