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
    X = None

    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        if self.X is None:
            self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(axis=0)
        return dout @ self.W


def svm_loss_variant(S, y, kind):
    N, K = S.shape
    if y.min() < 0 or y.max() >= K:
        raise ValueError("label out of range")
    pay = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    if kind == "all":
        return pay.sum() / N
    pay[np.arange(N), y] = 0
    if kind == "mean":
        return pay.sum() / (N * (K - 1))
    if kind == "squared":
        return (pay ** 2).sum() / N
    raise ValueError("unknown kind " + repr(kind))


def loss_sensitivity(s, y, eps):
    def change(loss):
        return np.array([loss(s + eps * e) - loss(s) for e in np.eye(len(s))])

    return change(lambda t: svm_loss_i(t, y)), change(lambda t: softmax_loss(t[None], np.array([y]))[0])


class ReLU:
    mask = None

    def forward(self, X):
        if self.mask is None:
            self.mask = X > 0
        return np.maximum(0, X)

    def backward(self, dout):
        return dout * self.mask


class Sigmoid:
    slope = None

    def forward(self, X):
        e = np.exp(-np.abs(X))
        out = np.where(X >= 0, 1 / (1 + e), e / (1 + e))
        if self.slope is None:
            self.slope = out * (1 - out)
        return out

    def backward(self, dout):
        return dout * self.slope


class SoftmaxLoss:
    dS = None

    def forward(self, S, y):
        loss, dS = softmax_loss(S, y)
        if self.dS is None:
            self.dS = dS
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    seen = ()

    def forward(self, S, y):
        self.seen = self.seen or (S, y)
        return svm_loss(S, y)

    def backward(self):
        S, y = self.seen
        rows = np.arange(len(y))
        dS = (S - S[rows, y][:, None] + 1 > 0) * 1.0
        dS[rows, y] = 1 - dS.sum(axis=1)
        return dS / len(y)


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)
        return dout


def forward_backward(layers, head, X, y):
    net = Sequential(layers)
    loss = head.forward(net.forward(X), y)
    return loss, net.backward(head.backward())
