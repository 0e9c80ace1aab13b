import numpy as np


def scores(X, W, b):
    return np.dot(X, W.T)


def append_one(X):
    return np.c_[X, np.ones(len(X))]


def fold_bias(W, b):
    "the bias trick, weight side"
    big = np.empty((W.shape[0], W.shape[1] + 1))
    big[:, :-1] = W
    big[:, -1] = b
    return big


def svm_loss_i(s, y):
    wrong = np.arange(s.shape[0]) != y
    gap = s[wrong] + 1 - s[y]
    return gap[gap > 0].sum()


def svm_loss(S, y):
    true = np.take_along_axis(S, y[:, None], axis=1)
    return np.mean(np.sum(np.clip(S - true + 1.0, 0.0, None), axis=1) - 1.0)


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
    onehot = np.eye(S.shape[1], dtype=S.dtype)[y]
    Z = S - np.max(S, axis=1)[:, None]
    logp = Z - np.log(np.einsum("nk->n", np.exp(Z)))[:, None]
    loss = -np.einsum("nk,nk->", onehot, logp) / len(S)
    return loss, (np.exp(logp) - onehot) / len(S)


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
        return np.dot(X, self.W.T)

    def backward(self, dout):
        self.dW = np.dot(dout.T, self.X)
        self.db = np.zeros_like(self.b)
        return np.dot(dout, self.W)
