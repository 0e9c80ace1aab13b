import math

import numpy as np


def scores(images, weights, biases):
    columns = [images.dot(w) + c for w, c in zip(weights, biases)]
    return np.stack(columns, axis=1)


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    return np.hstack([W, b[:, np.newaxis]])


def svm_loss_i(s, y):
    # the true class always adds exactly 1, take it off again
    return np.sum(np.maximum(0.0, s - s[y] + 1.0)) - 1.0


def svm_loss(S, y):
    N = S.shape[0]
    right = S[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, S - right + 1)
    margins[np.arange(N), y] = 0
    return margins.sum() / N


def svm_gradient(X, W, y, reg):
    # derivative of reg/2 * sum(W**2)
    N = len(y)
    S = X @ W.T
    G = (S - S[np.arange(N), y][:, None] + 1 > 0) * 1.0
    G[np.arange(N), y] = 0
    G[np.arange(N), y] = -G.sum(axis=1)
    return G.T @ X / N + reg * W


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
    half = 0.5 * reg
    if kind == "svm":
        return svm_loss(X @ W.T, y) + half * np.sum(W * W), svm_gradient(X, W, y, reg)
    if kind == "softmax":
        loss, dS = softmax_loss(X @ W.T, y)
        return loss + half * np.sum(W * W), np.array(dS).T @ X + reg * W
    raise ValueError("unknown loss " + repr(kind))


class Linear:
    """A fully connected layer."""

    def __init__(self, weights, bias):
        self.params = {"W": weights.copy(), "b": bias.copy()}

    def forward(self, X):
        self.inputs = X.copy()
        return np.dot(X, self.params["W"].T) + self.params["b"]

    def backward(self, dout):
        self.dW = np.dot(self.inputs.T, dout).T
        self.db = np.dot(np.ones(len(dout)), dout)
        return np.dot(dout, self.params["W"])


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
