import math

import numpy as np


def scores(X, W, b):
    return [[sum(float(x) * float(w) for x, w in zip(row, weights)) + float(bias)
             for weights, bias in zip(W, b)] for row in X]


def append_one(X):
    return [[float(v) for v in row] + [1] for row in X]


def fold_bias(W, b):
    return [[float(w) for w in row] + [float(bias)] for row, bias in zip(W, b)]


def svm_loss_i(s, y):
    return sum(max(0.0, float(sj - s[y]) + 1.0) for j, sj in enumerate(s) if j != y)


def svm_loss(S, y):
    losses = []
    for row, label in zip(S.tolist(), y.tolist()):
        losses.append(sum(max(0.0, v - row[label] + 1.0) for j, v in enumerate(row) if j != label))
    return sum(losses) / len(losses)


def svm_gradient(X, W, y, reg):
    rows = X.tolist()
    weights = W.tolist()
    N, K, D = len(rows), len(weights), len(rows[0])
    grad = [[2.0 * reg * w for w in row] for row in weights]
    for x, t in zip(rows, y.tolist()):
        s = [sum(a * c for a, c in zip(x, row)) for row in weights]
        for k in range(K):
            if k != t and s[k] - s[t] + 1 > 0:
                for d in range(D):
                    grad[k][d] += x[d] / N
                    grad[t][d] -= x[d] / N
    return grad


def softmax_loss(S, y):
    loss, grad, N = 0.0, [], len(S)
    for row, t in zip(S.tolist(), y.tolist()):
        m = max(row)
        e = [math.exp(v - m) for v in row]
        z = sum(e)
        loss += (math.log(z) + m - row[t]) / N
        grad.append([(v / z - (1.0 if k == t else 0.0)) / N for k, v in enumerate(e)])
    return loss, grad


def full_loss(X, W, y, reg, kind):
    if kind == "svm":
        data = svm_loss(np.array(scores(X, W, np.zeros(len(W)))), y)
        grad = svm_gradient(X, W, y, reg)
    elif kind == "softmax":
        data, dS = softmax_loss(np.array(scores(X, W, np.zeros(len(W)))), y)
        rows, weights = X.tolist(), W.tolist()
        grad = [[sum(dS[n][k] * rows[n][d] for n in range(len(rows))) + 2 * reg * weights[k][d]
                 for d in range(len(weights[0]))] for k in range(len(weights))]
    else:
        raise ValueError("kind?")
    return data + reg * sum(w * w for row in W.tolist() for w in row), grad


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
