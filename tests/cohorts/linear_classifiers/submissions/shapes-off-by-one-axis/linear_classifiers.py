import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    return np.c_[W, b]


def svm_loss_i(s, y):
    m = np.maximum(0, s - s[y] + 1)
    m[y] = 0
    return np.array([m.sum()])


def svm_loss(S, y):
    out = np.zeros((1, 1))
    for i in range(len(y)):
        out += svm_loss_i(S[i], y[i]) / len(y)
    return out


def svm_gradient(X, W, y, reg):
    N = len(X)
    S = X @ W.T
    m = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    m[np.arange(N), y] = 0
    m[np.arange(N), y] = -m.sum(axis=1)
    return (m.T @ X / N + 2 * reg * W)[None]


def softmax_loss(S, y):
    T = S.T - S.max(axis=1)
    E = np.exp(T)
    P = E / E.sum(axis=0)
    loss = (np.log(E.sum(axis=0)) - T[y, np.arange(len(y))]).mean()
    P[y, np.arange(len(y))] -= 1
    return loss, P / len(y)


def full_loss(X, W, y, reg, kind):
    if kind == "svm":
        loss, dW = svm_loss(X @ W.T, y).item(), svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        loss, dST = softmax_loss(X @ W.T, y)
        dW = dST @ X + 2 * reg * W
    else:
        raise ValueError(kind)
    return loss + reg * np.sum(W ** 2), dW.ravel()


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = (dout.T @ self.X)[None, :, :]
        self.db = dout.sum(axis=0).reshape(-1, 1)
        return dout @ self.W
