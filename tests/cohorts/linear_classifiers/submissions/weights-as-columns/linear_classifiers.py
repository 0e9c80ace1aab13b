import numpy as np


def scores(X, W, b):
    return X @ W + b


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for n in range(N):
        for d in range(D):
            out[n, d] = X[n, d]
    return out


def fold_bias(W, b):
    return np.vstack([W, b])


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    true = np.take_along_axis(S, y[:, None], axis=1)
    return np.mean(np.sum(np.clip(S - true + 1.0, 0.0, None), axis=1) - 1.0)


def svm_gradient(X, W, y, reg):
    rows = X.tolist()
    weights = W.tolist()
    N, K, D = len(rows), len(weights), len(rows[0])
    grad = [[2.0 * reg * w for w in row] for row in weights]
    for x, t in zip(rows, y.tolist()):
        s = [sum(a * c for a, c in zip(x, row)) for row in weights]
        for k in range(K):
            if k != t and s[k] - s[t] + 1 > 0:
                for d in range(D):
                    grad[k][d] += x[d] / N
                    grad[t][d] -= x[d] / N
    return grad


def softmax_loss(S, y):
    # row by row, vectorised inside the row
    N = len(S)
    dS = np.empty_like(S)
    losses = []
    for i, (s, c) in enumerate(zip(S, y)):
        s = s - np.max(s)
        e = np.exp(s)
        losses.append(np.log(e.sum()) - s[c])
        dS[i] = e / e.sum()
        dS[i, c] -= 1
    return sum(losses) / N, dS / N


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
        return X @ self.W + self.b

    def backward(self, dout):
        self.dW = self.X.T @ dout
        self.db = dout.sum(axis=0)
        return dout @ self.W.T
