"""Linear models: a model solution, vectorised."""

import numpy as np


def predict(X, w, b):
    return X @ w + b


def squared_error_cost(y, t):
    return np.mean((y - t) ** 2) / 2


def squared_error_gradient(X, w, b, t):
    r = predict(X, w, b) - t
    return X.T @ r / len(X), r.mean()


def gradient_descent_step(X, w, b, t, lr):
    dw, db = squared_error_gradient(X, w, b, t)
    return w - lr * dw, b - lr * db


def gradient_descent(X, t, lr, steps):
    w, b = np.zeros(X.shape[1]), 0.0
    costs = [squared_error_cost(predict(X, w, b), t)]
    for _ in range(steps):
        w, b = gradient_descent_step(X, w, b, t, lr)
        costs.append(squared_error_cost(predict(X, w, b), t))
    return w, b, np.array(costs)


def least_squares(X, t):
    A = np.column_stack([X, np.ones(len(X))])
    both = np.linalg.lstsq(A, t, rcond=None)[0]
    return both[:-1], both[-1]


def polynomial_features(x, degree):
    return x[:, None] ** np.arange(degree + 1)


def select_degree(train, valid, degrees):
    x, t = train
    x_valid, t_valid = valid

    def cost(degree):
        w, b = least_squares(polynomial_features(x, degree), t)
        return squared_error_cost(predict(polynomial_features(x_valid, degree), w, b), t_valid)

    return min(sorted(degrees), key=cost)


def classify(X, w, b):
    return (predict(X, w, b) >= 0).astype(int)


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def logistic_cross_entropy(z, t):
    return np.maximum(z, 0) - t * z + np.log1p(np.exp(-np.abs(z)))


def logistic_gradient(X, w, b, t):
    r = sigmoid(predict(X, w, b)) - t
    return X.T @ r / len(X), r.mean()


def softmax(Z):
    E = np.exp(Z - Z.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def one_hot(y, K):
    if np.any(y < 0) or np.any(y >= K):
        raise ValueError(f"labels must lie in 0..{K - 1}")
    T = np.zeros((len(y), K))
    T[np.arange(len(y)), y] = 1
    return T


def softmax_cross_entropy(Z, T):
    shifted = Z - Z.max(axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return log_sum - (T * shifted).sum(axis=1)


def softmax_gradient_logits(Z, T):
    return softmax(Z) - T


def softmax_regression_gradient(X, W, b, T):
    dZ = softmax_gradient_logits(X @ W.T + b, T)
    return dZ.T @ X / len(X), dZ.mean(axis=0)
