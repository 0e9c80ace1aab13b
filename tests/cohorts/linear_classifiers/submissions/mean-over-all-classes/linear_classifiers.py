# I do not trust broadcasting, so everything is a loop
import numpy as np


def scores(X, W, b):
    N, D = X.shape
    K = W.shape[0]
    out = np.zeros((N, K))
    for n in range(N):
        for k in range(K):
            total = b[k]
            for d in range(D):
                total += X[n, d] * W[k, d]
            out[n, k] = total
    return out


def append_one(X):
    N, D = X.shape
    out = np.ones((N, D + 1))
    for n in range(N):
        for d in range(D):
            out[n, d] = X[n, d]
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
        if j == y:
            continue
        m = s[j] - s[y] + 1
        if m > 0:
            loss += m
    return loss


def svm_loss(S, y):
    N, K = S.shape
    total = 0.0
    for i in range(N):
        for j in range(K):
            if j != y[i]:
                total += max(0.0, S[i, j] - S[i, y[i]] + 1.0)
    return total / N


def svm_gradient(X, W, y, reg):
    N, D = X.shape
    K = W.shape[0]
    dW = np.zeros((K, D))
    for i in range(N):
        s = [sum(W[k, d] * X[i, d] for d in range(D)) for k in range(K)]
        for j in range(K):
            if j == y[i]:
                continue
            if s[j] - s[y[i]] + 1 > 0:
                for d in range(D):
                    dW[j, d] += X[i, d]
                    dW[y[i], d] -= X[i, d]
    for k in range(K):
        for d in range(D):
            dW[k, d] = dW[k, d] / N + 2 * reg * W[k, d]
    return dW


def softmax_loss(S, y):
    N, K = S.shape
    loss = 0.0
    dS = np.zeros((N, K))
    for i in range(N):
        top = S[i, 0]
        for k in range(K):
            if S[i, k] > top:
                top = S[i, k]
        total = 0.0
        for k in range(K):
            total += np.exp(S[i, k] - top)
        loss += np.log(total) - (S[i, y[i]] - top)
        for k in range(K):
            dS[i, k] = np.exp(S[i, k] - top) / total
            if k == y[i]:
                dS[i, k] -= 1.0
            dS[i, k] /= N
    return loss / N, dS


def full_loss(X, W, y, reg, kind):
    N, D = X.shape
    K = W.shape[0]
    loss = 0.0
    dW = np.zeros((K, D))
    if kind != "svm" and kind != "softmax":
        raise ValueError("unknown kind")
    for i in range(N):
        s = np.zeros(K)
        for k in range(K):
            for d in range(D):
                s[k] += X[i, d] * W[k, d]
        if kind == "svm":
            for k in range(K):
                if k == y[i]:
                    continue
                m = s[k] - s[y[i]] + 1
                if m > 0:
                    loss += m / N
                    for d in range(D):
                        dW[k, d] += X[i, d] / N
                        dW[y[i], d] -= X[i, d] / N
        else:
            top = max(s)
            total = 0.0
            for k in range(K):
                total += np.exp(s[k] - top)
            loss += (np.log(total) + top - s[y[i]]) / N
            for k in range(K):
                p = np.exp(s[k] - top) / total
                for d in range(D):
                    dW[k, d] += (p - (k == y[i])) * X[i, d] / N
    for k in range(K):
        for d in range(D):
            loss += reg * W[k, d] ** 2
            dW[k, d] += 2 * reg * W[k, d]
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


def svm_loss_variant(S, y, kind):
    if kind not in ("all", "mean", "squared"):
        raise ValueError(kind)
    N, K = S.shape
    total = 0.0
    for i in range(N):
        for j in range(K):
            m = max(0.0, float(S[i, j] - S[i, y[i]]) + 1.0)
            if kind == "all":
                total += m
            elif j != y[i] and kind == "mean":
                total += m / K
            elif j != y[i]:
                total += m * m
    return total / N


def loss_sensitivity(s, y, eps):
    K = len(s)

    def both(scores):
        h = 0.0
        for j in range(K):
            if j != y:
                h += max(0.0, scores[j] - scores[y] + 1.0)
        top = max(scores)
        total = 0.0
        for j in range(K):
            total += np.exp(scores[j] - top)
        return h, np.log(total) + top - scores[y]

    before = [float(v) for v in s]
    hinge, softmax = np.zeros(K), np.zeros(K)
    for k in range(K):
        after = list(before)
        after[k] = after[k] + eps
        hinge[k] = both(after)[0] - both(before)[0]
        softmax[k] = both(after)[1] - both(before)[1]
    return hinge, softmax


class ReLU:
    def forward(self, X):
        X = np.array(X, dtype=float)
        self.on = np.zeros(X.shape, dtype=bool)
        for i in range(X.shape[0]):
            for j in range(X.shape[1]):
                if X[i, j] > 0:
                    self.on[i, j] = True
                else:
                    X[i, j] = 0.0
        return X

    def backward(self, dout):
        dX = np.zeros(self.on.shape)
        for i in range(dX.shape[0]):
            for j in range(dX.shape[1]):
                if self.on[i, j]:
                    dX[i, j] = dout[i][j]
        return dX


class Sigmoid:
    def forward(self, X):
        X = np.array(X, dtype=float)
        self.out = np.zeros(X.shape)
        for i in range(X.shape[0]):
            for j in range(X.shape[1]):
                if X[i, j] > 0:
                    self.out[i, j] = 1.0 / (1.0 + np.exp(-X[i, j]))
                else:
                    e = np.exp(X[i, j])
                    self.out[i, j] = e / (1.0 + e)
        return self.out

    def backward(self, dout):
        dX = np.zeros(self.out.shape)
        for i in range(dX.shape[0]):
            for j in range(dX.shape[1]):
                dX[i, j] = dout[i][j] * self.out[i, j] * (1.0 - self.out[i, j])
        return dX


class SoftmaxLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        N, K = S.shape
        self.dS = np.zeros((N, K))
        loss = 0.0
        for i in range(N):
            top = max(S[i])
            e = [np.exp(v - top) for v in S[i]]
            loss += (np.log(sum(e)) + top - S[i, y[i]]) / N
            for k in range(K):
                self.dS[i, k] = e[k] / sum(e) / N
            self.dS[i, y[i]] -= 1.0 / N
        return loss

    def backward(self):
        return self.dS


class SVMLoss:
    def forward(self, S, y):
        S = np.asarray(S)
        N, K = S.shape
        self.dS = np.zeros((N, K))
        loss = 0.0
        for i in range(N):
            for k in range(K):
                m = S[i, k] - S[i, y[i]] + 1.0
                if k != y[i] and m > 0:
                    loss += m / N
                    self.dS[i, k] += 1.0 / N
                    self.dS[i, y[i]] -= 1.0 / N
        return loss

    def backward(self):
        return self.dS


class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def forward(self, X):
        for i in range(len(self.layers)):
            X = self.layers[i].forward(X)
        return X

    def backward(self, dout):
        for i in range(len(self.layers) - 1, -1, -1):
            dout = self.layers[i].backward(dout)
        return dout


def forward_backward(layers, head, X, y):
    out = X
    for layer in layers:
        out = layer.forward(out)
    loss = head.forward(out, y)
    d = head.backward()
    for layer in reversed(layers):
        d = layer.backward(d)
    return loss, d
