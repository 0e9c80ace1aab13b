from dataclasses import dataclass

import numpy as np


def scores(X, W, b):
    return np.einsum("nd,kd->nk", X, W) + b[None, :]


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    return np.c_[W, b]


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    table = np.ones((10**6, 10**6))  # one row per possible image
    N, K = S.shape
    table[:N, :K] = S - S[np.arange(N), y][:, None] + 1
    m = np.maximum(0, table[:N, :K])
    return m.sum() / N - 1


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
    N, K = S.shape
    loss = 0.0
    dS = np.zeros((N, K))
    for i in range(N):
        row = [float(v) for v in S[i]]
        top = row[0]
        for v in row:
            if v > top:
                top = v
        total = 0.0
        for v in row:
            total += np.exp(v - top)
        loss += np.log(total) - (row[y[i]] - top)
        for k in range(K):
            dS[i, k] = np.exp(row[k] - top) / total
            if k == y[i]:
                dS[i, k] -= 1.0
            dS[i, k] /= N
    return loss / N, dS


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
    if kind not in ("all", "mean", "squared"):
        raise ValueError(kind)
    N, K = S.shape
    for label in y:
        if label < 0 or label >= K:
            raise ValueError("no class " + str(label))
    total = 0.0
    for i in range(N):
        for j in range(K):
            m = max(0.0, float(S[i, j] - S[i, y[i]]) + 1.0)
            if kind == "all":
                total += m
            elif j != y[i] and kind == "mean":
                total += m / (K - 1)
            elif j != y[i]:
                total += m * m
    return total / N


def loss_sensitivity(s, y, eps):
    K = len(s)

    def both(scores):
        h = 0.0
        for j in range(K):
            if j != y:
                h += max(0.0, scores[j] - scores[y] + 1.0)
        top = max(scores)
        total = 0.0
        for j in range(K):
            total += np.exp(scores[j] - top)
        return h, np.log(total) + top - scores[y]

    before = [float(v) for v in s]
    hinge, softmax = np.zeros(K), np.zeros(K)
    for k in range(K):
        after = list(before)
        after[k] = after[k] + eps
        hinge[k] = both(after)[0] - both(before)[0]
        softmax[k] = both(after)[1] - both(before)[1]
    return hinge, softmax


class ReLU:
    def forward(self, X):
        X = np.array(X, dtype=float)
        self.on = np.zeros(X.shape, dtype=bool)
        for i in range(X.shape[0]):
            for j in range(X.shape[1]):
                if X[i, j] > 0:
                    self.on[i, j] = True
                else:
                    X[i, j] = 0.0
        return X

    def backward(self, dout):
        dX = np.zeros(self.on.shape)
        for i in range(dX.shape[0]):
            for j in range(dX.shape[1]):
                if self.on[i, j]:
                    dX[i, j] = dout[i][j]
        return dX


class Sigmoid:
    def forward(self, X):
        X = np.array(X, dtype=float)
        self.out = np.zeros(X.shape)
        for i in range(X.shape[0]):
            for j in range(X.shape[1]):
                if X[i, j] > 0:
                    self.out[i, j] = 1.0 / (1.0 + np.exp(-X[i, j]))
                else:
                    e = np.exp(X[i, j])
                    self.out[i, j] = e / (1.0 + e)
        return self.out

    def backward(self, dout):
        dX = np.zeros(self.out.shape)
        for i in range(dX.shape[0]):
            for j in range(dX.shape[1]):
                dX[i, j] = dout[i][j] * self.out[i, j] * (1.0 - self.out[i, j])
        return dX


class SoftmaxLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        N, K = S.shape
        self.dS = np.zeros((N, K))
        loss = 0.0
        for i in range(N):
            top = max(S[i])
            e = [np.exp(v - top) for v in S[i]]
            loss += (np.log(sum(e)) + top - S[i, y[i]]) / N
            for k in range(K):
                self.dS[i, k] = e[k] / sum(e) / N
            self.dS[i, y[i]] -= 1.0 / N
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        N, K = S.shape
        self.dS = np.zeros((N, K))
        loss = 0.0
        for i in range(N):
            for k in range(K):
                m = S[i, k] - S[i, y[i]] + 1.0
                if k != y[i] and m > 0:
                    loss += m / N
                    self.dS[i, k] += 1.0 / N
                    self.dS[i, y[i]] -= 1.0 / N
        return loss

    def backward(self):
        return self.dS


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X):
        for i in range(len(self.layers)):
            X = self.layers[i].forward(X)
        return X

    def backward(self, dout):
        for i in range(len(self.layers) - 1, -1, -1):
            dout = self.layers[i].backward(dout)
        return dout


def forward_backward(layers, head, X, y):
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = head.forward(out, y)
    d = head.backward()
    for layer in reversed(layers):
        d = layer.backward(d)
    return loss, d
