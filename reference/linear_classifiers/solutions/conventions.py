"""Linear classifiers, right in other ways: half the penalty in full_loss, db as a row, lists and floats."""

import numpy as np


def scores(X, W, b):
    return (np.einsum("nd,kd->nk", X, W) + b).tolist()


def append_one(X):
    return np.pad(X, [(0, 0), (0, 1)], constant_values=1)


def fold_bias(W, b):
    return [[*row, bias] for row, bias in zip(W.tolist(), b.tolist(), strict=True)]


def svm_loss_i(s, y):
    return float(np.clip(np.delete(s, y) - s[y] + 1, 0, None).sum())


def svm_loss(S, y):
    return float(np.mean([svm_loss_i(row, label) for row, label in zip(S, y, strict=True)]))


def one_hot(y, K):
    return np.eye(K)[y]


def svm_data_gradient(X, W, y):
    """Of the mean hinge loss alone, by outer products."""
    dW = np.zeros_like(W)
    for x, label in zip(X, y, strict=True):
        s = W @ x
        pays = np.where(s - s[label] + 1 > 0, 1.0, 0.0)
        pays[label] = 1 - pays.sum()  # its own 1, which is always there, is no violation
        dW += np.outer(pays, x)
    return dW / len(X)


def svm_gradient(X, W, y, reg):
    return svm_data_gradient(X, W, y) + reg * 2 * W


def softmax_loss(S, y):
    log_sum = np.logaddexp.reduce(S, axis=1)
    T = one_hot(y, S.shape[1])
    loss = (log_sum - (S * T).sum(axis=1)).mean()
    dS = (np.exp(S - log_sum[:, None]) - T) / len(S)
    return float(loss), dS.tolist()


def full_loss(X, W, y, reg, kind):
    """The penalty is reg/2 * sum(W**2), here and in the gradient."""
    S = X @ W.T
    match kind:
        case "svm":
            loss, dW = svm_loss(S, y), svm_data_gradient(X, W, y)
        case "softmax":
            loss, dS = softmax_loss(S, y)
            dW = np.array(dS).T @ X
        case _:
            raise ValueError(kind)
    return loss + reg / 2 * np.linalg.norm(W) ** 2, (dW + reg * W).tolist()


class Linear:
    def __init__(self, W, b):
        self.params = W, b

    def forward(self, X):
        W, b = self.params
        self.cache = X
        return np.dot(X, W.T) + b.reshape(1, -1)

    def backward(self, dout):
        W, _ = self.params
        self.dW = np.tensordot(dout, self.cache, axes=(0, 0))
        self.db = np.ones((1, len(dout))) @ dout
        return np.dot(dout, W)


def svm_loss_variant(S, y, kind):
    """By the layout of a table: kind -> what one image's margins come to."""
    K = S.shape[1]
    if not set(y.tolist()) <= set(range(K)):
        raise ValueError(y)
    rules = {
        "all": lambda m: 1 + m.sum(),
        "mean": np.mean,
        "squared": lambda m: np.dot(m, m),
    }
    if kind not in rules:
        raise ValueError(kind)
    pays = [np.maximum(np.delete(s, t) - s[t] + 1, 0) for s, t in zip(S, y, strict=True)]
    return float(np.mean([rules[kind](p) for p in pays]))


def loss_sensitivity(s, y, eps):
    """Softmax in closed form: log(1 + p_k (exp(eps) - 1)), less eps where k is the true class."""
    K = len(s)
    p = np.exp(s - np.logaddexp.reduce(s))
    hinge = [svm_loss_i(s + eps * e, y) - svm_loss_i(s, y) for e in np.eye(K)]
    softmax = np.log1p(p * np.expm1(eps)) - eps * one_hot(y, K)
    return hinge, softmax.tolist()


class ReLU:
    def forward(self, X):
        self.step = np.heaviside(X, 0.0)
        return (X * self.step).tolist()

    def backward(self, dout):
        return np.multiply(dout, self.step)


class Sigmoid:
    """By tanh, which does not overflow."""

    def forward(self, X):
        self.out = (1 + np.tanh(np.asarray(X) / 2)) / 2
        return self.out

    def backward(self, dout):
        return dout * (self.out - self.out**2)


class SoftmaxLoss:
    def forward(self, S, y):
        self.scores, self.T = np.asarray(S), one_hot(y, np.shape(S)[1])
        return float(np.mean(np.logaddexp.reduce(self.scores, axis=1) - (self.scores * self.T).sum(axis=1)))

    def backward(self):
        p = np.exp(self.scores - np.logaddexp.reduce(self.scores, axis=1, keepdims=True))
        return (p - self.T) / len(p)


class SVMLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        T = one_hot(y, S.shape[1])
        hinge = np.clip(S - (S * T).sum(axis=1, keepdims=True) + 1, 0, None) * (1 - T)
        pays = np.sign(hinge)
        self.gradient = (pays - T * pays.sum(axis=1, keepdims=True)) / len(S)
        return hinge.sum() / len(S)

    def backward(self):
        return self.gradient


class Sequential:
    """Two networks, one after the other: the first layer, and the rest."""

    def __init__(self, layers):
        self.first, *rest = layers
        self.rest = Sequential(rest) if rest else None

    def forward(self, X):
        out = np.asarray(self.first.forward(X))
        return self.rest.forward(out) if self.rest else out

    def backward(self, dout):
        return self.first.backward(self.rest.backward(dout) if self.rest else dout)


def forward_backward(layers, head, X, y):
    net = Sequential(layers)
    S = net.forward(X)
    loss, dS = head.forward(S, y), head.backward()
    return loss, np.asarray(net.backward(dS)).tolist()
