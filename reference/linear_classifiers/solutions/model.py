"""Linear classifiers: a model solution, vectorised."""

import numpy as np


def scores(X, W, b):
    return X @ W.T + b


def append_one(X):
    return np.concatenate([X, np.ones((len(X), 1))], axis=1)


def fold_bias(W, b):
    return np.concatenate([W, b[:, None]], axis=1)


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def hinge_margins(S, y):
    """Hinge of every wrong class, 0 in the column of the true one: (N, K)."""
    rows = np.arange(len(S))
    margins = np.maximum(0, S - S[rows, y][:, None] + 1)
    margins[rows, y] = 0
    return margins


def svm_loss(S, y):
    return hinge_margins(S, y).sum() / len(S)


def svm_gradient(X, W, y, reg):
    N = len(X)
    dS = (hinge_margins(X @ W.T, y) > 0).astype(float)
    dS[np.arange(N), y] = -dS.sum(axis=1)
    return dS.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    N = len(S)
    rows = np.arange(N)
    shifted = S - S.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dS = np.exp(log_p)
    dS[rows, y] -= 1
    return -log_p[rows, y].mean(), dS / N


def full_loss(X, W, y, reg, kind):
    S = X @ W.T
    penalty = reg * np.sum(W**2)
    if kind == "svm":
        return svm_loss(S, y) + penalty, svm_gradient(X, W, y, reg)
    if kind == "softmax":
        loss, dS = softmax_loss(S, y)
        return loss + penalty, dS.T @ X + 2 * reg * W
    raise ValueError(f"kind must be 'svm' or 'softmax', not {kind!r}")


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(axis=0)
        return dout @ self.W


def svm_loss_variant(S, y, kind):
    N, K = S.shape
    if np.any((y < 0) | (y >= K)):
        raise ValueError(f"labels must be 0 to {K - 1}")
    margins = hinge_margins(S, y)
    if kind == "all":
        return margins.sum() / N + 1
    if kind == "mean":
        return margins.sum() / N / (K - 1)
    if kind == "squared":
        return np.sum(margins**2) / N
    raise ValueError(f"kind must be 'all', 'mean' or 'squared', not {kind!r}")


def loss_sensitivity(s, y, eps):
    K = len(s)
    S = np.vstack([s, s + eps * np.eye(K)])
    hinge = np.array([svm_loss_i(row, y) for row in S])
    softmax = np.array([softmax_loss(row[None], np.array([y]))[0] for row in S])
    return hinge[1:] - hinge[0], softmax[1:] - softmax[0]


class ReLU:
    def forward(self, X):
        self.open = X > 0
        return np.where(self.open, X, 0.0)

    def backward(self, dout):
        return np.where(self.open, dout, 0.0)


class Sigmoid:
    def forward(self, X):
        small = np.exp(-np.abs(X))
        self.out = np.where(X >= 0, 1, small) / (1 + small)
        return self.out

    def backward(self, dout):
        return dout * self.out * (1 - self.out)


class SoftmaxLoss:
    def forward(self, S, y):
        loss, self.dS = softmax_loss(S, y)
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    def forward(self, S, y):
        self.margins, self.y = hinge_margins(S, y), y
        return svm_loss(S, y)

    def backward(self):
        N = len(self.y)
        dS = (self.margins > 0).astype(float)
        dS[np.arange(N), self.y] = -dS.sum(axis=1)
        return dS / N


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, dout):
        for layer in reversed(self.layers):
            dout = layer.backward(dout)
        return dout


def forward_backward(layers, head, X, y):
    net = Sequential(layers)
    loss = head.forward(net.forward(X), y)
    return loss, net.backward(head.backward())
