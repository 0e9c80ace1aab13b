import numpy as np


def log_likelihood(p_of_samples):
    print("got", p_of_samples[:3], "...")
    if (p_of_samples < 0).any():
        raise ValueError("negative probability")
    return np.sum(np.log(p_of_samples))


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
    p = p[p > 0]
    return -np.sum(p * np.log(p))


def kl_divergence(p, q):
    _check(p)
    _check(q)
    p, q = p[p > 0], q[p > 0]
    return np.sum(p * (np.log(p) - np.log(q)))


def cross_entropy(p, q):
    _check(p)
    _check(q)
    return -np.sum(p[p > 0] * np.log(q[p > 0]))


def bernoulli_nll(y, t):
    if np.any(y < 0) or np.any(y > 1):
        raise ValueError("y is no probability")
    if not np.all((t == 0) | (t == 1)):
        raise ValueError("t is no label")
    return np.mean(-np.log(np.where(t == 1, y, 1 - y)))


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
    shifted = Z - Z.max(axis=1, keepdims=True)
    log_probs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
    loss = -np.mean(log_probs[np.arange(N), y])
    dZ = np.exp(log_probs)
    dZ[np.arange(N), y] -= 1
    return loss, dZ / N


def predict_class(Z):
    return np.argmax(Z, axis=1)


def conditional_nll(theta, X, y):
    print("theta", theta.shape, "X", X.shape)
    N = X.shape[0]
    loss, dZ = multiclass_cross_entropy(X @ theta.T, y)
    return N * loss, N * (dZ.T @ X)


print("entropy of a coin:", entropy(np.array([0.5, 0.5])))
print("classes:", predict_class(np.array([[1.0, 2.0], [3.0, 0.0]])))
