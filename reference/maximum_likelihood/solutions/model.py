"""Maximum likelihood: a model solution, vectorised."""

import numpy as np


def log_of(p):
    """Natural log, -inf for 0 without a warning."""
    with np.errstate(divide="ignore"):
        return np.log(p)


def log_likelihood(p_of_samples):
    if np.any(p_of_samples < 0):
        raise ValueError("a probability is negative")
    return log_of(p_of_samples).sum()


def bernoulli_mle(samples):
    if len(samples) == 0 or not np.isin(samples, (0, 1)).all():
        raise ValueError("samples must be zeros and ones, at least one of them")
    return np.mean(samples)


def gaussian_mle(samples):
    if len(samples) == 0:
        raise ValueError("no samples")
    return samples.mean(), samples.var()


def check_distribution(p):
    if np.any(p < 0) or abs(p.sum() - 1) > 1e-6:
        raise ValueError("not a probability distribution")


def entropy(p):
    return cross_entropy(p, p)


def kl_divergence(p, q):
    return cross_entropy(p, q) - entropy(p)


def cross_entropy(p, q):
    check_distribution(p)
    check_distribution(q)
    seen = p > 0
    return -(p[seen] * log_of(q[seen])).sum()


def bernoulli_nll(y, t):
    if np.any((y < 0) | (y > 1)) or not np.isin(t, (0, 1)).all():
        raise ValueError("y must lie in [0, 1], and t must be 0 or 1")
    return -log_of(np.where(t == 1, y, 1 - y)).mean()


def gaussian_nll(y, t, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    return np.mean(((t - y) / sigma) ** 2) / 2 + np.log(sigma) + np.log(2 * np.pi) / 2


def clamped_linear_gradient(h, w, b, t):
    z = w @ h + b
    db = z - t if 0 < z < 1 else 0.0
    return db * h, db


def sigmoid(z):
    """exp of negative numbers only."""
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def squared_loss_gradient_logit(z, t):
    y = sigmoid(z)
    return (y - t) * y * (1 - y)


def cross_entropy_gradient_logit(z, t):
    return sigmoid(z) - t


def multiclass_cross_entropy(Z, y):
    N, K = Z.shape
    if np.any((y < 0) | (y >= K)):
        raise ValueError(f"labels must be 0 to {K - 1}")
    rows = np.arange(N)
    shifted = Z - Z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dZ = np.exp(log_p)
    dZ[rows, y] -= 1
    return -log_p[rows, y].mean(), dZ / N


def predict_class(Z):
    return Z.argmax(axis=1)


def conditional_nll(theta, X, y):
    loss, dZ = multiclass_cross_entropy(X @ theta.T, y)
    return len(X) * loss, len(X) * dZ.T @ X
