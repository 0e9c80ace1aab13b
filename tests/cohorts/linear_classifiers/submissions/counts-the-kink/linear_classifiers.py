import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    return [[float(w) for w in row] + [float(bias)] for row, bias in zip(W, b)]


def svm_loss_i(s, y):
    return sum(max(0.0, float(sj - s[y]) + 1.0) for j, sj in enumerate(s) if j != y)


def svm_loss(S, y):
    N = S.shape[0]
    right = S[np.arange(N), y][:, np.newaxis]
    margins = np.maximum(0, S - right + 1)
    margins[np.arange(N), y] = 0
    return margins.sum() / N


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X @ W.T
    mask = np.where(S - S[np.arange(N), y][:, None] + 1 >= 0, 1.0, 0.0)
    mask[np.arange(N), y] = 0
    mask[np.arange(N), y] -= mask.sum(axis=1)
    return mask.T @ X / N + 2 * reg * W


def softmax_loss(S, y):
    N, K = S.shape
    loss = 0.0
    dS = np.zeros((N, K))
    for i in range(N):
        row = [float(v) for v in S[i]]
        top = row[0]
        for v in row:
            if v > top:
                top = v
        total = 0.0
        for v in row:
            total += np.exp(v - top)
        loss += np.log(total) - (row[y[i]] - top)
        for k in range(K):
            dS[i, k] = np.exp(row[k] - top) / total
            if k == y[i]:
                dS[i, k] -= 1.0
            dS[i, k] /= N
    return loss / N, dS


class UnknownKind(ValueError):
    pass


def _hinge(S, y):
    true = np.take_along_axis(S, y[:, None], 1)
    m = np.clip(S - true + 1, 0, None)
    np.put_along_axis(m, y[:, None], 0, 1)
    g = (m > 0) * 1.0
    np.put_along_axis(g, y[:, None], -g.sum(1, keepdims=True), 1)
    return m.sum() / len(y), g / len(y)


def _cross_entropy(S, y):
    logz = np.logaddexp.reduce(S, axis=1)
    g = np.exp(S - logz[:, None])
    g[np.arange(len(y)), y] -= 1
    return np.mean(logz - S[np.arange(len(y)), y]), g / len(y)


LOSSES = {"svm": _hinge, "softmax": _cross_entropy}


def full_loss(X, W, y, reg, kind):
    if kind not in LOSSES:
        raise UnknownKind(kind)
    loss, g = LOSSES[kind](np.dot(X, W.T), y)
    return [loss + reg * (W ** 2).sum(), np.dot(g.T, X) + 2.0 * reg * W]


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


def svm_loss_variant(S, y, kind):
    N, K = S.shape
    if y.min() < 0 or y.max() >= K:
        raise ValueError("label out of range")
    pay = np.maximum(0, S - S[np.arange(N), y][:, None] + 1)
    if kind == "all":
        return pay.sum() / N
    pay[np.arange(N), y] = 0
    if kind == "mean":
        return pay.sum() / (N * (K - 1))
    if kind == "squared":
        return (pay ** 2).sum() / N
    raise ValueError("unknown kind " + repr(kind))


def loss_sensitivity(s, y, eps):
    K = len(s)
    all_s = np.vstack([s[None, :], s[None, :] + eps * np.eye(K)])
    pay = np.maximum(0, all_s - all_s[:, y][:, None] + 1)
    pay[:, y] = 0
    hinge = pay.sum(axis=1)
    Z = all_s - all_s.max(axis=1, keepdims=True)
    softmax = np.log(np.exp(Z).sum(axis=1)) - Z[:, y]
    return hinge[1:] - hinge[0], softmax[1:] - softmax[0]


class ReLU:
    def forward(self, X):
        self.X = np.asarray(X)
        return np.maximum(0, self.X)

    def backward(self, dout):
        return np.where(self.X > 0, dout, 0)


class Sigmoid:
    def forward(self, X):
        X = np.asarray(X)
        e = np.exp(-np.abs(X))
        self.a = np.where(X >= 0, 1 / (1 + e), e / (1 + e))
        return self.a

    def backward(self, dout):
        return dout * self.a * (1 - self.a)


class SoftmaxLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        self.y = y
        Z = S - S.max(axis=1, keepdims=True)
        self.logp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
        return -self.logp[np.arange(len(y)), y].mean()

    def backward(self):
        dS = np.exp(self.logp)
        dS[np.arange(len(self.y)), self.y] -= 1
        return dS / len(self.y)


class SVMLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        self.y = y
        self.pay = np.maximum(0, S - S[np.arange(len(y)), y][:, None] + 1)
        self.pay[np.arange(len(y)), y] = 0
        return self.pay.sum() / len(y)

    def backward(self):
        dS = (self.pay > 0) * 1.0
        dS[np.arange(len(self.y)), self.y] = -dS.sum(axis=1)
        return dS / len(self.y)


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backward(dout)
        return dout


def forward_backward(layers, head, X, y):
    net = Sequential(layers)
    loss = head.forward(net.forward(X), y)
    return loss, net.backward(head.backward())
