import numpy as np


def scores(images, weights, biases):
    columns = [images.dot(w) + c for w, c in zip(weights, biases)]
    return np.stack(columns, axis=1)


def append_one(X):
    ones = np.full(shape=(len(X), 1), fill_value=1.0)
    return np.concatenate((X, ones), axis=1)


def fold_bias(W, b):
    return [[float(w) for w in row] + [float(bias)] for row, bias in zip(W, b)]


def svm_loss_i(s, y):
    margins = np.maximum(0, s - s[y] + 1)
    margins[y] = 0
    return margins.sum()


def svm_loss(S, y):
    n = np.arange(S.shape[0])
    m = np.maximum(0, S - S[n, y] + 1)
    m[n, y] = 0
    return m.sum() / len(n)


def svm_gradient(X, W, y, reg):
    onehot = np.eye(W.shape[0])[y]
    S = np.einsum("nd,kd->nk", X, W)
    true = np.einsum("nk,nk->n", S, onehot)
    active = ((S - true[:, None] + 1) > 0) * (1 - onehot)
    dS = (active - onehot * active.sum(axis=1, keepdims=True)) / len(X)
    return np.einsum("nk,nd->kd", dS, X) + 2 * reg * W


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
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(axis=0)
        return dout @ self.W
