import math

import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


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
        if j == y:
            continue
        m = s[j] - s[y] + 1
        if m > 0:
            loss += m
    return loss


def svm_loss(S, y):
    return np.mean([svm_loss_i(row, label) for row, label in zip(S, y)])


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
    loss, grad, N = 0.0, [], len(S)
    for row, t in zip(S.tolist(), y.tolist()):
        m = max(row)
        e = [math.exp(v - m) for v in row]
        z = sum(e)
        loss += (math.log(z) + m - row[t]) / N
        grad.append([(v / z - (1.0 if k == t else 0.0)) / N for k, v in enumerate(e)])
    return loss, grad


def full_loss(X, W, y, reg, kind):
    if kind not in ("svm", "softmax"):
        raise ValueError(kind)
    N = len(X)
    loss = reg * sum(float(w) ** 2 for w in W.ravel())
    dW = 2 * reg * W
    for x, t in zip(X, y):
        s = W.dot(x)
        if kind == "svm":
            m = s - s[t] + 1
            m[t] = 0
            hit = m > 0
            loss += m[hit].sum() / N
            ds = hit.astype(float)
            ds[t] = -hit.sum()
        else:
            e = np.exp(s - s.max())
            loss += (np.log(e.sum()) + s.max() - s[t]) / N
            ds = e / e.sum()
            ds[t] -= 1
        dW = dW + np.outer(ds, x) / N
    return loss, dW


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return np.dot(X, self.W.T) + self.b

    def backward(self, dout):
        dX = np.dot(dout, self.W)
        self.dW = np.dot(dout.T, self.X)
        self.db = np.sum(dout, axis=1)
        return dX
