import numpy as np


def scores(X, W, b):
    """Class scores, one row per image."""
    return X @ W.T + b


def append_one(X):
    "the bias trick, data side"
    return np.insert(X, X.shape[1], 1.0, axis=1)


def fold_bias(W, b):
    K, D = W.shape
    out = np.zeros((K, D + 1))
    for k in range(K):
        for d in range(D):
            out[k, d] = W[k, d]
        out[k, D] = b[k]
    return out


def svm_loss_i(s, y):
    loss = 0.0
    for j in range(len(s)):
        if j == y:
            continue
        m = s[j] - s[y] + 1
        if m > 0:
            loss += m
    return loss


def svm_loss(S, y):
    true = np.take_along_axis(S, y[:, None], axis=1)
    return np.mean(np.sum(np.clip(S - true + 1.0, 0.0, None), axis=1) - 1.0)


def svm_gradient(X, W, y, reg):
    N = X.shape[0]
    S = X.dot(W.T)
    active = (S - S[np.arange(N), y].reshape(N, 1) + 1) > 0
    active[np.arange(N), y] = False
    return active.T.dot(X) / N + 2 * reg * W


def softmax_loss(S, y):
    onehot = np.eye(S.shape[1], dtype=S.dtype)[y]
    Z = S - np.max(S, axis=1)[:, None]
    logp = Z - np.log(np.einsum("nk->n", np.exp(Z)))[:, None]
    loss = -np.einsum("nk,nk->", onehot, logp) / len(S)
    return loss, (np.exp(logp) - onehot) / len(S)


def full_loss(X, W, y, reg, kind):
    S = np.einsum("nd,kd->nk", X, W)
    if kind == "svm":
        data, dW = svm_loss(S, y), svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        data, dS = softmax_loss(S, y)
        dW = np.einsum("nk,nd->kd", dS, X) + 2 * reg * W
    else:
        raise ValueError(f"no such loss: {kind}")
    return data + reg * np.einsum("kd,kd->", W, W), dW


class Linear:
    """A fully connected layer."""

    def __init__(self, weights, bias):
        self.params = {"W": weights.copy(), "b": bias.copy()}

    def forward(self, X):
        self.inputs = X.copy()
        return np.dot(X, self.params["W"].T) + self.params["b"]

    def backward(self, dout):
        self.dW = np.dot(self.inputs.T, dout).T
        self.db = np.dot(np.ones(len(dout)), dout)
        return np.dot(dout, self.params["W"])


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
