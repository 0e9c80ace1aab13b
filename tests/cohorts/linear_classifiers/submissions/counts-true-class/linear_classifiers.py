import math

import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    return np.c_[W, b]


def svm_loss_i(s, y):
    return np.maximum(0, s - s[y] + 1).sum()


def svm_loss(S, y):
    N = len(y)
    return np.maximum(0, S - S[np.arange(N), y][:, None] + 1).sum() / N


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    loss, grad, N = 0.0, [], len(S)
    for row, t in zip(S.tolist(), y.tolist()):
        m = max(row)
        e = [math.exp(v - m) for v in row]
        z = sum(e)
        loss += (math.log(z) + m - row[t]) / N
        grad.append([(v / z - (1.0 if k == t else 0.0)) / N for k, v in enumerate(e)])
    return loss, grad


def full_loss(X, W, y, reg, kind):
    S = X @ W.T
    if kind == "svm":
        loss = svm_loss(S, y)
        dW = svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        loss, dS = softmax_loss(S, y)
        dW = np.array(dS).T @ X + 2 * reg * W
    else:
        raise ValueError("kind")
    return loss + reg * np.sum(W ** 2), dW


class Linear:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(axis=0)
        return dout @ self.W
