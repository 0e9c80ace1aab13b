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


def svm_loss_variant(S, y, kind):
    rows, labels = S.tolist(), y.tolist()
    if any(not 0 <= t < len(rows[0]) for t in labels):
        raise ValueError("labels")
    if kind not in ("all", "mean", "squared"):
        raise ValueError("kind")
    losses = []
    for row, t in zip(rows, labels):
        pay = [max(0.0, v - row[t] + 1.0) for j, v in enumerate(row) if j != t]
        if kind == "all":
            losses.append(sum(pay) + 1.0)
        elif kind == "mean":
            losses.append(sum(pay) / len(pay))
        else:
            losses.append(sum(p ** 2 for p in pay))
    return sum(losses) / len(losses)


def _hinge_and_softmax(row, t):
    m = max(row)
    hinge = sum(max(0.0, v - row[t] + 1.0) for j, v in enumerate(row) if j != t)
    return hinge, math.log(sum(math.exp(v - m) for v in row)) + m - row[t]


def loss_sensitivity(s, y, eps):
    row = s.tolist()
    h0, c0 = _hinge_and_softmax(row, y)
    moved = [_hinge_and_softmax(row[:k] + [row[k] + eps] + row[k + 1:], y) for k in range(len(row))]
    return [h - h0 for h, c in moved], [c - c0 for h, c in moved]


class ReLU:
    def forward(self, X):
        self.X = np.asarray(X).tolist()
        return [[v if v > 0 else 0.0 for v in row] for row in self.X]

    def backward(self, dout):
        dout = np.asarray(dout).tolist()
        return [[g if v > 0 else 0.0 for g, v in zip(gs, vs)] for gs, vs in zip(dout, self.X)]


def _sigma(v):
    return 1 / (1 + math.exp(-v)) if v > 0 else math.exp(v) / (1 + math.exp(v))


class Sigmoid:
    def forward(self, X):
        self.out = [[_sigma(v) for v in row] for row in np.asarray(X).tolist()]
        return self.out

    def backward(self, dout):
        dout = np.asarray(dout).tolist()
        return [[g * a * (1 - a) for g, a in zip(gs, row)] for gs, row in zip(dout, self.out)]


class SoftmaxLoss:
    def forward(self, S, y):
        loss, self.dS, N = 0.0, [], len(S)
        for row, t in zip(np.asarray(S).tolist(), y.tolist()):
            m = max(row)
            e = [math.exp(v - m) for v in row]
            loss += _hinge_and_softmax(row, t)[1] / N
            self.dS.append([(v / sum(e) - (k == t)) / N for k, v in enumerate(e)])
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    def forward(self, S, y):
        loss, self.dS, N = 0.0, [], len(S)
        for row, t in zip(np.asarray(S).tolist(), y.tolist()):
            loss += _hinge_and_softmax(row, t)[0] / N
            pays = [1.0 if k != t and v - row[t] + 1 > 0 else 0.0 for k, v in enumerate(row)]
            self.dS.append([(p - (k == t) * sum(pays)) / N for k, p in enumerate(pays)])
        return loss

    def backward(self):
        return self.dS


class Sequential:
    def __init__(self, layers):
        self.layers = list(layers)

    def forward(self, X):
        for layer in self.layers:
            X = layer.forward(np.array(X))
        return X

    def backward(self, dout):
        for layer in self.layers[::-1]:
            dout = layer.backward(np.array(dout))
        return dout


def forward_backward(layers, head, X, y):
    net = Sequential(layers)
    loss = head.forward(net.forward(X), y)
    return loss, net.backward(head.backward())
