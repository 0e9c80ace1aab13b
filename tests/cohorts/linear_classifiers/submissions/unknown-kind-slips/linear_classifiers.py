import math

import numpy as np


def scores(X, W, b):
    N, D = X.shape
    K = W.shape[0]
    out = np.zeros((N, K), dtype=X.dtype)
    for n in range(N):
        for k in range(K):
            total = b[k]
            for d in range(D):
                total += X[n, d] * W[k, d]
            out[n, k] = total
    return out


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    return np.concatenate((W, b.reshape(-1, 1)), axis=1)


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
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


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
    S = X @ W.T
    N = len(y)

    def svm():
        m = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
        m[np.arange(N), y] = 0
        g = np.where(m > 0, 1.0, 0.0)
        g[np.arange(N), y] = -g.sum(axis=1)
        return m.sum() / N, g / N

    def softmax():
        z = S - S.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(N), y])
        p[np.arange(N), y] -= 1
        return loss, p / N

    data, g = {"svm": svm, "softmax": softmax}[kind]()
    return data + reg * (W ** 2).sum(), g.T @ X + 2 * reg * W


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
