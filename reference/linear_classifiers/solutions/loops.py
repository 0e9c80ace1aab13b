"""Linear classifiers: one number at a time, with plain loops."""

import math

import numpy as np


def scores(X, W, b):
    N, K = len(X), len(W)
    out = np.zeros((N, K))
    for i in range(N):
        for k in range(K):
            out[i, k] = b[k]
            for x, w in zip(X[i], W[k], strict=True):
                out[i, k] += x * w
    return out


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for i in range(N):
        for d in range(D):
            out[i, d] = X[i, d]
    return out


def fold_bias(W, b):
    K, D = W.shape
    out = np.zeros((K, D + 1))
    for k in range(K):
        for d in range(D):
            out[k, d] = W[k, d]
        out[k, D] = b[k]
    return out


def svm_loss_i(s, y):
    loss = 0.0
    for j in range(len(s)):
        if j != y:
            loss += max(0.0, s[j] - s[y] + 1)
    return loss


def svm_loss(S, y):
    loss = 0.0
    for i in range(len(S)):
        loss += svm_loss_i(S[i], y[i])
    return loss / len(S)


def svm_gradient(X, W, y, reg):
    N, K = len(X), len(W)
    dW = np.zeros(W.shape)
    for i in range(N):
        s = [sum(W[k] * X[i]) for k in range(K)]
        for j in range(K):
            if j != y[i] and s[j] - s[y[i]] + 1 > 0:
                dW[j] += X[i] / N
                dW[y[i]] -= X[i] / N
    for k in range(K):
        dW[k] += 2 * reg * W[k]
    return dW


def softmax_loss(S, y):
    N, K = S.shape
    loss, dS = 0.0, np.zeros((N, K))
    for i in range(N):
        row = [float(s) for s in S[i]]
        top = max(row)
        weights = [math.exp(s - top) for s in row]
        total = sum(weights)
        loss += top + math.log(total) - row[y[i]]
        for k in range(K):
            dS[i, k] = weights[k] / total / N
        dS[i, y[i]] -= 1 / N
    return loss / N, dS


def full_loss(X, W, y, reg, kind):
    if kind not in ("svm", "softmax"):
        raise ValueError("no such kind of loss: " + str(kind))
    S = scores(X, W, np.zeros(len(W)))
    if kind == "svm":
        loss, dW = svm_loss(S, y), svm_gradient(X, W, y, 0.0)
    else:
        loss, dS = softmax_loss(S, y)
        dW = np.zeros(W.shape)
        for i in range(len(X)):
            for k in range(len(W)):
                dW[k] += dS[i, k] * X[i]
    for k in range(W.shape[0]):
        for d in range(W.shape[1]):
            loss += reg * W[k, d] ** 2
            dW[k, d] += 2 * reg * W[k, d]
    return loss, dW


class Linear:
    def __init__(self, W, b):
        self.weight = W.copy()
        self.bias = b.copy()

    def forward(self, X):
        self.seen = X.copy()
        return scores(X, self.weight, self.bias)

    def backward(self, dout):
        N, K = dout.shape
        dX = np.zeros(self.seen.shape)
        self.dW = np.zeros(self.weight.shape)
        self.db = np.zeros(self.bias.shape)
        for i in range(N):
            for k in range(K):
                dX[i] += dout[i, k] * self.weight[k]
                self.dW[k] += dout[i, k] * self.seen[i]
                self.db[k] += dout[i, k]
        return dX
