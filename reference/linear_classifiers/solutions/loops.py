"""Linear classifiers: one number at a time, with plain loops."""

import math

import numpy as np


def scores(X, W, b):
    N, K = len(X), len(W)
    out = np.zeros((N, K))
    for i in range(N):
        for k in range(K):
            out[i, k] = b[k]
            for x, w in zip(X[i], W[k], strict=True):
                out[i, k] += x * w
    return out


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for i in range(N):
        for d in range(D):
            out[i, d] = X[i, d]
    return out


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
        if j != y:
            loss += max(0.0, s[j] - s[y] + 1)
    return loss


def svm_loss(S, y):
    loss = 0.0
    for i in range(len(S)):
        loss += svm_loss_i(S[i], y[i])
    return loss / len(S)


def svm_gradient(X, W, y, reg):
    N, K = len(X), len(W)
    dW = np.zeros(W.shape)
    for i in range(N):
        s = [sum(W[k] * X[i]) for k in range(K)]
        for j in range(K):
            if j != y[i] and s[j] - s[y[i]] + 1 > 0:
                dW[j] += X[i] / N
                dW[y[i]] -= X[i] / N
    for k in range(K):
        dW[k] += 2 * reg * W[k]
    return dW


def softmax_loss(S, y):
    N, K = S.shape
    loss, dS = 0.0, np.zeros((N, K))
    for i in range(N):
        row = [float(s) for s in S[i]]
        top = max(row)
        weights = [math.exp(s - top) for s in row]
        total = sum(weights)
        loss += top + math.log(total) - row[y[i]]
        for k in range(K):
            dS[i, k] = weights[k] / total / N
        dS[i, y[i]] -= 1 / N
    return loss / N, dS


def full_loss(X, W, y, reg, kind):
    if kind not in ("svm", "softmax"):
        raise ValueError("no such kind of loss: " + str(kind))
    S = scores(X, W, np.zeros(len(W)))
    if kind == "svm":
        loss, dW = svm_loss(S, y), svm_gradient(X, W, y, 0.0)
    else:
        loss, dS = softmax_loss(S, y)
        dW = np.zeros(W.shape)
        for i in range(len(X)):
            for k in range(len(W)):
                dW[k] += dS[i, k] * X[i]
    for k in range(W.shape[0]):
        for d in range(W.shape[1]):
            loss += reg * W[k, d] ** 2
            dW[k, d] += 2 * reg * W[k, d]
    return loss, dW


class Linear:
    def __init__(self, W, b):
        self.weight = W.copy()
        self.bias = b.copy()

    def forward(self, X):
        self.seen = X.copy()
        return scores(X, self.weight, self.bias)

    def backward(self, dout):
        N, K = dout.shape
        dX = np.zeros(self.seen.shape)
        self.dW = np.zeros(self.weight.shape)
        self.db = np.zeros(self.bias.shape)
        for i in range(N):
            for k in range(K):
                dX[i] += dout[i, k] * self.weight[k]
                self.dW[k] += dout[i, k] * self.seen[i]
                self.db[k] += dout[i, k]
        return dX


def svm_loss_variant(S, y, kind):
    N, K = S.shape
    for label in y:
        if not 0 <= label < K:
            raise ValueError("no such class: " + str(label))
    total = 0.0
    for i in range(N):
        pays = [max(0.0, S[i, j] - S[i, y[i]] + 1) for j in range(K) if j != y[i]]
        if kind == "all":
            total += sum(pays) + 1.0
        elif kind == "mean":
            total += sum(pays) / len(pays)
        elif kind == "squared":
            total += sum(p * p for p in pays)
        else:
            raise ValueError("no such kind of hinge: " + str(kind))
    return total / N


def cross_entropy_of_one(s, y):
    top = max(s)
    return top - s[y] + math.log(sum(math.exp(v - top) for v in s))


def loss_sensitivity(s, y, eps):
    scores = [float(v) for v in s]
    hinge, softmax = [], []
    for k in range(len(scores)):
        moved = list(scores)
        moved[k] += eps
        hinge.append(svm_loss_i(moved, y) - svm_loss_i(scores, y))
        softmax.append(cross_entropy_of_one(moved, y) - cross_entropy_of_one(scores, y))
    return hinge, softmax


class ReLU:
    def forward(self, X):
        self.seen = X.copy()
        out = np.zeros(X.shape)
        for i in range(X.shape[0]):
            for d in range(X.shape[1]):
                if X[i, d] > 0:
                    out[i, d] = X[i, d]
        return out

    def backward(self, dout):
        dX = np.zeros(dout.shape)
        for i in range(dout.shape[0]):
            for d in range(dout.shape[1]):
                if self.seen[i, d] > 0:
                    dX[i, d] = dout[i, d]
        return dX


class Sigmoid:
    def forward(self, X):
        self.out = np.zeros(X.shape)
        for i in range(X.shape[0]):
            for d in range(X.shape[1]):
                x = float(X[i, d])
                if x >= 0:
                    self.out[i, d] = 1 / (1 + math.exp(-x))
                else:
                    self.out[i, d] = math.exp(x) / (1 + math.exp(x))
        return self.out.copy()

    def backward(self, dout):
        dX = np.zeros(dout.shape)
        for i in range(dout.shape[0]):
            for d in range(dout.shape[1]):
                dX[i, d] = dout[i, d] * self.out[i, d] * (1 - self.out[i, d])
        return dX


class SoftmaxLoss:
    def forward(self, S, y):
        self.S, self.y = S.copy(), y.copy()
        total = 0.0
        for i in range(len(S)):
            total += cross_entropy_of_one([float(v) for v in S[i]], y[i])
        return total / len(S)

    def backward(self):
        N, K = self.S.shape
        dS = np.zeros((N, K))
        for i in range(N):
            top = max(self.S[i])
            weights = [math.exp(v - top) for v in self.S[i]]
            for k in range(K):
                dS[i, k] = (weights[k] / sum(weights) - (k == self.y[i])) / N
        return dS


class SVMLoss:
    def forward(self, S, y):
        self.S, self.y = S.copy(), y.copy()
        return svm_loss(S, y)

    def backward(self):
        N, K = self.S.shape
        dS = np.zeros((N, K))
        for i in range(N):
            true = self.y[i]
            for j in range(K):
                if j != true and self.S[i, j] - self.S[i, true] + 1 > 0:
                    dS[i, j] += 1 / N
                    dS[i, true] -= 1 / N
        return dS


class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X):
        for i in range(len(self.layers)):
            X = self.layers[i].forward(X)
        return X

    def backward(self, dout):
        i = len(self.layers) - 1
        while i >= 0:
            dout = self.layers[i].backward(dout)
            i -= 1
        return dout


def forward_backward(layers, head, X, y):
    for layer in layers:
        X = layer.forward(X)
    loss = head.forward(X, y)
    gradient = head.backward()
    for layer in layers[::-1]:
        gradient = layer.backward(gradient)
    return loss, gradient
