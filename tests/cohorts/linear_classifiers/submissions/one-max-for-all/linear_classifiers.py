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
    ones = np.full(shape=(len(X), 1), fill_value=1.0)
    return np.concatenate((X, ones), axis=1)


def fold_bias(W, b):
    return np.c_[W, b]


def svm_loss_i(s, y):
    wrong = np.arange(s.shape[0]) != y
    gap = s[wrong] + 1 - s[y]
    return gap[gap > 0].sum()


def svm_loss(S, y):
    losses = []
    for row, label in zip(S.tolist(), y.tolist()):
        losses.append(sum(max(0.0, v - row[label] + 1.0) for j, v in enumerate(row) if j != label))
    return sum(losses) / len(losses)


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    N = len(y)
    Z = S - np.max(S)
    logp = Z - np.log(np.sum(np.exp(Z), axis=1, keepdims=True))
    dS = np.exp(logp)
    dS[np.arange(N), y] -= 1
    return -np.mean(logp[np.arange(N), y]), dS / N


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
        self.W = W.tolist()
        self.b = b.tolist()

    def forward(self, X):
        self.X = X.tolist()
        return [[sum(x * w for x, w in zip(row, wk)) + bk for wk, bk in zip(self.W, self.b)]
                for row in self.X]

    def backward(self, dout):
        g = dout.tolist()
        N, K, D = len(g), len(self.W), len(self.W[0])
        self.dW = [[sum(g[n][k] * self.X[n][d] for n in range(N)) for d in range(D)] for k in range(K)]
        self.db = [sum(g[n][k] for n in range(N)) for k in range(K)]
        return [[sum(g[n][k] * self.W[k][d] for k in range(K)) for d in range(D)] for n in range(N)]
