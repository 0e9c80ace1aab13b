import numpy as np
from numpy.linalg import pinv


def _aug(X):
    """The bias trick: a last feature that is always 1."""
    X = np.asarray(X)
    return np.concatenate((X, np.ones((X.shape[0], 1))), axis=1)


def _grad(A, r):
    return np.einsum("nd,n->d", A, r) / A.shape[0]


def predict(X, w, b):
    return _aug(X) @ np.append(w, b)


def squared_error_cost(y, t):
    r = np.asarray(y) - np.asarray(t)
    return (r @ r) / len(r) / 2


def squared_error_gradient(X, w, b, t):
    g = _grad(_aug(X), predict(X, w, b) - t)
    return g[:-1], g[-1]


def gradient_descent_step(X, w, b, t, lr):
    theta = np.append(w, b) - lr * np.append(*squared_error_gradient(X, w, b, t))
    return theta[:-1], theta[-1]


def gradient_descent(X, t, lr, steps):
    A = _aug(X)
    theta = np.zeros(A.shape[1])
    costs = np.empty(steps + 1)
    for k in range(steps + 1):
        r = A @ theta - t
        costs[k] = squared_error_cost(r, 0 * r)
        if k < steps:
            theta = theta - lr * _grad(A, r)
    return theta[:-1], theta[-1], costs


def least_squares(X, t):
    theta = pinv(_aug(X)) @ t
    return theta[:-1], theta[-1]


def polynomial_features(x, degree):
    return np.vander(x, N=degree + 1, increasing=True)


def select_degree(train, valid, degrees):
    def error(d):
        fit = pinv(polynomial_features(train[0], d)) @ train[1]
        return np.linalg.norm(polynomial_features(valid[0], d) @ fit - valid[1])
    return min(degrees, key=lambda d: (error(d), d))


def classify(X, w, b):
    return predict(X, w, b) >= 0


def sigmoid(z):
    return (1 + np.tanh(np.asarray(z) / 2)) / 2


def logistic_cross_entropy(z, t):
    # with s = +1 for t = 1 and -1 for t = 0 the loss is log(1 + exp(-s z))
    s = 2 * np.asarray(t) - 1
    return np.logaddexp(0, -s * z)


def logistic_gradient(X, w, b, t):
    g = _grad(_aug(X), sigmoid(predict(X, w, b)) - t)
    return g[:-1], g[-1]


def _log_softmax(Z):
    return Z - np.logaddexp.reduce(Z, axis=-1)[:, None]


def softmax(Z):
    return np.exp(_log_softmax(Z))


def one_hot(y, K):
    y = np.asarray(y)
    if not ((0 <= y) & (y < K)).all():
        raise ValueError(f"labels must be in 0..{K - 1}, got {y}")
    return (y[:, None] == np.arange(K)).astype(float)


def softmax_cross_entropy(Z, T):
    return -np.einsum("nk,nk->n", T, _log_softmax(Z))


def softmax_gradient_logits(Z, T):
    return softmax(Z) - T


def softmax_regression_gradient(X, W, b, T):
    dZ = softmax_gradient_logits(np.einsum("nd,kd->nk", X, W) + b, T)
    g = np.einsum("nk,nd->kd", dZ, _aug(X)) / len(X)
    return g[:, :-1], g[:, -1]
