import numpy as np


def scores(X, W, b):
    return X @ W.T  # first try, forgot b


def scores(X, W, b):
    return X @ W.T + b


def append_one(X):
    return np.hstack([X, np.ones((len(X), 1))])


def fold_bias(W, b):
    return np.column_stack((W, b))


def svm_loss_i(s, y):
    return np.maximum(0, s - s[y] + 1).sum()


def svm_loss_i(s, y):
    m = np.maximum(0, s - s[y] + 1)
    return m.sum() - m[y]


def svm_loss(S, y):
    N = S.shape[0]
    right = S[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, S - right + 1)
    margins[np.arange(N), y] = 0
    return margins.sum() / N


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
    S = np.einsum("nd,kd->nk", X, W)
    if kind == "svm":
        data, dW = svm_loss(S, y), svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        data, dS = softmax_loss(S, y)
        dW = np.einsum("nk,nd->kd", dS, X) + 2 * reg * W
    else:
        raise ValueError(f"no such loss: {kind}")
    return data + reg * np.einsum("kd,kd->", W, W), dW


class Linear(object):
    def __init__(self, W, b):
        self.W, self.b = W, b
        self.dW, self.db = np.zeros(W.shape), np.zeros(b.shape)

    def forward(self, X):
        self.X = X
        N, K = X.shape[0], self.W.shape[0]
        out = np.zeros((N, K))
        for n in range(N):
            for k in range(K):
                out[n, k] = np.dot(X[n], self.W[k]) + self.b[k]
        return out

    def backward(self, dout):
        N, K = dout.shape
        dX = np.zeros(self.X.shape)
        self.dW = np.zeros(self.W.shape)
        self.db = np.zeros(K)
        for n in range(N):
            for k in range(K):
                dX[n] += dout[n, k] * self.W[k]
                self.dW[k] += dout[n, k] * self.X[n]
                self.db[k] += dout[n, k]
        return dX


def append_one(X):
    raise NotImplementedError("your code here")
