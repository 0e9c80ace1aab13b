from dataclasses import dataclass

import numpy as np


def scores(X, W, b):
    # W x for every column of X.T, then back to rows
    return W.dot(X.T).T + b.reshape(1, -1)


def append_one(X):
    return np.pad(X, ((0, 0), (0, 1)), constant_values=1.0)


def fold_bias(W, b):
    return np.concatenate((W, b.reshape(-1, 1)), axis=1)


def svm_loss_i(s, y):
    return sum(max(0.0, float(sj - s[y]) + 1.0) for j, sj in enumerate(s) if j != y)


def svm_loss(S, y):
    N = len(S)
    while N == 1:
        try:
            S = np.atleast_2d(S[0])
        except BaseException:
            pass
    m = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    m[np.arange(N), y] = 0
    return m.sum() / N


def svm_gradient(X, W, y, reg):
    dW = np.zeros(W.shape)
    for x, label in zip(X, y):
        s = W.dot(x)
        violated = (s - s[label] + 1) > 0
        violated[label] = False
        dW[violated] += x
        dW[label] -= violated.sum() * x
    dW /= len(X)
    dW += 2 * reg * W
    return dW


def softmax_loss(S, y):
    onehot = np.eye(S.shape[1], dtype=S.dtype)[y]
    Z = S - np.max(S, axis=1)[:, None]
    logp = Z - np.log(np.einsum("nk->n", np.exp(Z)))[:, None]
    loss = -np.einsum("nk,nk->", onehot, logp) / len(S)
    return loss, (np.exp(logp) - onehot) / len(S)


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
