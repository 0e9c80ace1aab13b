import numpy as np


def scores(X, W, b):
    # W x for every column of X.T, then back to rows
    return W.dot(X.T).T + b.reshape(1, -1)


def append_one(X):
    return np.c_[X, np.ones(len(X))]


def fold_bias(W, b):
    return np.hstack([W, b[:, np.newaxis]])


def svm_loss_i(s, y):
    others = np.delete(s, y)
    return np.clip(others - s[y] + 1.0, 0.0, None).sum()


def svm_loss(S, y):
    N, K = S.shape
    total = 0.0
    for i in range(N):
        for j in range(K):
            if j != y[i]:
                total += max(0.0, S[i, j] - S[i, y[i]] + 1.0)
    return total / N


def svm_gradient(X, W, y, reg):
    onehot = np.eye(W.shape[0])[y]
    S = np.einsum("nd,kd->nk", X, W)
    true = np.einsum("nk,nk->n", S, onehot)
    active = ((S - true[:, None] + 1) > 0) * (1 - onehot)
    dS = (active - onehot * active.sum(axis=1, keepdims=True)) / len(X)
    return np.einsum("nk,nd->kd", dS, X) + 2 * reg * W


def softmax_loss(S, y):
    Z = S - S.max(axis=1, keepdims=True)
    return (np.log(np.exp(Z).sum(axis=1)) - Z[np.arange(len(y)), y]).mean()


def full_loss(X, W, y, reg, kind):
    S = X @ W.T
    if kind == "svm":
        data, dW = svm_loss(S, y), svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        P = np.exp(S - S.max(axis=1, keepdims=True))
        P /= P.sum(axis=1, keepdims=True)
        P[np.arange(len(y)), y] -= 1
        data, dW = softmax_loss(S, y), P.T @ X / len(y) + 2 * reg * W
    else:
        raise ValueError(kind)
    penalty = reg * np.sum(W ** 2)
    return data + penalty, dW, penalty


class Linear:
    def __init__(self, W, b):
        self.W = W
        self.b = b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        dX = dout @ self.W
        self.dW = dout.T @ self.X
        self.db = np.sum(dout, 0)
        return dX, self.dW, self.db
