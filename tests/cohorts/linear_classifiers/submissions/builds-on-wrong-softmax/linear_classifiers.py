"""Homework 1. TODO: softmax gradient looks too simple??"""

import numpy as np


def scores(X, W, b):
    return np.dot(X, W.T) + b


def append_one(X):
    return np.column_stack([X, np.ones(X.shape[0])])


def fold_bias(W, b):
    return np.column_stack([W, b])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    return margins.sum() - 1  # the true class always adds 1


def svm_loss(S, y):
    return sum(svm_loss_i(s, label) for s, label in zip(S, y)) / len(S)


def svm_gradient(X, W, y, reg):
    S = X @ W.T
    hit = (S - S[np.arange(len(y)), y][:, None] + 1 > 0) * 1.0
    hit[np.arange(len(y)), y] = 0
    hit[np.arange(len(y)), y] = -hit.sum(axis=1)
    return hit.T @ X / len(X) + 2 * reg * W


def softmax_loss(S, y):
    S = S - S.max(axis=1)[:, None]
    total = np.exp(S).sum(axis=1)
    loss = np.mean(np.log(total) - S[np.arange(len(y)), y])
    return loss, np.exp(S) / total[:, None] / len(S)


LOSSES = {"svm": lambda S, y: (svm_loss(S, y), None), "softmax": softmax_loss}


def full_loss(X, W, y, reg, kind):
    if kind not in LOSSES:
        raise ValueError("I only know " + " and ".join(LOSSES))
    loss, dS = LOSSES[kind](X @ W.T, y)
    if kind == "svm":
        dW = svm_gradient(X, W, y, 0)
    else:
        dW = dS.T @ X
    return loss + reg * (W**2).sum(), dW + 2 * reg * W


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return scores(X, self.W, self.b)

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(0)
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
