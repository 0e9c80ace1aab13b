from dataclasses import dataclass

import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    "the bias trick, weight side"
    big = np.empty((W.shape[0], W.shape[1] + 1))
    big[:, :-1] = W
    big[:, -1] = b
    return big


def svm_loss_i(s, y):
    others = np.delete(s, y)
    return np.clip(others - s[y] + 1.0, 0.0, None).sum()


def svm_loss(S, y):
    N = S.shape[0]
    right = S[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, S - right + 1)
    margins[np.arange(N), y] = 0
    return margins.sum() / N


def svm_gradient(X, W, y, reg):
    N = len(X)
    S = np.dot(X, W.T)
    margins = S - np.take_along_axis(S, y[:, None], 1) + 1
    coeff = np.where(margins > 0, 1.0, 0.0)
    np.put_along_axis(coeff, y[:, None], 0.0, 1)
    dW = coeff.T.dot(X)
    np.subtract.at(dW, y, coeff.sum(1)[:, None] * X)
    return dW / N + reg * (W + W)


def softmax_loss(S, y):
    N = S.shape[0]
    shifted = S - S.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dS = np.exp(logp)
    dS[np.arange(N), y] -= 1
    return loss, dS / N


class UnknownKind(ValueError):
    pass


def _hinge(S, y):
    true = np.take_along_axis(S, y[:, None], 1)
    m = np.clip(S - true + 1, 0, None)
    np.put_along_axis(m, y[:, None], 0, 1)
    g = (m > 0) * 1.0
    np.put_along_axis(g, y[:, None], -g.sum(1, keepdims=True), 1)
    return m.sum() / len(y), g / len(y)


def _cross_entropy(S, y):
    logz = np.logaddexp.reduce(S, axis=1)
    g = np.exp(S - logz[:, None])
    g[np.arange(len(y)), y] -= 1
    return np.mean(logz - S[np.arange(len(y)), y]), g / len(y)


LOSSES = {"svm": _hinge, "softmax": _cross_entropy}


def full_loss(X, W, y, reg, kind):
    if kind not in LOSSES:
        raise UnknownKind(kind)
    loss, g = LOSSES[kind](np.dot(X, W.T), y)
    return [loss + reg * (W ** 2).sum(), np.dot(g.T, X) + 2.0 * reg * W]


@dataclass
class Linear:
    W: np.ndarray
    b: np.ndarray

    def forward(self, X):
        self.last = X
        return np.matmul(X, self.W.transpose()) + self.b

    def backward(self, dout):
        self.dW = sum(np.outer(g, x) for g, x in zip(dout, self.last))
        self.db = sum(dout)
        return np.matmul(dout, self.W)


ratio = 1 / 0


class Extra(Linear):
    size = undefined_size
