import numpy as np


def scores(X, W, b):
    return np.einsum("nd,kd->nk", X, W) + b[None, :]


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for n in range(N):
        for d in range(D):
            out[n, d] = X[n, d]
    return out


def fold_bias(W, b):
    "the bias trick, weight side"
    big = np.empty((W.shape[0], W.shape[1] + 1))
    big[:, :-1] = W
    big[:, -1] = b
    return big


def svm_loss_i(s, y):
    others = np.delete(s, y)
    return np.clip(others - s[y] + 1.0, 0.0, None).sum()


def svm_loss(S, y):
    loss = 0
    for i in range(S.shape[0]):
        loss += svm_loss_i(S[i], y[i])
    return loss


def svm_gradient(X, W, y, reg):
    onehot = np.eye(W.shape[0])[y]
    S = np.einsum("nd,kd->nk", X, W)
    true = np.einsum("nk,nk->n", S, onehot)
    active = ((S - true[:, None] + 1) > 0) * (1 - onehot)
    dS = (active - onehot * active.sum(axis=1, keepdims=True)) / len(X)
    return np.einsum("nk,nd->kd", dS, X) + 2 * reg * W


def softmax_loss(S, y):
    N = S.shape[0]
    shifted = S - S.max(axis=1, keepdims=True)
    logp = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    loss = -logp[np.arange(N), y].mean()
    dS = np.exp(logp)
    dS[np.arange(N), y] -= 1
    return loss, dS / N


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
