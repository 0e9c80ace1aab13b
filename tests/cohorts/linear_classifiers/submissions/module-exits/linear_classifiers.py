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
    K = len(s)
    all_s = np.vstack([s[None, :], s[None, :] + eps * np.eye(K)])
    pay = np.maximum(0, all_s - all_s[:, y][:, None] + 1)
    pay[:, y] = 0
    hinge = pay.sum(axis=1)
    Z = all_s - all_s.max(axis=1, keepdims=True)
    softmax = np.log(np.exp(Z).sum(axis=1)) - Z[:, y]
    return hinge[1:] - hinge[0], softmax[1:] - softmax[0]


class ReLU:
    def forward(self, X):
        self.X = np.asarray(X)
        return np.maximum(0, self.X)

    def backward(self, dout):
        return np.where(self.X > 0, dout, 0)


class Sigmoid:
    def forward(self, X):
        X = np.asarray(X)
        e = np.exp(-np.abs(X))
        self.a = np.where(X >= 0, 1 / (1 + e), e / (1 + e))
        return self.a

    def backward(self, dout):
        return dout * self.a * (1 - self.a)


class SoftmaxLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        self.y = y
        Z = S - S.max(axis=1, keepdims=True)
        self.logp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        return -self.logp[np.arange(len(y)), y].mean()

    def backward(self):
        dS = np.exp(self.logp)
        dS[np.arange(len(self.y)), self.y] -= 1
        return dS / len(self.y)


class SVMLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        self.y = y
        self.pay = np.maximum(0, S - S[np.arange(len(y)), y][:, None] + 1)
        self.pay[np.arange(len(y)), y] = 0
        return self.pay.sum() / len(y)

    def backward(self):
        dS = (self.pay > 0) * 1.0
        dS[np.arange(len(self.y)), self.y] = -dS.sum(axis=1)
        return dS / len(self.y)


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


ratio = 1 / 0


class Extra(Linear):
    size = undefined_size
