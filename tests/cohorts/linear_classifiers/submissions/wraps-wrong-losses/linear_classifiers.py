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
    return sum(svm_loss_i(s, label) for s, label in zip(S, y))


def svm_gradient(X, W, y, reg):
    S = X @ W.T
    rows = np.arange(len(y))
    on = (S - S[rows, y][:, None] + 1 > 0) * 1.0
    on[rows, y] = 0
    on[rows, y] = -on.sum(axis=1)
    return on.T @ X / len(y) + 2 * reg * W


def softmax_loss(S, y):
    rows = np.arange(len(y))
    Z = S - S.max(axis=1, keepdims=True)
    logp = Z - np.log(np.exp(Z).sum(axis=1, keepdims=True))
    dS = np.exp(logp)
    dS[rows, y] -= 1
    return -logp[rows, y].mean(), dS


def full_loss(X, W, y, reg, kind):
    S, penalty = X @ W.T, reg * (W * W).sum()
    if kind == "svm":
        return svm_loss(S, y) + penalty, svm_gradient(X, W, y, reg)
    if kind == "softmax":
        loss, dS = softmax_loss(S, y)
        return loss + penalty, dS.T @ X + 2 * reg * W
    raise ValueError(kind)


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
    def change(loss):
        return np.array([loss(s + eps * e) - loss(s) for e in np.eye(len(s))])

    return change(lambda t: svm_loss_i(t, y)), change(lambda t: softmax_loss(t[None], np.array([y]))[0])


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
        loss, self.dS = softmax_loss(np.asarray(S), y)
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    def forward(self, S, y):
        self.S, self.y = np.asarray(S), y
        return svm_loss(self.S, y)

    def backward(self):
        rows = np.arange(len(self.y))
        dS = (self.S - self.S[rows, self.y][:, None] + 1 > 0) * 1.0
        dS[rows, self.y] = 1 - dS.sum(axis=1)
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
