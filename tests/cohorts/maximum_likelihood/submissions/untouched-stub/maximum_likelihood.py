"""Maximum likelihood. Fill in every function; README.md has the story, the formulas and the points.

Shapes, everywhere: N examples or samples, D features, K outcomes or classes. A row of X (N, D) is an example, a row of
theta (K, D) a class. Binary labels t are 0 or 1; class labels y are integers from 0 to K - 1. All logs are natural.
Use NumPy only, and leave your inputs as you found them. `grader check` tells you how you are doing.
"""

import numpy as np  # noqa: F401


def log_likelihood(p_of_samples):
    """Log-likelihood of i.i.d. samples: the log of the product of what the model says of each.

    p_of_samples (N,), probabilities or densities. Returns one number. Must be right for ten thousand samples, where
    the product itself is 0 to a computer. Where a sample is impossible, p = 0, the answer is -inf (a warning of NumPy
    does not matter; math.log(0) raises). A negative p raises ValueError.

    >>> print(round(float(log_likelihood(np.array([0.5, 0.25, 0.1]))), 4))
    -4.382
    """
    raise NotImplementedError


def bernoulli_mle(samples):
    """The probability of a 1 under which the samples are most likely.

    samples (N,), each 0 or 1, integers or floats. Returns one number. No samples at all, or a sample that is neither 0
    nor 1, raise ValueError.

    >>> print(float(bernoulli_mle(np.array([1, 1, 0, 1]))))
    0.75
    """
    raise NotImplementedError


def gaussian_mle(samples):
    """Mean and variance of the Gaussian under which the samples are most likely.

    samples (N,). Returns (mu, var): two numbers, the second being the variance, sigma squared. No samples at all raise
    ValueError; a single one has a variance of 0. Must be right for samples near a million that lie a few apart.

    >>> mu, var = gaussian_mle(np.array([2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]))
    >>> print(float(mu), float(var))
    5.0 4.0
    """
    raise NotImplementedError


def entropy(p):
    """Entropy of a distribution: the sum over k of -p_k log p_k, where 0 log 0 = 0.

    p (K,). Returns one number. However rare, an outcome that can happen counts. A negative entry raises ValueError, and
    so does a sum that is not one; rounding (up to a millionth) is no reason.

    >>> print(round(float(entropy(np.array([0.5, 0.25, 0.25, 0.0]))), 4))
    1.0397
    """
    raise NotImplementedError


def kl_divergence(p, q):
    """Divergence of the model q from the data p, D(p||q): the sum over k of p_k log(p_k / q_k).

    p (K,), q (K,). Returns one number. Where p_k = 0 (not: where it is small) the term is 0, whatever q_k is, 0 too.
    Where q_k = 0 and p_k is not, the answer is inf. p or q with a negative entry, or with a sum that is not one, raise
    ValueError; rounding (up to a millionth) is no reason.

    >>> print(round(float(kl_divergence(np.array([0.5, 0.5]), np.array([0.75, 0.25]))), 4))
    0.1438
    """
    raise NotImplementedError


def cross_entropy(p, q):
    """Cross-entropy of the model q under the data p, H(p, q): the sum over k of -p_k log q_k.

    p (K,), q (K,). Returns one number. Zeros and errors are as in kl_divergence.

    >>> print(round(float(cross_entropy(np.array([0.5, 0.5]), np.array([0.75, 0.25]))), 4))
    0.837
    """
    raise NotImplementedError


def bernoulli_nll(y, t):
    """MEAN over examples of -log P(t), where the model says P(1) = y and P(0) = 1 - y.

    y (N,) predicted probabilities, t (N,) labels, each 0 or 1. Returns one number: 0 where all are sure and right, inf
    where one is sure and wrong. A y outside [0, 1], or a t that is neither 0 nor 1 (a half, say), raise ValueError.

    >>> print(round(float(bernoulli_nll(np.array([0.75, 0.5]), np.array([1, 0]))), 4))
    0.4904
    """
    raise NotImplementedError


def gaussian_nll(y, t, sigma):
    """MEAN over examples of -log of the density at t of a Gaussian with mean y and standard deviation sigma.

    y (N,) predictions, t (N,) targets, sigma one number. Returns one number: all of it, with what does not depend on
    y. Must be right where the density itself is 0 to a computer, and for a sigma of a few ten-thousandths. A sigma of 0
    or less raises ValueError.

    >>> print(round(float(gaussian_nll(np.array([1.0, 2.0]), np.array([2.0, 4.0]), 2.0)), 4))
    1.9246
    """
    raise NotImplementedError


def clamped_linear_gradient(h, w, b, t):
    """Gradient of (y - t)**2 / 2 for the clamped linear unit y = max(0, min(1, w.h + b)). ONE example.

    h (D,) features, w (D,), b a number, t 0 or 1. Returns (dw, db): an array (D,) and one number. At the ends of the
    clamp, where w.h + b is exactly 0 or exactly 1, take the derivative of y to be 0.

    To think about: w.h + b is 10 and t is 0. You nudge a weight. What does y do?
    """
    raise NotImplementedError


def squared_loss_gradient_logit(z, t):
    """For each example the derivative of (y - t)**2 / 2 with respect to its logit z, where y = 1 / (1 + exp(-z)).

    z (N,), t (N,) labels, each 0 or 1. Returns dz (N,), the derivative of each example's own loss: no mean, no sum.
    Must stand logits of ten thousand, of either sign.

    To think about: how does the loss change with y, and how does y change with z?
    """
    raise NotImplementedError


def cross_entropy_gradient_logit(z, t):
    """For each example the derivative of -t log y - (1 - t) log(1 - y) with respect to z, y = 1 / (1 + exp(-z)).

    z (N,), t (N,) labels, each 0 or 1. Returns dz (N,), the derivative of each example's own loss: no mean, no sum.
    Must stand logits of ten thousand, of either sign.

    To think about: simplify on paper before you type. What can be cancelled cannot divide 0 by 0.
    """
    raise NotImplementedError


def multiclass_cross_entropy(Z, y):
    """MEAN over examples of -log of the probability that softmax gives the label, and its gradient in the logits.

    Z (N, K) logits, y (N,) labels. Returns (loss, dZ): one number, and an array (N, K). Must stand logits of a
    thousand: a loss of 2000 is an answer, infinity is not. A label that is none of 0 to K - 1 raises ValueError.

    To think about: add 7 to all logits of an example. What becomes of the loss? So what must a row of dZ sum to?

    >>> loss, dZ = multiclass_cross_entropy(np.array([[1.0, 2.0, 3.0], [0.0, 2.0, 0.0]]), np.array([0, 2]))
    >>> print(round(float(loss), 4), dZ.shape)
    2.3236 (2, 3)
    """
    raise NotImplementedError


def predict_class(Z):
    """The likeliest class of each example. Of classes with equal logits, the one with the lowest number.

    Z (N, K) logits. Returns (N,) integers from 0 to K - 1.

    >>> print(predict_class(np.array([[1.0, 5.0, 2.0], [4.0, 0.0, 4.0]])))
    [1 0]
    """
    raise NotImplementedError


def conditional_nll(theta, X, y):
    """SUM over i.i.d. examples of -log P(y | x; theta), and its gradient with respect to theta.

    P(. | x; theta) is a softmax of the logits: x's logit for class k is the inner product of theta's row k with x.
    theta (K, D), X (N, D), y (N,) labels. Returns (nll, dtheta): one number, and an array (K, D). No bias. A label that
    is none of 0 to K - 1 raises ValueError. Call multiclass_cross_entropy: if only that is wrong, this still earns half
    of its points.

    To think about: you have the gradient in the logits already. How does a row of theta reach them?

    >>> nll, dtheta = conditional_nll(np.zeros((3, 2)), np.array([[3.0, 1.0], [1.0, 2.0]]), np.array([2, 0]))
    >>> print(round(float(nll), 4), dtheta.shape)
    2.1972 (3, 2)
    """
    raise NotImplementedError
