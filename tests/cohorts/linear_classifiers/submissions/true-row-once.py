import numpy as np


def scores(X, W, b):
    # W x for every column of X.T, then back to rows
    return W.dot(X.T).T + b.reshape(1, -1)


def append_one(X):
    return np.hstack([X, np.ones((X.shape[0], 1))])


def fold_bias(W, b):
    return np.hstack([W, b[:, np.newaxis]])


def svm_loss_i(s, y):
    return sum(max(0.0, float(sj - s[y]) + 1.0) for j, sj in enumerate(s) if j != y)


def svm_loss(S, y):
    return np.mean([svm_loss_i(row, label) for row, label in zip(S, y)])


def svm_gradient(X, W, y, reg):
    dW = np.zeros_like(W)
    for i in range(len(X)):
        s = W @ X[i]
        bad = s - s[y[i]] + 1 > 0
        bad[y[i]] = False
        if bad.any():
            dW[bad] += X[i]
            dW[y[i]] -= X[i]
    return dW / len(X) + 2 * reg * W


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
    N, D = X.shape
    K = W.shape[0]
    loss = 0.0
    dW = np.zeros((K, D))
    if kind != "svm" and kind != "softmax":
        raise ValueError("unknown kind")
    for i in range(N):
        s = np.zeros(K)
        for k in range(K):
            for d in range(D):
                s[k] += X[i, d] * W[k, d]
        if kind == "svm":
            for k in range(K):
                if k == y[i]:
                    continue
                m = s[k] - s[y[i]] + 1
                if m > 0:
                    loss += m / N
                    for d in range(D):
                        dW[k, d] += X[i, d] / N
                        dW[y[i], d] -= X[i, d] / N
        else:
            top = max(s)
            total = 0.0
            for k in range(K):
                total += np.exp(s[k] - top)
            loss += (np.log(total) + top - s[y[i]]) / N
            for k in range(K):
                p = np.exp(s[k] - top) / total
                for d in range(D):
                    dW[k, d] += (p - (k == y[i])) * X[i, d] / N
    for k in range(K):
        for d in range(D):
            loss += reg * W[k, d] ** 2
            dW[k, d] += 2 * reg * W[k, d]
    return loss, dW


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
