"""CSC413 assignment 1: linear models."""
import numpy as np


def predict(X, w, b):
    return w[0] * X[:, 0] + w[1] * X[:, 1] + w[2] * X[:, 2] + w[3] * X[:, 3] + b


def squared_error_cost(y, t):
    N = len(t)
    return np.sum((y - t) ** 2) / (2 * N)


def squared_error_gradient(X, w, b, t):
    r = X @ w + b - t
    return X.T @ r / len(t), r.mean()


def gradient_descent_step(X, w, b, t, lr):
    r = np.dot(X, w) + b - t
    return w - lr * np.dot(X.T, r) / len(t), b - lr * np.mean(r)


def gradient_descent(X, t, lr, steps):
    w, b = np.zeros(X.shape[1]), 0.0
    costs = [np.mean(t ** 2) / 2]
    for _ in range(steps):
        w, b = gradient_descent_step(X, w, b, t, lr)
        costs.append(np.mean((np.dot(X, w) + b - t) ** 2) / 2)
    return w, b, np.array(costs)


def least_squares(X, t):
    ones = np.ones((X.shape[0], 1))
    A = np.hstack([X, ones])
    solution, *_ = np.linalg.lstsq(A, t, rcond=None)
    return solution[:-1], solution[-1]


def polynomial_features(x, degree):
    return np.stack([x ** k for k in range(degree + 1)], axis=1)


def select_degree(train, valid, degrees):
    costs = {}
    for d in degrees:
        p = np.polyfit(*train, d)
        costs[d] = np.mean((np.polyval(p, valid[0]) - valid[1]) ** 2)
    return min(sorted(costs), key=costs.get)


def classify(X, w, b):
    z = X @ w + b
    return np.where(z >= 0, 1, 0)


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def logistic_cross_entropy(z, t):
    return np.logaddexp(0, z) - t * z


def logistic_gradient(X, w, b, t):
    r = sigmoid(np.dot(X, w) + b) - t
    return np.dot(X.T, r) / len(t), np.mean(r)


def softmax(Z):
    shifted = Z - np.max(Z, axis=1, keepdims=True)
    exps = np.exp(shifted)
    return exps / np.sum(exps, axis=1, keepdims=True)


def one_hot(y, K):
    if np.min(y) < 0 or np.max(y) >= K:
        raise ValueError("label out of range")
    return np.eye(K)[y]


def softmax_cross_entropy(Z, T):
    m = np.max(Z, axis=1, keepdims=True)
    log_sum = m[:, 0] + np.log(np.sum(np.exp(Z - m), axis=1))
    return log_sum - np.sum(T * Z, axis=1)


def softmax_gradient_logits(Z, T):
    return softmax(Z) - T


def softmax_regression_gradient(X, W, b, T):
    N = X.shape[0]
    dZ = softmax_gradient_logits(X @ W.T + b, T)
    return dZ.T @ X / N, np.sum(dZ, axis=0) / N
