"""Linear classifiers, assignment 1."""

import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    return np.hstack([W, b[:, np.newaxis]])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    N = S.shape[0]
    right = S[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, S - right + 1)
    margins[np.arange(N), y] = 0
    return margins.sum() / N


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    N = S.shape[0]
    shifted = S - S.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dS = np.exp(logp)
    dS[np.arange(N), y] -= 1
    return loss, dS / N


def full_loss(X, W, y, reg, kind):
    N = X.shape[0]
    S = X @ W.T
    rows = np.arange(N)
    if kind == "svm":
        margins = np.maximum(0, S - S[rows, y][:, None] + 1)
        margins[rows, y] = 0
        data = margins.sum() / N
        dS = (margins > 0).astype(float)
        dS[rows, y] = -dS.sum(axis=1)
        dS /= N
    elif kind == "softmax":
        Z = S - S.max(axis=1, keepdims=True)
        E = np.exp(Z)
        P = E / E.sum(axis=1, keepdims=True)
        data = (np.log(E.sum(axis=1)) - Z[rows, y]).mean()
        P[rows, y] -= 1
        dS = P / N
    else:
        raise ValueError("kind must be 'svm' or 'softmax'")
    return data + reg * np.sum(W * W), dS.T @ X + 2 * reg * W


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
