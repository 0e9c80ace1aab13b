import math

import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    return np.c_[X, np.ones(len(X))]


def fold_bias(W, b):
    K, D = W.shape
    out = np.zeros((K, D + 1))
    for k in range(K):
        for d in range(D):
            out[k, d] = W[k, d]
        out[k, D] = b[k]
    return out


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    onehot = np.eye(S.shape[1])[y]
    true = np.einsum("nk,nk->n", S, onehot)
    hinge = np.maximum(S - true[:, None] + 1, 0) * (1 - onehot)
    return np.einsum("nk->", hinge) / len(S)


def svm_gradient(X, W, y, reg):
    N, D = X.shape
    K = W.shape[0]
    dW = np.zeros((K, D))
    for i in range(N):
        s = [sum(W[k, d] * X[i, d] for d in range(D)) for k in range(K)]
        for j in range(K):
            if j == y[i]:
                continue
            if s[j] - s[y[i]] + 1 > 0:
                for d in range(D):
                    dW[j, d] += X[i, d]
                    dW[y[i], d] -= X[i, d]
    for k in range(K):
        for d in range(D):
            dW[k, d] = dW[k, d] / N + 2 * reg * W[k, d]
    return dW


def softmax_loss(S, y):
    N, K = S.shape
    loss = 0.0
    dS = np.zeros((N, K))
    for n in range(N):
        e = [math.exp(S[n, k]) for k in range(K)]
        loss -= math.log(e[y[n]] / sum(e))
        for k in range(K):
            dS[n, k] = e[k] / sum(e) - (k == y[n])
    return loss / N, dS / N


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
        self.W, self.b, self.cache, self.upstream = W, b, None, None

    def forward(self, X):
        self.cache = X
        return np.einsum("nd,kd->nk", X, self.W) + self.b

    def backward(self, dout):
        self.upstream = dout
        return np.einsum("nk,kd->nd", dout, self.W)

    @property
    def dW(self):
        return np.einsum("nk,nd->kd", self.upstream, self.cache)

    @property
    def db(self):
        return np.einsum("nk->k", self.upstream)
