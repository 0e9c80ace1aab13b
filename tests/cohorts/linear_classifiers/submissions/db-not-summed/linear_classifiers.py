import numpy as np


def scores(X, W, b):
    s = np.dot(X, np.transpose(W))
    s = s + b
    return s


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    return np.column_stack((W, b))


def svm_loss_i(s, y):
    return sum(max(0.0, float(sj - s[y]) + 1.0) for j, sj in enumerate(s) if j != y)


def svm_loss(S, y):
    N, K = S.shape
    total = 0.0
    for i in range(N):
        for j in range(K):
            if j != y[i]:
                total += max(0.0, S[i, j] - S[i, y[i]] + 1.0)
    return total / N


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    n = len(y)
    lse = np.logaddexp.reduce(S, axis=1)
    loss = np.mean(lse - S[range(n), y])
    dS = np.exp(S - lse[:, None])
    dS[range(n), y] -= 1.0
    dS /= n
    return loss, dS


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
        self.db = dout
        self.dW = dout.T @ self.X
        return dout @ self.W
