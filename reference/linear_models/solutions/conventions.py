"""Linear models, right in other ways: the bias folded into the weights, einsum, logaddexp, identities of tanh."""

import numpy as np


def with_one(X):
    return np.concatenate([np.ones((len(X), 1)), X], axis=1)


def predict(X, w, b):
    return with_one(X) @ np.concatenate([[b], w])


def squared_error_cost(y, t):
    return np.linalg.norm(np.subtract(y, t)) ** 2 / (2 * np.size(t))


def squared_error_gradient(X, w, b, t):
    A = with_one(X)
    both = np.einsum("nd,n->d", A, A @ np.append(b, w) - t) / A.shape[0]
    return both[1:].tolist(), float(both[0])


def gradient_descent_step(X, w, b, t, lr):
    A = with_one(X)
    old = np.append(b, w)
    new = old - lr * np.einsum("nd,n->d", A, A @ old - t) / A.shape[0]
    return new[1:], new[0]


def gradient_descent(X, t, lr, steps):
    """All steps at once: the error of the parameters shrinks by the same matrix in each."""
    A = with_one(X)
    H, g = A.T @ A / len(A), A.T @ t / len(A)
    both, costs = np.zeros(A.shape[1]), np.full(steps + 1, np.nan)
    for step in range(steps + 1):
        costs[step] = np.mean((A @ both - t) ** 2) / 2
        if step < steps:
            both = both - lr * (H @ both - g)
    return both[1:], both[:1].reshape(()), costs


def least_squares(X, t):
    """By the pseudo-inverse, of centred features; a feature that does not vary gets weight 0."""
    at = X.mean(axis=0)
    w = np.linalg.pinv(X - at, rcond=1e-10) @ (t - t.mean())
    return w, t.mean() - at @ w


def polynomial_features(x, degree):
    return np.vander(x, degree + 1, increasing=True)


def select_degree(train, valid, degrees):
    (x, t), (v, s) = train, valid
    ordered = np.sort(degrees)
    fits = [np.linalg.lstsq(polynomial_features(x, d), t, rcond=None)[0] for d in ordered]
    costs = [np.square(polynomial_features(v, d) @ fit - s).sum() for d, fit in zip(ordered, fits, strict=True)]
    return ordered[np.argmin(costs)]


def classify(X, w, b):
    return np.logical_not(np.dot(X, w) + b < 0)


def sigmoid(z):
    return 0.5 + 0.5 * np.tanh(0.5 * z)


def logistic_cross_entropy(z, t):
    return np.logaddexp(0, np.where(t == 1, -z, z))


def logistic_gradient(X, w, b, t):
    A = with_one(X)
    both = (sigmoid(A @ np.append(b, w)) - t) @ A / len(A)
    return both[1:], both[0]


def log_softmax(Z):
    return Z - np.logaddexp.reduce(Z, axis=1, keepdims=True)


def softmax(Z):
    return np.exp(log_softmax(Z))


def one_hot(y, K):
    if not set(np.asarray(y).tolist()) <= set(range(K)):
        raise ValueError(y)
    return np.eye(K, dtype=int)[y]


def softmax_cross_entropy(Z, T):
    return -log_softmax(Z)[np.arange(len(Z)), T.argmax(axis=1)]


def softmax_gradient_logits(Z, T):
    dZ = softmax(Z)
    dZ[np.arange(len(Z)), np.argmax(T, axis=1)] -= 1
    return dZ


def softmax_regression_gradient(X, W, b, T):
    Z = with_one(X) @ np.column_stack([b, W]).T
    both = np.tensordot(softmax_gradient_logits(Z, T), with_one(X), axes=(0, 0)) / len(X)
    return both[:, 1:], both[:, 0]
