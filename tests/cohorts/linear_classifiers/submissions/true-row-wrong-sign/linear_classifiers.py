import numpy as np


def scores(X, W, b):
    N, D = X.shape
    K = W.shape[0]
    out = np.zeros((N, K), dtype=X.dtype)
    for n in range(N):
        for k in range(K):
            total = b[k]
            for d in range(D):
                total += X[n, d] * W[k, d]
            out[n, k] = total
    return out


def append_one(X):
    return np.pad(X, ((0, 0), (0, 1)), constant_values=1.0)


def fold_bias(W, b):
    return np.concatenate((W, b.reshape(-1, 1)), axis=1)


def svm_loss_i(s, y):
    # the true class always adds exactly 1, take it off again
    return np.sum(np.maximum(0.0, s - s[y] + 1.0)) - 1.0


def svm_loss(S, y):
    N, K = S.shape
    total = 0.0
    for i in range(N):
        for j in range(K):
            if j != y[i]:
                total += max(0.0, S[i, j] - S[i, y[i]] + 1.0)
    return total / N


def svm_gradient(X, W, y, reg):
    N, K = len(X), len(W)
    dW = np.zeros(W.shape)
    for i in range(N):
        s = W @ X[i]
        for j in range(K):
            if j != y[i] and s[j] - s[y[i]] + 1 > 0:
                dW[j] += X[i]
                dW[y[i]] += X[i]
    return dW / N + 2 * reg * W


def softmax_loss(S, y):
    n = len(y)
    lse = np.logaddexp.reduce(S, axis=1)
    loss = np.mean(lse - S[range(n), y])
    dS = np.exp(S - lse[:, None])
    dS[range(n), y] -= 1.0
    dS /= n
    return loss, dS


def full_loss(X, W, y, reg, kind):
    if kind not in ("svm", "softmax"):
        raise ValueError(kind)
    N = len(X)
    loss = reg * sum(float(w) ** 2 for w in W.ravel())
    dW = 2 * reg * W
    for x, t in zip(X, y):
        s = W.dot(x)
        if kind == "svm":
            m = s - s[t] + 1
            m[t] = 0
            hit = m > 0
            loss += m[hit].sum() / N
            ds = hit.astype(float)
            ds[t] = -hit.sum()
        else:
            e = np.exp(s - s.max())
            loss += (np.log(e.sum()) + s.max() - s[t]) / N
            ds = e / e.sum()
            ds[t] -= 1
        dW = dW + np.outer(ds, x) / N
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
