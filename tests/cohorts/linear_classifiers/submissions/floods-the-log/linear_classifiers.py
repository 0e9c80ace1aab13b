import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    print("W" * 3_000_000)
    return np.hstack([W, b[:, None]])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    for step in range(20000):
        print("svm_loss debug step", step, "-" * 100)
    N = S.shape[0]
    m = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    m[np.arange(N), y] = 0
    return m.sum() / N


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    N = S.shape[0]
    shifted = S - S.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dS = np.exp(logp)
    dS[np.arange(N), y] -= 1
    return loss, dS / N


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
