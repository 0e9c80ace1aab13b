import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    return np.column_stack((W, b))


def svm_loss_i(s, y):
    wrong = np.arange(s.shape[0]) != y
    gap = s[wrong] + 1 - s[y]
    return gap[gap > 0].sum()


def svm_loss(S, y):
    losses = []
    for row, label in zip(S.tolist(), y.tolist()):
        losses.append(sum(max(0.0, v - row[label] + 1.0) for j, v in enumerate(row) if j != label))
    return sum(losses) / len(losses)


def svm_gradient(X, W, y, reg):
    n = len(y)
    S = X @ W.T
    M = S - S[range(n), y][:, None] + 1
    dS = (M > 0).astype("float64")
    dS[range(n), y] = 0
    dS[range(n), y] = -dS.sum(1)
    return dS.T @ X / n


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
    if kind == "svm":
        return svm_loss(X @ W.T, y), svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        loss, dS = softmax_loss(X @ W.T, y)
        return loss, dS.T @ X
    raise ValueError(kind)


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
