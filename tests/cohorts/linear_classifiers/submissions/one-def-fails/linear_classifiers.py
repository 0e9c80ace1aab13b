import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for n in range(N):
        for d in range(D):
            out[n, d] = X[n, d]
    return out


def fold_bias(W, b):
    return np.hstack([W, b[:, np.newaxis]])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    true = np.take_along_axis(S, y[:, None], axis=1)
    return np.mean(np.sum(np.clip(S - true + 1.0, 0.0, None), axis=1) - 1.0)


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


@memoise_rows
def softmax_loss(S, y):
    N = len(y)
    Z = S - S.max(axis=1, keepdims=True)
    L = np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(N), y]
    P = np.exp(Z - np.log(np.exp(Z).sum(axis=1, keepdims=True)))
    P[np.arange(N), y] -= 1
    return L.mean(), P / N


def full_loss(X, W, y, reg, kind):
    N = X.shape[0]
    S = X @ W.T
    rows = np.arange(N)
    if kind == "svm":
        margins = np.maximum(0, S - S[rows, y][:, None] + 1)
        margins[rows, y] = 0
        data = margins.sum() / N
        dS = (margins > 0).astype(float)
        dS[rows, y] = -dS.sum(axis=1)
        dS /= N
    elif kind == "softmax":
        Z = S - S.max(axis=1, keepdims=True)
        E = np.exp(Z)
        P = E / E.sum(axis=1, keepdims=True)
        data = (np.log(E.sum(axis=1)) - Z[rows, y]).mean()
        P[rows, y] -= 1
        dS = P / N
    else:
        raise ValueError("kind must be 'svm' or 'softmax'")
    return data + reg * np.sum(W * W), dS.T @ X + 2 * reg * W


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
