import numpy as np


def scores(X, W, b):
    return X @ W.T + b


def append_one(X):
    return np.hstack([X, np.ones((len(X), 1))])


def fold_bias(W, b):
    return np.hstack([W, b[:, None]])


def svm_loss_i(s, y):
    m = np.maximum(0, s - s[y] + 1)
    m[y] = 0
    return m.sum()


def svm_loss(S, y):
    return np.mean([svm_loss_i(s, label) for s, label in zip(S, y)])


def svm_gradient(X, W, y, reg):
    S = X @ W.T
    rows = np.arange(len(y))
    on = (S - S[rows, y][:, None] + 1 > 0) * 1.0
    on[rows, y] = 0
    on[rows, y] = -on.sum(axis=1)
    return on.T @ X / len(y) + 2 * reg * W


def cross_entropy(S, y):
    Z = S - S.max(axis=1, keepdims=True)
    logp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(y)), y] / np.log(10)  # 0.452, as on the slide


def probabilities(S):
    E = np.exp(S - S.max(axis=1, keepdims=True))
    return E / E.sum(axis=1, keepdims=True)


def softmax_loss(S, y):
    return cross_entropy(S, y).mean(), (probabilities(S) - np.eye(S.shape[1])[y]) / len(y)


def full_loss(X, W, y, reg, kind):
    S = X @ W.T
    if kind not in ("svm", "softmax"):
        raise ValueError(kind)
    data = svm_loss(S, y) if kind == "svm" else cross_entropy(S, y).mean()
    dS = (probabilities(S) - np.eye(len(W))[y]) / len(y)
    dW = svm_gradient(X, W, y, reg) if kind == "svm" else dS.T @ X + 2 * reg * W
    return data + reg * np.sum(W ** 2), dW


class Linear:
    def __init__(self, W, b):
        self.W, self.b = W, b

    def forward(self, X):
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, dout):
        self.dW = dout.T @ self.X
        self.db = dout.sum(axis=0)
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
    softmax = cross_entropy(all_s, np.full(K + 1, y))
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
        return cross_entropy(S, y).mean()

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
