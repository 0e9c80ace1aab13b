import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    return np.c_[W, b]


def svm_loss_i(s, y):
    m = np.maximum(0, s - s[y] + 1)
    m[y] = 0
    return np.array([m.sum()])


def svm_loss(S, y):
    out = np.zeros((1, 1))
    for i in range(len(y)):
        out += svm_loss_i(S[i], y[i]) / len(y)
    return out


def svm_gradient(X, W, y, reg):
    N = len(X)
    S = X @ W.T
    m = (S - S[np.arange(N), y][:, None] + 1 > 0).astype(float)
    m[np.arange(N), y] = 0
    m[np.arange(N), y] = -m.sum(axis=1)
    return (m.T @ X / N + 2 * reg * W)[None]


def softmax_loss(S, y):
    T = S.T - S.max(axis=1)
    E = np.exp(T)
    P = E / E.sum(axis=0)
    loss = (np.log(E.sum(axis=0)) - T[y, np.arange(len(y))]).mean()
    P[y, np.arange(len(y))] -= 1
    return loss, P / len(y)


def full_loss(X, W, y, reg, kind):
    if kind == "svm":
        loss, dW = svm_loss(X @ W.T, y).item(), svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        loss, dST = softmax_loss(X @ W.T, y)
        dW = dST @ X + 2 * reg * W
    else:
        raise ValueError(kind)
    return loss + reg * np.sum(W ** 2), dW.ravel()


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = (dout.T @ self.X)[None, :, :]
        self.db = dout.sum(axis=0).reshape(-1, 1)
        return dout @ self.W


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
