import numpy as np


def scores(X, W, b):
    # W x for every column of X.T, then back to rows
    return W.dot(X.T).T + b.reshape(1, -1)


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    "the bias trick, weight side"
    big = np.empty((W.shape[0], W.shape[1] + 1))
    big[:, :-1] = W
    big[:, -1] = b
    return big


def svm_loss_i(s, y):
    return sum(max(0.0, float(sj - s[y]) + 1.0) for j, sj in enumerate(s) if j != y)


def svm_loss(S, y):
    true = np.take_along_axis(S, y[:, None], axis=1)
    return np.mean(np.sum(np.clip(S - true + 1.0, 0.0, None), axis=1) - 1.0)


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] = -mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    Z = S - S.max(axis=1, keepdims=True)
    logZ = np.log(np.exp(Z).sum(axis=1))
    loss = (logZ - Z[np.arange(len(y)), y]).mean()
    dS = np.exp(Z - logZ[:, None])
    for i, c in enumerate(y):
        dS[i, c] -= 1
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
