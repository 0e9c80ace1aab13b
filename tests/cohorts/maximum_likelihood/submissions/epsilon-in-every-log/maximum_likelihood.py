import numpy as np


def log_likelihood(p_of_samples):
    if (p_of_samples < 0).any():
        raise ValueError("negative probability")
    return np.sum(np.log(p_of_samples + 1e-12))


def bernoulli_mle(samples):
    if len(samples) == 0:
        raise ValueError("empty")
    if not np.all((samples == 0) | (samples == 1)):
        raise ValueError("only 0 and 1 please")
    return np.mean(samples)


def gaussian_mle(samples):
    if len(samples) == 0:
        raise ValueError("empty")
    mu = np.mean(samples)
    return mu, np.mean((samples - mu) ** 2)


def _check(p):
    if np.any(p < 0) or not np.isclose(np.sum(p), 1):
        raise ValueError("not a distribution")


def entropy(p):
    _check(p)
    return -np.sum(p * np.log(p + 1e-12))


def kl_divergence(p, q):
    _check(p)
    _check(q)
    return np.sum(p * np.log((p + 1e-12) / (q + 1e-12)))


def cross_entropy(p, q):
    _check(p)
    _check(q)
    return -np.sum(p * np.log(q + 1e-12))


def bernoulli_nll(y, t):
    if np.any(y < 0) or np.any(y > 1):
        raise ValueError("y is no probability")
    if not np.all((t == 0) | (t == 1)):
        raise ValueError("t is no label")
    return np.mean(-np.log(np.where(t == 1, y, 1 - y) + 1e-12))


def gaussian_nll(y, t, sigma):
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    return np.mean((t - y) ** 2) / (2 * sigma**2) + np.log(sigma) + 0.5 * np.log(2 * np.pi)


def clamped_linear_gradient(h, w, b, t):
    z = np.dot(w, h) + b
    if z <= 0 or z >= 1:
        return np.zeros_like(w), 0.0
    return (z - t) * h, z - t


def _sigmoid(z):
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-z))


def squared_loss_gradient_logit(z, t):
    y = _sigmoid(z)
    return (y - t) * y * (1 - y)


def cross_entropy_gradient_logit(z, t):
    return _sigmoid(z) - t


def multiclass_cross_entropy(Z, y):
    N, K = Z.shape
    if np.any(y < 0) or np.any(y >= K):
        raise ValueError("label out of range")
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    probs = E / E.sum(axis=1, keepdims=True)
    T = np.eye(K)[y]
    return -np.sum(T * np.log(probs + 1e-12)) / N, (probs - T) / N


def predict_class(Z):
    return np.argmax(Z, axis=1)


def conditional_nll(theta, X, y):
    if min(y) < 0 or max(y) >= len(theta):
        raise ValueError("label out of range")
    Z = X @ theta.T
    log_sum = np.logaddexp.reduce(Z, axis=1)
    T = np.eye(len(theta))[y]
    return np.sum(log_sum - np.sum(T * Z, axis=1)), (np.exp(Z - log_sum[:, None]) - T).T @ X
