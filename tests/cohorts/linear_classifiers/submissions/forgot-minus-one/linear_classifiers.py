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
    others = np.delete(s, y)
    return np.clip(others - s[y] + 1.0, 0.0, None).sum()


def svm_loss(S, y):
    onehot = np.eye(S.shape[1])[y]
    true = np.einsum("nk,nk->n", S, onehot)
    hinge = np.maximum(S - true[:, None] + 1, 0) * (1 - onehot)
    return np.einsum("nk->", hinge) / len(S)


def svm_gradient(X, W, y, reg):
    dW = np.zeros(W.shape)
    for x, label in zip(X, y):
        s = W.dot(x)
        violated = (s - s[label] + 1) > 0
        violated[label] = False
        dW[violated] += x
        dW[label] -= violated.sum() * x
    dW /= len(X)
    dW += 2 * reg * W
    return dW


def softmax_loss(S, y):
    lse = np.logaddexp.reduce(S, axis=1)
    P = np.exp(S - lse[:, None])
    return np.mean(lse - S[np.arange(len(y)), y]), P / len(y)


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
