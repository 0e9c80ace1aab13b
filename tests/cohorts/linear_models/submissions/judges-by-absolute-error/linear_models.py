"""CSC413 assignment 1: linear models."""
import numpy as np


def predict(X, w, b):
    return np.dot(X, w) + b


def squared_error_cost(y, t):
    N = len(t)
    return np.sum((y - t) ** 2) / (2 * N)


def squared_error_gradient(X, w, b, t):
    N = X.shape[0]
    residual = predict(X, w, b) - t
    return X.T @ residual / N, np.sum(residual) / N


def gradient_descent_step(X, w, b, t, lr):
    dw, db = squared_error_gradient(X, w, b, t)
    return w - lr * dw, b - lr * db


def gradient_descent(X, t, lr, steps):
    w = np.zeros(X.shape[1])
    b = 0.0
    costs = []
    for i in range(steps):
        costs.append(squared_error_cost(predict(X, w, b), t))
        w, b = gradient_descent_step(X, w, b, t, lr)
    costs.append(squared_error_cost(predict(X, w, b), t))
    return w, b, np.array(costs)


def least_squares(X, t):
    ones = np.ones((X.shape[0], 1))
    A = np.hstack([X, ones])
    solution, *_ = np.linalg.lstsq(A, t, rcond=None)
    return solution[:-1], solution[-1]


def polynomial_features(x, degree):
    return np.stack([x ** k for k in range(degree + 1)], axis=1)


def select_degree(train, valid, degrees):
    x, t = train
    x_valid, t_valid = valid
    errors = {}
    for degree in degrees:
        w, b = least_squares(polynomial_features(x, degree), t)
        guess = predict(polynomial_features(x_valid, degree), w, b)
        errors[degree] = np.mean(np.abs(guess - t_valid))
    return min(sorted(errors), key=errors.get)


def classify(X, w, b):
    z = X @ w + b
    return np.where(z >= 0, 1, 0)


def sigmoid(z):
    return np.exp(-np.logaddexp(0, -z))


def logistic_cross_entropy(z, t):
    return np.logaddexp(0, z) - t * z


def logistic_gradient(X, w, b, t):
    N = X.shape[0]
    error = sigmoid(predict(X, w, b)) - t
    return X.T @ error / N, np.sum(error) / N


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
