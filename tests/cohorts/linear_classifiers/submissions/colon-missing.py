import numpy as np


def scores(images, weights, biases):
    columns = [images.dot(w) + c for w, c in zip(weights, biases)]
    return np.stack(columns, axis=1)


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
    loss = 0
    for j in range(len(s))
        if j != y:
            loss += max(0, s[j] - s[y] + 1)
    return loss


def svm_loss(S, y):
    return np.mean([svm_loss_i(row, label) for row, label in zip(S, y)])


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
