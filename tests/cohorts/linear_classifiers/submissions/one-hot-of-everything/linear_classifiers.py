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
